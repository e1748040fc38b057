from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.config import Config, load_config
from feedsvc.errors import StoreError
from feedsvc.model import Entry, FetchState, ParsedFeed
from feedsvc.store import Store
from feedsvc.tidying import Tidied, tidy

NAME = "0" * 64 + ".png"
OTHER = "1" * 64 + ".png"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "feedsvc.toml"
    path.write_text(
        '[service]\ndata_dir = "data"\noutput_dir = "public"\nkeep_memory = "30d"\n'
        '[[sources]]\nid = "news"\nfolder = "articles"\nkeep_days = 10\nkeep_entries = 3\n'
    )
    return load_config(path)


def save(store: Store, *entries: Entry, now: datetime) -> None:
    store.save_feed("news", ParsedFeed(entries=entries), FetchState(), now=now)


def guids(store: Store) -> list[str]:
    return [record.entry.guid for record in store.records("news", "en")]


def hear(store: Store, *, now: datetime) -> None:
    """Another source states by an article what time it is."""
    entry = Entry(source_id="wire", guid=now.isoformat(), title="新闻", published=now - timedelta(minutes=5))
    store.save_feed("wire", ParsedFeed(entries=(entry,)), FetchState(), now=now)


def test_what_is_too_old_or_too_much_is_removed_for_good(
    config: Config, store: Store, make_entry: Callable[..., Entry], now: datetime
) -> None:
    ages = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 11, "f": 12}
    entries = [make_entry(guid=guid, published=now - timedelta(days=age)) for guid, age in ages.items()]
    save(store, *entries, now=now)
    assert tidy(config, store, now=now).entries == 3
    save(store, *entries, now=now)
    assert guids(store) == ["a", "b", "c"]
    hear(store, now=now + timedelta(days=8))
    assert tidy(config, store, now=now + timedelta(days=8)).entries == 1
    assert guids(store) == ["a", "b"]


def test_a_clock_that_is_years_ahead_removes_nothing(
    config: Config, store: Store, make_entry: Callable[..., Entry], now: datetime
) -> None:
    wrong = now + timedelta(days=3650)
    save(
        store, *[make_entry(guid=str(age), published=now - timedelta(days=age)) for age in (1, 5, 9)], now=now
    )
    store.remember({"1": "a"}, now=now)
    assert tidy(config, store, now=wrong) == Tidied(entries=0, sentences=0, media=0)
    # what comes while it is wrong, with and without dates of its own
    save(store, make_entry(guid="0", published=now), now=wrong)
    other = make_entry(source_id="wire", guid="undated", published=None)
    store.save_feed("wire", ParsedFeed(entries=(other,)), FetchState(), now=wrong)
    unlimited = replace(config, sources=(replace(config.sources[0], keep_entries=None),))
    assert tidy(unlimited, store, now=wrong + timedelta(days=2)) == Tidied(entries=0, sentences=0, media=0)
    # and is right again
    assert tidy(unlimited, store, now=now + timedelta(days=1)).entries == 0
    hear(store, now=now + timedelta(days=2))
    assert tidy(unlimited, store, now=now + timedelta(days=2)).entries == 1
    assert guids(store) == ["0", "1", "5"]


@pytest.mark.parametrize("stated", [None, timedelta(days=9000)])
def test_what_a_wrong_clock_has_dated_does_not_tell_the_time(
    stated: timedelta | None,
    config: Config,
    store: Store,
    make_entry: Callable[..., Entry],
    now: datetime,
) -> None:
    """Several at once, without dates or with those that are still to come: they are dated a second apart."""
    wrong = now + timedelta(days=3650)
    save(store, *[make_entry(guid=f"{age}", published=now - timedelta(days=age)) for age in (1, 9)], now=now)
    published = stated and now + stated
    others = [make_entry(source_id="wire", guid=f"wrong {n}", published=published) for n in range(3)]
    store.save_feed("wire", ParsedFeed(entries=tuple(others)), FetchState(), now=wrong)
    assert tidy(config, store, now=wrong + timedelta(days=1)).entries == 0
    later = now + timedelta(hours=1)
    save(store, make_entry(guid="undated", published=None), now=later)
    assert {r.entry.guid: r.dated_at for r in store.records("news", "en")}["undated"] == later
    assert {r.first_seen_at for r in store.records("wire", "en")} == {wrong}


def test_what_comes_while_the_clock_is_days_behind_is_as_new_as_it_is(
    config: Config, store: Store, make_entry: Callable[..., Entry], now: datetime
) -> None:
    save(store, make_entry(guid="before", published=now - timedelta(hours=1)), now=now)
    behind = now - timedelta(days=15)
    for published in (now + timedelta(hours=1), None):
        save(store, make_entry(guid=f"meanwhile {published}", published=published), now=behind)
        assert tidy(config, store, now=behind).entries == 0
    later = now + timedelta(hours=2)
    hear(store, now=later)
    assert tidy(config, store, now=later).entries == 0
    assert all(now - record.dated_at < timedelta(hours=2) for record in store.records("news", "en"))


def test_so_it_is_where_no_article_has_a_date(
    config: Config, store: Store, make_entry: Callable[..., Entry], now: datetime
) -> None:
    unlimited = replace(config, sources=(replace(config.sources[0], keep_entries=None),))
    wrong = now + timedelta(days=3650)
    for day in range(0, 12, 3):
        at = now + timedelta(days=day)
        save(store, make_entry(guid=str(day), published=None), now=at)
        assert tidy(unlimited, store, now=at).entries == 0
    for day in range(3):
        at = wrong + timedelta(days=day)
        save(store, make_entry(guid=f"wrong {day}", published=None), now=at)
        assert tidy(unlimited, store, now=at).entries == (day == 1), "0 is 11 days old then"
    assert tidy(unlimited, store, now=now + timedelta(days=14)).entries == 1
    assert guids(store) == ["wrong 2", "wrong 1", "wrong 0", "9", "6"]


