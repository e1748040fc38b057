"""Reading a source: what came, and what is remembered of it until it is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from feedsvc.model.articles import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How often a source says, and shows, that there is something new."""

    #: RSS <ttl> or the syndication module's update period
    ttl_s: int | None = None
    #: hours of the day (0 to 23, UTC) and days of the week (0 is Monday) at which nobody should ask (RSS 2.0)
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    #: usual time between two entries
    gap_s: int | None = None
    #: date of the newest entry
    newest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchState:
    """What we remember of a source between two runs."""

    #: where it is, and how it was read; all that follows holds for that place, validators also for that way alone
    location: str | None = None
    reading: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    #: SHA-256 of the document that was parsed last
    body_hash: str | None = None
    #: where the server says that the document has moved for good, and in how many runs in a row it said so
    moved_to: str | None = None
    moved_times: int = 0
    #: when the server said that there will be no document any more (410); nobody asks again by himself
    gone_at: datetime | None = None
    #: status of the last answer over HTTP
    http_status: int | None = None
    cadence: Cadence = Cadence()
    added_at: datetime | None = None
    checked_at: datetime | None = None
    succeeded_at: datetime | None = None
    next_check_at: datetime | None = None
    #: why then, for a person
    next_check_reason: str = ""
    #: the server does not want to be asked before (Retry-After)
    not_before: datetime | None = None
    #: runs in a row that could not read the source
    failures: int = 0
    #: what is wrong now, one sentence each
    problems: tuple[str, ...] = ()
    title: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """A file of a folder source, as it was when it was last looked at."""

    #: below the folder, with slashes; of a file that an article shows, `<article>//<file>`
    path: str
    size_bytes: int
    #: -1 where it says nothing: the file had changed just then, or could not be opened
    mtime_ns: int
    #: hash of everything that the entry was made of, or of a file that is shown; "" if it cannot be
    digest: str
    #: of the entry that it holds; None where it could not be read, or is only shown
    guid: str | None = None
    #: why it could not be read, or what is amiss in it
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The page behind the link of an entry, as it was when it was last fetched for its full text."""

    #: of the entry
    guid: str
    url: str
    #: hash of what the feed itself said of the entry then
    feed_hash: str
    fetched_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    #: where the page says that it lives (rel=canonical), if that is on its own site
    canonical_url: str | None = None
    #: the article: sanitised, absolute URLs, canonical; None where there is none to be had
    body_html: str | None = None
    #: why there is none
    problem: str | None = None
    #: fetches in a row that brought none
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A file that belongs to an entry and is published with it; `media:<name>` in a body leads to it."""

    #: SHA-256 of its content, with the suffix of its kind
    name: str
    #: where it lies
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a source before it is read again."""

    state: FetchState = FetchState()
    #: by path; of folder sources
    files: Mapping[str, KnownFile] = field(default_factory=dict)
    #: by guid; of sources with full text
    pages: Mapping[str, Page] = field(default_factory=dict)
    #: what the parser wanted to remember of the last document
    memo: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an answer over HTTP says beside its document; of a file on disk, nothing."""

    status: int | None = None
    #: how long it may be held for fresh (RFC 9111 4.2.1)
    fresh_s: int | None = None
    #: where the first permanent redirects led (RFC 9110 15.4.2, 15.4.9)
    moved_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A document that came over the network or from a file."""

    body: bytes = field(repr=False)
    final_url: str
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    answered: Answered = Answered()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The source has nothing new (304), or what it has is what it had."""

    answered: Answered = Answered()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What a source says of itself, and its entries."""

    #: those that may be new or changed
    entries: tuple[Entry, ...]
    #: guid and date of every entry of the document, those included that are as they were
    present: tuple[tuple[str, datetime | None], ...] = ()
    title: str | None = None
    link: str | None = None
    language: str | None = None
    cadence: Cadence = Cadence()
    #: entries or files that had to be left out, one sentence each
    problems: tuple[str, ...] = ()
    #: validators and hash of the document that this was parsed from
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    #: what the parser wants to know when it sees the next document; nobody else understands it
    memo: str = field(default="", repr=False)
    answered: Answered = Answered()
    #: every file of a folder source that is there now
    files: tuple[KnownFile, ...] = ()
    #: pages that were fetched for their full text, or tried
    pages: tuple[Page, ...] = ()
    media: tuple[Medium, ...] = ()
