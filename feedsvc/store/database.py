"""The store: entries, translations, the translation memory and the state of each source.

Every public method of `Store` is one transaction: it has happened, or it has not.
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import (
    Connection,
    Engine,
    Select,
    and_,
    create_engine,
    delete,
    event,
    func,
    insert,
    make_url,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from feedsvc.errors import StoreBusy, StoreError
from feedsvc.model import Article, Entry, FetchState, Known, ParsedFeed, Pending, Source, Translation
from feedsvc.store import said, schema
from feedsvc.store.said import Saved, batches
from feedsvc.store.tables import entries, memory, translations

_TRANSLATION = TypeAdapter(Translation)
_Value = TypeVar("_Value")
_BATCH = 400  # rows or parameters in one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is stored of one entry."""

    entry: Entry
    #: of the last revision that was translated, if any
    translation: Translation | None
    #: the translation is of the present revision
    is_current: bool
    dated_at: datetime
    first_seen_at: datetime
    changed_at: datetime | None
    #: set when it does not wait for its translation any longer
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class Made:
    """What the translations of a source were made with."""

    source_id: str
    language: str
    engine: str
    #: digest of the glossary
    glossary: str


class Store:
    """A database, opened by its SQLAlchemy URL; a context manager."""

    def __init__(self, url: str) -> None:
        with _store_errors("database"):
            self._url = make_url(url)
        self._place = self._url.render_as_string()
        with _store_errors(self._place):
            self._engine = _open(url)
            schema.upgrade(self._engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other process from refreshing this database; ends with the process at the latest.

        Raises: StoreBusy naming the process that refreshes it now.
        """
        path = self._url.database
        if self._url.get_backend_name() != "sqlite" or not path or path == ":memory:":
            yield
            return
        with _open_lock(Path(f"{path}.lock")) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                raise StoreBusy(f"process {lock.read().strip() or 'unknown'}") from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def state(self, source_id: str) -> FetchState:
        """What is remembered of a source; a blank state for a new one."""
        return self.states([source_id])[source_id]

    def states(self, source_ids: Collection[str]) -> dict[str, FetchState]:
        """What is remembered of several sources."""
        with self._transaction() as connection:
            return said.load_states(connection, source_ids)

    def known(self, some: Sequence[Source]) -> dict[str, Known]:
        """What is known of several sources before they are read again."""
        with self._transaction() as connection:
            return said.load_known(
                connection,
                [source.id for source in some],
                with_files=[source.id for source in some if source.kind == "folder"],
                with_pages=[source.id for source in some if source.full_text],
            )

    def save_feed(self, source_id: str, feed: ParsedFeed, state: FetchState, *, now: datetime) -> Saved:
        """Save what a source said, and with it the validators that keep us from asking again."""
        (saved,) = self.save_feeds([(source_id, feed, state)], now=now)
        return saved

    def save_feeds(
        self, read: Iterable[tuple[str, ParsedFeed | None, FetchState]], *, now: datetime
    ) -> list[Saved]:
        """Save what several sources said, None where one said nothing new, with the state of each."""
        looks = list(read)
        with self._transaction() as connection:
            said.save_states(connection, {source_id: state for source_id, _, state in looks}, now=now)
            return [
                said.save_feed(connection, source_id, feed, now=now) if feed is not None else Saved()
                for source_id, feed, _ in looks
            ]

    def save_state(self, source_id: str, state: FetchState, *, now: datetime) -> None:
        """Remember how a source was found."""
        with self._transaction() as connection:
            said.save_states(connection, {source_id: state}, now=now)

    def prune(self, source_id: str, *, keep: int, now: datetime) -> int:
        """Remove all but the newest entries of a source for good; a tombstone keeps each from coming back."""
        with self._transaction() as connection:
            return said.prune(connection, source_id, keep=keep, now=now)

    def pending(
        self, source_ids: Collection[str], target_language: str, *, again: bool = False
    ) -> list[Pending]:
        """Entries whose present revision is not translated, newest first; with `again` also those that are."""
        query = _waiting(target_language).where(entries.c.source_id.in_(source_ids))
        if not again:
            query = query.where(
                or_(translations.c.guid.is_(None), translations.c.content_hash != entries.c.content_hash)
            )
        with self._transaction() as connection:
            return [_pending(row) for row in connection.execute(query)]

    def made(self, source_ids: Collection[str], target_language: str) -> list[Made]:
        """What the translations that there are were made with, each combination once."""
        columns = (
            translations.c.source_id,
            translations.c.language,
            translations.c.engine,
            translations.c.glossary,
        )
        query = (
            select(*columns)
            .distinct()
            .where(
                translations.c.source_id.in_(source_ids), translations.c.target_language == target_language
            )
            .order_by(*columns)
        )
        with self._transaction() as connection:
            return [Made(*row) for row in connection.execute(query)]

    def made_with(
        self,
        made: Collection[Made],
        target_language: str,
        *,
        newest: Mapping[str, int],
        limit: int | None = None,
    ) -> list[Pending]:
        """The translated entries that were made with one of these, newest first, `limit` at most.

        `newest` says for each source how many of its newest entries count.
        """
        if not made:
            return []
        columns = (
            translations.c.source_id,
            translations.c.language,
            translations.c.engine,
            translations.c.glossary,
        )
        query = (
            select(
                entries.c.source_id,
                entries.c.guid,
                entries.c.content_hash,
                translations.c.content_hash,
                *columns,
            )
            .select_from(entries.outerjoin(translations, _same_entry(target_language)))
            .where(entries.c.source_id.in_({m.source_id for m in made}))
            .order_by(entries.c.dated_at.desc(), entries.c.source_id, entries.c.guid)
        )
        wanted = set(made)
        ranks: Counter[str] = Counter()
        keys: list[tuple[str, str]] = []
        with self._transaction() as connection:
            for source_id, guid, present, translated, *how in connection.execute(query):
                ranks[source_id] += 1
                is_there = present == translated and ranks[source_id] <= newest.get(source_id, 0)
                if is_there and Made(*how) in wanted:
                    keys.append((source_id, guid))
            rows = {}
            for batch in batches(keys[:limit]):
                chosen = tuple_(entries.c.source_id, entries.c.guid).in_(batch)
                for row in connection.execute(_waiting(target_language).where(chosen)):
                    pending = _pending(row)
                    rows[pending.entry.source_id, pending.entry.guid] = pending
        return [rows[key] for key in keys[:limit]]

    def save_group(
        self, made: Iterable[tuple[Pending, Translation]], learnt: Mapping[str, str], *, now: datetime
    ) -> None:
        """Save complete translations, each for the revision that it was made of, and what was learnt with them."""
        with self._transaction() as connection:
            for pending, translation in made:
                _save_translation(connection, pending, translation)
            _remember(connection, learnt, now)

    def remember(self, learnt: Mapping[str, str], *, now: datetime) -> None:
        """Put translations of sentences into the memory, by memory key."""
        with self._transaction() as connection:
            _remember(connection, learnt, now)

    def recall(self, keys: Collection[str], *, now: datetime) -> dict[str, str]:
        """What the translation memory holds for these keys."""
        found: dict[str, str] = {}
        with self._transaction() as connection:
            for batch in batches(sorted(keys)):
                rows = connection.execute(
                    select(memory.c.key, memory.c.target).where(memory.c.key.in_(batch))
                )
                hits = {row.key: row.target for row in rows}
                if hits:
                    connection.execute(update(memory).where(memory.c.key.in_(list(hits))).values(used_at=now))
                found |= hits
        return found

    def release_overdue(self, *, publish_after: timedelta, now: datetime) -> None:
        """Let entries that have waited too long for a first translation be published as they are."""
        overdue = and_(entries.c.released_at.is_(None), entries.c.first_seen_at <= now - publish_after)
        with self._transaction() as connection:
            connection.execute(update(entries).where(overdue).values(released_at=now))

    def articles(self, source_ids: Collection[str], target_language: str) -> Iterator[Article]:
        """What may be published of these sources, newest first."""
        joined = entries.outerjoin(translations, _same_entry(target_language))
        query = (
            select(
                entries.c.data,
                entries.c.dated_at,
                entries.c.changed_at,
                translations.c.data.label("made"),
                translations.c.changed_at.label("made_of"),
            )
            .select_from(joined)
            .where(
                entries.c.source_id.in_(source_ids),
                or_(translations.c.guid.is_not(None), entries.c.released_at.is_not(None)),
            )
            .order_by(entries.c.dated_at.desc(), entries.c.source_id, entries.c.guid)
        )
        with self._transaction() as connection:
            yield from map(_article, connection.execution_options(yield_per=_BATCH).execute(query))

    def records(self, source_id: str, target_language: str) -> list[Record]:
        """All entries of a source, newest first."""
        query = (
            select(
                entries, translations.c.data.label("made"), translations.c.content_hash.label("made_of_hash")
            )
            .select_from(entries.outerjoin(translations, _same_entry(target_language)))
            .where(entries.c.source_id == source_id)
            .order_by(entries.c.dated_at.desc(), entries.c.guid)
        )
        with self._transaction() as connection:
            return [
                Record(
                    entry=said.ENTRY.validate_json(row.data),
                    translation=_TRANSLATION.validate_json(row.made) if row.made else None,
                    is_current=row.made_of_hash == row.content_hash,
                    dated_at=row.dated_at,
                    first_seen_at=row.first_seen_at,
                    changed_at=row.changed_at,
                    released_at=row.released_at,
                )
                for row in connection.execute(query)
            ]

    def counts(self, target_language: str) -> dict[str, dict[str, int]]:
        """For each source the number of its entries, and of those that wait for their translation."""
        joined = entries.outerjoin(translations, _same_entry(target_language))
        current = and_(
            translations.c.guid.is_not(None), translations.c.content_hash == entries.c.content_hash
        )
        query = (
            select(
                entries.c.source_id,
                func.count().label("entries"),
                func.count().filter(current).label("translated"),
            )
            .select_from(joined)
            .group_by(entries.c.source_id)
        )
        with self._transaction() as connection:
            return {
                row.source_id: {"entries": row.entries, "pending": row.entries - row.translated}
                for row in connection.execute(query)
            }

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with _store_errors(self._place), self._engine.begin() as connection:
            yield connection


@contextmanager
def _store_errors(place: str) -> Iterator[None]:
    """What the database or its driver says, as one line."""
    try:
        yield
    except (SQLAlchemyError, ModuleNotFoundError, ValidationError) as error:
        reason = getattr(error, "orig", None) or error
        raise StoreError(f"{place}: {str(reason).splitlines()[0]}") from error


def _open(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url)
    path = parsed.database
    if not path or path == ":memory:":
        return create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot make the folder: {error.strerror}") from error
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # what was said to be saved survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine


def _open_lock(path: Path) -> TextIO:
    try:
        return path.open("a+", encoding="ascii")
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened: {error.strerror}") from error


def _save_translation(connection: Connection, pending: Pending, translation: Translation) -> None:
    here = {
        "source_id": pending.entry.source_id,
        "guid": pending.entry.guid,
        "target_language": translation.target_language,
    }
    connection.execute(delete(translations).where(*(translations.c[k] == v for k, v in here.items())))
    connection.execute(
        insert(translations).values(
            **here,
            content_hash=pending.content_hash,
            changed_at=pending.changed_at,
            language=translation.entry.language or "",
            engine=translation.engine,
            glossary=translation.glossary,
            data=_TRANSLATION.dump_json(translation).decode(),
        )
    )


def _remember(connection: Connection, learnt: Mapping[str, str], now: datetime) -> None:
    for batch in batches(sorted(learnt)):
        connection.execute(delete(memory).where(memory.c.key.in_(batch)))
        connection.execute(
            insert(memory), [{"key": key, "target": learnt[key], "used_at": now} for key in batch]
        )


def _same_entry(target_language: str) -> Any:
    return and_(
        tuple_(translations.c.source_id, translations.c.guid) == tuple_(entries.c.source_id, entries.c.guid),
        translations.c.target_language == target_language,
    )


def _waiting(target_language: str) -> Select[Any]:
    """Entries with what was made of them, newest first."""
    return (
        select(
            entries.c.data,
            entries.c.content_hash,
            entries.c.changed_at,
            translations.c.data.label("made"),
        )
        .select_from(entries.outerjoin(translations, _same_entry(target_language)))
        .order_by(entries.c.dated_at.desc(), entries.c.source_id, entries.c.guid)
    )


def _pending(row: Any) -> Pending:
    return Pending(
        entry=said.ENTRY.validate_json(row.data),
        content_hash=row.content_hash,
        changed_at=row.changed_at,
        previous=_TRANSLATION.validate_json(row.made) if row.made else None,
    )


def _article(row: Any) -> Article:
    translation = _TRANSLATION.validate_json(row.made) if row.made else None
    return Article(
        entry=translation.entry if translation else said.ENTRY.validate_json(row.data),
        translation=translation,
        dated_at=row.dated_at,
        changed_at=row.made_of if translation else row.changed_at,
    )
