"""Puts what a feed reader can show where a page has frames, scripts and formulas.

Readers run no scripts and show no frames: a frame becomes a link, a picture that a script would load is loaded
at once, a formula becomes its source. Works on the tree of a sanitised fragment; decides nothing about safety.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import html
from lxml.html import HtmlElement

from feedsvc import markup
from feedsvc.ingest import pictures

#: elements that the sanitiser lets through for `settle`, which leaves none of them
TAGS = frozenset("embed x-amp-vimeo x-amp-youtube x-annotation x-iframe x-math x-object".split())
#: marks a picture that stood in `<noscript>`
_FALLBACK = "data-fallback"
#: attributes that the sanitiser lets through for `settle`, which leaves none of them
ATTRIBUTES = {
    "audio": {"data-src"},
    "embed": {"src", *pictures.LAZY_SOURCES},
    "img": {"src", "style", _FALLBACK, *pictures.LAZY_SOURCES, *pictures.SOURCE_SETS},
    "source": {"data-src", *pictures.SOURCE_SETS},
    "video": {"data-src"},
    "x-amp-vimeo": {"data-videoid"},
    "x-amp-youtube": {"data-videoid"},
    "x-iframe": {"src", *pictures.LAZY_SOURCES},
    "x-math": {"alttext"},
    "x-object": {"data"},
}
_WORKING = {tag: names - {"src"} for tag, names in ATTRIBUTES.items() if tag not in TAGS}
#: an HTML5 parser treats these specially, which would hide or misplace what is in them
_RENAMED = {
    "amp-anim": "img",
    "amp-audio": "audio",
    "amp-iframe": "x-iframe",
    "amp-img": "img",
    "amp-video": "video",
    "dir": "ul",
    "listing": "pre",
    "menu": "ul",
}
_SPECIAL = (
    "amp-vimeo amp-youtube applet button fieldset form frameset hgroup iframe marquee math noembed noframes "
    "noscript object search text "
    # the names of MathML bring their content with them where they go
    "annotation annotation-xml maction menclose merror mfenced mfrac mi mlabeledtr mmultiscripts mn mo mover "
    "mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder "
    "munderover semantics"
).split()
_RENAME = re.compile(rf"<(/?)(?=[abdfhilmnos])({'|'.join([*_RENAMED, *_SPECIAL])})(?=[\s/>])", re.IGNORECASE)
#: a frame and what is shown where frames are not
_FRAME = re.compile(
    r"""(<iframe\b(?:=\s*"[^"]*"|=\s*'[^']*'|[^<>])*+>)(?:(?!</?iframe\b).)*+(</iframe\s*>)""",
    re.IGNORECASE | re.DOTALL,
)
_NOSCRIPT = re.compile(
    r"<noscript\b[^<>]*+>((?:(?!</?noscript\b).)*+)</noscript\s*>", re.IGNORECASE | re.DOTALL
)
_REST = r"""(?:[^<>"']|"[^"]*"|'[^']*')*+>"""
_PICTURE_OR_LINK = re.compile(rf"<img\b({_REST})|(<a\b{_REST}[^<]*+</a\s*>)", re.IGNORECASE)
_FILMS = {"x-amp-vimeo": "https://vimeo.com/", "x-amp-youtube": "https://www.youtube.com/watch?v="}
#: elements that cannot hold a paragraph
_PHRASING = frozenset(
    "a audio caption code dt figcaption h1 h2 h3 h4 h5 h6 p picture pre summary video".split()
)


def renamed(fragment: str) -> str:
    """The fragment with names of its elements that an HTML5 parser knows nothing about.

    So the pictures and links of `<noscript>` are parsed, a `<form>` or `<button>` opens nothing, and `<math>`
    brings no namespace of its own.
    """

    def name(tag: re.Match[str]) -> str:
        stated = tag[2].lower()
        return f"<{tag[1]}{_RENAMED.get(stated) or f'x-{stated}'}"

    return _RENAME.sub(name, _NOSCRIPT.sub(_fallbacks, _FRAME.sub(r"\1\2", fragment)))


def _fallbacks(noscript: re.Match[str]) -> str:
    found = _PICTURE_OR_LINK.finditer(noscript[1])
    return "".join(f"<img {_FALLBACK} {m[1]}" if m[1] else m[2] for m in found)


