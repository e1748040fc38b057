"""One process at a time works on a database; what is wrong with one is said in a line."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import traceback
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from fakes import to_translate
from saved import MakeEntry, save, waiting

from feedsvc.errors import StoreBusy, StoreError
from feedsvc.model import (
    FetchState,
)
from feedsvc.store import Store
from feedsvc.store.looking import look

HOLDER = """
import sys
from feedsvc.store import Store
with Store(sys.argv[1]) as store, store.exclusive():
    print("held", flush=True)
    sys.stdin.read()
"""


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
