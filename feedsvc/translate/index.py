"""The index of Argos packages on the web: what it offers, and how a package of it gets here.

What the index said is kept in a file, so that it can be shown without network. Knows nothing of what is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import httpx

from feedsvc import __version__
from feedsvc.errors import ModelError
from feedsvc.translate.packages import check_room, folder_name, index_address, is_version, newness, tag

#: is told how many bytes are here, and how many there are, if that is known
Progress = Callable[[int, int | None], None]

MAX_INDEX_BYTES = 10_000_000
MAX_PACKAGE_BYTES = 2_000_000_000
TRIES = 5  # in a row that bring no byte more
_INDEX_DEADLINE_S = 30.0
_PASSING_STATUS = {408, 425, 429, 500, 502, 503, 504}
_TOO_LARGE = f"is larger than {MAX_PACKAGE_BYTES / 1e9:g} GB"
_Used = TypeVar("_Used")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A package that the index lists."""

    source_language: str
    target_language: str
    version: str
    #: where it can be had; on the web only
    links: tuple[str, ...]
    size_bytes: int | None
    sha256: str | None

    @property
    def pair(self) -> tuple[str, str]:
        """From and into what."""
        return self.source_language, self.target_language


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What the index offers, and as of when."""

    #: the newest package of each pair, by pair
    offers: tuple[Offer, ...]
    #: None if the index was never read
    read_at: datetime | None
    #: why it could not be read now
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What the index said, and how to ask whether it still says so."""

    address: str
    text: str
    etag: str | None
    last_modified: str | None
    read_at: str


class Index:
    """The index at an address, by default that of Argos; what comes from it is kept below a folder."""

    def __init__(
        self, folder: Path, address: str | None = None, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.address = address or index_address()
        self._folder = folder
        self._file = folder / ".index.json"
        self._pause = pause

    def kept(self) -> Listing:
        """What the index said when it was last read."""
        return _listing(self._load(), problem=None)

    def read(self, now: datetime) -> Listing:
        """What the index says now; where it cannot be read what it said before, and the problem."""
        kept, problem = self._load(), None
        try:
            kept = self._fetch(kept, now)
        except (ModelError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            problem = _reason(error)
        else:
            with suppress(OSError):  # then it is asked for in full again
                self._save(kept)
        return _listing(kept, problem=problem)

    def download(
        self,
        offer: Offer,
        use: Callable[[Path], _Used],
        on_progress: Progress = lambda done, total: None,
    ) -> _Used:
        """Download a package and use the file, from the first of its links that leads to a good one.

        What `use` refuses with a ModelError is no good. A download that was broken off is resumed, by a later call
        too; a file that was used goes.

        Raises: ModelError, with what is wrong with each link.
        """
        part = self._folder / f"{folder_name(*offer.pair, offer.version)}.argosmodel.part"
        problems: list[str] = []
        for link in offer.links:
            try:
                with _locked(part) as file:
                    _check_size(offer.size_bytes or 0, part)
                    _Download(link, part, file, on_progress).run(self._pause)
                    try:
                        _check(part, offer)
                        return use(part)
                    finally:
                        _discard(part)
            except ModelError as error:
                problems.append(f"{link}: {error.reason}")
        raise ModelError(" → ".join(offer.pair), "; ".join(problems or ["it has no link on the web"]))

    def _fetch(self, kept: _Kept | None, now: datetime) -> _Kept:
        headers = {}
        if kept and kept.etag:
            headers["If-None-Match"] = kept.etag
        if kept and kept.last_modified:
            headers["If-Modified-Since"] = kept.last_modified
        with _client() as client, client.stream("GET", self.address, headers=headers) as response:
            if kept and headers and response.status_code == httpx.codes.NOT_MODIFIED:
                return replace(kept, read_at=now.isoformat())
            if not response.is_success:
                raise ModelError(self.address, _answer(response))
            found = _Kept(
                address=self.address,
                text=_body(response).decode("utf-8", "replace"),
                etag=_sendable(response, "etag"),
                last_modified=_sendable(response, "last-modified"),
                read_at=now.isoformat(),
            )
        if not parse(found.text):
            raise ModelError(self.address, "it lists no package")
        return found

    def _load(self) -> _Kept | None:
        try:
            kept = _Kept(**json.loads(self._file.read_text(encoding="utf-8")))
            _listing(kept, problem=None)
        except (OSError, ValueError, TypeError, ModelError):
            return None
        return kept if kept.address == self.address else None

    def _save(self, kept: _Kept) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(asdict(kept)), encoding="utf-8")
        new.replace(self._file)


def parse(text: str) -> tuple[Offer, ...]:
    """The packages of an index, the newest of each pair, by pair. Entries that are none are left out.

    Raises: ModelError if the text is no index.
    """
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, list):
        raise ModelError("index", "it is no list of packages")
    found = sorted(filter(None, map(_offer, entries)), key=lambda o: newness(o.version))
    newest = {offer.pair: offer for offer in found}
    return tuple(newest[pair] for pair in sorted(newest))


