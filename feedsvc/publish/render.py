"""Feeds in each format: items → bytes, the same bytes each time. The only place that knows feedgen.

feedgen loses some of what it is given (relations of Atom links, authors without an address, the language of
entries) and fills in the present time by itself; `_FeedExtension`, `_EntryExtension` and `_generator` go round that.
"""

from __future__ import annotations

import email.utils
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urljoin

import feedgen.entry
import feedgen.feed
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from feedsvc import markup
from feedsvc.model import Enclosure
from feedsvc.publish import jsonfeed
from feedsvc.publish.clean import clean_channel, clean_item
from feedsvc.publish.items import Channel, Item, Origin

# feedgen's own switches the locale of the whole process to C and back; other threads see it
feedgen.feed.formatRFC2822 = feedgen.entry.formatRFC2822 = email.utils.format_datetime

_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "fh": "http://purl.org/syndication/history/1.0",
}
_DC = f"{{{_NAMESPACES['dc']}}}"
_MEDIA = f"{{{_NAMESPACES['media']}}}"
_FH = f"{{{_NAMESPACES['fh']}}}"
_ATOM = "{http://www.w3.org/2005/Atom}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_RSS_TYPE, _ATOM_TYPE = "application/rss+xml", "application/atom+xml"
_MEDIUMS = ("image", "audio", "video")
#: elements that hold no markup, up to the end of their text, in a document as it is serialised
_PLAIN_TEXT = re.compile(
    rb"<(?:title|category|source|dc:creator|dc:rights|description|name|subtitle|summary|rights)[ >][^<]*"
)


def render(channel: Channel, items: Sequence[Item]) -> dict[str, bytes]:
    """The feed in each format, by suffix, items in the given order; an archive is none in JSON.

    What a format cannot hold is left out (see `clean`).

    Spec: RSS 2.0 with content, dc, media and atom modules; RFC 4287; RFC 5005 4; JSON Feed 1.1.
    """
    channel = clean_channel(channel)
    fit = [clean for item in items if (clean := clean_item(item))]
    rss = _generator(channel, fit, suffix="rss", mime_type=_RSS_TYPE)
    atom = _generator(channel, fit, suffix="atom", mime_type=_ATOM_TYPE)
    documents = {
        "rss": _unmistakable(rss.rss_str(pretty=True)),
        "atom": _unmistakable(atom.atom_str(pretty=True)),
    }
    if not channel.is_archive:
        documents["json"] = jsonfeed.render(channel, fit)
    return documents


def _unmistakable(document: bytes) -> bytes:
    """The same document, its plain text written so that most readers which expect markup there see text.

    Spec: RSS Advisory Board, Best Practices Profile, Character Data.
    """

    def references(text: re.Match[bytes]) -> bytes:
        return text[0].replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;").replace(b"&gt;", b"&#x3E;")

    return _PLAIN_TEXT.sub(references, document)


def _generator(channel: Channel, items: Sequence[Item], *, suffix: str, mime_type: str) -> Any:
    feed = feedgen.feed.FeedGenerator()
    feed.register_extension("feedsvc", _FeedExtension, _EntryExtension)
    feed.feedsvc.channel, feed.feedsvc.suffix, feed.feedsvc.mime_type = channel, suffix, mime_type
    feed.id(channel.id)
    feed.title(channel.title)
    feed.description(channel.description)
    feed.language(channel.language)
    feed.author({"name": channel.title})
    # RSS takes the last link as the channel's own
    feed.link(href=f"{channel.self_url}.{suffix}", rel="self", type=mime_type)
    feed.link(href=channel.link, rel="alternate", type="text/html")
    feed.updated(channel.updated)
    feed.generator("feedsvc")
    feed.docs("https://www.rssboard.org/rss-specification")
    feed.ttl(channel.ttl_minutes)
    for item in items:
        _add(feed, item)
    return feed


def _add(feed: Any, item: Item) -> None:
    entry = feed.add_entry(order="append")
    entry.id(item.id)
    entry.guid(item.id, permalink=False)
    entry.title(item.title)
    entry.link(href=item.link)
    entry.summary(item.summary or item.title)
    if item.content_html.strip():
        entry.content(item.content_html, type="html")
    entry.published(item.published)
    entry.updated(item.updated)
    if item.authors:
        entry.author([{"name": name} for name in item.authors])
    if item.rights:
        entry.rights(item.rights)
    entry.feedsvc.item = item


