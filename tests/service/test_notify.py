from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedsvc.service.notify import Watchdog, notify, watchdog_seconds


@pytest.fixture(autouse=True)
def _unmanaged(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["file", "abstract"])
def manager(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        name = str(tmp_path / "notify") if request.param == "file" else f"@feedsvc-test-{os.getpid()}"
        listening.bind(name.replace("@", "\0") if name.startswith("@") else name)
        listening.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield listening


def test_states_arrive_in_one_message(manager: socket.socket) -> None:
    assert notify("READY=1", "STATUS=3 Quellen · 来源")
    assert manager.recv(4096).decode() == "READY=1\nSTATUS=3 Quellen · 来源"


def test_a_reload_tells_when_it_began(manager: socket.socket) -> None:
    before = time.monotonic_ns() // 1000
    assert notify("RELOADING=1")
    reloading, at = manager.recv(4096).decode().split("\n")
    assert reloading == "RELOADING=1"
    name, _, microseconds = at.partition("=")
    assert name == "MONOTONIC_USEC"
    assert before <= int(microseconds) <= time.monotonic_ns() // 1000


def test_a_status_cannot_smuggle_another_state(manager: socket.socket) -> None:
    assert notify("STATUS=news: no\nMAINPID=1")
    assert manager.recv(4096) == b"STATUS=news: no"


def test_without_a_manager_nothing_is_told() -> None:
    assert not notify("READY=1")


@pytest.mark.parametrize("address", ["", "notify", "vsock:2:1234", "/nowhere/notify", "/" + "x" * 200])
def test_an_address_where_nobody_listens_is_no_error(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert not notify("READY=1")


def test_a_manager_that_does_not_read_holds_nobody_up(manager: socket.socket) -> None:
    sent = [notify("WATCHDOG=1") for _ in range(5000)]
    assert sent[0]
    assert not sent[-1]


def test_the_watchdog_has_its_time_from_the_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watchdog_seconds() is None
    monkeypatch.setenv("WATCHDOG_USEC", "90000000")
    assert watchdog_seconds() == 90
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert watchdog_seconds() == 90


def test_the_watchdog_of_another_process_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "90000000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert watchdog_seconds() is None


@pytest.mark.parametrize("written", ["", "soon", "0", "-1"])
def test_what_is_no_time_means_no_watchdog(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", written)
    assert watchdog_seconds() is None


def test_the_watchdog_is_fed_four_times_in_its_time(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = [0.0, 0.0, 1.0, 2.0, 2.5, 4.0]
    watchdog = Watchdog(iter(times).__next__)
    watchdog.feed()  # nobody waits for it
    monkeypatch.setenv("WATCHDOG_USEC", "8000000")
    for _ in times[1:]:
        watchdog.feed()
    manager.setblocking(False)
    assert [manager.recv(4096) for _ in range(2)] == [b"WATCHDOG=1"] * 2
    with pytest.raises(BlockingIOError):
        manager.recv(4096)
