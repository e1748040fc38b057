"""RSS 2.0 and Atom 1.0 documents: items → bytes, the same bytes each time. The only place that knows feedgen.

feedgen loses some of what it is given (relations of Atom links, authors without an address, the language of
entries) and fills in the present time by itself; `_FeedExtension`, `_EntryExtension` and `render` go round that.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Sequence
from typing import Any

import feedgen.entry
import feedgen.feed
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from feedsvc import markup
from feedsvc.publish.items import Channel, Item

# feedgen's own switches the locale of the whole process to C and back; other threads see it
feedgen.feed.formatRFC2822 = feedgen.entry.formatRFC2822 = email.utils.format_datetime

_ATOM = "{http://www.w3.org/2005/Atom}"
_DC = "http://purl.org/dc/elements/1.1/"
_MEDIA = "http://search.yahoo.com/mrss/"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
#: what XML 1.0 cannot hold; one such character would cost the whole feed
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(channel: Channel, items: Sequence[Item]) -> dict[str, bytes]:
    """The feed in each format, by suffix, items in the given order.

    Spec: RSS 2.0 with content, dc and media modules; RFC 4287.
    """
    rss = _generator(channel, items, suffix="rss", mime_type="application/rss+xml")
    atom = _generator(channel, items, suffix="atom", mime_type="application/atom+xml")
    return {"rss": bytes(rss.rss_str(pretty=True)), "atom": bytes(atom.atom_str(pretty=True))}


def _generator(channel: Channel, items: Sequence[Item], *, suffix: str, mime_type: str) -> Any:
    feed = feedgen.feed.FeedGenerator()
    feed.register_extension("feedsvc", _FeedExtension, _EntryExtension)
    feed.id(channel.id)
    feed.title(_clean(channel.title))
    feed.description(_clean(channel.description))
    feed.language(channel.language)
    feed.author({"name": _clean(channel.title)})
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
    entry.title(_clean(item.title))
    entry.link(href=item.link)
    entry.summary(_clean(item.summary) or _clean(item.title))
    entry.content(_clean(item.content_html), type="html")
    entry.published(item.published)
    entry.updated(item.updated)
    if item.authors:
        entry.author([{"name": _clean(name)} for name in item.authors])
    for term, label in item.categories:
        entry.category(term=_clean(term), label=_clean(label))
    if item.enclosures:
        main = item.enclosures[0]
        entry.enclosure(url=main.url, length=str(main.length_bytes or 0), type=main.mime_type)
    entry.feedsvc.item = item


class _FeedExtension(BaseExtension):  # type: ignore[misc]
    """Declares the namespaces once, at the root."""

    def extend_ns(self) -> dict[str, str]:
        return {"dc": _DC, "media": _MEDIA}


class _EntryExtension(BaseEntryExtension):  # type: ignore[misc]
    """Writes what feedgen does not."""

    item: Item

    def extend_atom(self, entry: Any) -> Any:
        entry.set(_LANG, self.item.language)
        for link in entry.findall("link") + entry.findall(f"{_ATOM}link"):
            entry.remove(link)
        self._link(
            entry, rel="alternate", type="text/html", href=self.item.link, hreflang=self.item.link_language
        )
        if self.item.page_url:
            self._link(
                entry, rel="related", type="text/html", href=self.item.page_url, hreflang=self.item.language
            )
        for enclosure in self.item.enclosures:
            length = None if enclosure.length_bytes is None else str(enclosure.length_bytes)
            self._link(entry, rel="enclosure", type=enclosure.mime_type, href=enclosure.url, length=length)
        self._thumbnail(entry)
        return entry

    def extend_rss(self, entry: Any) -> Any:
        # a description is HTML, our summary is not
        description = entry.find("description")
        description.text = markup.escape(description.text)
        for name in self.item.authors:
            etree.SubElement(entry, f"{{{_DC}}}creator").text = _clean(name)
        for enclosure in self.item.enclosures[1:]:
            etree.SubElement(entry, f"{{{_MEDIA}}}content", url=enclosure.url, type=enclosure.mime_type)
        self._thumbnail(entry)
        return entry

    def _link(self, entry: Any, **attributes: str | None) -> None:
        etree.SubElement(entry, "link", {k: v for k, v in attributes.items() if v is not None})

    def _thumbnail(self, entry: Any) -> None:
        if self.item.image_url:
            etree.SubElement(entry, f"{{{_MEDIA}}}thumbnail", url=self.item.image_url)


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)
