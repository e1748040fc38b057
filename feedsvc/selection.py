"""Which articles stand in an output: the newest ones that it wants, those that several sources have only once."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from feedsvc.model import Article, Filters, OutputFeed
from feedsvc.publish.filters import refusal
from feedsvc.publish.twins import twins
from feedsvc.store import Key, Place, Store

#: of an output with filters the newest articles that are looked through, for each that it may hold
LOOK_BACK = 20
#: of an output of several sources the newest articles among which twins are looked for, for each that it may hold
_TWINS_AMONG = 4
_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What an output holds, newest first, and why it does not hold the others that were looked at."""

    articles: tuple[Article, ...]
    #: half sentences, by source and guid
    refused: Mapping[Key, str]
    twins: Mapping[Key, Article]
    #: marks of the articles that the filters are known to refuse
    known: tuple[str, ...] = ()


def select(
    output: OutputFeed, store: Store, target_language: str, *, known: Collection[str] = ()
) -> Selection:
    """Look through the newest articles of an output's sources.

    `known` are marks of articles that its filters are known to refuse: these need not be read.
    """
    wanted = output.max_entries * (_TWINS_AMONG if len(output.source_ids) > 1 else 1)
    if output.filters == Filters():
        fit = list(store.articles(output.source_ids, target_language, limit=wanted))
        return _without_twins(output, fit, {}, ())
    places = store.newest(output.source_ids, target_language, limit=output.max_entries * LOOK_BACK)
    again = {place for place in places if mark(place.key) in known}
    fit, refused = [], {}
    for article in _read([p for p in places if p not in again], store, target_language):
        if why := refusal(output.filters, article):
            refused[article.entry.source_id, article.entry.guid] = why
        else:
            fit.append(article)
        if len(fit) == wanted:
            break
    marks = sorted(mark(key) for key in (*refused, *(place.key for place in again)))
    return _without_twins(output, fit, refused, tuple(marks))


def mark(key: Key) -> str:
    """A short name of an entry."""
    return hashlib.sha256("\0".join(key).encode()).hexdigest()[:16]


def _read(places: list[Place], store: Store, target_language: str) -> Iterator[Article]:
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        found = store.articles_of([place.key for place in some], target_language)
        yield from (found[place.key] for place in some if place.key in found)


def _without_twins(
    output: OutputFeed, fit: list[Article], refused: Mapping[Key, str], known: tuple[str, ...]
) -> Selection:
    same = twins(fit) if len(output.source_ids) > 1 else {}
    once = [a for a in fit if (a.entry.source_id, a.entry.guid) not in same]
    return Selection(articles=tuple(once[: output.max_entries]), refused=refused, twins=same, known=known)
