"""Finds the article on a page and cuts it out whole.

trafilatura tells the article's text from the rest, but what it returns has lost figures, captions, frames and
much of the tables. So it only says which texts are the article's; the part of the page that holds them is cut out
of the page itself, with everything in it but what is plainly something else (`boilerplate`).
"""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree, html
from lxml.html import HtmlElement

from feedsvc import markup
from feedsvc.ingest.boilerplate import (
    LABEL_LENGTH,
    UNSEEN,
    begins_with_label,
    is_byline,
    is_counter,
    is_hidden,
    is_label,
    is_named_so,
    is_note,
    is_ornament,
)
from feedsvc.ingest.sanitize import sanitise
from feedsvc.ingest.webpage import WebPage

#: of a text that both the page and the finder have; shorter ones are on a page by chance
_LEAST = 10
#: of what the finder found, the part that must be in one place for the rest to be looked for elsewhere
_MOST = 0.9
#: characters of what the finder found that are looked at
_FOUND_MAX = 400_000
#: elements that the announcement of something else may be made of
_LABEL_ELEMENTS = 12
_BLOCKS = (markup.BLOCK - {"span"}) | markup.OPAQUE | {"body", "fieldset", "form", "iframe", "noscript"}
#: elements that are never the whole of an article
_PARTS = frozenset({"blockquote", "dl", "li", "ol", "p", "pre", "table", "tbody", "tr", "ul"})
_SEEN = frozenset({"audio", "embed", "iframe", "img", "object", "video"})
_KEPT_EMPTY = _SEEN | frozenset({"br", "col", "colgroup", "hr", "source", "td", "th", "track", "wbr"})
#: elements with pictures that are not the article's
_CHROME = frozenset({"dialog", "form", "menu", "nav"})
#: elements that are the article's by what they are, whatever they are called
_OWN = frozenset({"blockquote", "figure", "picture", "pre", "table", "video"})
_PICTURES = ("figure", "picture", "img", "video", "iframe")


@dataclass(slots=True)
class _Weight:
    """What an element holds: elements, itself included, and characters: all, those of the article, those of links."""

    elements: int = 1
    text: int = 0
    found: int = 0
    linked: int = 0


def article(page: WebPage, *, title: str) -> str:
    """The article of a page as canonical HTML, without the headline if that is the title; "" if there is none.

    The page's tree is used up.
    """
    found = _found(page.root)
    weights = _weigh(page.root, found)
    if weights[page.root].found == 0:
        return ""
    body = _place(page.root, weights)
    top = _surroundings(body)
    _clear_around(top, body, weights, found)
    _prune(top, weights, body)
    _drop_headline(top, {_plain(title), _plain(re.split(r"\s[|–—-]\s|_", page.title)[0])})
    _drop_empty(top)
    return sanitise(markup.inner_html(top), base_url=page.base_url).strip()


def _found(root: HtmlElement) -> str:
    """The texts that are the article's, without white space."""
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # what it discards is our caller's to report
    document = html.Element("html")
    body = etree.SubElement(document, "body")
    body.append(copy.deepcopy(root))
    found = trafilatura.bare_extraction(document, include_comments=False, include_tables=True)
    if not isinstance(found, trafilatura.settings.Document):
        return ""  # nothing that looks like an article
    return _solid("".join(map(str, found.body.itertext())))[:_FOUND_MAX]


def _weigh(root: HtmlElement, found: str) -> dict[HtmlElement, _Weight]:
    weights = {element: _Weight() for element in root.iter()}
    for element, text, linked in _runs(root):
        weight = weights[element]
        weight.text += len(text)
        weight.linked += linked
        if len(text) >= _LEAST and text in found:
            weight.found += len(text)
    for element in reversed(weights):
        parent = element.getparent()
        if parent is not None and element is not root:
            weights[parent].elements += weights[element].elements
            weights[parent].text += weights[element].text
            weights[parent].found += weights[element].found
            weights[parent].linked += weights[element].linked
    return weights


def _runs(root: HtmlElement) -> Iterator[tuple[HtmlElement, str, int]]:
    """Each run of text that no block interrupts: the block it stands in, its characters, how many are in links."""
    blocks, linked, links = [root], 0, 0
    run: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        is_block = element.tag in _BLOCKS
        if is_block and element is not root:
            text = _solid("".join(run))
            if text:
                yield blocks[-1], text, min(linked, len(text))
            run, linked = [], 0
            blocks.append(element) if event == "start" else blocks.pop()
        links += (element.tag == "a") * (1 if event == "start" else -1)
        value = element.text if event == "start" else (element.tail if element is not root else None)
        if value:
            run.append(value)
            linked += len(_solid(value)) if links else 0
    if text := _solid("".join(run)):
        yield root, text, min(linked, len(text))


def _place(root: HtmlElement, weights: dict[HtmlElement, _Weight]) -> HtmlElement:
    """The innermost element that holds nearly all of the article's text."""
    enough, place = weights[root].found * _MOST, root
    while (inner := next((e for e in place if weights[e].found >= enough), None)) is not None:
        beside = weights[place].found - sum(weights[e].found for e in place)
        if inner.tag in _PARTS or beside > weights[root].found - enough:
            break
        place = inner
    return place


def _surroundings(body: HtmlElement) -> HtmlElement:
    """What may hold the lead picture and the standfirst of an article beside its body."""
    for element in [body, *body.iterancestors()]:
        if element.tag in ("article", "main") or element.get("role") in ("article", "main"):
            return element
        if next(element.iter("h1"), None) is not None:
            return element
    return body


