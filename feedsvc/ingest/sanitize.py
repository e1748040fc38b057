"""Makes the HTML and text of sources safe and absolute, once. Nothing downstream sanitises again.

Markup goes through nh3 (an HTML5 parser and allow-list), then into canonical form (`feedsvc.markup`).
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterable, Mapping
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
_PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg")
#: lazy loaders keep the address of the real picture in one of these
_LAZY_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-actualsrc")
_LAZY_SOURCE_SETS = ("srcset", "data-srcset")
#: the rest of a tag, where quoted values may hold `>`
_REST = r"""((?:=\s*"[^"]*"|=\s*'[^']*'|[^<>])*+)>"""
_LAZY = re.compile(rf"<img\b{_REST}", re.IGNORECASE)
_EMBED = re.compile(
    rf"<iframe\b{_REST}(?:(?:(?!</?iframe\b).)*+</iframe\s*>)?|<embed\b{_REST}", re.IGNORECASE | re.DOTALL
)
_ATTRIBUTE = re.compile(r"""(?<![^\s"'/])([^\s"'<>/=]++)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
_BARE_AMPERSAND = re.compile(r"&(?!#|\w+;)")
#: a relative URL, or one of the web
_WEB = re.compile(r"https?://|(?![a-z][a-z0-9+.-]*:)(?=.)", re.IGNORECASE)


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
    safe = _allowed(_unlazy(_embeds_to_links(fragment, base_url)))
    if _depth(safe) > _MAX_DEPTH:
        safe = _allowed(safe, tags=_FLAT_TAGS)
    root = markup.parse(safe)
    _make_absolute(root, base_url)
    _drop_strays(root)
    return markup.inner_html(markup.canonical(root))


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
    if image_url is None:
        return body_html
    root = markup.parse(body_html)
    if any(_same_picture(image.get("src", ""), image_url) for image in root.iter("img")):
        return body_html
    return f'<p><img src="{entities.escape(image_url)}" alt=""></p>{body_html}'


def _same_picture(one: str, other: str) -> bool:
    """Equal but for the query of a picture's file, which holds size and crop."""
    if not urlsplit(other).path.lower().endswith(_PICTURE_SUFFIXES):
        return one == other
    return one.split("?")[0] == other.split("?")[0]


def _allowed(fragment: str, *, tags: AbstractSet[str] = _TAGS) -> str:
    cleaned = _clean(_UNWANTED.sub("", fragment), tags)
    if not _UNWANTED.search(cleaned):
        return cleaned
    # references such as `&#1;`: without them another scheme may stand in a URL, so it is looked at again
    return _clean(_UNWANTED.sub("", cleaned), tags)


def _clean(fragment: str, tags: AbstractSet[str]) -> str:
    return nh3.clean(
        fragment,
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


def _embeds_to_links(fragment: str, base_url: str | None) -> str:
    """A frame is not shown by feed readers; what it points to stays reachable."""

    def link(match: re.Match[str]) -> str:
        url = _first_on_web(_attributes(match[1] or match[2] or ""), "src", *_LAZY_SOURCES)
        if url is None:
            return ""
        shown = entities.escape(safe_url(url, base_url=base_url or "https:") or url)
        return f'<p><a href="{shown}">{shown}</a></p>'

    return _EMBED.sub(link, fragment)


def _unlazy(fragment: str) -> str:
    def real(match: re.Match[str]) -> str:
        found = _attributes(match[1])
        found |= {n: (found[n].split() or [""])[0].rstrip(",") for n in _LAZY_SOURCE_SETS if n in found}
        url = _first_on_web(found, *_LAZY_SOURCES, "src", *_LAZY_SOURCE_SETS)
        # of two attributes with one name the first counts
        return match[0] if url is None else f'<img src="{entities.escape(url)}"{match[1]}>'

    return _LAZY.sub(real, fragment)


def _attributes(rest: str) -> dict[str, str]:
    """The attributes of a tag that have a value; where a name stands twice, the first counts."""
    pairs = [(name.lower(), value.strip("\"'")) for name, value in reversed(_ATTRIBUTE.findall(rest))]
    # in an attribute, `&copy=1` is no reference
    return {name: entities.unescape(_BARE_AMPERSAND.sub("&amp;", value)).strip() for name, value in pairs}


def _first_on_web(attributes: Mapping[str, str], *names: str) -> str | None:
    return next((url for name in names if _WEB.match(url := attributes.get(name, ""))), None)


def _drop_strays(root: HtmlElement) -> None:
    """Remove the parts of films and sounds that stand in none."""
    for element in list(root.iter("source", "track")):
        if not any(a.tag in markup.MEDIA for a in element.iterancestors()):
            element.drop_tree()


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
