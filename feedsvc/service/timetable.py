"""When what is due: jobs of APScheduler, which only tell the worker; what follows from it is the worker's business.

A time that was missed, because the process did not run or the machine slept, is made up for once, however late.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler

Tell = Callable[[], None]


class Timetable:
    """Tells what is due, each source at its own time; from a thread of its own."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": DebugExecutor()},  # in the very thread: to tell takes no time
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to tell."""
        self._scheduler.start()

    def stop(self) -> None:
        """Tell nothing any more."""
        self._scheduler.shutdown(wait=False)

    def at(self, name: str, when: datetime, tell: Tell) -> None:
        """Tell once; instead of what was to be told under that name."""
        self._scheduler.add_job(tell, "date", run_date=when, id=name, replace_existing=True)

    def forget(self, name: str) -> None:
        """Do not tell what was to be told under that name."""
        if self._scheduler.get_job(name) is not None:
            self._scheduler.remove_job(name)
