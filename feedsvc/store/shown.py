"""What is published, and what has changed since: articles, the log of changes, what the output folder was made of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import (
    Connection,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from feedsvc.model import Article, Translation
from feedsvc.store import said
from feedsvc.store.opening import Database
from feedsvc.store.said import batches
from feedsvc.store.tables import changes, entries, published, shown_media, translations

TRANSLATION = TypeAdapter(Translation)
_BATCH = 400  # rows or parameters in one statement
#: how entries refer to files that belong to them
_MEDIUM = re.compile(r"media:([0-9a-f]{64}\.[a-z0-9]{3,4})")
#: source and guid
Key = tuple[str, str]


class Place(NamedTuple):
    """Where an entry stands among those of its source: ordered by date, those of one date against their guids."""

    source_id: str
    guid: str
    dated_at: datetime

    @property
    def key(self) -> Key:
        """Of the entry."""
        return self.source_id, self.guid


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a part of the output folder was made of: a source's pages, or an output's feeds."""

    #: of all that decides its bytes, but for the entries
    digest: str
    #: of its publisher
    data: str = ""


class Shown(Database):
    """What stage 4 asks of the database, and tells it."""

    def release_overdue(self, target_language: str, *, publish_after: timedelta, now: datetime) -> None:
        """Let entries that have waited too long for a first translation be published as they are.

        So are those of which the clock, put back since, says that they are still to come.
        """
        has_waited = or_(
            entries.c.first_seen_at <= now - publish_after, entries.c.first_seen_at >= now + publish_after
        )
        overdue = and_(entries.c.released_at.is_(None), has_waited)
        is_translated = exists().where(same_entry(target_language))
        released = select(entries.c.source_id, entries.c.guid, entries.c.dated_at).where(
            overdue, not_(is_translated)
        )
        with self._transaction() as connection:
            connection.execute(insert(changes).from_select(["source_id", "guid", "dated_at"], released))
            connection.execute(update(entries).where(overdue).values(released_at=now))

    def articles(
        self, source_ids: Collection[str], target_language: str, *, limit: int | None = None
    ) -> Iterator[Article]:
        """What may be published of these sources, newest first; `limit` at most."""
        query = _newest(source_ids, target_language).limit(limit)
        with self._transaction() as connection:
            yield from map(_article, connection.execution_options(yield_per=_BATCH).execute(query))

    def newest(self, source_ids: Collection[str], target_language: str, *, limit: int) -> list[Place]:
        """Where what `articles` yields stands, without reading it."""
        places = _newest(source_ids, target_language).with_only_columns(
            entries.c.source_id, entries.c.guid, entries.c.dated_at
        )
        with self._transaction() as connection:
            return [Place(*place) for place in connection.execute(places.limit(limit))]

    def older(
        self,
        place: Place,
        target_language: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Place]:
        """Where what may be published of a source before a place stands, newest first; `until` is excluded."""
        date, guid = entries.c.dated_at, entries.c.guid
        query = _newest([place.source_id], target_language).with_only_columns(entries.c.source_id, guid, date)
        query = query.where(date <= place.dated_at, or_(date < place.dated_at, guid > place.guid))
        if since is not None:
            query = query.where(date >= since)
        if until is not None:
            query = query.where(date < until)
        with self._transaction() as connection:
            return [Place(*row) for row in connection.execute(query)]

    def articles_of(self, keys: Collection[Key], target_language: str) -> dict[Key, Article]:
        """Those of these entries that may be published."""
        found = {}
        with self._transaction() as connection:
            for batch in batches(sorted(keys)):
                chosen = tuple_(entries.c.source_id, entries.c.guid).in_(batch)
                for row in connection.execute(_published(target_language).where(chosen)):
                    article = _article(row)
                    found[article.entry.source_id, article.entry.guid] = article
        return found

    def changes(self) -> dict[int, Place]:
        """The entries that are new, changed or gone since all was published last, by the number of the change."""
        with self._transaction() as connection:
            return {number: Place(*place) for number, *place in connection.execute(select(changes))}

    def neighbours(self, place: Place, target_language: str) -> tuple[Place | None, Place | None]:
        """The published entries of the source right before and right after a place in time, if there are any."""
        date, guid = entries.c.dated_at, entries.c.guid
        own = _published(target_language).where(entries.c.source_id == place.source_id)
        places = own.with_only_columns(entries.c.source_id, guid, date).limit(1)
        before = places.where(date <= place.dated_at, or_(date < place.dated_at, guid > place.guid))
        after = places.where(date >= place.dated_at, or_(date > place.dated_at, guid < place.guid))
        with self._transaction() as connection:
            older = connection.execute(before.order_by(date.desc(), guid)).first()
            newer = connection.execute(after.order_by(date, guid.desc())).first()
        return Place(*older) if older else None, Place(*newer) if newer else None

    def waiting(self, source_ids: Collection[str], target_language: str) -> dict[str, int]:
        """How many entries of each of these sources have a revision that is not translated yet."""
        found = dict.fromkeys(source_ids, 0)
        is_waiting = or_(translations.c.guid.is_(None), translations.c.content_hash != entries.c.content_hash)
        joined = entries.outerjoin(translations, same_entry(target_language))
        query = (
            select(entries.c.source_id, func.count().label("waiting")).select_from(joined).where(is_waiting)
        )
        with self._transaction() as connection:
            for batch in batches(sorted(source_ids)):
                some = query.where(entries.c.source_id.in_(batch)).group_by(entries.c.source_id)
                found |= {row.source_id: row.waiting for row in connection.execute(some)}
        return found

    def publications(self) -> dict[Key, Publication]:
        """What the output folder was made of, by kind and name."""
        with self._transaction() as connection:
            return {
                (row.kind, row.name): Publication(digest=row.digest, data=row.data)
                for row in connection.execute(select(published))
            }

    def media_of(self, keys: Collection[Key]) -> set[str]:
        """The files that these articles show where they are published."""
        found: set[str] = set()
        with self._transaction() as connection:
            for batch in batches(sorted(keys)):
                here = tuple_(shown_media.c.source_id, shown_media.c.guid).in_(batch)
                found |= set(connection.execute(select(shown_media.c.name).where(here)).scalars())
        return found

    def media_of_others(self, names: Collection[str], keys: Collection[Key]) -> set[str]:
        """Those of these files that other published articles show."""
        found: set[str] = set()
        with self._transaction() as connection:
            for batch in batches(sorted(names)):
                rows = connection.execute(select(shown_media).where(shown_media.c.name.in_(batch)))
                found |= {row.name for row in rows if (row.source_id, row.guid) not in keys}
        return found

    def kept_media(self) -> set[str]:
        """The files that any entry refers to, as it is now or as it was when it was translated."""
        found: set[str] = set()
        with self._transaction() as connection:
            for table in (entries, translations):
                query = select(table.c.data).where(table.c.data.contains("media:"))
                for data in connection.execution_options(yield_per=_BATCH).execute(query).scalars():
                    found |= set(_MEDIUM.findall(data))
        return found

    def settle(
        self,
        numbers: Collection[int],
        publications: Mapping[Key, Publication],
        *,
        gone: Collection[Key],
        media: Mapping[Key, Sequence[str]],
        only_these_media: bool = False,
    ) -> None:
        """Remember that changes are published.

        `publications` are those that are others than before, `gone` those that are no more. `media` are the files
        that articles show now; no other article shows any if `only_these_media`.
        """
        with self._transaction() as connection:
            for batch in batches(sorted(numbers)):
                connection.execute(delete(changes).where(changes.c.number.in_(batch)))
            for some in batches(sorted({*gone, *publications})):
                connection.execute(
                    delete(published).where(tuple_(published.c.kind, published.c.name).in_(some))
                )
            rows = [
                {"kind": kind, "name": name, "digest": p.digest, "data": p.data}
                for (kind, name), p in publications.items()
            ]
            if rows:
                connection.execute(insert(published), rows)
            _save_media(connection, media, only_these=only_these_media)


