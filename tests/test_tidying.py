from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
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


def test_what_is_too_old_or_too_much_is_removed_for_good(
    config: Config, store: Store, make_entry: Callable[..., Entry], now: datetime
) -> None:
    ages = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 11, "f": 12}
    entries = [make_entry(guid=guid, published=now - timedelta(days=age)) for guid, age in ages.items()]
    save(store, *entries, now=now)
    assert tidy(config, store, now=now).entries == 3
    save(store, *entries, now=now)
    assert [r.entry.guid for r in store.records("news", "en")] == ["a", "b", "c"]
    assert tidy(config, store, now=now + timedelta(days=8)).entries == 1


def test_sentences_that_nobody_has_met_for_long_are_forgotten(
    config: Config, store: Store, now: datetime
) -> None:
    store.remember({"old": "a", "used": "b"}, now=now)
    store.recall(["used"], now=now + timedelta(days=20))
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
    assert tidy(config, store, now=now + timedelta(days=11)).media == 1


def test_the_room_of_what_was_removed_is_given_back(config: Config, now: datetime) -> None:
    path = config.data_dir / "feedsvc.sqlite"
    with Store(config.database) as store:
        store.remember({str(number): "x" * 5000 for number in range(300)}, now=now)
        tidy(config, store, now=now)
        before = path.stat().st_size
        tidy(config, store, now=now + timedelta(days=31))
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
        tidy(config, store, now=now + timedelta(days=31))
    assert path.stat().st_size < 300_000
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    connection.close()


def test_what_cannot_be_removed_is_named(config: Config, store: Store, now: datetime) -> None:
    (config.data_dir / "media" / NAME).mkdir(parents=True)
    with pytest.raises(StoreError, match=rf"{NAME}: cannot be removed: Is a directory"):
        tidy(replace(config, sources=()), store, now=now)