def settle(root: HtmlElement, absolute: Callable[[str], str | None]) -> None:
    """Replace frames, formulas and what is shown without scripts; give pictures and films their address.

    Links to frames show their URL, made absolute by the function given.
    """
    fallbacks = [image for image in root.iter("img") if _FALLBACK in image.attrib]
    for element in list(root.iter("picture", "img", "source", "track", "audio", "video", *TAGS)):
        if element.getparent() is None:
            continue
        tag = str(element.tag)
        if tag == "picture":
            _settle_picture(element)
        elif tag == "img":
            _settle_image(element)
        elif tag == "x-math":
            _settle_formula(element)
        elif tag in ("source", "track", "audio", "video"):
            _settle_film(element)
        elif tag != "x-annotation":
            _settle_embed(element, absolute)
    _drop_repeated(root, fallbacks)
    for element in list(root.iter(*TAGS)):
        _unwrap(element)


def _settle_picture(picture: HtmlElement) -> None:
    """Let the image of a `<picture>` know of the other ones; browsers alone can choose between them."""
    sources = list(picture.iter("source"))
    stated = {n: value for source in sources[::-1] for n in pictures.SOURCE_SETS if (value := source.get(n))}
    image = next(picture.iter("img"), None)
    if image is not None:
        for name in stated.keys() - image.attrib.keys():
            image.set(name, stated[name])
    elif url := pictures.address(stated):
        picture.append(html.Element("img", src=url))
    for source in sources:
        source.drop_tree()


def _settle_image(image: HtmlElement) -> None:
    stated = dict(image.attrib)
    if pictures.is_counter(stated):
        image.drop_tree()
        return
    image.attrib.clear()
    if (url := pictures.address(stated)) is not None:
        image.set("src", url)
    for name in [n for n in stated if n != "src" and n not in _WORKING["img"]]:
        image.set(name, stated[name])


def _settle_film(element: HtmlElement) -> None:
    is_part = element.tag in ("source", "track")
    if is_part and not any(a.tag in ("audio", "video") for a in element.iterancestors()):
        element.drop_tree()
        return
    if element.get("src") is None and (url := element.get("data-src")):
        element.set("src", url)
    _forget(element)


def _settle_formula(formula: HtmlElement) -> None:
    """Make a formula its source: in the words of its author, else its characters."""
    if next(formula.iter("a", *markup.BLOCK, *markup.OPAQUE, *markup.MEDIA), None) is not None:
        return  # it was never closed, or is none
    source = formula.get("alttext") or next((markup.text(a) for a in formula.iter("x-annotation")), "")
    source = source or markup.text(formula)
    markup.take(formula)
    formula.attrib.clear()
    formula.tag = "code"
    formula.text = source


def _settle_embed(element: HtmlElement, absolute: Callable[[str], str | None]) -> None:
    """Put a link to what is embedded before it."""
    if element.tag in _FILMS:
        film = element.get("data-videoid", "")
        url = _FILMS[str(element.tag)] + film if film else None
    elif element.tag == "x-object":
        is_empty = not markup.text(element) and next(element.iter("a", "embed", *markup.MEDIA), None) is None
        url = pictures.frame_address({"src": element.get("data", "")}) if is_empty else None
    else:
        url = pictures.frame_address(dict(element.attrib))
    if url is not None and (url := absolute(url)) is not None:
        _link_before(element, f"https:{url}" if url.startswith("//") else url)


def _link_before(element: HtmlElement, url: str) -> None:
    link = html.Element("a", href=url, rel="noopener noreferrer")
    link.text = url
    around = [str(a.tag) for a in element.iterancestors()]
    if _PHRASING.isdisjoint(around):
        paragraph = html.Element("p")
        paragraph.append(link)
        element.addprevious(paragraph)
    elif "a" in around:
        next(element.iterancestors("a")).addnext(link)
    else:
        element.addprevious(link)


def _drop_repeated(root: HtmlElement, fallbacks: list[HtmlElement]) -> None:
    """Remove the pictures of `<noscript>` that a script would have loaded: they are there already."""
    if not fallbacks:
        return
    marked = set(fallbacks)
    shown = {pictures.identity(i.get("src", "")) for i in root.iter("img") if i not in marked} | {""}
    for image in fallbacks:
        name = pictures.identity(image.get("src", ""))
        if name in shown and image.getparent() is not None:
            image.drop_tree()
        shown.add(name)


def _forget(element: HtmlElement) -> None:
    """Remove the attributes that have been read."""
    for name in _WORKING.get(str(element.tag), ()):
        element.attrib.pop(name, None)


def _unwrap(element: HtmlElement) -> None:
    """Replace an element by what is in it, in time that does not grow with its neighbours."""
    before = element.getprevious()
    if element.text and before is not None:
        before.tail = (before.tail or "") + element.text
    elif element.text and (parent := element.getparent()) is not None:
        parent.text = (parent.text or "") + element.text
    for child in list(element):
        element.addprevious(child)
    element.drop_tree()
