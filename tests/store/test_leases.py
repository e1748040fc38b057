from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedsvc.errors import StoreBusy
from feedsvc.store import Store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'db.sqlite'}"


@pytest.fixture
def holder(url: str) -> Iterator[Store]:
    with Store(url) as opened:
        yield opened


@pytest.fixture
def other(url: str) -> Iterator[Store]:
    with Store(url) as opened:
        yield opened


def until_wanted(store: Store) -> None:
    end = time.monotonic() + 10
    while not store.is_wanted():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_who_waits_has_the_next_turn_although_the_holder_wants_another_at_once(
    holder: Store, other: Store
) -> None:
    turns: list[str] = []

    def wait() -> None:
        with other.exclusive(lambda name: None):
            turns.append("other")

    thread = threading.Thread(target=wait)
    with holder.exclusive():
        assert not holder.is_wanted()
        thread.start()
        until_wanted(holder)
    with holder.exclusive(lambda name: None):
        turns.append("holder")
    thread.join()
    assert turns == ["other", "holder"]


def test_who_stops_waiting_keeps_nobody_else_waiting(holder: Store, other: Store) -> None:
    def stop(name: str) -> None:
        raise KeyboardInterrupt

    with holder.exclusive():
        with pytest.raises(KeyboardInterrupt):
            other.exclusive(stop).__enter__()
        assert not holder.is_wanted()
    with other.exclusive():
        pass


def test_without_waiting_nobody_passes_those_who_wait(url: str, holder: Store, other: Store) -> None:
    def wait() -> None:
        with other.exclusive(lambda name: None):
            pass

    thread = threading.Thread(target=wait)
    with holder.exclusive(), Store(url) as third:
        thread.start()
        until_wanted(holder)
        with pytest.raises(StoreBusy):
            third.exclusive().__enter__()
    thread.join()
