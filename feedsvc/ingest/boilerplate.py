"""What stands on a page beside the article: menus, share buttons, lists of other articles, advertisements.

Judges single elements; what is said of an element's text by the finder of the article comes from `extract`.
"""

from __future__ import annotations

import re

from lxml.html import HtmlElement

#: controls and what a reader never sees
UNSEEN = frozenset(
    (
        "base button dialog fieldset form input label link menu meta nav noscript object select svg textarea title"
    ).split()
)
_WORDS = frozenset(
    (
        "ad ads adbox adslot adsense advert advertisement advertising advertorial affiliate author authorbox avatar "
        "banner bio breadcrumb breadcrumbs byline comments commentlist consent cookie cookies copyright "
        "dateline disqus donate donation editor follow footer gdpr login mailchimp masthead metadata modal "
        "mostread nav navbar navigation newsletter outbrain pager pagination partner paywall piano popular popup "
        "postmeta print promo promoted promotion rating readmore recirc recirculation recommend "
        "recommendation recommendations recommended related relatedarticles relatedposts respond sharebar sharedaddy "
        "share shares sharing sidebar signup skip social sponsor sponsored subscribe subscription support taboola "
        "tag tags taglist timestamp toolbar trending upnext vote "
        "fenxiang guanggao tuijian xiangguan pinglun bianji zerenbianji erweima qrcode"
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
#: texts that stand alone above, or at the head of, what is not the article
_LABEL = (
    r"(?:advertisement|advertising|sponsored|ad|share(?: this)?(?: article| story| post)?|related(?: \w+){0,2}|"
    r"(?:read|see|watch|learn) (?:more|also|next)|more (?:on|from|about|stories|news)(?: \w+){0,4}|most (?:read|popular|viewed)|"
    r"(?:you (?:may|might)|recommended|continue reading below|story continues below|skip)\b[^.!?]{0,60}|keep reading|"
    r"anzeige|werbung|(?:mehr|lesen sie auch|auch interessant|verwandte artikel)(?: \w+){0,4}|teilen|"
    r"publicité|(?:lire|à lire|voir) aussi|sur le même (?:sujet|thème)|partager|articles? liés?|"
    r"publicidad|(?:lea|lee|leer|ver|te puede interesar|noticias relacionadas|más sobre)(?: \w+){0,3}|compartir|"
    r"leia também|publicidade|pubblicità|leggi anche|"
    r"реклама|читайте также|по теме|поделиться|"
    r"广告|廣告|推广|(?:相关|相關|延伸|推荐|推薦|更多|热门|熱門|猜你喜欢)(?:阅读|閱讀|新闻|新聞|文章|报道|報道|报导|報導|链接|連結|内容|內容)?|"
    r"分享(?:到|至|这篇文章)?|責任編輯[^。]{0,20}|责任编辑[^。]{0,20}|[（(【\[]?(?:责任编辑|責任編輯|编辑|編輯)[:：][^。]{0,20}|"
    r"広告|関連(?:記事|ニュース)|あわせて読みたい|おすすめ記事|광고|관련\s?기사)"
)
_ONLY_LABEL = re.compile(rf"{_LABEL}\s*[:：…]*", re.IGNORECASE)
_FIRST_LABEL = re.compile(rf"\W*{_LABEL}\s*[:：|]", re.IGNORECASE)
LABEL_LENGTH = 80


def is_label(text: str) -> bool:
    """A text that only announces what is not the article."""
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


def is_ornament(element: HtmlElement) -> bool:
    """A picture or frame that shows nothing of the article: a logo, a face beside a name, a counter."""
    source = element.get("src", "")
    sizes = [v for v in (element.get("width", ""), element.get("height", "")) if v.isdecimal()]
    if element.tag == "iframe":
        return bool(_TRACKER.match(source)) or any(int(v[:5]) <= 1 for v in sizes)
    return any(int(v[:5]) <= 48 for v in sizes) or bool(
        _SMALL_PICTURE.search(f" {source.split('?')[0]} ") or _TRACKER.match(source)
    )