class _FeedExtension(BaseExtension):  # type: ignore[misc]
    """Writes of a channel what feedgen does not, and declares the namespaces once, at the root."""

    channel: Channel
    suffix: str
    mime_type: str

    def extend_ns(self) -> dict[str, str]:
        used = {"media"}
        if self.suffix == "rss":
            used.add("dc")
        if self.channel.is_archive:
            used.add("fh")
        return {prefix: uri for prefix, uri in _NAMESPACES.items() if prefix in used}

    def extend_atom(self, feed: Any) -> Any:
        for attributes in self._links():
            etree.SubElement(feed, "link", attributes)
        self._extend(feed, feed)
        return feed

    def extend_rss(self, rss: Any) -> Any:
        channel = rss[0]
        place = channel.index(channel.find(f"{_ATOM}link")) + 1
        for attributes in reversed(list(self._links())):
            link = channel.makeelement(f"{_ATOM}link", attributes)
            channel.insert(place, link)
        self._extend(rss, channel)
        return rss

    def _links(self) -> Iterator[dict[str, str]]:
        """Those beside the page and the document itself."""
        for hub in self.channel.hubs:
            yield {"href": hub, "rel": "hub"}
        documents = {
            "prev-archive": self.channel.previous_archive,
            "next-archive": self.channel.next_archive,
            "current": self.channel.current,
        }
        for relation, name in documents.items():
            if name is not None:
                href = f"{urljoin(self.channel.self_url, name)}.{self.suffix}"
                yield {"href": href, "rel": relation, "type": self.mime_type}

    def _extend(self, root: Any, channel: Any) -> None:
        if self.channel.is_archive:
            etree.SubElement(channel, f"{_FH}archive")
        if self.channel.style_sheet:
            pseudo = f'type="text/css" href="{markup.escape(self.channel.style_sheet)}"'
            root.addprevious(etree.ProcessingInstruction("xml-stylesheet", pseudo))


class _EntryExtension(BaseEntryExtension):  # type: ignore[misc]
    """Writes of an item what feedgen does not."""

    item: Item

    def extend_atom(self, entry: Any) -> Any:
        entry.set(_LANG, self.item.language)
        for link in entry.findall("link"):
            entry.remove(link)
        for attributes in self._links():
            _append(entry, "link", **attributes)
        for term, label in self.item.categories:
            _append(entry, "category", term=term, label=label)
        if self.item.origin:
            entry.append(_source(self.item.origin, self.item))
        self._picture(entry)
        return entry

    def extend_rss(self, entry: Any) -> Any:
        item, origin = self.item, self.item.origin
        # a description is HTML, our summary is not
        description = entry.find("description")
        description.text = markup.escape(description.text)
        for term, label in item.categories:
            _append(entry, "category", label)
            if term != label:
                taxonomy = (origin.feed_url or origin.link) if origin else None
                _append(entry, "category", term, domain=taxonomy)
        enclosures = sorted(item.enclosures, key=_is_to_be_read)
        for main in enclosures[:1]:
            _append(entry, "enclosure", url=main.url, length=main.length_bytes or 0, type=main.mime_type)
        if origin and origin.feed_url:
            _append(entry, "source", origin.title, url=origin.feed_url)
        for name in item.authors:
            _append(entry, f"{_DC}creator", name)
        if item.rights:
            _append(entry, f"{_DC}rights", item.rights)
        if item.updated != item.published:
            _append(entry, f"{_ATOM}updated", item.updated.isoformat())
        for other in enclosures[1:]:
            _append(
                entry,
                f"{_MEDIA}content",
                url=other.url,
                fileSize=other.length_bytes or None,
                type=other.mime_type,
                medium=_medium(other),
            )
        self._picture(entry)
        return entry

    def _links(self) -> Iterator[dict[str, str | int | None]]:
        item = self.item
        yield {"rel": "alternate", "type": "text/html", "href": item.link, "hreflang": item.link_language}
        if item.page_url:
            language = None if item.language == "und" else item.language
            yield {"rel": "related", "type": "text/html", "href": item.page_url, "hreflang": language}
        if item.page_url and item.origin:
            yield {"rel": "via", "type": "text/html", "href": item.link, "title": item.origin.title}
        for enclosure in item.enclosures:
            yield {
                "rel": "enclosure",
                "type": enclosure.mime_type,
                "href": enclosure.url,
                "length": enclosure.length_bytes,
            }

    def _picture(self, entry: Any) -> None:
        url = self.item.image_url
        if url and all(enclosure.url != url for enclosure in self.item.enclosures):
            _append(entry, f"{_MEDIA}content", url=url, medium="image")
        if url:
            _append(entry, f"{_MEDIA}thumbnail", url=url)


def _source(origin: Origin, item: Item) -> Any:
    """The feed that an item comes from, and its author where the item names none (RFC 4287 4.2.11, 4.2.1)."""
    source = etree.Element("source")
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"feedsvc:{origin.id}")
    _append(source, "id", origin.feed_url or f"urn:uuid:{name}")
    _append(source, "title", origin.title)
    _append(source, "updated", item.updated.isoformat())
    if not item.authors:
        _append(_append(source, "author"), "name", origin.title)
    if origin.feed_url:
        _append(source, "link", rel="self", href=origin.feed_url)
    if origin.link:
        _append(source, "link", rel="alternate", type="text/html", href=origin.link)
    return source


def _append(parent: Any, name: str, text: str | None = None, /, **attributes: str | int | None) -> Any:
    element = etree.SubElement(parent, name, {k: str(v) for k, v in attributes.items() if v is not None})
    element.text = text
    return element


def _is_to_be_read(enclosure: Enclosure) -> bool:
    """Nothing to hear or to see; what is goes first, as players look no further."""
    return _medium(enclosure) not in ("audio", "video")


def _medium(enclosure: Enclosure) -> str | None:
    kind = enclosure.mime_type.split("/")[0].lower()
    return kind if kind in _MEDIUMS else None
