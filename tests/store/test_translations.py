"""What waits for its translation, and what is published of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from fakes import to_translate
from saved import HOUR, MakeEntry, published, save, translate_all, translation, waiting

from feedsvc.model import (
    Pending,
    Translation,
)
from feedsvc.store import Store


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
