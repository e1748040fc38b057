"""The vocabulary of feedsvc: frozen dataclasses, imported by every stage. Imports nothing from feedsvc.

source          configured origin: the URL or file of a feed, or a folder of articles
feed            an RSS or Atom document; `OutputFeed` when it is ours
entry           one article of a source; atom:entry (RFC 4287 4.1.2), RSS <item>
guid            stable id within a source; RSS <guid>, atom:id (RFC 4287 4.2.6); never the title
published       the source's own date (RFC 4287 3.3); None if absent, never "now"
enclosure       attached media: URL, MIME type, length in bytes
validator       ETag or Last-Modified (RFC 9110 8.8), sent back in a conditional request (13.1)
passage         one unit of an entry that a reader sees as such: title, block, caption, category
sentence        the smallest text sent to the engine, with what its translation must have
segment         one sentence of a passage, and what became of it
term            a word or name of a glossary, and how it is translated
verdict         what became of a segment
engine          id and version of the model that translated, stored with every translation
language        a BCP 47 tag (RFC 5646)

Datetimes are aware and in UTC. Collections are tuples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

#: stands before text that is shown in the original because its translation failed
NOT_TRANSLATED = "[not translated]"


class Layout(StrEnum):
    """How the body of an entry shows its two languages."""

    INTERLEAVED = "interleaved"
    TRANSLATION = "translation"
    TRANSLATION_FIRST = "translation-first"
    SIDE_BY_SIDE = "side-by-side"
    ORIGINAL = "original"


class TitleLayout(StrEnum):
    """How the title of an entry shows its two languages."""

    TRANSLATION_FIRST = "translation-first"
    ORIGINAL_FIRST = "original-first"
    TRANSLATION = "translation"
    ORIGINAL = "original"


class Verdict(StrEnum):
    """What became of a segment; everything but `GOOD`, `KEPT` and `TERMS` is a failed check."""

    GOOD = "good"
    #: nothing to translate: already in the target language, or no letters
    KEPT = "kept"
    EMPTY = "empty"
    UNTRANSLATED = "still in the source language"
    LOOP = "repeats itself"
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    NUMBERS = "numbers lost"
    VERBATIM = "address, handle or code lost"
    STRAY = "stray characters"
    #: too many characters that the model does not know
    UNKNOWN = "unknown characters"
    UNSURE = "the model is not sure"
    #: a term of the glossary is not in it; the translation is shown all the same
    TERMS = "glossary term missing"


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is sent to a server and shown to nobody: given as such, or by where it is found when it is needed."""

    kind: Literal["text", "env", "file"]
    #: the text itself, the name of an environment variable, or the path of a file
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach the server of a source. All but the proxy is sent to that server alone."""

    headers: tuple[tuple[str, Secret], ...] = ()
    cookies: tuple[tuple[str, Secret], ...] = ()
    #: for Basic authentication (RFC 7617)
    username: str | None = None
    password: Secret | None = None
    #: URL; "direct": none, whatever the environment says; None: that of the environment, if any
    proxy: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much we ask of the network and of each server."""

    #: requests under way at the same time
    connections: int = 20
    #: of these, to one host
    connections_per_host: int = 2
    #: between the beginnings of two requests to one host
    host_delay_s: float = 1.0
    #: where the people who run a server can reach the one who runs this; a URL or an address
    contact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A configured origin of entries."""

    id: str
    kind: Literal["feed", "file", "folder"]
    #: URL of a feed, or path of a file or folder
    location: str
    language: str | None = None
    #: between two looks, at least
    interval_s: int = 3600
    #: between two looks at a source that seldom has something new, at most
    max_interval_s: int = 86_400
    layout: Layout = Layout.INTERLEAVED
    title_layout: TitleLayout = TitleLayout.TRANSLATION_FIRST
    #: newest entries that stand in a feed
    max_entries: int = 50
    #: newest entries that are kept at all; None: every one
    keep_entries: int | None = None
    #: days that an entry may be older than the newest of any source, before it is removed; None: for ever
    keep_days: int | None = None
    #: whether the article behind each link is fetched
    full_text: bool = False
    #: may redirects and links of this source lead to private addresses
    allow_private: bool = False
    #: files of terms that must be translated in a given way; the first one that has a term counts
    glossaries: tuple[str, ...] = ()
    access: Access = Access()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What of an output's sources it wants, in the original or in translation; empty: everything."""

    #: at least one of these words is in it, and none of those
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    #: it has at least one of these categories, and none of those
    categories: tuple[str, ...] = ()
    exclude_categories: tuple[str, ...] = ()
    #: it is written in one of these, or a variety of one
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFeed:
    """A feed that we publish, as <slug>.rss, <slug>.atom and <slug>.json."""

    slug: str
    #: None: the title of its only source
    title: str | None
    source_ids: tuple[str, ...]
    layout: Layout
    title_layout: TitleLayout
    max_entries: int
    filters: Filters = Filters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """Media attached to an entry (RSS <enclosure>, atom:link rel=enclosure)."""

    url: str
    mime_type: str
    length_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a source says of one article: sanitised, absolute URLs, canonical body (see `markup`)."""

    source_id: str
    guid: str
    #: plain text; "" where the source has none
    title: str
    link: str | None = None
    #: plain text; "" where the source has none beside the body
    summary: str = ""
    body_html: str = ""
    language: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    #: lead picture; stands in the body too
    image_url: str | None = None
    #: who may do what with it, plain text; "" where the source says nothing
    rights: str = ""


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


@dataclass(frozen=True, slots=True)
class Term:
    """A word or name, and how it is translated."""

    source: str
    target: str
    #: other forms that will do
    accepted: tuple[str, ...] = ()


class Found(NamedTuple):
    """A term in a sentence, from character `start` up to `end`."""

    start: int
    end: int
    term: Term


class Sentence(NamedTuple):
    """A sentence to translate, and what its translation must have."""

    text: str
    language: str
    terms: tuple[Found, ...] = ()
    #: stretches that are not to be translated: addresses, handles, code
    verbatim: tuple[tuple[int, int], ...] = ()

    @property
    def kept(self) -> tuple[str, ...]:
        """The texts that must stand in the translation as they are."""
        return tuple(self.text[start:end] for start, end in self.verbatim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One sentence and what became of it."""

    source: str
    #: what is shown: the translation, or the source where there is none
    target: str
    verdict: Verdict

    @property
    def has_failed(self) -> bool:
        """Its translation did not pass the checks and is not shown."""
        return self.verdict not in (Verdict.GOOD, Verdict.KEPT, Verdict.TERMS)

    @property
    def is_translated(self) -> bool:
        """It is shown in translation."""
        return self.verdict in (Verdict.GOOD, Verdict.TERMS)

    @property
    def marked(self) -> str:
        """What a reader is shown: the translation, or the source and that it is no translation."""
        return f"{NOT_TRANSLATED} {self.target}" if self.has_failed else self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One translated unit of an entry: inline HTML for blocks, plain text for all others."""

    text: str
    segments: tuple[Segment, ...]

    @property
    def is_translated(self) -> bool:
        """At least one sentence was translated."""
        return any(s.is_translated for s in self.segments)

    @property
    def is_complete(self) -> bool:
        """No sentence failed its check."""
        return not any(s.has_failed for s in self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """What we made of one revision of an entry, complete."""

    #: the revision that was translated
    entry: Entry
    target_language: str
    #: "" where nothing had to be translated
    engine: str
    #: digest of the glossary that was in force; "" for none
    glossary: str = ""
    title: Passage
    summary: Passage
    categories: tuple[Passage, ...]
    #: one for each block of the body, in document order
    blocks: tuple[Passage, ...]
    #: one for each alt and title attribute of the body, in document order
    attributes: tuple[Passage, ...]

    @property
    def passages(self) -> tuple[Passage, ...]:
        """Every passage, title first."""
        return (self.title, self.summary, *self.categories, *self.blocks, *self.attributes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An entry that waits for its translation, with what is known of earlier ones."""

    entry: Entry
    content_hash: str
    #: when its present content was first seen; None for a first revision
    changed_at: datetime | None
    #: an older revision's translation, whose verdicts still hold for unchanged sentences
    previous: Translation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What translating has taken since the start of the process."""

    sentences: int = 0
    #: read and written
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An entry as it is published: the translated revision, or the original where that must not wait."""

    entry: Entry
    translation: Translation | None
    #: the first date that the source gave, else when the entry was first seen; never moves
    dated_at: datetime
    changed_at: datetime | None
    #: by us
    first_seen_at: datetime | None = None

    @property
    def published(self) -> datetime:
        """The source's date of publication, else the first date that there was."""
        return self.entry.published or self.dated_at

    @property
    def updated(self) -> datetime:
        """When the source last changed it (RFC 4287 4.2.15)."""
        return self.changed_at or self.entry.updated or self.published


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that went wrong in a run, with its reason."""

    source_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What one refresh did."""

    #: sources that were read
    sources: int = 0
    #: sources that had nothing new
    unchanged: int = 0
    new_entries: int = 0
    changed_entries: int = 0
    translated_entries: int = 0
    #: entries translated again, with a better model or another glossary
    improved_entries: int = 0
    #: distinct sentences sent to the engine
    sentences: int = 0
    #: files written, relative to the output folder
    files: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
