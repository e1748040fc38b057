"""Keeps this process from the network for a while, to prove that it can do without."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_ASKED = ("socket.__new__", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname")
#: what has been asked for since the network was taken away; None while it is there
_attempts: list[str] | None = None
_is_watching = False


class NetworkRefused(OSError):
    """Something wanted a socket, or the address of a host, while the network was taken away."""


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Refuse every socket and every look-up of a name, in all threads of this process; what was tried is listed.

    Python itself tells of each (PEP 578), so nothing gets round it by having imported `socket.socket` before.
    """
    global _attempts, _is_watching
    if not _is_watching:
        sys.addaudithook(_refuse)
        _is_watching = True
    attempts: list[str] = []
    _attempts = attempts
    try:
        yield attempts
    finally:
        _attempts = None


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if _attempts is not None and event in _ASKED:
        _attempts.append(event)
        raise NetworkRefused("the network is taken away")
