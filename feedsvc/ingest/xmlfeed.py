"""RSS, RDF, Atom and CDF: what feedparser found, in our vocabulary.

Here it is decided which of several texts is the body, and which of several names, dates and pictures count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from feedsvc.ingest.cadence import read_cadence
from feedsvc.ingest.dates import read_date
from feedsvc.ingest.said import MAX_ATTACHED, Feed, Said, byte_count, media_type, too_many, unique
from feedsvc.ingest.sanitize import clean_text, safe_url, text_of
from feedsvc.ingest.tamed import Document, read
from feedsvc.ingest.titles import paragraphs, plain_title
from feedsvc.model import Enclosure

#: what may be shown as text; other content of Atom is for programs
_TEXT_TYPES = ("text/", "application/xhtml+xml")
_MARKUP = re.compile("[<&]")
#: as RSS wants it, and as mail writes it
_ADDRESS_AND_NAME = re.compile(r"\s*[^\s@]{1,100}@\S{1,200}\s*\((.{1,200})\)\s*")
_NAME_AND_ADDRESS = re.compile(r"\s*([^<>]{1,200}?)\s*<[^\s@]{1,100}@[^\s>]{1,200}>\s*")
#: characters of who may do what with an entry
_MAX_RIGHTS = 1_000
_NOTHING: Mapping[str, Any] = {}


def read_xml_feed(text: str, *, base_url: str) -> Feed | None:
    """What a document says; None if it is no feed.

    Raises: ParseError if it has more than a feed may have, or nothing can be made of it.
    """
    document = read(text, base_url=base_url)
    if not document.version:
        return None
    head, is_atom = document.feed, document.version.startswith("atom")
    return Feed(
        title=plain_title(head.get("title") or "", is_markup=_is_markup(head, "title", is_atom=is_atom)),
        link=safe_url(head.get("link"), base_url=base_url),
        language=head.get("language"),
        cadence=read_cadence(head),
        items=[partial(_said, item, document, base_url, is_atom=is_atom) for item in document.entries],
        head=(base_url, document.version, [head.get(name) for name in ("link", "language", "authors")]),
        flaw=document.flaw,
        is_whole=document.is_whole,
        problems=too_many(len(document.entries) + document.is_capped),
    )


def _said(item: Any, document: Document, base_url: str, *, is_atom: bool) -> Said:
    stated_link, stated_guid = item.get("link"), item.get("id")
    # feedparser takes a guid for the link where there is no other: right if it is a whole URL
    link = safe_url(stated_link, base_url=None if stated_link == stated_guid else base_url)
    is_markup = _is_markup(item, "title", is_atom=is_atom)
    body, content = _content(item)
    page = link or safe_url(document.feed.get("link"), base_url=base_url)
    return Said(
        guid=clean_text(stated_guid or ""),
        link=link,
        title=plain_title(item.get("title") or "", is_markup=is_markup),
        full_title=item.get("title") or "",
        summary=_summary(item, body, is_atom=is_atom),
        body=_html(content, keep_lines=not is_atom or body == "media_description"),
        base_url=_base(content.get("base"), base_url, page, is_atom=is_atom),
        languages=(
            content.get("language"),
            item.get("language"),
            item.get("title_detail", {}).get("language"),
            document.feed.get("language"),
        ),
        **_dates(item, is_atom=is_atom),
        authors=unique(_authors(item, document.feed if is_atom else _NOTHING, is_atom=is_atom)),
        categories=unique(
            plain_title(tag.get("label") or tag.get("term") or "", is_markup=not is_atom)
            for tag in item.get("tags", ())
        ),
        enclosures=tuple(islice(_enclosures(item, base_url), MAX_ATTACHED)),
        image_url=_lead_image(item, base_url),
        rights=_plain(item, "rights", is_atom=is_atom)[:_MAX_RIGHTS],
    )


def _is_markup(item: Any, name: str, *, is_atom: bool) -> bool:
    """RSS does not say whether a text is markup, Atom does."""
    return not is_atom or item.get(f"{name}_detail", {}).get("type") != "text/plain"


def _base(stated: str | None, document_url: str, page: str | None, *, is_atom: bool) -> str:
    """What URLs in a body are relative to: what is stated (xml:base), in RSS the page that it is taken from.

    So it is in Atom, if the document is a file, which has no address on the web.
    """
    if stated and stated != document_url and safe_url(stated):
        return stated
    return document_url if is_atom and safe_url(document_url) else page or document_url


def _content(item: Any) -> tuple[str, Mapping[str, Any]]:
    """The body and its name: the fullest content, else the description, else what stands in for one."""
    contents = [c for c in item.get("content", ()) if c.get("value") and _is_text(c)]
    if contents:
        return "content", max(contents, key=lambda c: len(c["value"]))
    for name in ("summary", "media_description", "dc_description", "itunes_summary", "itunes_subtitle"):
        if item.get(name):
            return name, item.get(f"{name}_detail") or {"value": item[name]}
    return "", _NOTHING


def _is_text(content: Mapping[str, Any]) -> bool:
    return str(content.get("type") or "text/html").startswith(_TEXT_TYPES)


def _html(content: Mapping[str, Any], *, keep_lines: bool) -> str:
    """A body as HTML. In plain text lines are kept where no specification allows to join them."""
    value = content.get("value") or ""
    return paragraphs(value, keep_lines=keep_lines) if content.get("type") == "text/plain" else value


def _summary(item: Any, body: str, *, is_atom: bool) -> str:
    """A text beside the one that is the body."""
    for name in ("summary", "itunes_subtitle", "itunes_summary"):
        # without a detail it is the content, which feedparser puts in its place
        if name != body and item.get(name) and item.get(f"{name}_detail"):
            return _plain(item, name, is_atom=is_atom)
    return ""


def _plain(item: Any, name: str, *, is_atom: bool) -> str:
    value = item.get(name) or ""
    is_markup = _is_markup(item, name, is_atom=is_atom) and _MARKUP.search(value)
    return text_of(value) if is_markup else clean_text(value)


def _dates(item: Any, *, is_atom: bool) -> dict[str, datetime | None]:
    def date(name: str) -> datetime | None:
        # feedparser's own `get` answers with `published` where there is no `updated`
        return read_date(dict.get(item, name))

    updated = date("updated")
    # feedparser calls `dc:date`, the only date of RDF, `updated`
    return {
        "published": date("published") or date("created") or (None if is_atom else updated),
        "updated": updated,
    }


def _authors(item: Any, feed: Mapping[str, Any], *, is_atom: bool) -> Iterator[str]:
    """Names of the authors of an entry; in Atom those of its source or feed, if it has none (RFC 4287 4.2.1)."""
    fallback = {"authors": [{"name": item.get("itunes_author") or ""}]}
    for place in (item, item.get("source") or _NOTHING if is_atom else _NOTHING, fallback, feed):
        stated = [a.get("name") or a.get("email") or "" for a in place.get("authors", ())]
        if any(stated):
            yield from (plain_title(_name(text), is_markup=not is_atom) for text in stated)
            return


def _name(author: str) -> str:
    """The name that stands beside an address; the address where there is none."""
    match = _ADDRESS_AND_NAME.fullmatch(author) or _NAME_AND_ADDRESS.fullmatch(author)
    return match[1] if match else author


def _lead_image(item: Any, base_url: str) -> str | None:
    things = [*item.get("media_content", ()), *item.get("media_thumbnail", ())]
    pictures = [thing.get("url") for thing in things if _kind(thing).startswith("image")]
    image = item.get("image")
    pictures.append(image.get("href") if isinstance(image, dict) else None)
    return next((url for p in pictures if (url := safe_url(p, base_url=base_url))), None)


def _kind(thing: Mapping[str, Any]) -> str:
    """What a <media:content> is; a picture, if nothing speaks against it."""
    return str(thing.get("medium") or thing.get("type") or media_type("", thing.get("url"), "image"))


def _enclosures(item: Any, base_url: str) -> Iterator[Enclosure]:
    """Everything attached, once each: <enclosure>, links and content of Atom, sound and film of Media RSS."""
    found = [(t.get("href"), t.get("type"), t.get("length")) for t in item.get("enclosures", ())]
    found += [
        (c["src"], c.get("type"), None) for c in item.get("content", ()) if c.get("src") and not _is_text(c)
    ]
    found += [
        (t.get("url"), t.get("type"), t.get("filesize"))
        for t in item.get("media_content", ())
        if _kind(t).startswith(("audio", "video"))
    ]
    seen = set()
    for href, kind, length in found:
        if (url := safe_url(href, base_url=base_url)) and url not in seen:
            seen.add(url)
            yield Enclosure(url=url, mime_type=media_type(kind, url), length_bytes=byte_count(length))
