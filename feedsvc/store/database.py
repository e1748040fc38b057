"""The store: entries, translations, the translation memory and the state of each source.

Every public method of `Store` is one transaction: it has happened, or it has not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from feedsvc.model import Entry, FetchState, Known, ParsedFeed, Pending, Source, Translation
from feedsvc.store import ages, said
from feedsvc.store.said import Saved, batches
from feedsvc.store.shown import TRANSLATION, Key, Shown, same_entry
from feedsvc.store.tables import changes, entries, memory, translations

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


class Waiting(NamedTuple):
    """An entry that is to be translated, in its present revision, without its text."""

    source_id: str
    guid: str
    content_hash: str
    language: str | None = None

    @property
    def key(self) -> Key:
        """Of the entry."""
        return self.source_id, self.guid


class Store(Shown):
    """A database with all that feedsvc keeps, opened by its SQLAlchemy URL; a context manager."""

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
        if self._engine.dialect.name == "postgresql":
            looks = [
                (i, *said.fitting(feed, state)) if feed is not None else (i, feed, state)
                for i, feed, state in looks
            ]
        with self._transaction() as connection:
            said.save_states(connection, {source_id: state for source_id, _, state in looks}, now=now)
            return [
                said.save_feed(connection, source_id, feed, now=now) if feed is not None else Saved()
                for source_id, feed, _ in looks
            ]

    def prune(
        self, source_id: str, *, keep: int | None = None, keep_for: timedelta | None = None, now: datetime
    ) -> int:
        """Remove all but the newest entries of a source, and those that are too old, for good; how many.

        A tombstone keeps each from coming back. How old is too old see `ages`.
        """
        with self._transaction() as connection:
            return said.prune(connection, source_id, keep=keep, keep_for=keep_for, now=now)

    def queue(
        self, source_ids: Collection[str], target_language: str, *, again: bool = False
    ) -> list[Waiting]:
        """Entries whose present revision is not translated, newest first; with `again` also those that are."""
        query = (
            select(entries.c.source_id, entries.c.guid, entries.c.content_hash, entries.c.language)
            .select_from(entries.outerjoin(translations, same_entry(target_language)))
            .where(entries.c.source_id.in_(source_ids))
            .order_by(entries.c.dated_at.desc(), entries.c.source_id, entries.c.guid)
        )
        if not again:
            query = query.where(_is_waiting())
        with self._transaction() as connection:
            return [Waiting(*row) for row in connection.execute(query)]

    def waiting_since(self, target_language: str) -> dict[str, datetime]:
        """For each source with entries that wait for their translation, when the first of them was first seen."""
        query = (
            select(entries.c.source_id, func.min(entries.c.first_seen_at))
            .select_from(entries.outerjoin(translations, same_entry(target_language)))
            .where(_is_waiting())
            .group_by(entries.c.source_id)
        )
        with self._transaction() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def pending_of(self, keys: Sequence[Key], target_language: str) -> list[Pending]:
        """These entries, in this order; without those that are no more."""
        rows = {}
        with self._transaction() as connection:
            for batch in batches(keys):
                chosen = tuple_(entries.c.source_id, entries.c.guid).in_(batch)
                for row in connection.execute(_waiting(target_language).where(chosen)):
                    pending = _pending(row)
                    rows[pending.entry.source_id, pending.entry.guid] = pending
        return [rows[key] for key in keys if key in rows]

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
    ) -> list[Waiting]:
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
                entries.c.language,
                translations.c.content_hash,
                *columns,
            )
            .select_from(entries.outerjoin(translations, same_entry(target_language)))
            .where(entries.c.source_id.in_({m.source_id for m in made}))
            .order_by(entries.c.dated_at.desc(), entries.c.source_id, entries.c.guid)
        )
        wanted = set(made)
        ranks: Counter[str] = Counter()
        found: list[Waiting] = []
        with self._transaction() as connection:
            for source_id, guid, present, language, translated, *how in connection.execute(query):
                ranks[source_id] += 1
                is_there = present == translated and ranks[source_id] <= newest.get(source_id, 0)
                if is_there and Made(*how) in wanted:
                    found.append(Waiting(source_id, guid, present, language))
        return found[:limit]

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
                    earlier = and_(memory.c.key.in_(list(hits)), memory.c.used_at < now)
                    connection.execute(update(memory).where(earlier).values(used_at=now))
                found |= hits
        return found

    def forget(self, *, unused_for: timedelta, now: datetime) -> int:
        """Remove from the translation memory what nobody has asked for so long; how many sentences.

        What was used by a clock that has been put back since counts as used now; or, if it is this one that is
        wrong, when a source last stated a date.
        """
        with self._transaction() as connection:
            latest = max(now, ages.newest_stated(connection) or now)
            connection.execute(update(memory).where(memory.c.used_at > latest).values(used_at=latest))
            before = ages.too_old_before(connection, unused_for, now=now)
            return (
                connection.execute(delete(memory).where(memory.c.used_at < before)).rowcount if before else 0
            )

    def records(self, source_id: str, target_language: str) -> list[Record]:
        """All entries of a source, newest first."""
        query = (
            select(
                entries, translations.c.data.label("made"), translations.c.content_hash.label("made_of_hash")
            )
            .select_from(entries.outerjoin(translations, same_entry(target_language)))
            .where(entries.c.source_id == source_id)
            .order_by(entries.c.dated_at.desc(), entries.c.guid)
        )
        with self._transaction() as connection:
            return [
                Record(
                    entry=said.ENTRY.validate_json(row.data),
                    translation=TRANSLATION.validate_json(row.made) if row.made else None,
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
        joined = entries.outerjoin(translations, same_entry(target_language))
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
            data=TRANSLATION.dump_json(translation).decode(),
        )
    )
    changed = select(entries.c.source_id, entries.c.guid, entries.c.dated_at).where(
        entries.c.source_id == pending.entry.source_id, entries.c.guid == pending.entry.guid
    )
    connection.execute(insert(changes).from_select(["source_id", "guid", "dated_at"], changed))


def _remember(connection: Connection, learnt: Mapping[str, str], now: datetime) -> None:
    for batch in batches(sorted(learnt)):
        connection.execute(delete(memory).where(memory.c.key.in_(batch)))
        connection.execute(
            insert(memory), [{"key": key, "target": learnt[key], "used_at": now} for key in batch]
        )


def _waiting(target_language: str) -> Select[Any]:
    """Entries with what was made of them."""
    return select(
        entries.c.data,
        entries.c.content_hash,
        entries.c.changed_at,
        translations.c.data.label("made"),
    ).select_from(entries.outerjoin(translations, same_entry(target_language)))


def _is_waiting() -> ColumnElement[bool]:
    return or_(translations.c.guid.is_(None), translations.c.content_hash != entries.c.content_hash)


def _pending(row: Any) -> Pending:
    return Pending(
        entry=said.ENTRY.validate_json(row.data),
        content_hash=row.content_hash,
        changed_at=row.changed_at,
        previous=TRANSLATION.validate_json(row.made) if row.made else None,
    )
