"""The vocabulary of feedsvc: frozen dataclasses, imported by every stage.

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

from feedsvc.model.articles import (
    NOT_TRANSLATED,
    Article,
    Enclosure,
    Entry,
    Passage,
    Pending,
    Segment,
    Translation,
    Verdict,
)
from feedsvc.model.reading import (
    Answered,
    Cadence,
    Fetched,
    FetchState,
    Known,
    KnownFile,
    Medium,
    NotModified,
    Page,
    ParsedFeed,
)
from feedsvc.model.runs import Failure, RunReport, Spent
from feedsvc.model.sentences import Found, Sentence, Term
from feedsvc.model.settings import Access, Filters, Layout, Limits, OutputFeed, Secret, Source, TitleLayout

__all__ = [
    "NOT_TRANSLATED",
    "Access",
    "Answered",
    "Article",
    "Cadence",
    "Enclosure",
    "Entry",
    "Failure",
    "FetchState",
    "Fetched",
    "Filters",
    "Found",
    "Known",
    "KnownFile",
    "Layout",
    "Limits",
    "Medium",
    "NotModified",
    "OutputFeed",
    "Page",
    "ParsedFeed",
    "Passage",
    "Pending",
    "RunReport",
    "Secret",
    "Segment",
    "Sentence",
    "Source",
    "Spent",
    "Term",
    "TitleLayout",
    "Translation",
    "Verdict",
]
