"""The way of an article, from left to right: ingest → store → translate → publish.

`refresh` is the one path: the command line and the service call it. It is also the only place that lets a
failure of one source or language pass, by naming it in the report and in the state of the source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from feedsvc.alarms import publish_alarms
from feedsvc.config import Config
from feedsvc.errors import ConfigError, StoreError, TranslationError
from feedsvc.ingest import Fetcher
from feedsvc.model import Failure, Pending, RunReport, Source
from feedsvc.polling import poll
from feedsvc.publishing import publish, tell_hubs
from feedsvc.store import OnWait, Store, Waiting
from feedsvc.translate import Glossary, Translator, article, batch, load_glossary

#: entries that are looked at for one turn
_LOADED_AT_ONCE = 50
#: told what is going on: the stage, how much is done, and of how much
Progress = Callable[[str, int, int], None]


def refresh(
    config: Config,
    store: Store,
    fetcher: Fetcher,
    translator: Translator,
    *,
    now: datetime,
    only: Collection[str] = (),
    force: bool = False,
    improve: int | None = None,
    on_progress: Progress = lambda stage, done, total: None,
    on_wait: OnWait | None = None,
) -> RunReport:
    """Bring the sources (or `only` some) up to date and republish.

    `force` asks for every document anew, publishes every file anew, and translates again what is translated:
    sentences that passed come from the memory, those that failed get another chance. Entries in the feeds that an older model or another
    glossary translated are translated again afterwards; `improve` limits them, so that a service comes back soon.
    Where another process works on the database, `on_wait` hears who until it makes way; so does this one, between
    groups of entries, for those that wait. Without `on_wait` nobody waits for the first turn.

    Raises: StoreBusy, StoreError, PublishError; what concerns one source is in the report.
    """
    chosen = [s for s in config.sources if not only or s.id in only]
    work = _Work(config, store, translator, now=now, retry=force, on_progress=on_progress)
    # ingest, store
    with store.exclusive(on_wait):
        read = poll(
            chosen,
            store,
            fetcher,
            config.limits,
            media_folder=config.data_dir / "media",
            now=now,
            force=force,
            named=bool(only),
            on_progress=partial(on_progress, "ingest"),
        )
    done, improved, files = _Translated(), _Translated(), dict[str, None]()
    is_over = False
    while not is_over:  # others get their turn in between
        with store.exclusive(on_wait or _wait):
            # translate
            done += work.translate(store.pending([s.id for s in chosen], config.target_language, again=force))
            # publish
            files |= _publish(config, store, now=now, force=force and not files, on_progress=on_progress)
            if done.is_complete:
                # what is published can be made better: readers see no new entries for it
                better = work.improve(chosen, limit=improve)
                if better.entries:
                    files |= dict.fromkeys(publish(config, store))
                improved += better
            is_over = done.is_complete and improved.is_complete
            if is_over:
                publish_alarms(config, store, backlog(config, store, translator), now=now)
    untold = tell_hubs(config, tuple(files))
    return RunReport(
        sources=len(chosen),
        unchanged=read.unchanged,
        new_entries=read.new_entries,
        changed_entries=read.changed_entries,
        translated_entries=done.entries,
        improved_entries=improved.entries,
        sentences=done.sentences + improved.sentences,
        files=tuple(files),
        failures=tuple(dict.fromkeys((*read.failures, *done.failures, *improved.failures, *untold))),
    )


def _publish(
    config: Config, store: Store, *, now: datetime, force: bool, on_progress: Progress
) -> dict[str, None]:
    """Publish what may be by now; the names of the files written, in order."""
    store.release_overdue(config.target_language, publish_after=config.publish_after, now=now)
    on_progress("publish", 0, 1)
    files = publish(config, store, force=force)
    on_progress("publish", 1, 1)
    return dict.fromkeys(files)


def turn(
    config: Config,
    store: Store,
    translator: Translator,
    *,
    now: datetime,
    aside: set[Waiting],
    on_progress: Progress = lambda stage, done, total: None,
) -> RunReport | None:
    """Translate a little of what waits: the newest entry of each source, then the next; a group in all. None if nothing waits.

    What a service does again and again while it holds the database; to publish is another matter. Entries that
    were tried are put `aside`, so that those that cannot be translated do not come again and again.

    Raises: StoreError.
    """
    waiting = store.queue([source.id for source in config.sources], config.target_language)
    picked = store.pending_of(
        [(w.source_id, w.guid) for w in fair(w for w in waiting if w not in aside)[:_LOADED_AT_ONCE]],
        config.target_language,
    )
    group: list[Pending] = []
    size = 0
    for pending in picked:
        size += len(pending.entry.body_html)
        if group and size > article.GROUP_CHARS:
            break
        group.append(pending)
    if not group:
        return None
    work = _Work(config, store, translator, now=now, retry=False, on_progress=on_progress)
    done = work.translate(group)
    aside |= set(map(_waiting, group))
    return RunReport(
        translated_entries=done.entries,
        sentences=done.sentences,
        failures=done.failures,
    )


def fair(waiting: Iterable[Waiting]) -> list[Waiting]:
    """What waits, newest first, in another order: one of each source in turn, so that none waits for another's backlog."""
    ranks: Counter[str] = Counter()
    rounds: list[tuple[int, int, Waiting]] = []
    for place, one in enumerate(waiting):
        rounds.append((ranks[one.source_id], place, one))
        ranks[one.source_id] += 1
    return [one for _, _, one in sorted(rounds)]


