"""The background service: looks every half minute which sources are due, and refreshes those.

Due times are in the store, so they survive restarts; a time that was missed is made up for once.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler

from feedsvc import pipeline, schedule
from feedsvc.config import Config
from feedsvc.errors import FeedsvcError
from feedsvc.ingest import Fetcher
from feedsvc.model import RunReport
from feedsvc.service.server import serve
from feedsvc.store import Store
from feedsvc.translate import Translator

LOOK_EVERY_S = 30
#: entries that are translated again between two looks at what is due
_IMPROVED_AT_ONCE = 20
#: looks without anything to translate after which the models leave the memory
_IDLE_LOOKS = 10


class Stopped(BaseException):
    """The service was asked to stop while a refresh was under way."""


class Worker:
    """Refreshes what is due, one refresh at a time, until it is stopped."""

    def __init__(
        self,
        config: Config,
        translator: Translator,
        *,
        report: Callable[[RunReport], None],
        say: Callable[[str], None],
    ) -> None:
        self._config = config
        self._translator = translator
        self._report = report
        self._say = say
        self._stopping = threading.Event()
        self._idle_looks = 0

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; serves the output folder too where `[server]` is configured."""
        scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        scheduler.add_job(self.look, "interval", seconds=LOOK_EVERY_S, next_run_time=datetime.now(UTC))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        scheduler.start()
        try:
            if self._config.listen:
                serve(self._config.output_dir, *self._config.listen)
            else:
                self._stopping.wait()
        finally:
            self._stopping.set()
            scheduler.shutdown(wait=True)

    def look(self) -> None:
        """Refresh the sources that are due now; nothing that goes wrong ends the service."""
        try:
            self._refresh_due(datetime.now(UTC).replace(microsecond=0))
        except FeedsvcError as error:
            self._say(f"failed: {error}")
        except Stopped:
            self._say("stopped in the middle of a refresh; the next start goes on with it")

    def _refresh_due(self, now: datetime) -> None:
        with Store(self._config.database) as store, Fetcher(self._config.limits) as fetcher:
            states = store.states([s.id for s in self._config.sources])
            due = [source_id for source_id, state in states.items() if schedule.is_due(state, now=now)]
            if due:
                report = pipeline.refresh(
                    self._config,
                    store,
                    fetcher,
                    self._translator,
                    now=now,
                    only=due,
                    improve=0,  # new entries of other sources must not wait for that
                    on_progress=self._stop_if_asked,
                )
                self._report(report)
            else:
                report = self._improve(store, now)
        self._rest(is_idle=report.sentences == 0)

    def _improve(self, store: Store, now: datetime) -> RunReport:
        report = pipeline.improve(
            self._config,
            store,
            self._translator,
            now=now,
            limit=_IMPROVED_AT_ONCE,
            on_progress=self._stop_if_asked,
        )
        if report.improved_entries:
            entries = "1 entry" if report.improved_entries == 1 else f"{report.improved_entries} entries"
            self._say(f"{entries} translated again, with a better model or another glossary")
        return report

    def _rest(self, *, is_idle: bool) -> None:
        """Give the memory of the models back after a while without work."""
        self._idle_looks = self._idle_looks + 1 if is_idle else 0
        if self._idle_looks == _IDLE_LOOKS:
            self._translator.unload()

    def _stop_if_asked(self, stage: str, done: int, total: int) -> None:
        if self._stopping.is_set() and stage != "publish":  # publishing is short, and its end is near
            raise Stopped
