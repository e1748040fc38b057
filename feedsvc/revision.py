"""Tells a new revision of an entry from noise: what a reader would not call a change. Pure.

White space, counters ("1,024 views"), advertisements, and the changing parts of addresses (sizes of pictures,
campaign and cache parameters) are no changes. Words, links, pictures, headings and emphasis are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from lxml.html import HtmlElement

from feedsvc import languages, markup
from feedsvc.model import Entry

#: parameters of addresses that say who led here, or keep caches from answering
_NOISY_PARAMETER = re.compile(
    r"utm_\w+|mc_[ce]id|[fgy]clid|dclid|msclkid|igshid|spm|_ga|_|t|ts|time|timestamp|rnd|rand|random|cb|nocache"
    r"|cachebust\w*|cache_?buster|sess(?:ion)?_?id|phpsessid|jsessionid|sid",
    re.IGNORECASE,
)
_AD_HOST = re.compile(
    r"(?:^|\.)(?:doubleclick\.net|googlesyndication\.com|googleadservices\.com|adservice\.google\.\w+"
    r"|amazon-adsystem\.com|taboola\.com|outbrain\.com|criteo\.(?:com|net)|adnxs\.com|pubmatic\.com"
    r"|feedsportal\.com|pheedo\.com|cpro\.baidu\.com|pos\.baidu\.com|tanx\.com)$",
    re.IGNORECASE,
)
_NUMBER = r"\d[\d.,\u202f\u00a0 ]*\s*(?:[kKmM]\b|[万萬亿億千])?\+?"
_COUNTED = (
    r"views?|reads?|comments?|repl(?:y|ies)|likes?|shares?|votes?|points?|claps?|downloads?|plays?|clicks?|hits?"
    r"|(?:seconds?|minutes?|mins?|hours?|days?|weeks?|months?|years?)\s+ago"
    r"|次阅读|次浏览|次播放|人阅读|人浏览|阅读量?|浏览量?|点击量?|播放量?|点赞|评论|回复|转发|收藏|人气"
    r"|閱讀|瀏覽|點擊|觀看次數|則留言|讚|分享|回覆|留言"
    r"|(?:秒|分钟|分鐘|小时|小時|天|周|個月|个月|年)前"
)
#: a whole line that counts something, the number before or behind; perhaps several such, with marks between
_COUNTER = re.compile(
    rf"(?:[\W_]*(?:(?:{_NUMBER})\s*(?:{_COUNTED})|(?:{_COUNTED})\s*[:：(（]?\s*(?:{_NUMBER})\s*[)）]?(?:次|人)?))+[\W_]*",
    re.IGNORECASE,
)
_AD_LABEL = re.compile(
    r"\W*(?:advertisements?|sponsored(?: content)?|ads? by .{1,40}|广告|廣告|赞助内容|推广|реклама|anzeige|publicité|publicidad|広告)\W*",
    re.IGNORECASE,
)
#: longer lines are prose, whatever they count
_LINE = 80
_NOT_A_LINE = markup.BLOCK | markup.OPAQUE | markup.MEDIA


def is_same(one: Entry, other: Entry) -> bool:
    """Two revisions of an entry say the same to a reader; their dates do not matter."""
    if _undated(one) == _undated(other):
        return True
    return essence(one) == essence(other)


def _undated(entry: Entry) -> Entry:
    return replace(entry, published=None, updated=None)


def essence(entry: Entry) -> tuple[object, ...]:
    """What an entry says to a reader; equal for two revisions that say the same."""
    return (
        languages.collapse(entry.title),
        languages.collapse(entry.summary),
        _page(entry.link or ""),
        entry.language,
        entry.authors,
        tuple(sorted(entry.categories)),
        tuple((_file(e.url), e.mime_type) for e in entry.enclosures),
        _file(entry.image_url or ""),
        tuple(_parts(markup.parse(entry.body_html))),
    )


def _parts(element: HtmlElement) -> list[object]:
    """What a reader sees of a tree, in order, without its noise; nothing for what holds nothing."""
    if not isinstance(element.tag, str) or _is_noise(element):
        return []
    parts = list(_addresses(element))
    parts += _text(element.text, element)
    for child in element:
        parts += _parts(child)
        parts += _text(child.tail, element)
    return [element.tag, *parts, "end"] if parts else []


def _addresses(element: HtmlElement) -> Iterator[object]:
    for name, value in sorted(element.attrib.items()):
        if name in ("src", "poster"):
            yield name, _file(value)
        elif name == "href":
            yield name, _page(value)
        elif name not in ("width", "height", "rel"):
            yield name, value


def _text(value: str | None, element: HtmlElement) -> list[str]:
    text = (value or "") if element.tag in markup.OPAQUE else " ".join((value or "").split())
    return [text] if text else []


def _is_noise(element: HtmlElement) -> bool:
    address = element.get("href") or element.get("src")
    if address and _AD_HOST.search(_host(address)):
        return True
    if element.tag not in markup.BLOCK or any(e.tag in _NOT_A_LINE for e in element.iterdescendants()):
        return False
    line = markup.text(element)
    return len(line) <= _LINE and bool(_COUNTER.fullmatch(line) or _AD_LABEL.fullmatch(line))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _file(url: str) -> str:
    """The address of a picture or another file without its query, which holds size and crop."""
    return url.split("?")[0].split("#")[0]


def _page(url: str) -> str:
    """An address without the parameters that lead to nothing else."""
    base, mark, query = url.partition("?")
    if not mark:
        return url
    query, anchor, fragment = query.partition("#")
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if not _NOISY_PARAMETER.fullmatch(name)]
    return base + (f"?{urlencode(kept)}" if kept else "") + anchor + fragment
