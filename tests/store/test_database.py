from __future__ import annotations

import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from fakes import to_translate

from feedsvc.errors import StoreBusy, StoreError
from feedsvc.model import (
    Enclosure,
    Entry,
    FetchState,
    ParsedFeed,
    Passage,
    Pending,
    Segment,
    Translation,
    Verdict,
)
from feedsvc.store import Made, Saved, Store, Waiting
from feedsvc.store.looking import look
from feedsvc.store.said import EDIT_LIMIT, content_hash

MakeEntry = Callable[..., Entry]
HOUR = timedelta(hours=1)
HOLDER = """
import sys
from feedsvc.store import Store
with Store(sys.argv[1]) as store, store.exclusive():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'data' / 'db.sqlite'}"


@pytest.fixture
def on_disk(url: str) -> Iterator[Store]:
    with Store(url) as opened:
        yield opened


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


def test_an_entry_comes_back_as_it_was_saved(
    url: str, on_disk: Store, make_entry: MakeEntry, now: datetime
) -> None:
    full = make_entry(
        link="https://news.example/1",
        summary="摘要 & <b>",
        updated=datetime(2026, 11, 19, 9, 0, tzinfo=UTC),
        authors=("李明", "O'Neil"),
        categories=("国际",),
        enclosures=(Enclosure(url="https://news.example/1.mp3", mime_type="audio/mpeg", length_bytes=7),),
        image_url="https://news.example/1.jpg",
    )
    bare = Entry(source_id="news", guid="bare", title="")
    assert save(on_disk, full, bare, now=now) == Saved(new=2, changed=0)
    with Store(url) as again:
        found = {p.entry.guid: p for p in to_translate(again, ["news"], "en")}
    assert found[full.guid] == Pending(
        entry=full, content_hash=content_hash(full), changed_at=None, previous=None
    )
    assert found["bare"].entry == bare


def test_a_translation_comes_back_as_it_was_saved(
    url: str, on_disk: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(on_disk, make_entry(categories=("国际",)), now=now)
    translate_all(on_disk, now=now)
    with Store(url) as again:
        (article,) = again.articles(["news"], "en")
    assert article.translation == translation(make_entry(categories=("国际",)))


def test_unchanged_content_is_no_change(store: Store, make_entry: MakeEntry, now: datetime) -> None:
    save(store, make_entry(), now=now)
    assert save(store, make_entry(), now=now + HOUR) == Saved()
    assert to_translate(store, ["news"], "en")[0].changed_at is None


def test_new_dates_alone_are_no_change(store: Store, make_entry: MakeEntry, now: datetime) -> None:
    save(store, make_entry(), now=now)
    assert save(store, make_entry(published=now, updated=now), now=now + HOUR) == Saved()


@pytest.mark.parametrize(
    "change",
    [
        {"title": "新标题"},
        {"body_html": "<p>改了。</p>"},
        {"summary": "摘要"},
        {"link": "https://news.example/other"},
        {"language": "ja"},
        {"authors": ("李明",)},
        {"categories": ("国际",)},
        {"image_url": "https://news.example/1.jpg"},
        {"enclosures": (Enclosure(url="https://news.example/1.mp3", mime_type="audio/mpeg"),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_everything_a_reader_sees_counts_as_content(
    store: Store, make_entry: MakeEntry, now: datetime, change: dict[str, object]
) -> None:
    save(store, make_entry(), now=now)
    assert save(store, make_entry(**change), now=now + HOUR) == Saved(changed=1)
    assert to_translate(store, ["news"], "en")[0].entry == make_entry(**change)


def test_an_edit_moves_when_it_changed_but_neither_guid_nor_first_published(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    first = make_entry()
    save(store, first, now=now)
    save(store, replace(first, body_html="<p>改了。</p>", published=now), now=now + HOUR)
    translate_all(store, now=now + HOUR)
    (article,) = store.articles(["news"], "en")
    assert (article.entry.guid, article.published) == (first.guid, first.published)
    assert article.changed_at == article.updated == now + HOUR
    assert article.dated_at == first.published


def test_an_entry_without_a_date_is_published_when_it_was_first_seen(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(published=None), now=now)
    save(store, make_entry(published=None, title="改了"), now=now + HOUR)
    translate_all(store, now=now)
    (article,) = store.articles(["news"], "en")
    assert article.entry.published is None
    assert article.published == now


def test_a_page_that_differs_at_every_look_is_left_alone_in_the_end(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(), now=now)
    changes = [save(store, make_entry(title=f"标题{n}"), now=now).changed for n in range(EDIT_LIMIT + 3)]
    assert changes == [1] * EDIT_LIMIT + [0] * 3
    assert to_translate(store, ["news"], "en")[0].entry.title == f"标题{EDIT_LIMIT - 1}"


def test_an_edit_that_its_source_dates_is_taken_beyond_the_limit(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(), now=now)
    for n in range(EDIT_LIMIT):
        save(store, make_entry(title=f"标题{n}"), now=now)
    assert save(store, make_entry(title="注明", updated=now), now=now).changed == 1
    assert save(store, make_entry(title="又改", updated=now), now=now).changed == 1
    assert to_translate(store, ["news"], "en")[0].entry.title == "又改"


def test_the_same_guid_in_two_sources_is_two_entries(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(title="甲"), now=now)
    other = make_entry(source_id="other", title="乙")
    assert store.save_feed("other", ParsedFeed(entries=(other,)), FetchState(), now=now).new == 1
    assert [p.entry.title for p in to_translate(store, ["news"], "en")] == ["甲"]
    assert [p.entry.title for p in to_translate(store, ["other"], "en")] == ["乙"]


def test_a_pruned_entry_does_not_come_back(store: Store, make_entry: MakeEntry, now: datetime) -> None:
    entries = [make_entry(guid=str(n), published=now - n * HOUR) for n in range(4)]
    save(store, *entries, now=now)
    translate_all(store, now=now)
    assert store.prune("news", keep=2, now=now) == 2
    assert published(store) == ["0", "1"]
    assert save(store, *entries, now=now + HOUR) == Saved()
    assert published(store) == ["0", "1"]
    assert waiting(store) == []


def test_pruning_touches_no_other_source_and_happens_once(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(guid="1"), make_entry(guid="2"), now=now)
    other = make_entry(source_id="other")
    store.save_feed("other", ParsedFeed(entries=(other,)), FetchState(), now=now)
    assert store.prune("news", keep=1, now=now) == 1
    assert store.prune("news", keep=1, now=now) == 0
    assert store.counts("en") == {
        "news": {"entries": 1, "pending": 1},
        "other": {"entries": 1, "pending": 1},
    }


def test_validators_are_saved_with_the_feed(url: str, on_disk: Store, now: datetime) -> None:
    state = FetchState(
        etag='W/"1"',
        last_modified="Fri, 20 Nov 2026 12:00:00 GMT",
        checked_at=now,
        succeeded_at=now - HOUR,
        next_check_at=now + HOUR,
        failures=2,
        problems=("第一。", 'the "second"'),
        title="通讯社",
        link="https://news.example/",
    )
    on_disk.save_feed("news", ParsedFeed(entries=()), state, now=now)
    with Store(url) as again:
        assert again.state("news") == replace(state, added_at=now)


def test_a_feed_that_cannot_be_saved_leaves_no_validators(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    broken = (make_entry(guid="good"), make_entry(guid="twice"), make_entry(guid="twice"))
    with pytest.raises(StoreError):
        store.save_feed("news", ParsedFeed(entries=broken), FetchState(etag='"1"'), now=now)
    assert store.state("news") == FetchState()
    assert waiting(store) == []


def test_a_source_that_was_never_read_has_a_blank_state(store: Store) -> None:
    assert store.state("nobody") == FetchState()


def test_when_a_source_was_added_is_remembered_from_its_first_state(store: Store, now: datetime) -> None:
    store.save_feeds([("news", None, FetchState(failures=1))], now=now)
    store.save_feeds([("news", None, replace(store.state("news"), failures=2))], now=now + HOUR)
    assert store.state("news").added_at == now
    assert store.state("news").failures == 2


def test_what_waits_is_given_newest_first(store: Store, make_entry: MakeEntry, now: datetime) -> None:
    save(
        store,
        make_entry(guid="old", published=now - 2 * HOUR),
        make_entry(guid="new", published=now - timedelta(minutes=10)),
        make_entry(guid="middle", published=now - HOUR),
        now=now,
    )
    save(store, make_entry(guid="undated", published=None), now=now + HOUR)
    save(store, make_entry(guid="newest", published=now + HOUR + timedelta(1)), now=now + 2 * HOUR)
    assert waiting(store) == ["newest", "undated", "new", "middle", "old"]
    translate_all(store, now=now + 2 * HOUR)
    assert published(store) == ["newest", "undated", "new", "middle", "old"]


def test_entries_without_a_date_keep_their_order_and_have_dates_of_their_own(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    guids = ["b", "c", "a"]
    save(store, *(make_entry(guid=guid, published=None) for guid in guids), now=now)
    translate_all(store, now=now)
    articles = list(store.articles(["news"], "en"))
    assert [a.entry.guid for a in articles] == guids
    assert [a.published for a in articles] == [now - timedelta(seconds=n) for n in range(3)]
    assert len({a.updated for a in articles}) == 3


def test_a_date_to_come_is_the_one_when_an_entry_was_seen(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    late = now + timedelta(days=365)
    save(store, make_entry(published=late, updated=late + HOUR), now=now)
    translate_all(store, now=now)
    (article,) = store.articles(["news"], "en")
    assert (article.dated_at, article.published, article.updated) == (now, now, now)
    save(store, make_entry(title="Changed", published=late, updated=late), now=now + HOUR)
    translate_all(store, now=now + HOUR)
    (article,) = store.articles(["news"], "en")
    assert (article.published, article.updated) == (now, now + HOUR)


def test_a_clock_that_must_be_wrong_takes_no_date_from_an_entry(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(published=now, updated=now + HOUR), now=datetime(1970, 1, 1, tzinfo=UTC))
    translate_all(store, now=now)
    (article,) = store.articles(["news"], "en")
    assert (article.published, article.updated.year) == (now, now.year)


def test_what_is_translated_waits_no_more_unless_asked_for_again(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(), now=now)
    translate_all(store, now=now)
    assert waiting(store) == []
    (again,) = to_translate(store, ["news"], "en", again=True)
    assert again.previous == translation(make_entry())


def test_each_target_language_waits_on_its_own(store: Store, make_entry: MakeEntry, now: datetime) -> None:
    save(store, make_entry(), now=now)
    translate_all(store, now=now)
    (pending,) = to_translate(store, ["news"], "de")
    assert pending.previous is None
    assert list(store.articles(["news"], "de")) == []


def test_an_edited_entry_waits_again_and_is_shown_as_it_was_translated(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    old = make_entry()
    save(store, old, now=now)
    translate_all(store, now=now)
    save(store, make_entry(title="改了"), now=now + HOUR)
    (pending,) = to_translate(store, ["news"], "en")
    assert pending.entry.title == "改了"
    assert pending.changed_at == now + HOUR
    assert pending.previous == translation(old)
    (article,) = store.articles(["news"], "en")
    assert article.entry == old
    assert article.translation == translation(old)
    assert article.changed_at is None


def test_a_translation_of_an_older_revision_leaves_the_entry_waiting(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(), now=now)
    (before,) = to_translate(store, ["news"], "en")
    save(store, make_entry(title="改了"), now=now + HOUR)
    store.save_group([(before, translation(before.entry))], {}, now=now + HOUR)
    assert [p.entry.title for p in to_translate(store, ["news"], "en")] == ["改了"]
    (article,) = store.articles(["news"], "en")
    assert article.entry.title == "标题"


def test_a_new_translation_takes_the_place_of_the_old(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(), now=now)
    translate_all(store, now=now, text="Before")
    save(store, make_entry(title="改了"), now=now + HOUR)
    translate_all(store, now=now + HOUR, text="After")
    (article,) = store.articles(["news"], "en")
    assert article.translation == translation(make_entry(title="改了"), "After")
    assert article.changed_at == now + HOUR


def test_a_group_is_saved_as_a_whole_or_not_at_all(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(), now=now)
    (pending,) = to_translate(store, ["news"], "en")

    def fails() -> Iterator[tuple[Pending, Translation]]:
        yield pending, translation(pending.entry)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.save_group(fails(), {"key": "target"}, now=now)
    assert waiting(store) == [pending.entry.guid]
    assert store.recall(["key"], now=now) == {}


def test_an_entry_is_held_back_until_it_is_translated_or_overdue(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(), now=now)
    store.release_overdue("en", publish_after=6 * HOUR, now=now + 6 * HOUR - timedelta(seconds=1))
    assert published(store) == []
    store.release_overdue("en", publish_after=6 * HOUR, now=now + 6 * HOUR)
    (article,) = store.articles(["news"], "en")
    assert (article.entry, article.translation) == (make_entry(), None)
    assert waiting(store) == [article.entry.guid]


def test_an_overdue_entry_is_replaced_by_its_translation(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(), now=now)
    store.release_overdue("en", publish_after=timedelta(0), now=now)
    translate_all(store, now=now)
    (article,) = store.articles(["news"], "en")
    assert article.translation is not None


def test_an_overdue_entry_that_is_edited_is_shown_in_its_new_revision(
    store: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(store, make_entry(), now=now)
    store.release_overdue("en", publish_after=timedelta(0), now=now)
    save(store, make_entry(title="改了"), now=now + HOUR)
    (article,) = store.articles(["news"], "en")
    assert (article.entry.title, article.changed_at) == ("改了", now + HOUR)


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


def test_counts_tell_what_waits_of_each_source(store: Store, make_entry: MakeEntry, now: datetime) -> None:
    assert store.counts("en") == {}
    save(store, make_entry(guid="1"), make_entry(guid="2"), make_entry(guid="3"), now=now)
    first = to_translate(store, ["news"], "en")[:2]
    store.save_group([(p, translation(p.entry)) for p in first], {}, now=now)
    assert store.counts("en") == {"news": {"entries": 3, "pending": 1}}
    save(store, make_entry(guid="1", title="改了"), now=now)
    assert store.counts("en") == {"news": {"entries": 3, "pending": 2}}
    assert store.counts("de") == {"news": {"entries": 3, "pending": 3}}


def test_times_come_back_in_utc_whatever_their_zone(store: Store, now: datetime) -> None:
    beijing = now.astimezone(timezone(timedelta(hours=8)))
    store.save_feeds([("news", None, FetchState(checked_at=beijing))], now=now)
    checked_at = store.state("news").checked_at
    assert checked_at == now
    assert checked_at is not None and checked_at.tzinfo is UTC


def test_times_without_a_zone_are_refused(store: Store, make_entry: MakeEntry, now: datetime) -> None:
    naive = now.replace(tzinfo=None)
    with pytest.raises(StoreError, match="naive datetime"):
        save(store, make_entry(published=naive), now=now)
    with pytest.raises(StoreError, match="naive datetime"):
        store.save_feeds([("news", None, FetchState(checked_at=naive))], now=now)
    assert store.state("news") == FetchState()


def test_a_second_process_is_refused_and_the_lock_dies_with_the_first(url: str, on_disk: Store) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreBusy, match=f"another refresh is running .process {holder.pid}."):
            on_disk.exclusive().__enter__()
        holder.kill()
        holder.wait()
        with on_disk.exclusive():
            pass


def test_the_lock_is_given_up_when_a_refresh_fails(on_disk: Store) -> None:
    with pytest.raises(RuntimeError), on_disk.exclusive():
        raise RuntimeError
    with on_disk.exclusive(), pytest.raises(StoreBusy):
        on_disk.exclusive().__enter__()


def test_a_database_in_memory_needs_no_lock(store: Store) -> None:
    with store.exclusive(), store.exclusive():
        assert waiting(store) == []


def test_reading_goes_on_while_another_process_refreshes(
    url: str, on_disk: Store, make_entry: MakeEntry, now: datetime
) -> None:
    with on_disk.exclusive(), Store(url) as reader:
        save(on_disk, make_entry(), now=now)
        assert waiting(reader) == [make_entry().guid]


def test_a_database_on_disk_is_in_wal_mode(tmp_path: Path, on_disk: Store) -> None:
    connection = sqlite3.connect(tmp_path / "data" / "db.sqlite")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/data: cannot make the folder: Not a directory"):
        Store(f"sqlite:///{tmp_path / 'file' / 'data' / 'db.sqlite'}")


@pytest.mark.parametrize("content", [None, b"not a database, but long enough to be one " * 100])
def test_what_is_no_database_is_named_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "db.sqlite"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        Store(f"sqlite:///{path}")
    reason = "unable to open database file" if content is None else "file is not a database; put a backup in"
    assert str(caught.value).startswith(f"sqlite:///{path}: {reason}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "nodatabase://host/db",
        "postgresql://me:s@secret:secret@host/db",
        "postgresql://me:secret@host:port/db",
        "postgresql+nothing://me:secret@host/db",
    ],
)
def test_an_address_that_leads_nowhere_is_one_line_too_without_its_password(url: str) -> None:
    for opens in (Store, look):
        with pytest.raises(StoreError) as caught:
            opens(url)
        assert "\n" not in str(caught.value)
        assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_a_lock_that_cannot_be_opened_is_named(tmp_path: Path, on_disk: Store) -> None:
    (tmp_path / "data" / "db.sqlite.lock").mkdir()
    with pytest.raises(StoreError, match=r"db\.sqlite\.lock: cannot be opened: Is a directory"):
        on_disk.exclusive().__enter__()


def test_a_row_that_cannot_be_read_is_one_line_too(
    tmp_path: Path, on_disk: Store, make_entry: MakeEntry, now: datetime
) -> None:
    save(on_disk, make_entry(), now=now)
    with sqlite3.connect(tmp_path / "data" / "db.sqlite") as connection:
        connection.execute("UPDATE entries SET data = '{}'")
    connection.close()
    with pytest.raises(StoreError) as caught:
        to_translate(on_disk, ["news"], "en")
    assert "\n" not in str(caught.value)


def test_a_database_that_fails_later_is_named_too(tmp_path: Path, on_disk: Store, now: datetime) -> None:
    connection = sqlite3.connect(tmp_path / "data" / "db.sqlite")
    connection.execute("DROP TABLE memory")
    connection.close()
    with pytest.raises(StoreError, match=r"db\.sqlite: no such table: memory$"):
        on_disk.recall(["key"], now=now)
