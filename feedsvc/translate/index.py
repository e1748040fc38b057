"""The index of Argos packages on the web: what it offers, and how a package of it gets here.

What the index said is kept in a file, so that it can be shown without network. Knows nothing of what is installed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx

from feedsvc.errors import ModelError
from feedsvc.translate.download import Progress, answer, client, downloaded, reason, sendable
from feedsvc.translate.packages import folder_name, index_address, is_version, newness, tag

MAX_INDEX_BYTES = 10_000_000
_INDEX_DEADLINE_S = 30.0
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
            problem = reason(error)
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
                size = offer.size_bytes or 0
                with downloaded(link, part, size_bytes=size, on_progress=on_progress, pause=self._pause):
                    _check(part, offer)
                    return use(part)
            except ModelError as error:
                problems.append(f"{link}: {error.reason}")
        raise ModelError(" → ".join(offer.pair), "; ".join(problems or ["it has no link on the web"]))

    def _fetch(self, kept: _Kept | None, now: datetime) -> _Kept:
        headers = {}
        if kept and kept.etag:
            headers["If-None-Match"] = kept.etag
        if kept and kept.last_modified:
            headers["If-Modified-Since"] = kept.last_modified
        with client() as web, web.stream("GET", self.address, headers=headers) as response:
            if kept and headers and response.status_code == httpx.codes.NOT_MODIFIED:
                return replace(kept, read_at=now.isoformat())
            if not response.is_success:
                raise ModelError(self.address, answer(response))
            found = _Kept(
                address=self.address,
                text=_body(response).decode("utf-8", "replace"),
                etag=sendable(response, "etag"),
                last_modified=sendable(response, "last-modified"),
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


def _check(part: Path, offer: Offer) -> None:
    if offer.size_bytes not in (None, part.stat().st_size):
        raise ModelError(part, f"does not have the {offer.size_bytes} bytes that the index says")
    if offer.sha256:
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != offer.sha256:
            raise ModelError(part, "its checksum is not the one in the index")
