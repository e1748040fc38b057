"""The way of an article, from left to right: ingest → store → translate → publish.

`refresh` is the one path: the command line calls it, and the service takes its steps one by one. A failure of one
source, entry or language is let pass, by naming it in the report and in the state of the source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial

from feedsvc.alarms import publish_alarms
from feedsvc.config import Config
from feedsvc.ingest import Fetcher
from feedsvc.model import RunReport
from feedsvc.polling import poll
from feedsvc.publishing import publish, tell_hubs
from feedsvc.store import OnWait, Store, Waiting
from feedsvc.translate import Translator, article
from feedsvc.translating import Progress, Translated, Work, backlog, glossaries, outdated, waiting_of

#: entries that are looked at for one turn
_LOADED_AT_ONCE = 50


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
    work = Work(config, store, translator, now=now, retry=force, on_progress=on_progress)
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
    done, improved, files = Translated(), Translated(), dict[str, None]()
    is_over = False
    while not is_over:  # others get their turn in between
        with store.exclusive(on_wait or _wait):
            # translate
            done += work.translate(store.queue([s.id for s in chosen], config.target_language, again=force))
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
    picked = fair(w for w in waiting if w not in aside)[:_LOADED_AT_ONCE]
    group: list[Waiting] = []
    size = 0
    for pending in store.pending_of([w.key for w in picked], config.target_language):
        size += len(pending.entry.body_html)
        if group and size > article.GROUP_CHARS:
            break
        group.append(waiting_of(pending))
    if not group:
        return None
    work = Work(config, store, translator, now=now, retry=False, on_progress=on_progress)
    done = work.translate(group)
    aside |= set(group)
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
        work = Work(config, store, translator, now=now, retry=False, on_progress=on_progress)
        done = work.improve(config.sources, limit=limit)
        files = publish(config, store) if done.entries else ()
    untold = tell_hubs(config, files)
    return RunReport(
        improved_entries=done.entries,
        sentences=done.sentences,
        files=files,
        failures=(*done.failures, *untold),
    )
