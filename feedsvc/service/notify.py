"""Tells the service manager how the service fares, by the protocol of sd_notify(3).

Where nothing manages this process (`NOTIFY_SOCKET` is not set), nothing is told to anyone.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable


def notify(*states: str) -> bool:
    """Tell the service manager one or several of `READY=1`, `STOPPING=1`, `WATCHDOG=1`, `STATUS=…`, in one message.

    `RELOADING=1` gets the time that it needs beside it. Each state is one line: what follows a line feed is cut off.
    False where nobody listens: a service goes on without its manager.

    Spec: sd_notify(3), https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    lines = [state.partition("\n")[0] for state in states]
    if "RELOADING=1" in lines:
        lines.append(f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
    # a name that begins with a zero byte stands in no folder: an abstract socket
    place = f"\0{address[1:]}" if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.setblocking(False)
            sender.sendto("\n".join(lines).encode(), place)
    except OSError:
        return False
    return True


def watchdog_seconds() -> float | None:
    """The longest time between two `WATCHDOG=1` before the service manager takes this process for dead.

    None where it does not wait for any. Tell it twice as often.
    """
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        microseconds = int(os.environ.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return microseconds / 1_000_000 if microseconds > 0 else None


class Watchdog:
    """Tells the service manager again and again that this process is alive, if it wants to know."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._fed_at: float | None = None

    def feed(self) -> None:
        """To be called now and then; only what is needed is told."""
        limit_s, now = watchdog_seconds(), self._clock()
        if limit_s and (self._fed_at is None or now - self._fed_at > limit_s / 4):
            notify("WATCHDOG=1")
            self._fed_at = now
