"""Feed documents of every format: bytes → entries. The one way in; what each format says is read elsewhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from feedsvc.errors import ParseError
from feedsvc.ingest.encoding import decode
from feedsvc.ingest.entries import first_language, make_entry, named, told_apart
from feedsvc.ingest.jsonfeed import read_json_feed
from feedsvc.ingest.memo import Remembered, digest, note, recall
from feedsvc.ingest.said import Feed
from feedsvc.ingest.sanitize import text_of
from feedsvc.model import Entry, Fetched, ParsedFeed, Source

_HTML_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_HTML_TITLE = re.compile(r"<title[^>]{0,500}>([^<]{0,500})", re.IGNORECASE)


def parse_feed(fetched: Fetched, source: Source, *, memo: str = "") -> ParsedFeed:
    """The entries of a feed document, in its order: RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0, CDF, JSON Feed.

    The language of an entry is the source's, else its own `xml:lang`, else the feed's, else detected. An entry
    that cannot be read is left out and named in `problems`. Absent dates stay None. A document that is cut short loses the
    entry that it breaks off in, and has neither validators nor hash: it must be fetched again.

    `memo` is that of the document before; entries that say the same as in that are `present`, but not read again.

    Raises: ParseError if the document is not a feed, or its encoding is in doubt.
    Spec: RSS 2.0 <item>; RFC 4287 4.1.2; JSON Feed 1.1.
    """
    decoded = decode(fetched.body, fetched.content_type)
    feed = _read(decoded.text, fetched.final_url)
    read = _entries(feed, source, recall(memo, source, feed))
    is_whole, problems = feed.is_whole and not decoded.is_cut, list(read.problems)
    if not read.noted and feed.flaw:
        raise ParseError(f"the feed is broken: {feed.flaw}")
    if not is_whole:
        problems.append(f"the feed is cut short: {feed.flaw or 'it ends in the middle of a character'}")
    return ParsedFeed(
        entries=read.entries,
        present=tuple((one.guid, one.dated_at) for one in read.noted.values()),
        memo=note(read.noted, source, feed) if is_whole and not read.is_ambiguous else "",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    #: those that were not known to be as they were
    entries: tuple[Entry, ...]
    #: all that could be read, by digest
    noted: dict[str, Remembered]
    problems: tuple[str, ...]
    #: guids of the document name several entries
    is_ambiguous: bool


def _entries(feed: Feed, source: Source, remembered: Mapping[str, Remembered]) -> _Read:
    noted: dict[str, Remembered] = {}
    made: dict[str, Entry] = {}
    problems = []
    for number, item in enumerate(feed.items, 1):
        try:
            key = digest(item.raw)
            if key in remembered:
                noted[key] = remembered[key]
            elif key not in made:
                made[key] = make_entry(item.read(), source)
        except Exception as error:  # noqa: BLE001 - whatever one entry brings out must not cost the others
            problems.append(f"entry {number} left out: {error}")
    if {one.guid for one in noted.values()} & {entry.guid for entry in made.values()}:
        return _entries(feed, source, {})  # which guid is whose can be told only with all of them
    told = told_apart(list(made.values()))
    by_guid: dict[str, Entry] = {}
    for entry in told:
        by_guid.setdefault(entry.guid, entry)
    noted |= {
        key: Remembered(entry.guid, entry.published or entry.updated)
        for key, entry in zip(made, told, strict=True)
    }
    return _Read(
        entries=tuple(by_guid.values()),
        noted=noted,
        problems=tuple(problems),
        is_ambiguous=told != list(made.values()),
    )