def same_entry(target_language: str) -> Any:
    """Joins entries with their translations into a language."""
    return and_(
        tuple_(translations.c.source_id, translations.c.guid) == tuple_(entries.c.source_id, entries.c.guid),
        translations.c.target_language == target_language,
    )


def _save_media(connection: Connection, media: Mapping[Key, Sequence[str]], *, only_these: bool) -> None:
    if only_these:
        connection.execute(delete(shown_media))
    for batch in batches(sorted(media)):
        if not only_these:
            here = tuple_(shown_media.c.source_id, shown_media.c.guid).in_(batch)
            connection.execute(delete(shown_media).where(here))
        rows = [
            {"source_id": source_id, "guid": guid, "name": name}
            for source_id, guid in batch
            for name in media[source_id, guid]
        ]
        if rows:
            connection.execute(insert(shown_media), rows)


def _published(target_language: str) -> Select[Any]:
    """The entries that may be published."""
    return (
        select(
            entries.c.data,
            entries.c.dated_at,
            entries.c.changed_at,
            entries.c.first_seen_at,
            translations.c.data.label("made"),
            translations.c.changed_at.label("made_of"),
        )
        .select_from(entries.outerjoin(translations, same_entry(target_language)))
        .where(or_(translations.c.guid.is_not(None), entries.c.released_at.is_not(None)))
    )


def _newest(source_ids: Collection[str], target_language: str) -> Select[Any]:
    """The entries of these sources that may be published, newest first."""
    return (
        _published(target_language)
        .where(entries.c.source_id.in_(source_ids))
        .order_by(entries.c.dated_at.desc(), entries.c.source_id, entries.c.guid)
    )


def _article(row: Any) -> Article:
    translation = TRANSLATION.validate_json(row.made) if row.made else None
    return Article(
        entry=translation.entry if translation else said.ENTRY.validate_json(row.data),
        translation=translation,
        dated_at=row.dated_at,
        changed_at=row.made_of if translation else row.changed_at,
        first_seen_at=row.first_seen_at,
    )
