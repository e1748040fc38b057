"""RSS 0.9x–2.0, RDF and Atom documents: bytes → entries. feedparser reads them, this module makes them ours."""

from __future__ import annotations

import calendar
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from time import struct_time
from typing import Any

from feedsvc import languages, markup
from feedsvc.detect import detect
from feedsvc.errors import ParseError
from feedsvc.ingest.sanitize import clean_text, safe_url, sanitise, text_of, with_lead_image
from feedsvc.model import Enclosure, Entry, Fetched, ParsedFeed, Source

#: how a document ends that came whole
_ENDS = re.compile(rb"</([\w-]+:)?(rss|feed|rdf)\s*>\s*(<!--.*?-->\s*)*$", re.IGNORECASE | re.DOTALL)
_HTML_PAGE = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)


def parse_feed(fetched: Fetched, source: Source) -> ParsedFeed:
    """The entries of a feed document, in its order.

    The language of an entry is the source's, else its own `xml:lang`, else the feed's, else detected. Entries
    with neither guid nor link are left out and named in `problems`. Absent dates stay None. Of a document that is cut short the last
    entry is left out too, and it has no validators: it must be fetched again.

    Raises: ParseError if the document is not a feed.
    Spec: RSS 2.0 <item>; RFC 4287 4.1.2.
    """
    document, flaw = _read(fetched)
    version = document.get("version")
    if not version:
        raise ParseError(_why_no_feed(fetched, flaw))
    entries: dict[str, Entry] = {}
    problems = []
    is_whole = flaw is None or _ENDS.search(fetched.body[-500:]) is not None
    items = document.entries if is_whole else document.entries[:-1]  # the last one may be half an entry
    for number, item in enumerate(items, 1):
        try:
            entry = _entry(item, document.feed, source, fetched.final_url, is_atom=version.startswith("atom"))
        except Exception as error:  # noqa: BLE001 - whatever one entry brings out must not cost the others
            problems.append(f"entry {number} left out: {error}")
        else:
            entries.setdefault(entry.guid, entry)
    if not entries and flaw:
        raise ParseError(f"the feed is broken: {flaw}")
    if not is_whole:
        problems.append(f"the feed is cut short: {flaw}")
    return ParsedFeed(
        entries=tuple(entries.values()),
        title=_text(document.feed, "title", is_atom=version.startswith("atom")) or None,
        link=safe_url(document.feed.get("link"), base_url=fetched.final_url),
        problems=tuple(problems),
        etag=fetched.etag if is_whole else None,
        last_modified=fetched.last_modified if is_whole else None,
        body_hash=hashlib.sha256(fetched.body).hexdigest() if is_whole else None,
        answered=fetched.answered,
    )


def _read(fetched: Fetched) -> tuple[Any, Exception | None]:
    """feedparser's view of a document, and what is wrong with it."""
    import feedparser

    # a guid is a name: resolved like a link it would change with the address of the feed
    for parser in (feedparser.api.StrictFeedParser, feedparser.api.LooseFeedParser):
        parser.can_be_relative_uri = parser.can_be_relative_uri - {"id"}
    try:
        document = feedparser.parse(
            fetched.body,
            response_headers={"content-type": fetched.content_type, "content-location": fetched.final_url},
            sanitize_html=False,
        )
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # feedparser stumbles over some broken documents
        raise ParseError("the feed is too broken to be read") from error
    flaw = document.get("bozo_exception")
    is_harmless = isinstance(flaw, feedparser.exceptions.ThingsNobodyCaresAboutButMe)
    return document, None if is_harmless else flaw


def _why_no_feed(fetched: Fetched, flaw: Exception | None) -> str:
    if _HTML_PAGE.search(fetched.body[:2000]):
        title = re.search(rb"<title[^>]*>(.*?)</title>", fetched.body, re.IGNORECASE | re.DOTALL)
        named = f' titled "{clean_text(title[1].decode("utf-8", "replace"))[:80]}"' if title else ""
        return f"not a feed but an HTML page{named}"
    if not fetched.body.strip():
        return "not a feed: the document is empty"
    return f"not a feed: {flaw or 'neither RSS nor Atom'}"


