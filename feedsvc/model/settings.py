"""What the user configures: sources, the way to them, and the feeds that are made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


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
