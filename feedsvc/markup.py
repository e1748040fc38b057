"""The HTML of an entry's body as a tree of blocks. Pure; knows nothing of feeds, languages or models.

Ingest brings every body into *canonical form* once (`canonical`); translation and publishing rely on it:
each run of text that a reader sees as one unit (a paragraph, a heading, the text of a list item, a caption)
is the whole content of exactly one element, its *block*. Where the source mixes text with other blocks or
pictures, the text is wrapped: `<li>a<ul>…</ul></li>` becomes `<li><span>a</span><ul>…</ul></li>`, and the
text of a `<figure>` becomes its `<figcaption>`. In canonical form `<span>` means nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from lxml import etree, html
from lxml.html import HtmlElement

from feedsvc import languages

#: elements that start and end a block
BLOCK = frozenset(
    (
        "address article aside blockquote caption center col colgroup dd details div dl dt figcaption "
        "figure footer h1 h2 h3 h4 h5 h6 header hr li main nav ol p section span summary table tbody "
        "td tfoot th thead tr ul"
    ).split()
)
#: blocks whose text is not prose
OPAQUE = frozenset({"pre"})
#: elements that are seen, not read
MEDIA = frozenset(["audio", "img", "picture", "video"])
#: attributes that are read
PROSE_ATTRIBUTES = ("alt", "title")
#: start or end tag of an element that has no content
_VOID = re.compile(
    r"""<(/?)(br|col|hr|img|source|track|wbr)\b((?:[^>"']|"[^"]*"|'[^']*')*?)/?>""", re.IGNORECASE
)
#: those of them that libxml2 has not heard of
_UNKNOWN_VOID_END = re.compile("</(?:source|track|wbr)>")
_EXACT = html.XHTMLParser(resolve_entities=False)

Node: TypeAlias = str | HtmlElement


def parse(fragment: str) -> HtmlElement:
    """The tree of an HTML fragment, below a `<div>` that is not part of it.

    Well-formed fragments, such as those from the sanitiser, keep their structure exactly: libxml2's HTML
    parser would close a `<b>`, `<h2>` or `<a>` before a paragraph or table in it.
    """
    try:
        return etree.fromstring(f"<div>{_as_xml(fragment)}</div>", _EXACT)
    except etree.XMLSyntaxError:
        return _parse_tolerantly(fragment)


def inner_html(element: HtmlElement) -> str:
    """The content of an element as HTML."""
    return "".join(outer_html(node) for node in _peek(element))


def outer_html(node: Node) -> str:
    """A text or an element, without what follows it, as HTML."""
    if isinstance(node, str):
        return escape(node)
    for item in node.iter("li"):
        item.text = item.text or ""  # with None, libxml2 leaves the end tag of an empty item out
    return _UNKNOWN_VOID_END.sub("", html.tostring(node, encoding="unicode", with_tail=False))


def text(element: HtmlElement) -> str:
    """The text of an element, white space collapsed; line breaks count as spaces."""
    return languages.collapse("".join(_texts(element)))


def canonical(root: HtmlElement) -> HtmlElement:
    """Bring a tree into canonical form, in place, and return it."""
    for element in [e for e in root.iter() if isinstance(e.tag, str)]:
        if not _inside(element, OPAQUE) and (element is root or _is_structural(element)):
            _isolate_runs(element, wrap_all=element is root)
    return root


def blocks(root: HtmlElement) -> list[HtmlElement]:
    """The blocks of a canonical tree, in document order."""
    return [e for e in root.iter() if e is not root and isinstance(e.tag, str) and _is_block(e)]


def prose_attributes(root: HtmlElement) -> list[tuple[HtmlElement, str]]:
    """Every attribute of a tree that holds words for a reader, in document order."""
    return [
        (element, attribute)
        for element in root.iter()
        if isinstance(element.tag, str)
        for attribute in PROSE_ATTRIBUTES
        if languages.has_words(element.get(attribute) or "")
    ]


def is_media(node: Node) -> bool:
    """A picture, film or sound, or an inline element with nothing else in it."""
    if isinstance(node, str):
        return False
    if node.tag in MEDIA:
        return True
    return node.tag not in BLOCK and not text(node) and next(node.iter(*MEDIA), None) is not None


def take(element: HtmlElement) -> list[Node]:
    """Empty an element and return what was in it: texts and tail-less elements."""
    nodes = list(_peek(element))
    for child in list(element):
        element.remove(child)
        child.tail = None
    element.text = None
    return nodes


def fill(element: HtmlElement, nodes: list[Node]) -> None:
    """Append texts and elements to an element."""
    last = next(reversed(element), None)
    for node in nodes:
        if not isinstance(node, str):
            element.append(node)
            last = node
        elif last is not None:
            last.tail = (last.tail or "") + node
        else:
            element.text = (element.text or "") + node


def _isolate_runs(element: HtmlElement, *, wrap_all: bool) -> None:
    """Wrap each run of words among the children of an element, unless it is all that the element holds."""
    nodes = take(element)
    groups = list(_runs(nodes))
    wrappers = ["p" if wrap_all else "span"] * len(groups)
    if element.tag == "figure" and not any(not isinstance(n, str) and n.tag == "figcaption" for n in nodes):
        for first in [i for i, (_, run, _) in enumerate(groups) if run][:1]:
            wrappers[first] = "figcaption"
    needs_none = len(groups) == 1 and not wrap_all and element.tag != "figure"
    for (before, run, after), wrapper in zip(groups, wrappers, strict=True):
        if run and (not needs_none or any(map(_is_solid, before + after))):
            wrapped = html.Element(wrapper)
            fill(wrapped, run)
            run = [wrapped]
        fill(element, [*before, *run, *after])


def _runs(nodes: list[Node]) -> Iterator[tuple[list[Node], list[Node], list[Node]]]:
    """Cut nodes into (what stands before, a run of words, what stands after), the run perhaps empty."""
    group: list[Node] = []
    for index, node in enumerate(nodes):
        if _is_structural(node) or _is_paragraph_break(nodes, index):
            yield from _peel(group)
            yield [node], [], []
            group = []
        else:
            group.append(node)
    yield from _peel(group)


def _peel(group: list[Node]) -> Iterator[tuple[list[Node], list[Node], list[Node]]]:
    """Move media, line breaks and white space from the edges of a run out of it."""
    if not any(map(_has_words, group)):
        if group:
            yield group, [], []
        return
    start, end = 0, len(group)
    while not _belongs(group[start]):
        start += 1
    while not _belongs(group[end - 1]):
        end -= 1
    yield group[:start], group[start:end], group[end:]


def _belongs(node: Node) -> bool:
    if isinstance(node, str):
        return bool(node.strip())
    return node.tag != "br" and not is_media(node)


def _is_structural(node: Node) -> bool:
    """A block, or an inline element with a block in it."""
    if isinstance(node, str):
        return False
    return any(e.tag in BLOCK or e.tag in OPAQUE for e in node.iter() if isinstance(e.tag, str))


def _is_paragraph_break(nodes: list[Node], index: int) -> bool:
    """A `<br>` next to another one, with at most white space between them."""

    def is_break(node: Node) -> bool:
        return not isinstance(node, str) and node.tag == "br"

    if not is_break(nodes[index]):
        return False
    for step in (-1, 1):
        at = index + step
        while 0 <= at < len(nodes) and isinstance(nodes[at], str) and not str(nodes[at]).strip():
            at += step
        if 0 <= at < len(nodes) and is_break(nodes[at]):
            return True
    return False


def _is_block(element: HtmlElement) -> bool:
    if element.tag not in BLOCK or _inside(element, OPAQUE) or not languages.has_words(text(element)):
        return False
    return not any(_is_structural(child) for child in element if isinstance(child.tag, str))


def _is_solid(node: Node) -> bool:
    return bool(node.strip()) if isinstance(node, str) else True


def _has_words(node: Node) -> bool:
    if isinstance(node, str):
        return languages.has_words(node)
    return isinstance(node.tag, str) and node.tag not in MEDIA and languages.has_words(text(node))


def _inside(element: HtmlElement, tags: frozenset[str]) -> bool:
    return element.tag in tags or any(a.tag in tags for a in element.iterancestors())


def _texts(element: HtmlElement) -> Iterator[str]:
    """The text of an element, with a space where a line or a block breaks."""
    for node in _peek(element):
        if isinstance(node, str):
            yield node
        elif node.tag == "br":
            yield " "
        elif isinstance(node.tag, str) and node.tag not in MEDIA:
            gap = " " if node.tag in BLOCK or node.tag in OPAQUE else ""
            yield gap
            yield from _texts(node)
            yield gap


def _peek(element: HtmlElement) -> Iterator[Node]:
    if element.text:
        yield element.text
    for child in element:
        yield child
        if child.tail:
            yield child.tail


def _parse_tolerantly(fragment: str) -> HtmlElement:
    root = html.Element("div")
    if fragment.strip():
        fill(root, html.fragments_fromstring(fragment))
    return root


def _as_xml(fragment: str) -> str:
    """A serialised HTML fragment as XML, if it was well-formed."""
    return _VOID.sub(lambda tag: "" if tag[1] else f"<{tag[2]}{tag[3]}/>", fragment).replace("&nbsp;", "\xa0")


def escape(value: str) -> str:
    """A text as HTML content."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