def _entry(item: Any, feed: Any, source: Source, base_url: str, *, is_atom: bool) -> Entry:
    stated_link, stated_guid = item.get("link"), item.get("id")
    # feedparser takes a guid for the link where there is no other: right if it is a whole URL
    link = safe_url(stated_link, base_url=None if stated_link == stated_guid else base_url)
    title = _text(item, "title", is_atom=is_atom)
    guid = clean_text(stated_guid or link or "")
    if not guid:
        raise ParseError(f'"{title[:60]}" has neither a guid nor a link')
    body, declared = _body(item)
    image_url = _lead_image(item, link or base_url)
    body_html = with_lead_image(sanitise(body, base_url=link or base_url), image_url)
    summary = _text(item, "summary", is_atom=is_atom)
    text = text_of(body_html)
    updated = dict.get(item, "updated_parsed")  # feedparser's own `get` answers with `published`
    stated = (source.language, declared, item.get("language"), feed.get("language"))
    return Entry(
        source_id=source.id,
        guid=guid,
        link=link,
        title=title,
        summary=summary if summary != text else "",
        body_html=body_html,
        language=_first_language(stated) or detect(f"{title} {text}"),
        # feedparser calls `dc:date`, the only date of RDF, `updated`
        published=_utc(item.get("published_parsed") or (None if is_atom else updated)),
        updated=_utc(updated),
        authors=tuple(_unique(clean_text(a.get("name", "")) for a in item.get("authors", ()))),
        categories=tuple(
            _unique(clean_text(t.get("label") or t.get("term") or "") for t in item.get("tags", ()))
        ),
        enclosures=tuple(_enclosures(item, base_url)),
        image_url=image_url,
    )


def _text(item: Any, name: str, *, is_atom: bool) -> str:
    """A title or summary as plain text. RSS does not say whether it is markup, Atom does."""
    value = item.get(name) or ""
    is_plain = is_atom and item.get(f"{name}_detail", {}).get("type") == "text/plain"
    return clean_text(value) if is_plain else text_of(value)


def _body(item: Any) -> tuple[str, str | None]:
    """The fullest content as HTML, and its declared language; the summary where there is no content."""
    contents = [c for c in item.get("content", ()) if c.get("value")]
    if not contents:
        contents = [item.get("summary_detail") or {"value": item.get("summary")}]
    best = max(contents, key=lambda c: len(c["value"] or ""))
    value = best["value"] or ""
    if best.get("type") == "text/plain":
        value = "".join(f"<p>{markup.escape(p)}</p>" for p in re.split(r"\n\s*\n", value) if p.strip())
    return value, best.get("language")


def _first_language(tags: Iterable[str | None]) -> str | None:
    return next((tag for t in tags if t and (tag := languages.normalise(t))), None)


def _lead_image(item: Any, base_url: str) -> str | None:
    for thing in [*item.get("media_content", ()), *item.get("media_thumbnail", ())]:
        kind = thing.get("medium") or thing.get("type", "image")
        if kind.startswith("image") and (url := safe_url(thing.get("url"), base_url=base_url)):
            return url
    return None


def _enclosures(item: Any, base_url: str) -> Iterable[Enclosure]:
    for thing in item.get("enclosures", ()):
        if url := safe_url(thing.get("href"), base_url=base_url):
            length = str(thing.get("length") or "")
            yield Enclosure(
                url=url,
                mime_type=clean_text(thing.get("type") or "application/octet-stream"),
                length_bytes=int(length) if length.isascii() and length.isdigit() else None,
            )


def _utc(parsed: struct_time | None) -> datetime | None:
    """feedparser's time tuple, which is in UTC, as an aware datetime."""
    if parsed is None:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _unique(values: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(v for v in values if v)
