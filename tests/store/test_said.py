"""Identity across fetches, noise, and what is remembered of files and pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from postgres import Server

from feedsvc.model import Cadence, Entry, FetchState, KnownFile, Page, ParsedFeed, Source
from feedsvc.store import Saved, Store
from feedsvc.store.said import content_hash

MakeEntry = Callable[..., Entry]
Read = Callable[..., Saved]


@pytest.fixture
def read(store: Store, now: datetime) -> Read:
    """Saves what a feed holds."""

    def of(*entries: Entry, **more: object) -> Saved:
        feed = ParsedFeed(entries=entries, **more)  # type: ignore[arg-type]
        return store.save_feed("news", feed, FetchState(), now=now)

    return of


def guids(store: Store) -> set[str]:
    return {record.entry.guid for record in store.records("news", "en")}


def linked(make_entry: MakeEntry, guid: str, number: int = 1, **changes: object) -> Entry:
    return make_entry(
        **({"guid": guid, "link": f"https://news.example/{number}", "title": f"标题{number}"} | changes)
    )


def test_an_entry_that_gets_another_guid_at_each_look_stays_one_entry(
    store: Store, read: Read, make_entry: MakeEntry
) -> None:
    assert read(linked(make_entry, "a1"), linked(make_entry, "b1", 2)) == Saved(new=2)
    for look in "234":
        assert read(linked(make_entry, f"a{look}"), linked(make_entry, f"b{look}", 2)) == Saved()
    assert guids(store) == {"a1", "b1"}
    changed = linked(make_entry, "a5", body_html="<p>另一段。</p>")
    assert read(changed, linked(make_entry, "b5", 2)) == Saved(changed=1)
    assert guids(store) == {"a1", "b1"}


def test_an_entry_whose_guid_is_still_there_is_another_one(
    store: Store, read: Read, make_entry: MakeEntry
) -> None:
    read(linked(make_entry, "a1"))
    assert read(linked(make_entry, "a1"), linked(make_entry, "a2")) == Saved(new=1)
    assert guids(store) == {"a1", "a2"}


def test_an_entry_that_did_not_have_to_be_read_again_is_there_all_the_same(
    store: Store, read: Read, make_entry: MakeEntry
) -> None:
    read(linked(make_entry, "a1"))
    assert read(linked(make_entry, "a2"), present=(("a1", None), ("a2", None))) == Saved(new=1)
    assert guids(store) == {"a1", "a2"}


def test_entries_that_share_a_link_are_told_apart_by_their_guids(
    store: Store, read: Read, make_entry: MakeEntry
) -> None:
    """A changelog whose every entry leads to the same page and has the same title."""
    read(linked(make_entry, "v1"), linked(make_entry, "v2"))
    assert read(linked(make_entry, "v2"), linked(make_entry, "v3")) == Saved(new=1)
    assert read(linked(make_entry, "v4"), linked(make_entry, "v5")) == Saved(new=2)
    assert guids(store) == {"v1", "v2", "v3", "v4", "v5"}


def test_an_entry_with_another_title_or_no_link_is_another_one(
    store: Store, read: Read, make_entry: MakeEntry
) -> None:
    read(linked(make_entry, "a1"), linked(make_entry, "b1", link=None))
    assert read(linked(make_entry, "a2", title="别的"), linked(make_entry, "b2", link=None)) == Saved(new=2)
    assert guids(store) == {"a1", "a2", "b1", "b2"}


def test_an_entry_that_was_removed_for_good_does_not_come_back_with_another_guid(
    store: Store, read: Read, make_entry: MakeEntry, now: datetime
) -> None:
    read(linked(make_entry, "a1"), linked(make_entry, "b1", 2, published=now))
    assert store.prune("news", keep=1, now=now) == 1
    assert read(linked(make_entry, "a1"), linked(make_entry, "b1", 2, published=now)) == Saved()
    assert read(linked(make_entry, "a2"), linked(make_entry, "b2", 2, published=now)) == Saved()
    assert guids(store) == {"b1"}
    assert read(linked(make_entry, "a3", title="新的")) == Saved(new=1)


def test_noise_is_no_change_and_the_revision_that_was_published_stays(
    store: Store, read: Read, make_entry: MakeEntry
) -> None:
    body = "<p>第一段。</p><p>阅读 {}</p>"
    read(make_entry(body_html=body.format(100)))
    assert read(make_entry(body_html=body.format(200))) == Saved()
    (record,) = store.records("news", "en")
    assert record.entry.body_html == body.format(100)
    assert record.changed_at is None


def test_what_is_known_of_a_source_comes_back_as_it_was_saved(
    store: Store, make_entry: MakeEntry, now: datetime, make_source: Callable[..., Source]
) -> None:
    state = FetchState(
        location="https://news.example/rss",
        reading="any full",
        etag='W/"1"',
        last_modified="then",
        body_hash="0" * 64,
        moved_to="https://news.example/new",
        moved_times=2,
        gone_at=now,
        http_status=410,
        cadence=Cadence(ttl_s=60, skip_hours=(1, 2), skip_days=(6,), gap_s=5, newest_at=now),
        added_at=now,
        checked_at=now,
        succeeded_at=now,
        next_check_at=now + timedelta(hours=1),
        next_check_reason="seldom something new",
        not_before=now,
        failures=3,
        problems=("one", "two"),
        title="新闻",
        link="https://news.example/",
    )
    file = KnownFile(
        path="a/b.md", size_bytes=2**40, mtime_ns=2**62, digest="1" * 64, guid="a", problem="why"
    )
    page = Page(
        guid="a",
        url="https://news.example/1",
        feed_hash="2" * 64,
        fetched_at=now,
        etag='"2"',
        last_modified="then",
        body_html="<p>x</p>",
        problem="why",
        failures=2,
    )
    feed = ParsedFeed(entries=(make_entry(guid="a"),), files=(file,), pages=(page,), memo="of its parser")
    store.save_feed("news", feed, state, now=now)
    known = store.known([make_source(id=i, full_text=True) for i in ("news", "other")])
    assert known["news"].state == state == store.state("news")
    assert known["news"].files == {"a/b.md": file}
    assert known["news"].pages == {"a": page}
    assert known["news"].memo == "of its parser"
    assert known["other"].state == FetchState()


def test_files_are_those_that_are_there_now_and_pages_gather(
    store: Store, read: Read, make_entry: MakeEntry, now: datetime, make_source: Callable[..., Source]
) -> None:
    def file(path: str) -> KnownFile:
        return KnownFile(path=path, size_bytes=1, mtime_ns=1, digest="")

    def page(guid: str, failures: int = 0) -> Page:
        return Page(guid=guid, url=guid, feed_hash="", fetched_at=now, failures=failures)

    entries = make_entry(guid="a"), make_entry(guid="b")
    read(*entries, files=(file("a"), file("b")), pages=(page("a"),))
    read(*entries, files=(file("b"),), pages=(page("b"), page("of nothing")))
    read(*entries, files=(file("b"),), pages=(page("b", failures=1),))
    known = store.known([make_source(id="news", full_text=True)])["news"]
    assert set(known.files) == {"b"}
    assert {guid: p.failures for guid, p in known.pages.items()} == {"a": 0, "b": 1}


def test_the_page_of_an_entry_with_another_guid_is_kept_under_the_first(
    store: Store, read: Read, make_entry: MakeEntry, now: datetime, make_source: Callable[..., Source]
) -> None:
    read(linked(make_entry, "a1"))
    page = Page(guid="a2", url="https://news.example/1", feed_hash="", fetched_at=now)
    read(linked(make_entry, "a2"), pages=(page,))
    assert store.known([make_source(id="news", full_text=True)])["news"].pages == {
        "a1": replace(page, guid="a1")
    }


def test_a_page_goes_with_its_entry(
    store: Store, read: Read, make_entry: MakeEntry, now: datetime, make_source: Callable[..., Source]
) -> None:
    page = Page(guid="a1", url="https://news.example/1", feed_hash="", fetched_at=now)
    read(linked(make_entry, "a1"), linked(make_entry, "b1", 2, published=now), pages=(page,))
    store.prune("news", keep=1, now=now)
    assert store.known([make_source(id="news", full_text=True)])["news"].pages == {}


def test_an_entry_has_the_hash_that_it_had_before_rights_were_read() -> None:
    entry = Entry(source_id="news", guid="1", title="标题", body_html="<p>正文。</p>", language="zh")
    assert content_hash(entry) == "81d4cb5f4af0703d7c318a1fe432f0d10f73baf3bc58eaec6c96bd5fde7f0899"
    assert content_hash(replace(entry, rights="© 2026")) == content_hash(entry)


LONG = "".join(f"{n:x}" for n in range(3000))  # does not get much shorter by packing


def test_an_entry_with_a_very_long_link_is_known_by_it_too(
    store: Store, read: Read, make_entry: MakeEntry
) -> None:
    link = f"https://news.example/{LONG}"
    read(linked(make_entry, "a1", link=link))
    assert read(linked(make_entry, "a2", link=link)) == Saved()
    assert [record.entry.link for record in store.records("news", "en")] == [link]


def test_what_is_too_long_for_a_server_is_left_out_and_named_and_costs_no_other_entry(
    postgres: Server, make_entry: MakeEntry, now: datetime
) -> None:
    link = f"https://news.example/{LONG}"
    entries = (make_entry(guid="1", link=link), make_entry(guid=LONG), make_entry(guid="2"))
    with Store(postgres.url()) as store:
        feed, state = ParsedFeed(entries=entries), FetchState(problems=("first",))
        assert store.save_feed("news", feed, state, now=now) == Saved(new=2)
        assert guids(store) == {"1", "2"}
        assert store.state("news").problems == (
            "first",
            f"entry {LONG[:60]}… left out: its guid has more than 2,500 bytes, too many for PostgreSQL",
        )
        assert store.prune("news", keep=1, now=now) == 1
