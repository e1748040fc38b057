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

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A configured origin of entries."""

    id: str
    kind: Literal["feed", "file", "folder"]
    #: URL of a feed, or path of a file or folder
    location: str
    language: str | None
    interval_s: int
    layout: Layout
    title_layout: TitleLayout
    #: newest entries that stand in a feed
    max_entries: int
    #: newest entries that are kept at all; None: every one
    keep_entries: int | None
    #: may redirects of this source lead to private addresses
    allow_private: bool
    #: files of terms that must be translated in a given way; the first one that has a term counts
    glossaries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFeed:
    """A feed that we publish, as <slug>.rss and <slug>.atom."""

    slug: str
    #: None: the title of its only source
    title: str | None
    source_ids: tuple[str, ...]
    layout: Layout
    title_layout: TitleLayout
    max_entries: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchState:
    """What we remember of a source between two runs."""

    etag: str | None = None
    last_modified: str | None = None
    added_at: datetime | None = None
    checked_at: datetime | None = None
    succeeded_at: datetime | None = None
    next_check_at: datetime | None = None
    #: runs in a row that could not read the source
    failures: int = 0
    #: what is wrong now, one sentence each
    problems: tuple[str, ...] = ()
    title: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A document that came over the network or from a file."""

    body: bytes
    final_url: str
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The source has nothing new (304)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What a source says of itself, and its entries."""

    entries: tuple[Entry, ...]
    title: str | None = None
    link: str | None = None
    #: entries or files that had to be left out, one sentence each
    problems: tuple[str, ...] = ()
    #: validators of the response that this was parsed from
    etag: str | None = None
    last_modified: str | None = None


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
class Article:
    """An entry as it is published: the translated revision, or the original where that must not wait."""

    entry: Entry
    translation: Translation | None
    #: the first date that the source gave, else when the entry was first seen; never moves
    dated_at: datetime
    changed_at: datetime | None

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
