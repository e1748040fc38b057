"""Where others reach what is served here."""

from __future__ import annotations

import socket

_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - recognised, not listened at
#: an address that nobody has (RFC 5737), to ask which way leads outwards; nothing is sent
_OUTSIDE = ("192.0.2.1", 9)


def reached_at(host: str) -> str:
    """The host for links to a server that listens at `host`: one that listens everywhere is no address itself."""
    if host not in _EVERYWHERE:
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect(_OUTSIDE)
        except OSError:
            return socket.gethostname()
        return str(way.getsockname()[0])
