"""The list of our feeds as OPML 2.0, for readers that import subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One feed to subscribe to."""

    title: str
    #: None where it is not known
    language: str | None
    feed_url: str
    page_url: str | None


def render(title: str, subscriptions: Sequence[Subscription]) -> bytes:
    """An OPML document with one outline for each feed.

    Spec: OPML 2.0, subscription lists.
    """
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    for s in subscriptions:
        stated = {"language": s.language, "xmlUrl": s.feed_url, "htmlUrl": s.page_url}
        outline = etree.SubElement(body, "outline", type="rss", text=s.title, title=s.title)
        for name, value in stated.items():
            if value:
                outline.set(name, value)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True))