def _wait(holder: str) -> None:
    """Wait for a turn in the middle of a refresh, whoever has it now."""


def improve(
    config: Config,
    store: Store,
    translator: Translator,
    *,
    now: datetime,
    limit: int,
    on_progress: Progress = lambda stage, done, total: None,
    on_wait: OnWait | None = None,
) -> RunReport:
    """Translate some entries again that a better model or another glossary would change, and republish.

    What a service does between refreshes, a little at a time. Raises: StoreError, PublishError.
    """
    if not outdated(config, store, translator, config.sources, glossaries(config)[0], limit=1):
        return RunReport()  # without keeping anybody else from a refresh
    with store.exclusive(on_wait):
        work = _Work(config, store, translator, now=now, retry=False, on_progress=on_progress)
        done = work.improve(config.sources, limit=limit)
        files = publish(config, store) if done.entries else ()
    untold = tell_hubs(config, files)
    return RunReport(
        improved_entries=done.entries,
        sentences=done.sentences,
        files=files,
        failures=(*done.failures, *untold),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Translated:
    entries: int = 0
    sentences: int = 0
    failures: tuple[Failure, ...] = ()
    #: nothing was left for another turn
    is_complete: bool = True

    def __add__(self, later: _Translated) -> _Translated:
        return _Translated(
            entries=self.entries + later.entries,
            sentences=self.sentences + later.sentences,
            failures=(*self.failures, *later.failures),
            is_complete=later.is_complete,
        )


class _Work:
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

    def translate(self, waiting: Sequence[Pending]) -> _Translated:
        """Translate what waits, as far as there are models and glossaries for it."""
        waiting = [p for p in waiting if _waiting(p) not in self._tried]
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
            self._tried |= {_waiting(item.pending) for item in group}
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
        return _Translated(entries=entries, sentences=asked, failures=tuple(failures), is_complete=not groups)

    def improve(self, sources: Sequence[Source], *, limit: int | None) -> _Translated:
        """Translate again what stands in the feeds and would be better, or follow the glossary, now."""
        if limit == 0:
            return _Translated()
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


def _waiting(pending: Pending) -> Waiting:
    return Waiting(pending.entry.source_id, pending.entry.guid, pending.content_hash)


def _failure(pending: Pending, error: Exception) -> Failure:
    """An entry that could not be translated for a reason that nobody foresaw, or that a model gave."""
    why = str(error) if isinstance(error, TranslationError) else f"unexpected {type(error).__name__}: {error}"
    return Failure(source_id=pending.entry.source_id, reason=f"{pending.entry.guid}: {why}")


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
