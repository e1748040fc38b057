"""Recognises pages that stand where an article should: walls to pay, consent or log in at, errors, empty shells."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from feedsvc.ingest.sanitize import text_of
from feedsvc.ingest.webpage import WebPage

#: below this, in letters of an alphabet, a text may be all that a wall lets through
SHORT = 1500
#: below this there is no article; the shortest news are longer
_NOTHING = 40
#: an ideograph says as much as some letters
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
_WEIGHT = 3
#: of a page that is looked at for what a wall says
_LOOKED_AT = 300_000

_NOT_FREE = re.compile(
    r'"isAccessibleForFree"\s*:\s*"?(?:false|no)\b|itemprop="isAccessibleForFree"[^>]{0,40}false', re.I
)
_CONSENT_PLACE = re.compile(
    r"^(?:consent|cmp|guce|privacy|cookies?|zustimmung|myprivacy)\.|"
    r"/(?:consent|collectconsent|cookie-?wall|privacy-?gate|zustimmung)(?:/|\.\w+$|$)",
    re.IGNORECASE,
)
_LOGIN_PLACE = re.compile(
    r"/(?:log-?in|sign-?in|anmelden|connexion|accounts?/login|sso|oauth2?|auth)\b", re.IGNORECASE
)
_LOGIN_FIELD = re.compile(r"""<input\b[^>]{0,300}type\s*=\s*["']?password""", re.IGNORECASE)
_ERROR_TITLE = re.compile(
    r"\b(?:404|410)\b|\b(?:page|article|file|document|content|story) (?:was |is |could )?(?:not|no longer) (?:be )?(?:found|available|exist)|"
    r"^not found|^error\b|page (?:does ?n[o']t|does not) exist|"
    r"seite (?:wurde )?nicht gefunden|page (?:introuvable|non trouvée)|página no encontrada|pagina non trovata|"
    r"página não encontrada|страница не найдена|(?:页面|頁面|文章|网页|網頁|内容|內容)(?:不存在|未找到|找不到|已删除|已刪除|已下架)|"
    r"ページが見つかりません|페이지를 찾을 수 없습니다",
    re.IGNORECASE,
)
_ROBOT_CHECK = re.compile(
    r"just a moment\.\.\.|checking (?:your browser|if the site connection)|verify(?:ing)? (?:that )?you are (?:a )?human|"
    r"are you a robot|unusual traffic|attention required!|access denied|请完成(?:安全)?验证|安全验证|验证码",
    re.IGNORECASE,
)
_SCRIPT = re.compile(
    r"(?:enable|turn on|activate|requires?|needs?|without) (?:java ?script)|java ?script (?:is |must be |has been )?(?:disabled|required|enabled|not)|"
    r"(?:bitte )?(?:aktivieren sie )?java ?script (?:zu )?aktivier|activer java ?script|activez java ?script|"
    r"(?:habilite|active) java ?script|включите java ?script|(?:启用|開啟|开启|啟用|打开) ?java ?script|java ?scriptを有効",
    re.IGNORECASE,
)
_PAY = re.compile(
    r"(?:subscribe|sign up|register|log in|join)(?: now| today)? (?:to|and) (?:continue|keep reading|unlock|read (?:the full|the whole|the rest|this|more of))|"
    r"(?:this|the full|the whole) (?:article|content|story|post) is (?:only |reserved |exclusively )?(?:for|available to)(?: \w+)? (?:subscribers|members)|"
    r"(?:subscribers|members)[- ]only (?:article|content|story|post)|to (?:continue reading|read the (?:full|whole|rest of))\b[^.]{0,40}(?:subscri|account|member|log in)|"
    r"(?:weiterlesen mit|nur für abonnent|jetzt abonnieren|für abonnenten|mit .{1,30}abo weiterlesen|exklusiv für abonnent|abonnieren um weiter)|"
    r"(?:réservé|reservé)e?s? (?:aux|à nos) abonnés|abonnez-vous pour|il vous reste .{1,20} à lire|déjà abonné|"
    r"suscríbete para|solo para suscriptores|exclusivo para suscriptores|para seguir leyendo|"
    r"(?:riservato agli abbonati|abbonati per (?:continuare|leggere))|exclusivo para assinantes|assine para|"
    r"(?:доступно|только) (?:по подписке|для подписчиков)|оформите подписку|"
    r"(?:订阅|訂閱|登录|登入|登錄|付费|付費|开通会员|加入會員|購買|购买)(?:后|後|以|即可)?(?:可)?(?:继续|繼續|解锁|解鎖)?(?:阅读|閱讀|查看|收看)(?:全文|更多|完整)?|"
    r"(?:剩余|剩餘|本文|此文|全文)[^。]{0,12}(?:付费|付費|订阅|訂閱|会员|會員)|"
    r"会員限定|有料会員|続きを読むには|유료회원|구독하고",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"cookies?\b|\bconsent|\bpartners?\b|personal data|your privacy|accept all|reject all|"
    r"einwilligung|zustimm|datenschutz|personenbezogen|votre accord|consentement|partenaires|données personnelles|vie privée|"
    r"consentimiento|datos personales|privacidad|consenso|dati personali|隐私|隱私|同意|"
    r"プライバシー|согласие",
    re.IGNORECASE,
)
_CONSENT_SIGNS = 3
_CONSENT_BUTTON = re.compile(
    r"(?:accept|agree|reject|allow)(?: to)?(?: all)?\b|alle(?:s)? (?:akzeptieren|ablehnen)|zustimmen|(?:tout|j')\s?accepte|"
    r"continuer sans accepter|aceptar|rechazar|accett|rifiut|aceitar|принять|同意并|同意並|接受|同意する|동의",
    re.IGNORECASE,
)


