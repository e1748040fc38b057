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
from collections.abc import Set as AbstractSet
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
#: what is moved from the edges of a run out of it
_EDGES = MEDIA | {"br"}
#: attributes that are read
PROSE_ATTRIBUTES = ("alt", "title")
#: start or end tag of an element that has no content
_VOID = re.compile(
    r"""<(/?)(br|col|embed|hr|img|source|track|wbr)\b((?:[^<>"'/]|"[^"]*"|'[^']*'|/(?!>))*+)/?>""",
    re.IGNORECASE,
)
#: those of them that libxml2 has not heard of
_UNKNOWN_VOID_END = re.compile("</(?:source|track|wbr)>")
_EXACT = html.XHTMLParser(resolve_entities=False, huge_tree=True)
# one class for all elements: asking for the class of each takes longer than parsing
_EXACT.set_element_class_lookup(
    etree.ElementDefaultClassLookup(
        element=HtmlElement,
        comment=html.HtmlComment,
        pi=html.HtmlProcessingInstruction,
        entity=html.HtmlEntity,
    )
)

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
    if element.attrib or not len(element):
        return "".join(outer_html(node) for node in _peek(element))
    tag = str(element.tag)
    return outer_html(element)[len(tag) + 2 : -len(tag) - 3]


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
    structural, opaque = _structural(root), _opaque(root)
    for element in list(root.iter(etree.Element)):
        if element not in opaque and (element is root or element in structural):
            _isolate_runs(element, structural, wrap_all=element is root)
    return root


def blocks(root: HtmlElement) -> list[HtmlElement]:
    """The blocks of a canonical tree, in document order."""
    structural, opaque = _structural(root), _opaque(root)
    return [
        e
        for e in root.iter(*BLOCK)
        if e is not root
        and e not in opaque
        and not any(child in structural for child in e)
        and any(map(languages.has_words, _texts(e)))
    ]


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


def _structural(root: HtmlElement) -> AbstractSet[Node]:
    """The blocks of a tree and every inline element with a block in it."""
    found: set[Node] = set()
    for block in root.iter(*BLOCK, *OPAQUE):
        at: HtmlElement | None = block
        while at is not None and at not in found:
            found.add(at)
            at = None if at is root else at.getparent()
    return found


def _opaque(root: HtmlElement) -> AbstractSet[Node]:
    """The elements of a tree whose text is not prose, with all that is in them."""
    found: set[Node] = set()
    for top in root.iter(*OPAQUE):
        if top not in found:
            found.update(top.iter())
    return found


def _isolate_runs(element: HtmlElement, structural: AbstractSet[Node], *, wrap_all: bool) -> None:
    """Wrap each run of words among the children of an element, unless it is all that the element holds."""
    is_figure = element.tag == "figure"
    if not (wrap_all or is_figure or any(len(c) or c in structural or c.tag in _EDGES for c in element)):
        return  # one run and nothing else, as nearly everywhere
    nodes = list(_peek(element))
    groups = list(_runs(nodes, structural))
    needs_none = len(groups) == 1 and not wrap_all and not is_figure
    wrapped = [
        bool(run) and (not needs_none or any(map(_is_solid, before + after))) for before, run, after in groups
    ]
    if not any(wrapped):
        return
    has_caption = any(not isinstance(n, str) and n.tag == "figcaption" for n in nodes)
    plain = "p" if wrap_all else "span"
    wrapper = "figcaption" if is_figure and not has_caption else plain
    take(element)
    for (before, run, after), is_wrapped in zip(groups, wrapped, strict=True):
        if is_wrapped:
            block = html.Element(wrapper)
            fill(block, run)
            run, wrapper = [block], plain
        fill(element, [*before, *run, *after])


def _runs(
    nodes: list[Node], structural: AbstractSet[Node]
) -> Iterator[tuple[list[Node], list[Node], list[Node]]]:
    """Cut nodes into (what stands before, a run of words, what stands after), the run perhaps empty."""
    group: list[Node] = []
    for index, node in enumerate(nodes):
        if node in structural or _is_paragraph_break(nodes, index):
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


def _is_solid(node: Node) -> bool:
    return bool(node.strip()) if isinstance(node, str) else True


def _has_words(node: Node) -> bool:
    if isinstance(node, str):
        return languages.has_words(node)
    if not isinstance(node.tag, str) or node.tag in MEDIA:
        return False
    return any(map(languages.has_words, _texts(node)))


def _texts(element: HtmlElement) -> Iterator[str]:
    """The text of an element, with a space where a line or a block breaks."""
    open_nodes: list[Node] = [element.text or "", *element][::-1]
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, str):
            yield node
            continue
        tag, after = node.tag, node.tail or ""
        if tag == "br":
            yield " "
        elif isinstance(tag, str) and tag not in MEDIA:
            gap = " " if tag in BLOCK or tag in OPAQUE else ""
            open_nodes += [gap + after, *node[::-1]]
            yield gap + (node.text or "")
            continue
        yield after


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
