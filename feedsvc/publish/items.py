"""What stands in a feed, before it has a format: articles as items, and the feed as a channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from feedsvc.model import Enclosure, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The source that an item comes from, as it calls itself."""

    id: str
    title: str
    #: its web page, and its own feed; None for a folder
    link: str | None = None
    feed_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An article as it stands in a feed. Titles and summaries are plain text."""

    id: str
    title: str
    summary: str
    content_html: str
    #: what the title leads to
    link: str
    #: language of what the link leads to; None if it is unknown or both
    link_language: str | None
    #: our own page, where the link leads to the source
    page_url: str | None
    language: str
    published: datetime
    updated: datetime
    authors: tuple[str, ...]
    #: (original term, label to show)
    categories: tuple[tuple[str, str], ...]
    enclosures: tuple[Enclosure, ...]
    image_url: str | None
    #: where it comes from
    origin: Origin | None = None
    #: language of the original; None if it is unknown
    source_language: str | None = None
    #: title in translation, None where there is none, and in the original
    translated_title: str | None = None
    original_title: str = ""
    #: sentences by verdict; empty while it waits for its translation
    verdicts: tuple[tuple[Verdict, int], ...] = ()
    #: what translated it; "" for nothing
    engine: str = ""
    #: who may do what with it, plain text; "" where the source says nothing
    rights: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A feed as a whole."""

    id: str
    title: str
    description: str
    language: str
    #: the page that the feed is about
    link: str
    #: where the feed itself lies, without suffix
    self_url: str
    updated: datetime
    ttl_minutes: int
    #: hubs that are told of changes (WebSub)
    hubs: tuple[str, ...] = ()
    #: names, without suffix, of the archives before and after this document, of a newest document the newest
    #: archive (RFC 5005 4)
    previous_archive: str | None = None
    next_archive: str | None = None
    is_archive: bool = False
    #: name, without suffix, of the document to subscribe to; of archives
    current: str | None = None
    #: address of a CSS style sheet for browsers that open the feed
    style_sheet: str | None = None
