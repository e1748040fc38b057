"""Makes the HTML and text of sources safe and absolute, once. Nothing downstream sanitises again.

Markup goes through nh3 (an HTML5 parser and allow-list) and is parsed once; `embeds` puts what readers can
show where pages would have scripts; what is left is brought into canonical form (`feedsvc.markup`).
"""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import nh3
from lxml.html import HtmlElement

from feedsvc import languages, markup
from feedsvc.ingest import embeds, pictures
from feedsvc.ingest.bounded import bounded, flattened

#: what XML 1.0 cannot hold, and characters that only steer a terminal or a bidi renderer
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_TAGS = (
    (markup.BLOCK - {"span"})
    | markup.OPAQUE
    | set(
        (
            "a abbr audio b bdi bdo br cite code data del dfn em i img ins kbd mark picture q rp rt ruby "
            "s samp small source strike strong sub sup time track tt u var video wbr"
        ).split()
    )
)
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href", "hreflang", "type"},
    "audio": {"src", "controls", "type"},
    "col": {"span"},
    "colgroup": {"span"},
    "data": {"value"},
    "del": {"cite", "datetime"},
    "img": {"src", "alt", "width", "height", "referrerpolicy"},
    "ins": {"cite", "datetime"},
    "blockquote": {"cite"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "q": {"cite"},
    "source": {"src", "type"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope"},
    "time": {"datetime"},
    "track": {"src", "kind", "srclang", "label"},
    "video": {"src", "poster", "controls", "width", "height", "type"},
}
_SCHEMES = {"http", "https", "mailto", "tel", "ftp", "magnet", "gemini"}
_CLEANER = nh3.Cleaner(
    tags=_TAGS | embeds.TAGS,
    attributes={
        tag: _ATTRIBUTES.get(tag, set()) | embeds.ATTRIBUTES.get(tag, set())
        for tag in _ATTRIBUTES.keys() | embeds.ATTRIBUTES.keys()
    },
    url_schemes=_SCHEMES | {"data"},  # `_address` lets none but pictures through
    clean_content_tags={"script", "style", "template", "textarea", "select", "svg"},
    link_rel="noopener noreferrer",
)
#: deeper than any article
_MAX_DEPTH = 200
#: elements that end those of their kind which they stand in
_UNNESTED = frozenset("h1 h2 h3 h4 h5 h6 rp rt".split())
#: what an HTML5 parser keeps apart from the links around it
_LINK_BORDERS = frozenset("a caption td th".split())
_VOID = frozenset("br col embed hr img source track wbr".split())
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)")
_ADDRESSED = {
    "a": ("href",),
    "audio": ("src",),
    "blockquote": ("cite",),
    "del": ("cite",),
    "img": ("src",),
    "ins": ("cite",),
    "q": ("cite",),
    "source": ("src",),
    "track": ("src",),
    "video": ("src", "poster"),
}
#: also what only looks like a scheme
_SCHEME = re.compile(r"([^:/?#]*+):")
#: a URL that resolving would leave as it is
_ABSOLUTE = re.compile(
    r"https?://(?:(?!xn--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,9}(?:/[\w./%~+,;=&@!$-]*+)?+(?:\?[^\s#\[\]]++)?+",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Body:
    """A body as readers get it: HTML, safe, absolute and canonical, and the plain text of it."""

    html: str
    text: str


def clean_text(value: object) -> str:
    """Plain text of a source: no characters that XML forbids, white space collapsed."""
    return languages.collapse(_UNWANTED.sub("", str(value)))


def text_of(fragment: str) -> str:
    """The plain text of an HTML fragment, such as a feed's title or summary; entities decoded once."""
    if "<" not in fragment:
        return clean_text(entities.unescape(_UNWANTED.sub("", fragment)))
    return markup.text(_tree(fragment, None))


def sanitise(fragment: str, *, base_url: str | None) -> str:
    """Safe HTML with absolute URLs, in canonical form.

    Scripts, styles, event handlers, forms, drawings and unknown schemes go; embedded frames become links to
    what they showed, formulas their source as code; lazily loaded pictures get their address, counting pixels
    go. Relative URLs, fragments too, are resolved against base_url; without one they stay.
    """
    return markup.inner_html(markup.canonical(_tree(fragment, base_url)))


def read_body(fragment: str, *, base_url: str | None, image_url: str | None = None) -> Body:
    """The sanitised body and its text, headed by the lead picture unless it shows that picture already."""
    root = markup.canonical(_tree(fragment, base_url))
    lead = "" if image_url is None or _shows(root, image_url) else _lead(image_url)
    return Body(html=lead + markup.inner_html(root), text=markup.text(root))


def safe_url(value: str | None, *, base_url: str | None = None) -> str | None:
    """An absolute http(s) URL, resolved against base_url; None for anything else, also for nothing."""
    stated = clean_text(value or "")
    if not stated:
        return None
    try:
        url = urljoin(base_url or "", stated)
        parts = urlsplit(url)
    except ValueError:
        return None
    return url.replace(" ", "%20") if parts.scheme in ("http", "https") and parts.hostname else None


def with_lead_image(body_html: str, image_url: str | None) -> str:
    """The body, headed by the lead picture unless it shows that picture already (in whatever size)."""
    if image_url is None or _shows(markup.parse(body_html), image_url):
        return body_html
    return _lead(image_url) + body_html


def _shows(root: HtmlElement, image_url: str) -> bool:
    sought = pictures.identity(image_url)
    return any(pictures.identity(image.get("src", "")) == sought for image in root.iter("img"))


def _lead(image_url: str) -> str:
    return f'<p><img src="{entities.escape(image_url)}" alt=""></p>'


def _tree(fragment: str, base_url: str | None) -> HtmlElement:
    """What is allowed of a fragment, with addresses that lead somewhere."""
    safe = _allowed(embeds.renamed(bounded(fragment)))
    if _depth(safe) > _MAX_DEPTH:
        safe = _allowed(flattened(safe))
    root = markup.parse(safe)
    embeds.settle(root, lambda url: _address(url, base_url))
    for element in list(root.iter(*_ADDRESSED)):
        for name in _ADDRESSED[str(element.tag)]:
            if (value := element.get(name)) is not None:
                _set_address(element, name, _address(value, base_url))
    pictures_only = [
        e for e in root.iter("img") if e.get("src") is None and not languages.has_words(e.get("alt", ""))
    ]
    for element in pictures_only:
        element.drop_tree()
    if any(_is_misplaced(element) for element in root.iter("a", *_UNNESTED)):
        root = markup.parse(_allowed(markup.inner_html(root)))
    for block in root.iter("pre"):
        block.text = (block.text or "").lstrip("\n")  # where one would not count
    return root


def _is_misplaced(element: HtmlElement) -> bool:
    """It stood in an element that is gone now, or beside a table, and an HTML5 parser would put it elsewhere."""
    if element.tag == "a":
        border = next((a for a in element.iterancestors() if a.tag in _LINK_BORDERS), None)
        return border is not None and border.tag == "a"
    parent = element.getparent()
    return parent is not None and parent.tag in _UNNESTED


def _set_address(element: HtmlElement, name: str, url: str | None) -> None:
    is_inline = url is not None and url.startswith("data:")
    if url is None or (is_inline and element.tag != "img"):
        del element.attrib[name]
    elif url != element.get(name):
        element.set(name, url)


def _address(value: str, base_url: str | None) -> str | None:
    """The absolute URL that a browser would make of an attribute; None for one that must not be followed."""
    if _ABSOLUTE.fullmatch(value) or pictures.is_inline(value):
        return value
    stated = re.sub("[\t\n\r]", "", value).strip()
    try:
        url = urljoin(base_url, stated) if base_url else stated
    except ValueError:
        return None
    scheme = _SCHEME.match(url)
    if scheme is not None and scheme[1].lower() not in _SCHEMES:
        return None
    names_host = stated.startswith("//") or _SCHEME.match(stated) is not None
    return url if not names_host or _is_url(url) else None


def _is_url(url: str) -> bool:
    """What the cleaner takes for one: it has not seen the addresses that were kept for scripts."""
    return ' href="' in _CLEANER.clean(f'<a href="{entities.escape(url)}">')


def _allowed(fragment: str) -> str:
    # references such as `&#1;` are characters only after the first time
    return _UNWANTED.sub("", _CLEANER.clean(_UNWANTED.sub("", fragment.replace("\f", " "))))


def _depth(fragment: str) -> int:
    """How many elements are open at once, at most; or their number, where it is small enough."""
    if (number := fragment.count("</")) <= _MAX_DEPTH:
        return number
    depth = deepest = 0
    for closing, tag in _TAG.findall(fragment):
        if tag not in _VOID:
            depth += -1 if closing else 1
            deepest = max(deepest, depth)
    return deepest
