"""JSON Feed 1.0 and 1.1: text → what stands in it. What has the wrong type is not said, and is named where it matters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from feedsvc.errors import ParseError
from feedsvc.ingest.dates import read_date
from feedsvc.ingest.said import (
    MAX_ATTACHED,
    MAX_ENTRIES,
    Feed,
    Said,
    byte_count,
    media_type,
    too_many,
    unique,
)
from feedsvc.ingest.sanitize import clean_text, safe_url
from feedsvc.ingest.titles import paragraphs, plain_title
from feedsvc.model import Enclosure

_VERSION = re.compile(r"https?://(www\.)?jsonfeed\.org/version/1(\.\d)?/?", re.IGNORECASE)


def read_json_feed(text: str, *, base_url: str) -> Feed:
    """What a document says. `next_url`, hubs and extensions are left alone.

    Raises: ParseError if it is no JSON Feed.
    Spec: JSON Feed 1.1.
    """
    document = _document(text)
    items = document.get("items")
    if not isinstance(items, list):
        raise ParseError("the feed is broken: its items are no list")
    return Feed(
        title=plain_title(_text(document, "title"), is_markup=False),
        link=safe_url(_text(document, "home_page_url"), base_url=base_url),
        language=_text(document, "language") or None,
        items=[partial(_said, item, document, base_url) for item in items[:MAX_ENTRIES]],
        problems=too_many(len(items)),
    )


def _document(text: str) -> Mapping[str, Any]:
    try:
        # numbers are only ever names and lengths here: as texts none is too long, and none changes
        document = json.loads(text.lstrip("\ufeff"), parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        kind = "the feed is broken" if "jsonfeed.org/version" in text[:2000] else "not a feed, nor JSON"
        raise ParseError(f"{kind}: {error.msg} at line {error.lineno}") from error
    except RecursionError as error:
        raise ParseError("not a feed: it is nested deeper than any") from error
    if not isinstance(document, dict) or not _VERSION.fullmatch(_text(document, "version")):
        raise ParseError("not a feed: JSON, but no JSON Feed")
    return document


def _said(item: Any, document: Mapping[str, Any], base_url: str) -> Said:
    if not isinstance(item, dict):
        raise ParseError("it is no object")
    link = safe_url(_text(item, "url") or _text(item, "external_url"), base_url=base_url)
    title, html = _text(item, "title"), _text(item, "content_html")
    return Said(
        guid=clean_text(_text(item, "id")),
        link=link,
        title=plain_title(title, is_markup=False),
        full_title=title,
        summary=clean_text(_text(item, "summary")),
        body=html or paragraphs(_text(item, "content_text") or _text(item, "summary"), keep_lines=True),
        base_url=link or base_url,
        languages=(_text(item, "language"), _text(document, "language")),
        published=read_date(_text(item, "date_published")),
        updated=read_date(_text(item, "date_modified")),
        authors=unique(_authors(item)) or unique(_authors(document)),
        categories=unique(plain_title(t, is_markup=False) for t in _list(item, "tags") if isinstance(t, str)),
        enclosures=tuple(islice(_attachments(item, base_url), MAX_ATTACHED)),
        image_url=next((url for url in _pictures(item, base_url) if url), None),
    )


def _text(thing: Mapping[str, Any], name: str) -> str:
    """A text, or a number as one; nothing for what is neither. Half a surrogate pair is no character."""
    value = thing.get(name)
    return (
        value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else ""
    )


def _list(thing: Mapping[str, Any], name: str) -> list[Any]:
    value = thing.get(name)
    return value if isinstance(value, list) else []


def _authors(thing: Mapping[str, Any]) -> Iterator[str]:
    """Names by version 1.1, else by 1.0."""
    for author in _list(thing, "authors") or [thing.get("author")]:
        if isinstance(author, dict):
            yield plain_title(_text(author, "name") or _text(author, "url"), is_markup=False)


def _pictures(item: Mapping[str, Any], base_url: str) -> Iterator[str | None]:
    for name in ("image", "banner_image"):
        yield safe_url(_text(item, name), base_url=base_url)


def _attachments(item: Mapping[str, Any], base_url: str) -> Iterator[Enclosure]:
    for thing in _list(item, "attachments"):
        if isinstance(thing, dict) and (url := safe_url(_text(thing, "url"), base_url=base_url)):
            yield Enclosure(
                url=url,
                mime_type=media_type(_text(thing, "mime_type"), url),
                length_bytes=byte_count(_text(thing, "size_in_bytes")),
            )
