"""Feed documents of every format: bytes → entries. The one way in; what each format says is read elsewhere."""

from __future__ import annotations

import hashlib
import re

from feedsvc.errors import ParseError
from feedsvc.ingest.encoding import decode
from feedsvc.ingest.entries import first_language, make_entry, named, told_apart
from feedsvc.ingest.jsonfeed import read_json_feed
from feedsvc.ingest.said import Feed
from feedsvc.ingest.sanitize import text_of
from feedsvc.model import Entry, Fetched, ParsedFeed, Source

_HTML_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_HTML_TITLE = re.compile(r"<title[^>]{0,500}>([^<]{0,500})", re.IGNORECASE)


def parse_feed(fetched: Fetched, source: Source) -> ParsedFeed:
    """The entries of a feed document, in its order: RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0, CDF, JSON Feed.

    The language of an entry is the source's, else its own `xml:lang`, else the feed's, else detected. An entry
    that cannot be read is left out and named in `problems`. Absent dates stay None. A document that is cut short loses the
    entry that it breaks off in, and has neither validators nor hash: it must be fetched again.

    Raises: ParseError if the document is not a feed, or its encoding is in doubt.
    Spec: RSS 2.0 <item>; RFC 4287 4.1.2; JSON Feed 1.1.
    """
    decoded = decode(fetched.body, fetched.content_type)
    feed = _read(decoded.text, fetched.final_url)
    entries, problems = _entries(feed, source)
    is_whole = feed.is_whole and not decoded.is_cut
    if not entries and feed.flaw:
        raise ParseError(f"the feed is broken: {feed.flaw}")
    if not is_whole:
        problems.append(f"the feed is cut short: {feed.flaw or 'it ends in the middle of a character'}")
    return ParsedFeed(
        entries=told_apart(entries),
        title=feed.title or None,
        link=feed.link,
        language=first_language([feed.language]),
        cadence=feed.cadence,
        problems=named([*([decoded.problem] if decoded.problem else []), *feed.problems, *problems]),
        etag=fetched.etag if is_whole else None,
        last_modified=fetched.last_modified if is_whole else None,
        body_hash=hashlib.sha256(fetched.body).hexdigest() if is_whole else None,
        answered=fetched.answered,
    )


def _read(text: str, base_url: str) -> Feed:
    if text.lstrip().startswith("{"):
        return read_json_feed(text, base_url=base_url)
    from feedsvc.ingest.xmlfeed import read_xml_feed  # brings feedparser, which takes its time

    feed = read_xml_feed(text, base_url=base_url)
    if feed is None:
        raise ParseError(_why_no_feed(text))
    return feed


def _why_no_feed(text: str) -> str:
    if _HTML_PAGE.search(text[:2000]):
        title = _HTML_TITLE.search(text[:100_000])
        return "not a feed but an HTML page" + (f' titled "{text_of(title[1])[:80]}"' if title else "")
    return "not a feed: the document is empty" if not text.strip() else "not a feed: neither RSS nor Atom"


def _entries(feed: Feed, source: Source) -> tuple[list[Entry], list[str]]:
    entries, problems = [], []
    for number, read in enumerate(feed.items, 1):
        try:
            entries.append(make_entry(read(), source))
        except Exception as error:  # noqa: BLE001 - whatever one entry brings out must not cost the others
            problems.append(f"entry {number} left out: {error}")
    return entries, problems
