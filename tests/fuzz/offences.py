"""What must not be in sanitised HTML, as found by parsers that the sanitiser does not use itself."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from lxml import etree, html

TAGS = frozenset(
    (
        "a abbr address article aside audio b bdi bdo blockquote br caption center cite code col colgroup data dd "
        "del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main "
        "mark nav ol p picture pre q rp rt ruby s samp section small source span strike strong sub summary sup "
        "table tbody td tfoot th thead time tr track tt u ul var video wbr"
    ).split()
)
ATTRIBUTES = frozenset(
    (
        "alt cite colspan controls datetime dir headers height href hreflang kind label lang poster referrerpolicy "
        "rel reversed rowspan scope span src srclang start title type value width"
    ).split()
)
ADDRESSES = ("cite", "href", "poster", "src")
SCHEMES = ("http", "https", "mailto", "tel", "ftp", "magnet", "gemini")
UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
INLINE_PICTURE = re.compile(r"data:image/(avif|gif|jpe?g|png|webp);base64,", re.IGNORECASE)


def offences(markup: str) -> list[str]:
    """Every element, attribute, address and character that sanitised HTML may not have; none if it is clean."""
    found = [f"character {c!r}" for c in UNWANTED.findall(markup)]
    if re.search(r"<[!?]", markup):
        found.append("a comment, declaration or instruction")
    tokens = _Tokens()
    tokens.feed(markup)
    tokens.close()
    root = html.fromstring(f"<div>{markup}</div>", parser=html.HTMLParser(huge_tree=True))
    for tag, attributes in [*tokens.found, *((e.tag, dict(e.attrib)) for e in root.iter(etree.Element))]:
        found += _of_element(str(tag), attributes)
    return found


def _of_element(tag: str, attributes: dict[str, str | None]) -> list[str]:
    found = [] if tag in TAGS else [f"<{tag}>"]
    for name, value in attributes.items():
        if name not in ATTRIBUTES:
            found.append(f"<{tag} {name}>")
        elif name in ADDRESSES and not _is_harmless(tag, value or ""):
            found.append(f"<{tag} {name}={value!r:.80}>")
    return found


def _is_harmless(tag: str, url: str) -> bool:
    # browsers drop these characters before they look at the scheme
    scheme = re.match(r"([^/?#:]*):", re.sub("[\x00-\x20]", "", url))
    if scheme is None or scheme[1].lower() in SCHEMES:
        return True
    return tag == "img" and INLINE_PICTURE.match(url) is not None


class _Tokens(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
