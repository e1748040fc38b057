from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from postgres import Server

from feedsvc.errors import StoreBusy, StoreError
from feedsvc.store import Store

HOLDER = """
import sys
from feedsvc.store import Store
with Store(sys.argv[1]) as store, store.exclusive():
    print("held", flush=True)
    sys.stdin.read()
"""
WAITER = """
import sys
from feedsvc.store import Store
with Store(sys.argv[1]) as store:
    def wait(holder):
        print("waits for", holder, flush=True)
    with store.exclusive(wait):
        print("held", flush=True)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a new database, on disk and on a server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'db.sqlite'}"
    server: Server = request.getfixturevalue("postgres")
    return server.url()


@contextmanager
def process(program: str, url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process, until it ends; killed if it does not."""
    command = [sys.executable, "-c", program, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def line_of(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def lines_of(running: subprocess.Popen[str]) -> set[str]:
    assert running.stdout is not None
    return {line.strip() for line in running.stdout}


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


def test_who_is_killed_keeps_nobody_waiting(url: str, other: Store) -> None:
    """SIGKILL: the kernel or the server gives back what it held, without any time that must run out."""
    with process(HOLDER, url) as holder:
        assert line_of(holder) == "held"
        with pytest.raises(StoreBusy, match=rf"process {holder.pid}\b"):
            other.exclusive().__enter__()
        holder.kill()
        holder.wait()
        with other.exclusive(lambda name: None):
            pass


def test_who_waits_is_told_for_whom_and_has_its_turn_when_that_is_killed(url: str) -> None:
    with process(HOLDER, url) as holder:
        assert line_of(holder) == "held"
        with process(WAITER, url) as waiter:
            assert line_of(waiter).startswith(f"waits for process {holder.pid}")
            holder.kill()
            assert "held" in lines_of(waiter)
            assert waiter.wait() == 0


def test_who_is_killed_at_the_gate_keeps_nobody_else_waiting(url: str, holder: Store, other: Store) -> None:
    with holder.exclusive(), process(WAITER, url) as waiter:
        assert line_of(waiter).startswith("waits for process")
        until_wanted(holder)
        waiter.kill()
        waiter.wait()
        end = time.monotonic() + 10
        while holder.is_wanted():
            assert time.monotonic() < end
            time.sleep(0.01)
    with other.exclusive():
        pass


def test_three_processes_have_their_turns_one_after_the_other(url: str, holder: Store) -> None:
    with process(WAITER, url) as one, process(WAITER, url) as two:
        with holder.exclusive():
            assert line_of(one).startswith("waits for process")
            assert line_of(two).startswith("waits for process")
        assert all("held" in lines_of(running) for running in (one, two))


def test_a_holder_whose_server_has_ended_its_connection_learns_of_it(postgres: Server) -> None:
    """It holds nothing any more: whoever goes on working would not be alone."""
    url = postgres.url()
    with Store(url) as holder, Store(url) as other:
        with pytest.raises(StoreError, match=r"^postgresql://.*terminat"), holder.exclusive():
            ended = postgres.run(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted",
            )
            assert ended == [(True,)]
            holder.is_wanted()
        with other.exclusive(lambda name: None), pytest.raises(StoreBusy):
            holder.exclusive().__enter__()
        with holder.exclusive():
            pass


def test_two_databases_of_one_server_do_not_keep_each_other_waiting(postgres: Server) -> None:
    with Store(postgres.url()) as one, Store(postgres.url()) as other, one.exclusive(), other.exclusive():
        assert not one.is_wanted()


def test_processes_that_make_the_tables_at_once_do_not_get_in_each_others_way(url: str) -> None:
    opens = (
        "import sys; from feedsvc.store import Store; sys.stdin.readline(); Store(sys.argv[1]).counts('en')"
    )
    with ExitStack() as stack:
        running = [stack.enter_context(process(opens, url)) for _ in range(4)]
        for one in running:
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.close()
        assert [one.wait() for one in running] == [0] * 4


def test_whichever_way_leads_to_a_database_it_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to("data")
    (tmp_path / "other.sqlite").symlink_to("data/db.sqlite")
    with Store(f"sqlite:///{tmp_path}/data/db.sqlite") as holder, holder.exclusive():
        for way in ("link/db.sqlite", "other.sqlite"):
            with Store(f"sqlite:///{tmp_path}/{way}") as other, pytest.raises(StoreBusy):
                other.exclusive().__enter__()
