"""The list of our feeds as OPML 2.0, for readers that import subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One feed to subscribe to."""

    title: str
    language: str
    feed_url: str
    page_url: str


def render(title: str, subscriptions: Sequence[Subscription]) -> bytes:
    """An OPML document with one outline for each feed.

    Spec: OPML 2.0, subscription lists.
    """
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    for s in subscriptions:
        etree.SubElement(
            body,
            "outline",
            type="rss",
            text=s.title,
            title=s.title,
            language=s.language,
            xmlUrl=s.feed_url,
            htmlUrl=s.page_url,
        )
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True))
