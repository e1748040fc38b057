"""Finds the feeds behind an address: the document itself, those that a page names, those in the usual places.

Every feed that is found has been read: what is said of it is what a refresh would see. Documents are asked for
one after another, each once, and few of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import etree, html

from feedsvc import languages, markup
from feedsvc.detect import detect
from feedsvc.errors import FetchError, ParseError
from feedsvc.ingest.fetch import Fetcher
from feedsvc.ingest.parse import parse_feed
from feedsvc.ingest.sanitize import clean_text, safe_url
from feedsvc.model import Entry, Fetched, ParsedFeed, Source

_FEED_TYPES = frozenset(
    (
        "application/rss+xml application/atom+xml application/rdf+xml application/feed+json application/json "
        "application/xml text/xml application/x-rss+xml application/x-atom+xml application/x.atom+xml"
    ).split()
)
#: where feeds lie that no page names, below the root of a site: WordPress, Jekyll, Hugo, Ghost, and by hand
_USUAL_PLACES = tuple("feed feed/ rss rss/ rss.xml atom.xml feed.xml index.xml feed.json ?feed=rss2".split())
#: and below a page that is not the root: WordPress, Hugo, Ghost
_USUAL_PLACES_BELOW = ("feed/", "index.xml", "rss/")
_LOOKS_LIKE_FEED = re.compile(
    r"(?:\.(?:rss|atom|rdf)|/(?:feed|rss|atom|rdf)/?|/(?:feed|feeds|rss|atom|index|rdf|news)\.(?:xml|json|php))$",
    re.IGNORECASE,
)
#: in the address or title of a feed of comments, which nobody means who gives the address of a site
_COMMENTS = re.compile(
    r"comment|kommentar|comentario|comentário|commenti\b|reacties|komentarz|yorum|коммент|комент|评论|評論|留言|コメント|댓글",
    re.IGNORECASE,
)
#: addresses of feeds as some programs hand them out: feed:https://…, feed://…, itpc://…
_FEED_SCHEME = re.compile(
    r"(?:feed|rss|itpc|pcast|podcast):(?://)?(?=https?:)|(?:feed|rss|itpc|pcast|podcast)://"
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_REFRESH = re.compile(r"""[\d.\s]*[;,]\s*(?:url\s*=\s*)?["']?([^"']+)""", re.IGNORECASE)
_MAX_NAMED, _MAX_LINKED = 12, 6
#: so many entries in one language, and none in another, leave no doubt
_CERTAIN_ENTRIES = 3
_ENTRIES_LOOKED_AT = 20
#: answers after which a server must not be bothered further
_STOP = frozenset({None, 429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feed that has been read, or a file or folder."""

    kind: Literal["feed", "file", "folder"]
    #: URL or path
    location: str
    title: str | None
    #: that of its text where that is certain, else what the feed says
    language: str | None
    #: the feed says none, or another one in spite of its text
    is_language_unsaid: bool
    entries: int
    newest: datetime | None
    is_of_comments: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was found behind an address: the likeliest feed first."""

    feeds: tuple[Found, ...]
    #: each document that was no feed and why, one sentence each
    tried: tuple[str, ...]


def find_feeds(address: str, fetcher: Fetcher, *, on_ask: Callable[[str], None] = lambda url: None) -> Search:
    """The feeds behind an address that the user gave: of a feed or a page, or a bare host.

    Only where the page names none are its links looked at, and only then the usual places, until one of them has
    a feed. The same feed in another format is left out. `on_ask` is told each URL before it is asked for.
    """
    asking = _Asking(fetcher, on_ask)
    answer = asking.begin(_starts(address))
    if isinstance(answer, _Read):
        found = [answer]
    else:
        found = asking.behind(answer) if answer else []
        if not found and not (answer is None and asking.is_refused):
            found = asking.first(_usual_places(asking.page_url))
    ranked = sorted(_without_twins(found), key=lambda r: (r.found.is_of_comments, not r.found.entries))
    return Search(feeds=tuple(read.found for read in ranked), tried=tuple(asking.tried))


def describe(feed: ParsedFeed, *, kind: Literal["feed", "file", "folder"], location: str) -> Found:
    """What a person wants to know of a feed before adding it."""
    seen = _language_of_text(feed.entries)
    is_contradicted = bool(seen and feed.language and _contradicts(feed, seen))
    likely = [e.language for e in feed.entries if e.language]
    return Found(
        kind=kind,
        location=location,
        title=feed.title,
        language=(seen if is_contradicted else feed.language or seen) or next(iter(likely), None),
        is_language_unsaid=seen is not None and (feed.language is None or is_contradicted),
        entries=len(feed.entries),
        newest=max((d for e in feed.entries if (d := e.published or e.updated)), default=None),
        is_of_comments=_COMMENTS.search(f"{urlsplit(location).path} {feed.title or ''}") is not None,
    )


def candidate(kind: Literal["feed", "file", "folder"], location: str) -> Source:
    """A source to try, before it is in the configuration."""
    return Source(id="candidate", kind=kind, location=location)


def web_address(given: str) -> str:
    """An address as browsers know it: `feed://news.example/` and `feed:https://…` are such of the web."""
    given = given.strip()
    if match := _FEED_SCHEME.match(given.lower()):
        rest = given[match.end() :]
        return rest if rest.lower().startswith(("http:", "https:")) else f"https://{rest}"
    return given


def _starts(address: str) -> tuple[str, ...]:
    """The URLs that an address may mean: a bare host is tried with https first."""
    url = urldefrag(web_address(address)).url
    return (url,) if _SCHEME.match(url) else (f"https://{url}", f"http://{url}")


@dataclass(frozen=True, slots=True)
class _Read:
    """A feed, and what is in it."""

    found: Found
    links: frozenset[str]


class _Asking:
    """Asks for one document after another, each once, and remembers those that are no feeds."""

    def __init__(self, fetcher: Fetcher, on_ask: Callable[[str], None]) -> None:
        self._fetcher, self._on_ask = fetcher, on_ask
        self._asked: set[str] = set()
        self._own = ""
        self.page_url = ""
        #: the last answer was none, or that nobody must ask further
        self.is_refused = False
        self.tried: list[str] = []

    def begin(self, starts: Iterable[str]) -> _Read | Fetched | None:
        """The document at the first of these URLs where a server answers, whatever it says."""
        for url in starts:
            self._own = self.page_url = url
            answer = self._ask(url)
            if answer or not self.is_refused:
                return answer
        return None

    def behind(self, document: Fetched) -> list[_Read]:
        """The feeds that a page names, else those it links to; where it only leads elsewhere, of that page."""
        page = _read_page(document)
        if page.refresh_url and not (page.named or page.linked):
            answer = self._ask(page.refresh_url)
            if isinstance(answer, _Read):
                return [answer]
            document = answer or document
            page = _read_page(document)
        self.page_url = document.final_url
        return self._feeds(page.named[:_MAX_NAMED]) or self._feeds(page.linked[:_MAX_LINKED])

    def first(self, urls: Iterable[str]) -> list[_Read]:
        """The first of these that is a feed; a server that refuses to answer is not asked again."""
        for url in urls:
            answer = self._ask(url)
            if isinstance(answer, _Read):
                return [answer]
            if self.is_refused:
                break
        return []

    def _feeds(self, urls: Iterable[str]) -> list[_Read]:
        return [answer for url in urls if isinstance(answer := self._ask(url), _Read)]

    def _ask(self, url: str) -> _Read | Fetched | None:
        """The feed at a URL, else the document, else None."""
        if url in self._asked:
            return None
        self._asked.add(url)
        self._on_ask(url)
        self.is_refused = False
        try:
            document = self._fetcher.get(url, own=self._own)
        except FetchError as error:
            self.is_refused = error.status in _STOP
            self.tried.append(str(error))
            return None
        assert isinstance(document, Fetched), "nothing was asked conditionally"
        try:
            feed = parse_feed(document, candidate("feed", url))
        except ParseError as error:
            self.tried.append(f"{url}: {error}")
            return document
        location = document.answered.moved_to or url
        return _Read(
            describe(feed, kind="feed", location=location), frozenset(e.link or e.guid for e in feed.entries)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What an HTML page says of feeds: absolute URLs, each once."""

    named: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    refresh_url: str | None = None


def _read_page(document: Fetched) -> _Page:
    """The feeds that a page names (HTML 4.6.7.2, link type "alternate"), and its links that look like feeds."""
    body = document.body.replace(b"\0", b"")
    try:
        root = html.document_fromstring(body, parser=html.HTMLParser(encoding=_encoding(body)))
    except (etree.ParserError, etree.XMLSyntaxError):
        return _Page()
    base = next((b.get("href") for b in root.iter("base") if b.get("href")), None)
    base_url = safe_url(base, base_url=document.final_url) or document.final_url
    return _Page(
        named=_absolute((link.get("href") for link in root.iter("link") if _names_feed(link)), base_url),
        linked=_absolute((a.get("href") for a in root.iter("a") if _links_feed(a)), base_url),
        refresh_url=_refresh_url(root, base_url),
    )


def _encoding(body: bytes) -> str | None:
    """UTF-8 where it is that; None lets the parser find out. Addresses are of ASCII anyway."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _names_feed(link: html.HtmlElement) -> bool:
    relations = (link.get("rel") or "").lower().split()
    media_type = (link.get("type") or "").split(";")[0].strip().lower()
    if "/wp-json/" in (link.get("href") or ""):
        return False  # WordPress' own interface, announced like a JSON Feed
    return ("alternate" in relations and media_type in _FEED_TYPES) or "feed" in relations


def _links_feed(a: html.HtmlElement) -> bool:
    try:
        parts = urlsplit(a.get("href") or "")
    except ValueError:
        return False
    words = clean_text(a.text_content()[:100]).lower()
    return (
        _LOOKS_LIKE_FEED.search(parts.path) is not None
        or parts.scheme == "feed"
        or (parts.hostname or "").startswith(("feeds.", "rss."))
        or words in ("rss", "atom", "rss feed", "atom feed", "json feed")
    )


def _refresh_url(root: html.HtmlElement, base_url: str) -> str | None:
    """Where a page sends its reader without being asked to (as Hugo does from the root to a language)."""
    for meta in root.iter("meta"):
        if (meta.get("http-equiv") or "").lower() == "refresh":
            match = _REFRESH.fullmatch((meta.get("content") or "").strip()[:2000])
            return safe_url(match[1], base_url=base_url) if match else None
    return None


def _absolute(addresses: Iterable[str | None], base_url: str) -> tuple[str, ...]:
    urls = (safe_url(web_address(address), base_url=base_url) for address in addresses if address)
    return tuple(dict.fromkeys(urldefrag(url).url for url in urls if url))


def _usual_places(page_url: str) -> list[str]:
    path = urlsplit(page_url).path
    places = [urljoin(page_url, f"/{place}") for place in _USUAL_PLACES]
    if path.strip("/") and "." not in path.rsplit("/", 1)[-1]:
        folder = path.rstrip("/") + "/"
        places[:0] = [urljoin(page_url, f"{folder}{place}") for place in _USUAL_PLACES_BELOW]
    return places


def _without_twins(found: Sequence[_Read]) -> list[_Read]:
    """Without those that are another format of an earlier one: the same title, and no other entries."""
    kept: list[_Read] = []
    for read in found:
        if not any(_is_twin(read, other) for other in kept):
            kept.append(read)
    return kept


def _is_twin(read: _Read, other: _Read) -> bool:
    if read.found.location == other.found.location:
        return True
    is_covered = read.links <= other.links or other.links <= read.links
    is_alike = bool(read.links) == bool(other.links) and read.found.title == other.found.title
    return is_covered and is_alike


def _language_of_text(entries: Sequence[Entry]) -> str | None:
    """The language that the text of every entry is in; None where they differ or are too few."""
    texts = [f"{e.title} {markup.text(markup.parse(e.body_html))}" for e in entries[:_ENTRIES_LOOKED_AT]]
    seen = [tag for text in texts if (tag := detect(text))]
    return seen[0] if len(seen) >= _CERTAIN_ENTRIES and len(set(seen)) == 1 else None


def _contradicts(feed: ParsedFeed, seen: str) -> bool:
    """The feed says a language whose script its titles are not in."""
    said = feed.language or seen
    titles = " ".join(e.title for e in feed.entries[:_ENTRIES_LOOKED_AT])
    return languages.base(said) != languages.base(seen) and languages.share_in_script(titles, said) < 0.5
