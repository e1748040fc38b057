"""Stage 3 for many entries: what waits is translated newest first, and what a better model or glossary would change.

One entry or language that cannot be translated does not cost the others: it is named, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from feedsvc.config import Config
from feedsvc.errors import ConfigError, StoreError, TranslationError
from feedsvc.model import Failure, Pending, Source
from feedsvc.store import Store, Waiting
from feedsvc.translate import Glossary, Translator, article, batch, load_glossary

_READ_AT_ONCE = 100
#: told what is going on: the stage, how much is done, and of how much
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """What translating some entries came to; the sum with what came later is of both."""

    entries: int = 0
    sentences: int = 0
    failures: tuple[Failure, ...] = ()
    #: nothing was left for another turn
    is_complete: bool = True

    def __add__(self, later: Translated) -> Translated:
        return Translated(
            entries=self.entries + later.entries,
            sentences=self.sentences + later.sentences,
            failures=(*self.failures, *later.failures),
            is_complete=later.is_complete,
        )


class Work:
    """Translates entries, newest first, group by group; each group is saved at once, or not at all.

    Makes way for others between groups. What was tried once is not tried again.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        translator: Translator,
        *,
        now: datetime,
        retry: bool,
        on_progress: Progress,
    ) -> None:
        self._config = config
        self._store = store
        self._translator = translator
        self._now = now
        self._retry = retry
        self._on_progress = on_progress
        self._glossaries, self._unreadable = glossaries(config)
        self._tried: set[Waiting] = set()

    def translate(self, waiting: Sequence[Waiting]) -> Translated:
        """Translate what waits, as far as there are models and glossaries for it."""
        waiting = [w for w in waiting if w not in self._tried]
        engines = _engines([w.language for w in waiting], self._translator, self._config.target_language)
        failures = list(_untranslatable(waiting, engines))
        waits = Counter(w.source_id for w in waiting)
        failures += [
            Failure(source_id=i, reason=f"{_entries(waits[i])} cannot be translated: {why}")
            for i, why in self._unreadable.items()
            if waits[i]
        ]
        feasible = [w for w in waiting if w.source_id in self._glossaries and w.language in engines.names]
        progress = _Steps(self._on_progress, len(feasible))
        groups = article.groups(self._outlines(feasible, failures))
        alone: list[article.Outline] = []  # of a group that could not be translated as a whole
        entries = asked = tried = 0
        while group := [alone.pop(0)] if alone else next(groups, []):
            if tried and self._store.is_wanted():
                break
            try:
                result = batch.translate_group(
                    group,
                    self._translator,
                    engines.names,
                    target_language=self._config.target_language,
                    recall=partial(self._store.recall, now=self._now),
                    retry=self._retry,
                    on_progress=progress.within(group),
                    on_stop=partial(self._store.remember, now=self._now),
                )
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - one entry must not cost the others
                if len(group) > 1:
                    alone = list(group)
                    continue
                failures.append(_failure(group[0].pending, error))
            else:
                self._store.save_group(result.translations, result.learnt, now=self._now)
                entries += len(group)
                asked += result.asked
            self._tried |= {waiting_of(item.pending) for item in group}
            tried += len(group)
            progress.end(group)
        return Translated(entries=entries, sentences=asked, failures=tuple(failures), is_complete=not group)

    def improve(self, sources: Sequence[Source], *, limit: int | None) -> Translated:
        """Translate again what stands in the feeds and would be better, or follow the glossary, now."""
        if limit == 0:
            return Translated()
        old = outdated(self._config, self._store, self._translator, sources, self._glossaries, limit=limit)
        return self.translate(old)

    def _outlines(self, waiting: Sequence[Waiting], failures: list[Failure]) -> Iterator[article.Outline]:
        """Read entries and take them apart, a few at a time: a backlog of years does not fit into memory."""
        for start in range(0, len(waiting), _READ_AT_ONCE):
            keys = [w.key for w in waiting[start : start + _READ_AT_ONCE]]
            for pending in self._store.pending_of(keys, self._config.target_language):
                glossary = self._glossaries[pending.entry.source_id]
                try:
                    yield article.outline(
                        pending,
                        pending.entry.language or "",
                        glossary,
                        target_language=self._config.target_language,
                    )
                except Exception as error:  # noqa: BLE001 - likewise
                    failures.append(_failure(pending, error))
                    self._tried.add(waiting_of(pending))


