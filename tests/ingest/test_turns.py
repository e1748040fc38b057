from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from feedsvc.ingest import turns
from feedsvc.ingest.turns import Turns
from feedsvc.model import Limits


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


def take(host_turns: Turns, *hosts: str) -> None:
    for host in hosts:
        with host_turns.turn(host):
            pass


def test_between_two_requests_to_a_host_there_is_a_pause() -> None:
    clock = Clock()
    host_turns = Turns(Limits(host_delay_s=1.5), clock=clock, sleep=clock.sleep)
    take(host_turns, "a", "a", "a")
    assert clock.slept == [1.5, 1.5]
    clock.now += 1.0
    take(host_turns, "a")
    assert clock.slept[2:] == [0.5]


def test_one_host_does_not_wait_for_another() -> None:
    clock = Clock()
    take(Turns(Limits(host_delay_s=9), clock=clock, sleep=clock.sleep), "a", "b", "c")
    assert clock.slept == []


def test_the_next_request_waits_until_one_has_ended() -> None:
    host_turns = Turns(Limits(connections_per_host=2, host_delay_s=0))
    running = most = 0
    lock = threading.Lock()

    def ask(host: str) -> None:
        nonlocal running, most
        with host_turns.turn(host):
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            with lock:
                running -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, ["a"] * 16))
    assert most == 2


def test_a_turn_ends_with_an_error_too() -> None:
    host_turns = Turns(Limits(connections_per_host=1, host_delay_s=0))
    for _ in range(3):
        with pytest.raises(KeyError), host_turns.turn("a"):
            raise KeyError


def test_hosts_that_nobody_waits_for_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_REMEMBERED", 10)
    clock = Clock()
    host_turns = Turns(Limits(host_delay_s=1), clock=clock, sleep=clock.sleep)
    with host_turns.turn("busy"):
        for number in range(100):
            clock.now += 0.5
            take(host_turns, str(number))
        assert len(host_turns._hosts) <= 11
        assert "busy" in host_turns._hosts
