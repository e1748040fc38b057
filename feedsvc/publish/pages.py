"""The pages: an article in both languages, and the index of what can be subscribed to. They need no script, no outside asset."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from feedsvc import languages
from feedsvc.publish.items import Item
from feedsvc.publish.texts import count, texts

#: name of the style sheet for feeds that a browser opens; it lies beside them
FEED_STYLE = "feeds.css"
#: what would end a data block in a page, or start a comment in it
_UNSAFE_IN_SCRIPT = re.compile("[<>&\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One output, as the index shows it; the heavy parts are made once for each of its feeds, by `listed`."""

    slug: str
    title: str
    entries: int
    updated: datetime | None
    #: HTML: its `<link>` elements, and its addresses with its newest articles
    links: str
    feeds: str
    #: what its sources are called; shown where there are several
    sources: tuple[str, ...] = ()
    #: entries that are not translated yet
    waiting: int = 0
    #: what is wrong with its sources, one sentence each
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSource:
    """One source, as the index shows it."""

    title: str
    state: Literal["fine", "new", "failing", "gone"]
    #: its web page, and its own feed
    link: str | None = None
    feed_url: str | None = None
    language: str | None = None
    #: entries that are not translated yet
    waiting: int = 0
    #: what is wrong with it, one sentence each
    problems: tuple[str, ...] = ()


_FORMATS: Mapping[str, tuple[str, str]] = {
    "rss": ("RSS", "application/rss+xml"),
    "atom": ("Atom", "application/atom+xml"),
    "json": ("JSON", "application/feed+json"),
}


def article_page(item: Item, *, previous: Item | None = None, next: Item | None = None) -> bytes:
    """The reading page of an article; `previous` is the one before it in time, `next` the one after it."""
    own = item.page_url or item.link
    neighbours = {
        name: (_towards(own, neighbour.page_url or neighbour.link), neighbour)
        for name, neighbour in (("next", next), ("prev", previous))
        if neighbour
    }
    return _render(
        "article.html",
        item.language,
        item=item,
        own=own,
        neighbours=neighbours,
        data=_data_block(_structured(item, own)),
        content=Markup(item.content_html),  # noqa: S704 - sanitised at ingest, put together by `layout`
    ).encode()


def listed(
    slug: str,
    title: str,
    *,
    entries: int,
    updated: datetime | None,
    newest: Sequence[Item],
    base_url: str,
    language: str,
) -> Listed:
    """An output for the index, which shows the titles of its `newest` articles."""
    feeds = [(name, media_type, f"{slug}.{suffix}") for suffix, (name, media_type) in _FORMATS.items()]
    addresses = [(item.page_url or item.link).removeprefix(base_url) for item in newest]
    return Listed(
        slug=slug,
        title=title,
        entries=entries,
        updated=updated,
        links=_render("listed_links.html", language, title=title, feeds=feeds),
        feeds=_render(
            "listed_feeds.html",
            language,
            feeds=feeds,
            base_url=base_url,
            newest=list(zip(addresses, newest, strict=True)),
            entries=entries,
        ),
    )


def index_page(
    outputs: Sequence[Listed],
    *,
    name: str,
    language: str,
    sources: Sequence[ListedSource] = (),
    has_status: bool = False,
) -> bytes:
    """The page that says what there is to subscribe to; `has_status`: there is a `status.atom` beside it."""
    return _render(
        "index.html",
        language,
        outputs=outputs,
        sources=sources,
        service_name=name,
        has_status=has_status,
    ).encode()


def feed_style(language: str) -> bytes:
    """The style sheet that makes a feed readable in a browser. Spec: xml-stylesheet, CSS namespaces."""
    return _render(FEED_STYLE, language).encode()


def _structured(item: Item, own: str) -> dict[str, object]:
    """What search engines and reading lists know an article by. Spec: schema.org/NewsArticle."""
    news = {"@type": "NewsArticle"}
    found: dict[str, object | None] = {
        "@context": "https://schema.org",
        **news,
        "headline": item.translated_title or item.original_title or item.title,
        "description": item.summary,
        "inLanguage": item.language,
        "url": own,
        "datePublished": item.published.isoformat(),
        "dateModified": item.updated.isoformat(),
        "author": [{"@type": "Person", "name": name} for name in item.authors],
        "image": item.image_url,
        "keywords": [label for _, label in item.categories],
    }
    if item.origin:
        found["publisher"] = _known(
            {"@type": "Organization", "name": item.origin.title, "url": item.origin.link}
        )
    if item.translated_title and item.page_url:
        original = {**news, "headline": item.original_title, "inLanguage": item.source_language}
        found["translationOfWork"] = _known(original | {"url": item.link})
    return _known(found)


def _known(found: Mapping[str, object | None]) -> dict[str, object]:
    return {key: value for key, value in found.items() if value}


def _data_block(value: object) -> Markup:
    """JSON as the content of a `<script>` that is never run; nothing in it can end it."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return Markup(_UNSAFE_IN_SCRIPT.sub(lambda c: f"\\u{ord(c[0]):04x}", text))  # noqa: S704 - just made so


def _towards(own: str, other: str) -> str:
    """The way from one page to another, relative where both lie in one folder or in two beside each other."""
    for up, folder in (("", own.rsplit("/", 1)[0]), ("../", own.rsplit("/", 2)[0])):
        if urlsplit(folder).path and other.startswith(f"{folder}/"):
            return up + other.removeprefix(f"{folder}/")
    return other


def _render(template: str, language: str, /, **values: object) -> str:
    say = texts(language)
    return _template(template).render(language=language, say=say, **values)


def _date(when: datetime, language: str) -> str:
    say = texts(language)
    return say.date.format(
        day=when.day, month=say.months[when.month - 1], year=when.year, time=f"{when:%H:%M}"
    )


def _css_string(text: str) -> Markup:
    """A text as a string of CSS (CSS Syntax 4.3.5)."""
    return Markup('"' + re.sub(r'["\\\n<&]', lambda c: f"\\{ord(c[0]):x} ", text) + '"')  # noqa: S704 - escaped


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("feedsvc.publish"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["date"] = _date
    environment.filters["count"] = count
    environment.filters["css"] = _css_string
    environment.filters["direction"] = languages.direction
    environment.filters["language_name"] = languages.name
    return environment.get_template(name)
