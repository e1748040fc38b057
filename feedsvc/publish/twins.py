"""The same article from several sources: found by its address or a long title, and listed once. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from feedsvc.model import Article

#: between two articles with one title that are the same
_APART = timedelta(days=3)
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
#: a title that is this long does not come twice by chance
_MIN_HAN, _MIN_LETTERS = 12, 40
#: what tells a publisher where a reader came from
_TRACKING = re.compile(r"(utm_\w*|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|_ga)(=|$)", re.IGNORECASE)
_IRI = ("http://", "https://", "tag:", "urn:")
_Key = tuple[str, str]


def twins(articles: Sequence[Article]) -> dict[_Key, Article]:
    """For each article that another source had before: source and guid, and the one that stays in its place.

    The one that was seen first stays; of those seen at once, the one published first.
    """
    links = Counter((a.entry.source_id, link) for a in articles if (link := canonical(a.entry.link)))
    stay: defaultdict[str, list[Article]] = defaultdict(list)
    found: dict[_Key, Article] = {}
    for article in sorted(articles, key=_seniority):
        marks = [m for m in _marks(article) if links[article.entry.source_id, m] <= 1]
        twin = next((other for mark in marks for other in stay[mark] if _is_twin(mark, article, other)), None)
        if twin:
            found[article.entry.source_id, article.entry.guid] = twin
        else:
            for mark in marks:
                stay[mark].append(article)
    return found


def canonical(link: str | None) -> str | None:
    """What is the same of all the addresses of a page; None for none, and for a home page."""
    try:
        parts = urlsplit(link or "")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    path = parts.path.rstrip("/")
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _TRACKING.match(pair))
    if parts.scheme not in ("http", "https") or not host or not (path or query):
        return None
    place = host if port in (None, 80, 443) else f"{host}:{port}"
    return f"//{place}{path}?{query}" if query else f"//{place}{path}"


def _seniority(article: Article) -> tuple[object, ...]:
    entry = article.entry
    return article.first_seen_at or article.dated_at, article.dated_at, entry.source_id, entry.guid


def _marks(article: Article) -> Iterator[str]:
    """What two twins may have in common: the address, a guid that is one for the whole world, a long title."""
    if article.entry.guid.startswith(_IRI):
        yield f"//guid {article.entry.guid}"
    if link := canonical(article.entry.link):
        yield link
    title = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", article.entry.title).casefold()))
    han = len(_HAN.findall(title))
    if han >= _MIN_HAN or len(title) - han >= _MIN_LETTERS:
        yield title


def _is_twin(mark: str, article: Article, other: Article) -> bool:
    if article.entry.source_id == other.entry.source_id:
        return False
    return mark.startswith("//") or abs(article.published - other.published) <= _APART
