"""Stage 3 for many entries: what waits is translated newest first, and what a better model or glossary would change.

One entry or language that cannot be translated does not cost the others: it is named, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from feedsvc.config import Config
from feedsvc.errors import ConfigError, StoreError, TranslationError
from feedsvc.model import Failure, Pending, Source
from feedsvc.store import Store, Waiting
from feedsvc.translate import Glossary, Translator, article, batch, load_glossary

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

    def translate(self, waiting: Sequence[Pending]) -> Translated:
        """Translate what waits, as far as there are models and glossaries for it."""
        waiting = [p for p in waiting if waiting_of(p) not in self._tried]
        engines = _engines(
            [p.entry.language for p in waiting], self._translator, self._config.target_language
        )
        failures = list(_untranslatable(waiting, engines))
        waits = Counter(p.entry.source_id for p in waiting)
        failures += [
            Failure(source_id=i, reason=f"{_entries(waits[i])} cannot be translated: {why}")
            for i, why in self._unreadable.items()
            if waits[i]
        ]
        outlines = []
        for pending in waiting:
            glossary, language = self._glossaries.get(pending.entry.source_id), pending.entry.language
            if glossary is not None and language and language in engines.names:
                try:
                    outlines.append(self._outline(pending, language, glossary))
                except Exception as error:  # noqa: BLE001 - one entry must not cost the others
                    failures.append(_failure(pending, error))
        groups = list(article.groups(outlines))
        total = sum(len(article.distinct(group)) for group in groups)
        entries = done = asked = 0

        def advance(more: int) -> None:
            nonlocal done
            done += more
            self._on_progress("translate", done, total)

        while groups and not (entries and self._store.is_wanted()):
            group = groups.pop(0)
            self._tried |= {waiting_of(item.pending) for item in group}
            try:
                result = batch.translate_group(
                    group,
                    self._translator,
                    engines.names,
                    target_language=self._config.target_language,
                    recall=partial(self._store.recall, now=self._now),
                    retry=self._retry,
                    on_progress=advance,
                    on_stop=partial(self._store.remember, now=self._now),
                )
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - likewise
                if len(group) == 1:
                    failures.append(_failure(group[0].pending, error))
                groups[:0] = [[item] for item in group] if len(group) > 1 else []
                continue
            self._store.save_group(result.translations, result.learnt, now=self._now)
            entries += len(group)
            asked += result.asked
        return Translated(entries=entries, sentences=asked, failures=tuple(failures), is_complete=not groups)

    def improve(self, sources: Sequence[Source], *, limit: int | None) -> Translated:
        """Translate again what stands in the feeds and would be better, or follow the glossary, now."""
        if limit == 0:
            return Translated()
        old = outdated(self._config, self._store, self._translator, sources, self._glossaries, limit=limit)
        return self.translate(old)

    def _outline(self, pending: Pending, language: str, glossary: Glossary) -> article.Outline:
        return article.outline(pending, language, glossary, target_language=self._config.target_language)


def outdated(
    config: Config,
    store: Store,
    translator: Translator,
    sources: Sequence[Source],
    glossaries: Mapping[str, Glossary],
    *,
    limit: int | None = None,
) -> list[Pending]:
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
    waiting = store.pending([s.id for s in config.sources], config.target_language)
    languages = [p.entry.language for p in waiting]
    return _untranslatable(waiting, _engines(languages, translator, config.target_language))


def _untranslatable(waiting: Sequence[Pending], engines: _Engines) -> tuple[Failure, ...]:
    """Why entries wait although all that could be was translated: a failure for each source and language."""
    stuck = Counter(
        (p.entry.source_id, p.entry.language) for p in waiting if p.entry.language in engines.reasons
    )
    return tuple(
        Failure(
            source_id=source_id, reason=f"{_entries(count)} cannot be translated: {engines.reasons[language]}"
        )
        for (source_id, language), count in stuck.items()
    )


def waiting_of(pending: Pending) -> Waiting:
    """What the store calls an entry that waits, in its present revision."""
    return Waiting(pending.entry.source_id, pending.entry.guid, pending.content_hash)


def _failure(pending: Pending, error: Exception) -> Failure:
    """An entry that could not be translated for a reason that nobody foresaw, or that a model gave."""
    why = str(error) if isinstance(error, TranslationError) else f"unexpected {type(error).__name__}: {error}"
    return Failure(source_id=pending.entry.source_id, reason=f"{pending.entry.guid}: {why}")


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
