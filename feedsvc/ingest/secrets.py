"""What is sent to the server of a source and shown to nobody: headers, cookies and passwords, when they are needed."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from feedsvc.errors import FetchError
from feedsvc.model import Access, Secret

_MAX_BYTES = 65536


def access_headers(access: Access, url: str) -> dict[str, str]:
    """The headers that a server wants to see.

    Raises: FetchError naming where a value should have come from, never the value.
    Spec: RFC 6265 5.4 (Cookie), RFC 7617 (Basic).
    """
    headers = {name: _ascii(secret, f"the header {name}", url) for name, secret in access.headers}
    if access.cookies:
        pairs = [f"{name}={_ascii(secret, f'the cookie {name}', url)}" for name, secret in access.cookies]
        headers["Cookie"] = "; ".join(pairs)
    if access.username is not None and access.password is not None:
        password = _value(access.password, "the password", url)
        pair = base64.b64encode(f"{access.username}:{password}".encode()).decode("ascii")
        headers["Authorization"] = f"Basic {pair}"
    return headers


def _ascii(secret: Secret, what: str, url: str) -> str:
    value = _value(secret, what, url)
    if not value.isascii():
        raise FetchError(url, f"{what} cannot be sent: it is not in ASCII")
    return value


def _value(secret: Secret, what: str, url: str) -> str:
    match secret.kind:
        case "text":
            value = secret.value
        case "env":
            if secret.value not in os.environ:
                raise FetchError(url, f"{what} is not there: the variable {secret.value} is not set")
            value = os.environ[secret.value]
        case "file":
            value = _content(Path(secret.value), what, url)
    value = value.strip()
    if not value:
        raise FetchError(url, f"{what} cannot be sent: it is empty")
    if not value.isprintable():
        raise FetchError(url, f"{what} cannot be sent: it must be one line")
    return value


def _content(path: Path, what: str, url: str) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES).decode()
    except OSError as error:
        raise FetchError(url, f"{what} is not there: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FetchError(url, f"{what} cannot be sent: {path} is not text") from error
