"""An article on its way: what its source says, what became of its sentences, and how it is published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: stands before text that is shown in the original because its translation failed
NOT_TRANSLATED = "[not translated]"


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
    #: the first date that the source gave, else or if that is later, when the entry was first seen; never moves
    dated_at: datetime
    changed_at: datetime | None
    #: by us
    first_seen_at: datetime | None = None

    @property
    def published(self) -> datetime:
        """The source's date of publication, else the first date that there was; nothing is seen before it is published."""
        return min(self.entry.published or self.dated_at, self.dated_at)

    @property
    def updated(self) -> datetime:
        """When the source last changed it (RFC 4287 4.2.15); of what never changed, no later than it was seen."""
        stated = self.entry.updated or self.published
        return self.changed_at or min(stated, max(self.first_seen_at or stated, self.dated_at))
