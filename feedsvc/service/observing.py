"""Looks at the store for those that watch the service; what takes long is looked at seldom."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import unquote

from feedsvc.config import Config
from feedsvc.errors import StoreError
from feedsvc.model import Verdict
from feedsvc.service.serving.observation import Articles, Done, Observation
from feedsvc.store import Store

_Value = TypeVar("_Value")
_LOOK_EVERY_S = 5.0
_COUNT_EVERY_S = 60.0
#: of the time, for what takes long
_SHARE = 1 / 20
_FAILED = frozenset(Verdict) - {Verdict.GOOD, Verdict.KEPT, Verdict.TERMS}


class Remembered(Generic[_Value]):
    """A function whose result holds for a while, and the longer the more time it takes; any thread may ask."""

    def __init__(
        self, make: Callable[[], _Value], keep_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._make = make
        self._keep_s = keep_s
        self._clock = clock
        self._lock = threading.Lock()
        self._until = float("-inf")
        self._value: _Value

    def __call__(self) -> _Value:
        """The result, new or remembered."""
        with self._lock:
            began = self._clock()
            if began >= self._until:
                self._value = self._make()
                ended = self._clock()
                self._until = ended + max(self._keep_s, (ended - began) / _SHARE)
            return self._value


def observer(config: Config, done: Callable[[], Done | None] = lambda: None) -> Callable[[], Observation]:
    """What `application` takes as `observe`, for the database of a configuration.

    `done` tells what the worker of this process has done, where there is one. A database that cannot be used is a
    problem of a worker; without one it is a warning, as the files can be served all the same.
    """
    verdicts = Remembered(lambda: _with_store(config, count_verdicts), _COUNT_EVERY_S)

    def look() -> Observation:
        counted = done()
        try:
            articles = verdicts()
            return _with_store(config, lambda c, store: observe(c, store, articles, done=counted))
        except StoreError as error:
            if counted is None:
                return Observation(warnings=(str(error),))
            return Observation(problems=(str(error),), done=counted)

    return Remembered(look, _LOOK_EVERY_S)


def observe(
    config: Config, store: Store, verdicts: Mapping[str, Articles], *, done: Done | None = None
) -> Observation:
    """How the service is, by its database; how many articles wait is of now, and the verdicts are as counted."""
    ids = [source.id for source in config.sources]
    waiting = store.counts(config.target_language)
    return Observation(
        sources=store.states(ids),
        articles={
            source_id: replace(counted, waiting=waiting.get(source_id, {}).get("pending", 0))
            for source_id, counted in verdicts.items()
            if source_id in ids
        },
        done=done,
    )


def count_verdicts(config: Config, store: Store) -> dict[str, Articles]:
    """For each source how its translations fare. Reads every article: seconds where there are ten thousands."""
    found = {}
    for source in config.sources:
        sentences: Counter[str] = Counter({verdict.value: 0 for verdict in Verdict})
        articles: Counter[bool] = Counter()
        for article in store.articles([source.id], config.target_language):
            if article.translation:
                of_this = [s.verdict for p in article.translation.passages for s in p.segments]
                sentences.update(verdict.value for verdict in of_this)
                articles[not _FAILED.isdisjoint(of_this)] += 1
        found[source.id] = Articles(good=articles[False], doubtful=articles[True], sentences=dict(sentences))
    return found


def _with_store(config: Config, look: Callable[[Config, Store], _Value]) -> _Value:
    path = unquote(config.database.removeprefix("sqlite:///"))
    if config.database.startswith("sqlite") and not Path(path).exists():
        raise StoreError(f"{path}: there is no database yet")  # and looking makes none
    with Store(config.database) as store:
        return look(config, store)