def _offer(entry: Any) -> Offer | None:
    match entry:
        case {
            "from_code": str(source),
            "to_code": str(target),
            "package_version": str(version),
            "links": list(links),
        }:
            pair = tag(source), tag(target)
        case _:
            return None
    if not all(pair) or not is_version(version) or entry.get("type", "translate") != "translate":
        return None
    size, checksum = entry.get("size"), entry.get("sha256")
    return Offer(
        source_language=str(pair[0]),
        target_language=str(pair[1]),
        version=version,
        links=tuple(str(link) for link in links if str(link).lower().startswith(("https://", "http://"))),
        size_bytes=size if isinstance(size, int) and size > 0 else None,
        sha256=checksum.lower() if isinstance(checksum, str) and checksum else None,
    )


def _listing(kept: _Kept | None, *, problem: str | None) -> Listing:
    if kept is None:
        return Listing(offers=(), read_at=None, problem=problem)
    return Listing(offers=parse(kept.text), read_at=datetime.fromisoformat(kept.read_at), problem=problem)


def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    deadline = time.monotonic() + _INDEX_DEADLINE_S
    for chunk in response.iter_bytes(65536):
        body += chunk
        if len(body) > MAX_INDEX_BYTES:
            raise ModelError(str(response.url), f"it is larger than {MAX_INDEX_BYTES / 1e6:g} MB")
        if time.monotonic() > deadline:
            raise ModelError(str(response.url), f"it did not arrive within {_INDEX_DEADLINE_S:g} s")
    return bytes(body)


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
        with _client() as client:
            while True:
                try:
                    return self._attempt(client)
                except httpx.UnsupportedProtocol as error:
                    raise ModelError(self._link, "redirects to what is not on the web") from error
                except (httpx.TransportError, _Passing) as error:
                    tries = 1 if self._size() > most else tries + 1
                    most = max(most, self._size())
                    if tries == TRIES:
                        raise ModelError(self._link, _reason(error)) from error
                    pause(2.0 ** (tries - 1))
                except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                    raise ModelError(self._link, _reason(error)) from error

    def _attempt(self, client: httpx.Client) -> None:
        """Ask for what the file lacks, or for all where that is not known or has changed.

        Spec: RFC 9110 13.1.5 (If-Range), 14 (range requests).
        """
        validator = self._validator()
        have = self._size() if validator else 0
        headers = {"Accept-Encoding": "identity"}  # ranges shall count the bytes of the package itself
        if validator and have:
            headers |= {"Range": f"bytes={have}-", "If-Range": validator}
        with client.stream("GET", self._link, headers=headers) as response:
            if response.status_code in _PASSING_STATUS:
                raise _Passing(_answer(response))
            begins = _begins_at(response)
            if begins not in (0, have):
                self._file.truncate(0)
                raise _Passing("the server does not send the part that it is asked for")
            if not response.is_success:
                raise ModelError(self._link, _answer(response))
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
    etag = _sendable(response, "etag")
    return etag if etag and etag.startswith('"') else _sendable(response, "last-modified")


def _sendable(response: httpx.Response, name: str) -> str | None:
    """A header of an answer, if it can be sent back as it came."""
    value: str | None = response.headers.get(name)
    return value if value and value.isascii() else None


def _check_size(size: int, part: Path) -> None:
    """Refuse a package, before any of it is fetched, that is too large for us or for the disk."""
    if size > MAX_PACKAGE_BYTES:
        raise ModelError(part, _TOO_LARGE)
    check_room(size - part.stat().st_size, part.parent, part)


def _check(part: Path, offer: Offer) -> None:
    if offer.size_bytes not in (None, part.stat().st_size):
        raise ModelError(part, f"does not have the {offer.size_bytes} bytes that the index says")
    if offer.sha256:
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != offer.sha256:
            raise ModelError(part, "its checksum is not the one in the index")


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


def _client() -> httpx.Client:
    return httpx.Client(
        timeout=httpx.Timeout(connect=10.0, read=30.0, write=10.0, pool=10.0),
        follow_redirects=True,  # httpx knows http and https only
        max_redirects=5,
        headers={"User-Agent": f"feedsvc/{__version__} (installs translation models for its user)"},
    )


def _answer(response: httpx.Response) -> str:
    return f"the server answered {response.status_code} {response.reason_phrase}".rstrip()


def _reason(error: Exception) -> str:
    match error:
        case ModelError():
            return error.reason
        case httpx.TimeoutException():
            return "the server did not answer in time"
        case httpx.ConnectError():
            return f"cannot connect: {error}"
        case _:
            return f"{error}" or type(error).__name__
