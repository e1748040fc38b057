"""Guids that look alike are different, titles of any length are kept, and many entries cost no more than a few."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from postgres import Server

from feedsvc.model import Entry, FetchState, ParsedFeed
from feedsvc.store import Saved, Store

ALIKE = (
    "abc",
    "ABC",
    "Abc",
    unicodedata.normalize("NFC", "é"),
    unicodedata.normalize("NFD", "é"),
    "ａbc",
    "ß",
    "SS",
)
MakeEntry = Callable[..., Entry]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'db.sqlite'}"
    server: Server = request.getfixturevalue("postgres")
    return server.url()


def save(store: Store, *entries: Entry, now: datetime) -> Saved:
    return store.save_feed("news", ParsedFeed(entries=entries), FetchState(), now=now)


def test_guids_that_look_alike_are_different_entries(url: str, make_entry: MakeEntry, now: datetime) -> None:
    with Store(url) as store:
        entries = [make_entry(guid=guid, title=guid) for guid in ALIKE]
        assert save(store, *entries, now=now) == Saved(new=len(ALIKE))
        assert save(store, *entries, now=now) == Saved()
        assert {record.entry.guid for record in store.records("news", "en")} == set(ALIKE)
        store.release_overdue("en", publish_after=timedelta(0), now=now)
        place, *others = store.newest(["news"], "en", limit=99)
        seen = [place]
        while (older := store.neighbours(seen[-1], "en")[0]) is not None:
            seen.append(older)
        assert seen == [place, *others], (
            "each has one before it and one after it, whatever the order of letters"
        )
        assert store.older(place, "en") == others


def test_a_title_of_a_megabyte_is_kept(url: str, make_entry: MakeEntry, now: datetime) -> None:
    title = "标题" * 175_000
    with Store(url) as store:
        save(store, make_entry(guid="1", title=title), make_entry(guid="2", published=now), now=now)
        assert {record.entry.title for record in store.records("news", "en")} == {title, "标题"}
        assert store.prune("news", keep=1, now=now) == 1


def test_many_entries_are_removed_about_as_fast_as_they_came(
    tmp_path: Path, make_entry: MakeEntry, now: datetime
) -> None:
    entries = [make_entry(guid=str(n), published=now - timedelta(minutes=n)) for n in range(3000)]
    with Store(f"sqlite:///{tmp_path / 'db.sqlite'}") as store:
        began = time.monotonic()
        save(store, *entries, now=now)
        took = time.monotonic() - began
        began = time.monotonic()
        assert store.prune("news", keep=10, now=now) == 2990
        assert time.monotonic() - began < 10 * took
        assert save(store, *entries, now=now) == Saved()
