"""Makes the HTML and text of sources safe and absolute, once. Nothing downstream sanitises again.

Markup goes through nh3 (an HTML5 parser and allow-list), then into canonical form (`feedsvc.markup`).
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from urllib.parse import urljoin, urlsplit

import nh3
from lxml.html import HtmlElement

from feedsvc import languages, markup

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
#: deeper than any article; the tree's parser drops what lies below 255
_MAX_DEPTH = 200
#: what is left of a body nested deeper than that: elements that cannot nest
_FLAT_TAGS = frozenset("a br h1 h2 h3 h4 h5 h6 hr img p".split())
_VOID = frozenset("br col hr img source track wbr".split())
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)")
#: lazy loaders keep the address of the real picture in one of these
_LAZY_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-actualsrc")
_LAZY = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_EMBED = re.compile(r"<(iframe|embed)\b([^>]*)>(.*?</iframe\s*>)?", re.IGNORECASE | re.DOTALL)
_SRC = re.compile(r"""\bsrc\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)


def clean_text(value: object) -> str:
    """Plain text of a source: no characters that XML forbids, white space collapsed."""
    return languages.collapse(_UNWANTED.sub("", str(value)))


def text_of(fragment: str) -> str:
    """The plain text of an HTML fragment, such as a feed's title or summary; entities decoded once."""
    return clean_text(markup.text(markup.parse(_allowed(fragment))))


def sanitise(fragment: str, *, base_url: str | None) -> str:
    """Safe HTML with absolute URLs, in canonical form.

    Scripts, styles, event handlers, forms and unknown schemes go; embedded frames become links to what they
    showed; lazily loaded pictures get their address. Relative URLs are resolved against base_url; without one
    they stay.
    """
    safe = _allowed(_unlazy(_embeds_to_links(fragment)))
    if _depth(safe) > _MAX_DEPTH:
        safe = _allowed(safe, tags=_FLAT_TAGS)
    root = markup.parse(safe)
    _make_absolute(root, base_url)
    return markup.inner_html(markup.canonical(root))


def safe_url(value: str | None, *, base_url: str | None = None) -> str | None:
    """An absolute http(s) URL, resolved against base_url; None for anything else."""
    try:
        url = urljoin(base_url or "", clean_text(value or ""))
        parts = urlsplit(url)
    except ValueError:
        return None
    return url.replace(" ", "%20") if parts.scheme in ("http", "https") and parts.hostname else None


def with_lead_image(body_html: str, image_url: str | None) -> str:
    """The body, headed by the lead picture unless it shows that picture already (in whatever size)."""
    if image_url is None:
        return body_html
    root = markup.parse(body_html)
    if any(_same_picture(image.get("src", ""), image_url) for image in root.iter("img")):
        return body_html
    return f'<p><img src="{entities.escape(image_url)}" alt=""></p>{body_html}'


def _same_picture(one: str, other: str) -> bool:
    """Equal but for the query, which holds size and crop."""
    return one.split("?")[0] == other.split("?")[0]


def _allowed(fragment: str, *, tags: AbstractSet[str] = _TAGS) -> str:
    return nh3.clean(
        _UNWANTED.sub("", fragment),
        tags=set(tags),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items() if tag in tags or tag == "*"},
        url_schemes=_SCHEMES,
        clean_content_tags={
            "script",
            "style",
            "noscript",
            "template",
            "textarea",
            "select",
            "svg",
            "math",
            "object",
        },
        link_rel="noopener noreferrer",
        strip_comments=True,
    )


def _depth(fragment: str) -> int:
    """How many elements are open at once, at most."""
    depth = deepest = 0
    for closing, tag in _TAG.findall(fragment):
        if tag not in _VOID:
            depth += -1 if closing else 1
            deepest = max(deepest, depth)
    return deepest


def _embeds_to_links(fragment: str) -> str:
    """A frame is not shown by feed readers; what it points to stays reachable."""

    def link(match: re.Match[str]) -> str:
        found = _SRC.search(match[2])
        if not found:
            return ""
        url = entities.unescape(found[1].strip("\"'"))
        url = f"https:{url}" if url.startswith("//") else url
        shown = entities.escape(url)
        return f'<p><a href="{shown}">{shown}</a></p>'

    return _EMBED.sub(link, fragment)


def _unlazy(fragment: str) -> str:
    def real(match: re.Match[str]) -> str:
        tag = match[0]
        for name in _LAZY_SOURCES:
            if found := re.search(rf"""\b{name}\s*=\s*("[^"]+"|'[^']+')""", tag):
                return f"<img src={found[1]} " + re.sub(
                    r"""(?<![\w-])src\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", "", tag[4:]
                )
        return tag

    return _LAZY.sub(real, fragment)


def _make_absolute(root: HtmlElement, base_url: str | None) -> None:
    if base_url is None:
        return
    for element, name in _links(root):
        value = element.get(name, "").strip()
        if value.startswith("#") and name == "href":
            continue
        try:
            element.set(name, urljoin(base_url, value))
        except ValueError:
            del element.attrib[name]


def _links(root: HtmlElement) -> Iterable[tuple[HtmlElement, str]]:
    for element in list(root.iter()):
        for name in ("href", "src", "poster", "cite"):
            if isinstance(element.tag, str) and element.get(name) is not None:
                yield element, name
