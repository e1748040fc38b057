"""What stands on a page beside the article: menus, share buttons, lists of other articles, advertisements.

Judges single elements; what is said of an element's text by the finder of the article comes from `extract`.
"""

from __future__ import annotations

import re

from lxml.html import HtmlElement

#: controls and what a reader never sees
UNSEEN = frozenset(
    (
        "base button dialog fieldset form input label link menu meta nav noscript select svg textarea title"
    ).split()
)
_WORDS = frozenset(
    (
        "ad ads adbox adslot adsense advert advertisement advertising advertorial affiliate author "
        "authorbox avatar banner breadcrumb breadcrumbs comments commentlist consent cookie cookies "
        "copyright disqus donate donation follow footer gdpr login mailchimp masthead modal mostread nav "
        "navbar navigation newsletter outbrain pager pagination paywall popup postmeta promo promoted "
        "promotion readmore recirc recirculation recommend recommendation recommendations recommended "
        "related relatedarticles relatedposts sharebar sharedaddy share shares sharing sidebar signup "
        "social sponsor sponsored subscribe subscription taboola tag tags taglist toolbar trending "
        "upnext fenxiang guanggao tuijian xiangguan pinglun bianji zerenbianji erweima qrcode"
    ).split()
)
_PHRASES = re.compile(
    r"(?:^|[\s_-])(?:(?:entry|post|article)[_-]?(?:meta|info|footer|tags|date|author)|"
    r"(?:read|more|also)[_-](?:more|also|from|on|news|stories|articles|like)|most[_-](?:read|popular|viewed)|"
    r"you[_-]may|next[_-](?:post|article)|(?:post|nav)[_-]links?|jp-|sr-only|visually-?hidden|screen-reader)",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:(?:entry|post|article)[_-]?(?:meta|info|date|author|time)|byline|dateline|timestamp|zrbj|bianji)",
    re.IGNORECASE,
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
#: of names, where one word ends and the next begins
_BETWEEN = re.compile(r"[^a-zA-Z0-9]+|(?<=[a-z])(?=[A-Z])")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SMALL_PICTURE = re.compile(
    r"(?:^|[/_.-])(?:logo|icon|avatar|emoji|sprite|badge|qr-?code|flag)s?[/_.-]", re.IGNORECASE
)
_TRACKER = re.compile(
    r"^(?:https?:)?//[^/]*(?:doubleclick|googletagmanager|googlesyndication|google-analytics|adservice|"
    r"facebook\.com/(?:plugins|tr)|scorecardresearch|amazon-adsystem|platform\.twitter\.com/widgets/(?:follow|tweet_button))",
    re.IGNORECASE,
)
#: texts that stand alone between those of the article and mean nothing to its reader
_NOTE = re.compile(
    r"(?:advertisement|advertising|sponsored(?: content)?|share(?: this)?(?: article| story| post)?|"
    r"(?:article|story) continues (?:below|after)[^.]{0,40}|continue reading below|skip (?:advertisement|promotion)|"
    r"anzeige|werbung|teilen|publicité|partager|publicidad|compartir|publicidade|pubblicità|реклама|поделиться|"
    r"广告|廣告|分享(?:到|至|这篇文章)?|[（(【\[]?(?:责任编辑|責任編輯|责编)\s?[:：][^。]{0,20}|広告|광고)\s*[:：…]*",
    re.IGNORECASE,
)
#: texts that announce other articles, if links follow
_LABEL = (
    r"(?:related(?: \w+){0,2}|(?:read|see|watch|learn) (?:more|also|next)|more (?:on|from|about|stories|news)(?: \w+){0,4}|"
    r"most (?:read|popular|viewed)|you (?:may|might)(?: also| be)[^.!?]{0,40}|recommended(?: \w+){0,3}|keep reading|"
    r"mehr (?:zum|aus|von|über)(?: \w+){0,3}|(?:lesen sie|auch) (?:auch|interessant)|verwandte artikel|"
    r"(?:lire|à lire|voir) (?:aussi|également)|sur le même (?:sujet|thème)|articles? liés?|"
    r"(?:lea|lee|leer|ver) (?:también|más)|te puede interesar|noticias relacionadas|más sobre(?: \w+){0,3}|"
    r"leia também|leggi anche|читайте также|по теме|"
    r"(?:相关|相關|延伸|推荐|推薦|更多|热门|熱門|猜你喜欢)(?:阅读|閱讀|新闻|新聞|文章|报道|報道|报导|報導|链接|連結|内容|內容)?|"
    r"関連(?:記事|ニュース)|あわせて読みたい|おすすめ記事|관련\s?기사)"
)
_ONLY_LABEL = re.compile(rf"{_LABEL}\s*[:：…]*", re.IGNORECASE)
_FIRST_LABEL = re.compile(rf"\W*{_LABEL}\s*[:：|]", re.IGNORECASE)
LABEL_LENGTH = 80


def is_note(text: str) -> bool:
    """A text such as “Advertisement”."""
    return len(text) <= LABEL_LENGTH and _NOTE.fullmatch(text) is not None


def is_label(text: str) -> bool:
    """A text such as “Related articles”."""
    return len(text) <= LABEL_LENGTH and _ONLY_LABEL.fullmatch(text) is not None


def begins_with_label(text: str) -> bool:
    """A text such as “Read also: …”."""
    return _FIRST_LABEL.match(text[:LABEL_LENGTH]) is not None


def is_byline(element: HtmlElement) -> bool:
    """Its class says that it holds the author, date and origin of the article, which an entry has already."""
    return _BYLINE.search(element.get("class", "")[:500]) is not None


def is_named_so(element: HtmlElement) -> bool:
    """Its class, id or role says that it is not the article."""
    # the id of a heading is often made of its text
    names = f"{element.get('class', '')} {'' if element.tag in _HEADINGS else element.get('id', '')}"[:500]
    if element.get("role") in ("navigation", "complementary", "banner", "contentinfo", "search", "dialog"):
        return True
    return bool(_PHRASES.search(names)) or any(w.lower() in _WORDS for w in _BETWEEN.split(names))


def is_hidden(element: HtmlElement) -> bool:
    """A browser does not show it."""
    return element.get("hidden") is not None or _HIDDEN.search(element.get("style", "")[:500]) is not None


def is_counter(element: HtmlElement) -> bool:
    """A picture or frame that only tells somebody that the page was opened."""
    return bool(_TRACKER.match(element.get("src", ""))) or _is_within(element, 2)


def is_ornament(element: HtmlElement) -> bool:
    """A picture that shows nothing of the article, where it may not be a part of it: a logo, a face beside a name."""
    source = element.get("src", "").split("?")[0]
    return is_counter(element) or _is_within(element, 96) or _SMALL_PICTURE.search(f" {source} ") is not None


def _is_within(element: HtmlElement, size: int) -> bool:
    stated = (element.get("width", ""), element.get("height", ""))
    return any(v.isdecimal() and int(v[:5]) <= size for v in stated)
