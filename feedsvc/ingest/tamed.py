"""RSS, RDF, Atom and CDF documents: text → what stands in them. Owns feedparser, and keeps its quirks in.

feedparser knows what every element of every format means. Here it is told to leave guids, HTML and relative URLs
alone, to keep apart what it would mix, and to stop where a document has more than any feed. No document type
reaches a parser: entities are replaced here, those that are harmless, and nothing is ever read from elsewhere.
"""

from __future__ import annotations

import html.entities
import re
import xml.sax.handler
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax import SAXException, SAXParseException, expatreader
from xml.sax.saxutils import escape

import feedparser

from feedsvc.errors import ParseError
from feedsvc.ingest.said import MAX_ENTRIES

#: a hundred for each entry, XHTML included
MAX_ELEMENTS = 150_000
#: feeds have a dozen of each; each costs time, namespaces at every element
MAX_NAMESPACES = MAX_ATTRIBUTES = MAX_TAGS = 200
#: what its entities may add to a document, in characters
MAX_SWELL = 1_000_000
#: a document that is larger and broken is not worth the minutes that guessing takes
MAX_LOOSE = 2_000_000
#: what XML 1.0 cannot hold
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DOCTYPE = re.compile(
    r"((?:\s++|<\?.*?\?>|<!--.*?-->)*+)<!DOCTYPE\b[^\[>]*+(?:\[(.*?)\]\s*+)?>", re.IGNORECASE | re.DOTALL
)
#: a declaration whose value is text or one character: no markup, and no other entity to blow up
_ENTITY = re.compile(
    r"""<!ENTITY\s+([\w.-]{1,60})\s+(["'])((?:[^"'&%<]|&#x?[0-9a-fA-F]{1,6};){0,2000}+)\2\s*>"""
)
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(?:#(?:([0-9]{1,7})|[xX]([0-9a-fA-F]{1,6}));|([\w.-]{1,60});)?",
    re.DOTALL,
)
_VOID_ENDS = frozenset(f"</{tag}>" for tag in "area br col embed hr img input source track wbr".split())
#: what expat says of XML that ends too early
_AT_END = ("no element found", "unclosed token", "unclosed CDATA section", "partial character")
#: how a document ends that came whole
_ENDS = re.compile(r"</([\w-]+:)?(rss|feed|rdf|channel)\s*>\s*(<!--.*?-->\s*)*$", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Document:
    """What stands in a feed; `feed` and `entries` in the words of feedparser."""

    #: such as `rss20` or `atom10`; "" for what is no feed
    version: str
    feed: Any
    #: those that are whole
    entries: list[Any]
    #: what is wrong with it as XML, if anything
    flaw: str | None
    #: it came to its end
    is_whole: bool
    #: it has more entries than these
    is_capped: bool


def read(text: str, *, base_url: str) -> Document:
    """What stands in a document, which may be broken. Links and media are absolute, the URLs in bodies are not.

    Raises: ParseError if it has more than a feed may have, or nothing can be made of it.
    """
    text = _FORBIDDEN.sub("", text).lstrip("\ufeff \t\r\n")
    text, entities = _without_doctype(text)
    flaw = None
    try:
        parser = _strict(text, base_url)
        if parser.exc is not None and not (parser.is_done and parser.version):
            flaw = _reason(parser.exc)
            parser = _mended(text, entities, base_url)
    except (AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # feedparser stumbles over some broken documents
        raise ParseError("the feed is too broken to be read") from error
    return Document(
        version=parser.version,
        feed=parser.feeddata,
        entries=parser.entries[:-1] if parser.inentry else parser.entries,
        flaw=flaw,
        is_whole=parser.is_done or _ENDS.search(text[-500:]) is not None,
        is_capped=parser.is_capped,
    )


def _without_doctype(text: str) -> tuple[str, dict[str, str]]:
    """A document without its document type, and the harmless entities that this declares."""
    match = _DOCTYPE.match(text)
    if match is None:
        return text, {}
    found = {name: html.unescape(value) for name, _, value in _ENTITY.findall(match[2] or "")}
    return match[1] + text[match.end() :], found


def _strict(text: str, base_url: str) -> _Strict:
    """The parser after it has read a document as XML, up to the first flaw."""
    parser = _Strict(base_url, None, "utf-8")
    reader = expatreader.create_parser(namespaceHandling=1)  # noqa: S315 - it is shown no document type
    reader.setFeature(xml.sax.handler.feature_external_ges, False)
    reader.setProperty(xml.sax.handler.property_lexical_handler, _NoDoctype())
    reader.setContentHandler(parser)
    reader.setErrorHandler(parser)
    try:
        reader.feed(text)
        reader.close()
    except SAXException as error:
        parser.exc = parser.exc or error
    except _EnoughError:
        parser.is_capped = parser.is_done = True
        parser.inentry = 0
    return parser


def _mended(text: str, entities: Mapping[str, str], base_url: str) -> Any:
    """The parser after it has read a document that is no XML as it stands."""
    text = _with_references(text[max(0, text.find("<?xml", 0, 5_000)) :], entities)
    parser: Any = _strict(text, base_url)
    is_cut = not _ENDS.search(text[-500:]) and _is_at_end(parser.exc)
    if parser.version and (parser.is_done or is_cut):
        return parser
    if len(text) > MAX_LOOSE:
        raise ParseError(f"the feed is broken ({_reason(parser.exc)}), and too large to be read all the same")
    parser = _Loose(base_url, None, "utf-8", {})
    try:
        parser.feed(text)
    except _EnoughError:
        parser.is_capped = True
        parser.inentry = 0
    return parser


def _is_at_end(error: Any) -> bool:
    """XML that is well-formed as far as it goes."""
    return isinstance(error, SAXException) and error.getMessage() in _AT_END


def _reason(error: Any) -> str:
    if isinstance(error, SAXParseException):
        return f"{error.getMessage()} at line {error.getLineNumber()}"
    return str(error)


def _with_references(text: str, entities: Mapping[str, str]) -> str:
    """A document in which every `&` is a reference that XML knows, and those to entities are replaced.

    Raises: ParseError if that would make the document much larger.
    """
    swell = 0

    def mend(match: re.Match[str]) -> str:
        nonlocal swell
        decimal, hexadecimal, name = match.groups()
        if match[0][0] == "<" or name in ("amp", "lt", "gt", "quot", "apos"):
            return match[0]
        if decimal or hexadecimal:
            code = int(decimal) if decimal else int(hexadecimal, 16)
            return "" if code > 0x10FFFF or _FORBIDDEN.match(chr(code)) else match[0]
        value = entities.get(name or "", html.entities.html5.get(f"{name};"))
        if value is None:
            return "&amp;" + match[0][1:]
        swell += len(value)
        if swell > MAX_SWELL:
            raise ParseError(f"its entities would add more than {MAX_SWELL:,} characters to the document")
        return escape(value)

    return _REFERENCE.sub(mend, text)


class _EnoughError(Exception):
    """The document has more entries than are wanted."""


class _NoDoctype(xml.sax.handler.LexicalHandler):
    """Stops at a document type that stands where none can."""

    def startDTD(self, name: str, public_id: str | None, system_id: str | None) -> None:
        """Refuse it."""
        raise SAXException("document type out of place")


class _Tamed:
    """What both of feedparser's parsers do in another way here; its methods are named after elements."""

    #: a guid is a name: resolved like a link it would change with the address of the feed
    can_be_relative_uri = feedparser.mixin._FeedParserMixin.can_be_relative_uri - {"id"}
    resolve_relative_uris = False
    sanitize_html = False
    elements = 0
    is_capped = False
    #: the last end tag has come
    is_done = False
    exc: Exception | None = None

    # these are of feedparser
    version: str
    depth: int
    inentry: int
    entries: list[Any]
    feeddata: Any
    namespaces_in_use: dict[str, str]

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise ParseError(f"the document has more than {MAX_ELEMENTS:,} elements")
        super().unknown_starttag(tag, attrs)  # type: ignore[misc]

    def unknown_endtag(self, tag: str) -> None:
        super().unknown_endtag(tag)  # type: ignore[misc]
        self.is_done = self.depth == 0

    def track_namespace(self, prefix: str | None, uri: str) -> None:
        if len(self.namespaces_in_use) > MAX_NAMESPACES:
            raise ParseError(f"the document has more than {MAX_NAMESPACES} namespaces")
        super().track_namespace(prefix, uri)  # type: ignore[misc]

    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        if len(self._get_context().get("tags", ())) < MAX_TAGS:  # type: ignore[attr-defined]
            super()._add_tag(term, scheme, label)  # type: ignore[misc]

    def _start_channel(self, attrs: dict[str, str]) -> None:
        if not self.version and self.depth == 1:
            self.version = "cdf"
        super()._start_channel(attrs)  # type: ignore[misc]

    def _start_item(self, attrs: dict[str, str]) -> None:
        if len(self.entries) >= MAX_ENTRIES:
            raise _EnoughError
        super()._start_item(attrs)  # type: ignore[misc]

    _start_entry = _start_item

    def _start_enclosure(self, attrs: dict[str, str]) -> None:
        super()._start_enclosure(self._absolute(attrs))  # type: ignore[misc]

    def _start_media_content(self, attrs: dict[str, str]) -> None:
        super()._start_media_content(self._absolute(attrs))  # type: ignore[misc]

    def _start_media_thumbnail(self, attrs: dict[str, str]) -> None:
        super()._start_media_thumbnail(self._absolute(attrs))  # type: ignore[misc]

    def _absolute(self, attrs: dict[str, str]) -> dict[str, str]:
        return attrs | {k: self.resolve_uri(attrs[k]) for k in ("url", "href") if attrs.get(k)}  # type: ignore[attr-defined]

    def handle_data(self, text: str, escape: int = 1) -> None:
        if escape or text not in _VOID_ENDS:  # of XHTML; in HTML `</br>` is another break
            super().handle_data(text, escape)  # type: ignore[misc]

    def _sync_author_detail(self, key: str = "author") -> None:
        context = self._get_context()  # type: ignore[attr-defined]
        authors = context.get("authors")
        if key == "author" and authors and not authors[-1]:
            authors[-1]["name"] = context.get("author") or ""

    def _start_hour(self, attrs: dict[str, str]) -> None:
        self.push("hour", 0)  # type: ignore[attr-defined]

    def _end_hour(self) -> None:
        self.feeddata.setdefault("skip_hours", []).append(self.pop("hour"))  # type: ignore[attr-defined]

    def _start_day(self, attrs: dict[str, str]) -> None:
        self.push("day", 0)  # type: ignore[attr-defined]

    def _end_day(self) -> None:
        self.feeddata.setdefault("skip_days", []).append(self.pop("day"))  # type: ignore[attr-defined]

    def _start_itunes_author(self, attrs: dict[str, str]) -> None:
        self.push("itunes_author", 1)  # type: ignore[attr-defined]

    def _end_itunes_author(self) -> None:
        self.pop("itunes_author")  # type: ignore[attr-defined]


def _keep_apart(name: str, default_type: str) -> None:
    """Give an element a place of its own, beside the summary and content that feedparser would take it for."""

    def start(self: Any, attrs: dict[str, str]) -> None:
        self.push_content(name, attrs, default_type, 1)

    def end(self: Any) -> None:
        self.pop_content(name)

    setattr(_Tamed, f"_start_{name}", start)
    setattr(_Tamed, f"_end_{name}", end)


_keep_apart("media_description", "text/plain")
_keep_apart("itunes_summary", "text/plain")
_keep_apart("itunes_subtitle", "text/plain")
_keep_apart("dc_description", "text/html")


class _Strict(_Tamed, feedparser.api.StrictFeedParser):  # type: ignore[misc]
    """Reads XML."""

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:
        if len(attrs) > MAX_ATTRIBUTES:  # asked here, before they are looked at one by one
            raise ParseError(f"an element of the document has more than {MAX_ATTRIBUTES} attributes")
        super().startElementNS(name, qname, attrs)


class _Loose(_Tamed, feedparser.api.LooseFeedParser):  # type: ignore[misc]
    """Reads what is nearly XML."""

    def unknown_endtag(self, tag: str) -> None:
        if tag in ("item", "entry"):
            while (
                self.incontent and self.elementstack
            ):  # a text that nobody closed would take in all that follows
                self.pop_content(self.elementstack[-1][0])
        super().unknown_endtag(tag)
