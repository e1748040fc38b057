"""Which picture an `<img>` shows, where a page would load it only by script. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

#: lazy loaders keep the address of the real picture in one of these
LAZY_SOURCES = (
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-actualsrc",
    "data-lazy",
    "data-lazyload",
    "data-hi-res-src",
    "data-original-src",
    "data-orig-src",
    "data-pagespeed-lazy-src",
    "data-cfsrc",
    "data-ezsrc",
    "data-echo",
    "nitro-lazy-src",
    "zoomfile",
    "file",
)
SOURCE_SETS = ("srcset", "data-srcset", "data-lazy-srcset", "data-hi-res-srcset")

_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg")
#: a relative URL, or one of the web
_WEB = re.compile(r"https?://|(?![a-z][a-z0-9+.-]*:)(?=.)", re.IGNORECASE)
#: a picture that is part of the document, in a format that cannot hold scripts; shorter ones are placeholders
_INLINE = re.compile(r"data:image/(?:avif|gif|jpe?g|png|webp);base64,[a-z0-9+/=\s]{200}", re.IGNORECASE)
#: what stands in a picture's place until a script runs
_PLACEHOLDER = re.compile(
    r"(?:^|[/_.-])(?:blank|spacer|placeholder|loading|lazy(?:load)?|transparent|pixel|1x1|grey|gray)\d*"
    r"\.(?:gif|png|svg|jpe?g|webp)(?:\?|$)",
    re.IGNORECASE,
)
_DESCRIPTOR = re.compile(r"\d++(?:\.\d++)?[wxh]")
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
#: counters that do not say how small they are
_COUNTERS = re.compile(
    r"(?:https?:)?//(?:"
    r"(?:feeds\d*\.feedburner\.com|feeds\.[^/]+)/~r/"
    r"|(?:pixel|stats)\.wp\.com/[bg]\.gif"
    r"|(?:[^/]+\.)?(?:doubleclick\.net|scorecardresearch\.com|quantserve\.com)/"
    r"|(?:www\.|ssl\.)?google-analytics\.com/"
    r"|www\.facebook\.com/tr\b"
    r"|hm\.baidu\.com/"
    r"|medium\.com/_/stat\b"
    r")",
    re.IGNORECASE,
)


def address(attributes: Mapping[str, str]) -> str | None:
    """The URL of the picture that a reader of the page sees in the end; None if nothing says it."""
    placeholder = None
    for url in _addresses(attributes):
        if not _PLACEHOLDER.search(url):
            return url
        placeholder = placeholder or url
    return placeholder


def frame_address(attributes: Mapping[str, str]) -> str | None:
    """The URL of what an embedded frame, film or sound shows."""
    named = (attributes.get(name, "").strip() for name in ("src", *LAZY_SOURCES))
    return next((url for url in named if _WEB.match(url)), None)


def is_counter(attributes: Mapping[str, str]) -> bool:
    """A picture that is there to be fetched, not to be seen: at most a pixel, hidden, or of a known counter."""
    sizes = [
        attributes[name].strip().removesuffix("px") for name in ("width", "height") if name in attributes
    ]
    return (
        (bool(sizes) and all(size in ("0", "1") for size in sizes))
        # lazy loaders hide pictures until they have loaded
        or (
            _HIDDEN.search(attributes.get("style", "")) is not None
            and attributes.keys().isdisjoint(LAZY_SOURCES)
        )
        or _COUNTERS.match(attributes.get("src", "")) is not None
    )


def is_inline(url: str) -> bool:
    """A `data:` URL of a picture that is worth showing."""
    return _INLINE.match(url) is not None


def identity(url: str) -> str:
    """What two addresses of one picture have in common: all but the query of a file, which holds size and crop."""
    try:
        is_file = urlsplit(url).path.lower().endswith(_SUFFIXES)
    except ValueError:
        is_file = False
    return url.split("?")[0] if is_file else url


def _addresses(attributes: Mapping[str, str]) -> Iterator[str]:
    inline = None
    for name in (*LAZY_SOURCES, "src"):
        if url := attributes.get(name, "").strip():
            if _WEB.match(url):
                yield url
            elif name == "src" and is_inline(url):
                inline = url
    for name in SOURCE_SETS:
        tokens = (token.strip(",") for token in attributes.get(name, "").split())
        yield from (t for t in tokens if _WEB.match(t) and not _DESCRIPTOR.fullmatch(t))
    if inline:
        yield inline
