"""The background service: reads each source when it is due, translates a little at a time, publishes.

Due times are in the store, so they survive restarts; a time that was missed is made up for once. Threads wait for
the clock and for the network, and tell the one loop, which alone works on the database. What it does at any moment
may be cut short: all that is lost is work that is due again.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from types import FrameType, TracebackType
from typing import Self

from feedsvc import pipeline, polling, schedule
from feedsvc.alarms import publish_alarms
from feedsvc.config import Config
from feedsvc.errors import FeedsvcError
from feedsvc.ingest import Fetcher
from feedsvc.model import FetchState, NotModified, ParsedFeed, RunReport
from feedsvc.publishing import publish
from feedsvc.service import allocator
from feedsvc.service.beside import Beside, tell_hubs_beside
from feedsvc.service.ending import Ending
from feedsvc.service.logs import say
from feedsvc.service.notify import Watchdog, notify
from feedsvc.service.reloading import ConfigFile
from feedsvc.service.reporting import say_read, say_turn
from feedsvc.service.serving.observation import Tally
from feedsvc.service.serving.triggers import Asked
from feedsvc.service.timetable import Timetable
from feedsvc.store import Store, Waiting
from feedsvc.tidying import tidy
from feedsvc.translate import Translator
from feedsvc.translating import backlog

#: between two looks at all that is known: what other processes did, what could not be translated before
LOOK_EVERY_S = 300.0
TIDY_EVERY_S = 86400.0
TIDY_AFTER_S = 600.0
#: a process that was asked to stop is gone after this time, whatever it is doing
STOP_WITHIN_S = 8.0
#: without anything to translate, after which the models leave the memory
IDLE_S = 300.0
#: after a failure that concerns everything, such as a full disk
PAUSE_S = 30.0
#: between two times that free memory is given back to the system
TRIM_EVERY_S = 30.0
#: entries that are translated again before anything else has its turn
_IMPROVED_AT_ONCE = 20
_PATIENCE_S = 1.0
_OUTCOMES: dict[type, str] = {ParsedFeed: "new", NotModified: "unchanged"}
_SHORTEST_INTERVAL = timedelta(seconds=10)


class Stopped(BaseException):
    """The service was asked to stop while it was working."""


class Worker:
    """Does what is due until it is stopped; a context manager."""

    def __init__(self, config: Config, translator: Translator) -> None:
        self._config = config
        self._file = ConfigFile(config.path)
        self._translator = translator
        self._timetable = Timetable()
        #: what threads and signal handlers tell the loop; nothing else may be called in those
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._ending = Ending(STOP_WITHIN_S)
        self._watchdog = Watchdog(_monotonic)
        self._is_stopping = False
        self._tally = Tally(translator.spent)
        #: sources that are due, those of them that somebody asked for, and those that are being read
        self._due: dict[str, None] = {}
        self._asked: set[str] = set()
        self._in_flight: set[str] = set()
        self._read: list[polling.Read] = []
        #: entries that were tried since the last look
        self._aside: set[Waiting] = set()
        self._has_backlog = self._is_stale = self._may_improve = False
        self._wants_look = self._wants_reload = self._wants_tidying = False
        #: what could not be translated, and was said
        self._said: set[tuple[str, str]] = set()
        self._waits_for = ""
        #: why nothing goes on just now
        self._problem: str | None = None
        self._paused_until = 0.0
        self._translated_at: float | None = None
        self._trimmed_at = _monotonic()

    def __enter__(self) -> Self:
        allocator.use_few_arenas()  # before there are threads
        self._store = Store(self._config.database)
        self._network, self._readers = self._open_network()
        self._timetable.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timetable.stop()
        if not self._in_flight:  # else nobody waits for the network any longer
            self._network.close()
        self._store.close()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; serves the output folder too where `[server]` is configured.

        SIGHUP, or another content of its file, reloads the configuration.

        Raises: PublishError, ServeError, ConfigError where the web server cannot begin.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop_signal)
        signal.signal(signal.SIGHUP, self._on_hang_up)
        self._ending.watch()
        with Beside(self._config, self._tally, self.ask, lambda: self._problem) as self._beside:
            self._run()
        say(logging.INFO, "stopped", unfinished=len(self._in_flight))

    def _run(self) -> None:
        now = _monotonic()  # whatever becomes of the clock
        look_at, tidy_at = now, now + TIDY_AFTER_S
        say(logging.INFO, "started", pid=os.getpid(), sources=len(self._config.sources))
        notify("READY=1")
        while not self._is_stopping:
            now = _monotonic()
            if now >= look_at:
                look_at = now + LOOK_EVERY_S
                self.look()
            if now >= tidy_at:
                tidy_at = now + TIDY_EVERY_S
                self.tidy()
            self.work()
            self._handle_events(_PATIENCE_S)
            self._watchdog.feed()
            self._reload_if_wanted()
            self.rest()
        notify("STOPPING=1")

    def ask(self, source_id: str) -> Asked:
        """Read a source as soon as possible, due or not; from any thread."""
        if source_id not in {source.id for source in self._config.sources}:
            return Asked.UNKNOWN
        if source_id in self._in_flight or source_id in self._asked:
            return Asked.BUSY
        self._tell(partial(self._on_asked, source_id))
        return Asked.ACCEPTED

    def look(self) -> None:
        """Find out anew what is to be done, from the store, when there is time."""
        self._wants_look = True

    def tidy(self) -> None:
        """Remove what is not needed any more, when there is time."""
        self._wants_tidying = True

    def work(self) -> None:
        """Do what is to be done, until there is nothing, or another process wants the database."""
        if _monotonic() < self._paused_until:
            return
        try:
            if self._is_busy(makes_way=False):
                with self._store.exclusive(self._on_wait):
                    self._waits_for = ""
                    while self._step():
                        pass
            if self._may_improve and not self._is_stopping:
                self._improve()
            self._problem = None
        except Stopped:
            say(logging.INFO, "interrupted")
        except FeedsvcError as error:
            self._problem = str(error)
            say(logging.ERROR, "failed", reason=str(error), pause_s=int(PAUSE_S))
            self._paused_until = _monotonic() + PAUSE_S
            self.look()

    def _step(self) -> bool:
        """A little of everything; False if there is nothing more to do now."""
        self._breathe()
        makes_way = self._wants_reload or self._store.is_wanted()
        if self._wants_look:
            self._look()
        if not makes_way:
            self._start_due()
        self._save_read()
        if self._has_backlog and not makes_way:
            self._translate()
        if self._is_stale:
            self._publish()
        if self._wants_tidying and not makes_way and not self._in_flight:
            self._tidy()
        self._handle_events(0.0 if self._has_backlog or not self._in_flight else _PATIENCE_S)
        return self._is_busy(makes_way=makes_way)

    def _is_busy(self, *, makes_way: bool) -> bool:
        if self._in_flight or self._read:
            return True
        wanted = (self._due, self._has_backlog, self._is_stale, self._wants_look, self._wants_tidying)
        return not makes_way and any(wanted)

    def _look(self) -> None:
        self._wants_look = False
        states = self._store.states([source.id for source in self._config.sources])
        for source_id, state in states.items():
            self._schedule(source_id, state)
        self._aside.clear()
        self._has_backlog = self._is_stale = self._may_improve = True

    def _start_due(self) -> None:
        room = 2 * self._config.limits.connections - len(self._in_flight)
        configured = {source.id: source for source in self._config.sources}
        sources = [configured[i] for i in self._due if i in configured and i not in self._in_flight][:room]
        if len(sources) < room:
            self._due.clear()
        known, now = polling.known(sources, self._store), _now()
        for source in sources:
            self._due.pop(source.id, None)
            is_asked = source.id in self._asked
            self._asked.discard(source.id)
            if is_asked or schedule.is_due(known[source.id].state, now=now):
                self._in_flight.add(source.id)
                self._readers.start(source, known[source.id], now=now, named=is_asked)
            else:  # another process has read it meanwhile
                self._schedule(source.id, known[source.id].state)

    def _save_read(self) -> None:
        configured = {source.id for source in self._config.sources}
        read, self._read = [r for r in self._read if r[0].id in configured], []
        if not read:
            return
        now = _now()
        saved = polling.save(read, self._store, media_folder=self._config.data_dir / "media", now=now)
        for source_id, state in self._store.states([source.id for source, _, _ in read]).items():
            self._schedule(source_id, state, after=now + _SHORTEST_INTERVAL)
        has_news = saved.new_entries or saved.changed_entries
        say_read(read, saved)
        for _, _, outcome in read:
            if not isinstance(outcome, polling.LeftAlone):
                self._tally.fetched(_OUTCOMES.get(type(outcome), "failed"))
        self._has_backlog = self._has_backlog or bool(has_news)
        self._is_stale = self._is_stale or any(not isinstance(outcome, NotModified) for _, _, outcome in read)

    def _translate(self) -> None:
        report = pipeline.turn(
            self._config,
            self._store,
            self._translator,
            now=_now(),
            aside=self._aside,
            on_progress=self._breathe,
        )
        if report is None:  # what waits now waits for a person
            self._has_backlog = False
            stuck = backlog(self._config, self._store, self._translator)
            publish_alarms(self._config, self._store, stuck, now=_now())
            return
        self._is_stale = self._is_stale or report.translated_entries > 0
        self._note("translated", report)

    def _publish(self) -> None:
        self._store.release_overdue(
            self._config.target_language, publish_after=self._config.publish_after, now=_now()
        )
        files = publish(self._config, self._store)
        self._is_stale = False
        if files:
            say(logging.INFO, "published", files=len(files))
            tell_hubs_beside(self._config, files)

    def _improve(self) -> None:
        report = pipeline.improve(
            self._config,
            self._store,
            self._translator,
            now=_now(),
            limit=_IMPROVED_AT_ONCE,
            on_progress=self._breathe,
            on_wait=self._on_wait,
        )
        self._may_improve = report.improved_entries > 0
        self._note("improved", report)

    def _note(self, event: str, report: RunReport) -> None:
        self._translated_at = _monotonic() if report.sentences else self._translated_at
        say_turn(event, report, self._said)

    def _tidy(self) -> None:
        self._wants_tidying = False
        self._said.clear()
        removed = tidy(self._config, self._store, now=_now())
        self._is_stale = self._is_stale or removed.entries > 0
        say(logging.INFO, "tidied", entries=removed.entries, sentences=removed.sentences, media=removed.media)

    def rest(self) -> None:
        """Give memory back that is free, and that of the models after a while without work."""
        if _monotonic() - self._trimmed_at > TRIM_EVERY_S:
            allocator.give_back()
            self._trimmed_at = _monotonic()
        if self._translated_at is not None and _monotonic() - self._translated_at > IDLE_S:
            self._translator.unload()
            self._translated_at = None

    def _reload_if_wanted(self) -> None:
        """Work with the configuration as it is now; with the old one where it is broken."""
        if self._file.has_changed():
            self._wants_reload = True
        if not self._wants_reload or self._in_flight:
            return
        self._wants_reload = False
        new = self._file.reload(self._config)
        if new is not None:
            self._config = new
            self._network.close()
            self._network, self._readers = self._open_network()
            self._said.clear()
            self._beside.reload(new)
            self.look()

    def _open_network(self) -> tuple[ExitStack, polling.Readers]:
        """Connections and threads, by the limits that are configured now."""
        limits = self._config.limits
        network = ExitStack()
        fetcher = network.enter_context(Fetcher(limits))
        readers = polling.Readers(fetcher, limits, lambda read: self._tell(partial(self._on_read, read)))
        return network, network.enter_context(readers)

    def _schedule(self, source_id: str, state: FetchState, *, after: datetime | None = None) -> None:
        """Have a source told at its time, and not before a time after it was read."""
        when = schedule.due_at(state, now=_now())
        if when is None:
            self._timetable.forget(source_id)
            return
        due = partial(self._tell, partial(self._on_due, source_id))
        self._timetable.at(source_id, max(when, after) if after else when, due)

    def _tell(self, event: Callable[[], None]) -> None:
        self._events.put(event)

    def _on_due(self, source_id: str) -> None:
        self._due[source_id] = None

    def _on_asked(self, source_id: str) -> None:
        self._asked.add(source_id)
        self._due[source_id] = None

    def _on_read(self, read: polling.Read) -> None:
        self._in_flight.discard(read[0].id)
        self._read.append(read)

    def _on_stop_signal(self, number: int, frame: FrameType | None) -> None:
        self._is_stopping = True
        self._ending.begin()
        self._tell(lambda: None)  # wakes it

    def _on_hang_up(self, number: int, frame: FrameType | None) -> None:
        self._wants_reload = True
        self._tell(lambda: None)  # wakes it

    def _on_wait(self, holder: str) -> None:
        if holder != self._waits_for:
            say(logging.INFO, "waiting", holder=holder)
        self._waits_for = holder
        self._handle_events(0.0)
        self._breathe()

    def _handle_events(self, patience_s: float) -> None:
        """Wait for something to happen, and do everything that follows from what has."""
        with suppress(Empty):
            self._events.get(timeout=patience_s)() if patience_s else self._events.get_nowait()()
            while not self._is_stopping:
                self._events.get_nowait()()

    def _breathe(self, *_: object) -> None:
        """To be called now and then during everything that takes long."""
        self._watchdog.feed()
        if self._is_stopping:
            raise Stopped


def _monotonic() -> float:
    return time.monotonic()


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
