"""Entries of one source that are saved, translated and published, in the fewest words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from fakes import to_translate

from feedsvc.model import (
    Entry,
    FetchState,
    ParsedFeed,
    Passage,
    Segment,
    Translation,
    Verdict,
)
from feedsvc.store import Saved, Store

MakeEntry = Callable[..., Entry]
HOUR = timedelta(hours=1)


def save(store: Store, *entries: Entry, now: datetime) -> Saved:
    return store.save_feed("news", ParsedFeed(entries=entries), FetchState(), now=now)


def translation(entry: Entry, text: str = "English", engine: str = "fake", glossary: str = "") -> Translation:
    def passage(source: str) -> Passage:
        return Passage(text=text, segments=(Segment(source=source, target=text, verdict=Verdict.GOOD),))

    return Translation(
        entry=entry,
        target_language="en",
        engine=engine,
        glossary=glossary,
        title=passage(entry.title),
        summary=Passage(text="", segments=()),
        categories=tuple(map(passage, entry.categories)),
        blocks=(passage("第一段。"),),
        attributes=(),
    )


def translate_all(store: Store, *, now: datetime, text: str = "English") -> None:
    store.save_group(
        [(p, translation(p.entry, text)) for p in to_translate(store, ["news"], "en")], {}, now=now
    )


def waiting(store: Store) -> list[str]:
    return [p.entry.guid for p in to_translate(store, ["news"], "en")]


def published(store: Store) -> list[str]:
    return [a.entry.guid for a in store.articles(["news"], "en")]