def _clear_around(
    top: HtmlElement, body: HtmlElement, weights: dict[HtmlElement, _Weight], found: str
) -> None:
    """Leave of what surrounds the body only texts of the article, and the pictures that stand before it."""
    inner = body
    while inner is not top:
        outer = inner.getparent()
        assert outer is not None, "the body is inside of its surroundings"
        outer.text, is_before = _if_found(outer.text, found), True
        for element in list(outer):
            element.tail = _if_found(element.tail, found)
            if element is inner:
                is_before = False
            elif weights[element].found == 0:
                if is_before and _has_picture(element):
                    _keep_pictures(element)
                else:
                    element.drop_tree()
        inner = outer


def _if_found(text: str | None, found: str) -> str | None:
    """A text that stands for itself, if it is the article's."""
    solid = _solid(text or "")
    return text if len(solid) >= _LEAST and solid in found else None


def _has_picture(element: HtmlElement) -> bool:
    return any(not is_ornament(e) and not _is_named_inside(e, element) for e in element.iter(*_PICTURES[1:]))


def _is_named_inside(element: HtmlElement, top: HtmlElement) -> bool:
    """It, or something around it up to `top`, says that it is not the article."""
    for outer in [element, *element.iterancestors()]:
        if outer.tag == "nav" or is_named_so(outer):
            return True
        if outer is top:
            break
    return False


def _keep_pictures(element: HtmlElement) -> None:
    """Leave of an element only the pictures in it, with their captions."""
    if element.tag in _PICTURES:
        return
    outermost = [
        e
        for e in element.iter(*_PICTURES)
        if not any(a.tag in _PICTURES for a in e.iterancestors())
        and not is_ornament(e)
        and not _is_named_inside(e, element)
    ]
    markup.take(element)
    for picture in outermost:
        parent = picture.getparent()
        if parent is not None:
            parent.remove(picture)
        picture.tail = None
    markup.fill(element, list(outermost))


def _prune(top: HtmlElement, weights: dict[HtmlElement, _Weight], body: HtmlElement) -> None:
    """Take out what is not the article."""
    _drop_labelled(top, weights)
    inside, around = set(body.iter()), set(body.iterancestors())
    gone: set[HtmlElement] = set()
    for element in top.iter():
        if element is top or element in around:
            continue
        belongs = _belongs(element, weights[element])
        if belongs and element not in inside:  # beside the body, only what is known to be the article's
            belongs = weights[element].found > 0 or _in_picture(element) or _has_picture(element)
        if element.getparent() in gone or not belongs:
            gone.add(element)
    for element in [e for e in gone if e.getparent() not in gone]:
        element.drop_tree()


def _drop_labelled(top: HtmlElement, weights: dict[HtmlElement, _Weight]) -> None:
    """Drop what its own words announce as something else: the announcement, and the links that follow it."""
    dropped: set[HtmlElement] = set()
    for element in list(top.iter("h2", "h3", "h4", "h5", "h6", "p", "div")):
        weight, parent = weights[element], element.getparent()
        if element is top or parent is None or parent in dropped:
            continue
        if weight.text > 2 * LABEL_LENGTH or weight.elements > _LABEL_ELEMENTS:
            continue
        text, following = markup.text(element), element.getnext()
        if is_label(text) and following is not None and _is_list_of_links(following, weights[following]):
            dropped |= {element, following}
        elif is_note(text) or (begins_with_label(text) and _is_mostly_links(weight)):
            dropped.add(element)
    for element in dropped:
        element.drop_tree()


def _is_list_of_links(element: HtmlElement, weight: _Weight) -> bool:
    return _is_mostly_links(weight) and next(element.iter("table"), None) is None


def _is_mostly_links(weight: _Weight) -> bool:
    return weight.linked * 10 > weight.text * 6


def _in_picture(element: HtmlElement) -> bool:
    return any(a.tag in _PICTURES for a in element.iterancestors())


def _belongs(element: HtmlElement, weight: _Weight) -> bool:
    """It may be the article's."""
    is_found = weight.found * 2 > weight.text > 0
    if element.tag in ("img", "iframe"):
        return not is_counter(element)
    if weight.text <= LABEL_LENGTH and is_byline(element):
        return False
    if element.tag in UNSEEN or is_hidden(element):
        return is_found or (element.tag not in _CHROME and _has_picture(element))
    if element.tag == "footer":
        return is_found or any(a.tag == "blockquote" for a in element.iterancestors())
    if element.tag not in _OWN and is_named_so(element):
        return is_found
    if element.tag == "aside":
        return is_found or weight.linked * 2 < weight.text
    return True


def _drop_headline(top: HtmlElement, titles: set[str]) -> None:
    for heading in list(top.iter("h1", "h2")):
        if _plain(markup.text(heading)) in titles - {""}:
            heading.drop_tree()
            return


def _drop_empty(top: HtmlElement) -> None:
    """Drop the elements that hold nothing to read or see."""
    for element in reversed(list(top.iter())):
        if element is top or element.tag in _KEPT_EMPTY or len(element):
            continue
        if not (element.text or "").strip():
            element.drop_tree()


def _solid(text: str) -> str:
    """A text without white space."""
    return "".join(text.split())


def _plain(text: str) -> str:
    """A headline, however it is punctuated."""
    return re.sub(r"[\W_]+", "", text).casefold()
