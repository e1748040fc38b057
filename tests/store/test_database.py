"""Entries, their dates and their identity, as the store keeps them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes import to_translate
from saved import HOUR, MakeEntry, published, save, translate_all, translation, waiting

from feedsvc.errors import StoreError
from feedsvc.model import (
    Enclosure,
    Entry,
    FetchState,
    ParsedFeed,
    Pending,
)
from feedsvc.store import Saved, Store
from feedsvc.store.said import EDIT_LIMIT, content_hash


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


def test_counts_tell_what_waits_of_each_source(store: Store, make_entry: MakeEntry, now: datetime) -> None:
    assert store.counts("en") == {}
    save(store, make_entry(guid="1"), make_entry(guid="2"), make_entry(guid="3"), now=now)
    first = to_translate(store, ["news"], "en")[:2]
    store.save_group([(p, translation(p.entry)) for p in first], {}, now=now)
    assert store.counts("en") == {"news": {"entries": 3, "pending": 1}}
    save(store, make_entry(guid="1", title="改了"), now=now)
    assert store.counts("en") == {"news": {"entries": 3, "pending": 2}}
    assert store.counts("de") == {"news": {"entries": 3, "pending": 3}}