def size(text: str) -> int:
    """How long a text is, in letters of an alphabet."""
    return len(text) + (_WEIGHT - 1) * len(_IDEOGRAPHS.findall(text))


def why_no_article(page: WebPage, asked_url: str, body_html: str, *, feed_size: int) -> str | None:
    """Why what was found on a page is not the article, one phrase; None if it is.

    `asked_url` led to the page, and the feed itself has `feed_size` of the article.
    """
    text = text_of(body_html)
    if place := _why_elsewhere(page.url, asked_url):
        return place
    if size(text) < SHORT:
        said = text_of(page.html[:_LOOKED_AT])
        if reason := _why_short(page, text, said):
            return reason
    if size(text) < _NOTHING and not re.search(r"<(?:img|video|audio)\b", body_html):
        return "no article could be found on the page"
    if 2 * size(text) < feed_size:
        return "the page shows less of it than the feed"
    return None


def _why_elsewhere(url: str, asked_url: str) -> str | None:
    """What the address that a request was redirected to tells."""
    final, asked = urlsplit(url), urlsplit(asked_url)
    if (final.netloc, final.path) == (asked.netloc, asked.path):
        return None
    if _CONSENT_PLACE.search(f"{final.netloc}{final.path}"):
        return f"the site asks for consent first (at {final.netloc})"
    if _LOGIN_PLACE.search(final.path) and not _LOGIN_PLACE.search(asked.path):
        return f"the site asks to log in first (at {final.netloc})"
    if final.path in ("", "/") and not final.query and asked.path not in ("", "/"):
        return "it leads to the front page of the site"
    return None


def _why_short(page: WebPage, text: str, said: str) -> str | None:
    """What a page with little text is; `text` was taken for the article, `said` is all that it says."""
    if _ROBOT_CHECK.search(page.title) or (size(said) < SHORT and _ROBOT_CHECK.search(said)):
        return "the site wants to be sure that a person asks"
    if _ERROR_TITLE.search(page.title):
        return f'the page is an error page ("{page.title[:60]}")'
    if len({m[0].casefold() for m in _CONSENT.finditer(text)}) >= _CONSENT_SIGNS and _CONSENT_BUTTON.search(
        said
    ):
        return "the site asks for consent first"
    if _NOT_FREE.search(page.html) or _PAY.search(said):
        return "only subscribers can read it whole"
    if size(text) < _NOTHING or size(said) < SHORT:
        if _LOGIN_FIELD.search(page.html):
            return "the site asks to log in first"
        if _SCRIPT.search(page.html[:_LOOKED_AT]) and size(text) < 10 * _NOTHING:
            return "the page shows nothing without JavaScript"
    return None
