"""Asks a server what it lets programs fetch (robots.txt), once for each place and run."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from feedsvc.errors import FetchError
from feedsvc.ingest.fetch import Fetcher
from feedsvc.model import NotModified, Source

if TYPE_CHECKING:
    from protego import Protego

#: what a robots.txt calls us
PRODUCT_TOKEN = "feedsvc"  # noqa: S105 - a name
MAX_BYTES = 500 * 1024  # RFC 9309 2.5
_ACCEPT = "text/plain, */*;q=0.1"


@dataclass(slots=True)
class _Place:
    """What is known of one server."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    is_known: bool = False
    rules: Protego | None = None
    #: why nothing may be fetched there
    refusal: str | None = None


class Robots:
    """What the servers of one run allow. Threads share one for each fetcher, and wait for each other's answers.

    A crawl-delay is not looked at: the delay between requests to one host is the fetcher's.

    Spec: RFC 9309. No file (4xx) allows everything; a server that fails or does not answer allows nothing.
    """

    _lock: ClassVar[threading.Lock] = threading.Lock()
    _of: ClassVar[weakref.WeakKeyDictionary[Fetcher, Robots]] = weakref.WeakKeyDictionary()

    def __init__(self) -> None:
        self._places: dict[tuple[str, bool], _Place] = {}

    @classmethod
    def of(cls, fetcher: Fetcher) -> Robots:
        """The one that goes with a fetcher, and lives as long as that."""
        with cls._lock:
            return cls._of.setdefault(fetcher, cls())

    def refusal(self, url: str, source: Source, fetcher: Fetcher, *, now: datetime) -> str | None:
        """Why a page of a source may not be fetched; None if it may."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        origin = f"{parts.scheme}://{host}"
        may_be_private = source.allow_private or host == urlsplit(source.location).netloc
        with self._lock:
            place = self._places.setdefault((origin, may_be_private), _Place())
        with place.lock:
            if not place.is_known:
                _ask(place, origin, source, fetcher, now)
                place.is_known = True
            if place.refusal or place.rules is None:
                return place.refusal
            allowed = place.rules.can_fetch(url, PRODUCT_TOKEN)
        return None if allowed else f"robots.txt of {host} does not allow it"


def _ask(place: _Place, origin: str, source: Source, fetcher: Fetcher, now: datetime) -> None:
    from protego import Protego

    try:
        answer = fetcher.get(
            f"{origin}/robots.txt",
            own=source.location,
            access=source.access,
            allow_private=source.allow_private,
            accept=_ACCEPT,
            now=now,
        )
    except FetchError as error:
        if error.status is None or not 400 <= error.status < 500:
            place.refusal = f"robots.txt cannot be read, so nothing is fetched there ({error})"
        return
    if not isinstance(answer, NotModified):
        place.rules = Protego.parse(answer.body[:MAX_BYTES].decode("utf-8-sig", "replace"))
