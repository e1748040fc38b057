"""Feed documents of every format: bytes → entries. The one way in; what each format says is read elsewhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from feedsvc.errors import ParseError
from feedsvc.ingest.encoding import decode
from feedsvc.ingest.entries import first_language, make_entry, named, told_apart
from feedsvc.ingest.jsonfeed import read_json_feed
from feedsvc.ingest.memo import Memo, Remembered, circumstances, digest, note, recall
from feedsvc.ingest.pieces import pieces, without
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
    feed, read = _look(decoded.text, fetched.final_url, source, recall(memo))
    is_whole, problems = feed.is_whole and not decoded.is_cut, list(read.problems)
    is_certain = is_whole and read.is_certain and feed.flaw is None
    if not read.noted and feed.flaw:
        raise ParseError(f"the feed is broken: {feed.flaw}")
    if not is_whole:
        problems.append(f"the feed is cut short: {feed.flaw or 'it ends in the middle of a character'}")
    return ParsedFeed(
        entries=read.entries,
        present=tuple((one.guid, one.dated_at) for one in read.noted.values()),
        memo=note(Memo(read.noted, circumstances(source, feed))) if is_certain else "",
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
    #: what may be remembered of all that could be read, by digest
    noted: dict[str, Remembered]
    problems: tuple[str, ...]
    #: the digests are those of entries, and each guid is of one entry
    is_certain: bool


def _look(text: str, base_url: str, source: Source, memo: Memo) -> tuple[Feed, _Read]:
    """What a document says, and its entries.

    Those that are remembered are cut out before the document is parsed, which is most of the work. That is taken
    back where anything does not fit: the head has changed, the parser finds other entries, a guid is there twice.
    """
    found = pieces(text)
    keys = list(enumerate((digest(text[start:end]) for start, end in found), 1))
    known = {key: memo.entries[key] for _, key in keys if key in memo.entries}
    if known:
        left_out = [piece for piece, (_, key) in zip(found, keys, strict=True) if key in known]
        new = [(number, key) for number, key in keys if key not in known]
        with suppress(ParseError):
            feed = _read(without(text, left_out), base_url)
            read = _entries(feed, new, source)
            is_as_before = feed.flaw is None and circumstances(source, feed) == memo.circumstances
            is_apart = {one.guid for one in known.values()}.isdisjoint(entry.guid for entry in read.entries)
            if is_as_before and read.is_certain and is_apart:
                return feed, replace(read, noted=known | read.noted)
    feed = _read(text, base_url)
    return feed, _entries(feed, keys, source)


def _entries(feed: Feed, keys: Sequence[tuple[int, str]], source: Source) -> _Read:
    """The entries of a document, whose numbers and digests these should be."""
    are_theirs = len(keys) == len(feed.items)
    named_by = keys if are_theirs else [(number, str(number)) for number in range(1, len(feed.items) + 1)]
    made: dict[str, Entry] = {}
    problems = []
    for said, (number, key) in zip(feed.items, named_by, strict=True):
        try:
            if key not in made:
                made[key] = make_entry(said(), source)
        except Exception as error:  # noqa: BLE001 - whatever one entry brings out must not cost the others
            problems.append(f"entry {number} left out: {error}")
    told = told_apart(list(made.values()))
    by_guid: dict[str, Entry] = {}
    for entry in told:
        by_guid.setdefault(entry.guid, entry)
    return _Read(
        entries=tuple(by_guid.values()),
        noted={k: Remembered(e.guid, e.published or e.updated) for k, e in zip(made, told, strict=True)},
        problems=tuple(problems),
        is_certain=are_theirs and told == list(made.values()),
    )
