"""Stages 1 and 2 for many sources: reads them side by side, and saves what each says as soon as it has said it.

Only reading happens in threads; the database belongs to the calling thread. What is under way at one time is
bounded, and so is the memory, however many sources there are.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import urlsplit

from feedsvc import schedule
from feedsvc.errors import FetchError, SourceError
from feedsvc.ingest import Fetcher, read_source
from feedsvc.ingest.fetch import MOVED_AFTER
from feedsvc.ingest.media import keep_media
from feedsvc.model import Answered, Failure, FetchState, Known, Limits, NotModified, ParsedFeed, Source
from feedsvc.store import Saved, Store

_GONE = 410
#: what is ready so soon after each other is saved at once
_GATHER_S = 0.01


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A source that was not asked, because its server does not want to be."""

    why: str


Outcome: TypeAlias = ParsedFeed | NotModified | SourceError | LeftAlone
#: a source, its state before, and what came of reading it
Read: TypeAlias = tuple[Source, FetchState, Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What came of looking at some sources."""

    unchanged: int = 0
    new_entries: int = 0
    changed_entries: int = 0
    failures: tuple[Failure, ...] = ()

    def __add__(self, other: Polled) -> Polled:
        return Polled(
            unchanged=self.unchanged + other.unchanged,
            new_entries=self.new_entries + other.new_entries,
            changed_entries=self.changed_entries + other.changed_entries,
            failures=(*self.failures, *other.failures),
        )


def poll(
    sources: Sequence[Source],
    store: Store,
    fetcher: Fetcher,
    limits: Limits,
    *,
    media_folder: Path,
    now: datetime,
    force: bool = False,
    named: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Polled:
    """Read sources, and save what each says as soon as it has said it.

    A source whose server has said that it is gone is left alone, unless it was asked for by name; so is one
    whose server wants to wait. `force` asks both, and everything else unconditionally. Pictures that belong to
    entries are kept in `media_folder`, before anything refers to them.
    """
    read = Polled()
    done = 0
    on_progress(0, len(sources))
    for batch in _read_all(sources, store, fetcher, limits, now=now, force=force, named=named):
        read += save(batch, store, media_folder=media_folder, now=now)
        done += len(batch)
        on_progress(done, len(sources))
    places = {source.id: place for place, source in enumerate(sources)}
    return replace(read, failures=tuple(sorted(read.failures, key=lambda f: places[f.source_id])))


def save(batch: Sequence[Read], store: Store, *, media_folder: Path, now: datetime) -> Polled:
    """Store what sources said, or why they said nothing, each with its pictures."""
    keep_media([m for _, _, o in batch if isinstance(o, ParsedFeed) for m in o.media], media_folder)
    saved = _save(batch, store, now=now)
    return Polled(
        unchanged=sum(isinstance(outcome, NotModified) for _, _, outcome in batch),
        new_entries=sum(one.new for one in saved),
        changed_entries=sum(one.changed for one in saved),
        failures=tuple(
            Failure(source_id=source.id, reason=why)
            for source, _, outcome in batch
            for why in _complaints(outcome)
        ),
    )


def prune(source: Source, store: Store, *, now: datetime) -> int:
    """Remove the entries of a source that are too many or too old; how many."""
    if source.keep_entries is None and source.keep_days is None:
        return 0
    keep_for = timedelta(days=source.keep_days) if source.keep_days else None
    return store.prune(source.id, keep=source.keep_entries, keep_for=keep_for, now=now)


def known(sources: Sequence[Source], store: Store) -> dict[str, Known]:
    """What is known of sources before they are read again, as far as it is still true of them, by id."""
    found = store.known(sources)
    return {source.id: _still_true(source, found[source.id]) for source in sources}


class Readers:
    """Threads that read sources, as many at a time as the limits allow; each outcome is told from its thread.

    Nobody waits for them: what one is reading when the process ends was not saved, and is due again.
    """

    def __init__(self, fetcher: Fetcher, limits: Limits, tell: Callable[[Read], None]) -> None:
        self._fetcher = fetcher
        self._limits = limits
        self._tell = tell
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._is_stopped = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_stopped.set()
        for _ in self._threads:
            self._jobs.put(None)

    def start(
        self, source: Source, known: Known, *, now: datetime, force: bool = False, named: bool = False
    ) -> None:
        """Have a source read."""

        def read() -> None:
            outcome = _outcome(source, self._fetcher, known, now=now, force=force, named=named)
            self._tell((source, known.state, outcome))

        self._jobs.put(read)
        if len(self._threads) < self._limits.connections:
            self._threads.append(threading.Thread(target=self._work, name="ingest", daemon=True))
            self._threads[-1].start()

    def _work(self) -> None:
        while (job := self._jobs.get()) and not self._is_stopped.is_set():
            job()


def _read_all(
    sources: Sequence[Source],
    store: Store,
    fetcher: Fetcher,
    limits: Limits,
    *,
    now: datetime,
    force: bool,
    named: bool,
) -> Iterator[list[Read]]:
    """What each source said, in batches of those that were ready at the same time."""
    done: SimpleQueue[Read] = SimpleQueue()
    at_once = 2 * limits.connections
    waiting = _with_known(_spread(sources), store, at_once)
    running = 0
    with Readers(fetcher, limits, done.put) as readers:
        while True:
            for source, its_known in islice(waiting, at_once - running):
                readers.start(source, its_known, now=now, force=force, named=named)
                running += 1
            if not running:
                return
            ready = [done.get()]
            with suppress(Empty):
                while len(ready) < running // 2:
                    ready.append(done.get(timeout=_GATHER_S))
            running -= len(ready)
            yield ready


def _outcome(
    source: Source, fetcher: Fetcher, known: Known, *, now: datetime, force: bool, named: bool
) -> Outcome:
    """What one source said, or why it was not asked."""
    why = None if force else _why_not(source, known.state, now=now, named=named)
    if why:
        return LeftAlone(why)
    try:
        return read_source(source, fetcher, known, now=now, force=force)
    except SourceError as error:
        return error
    except Exception as error:  # noqa: BLE001 - whatever one source brings out must not cost the others
        return SourceError(f"unexpected {type(error).__name__}: {error}")


def _spread(sources: Sequence[Source]) -> list[Source]:
    """Sources of different hosts side by side: those of one host would keep all threads waiting for their turn."""
    seen: Counter[str] = Counter()
    rounds: list[tuple[int, int]] = []
    for place, source in enumerate(sources):
        host = urlsplit(source.location).netloc if source.kind == "feed" else source.id
        rounds.append((seen[host], place))
        seen[host] += 1
    return [sources[place] for _, place in sorted(rounds)]


def _with_known(sources: Sequence[Source], store: Store, at_once: int) -> Iterator[tuple[Source, Known]]:
    """Each source with what is still true of what is known of it."""
    for start in range(0, len(sources), at_once):
        some = sources[start : start + at_once]
        found = known(some, store)
        for source in some:
            yield source, found[source.id]


def _still_true(source: Source, known: Known) -> Known:
    """What holds for a source as it is configured now."""
    state = known.state
    if state.location not in (None, source.location):
        known = Known(state=FetchState(added_at=state.added_at))
    if state.reading != (reading := _reading(source)):
        # the same document would be read otherwise now
        fresh = replace(known.state, reading=reading, etag=None, last_modified=None, body_hash=None)
        known = replace(known, state=fresh)
    return replace(known, state=replace(known.state, location=source.location))


def _reading(source: Source) -> str:
    """The settings that decide what is made of the document of a source."""
    return f"{source.language or 'any'} {'full' if source.full_text else 'as is'}"


def _why_not(source: Source, state: FetchState, *, now: datetime, named: bool) -> str | None:
    """Why a source must be left alone now."""
    if state.gone_at is not None and not named:
        return f"{_gone(state.gone_at)}; take it out of the configuration, or ask again with: feedsvc refresh {source.id}"
    # what was asked for at a time that is still to come was asked for by another clock
    if state.not_before is not None and (state.checked_at or now) <= now < state.not_before:
        return f"its server asked us to wait until {_minute(state.not_before)} (Retry-After); --force asks all the same"
    return None


def _save(batch: Sequence[Read], store: Store, *, now: datetime) -> list[Saved]:
    rows = [
        (
            source.id,
            outcome if isinstance(outcome, ParsedFeed) else None,
            _settled(source, state, outcome, now=now),
        )
        for source, state, outcome in batch
        if not isinstance(outcome, LeftAlone)
    ]
    saved = store.save_feeds(rows, now=now) if rows else []
    for source, _, outcome in batch:
        if isinstance(outcome, ParsedFeed):
            prune(source, store, now=now)
    return saved


def _settled(
    source: Source, state: FetchState, outcome: ParsedFeed | NotModified | SourceError, *, now: datetime
) -> FetchState:
    """What to remember of a source after it was read."""
    state = replace(state, checked_at=now)
    if isinstance(outcome, SourceError):
        return schedule.next_check(source, _failed(state, outcome, now=now), Answered(), now=now)
    answered = outcome.answered
    was_unreadable = state.failures > 0
    state = replace(
        _moved(state, answered.moved_to),
        failures=0,
        succeeded_at=now,
        gone_at=None,
        not_before=None,
        http_status=answered.status,
        # what was wrong with single entries is still wrong
        problems=() if was_unreadable else state.problems,
    )
    if isinstance(outcome, ParsedFeed):
        state = replace(
            state,
            problems=outcome.problems,
            title=outcome.title or state.title,
            link=outcome.link or state.link,
            etag=outcome.etag,
            last_modified=outcome.last_modified,
            body_hash=outcome.body_hash,
            cadence=schedule.cadence_of([date for _, date in outcome.present], outcome.cadence, now=now),
        )
    return schedule.next_check(source, state, answered, now=now)


def _failed(state: FetchState, error: SourceError, *, now: datetime) -> FetchState:
    state = replace(state, failures=state.failures + 1, problems=(str(error),), not_before=None)
    if not isinstance(error, FetchError):
        return state
    state = replace(state, http_status=error.status)
    if error.status == _GONE:
        return replace(state, gone_at=state.gone_at or now, problems=(f"{error}; it is not asked again",))
    # where it has moved to may be wrong by now: next time the configured address is asked
    state = replace(state, moved_to=None, moved_times=0) if state.moved_times >= MOVED_AFTER else state
    if error.retry_after_s:
        until = now + timedelta(seconds=error.retry_after_s)
        told = f"{error}, and asked us to wait until {_minute(until)}"
        return replace(state, not_before=until, problems=(told,))
    return state


def _moved(state: FetchState, moved_to: str | None) -> FetchState:
    """Count how often a server has said the same of where the document has moved for good."""
    if moved_to is None:
        return state if state.moved_times >= MOVED_AFTER else replace(state, moved_to=None, moved_times=0)
    times = state.moved_times + 1 if moved_to == state.moved_to else 1
    return replace(state, moved_to=moved_to, moved_times=times)


def _complaints(outcome: Outcome) -> Sequence[str]:
    """What went wrong while a source was read: all of it, or single entries and files."""
    match outcome:
        case SourceError():
            return [str(outcome)]
        case LeftAlone(why):
            return [why]
        case ParsedFeed():
            return outcome.problems
        case _:
            return []


def _gone(since: datetime) -> str:
    return f"its server said on {since:%Y-%m-%d} that it is gone for good (410)"


def _minute(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"
