"""What documents say, in one vocabulary for all formats, before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from feedsvc.ingest.sanitize import clean_text
from feedsvc.model import Cadence, Enclosure

#: what a feed has room for, twenty times what is usual; the newest come first
MAX_ENTRIES = 2_000
#: to one entry
MAX_ATTACHED = 200
#: of what feeds attach; those of the system differ from one machine to the next
_MEDIA_TYPES = {
    ".aac": "audio/aac", ".flac": "audio/flac", ".m4a": "audio/mp4", ".mp3": "audio/mpeg", ".oga": "audio/ogg",
    ".ogg": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav", ".m4v": "video/mp4", ".mov": "video/quicktime",
    ".mp4": "video/mp4", ".webm": "video/webm", ".gif": "image/gif", ".jpeg": "image/jpeg", ".jpg": "image/jpeg",
    ".png": "image/png", ".webp": "image/webp", ".pdf": "application/pdf",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a document says of one entry: texts plain, dates in UTC, URLs absolute, the body still as it came."""

    guid: str = ""
    link: str | None = None
    title: str = ""
    #: the title before it was cut to a sensible length
    full_title: str = ""
    summary: str = ""
    #: HTML, not sanitised
    body: str = ""
    #: what URLs in the body are relative to
    base_url: str
    #: language tags, the closest first
    languages: tuple[str | None, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image_url: str | None = None
    rights: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a document says of itself. Its entries are read one by one, as each may be broken by itself."""

    title: str = ""
    link: str | None = None
    #: as stated
    language: str | None = None
    cadence: Cadence = field(default_factory=Cadence)
    items: Sequence[Callable[[], Said]] = ()
    #: what else in the document decides how its entries are read
    head: object = None
    #: what is wrong with the document as such, if anything
    flaw: str | None = None
    #: it came to its end
    is_whole: bool = True
    #: one sentence each
    problems: tuple[str, ...] = ()


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """Each value once, in order; empty ones left out."""
    return tuple(dict.fromkeys(v for v in values if v))


def media_type(stated: object, url: str | None = None, default: str = "application/octet-stream") -> str:
    """A MIME type as stated, else what the name of the file says, else the default."""
    suffix = PurePosixPath(urlsplit(url or "").path).suffix.lower()
    return clean_text(stated or "") or _MEDIA_TYPES.get(suffix, default)


def byte_count(value: object) -> int | None:
    """A length in bytes, if it is one that a file may have."""
    text = str(value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def too_many(count: int) -> tuple[str, ...]:
    """The problem of a document with more entries than are read, if that is one."""
    return (f"only the first {MAX_ENTRIES:,} entries are read",) if count > MAX_ENTRIES else ()