def test_a_source_that_falls_silent_keeps_its_last_articles(
    config: Config, store: Store, make_entry: Callable[..., Entry], now: datetime
) -> None:
    save(
        store,
        *[make_entry(guid=str(age), published=now - timedelta(days=age)) for age in (1, 9, 12)],
        now=now,
    )
    assert tidy(config, store, now=now + timedelta(days=400)).entries == 1
    hear(store, now=now + timedelta(days=401))
    assert tidy(config, store, now=now + timedelta(days=401)).entries == 2, "others show that it is 401 days"


def test_dates_that_are_still_to_come_make_nothing_older(
    config: Config, store: Store, make_entry: Callable[..., Entry], now: datetime
) -> None:
    save(store, make_entry(guid="1"), make_entry(guid="2", published=now + timedelta(days=300)), now=now)
    for days in (0, 5, 301, 3650):
        assert tidy(config, store, now=now + timedelta(days=days)).entries == 0


def test_dates_of_the_first_year_are_no_trouble(
    config: Config, store: Store, make_entry: Callable[..., Entry], now: datetime
) -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    save(store, make_entry(guid="1", published=first), now=now)
    assert tidy(config, store, now=now).entries == 0, "it is the newest"
    hear(store, now=now)
    assert tidy(config, store, now=now).entries == 1


def test_what_a_wrong_clock_has_dated_keeps_no_new_article_out(
    config: Config, store: Store, make_entry: Callable[..., Entry], now: datetime
) -> None:
    wrong = now + timedelta(days=3650)
    save(store, *[make_entry(guid=f"wrong {n}", published=None) for n in range(3)], now=wrong)
    save(store, *[make_entry(guid=str(n), published=now - timedelta(hours=n)) for n in range(3)], now=now)
    assert tidy(config, store, now=now).entries == 3
    assert guids(store) == ["0", "1", "2"]


def test_what_was_used_by_a_clock_that_was_ahead_is_forgotten_in_time(
    config: Config, store: Store, now: datetime
) -> None:
    store.remember({"1": "a"}, now=now + timedelta(days=3650))
    assert tidy(config, store, now=now).sentences == 0
    hear(store, now=now + timedelta(days=32))
    assert tidy(config, store, now=now + timedelta(days=32)).sentences == 1


def test_a_clock_that_is_years_behind_has_nothing_forgotten(
    config: Config, store: Store, make_entry: Callable[..., Entry], now: datetime
) -> None:
    save(store, make_entry(published=now - timedelta(hours=1)), now=now)
    store.remember({"1": "a", "2": "b"}, now=now)
    behind = now - timedelta(days=3650)
    assert store.recall(["1"], now=behind) == {"1": "a"}
    assert tidy(config, store, now=behind).sentences == 0
    assert tidy(config, store, now=now).sentences == 0
    hear(store, now=now + timedelta(days=32))
    assert tidy(config, store, now=now + timedelta(days=32)).sentences == 2


def test_sentences_that_nobody_has_met_for_long_are_forgotten(
    config: Config, store: Store, now: datetime
) -> None:
    store.remember({"old": "a", "used": "b"}, now=now)
    store.recall(["used"], now=now + timedelta(days=20))
    hear(store, now=now + timedelta(days=31))
    assert tidy(config, store, now=now + timedelta(days=31)).sentences == 1
    assert store.recall(["old", "used"], now=now) == {"used": "b"}


def test_pictures_are_kept_as_long_as_an_entry_shows_them(
    config: Config, store: Store, make_entry: Callable[..., Entry], now: datetime
) -> None:
    folder = config.data_dir / "media"
    folder.mkdir(parents=True)
    for name in (NAME, OTHER, f".{OTHER}.unfinished", "mine.txt"):
        (folder / name).write_bytes(b"x")
    save(store, make_entry(body_html=f'<p><img src="media:{NAME}"></p>', published=now), now=now)
    assert tidy(config, store, now=now) == Tidied(entries=0, sentences=0, media=2)
    assert sorted(path.name for path in folder.iterdir()) == [NAME, "mine.txt"]
    hear(store, now=now + timedelta(days=11))
    assert tidy(config, store, now=now + timedelta(days=11)).media == 1


def test_the_room_of_what_was_removed_is_given_back(config: Config, now: datetime) -> None:
    path = config.data_dir / "feedsvc.sqlite"
    with Store(config.database) as store:
        store.remember({str(number): "x" * 5000 for number in range(300)}, now=now)
        tidy(config, store, now=now)
        before = path.stat().st_size
        hear(store, now=now + timedelta(days=32))
        tidy(config, store, now=now + timedelta(days=32))
        assert path.stat().st_size < before / 4


def test_so_is_that_of_a_database_from_before(config: Config, now: datetime) -> None:
    path = config.data_dir / "feedsvc.sqlite"
    with Store(config.database) as store:
        store.remember({str(number): "x" * 5000 for number in range(300)}, now=now)
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA auto_vacuum=NONE")
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("VACUUM")
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    connection.close()
    with Store(config.database) as store:
        hear(store, now=now + timedelta(days=32))
        tidy(config, store, now=now + timedelta(days=32))
    assert path.stat().st_size < 300_000
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    connection.close()


def test_what_cannot_be_removed_is_named(config: Config, store: Store, now: datetime) -> None:
    (config.data_dir / "media" / NAME).mkdir(parents=True)
    with pytest.raises(StoreError, match=rf"{NAME}: cannot be removed: Is a directory"):
        tidy(replace(config, sources=()), store, now=now)
