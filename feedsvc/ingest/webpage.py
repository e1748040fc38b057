"""Pages of the web as trees: bytes → text → what a browser makes of it, less what runs or styles.

Knows what a page says of itself, and makes pictures that wait for a script visible; knows nothing of articles.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import nh3
from lxml.html import HtmlElement

from feedsvc import markup
from feedsvc.errors import ParseError
from feedsvc.ingest.sanitize import clean_text, safe_url
from feedsvc.model import Fetched

#: more than any article has; what finds the article needs more time for each
MAX_ELEMENTS = 10_000
_MEDIA_TYPES = frozenset({"", "text/html", "application/xhtml+xml", "application/xml", "text/xml"})
_HEAD = frozenset({"base", "link", "meta", "title"})
_AMP = {
    "amp-anim": "img",
    "amp-audio": "audio",
    "amp-iframe": "iframe",
    "amp-img": "img",
    "amp-video": "video",
    "amp-youtube": "iframe",
}
#: elements that say what is the article and what is not, beside those that may be shown
_TAGS = (
    markup.BLOCK
    | markup.OPAQUE
    | markup.MEDIA
    | _HEAD
    | frozenset(_AMP)
    | frozenset(
        (
            "a abbr b bdi bdo big br button cite code data del dfn dialog em embed fieldset form i iframe input "
            "ins kbd label mark menu noscript object q rp rt ruby s samp select small source strike strong sub "
            "sup svg textarea time track tt u var video wbr"
        ).split()
    )
)
_ATTRIBUTES = frozenset(
    (
        "align alt aria-hidden cite class colspan content controls datetime dir headers height hidden href "
        "hreflang id itemprop itemtype lang media name poster property rel reversed role rowspan scope span "
        "src srcset start style title type value width"
    ).split()
)
#: of an attribute, where XML is to hold it
_NAME = re.compile(r"[a-z][a-z0-9_.-]*")
#: elements without content that are never an entry's (`markup` closes the others)
_VOID = re.compile(r'<(base|embed|input|link|meta)\b([^<>"]*+(?:"[^"]*"[^<>"]*+)*+)>')
#: WHATWG Encoding Standard 4.2: what labels mean on the web
_ALIASES = {
    "ascii": "cp1252",
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "shift_jis": "cp932",
}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_META_BYTES = 4096
#: of the characters of a page in its declared encoding, one in so many may be broken
_BROKEN = 1000
_LAZY = (
    "data-src data-original data-lazy-src data-actualsrc data-lazy data-url data-full-src data-hi-res-src"
).split()
_PICTURE = re.compile(r"[^\s]+\.(?:jpe?g|png|webp|avif|gif)(?:[?#][^\s]*)?", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"(?:blank|placeholder|spacer|pixel|loading|transparent|1x1|lazy)[\w.-]*\.(?:gif|png|jpe?g|svg|webp)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPage:
    """A page as it came; `root` is its content, below a `<div>`."""

    #: where it was found in the end
    url: str
    #: what its relative URLs are relative to: `<base href>`, else its own
    base_url: str
    #: the page as text
    html: str
    root: HtmlElement
    title: str
    #: where it says it lives, if that is on the same site
    canonical_url: str | None


def parse_page(fetched: Fetched) -> WebPage:
    """The tree of a page, with every picture where it will be seen.

    Raises: ParseError if it is no page, too large, or in an encoding that cannot be told.
    """
    html = decode(fetched)
    root = markup.parse(_well_formed(html))
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
        raise ParseError(f"the page has more than {MAX_ELEMENTS:,} elements, which no article has")
    url = fetched.final_url
    bases = (safe_url(e.get("href"), base_url=url) for e in root.iter("base"))
    canonicals = (
        safe_url(e.get("href"), base_url=url)
        for e in root.iter("link")
        if "canonical" in e.get("rel", "").lower().split()
    )
    canonical = next((c for c in canonicals if c), None)
    titles = (clean_text(markup.text(e)) for e in root.iter("title"))
    page = WebPage(
        url=url,
        base_url=next((b for b in bases if b), url),
        html=html,
        root=root,
        title=next(titles, ""),
        canonical_url=canonical if canonical and _site(canonical) == _site(url) else None,
    )
    for element in list(root.iter(*_HEAD)):
        element.drop_tree()
    _reveal(root)
    return page


def decode(fetched: Fetched) -> str:
    """The text of a page: as its BOM says, as UTF-8 if it can be read so, as the server or the page says, by a guess.

    Whatever is declared, other encodings do not look like UTF-8 by chance, while UTF-8 is often declared as
    something else.

    Raises: ParseError if it is no page or its encoding cannot be told.
    """
    body, declared = fetched.body, fetched.content_type
    media_type = declared.split(";")[0].strip().lower()
    if media_type not in _MEDIA_TYPES or body.startswith(b"%PDF-"):
        raise ParseError(f"is {media_type or 'application/pdf'}, not a page")
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace")
    if not any(byte in body for byte in (b"\0", b"\x1b")):  # not UTF-16, not ISO-2022-JP
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass  # it is something else
    for said in (declared, body[:_META_BYTES].decode("latin-1")):
        match = _CHARSET.search(said)
        if match and (text := _decoded(body, match[1])) is not None:
            return text
    if (text := _guessed(body)) is not None:
        return text
    raise ParseError("the encoding of the page cannot be told")


def _decoded(body: bytes, label: str) -> str | None:
    """The text in a declared encoding; None if there is no such encoding, or it is not in it."""
    try:
        name = codecs.lookup(label).name
        text = body.decode(_ALIASES.get(name, name), "replace")
    except (LookupError, UnicodeError, ValueError):
        return None
    return text if text.count("\ufffd") * _BROKEN <= len(text) else None


def _guessed(body: bytes) -> str | None:
    import charset_normalizer

    best = charset_normalizer.from_bytes(body[:200_000]).best()
    return _decoded(body, best.encoding) if best is not None else None


def _well_formed(html: str) -> str:
    """The page as a browser reads it (an HTML5 parser), as a fragment whose every element is closed."""
    fragment = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={"*": set(_ATTRIBUTES)},
        generic_attribute_prefixes={"data-"},
        attribute_filter=lambda _, name, value: value if _NAME.fullmatch(name) else None,
        clean_content_tags={"script", "style", "template", "math"},
        link_rel=None,
        strip_comments=True,
    )
    return _VOID.sub(r"<\1\2/>", fragment)


def _site(url: str) -> str:
    """The host of a URL, less what tells the pages for phones and others apart."""
    host = urlsplit(url).hostname or ""
    return re.sub(r"^(?:www|m|mobile|amp)\.", "", host)


def _reveal(root: HtmlElement) -> None:
    """Give every picture its address, whatever was to be run or missing for it."""
    for element in list(root.iter(*_AMP)):
        if element.tag == "amp-youtube":
            element.set("src", f"https://www.youtube.com/embed/{element.get('data-videoid', '')}")
        element.tag = _AMP[str(element.tag)]
    for image in list(root.iter("img")):
        _light(image)
    shown = {
        i.get("src") for i in root.iter("img") if not any(a.tag == "noscript" for a in i.iterancestors())
    }
    for element in list(root.iter("noscript")):
        if any(i.get("src") not in shown for i in element.iter("img")):
            element.drop_tag()
        else:
            element.drop_tree()
    for image in list(root.iter("img")):
        if not image.get("src"):
            image.drop_tree()
    for source in list(root.iter("source")):  # what they offer a picture, it has
        if not source.get("src"):
            source.drop_tag()


def _light(image: HtmlElement) -> None:
    """Set the address of one picture; without one, `src` is empty."""
    source = image.get("src", "")
    if _PLACEHOLDER.search(source):
        source = ""
    lazy = [image.get(name, "") for name in _LAZY]
    data = {str(name): value for name, value in image.items() if str(name).startswith("data-")}
    others = [value for value in data.values() if _PICTURE.fullmatch(value.strip())]
    sets = [image.get(name, "") for name in ("data-srcset", "data-lazy-srcset", "srcset")]
    parent = image.getparent()
    if parent is not None and parent.tag == "picture":
        sets += [s.get(n, "") for s in parent.iter("source") for n in ("data-srcset", "srcset")]
    found = [*lazy, source, *map(_largest, sets), *others]
    for name in (*data, "srcset"):
        image.attrib.pop(name, None)
    image.set("src", next((v.strip() for v in found if _is_address(v)), ""))


def _is_address(value: str) -> bool:
    return (
        bool(value.strip())
        and re.match(r"(?!https?:)[a-z][a-z0-9+.-]*:", value.strip(), re.IGNORECASE) is None
    )


def _largest(source_set: str) -> str:
    """The address with the largest width or density of a `srcset`."""
    best, size = "", -1.0
    for match in re.finditer(r"(\S+?)(?:\s+([\d.]{1,9})[wx])?\s*(?:,\s|,?$)", source_set[:10_000]):
        try:
            stated = float(match[2] or 1)
        except ValueError:
            stated = 0.0
        if stated > size:
            best, size = match[1], stated
    return best
