"""What translations were made with, and what the memory of sentences holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fakes import to_translate
from saved import HOUR, MakeEntry, save, translate_all, translation

from feedsvc.model import (
    FetchState,
    ParsedFeed,
)
from feedsvc.store import Made, Store, Waiting
from feedsvc.store.said import content_hash


def test_only_what_was_learnt_is_recalled(store: Store, now: datetime) -> None:
    store.save_group([], {"a": "A", "b": "B"}, now=now)
    assert store.recall(["a", "c"], now=now) == {"a": "A"}
    store.save_group([], {"a": "better"}, now=now)
    assert store.recall(["a", "b"], now=now) == {"a": "better", "b": "B"}


def test_the_memory_takes_more_keys_than_one_statement_can(store: Store, now: datetime) -> None:
    learnt = {f"key {n}": f"target {n}" for n in range(1203)}
    store.save_group([], learnt, now=now)
    assert store.recall(learnt, now=now) == learnt
    assert store.recall([], now=now) == {}


def test_what_is_remembered_is_recalled_without_any_entry(store: Store, now: datetime) -> None:
    store.remember({"a": "A", "b": "B"}, now=now)
    store.remember({"a": "better"}, now=now)
    store.remember({}, now=now)
    assert store.recall(["a", "b", "c"], now=now) == {"a": "better", "b": "B"}


def translate_with(
    store: Store, engine: str, glossary: str = "", *, guids: str, now: datetime, source_id: str = "news"
) -> None:
    made = [
        (p, translation(p.entry, engine=engine, glossary=glossary))
        for p in to_translate(store, [source_id], "en", again=True)
        if p.entry.guid in guids
    ]
    store.save_group(made, {}, now=now)


def test_what_translations_were_made_with_is_told_once_each(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, *(make_entry(guid=guid) for guid in "abcde"), now=now)
    other = ParsedFeed(entries=(make_entry(source_id="other", language="ja"),))
    store.save_feed("other", other, FetchState(), now=now)
    translate_with(store, "e 1", guids="ab", now=now)
    translate_with(store, "e 1", "terms", guids="c", now=now)
    translate_with(store, "e 2", "terms", guids="d", now=now)
    assert store.made(["news"], "en") == [
        Made("news", "zh", "e 1", ""),
        Made("news", "zh", "e 1", "terms"),
        Made("news", "zh", "e 2", "terms"),
    ]
    translate_with(store, "e 2", "terms", guids="abc", now=now)
    assert store.made(["other", "news"], "en") == [Made("news", "zh", "e 2", "terms")]
    store.save_group([(p, translation(p.entry)) for p in to_translate(store, ["other"], "en")], {}, now=now)
    assert store.made(["other"], "en") == [Made("other", "ja", "fake", "")]
    assert store.made(["news"], "de") == store.made([], "en") == []


def test_an_entry_whose_language_nobody_knows_was_translated_from_none(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(language=None), now=now)
    translate_all(store, now=now)
    assert store.made(["news"], "en") == [Made("news", "", "fake", "")]


def old(store: Store, *made: Made, **newest: int) -> list[str]:
    return [w.guid for w in store.made_with(made, "en", newest=newest)]


def test_what_was_made_with_something_is_given_newest_first(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, *(make_entry(guid=guid, published=now - n * HOUR) for n, guid in enumerate("dbace")), now=now)
    translate_with(store, "e 1", guids="abd", now=now)
    translate_with(store, "e 2", guids="c", now=now)
    first, second = Made("news", "zh", "e 1", ""), Made("news", "zh", "e 2", "")
    assert old(store, first, news=9) == ["d", "b", "a"]
    assert old(store, second, first, news=9) == ["d", "b", "a", "c"]
    assert old(store, replace(first, glossary="terms"), news=9) == []
    assert old(store, replace(first, language="ja"), news=9) == []
    assert old(store, replace(first, source_id="other"), news=9, other=9) == []
    assert old(store, news=9) == []


def test_only_the_newest_entries_of_a_source_count(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    """Also those count that were made with something else, or are not translated: they stand in the feeds too."""
    save(store, *(make_entry(guid=guid, published=now - n * HOUR) for n, guid in enumerate("abcd")), now=now)
    others = [make_entry(source_id="other", guid=guid, published=now) for guid in "xy"]
    store.save_feed("other", ParsedFeed(entries=tuple(others)), FetchState(), now=now)
    translate_with(store, "e 2", guids="a", now=now)
    translate_with(store, "e 1", guids="bcd", now=now)
    translate_with(store, "e 1", guids="xy", source_id="other", now=now)
    news, other = Made("news", "zh", "e 1", ""), Made("other", "zh", "e 1", "")
    assert old(store, news, news=3) == ["b", "c"]
    assert old(store, news, news=1) == old(store, news) == []
    assert old(store, news, other, news=2, other=1) == ["x", "b"]


def test_an_entry_that_waits_for_its_first_or_next_translation_is_not_old(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(guid="a"), make_entry(guid="b"), make_entry(guid="c"), now=now)
    translate_with(store, "e 1", guids="ab", now=now)
    save(store, make_entry(guid="a", title="改了"), now=now + HOUR)
    (found,) = store.made_with([Made("news", "zh", "e 1", "")], "en", newest={"news": 9})
    assert found == Waiting("news", "b", content_hash(make_entry(guid="b")), "zh")
    (pending,) = store.pending_of([found.key], "en")
    assert pending.previous == translation(make_entry(guid="b"), engine="e 1")


def test_what_is_made_again_keeps_its_dates(store: Store, make_entry: MakeEntry, now: datetime) -> None:
    save(store, make_entry(), now=now)
    save(store, make_entry(title="改了"), now=now + HOUR)
    translate_all(store, now=now + HOUR)
    (before,) = store.articles(["news"], "en")
    old = store.made_with(store.made(["news"], "en"), "en", newest={"news": 1})
    again = store.pending_of([waiting.key for waiting in old], "en")
    store.save_group(
        [(p, translation(p.entry, "Better", engine="e 2")) for p in again], {}, now=now + 2 * HOUR
    )
    (after,) = store.articles(["news"], "en")
    assert after.translation and after.translation.title.text == "Better"
    assert (after.published, after.updated) == (before.published, before.updated)