class _Steps:
    """Tells how many entries are translated; within a group by its sentences, as some are long."""

    def __init__(self, on_progress: Progress, total: int) -> None:
        self._on_progress = on_progress
        self._total = total
        self._done = 0

    def within(self, group: Sequence[article.Outline]) -> Callable[[int], None]:
        """What is to be told of the sentences of a group that are done, as they are."""
        sentences, done = len(article.distinct(group)) or 1, 0  # pictures alone have none

        def advance(more: int) -> None:
            nonlocal done
            done += more
            self._on_progress("translate", self._done + len(group) * done // sentences, self._total)

        return advance

    def end(self, group: Sequence[article.Outline]) -> None:
        """Nothing is left to do for a group."""
        self._done += len(group)
        self._on_progress("translate", self._done, self._total)


def outdated(
    config: Config,
    store: Store,
    translator: Translator,
    sources: Sequence[Source],
    glossaries: Mapping[str, Glossary],
    *,
    limit: int | None = None,
) -> list[Waiting]:
    """The entries in the feeds that an older or lesser model, or another glossary, translated; newest first."""
    target = config.target_language
    made = store.made([s.id for s in sources], target)
    names = _engines([m.language for m in made if m.engine], translator, target).names
    old = [
        m
        for m in made
        if m.engine
        and m.source_id in glossaries
        and (now := names.get(m.language))
        and (
            batch.is_better(now, m.engine)
            or (now == m.engine and glossaries[m.source_id].digest != m.glossary)
        )
    ]
    newest = {
        s.id: max((o.max_entries for o in config.outputs if s.id in o.source_ids), default=0) for s in sources
    }
    return store.made_with(old, target, newest=newest, limit=limit)


def glossaries(config: Config) -> tuple[dict[str, Glossary], dict[str, str]]:
    """The glossary of each source; and for those that have one that cannot be read, why."""
    loaded: dict[str, Glossary] = {}
    unreadable: dict[str, str] = {}
    by_paths: dict[tuple[str, ...], Glossary | ConfigError] = {}
    for source in config.sources:
        if source.glossaries not in by_paths:
            try:
                by_paths[source.glossaries] = load_glossary(list(map(Path, source.glossaries)))
            except ConfigError as error:
                by_paths[source.glossaries] = error
        found = by_paths[source.glossaries]
        if isinstance(found, ConfigError):
            unreadable[source.id] = "; ".join(found.problems)
        else:
            loaded[source.id] = found
    return loaded, unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class _Engines:
    """What translates each language that waits, and why some have nothing that does."""

    names: Mapping[str, str]
    reasons: Mapping[str | None, str]


def _engines(languages: Iterable[str | None], translator: Translator, target: str) -> _Engines:
    """The engine for each language, or why there is none."""
    names: dict[str, str] = {}
    reasons: dict[str | None, str] = {}
    for language in dict.fromkeys(languages):
        if language is None:
            reasons[None] = 'their language is unknown; set language = "…" for the source'
            continue
        try:
            names[language] = batch.engine_for(language, translator, target)
        except TranslationError as error:
            reasons[language] = str(error)
    return _Engines(names=names, reasons=reasons)


def backlog(config: Config, store: Store, translator: Translator) -> tuple[Failure, ...]:
    """What keeps the entries that wait now from being translated, as the next refresh would find."""
    waiting = store.queue([s.id for s in config.sources], config.target_language)
    return _untranslatable(
        waiting, _engines([w.language for w in waiting], translator, config.target_language)
    )


def _untranslatable(waiting: Sequence[Waiting], engines: _Engines) -> tuple[Failure, ...]:
    """Why entries wait although all that could be was translated: a failure for each source and language."""
    stuck = Counter((w.source_id, w.language) for w in waiting if w.language in engines.reasons)
    return tuple(
        Failure(
            source_id=source_id, reason=f"{_entries(count)} cannot be translated: {engines.reasons[language]}"
        )
        for (source_id, language), count in stuck.items()
    )


def waiting_of(pending: Pending) -> Waiting:
    """What the store calls an entry that waits, in its present revision."""
    entry = pending.entry
    return Waiting(entry.source_id, entry.guid, pending.content_hash, entry.language)


def _failure(pending: Pending, error: Exception) -> Failure:
    """An entry that could not be translated for a reason that nobody foresaw, or that a model gave."""
    why = str(error) if isinstance(error, TranslationError) else f"unexpected {type(error).__name__}: {error}"
    return Failure(source_id=pending.entry.source_id, reason=f"{pending.entry.guid}: {why}")


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
