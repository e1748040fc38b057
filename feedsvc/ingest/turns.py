"""Takes turns at each host: so many requests at a time, and never one right after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from feedsvc.model import Limits

#: hosts that are remembered before those that nobody waits for are forgotten
_REMEMBERED = 500


@dataclass(slots=True)
class _Host:
    slots: threading.BoundedSemaphore
    #: requests that are under way or wait
    users: int = 0
    #: when the next request may begin, on the monotonic clock
    free_at: float = field(default=float("-inf"))


class Turns:
    """Shared by all threads of a run."""

    def __init__(
        self,
        limits: Limits,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Wait until a request to a host may begin; it counts as under way until the context ends."""
        host = self._enter(name)
        try:
            with host.slots:
                self._sleep_until(host)
                yield
        finally:
            with self._lock:
                host.users -= 1

    def _enter(self, name: str) -> _Host:
        with self._lock:
            if name not in self._hosts:
                if len(self._hosts) >= _REMEMBERED:
                    self._forget()
                self._hosts[name] = _Host(threading.BoundedSemaphore(self._limits.connections_per_host))
            host = self._hosts[name]
            host.users += 1
            return host

    def _sleep_until(self, host: _Host) -> None:
        with self._lock:
            now = self._clock()
            begins = max(now, host.free_at)
            host.free_at = begins + self._limits.host_delay_s
        if begins > now:
            self._sleep(begins - now)

    def _forget(self) -> None:
        now = self._clock()
        self._hosts = {n: h for n, h in self._hosts.items() if h.users or h.free_at > now}
