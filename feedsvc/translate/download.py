"""A file on the web on its way here: resumed where it broke off, capped, and never by two processes at once."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import httpx

from feedsvc import __version__
from feedsvc.errors import ModelError
from feedsvc.translate.packages import check_room

#: is told how many bytes are here, and how many there are, if that is known
Progress = Callable[[int, int | None], None]

MAX_PACKAGE_BYTES = 2_000_000_000
TRIES = 5  # in a row that bring no byte more
_PASSING_STATUS = {408, 425, 429, 500, 502, 503, 504}
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
_TOO_LARGE = f"is larger than {MAX_PACKAGE_BYTES / 1e9:g} GB"


@contextmanager
def downloaded(
    link: str, part: Path, *, size_bytes: int, on_progress: Progress, pause: Callable[[float], None]
) -> Iterator[None]:
    """A file that holds what a link leads to; it goes when it has been used.

    What an earlier call brought of it, perhaps in another process, is not fetched again. `size_bytes` is 0 where
    nobody knows it. Raises: ModelError.
    """
    with _locked(part) as file:
        _check_size(size_bytes, part)
        _Download(link, part, file, on_progress).run(pause)
        try:
            yield
        finally:
            _discard(part)


class _Passing(Exception):
    """A failure that the next attempt may not meet."""


class _Download:
    """One link on its way into a `.part` file, which may hold what an earlier attempt brought."""

    def __init__(self, link: str, part: Path, file: BinaryIO, on_progress: Progress) -> None:
        self._link = link
        self._part = part
        self._file = file
        self._on_progress = on_progress

    def run(self, pause: Callable[[float], None]) -> None:
        """Fetch it all, in several attempts if need be. Raises: ModelError."""
        tries, most = 0, self._size()
        with client() as web:
            while True:
                try:
                    return self._attempt(web)
                except httpx.UnsupportedProtocol as error:
                    raise ModelError(self._link, "redirects to what is not on the web") from error
                except (httpx.TransportError, _Passing) as error:
                    tries = 1 if self._size() > most else tries + 1
                    most = max(most, self._size())
                    if tries == TRIES:
                        raise ModelError(self._link, reason(error)) from error
                    pause(2.0 ** (tries - 1))
                except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                    raise ModelError(self._link, reason(error)) from error

    def _attempt(self, web: httpx.Client) -> None:
        """Ask for what the file lacks, or for all where that is not known or has changed.

        Spec: RFC 9110 13.1.5 (If-Range), 14 (range requests).
        """
        validator = self._validator()
        have = self._size() if validator else 0
        headers = {"Accept-Encoding": "identity"}  # ranges shall count the bytes of the package itself
        if validator and have:
            headers |= {"Range": f"bytes={have}-", "If-Range": validator}
        with web.stream("GET", self._link, headers=headers) as response:
            if response.status_code in _PASSING_STATUS:
                raise _Passing(answer(response))
            begins = _begins_at(response)
            if begins not in (0, have):
                self._file.truncate(0)
                raise _Passing("the server does not send the part that it is asked for")
            if not response.is_success:
                raise ModelError(self._link, answer(response))
            self._write(response, begins)

    def _write(self, response: httpx.Response, begins: int) -> None:
        length = response.headers.get("content-length", "")
        is_plain = "content-encoding" not in response.headers
        total = begins + int(length) if length.isdecimal() and is_plain else None
        self._file.truncate(begins)
        _check_size(total or 0, self._part)
        origin = {"link": self._link, "validator": _strong_validator(response) if is_plain else None}
        _origin_of(self._part).write_text(json.dumps(origin), encoding="utf-8")
        self._on_progress(begins, total)
        done = begins
        for chunk in response.iter_bytes():  # as they come: none is lost when the rest does not
            done += self._file.write(chunk)
            if done > MAX_PACKAGE_BYTES:
                raise ModelError(self._link, _TOO_LARGE)
            self._on_progress(done, total)
        self._file.flush()

    def _size(self) -> int:
        return self._file.seek(0, os.SEEK_END)

    def _validator(self) -> str | None:
        """What the server knows the content of the file by; None if that is from elsewhere, or has no such thing."""
        try:
            origin = json.loads(_origin_of(self._part).read_text(encoding="utf-8"))
            return str(origin["validator"] or "") or None if origin["link"] == self._link else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _begins_at(response: httpx.Response) -> int:
    """The offset of the first byte of a body; -1 where there is no such part, or the answer does not say."""
    if response.status_code not in (httpx.codes.PARTIAL_CONTENT, httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE):
        return 0
    found = re.match(r"bytes (\d+)-", response.headers.get("content-range", ""))
    return int(found[1]) if found else -1


def _strong_validator(response: httpx.Response) -> str | None:
    """What If-Range may be asked with."""
    etag = sendable(response, "etag")
    return etag if etag and etag.startswith('"') else sendable(response, "last-modified")


def sendable(response: httpx.Response, name: str) -> str | None:
    """A header of an answer, if it can be sent back as it came."""
    value: str | None = response.headers.get(name)
    return value if value and value.isascii() else None


def _check_size(size: int, part: Path) -> None:
    """Refuse a package, before any of it is fetched, that is too large for us or for the disk."""
    if size > MAX_PACKAGE_BYTES:
        raise ModelError(part, _TOO_LARGE)
    check_room(size - part.stat().st_size, part.parent, part)


@contextmanager
def _locked(part: Path) -> Iterator[BinaryIO]:
    """A file to append to, made where there is none, that no other process is writing."""
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("a+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ModelError(part, "another process is downloading it") from error
            try:
                yield file
            finally:
                if not file.seek(0, os.SEEK_END):
                    _discard(part)
    except OSError as error:
        raise ModelError(part, f"cannot be written: {error.strerror or error}") from error


def _origin_of(part: Path) -> Path:
    """Beside a part of a package: the link that it is from, and what the server knows it by."""
    return part.with_name(f"{part.name}.json")


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _origin_of(part).unlink(missing_ok=True)


def client() -> httpx.Client:
    """What asks for the index and for packages."""
    return httpx.Client(
        timeout=httpx.Timeout(connect=10.0, read=30.0, write=10.0, pool=10.0),
        follow_redirects=True,  # httpx knows http and https only
        max_redirects=5,
        headers={"User-Agent": f"feedsvc/{__version__} (installs translation models for its user)"},
    )


def answer(response: httpx.Response) -> str:
    """What a server said that is no success, in words."""
    return f"the server answered {response.status_code} {response.reason_phrase}".rstrip()


def reason(error: Exception) -> str:
    """What went wrong, in words."""
    match error:
        case ModelError():
            return error.reason
        case httpx.TimeoutException():
            return "the server did not answer in time"
        case httpx.ConnectError():
            return f"cannot connect: {_ERRNO.sub('', str(error))}"
        case _:
            return f"{error}" or type(error).__name__
