"""Reads lists of subscriptions (OPML 1.0, 1.1 and 2.0) as other programs export them. Fetches nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from feedsvc import languages
from feedsvc.errors import ParseError
from feedsvc.ingest.sanitize import clean_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One subscription: a feed that somebody reads."""

    #: as it stands there
    url: str
    title: str | None
    language: str | None


def read_opml(content: bytes) -> tuple[Outline, ...]:
    """Every outline that names a feed, at whatever depth, in the order of the document; folders are not kept.

    Names of elements and attributes are taken in any case. Entities are not expanded, nothing is loaded.

    Raises: ParseError if it is no OPML.
    Spec: OPML 2.0, subscription lists.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ParseError(f"not OPML: {error.msg}") from error
    if _name(root) != "opml":
        raise ParseError(f"not OPML but a document of <{_name(root)}>")
    outlines = []
    for element in root.iter():
        if _name(element) == "outline":
            values = {str(name).lower(): str(value) for name, value in element.attrib.items()}
            if "xmlurl" in values:
                outlines.append(_outline(values))
    return tuple(outlines)


def _name(element: etree._Element) -> str:
    """The name of an element in small letters; nothing for comments and instructions."""
    return element.tag.lower() if isinstance(element.tag, str) else ""


def _outline(values: Mapping[str, str]) -> Outline:
    return Outline(
        url=clean_text(values["xmlurl"]),
        title=clean_text(values.get("title") or values.get("text") or "") or None,
        language=languages.normalise(values.get("language", "")),
    )
