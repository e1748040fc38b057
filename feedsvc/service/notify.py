"""Tells systemd how the service fares. Spec: sd_notify(3), sd_watchdog_enabled(3)."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> None:
    """Send a state to the service manager, if there is one that wants to know."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.sendto(state.encode(), address.replace("@", "\0", 1) if address.startswith("@") else address)


def watchdog_seconds() -> float | None:
    """How long systemd waits for a sign of life; None if it does not."""
    limit = os.environ.get("WATCHDOG_USEC", "")
    is_ours = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(limit) / 1e6 if limit.isdecimal() and is_ours else None
