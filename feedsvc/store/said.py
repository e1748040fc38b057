"""What the sources said, as rows: their states, entries, files and pages. Functions of an open transaction."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, and_, bindparam, delete, func, insert, select, update

from feedsvc import WRITTEN, revision
from feedsvc.model import Article, Cadence, Entry, FetchState, Known, KnownFile, Page, ParsedFeed
from feedsvc.store import ages
from feedsvc.store.tables import changes, entries, files, pages, sources, tombstones, translations

#: changes of one entry without a new `updated` of its source; a page that differs at every look is then left alone
EDIT_LIMIT = 24
ENTRY = TypeAdapter(Entry)
_CADENCE = TypeAdapter(Cadence)
_REMOVED = object()
#: bytes; a row of an index of PostgreSQL may have 2,704
_LONGEST_IN_INDEX = 2_500
_TICK = timedelta(seconds=1)
#: clocks are corrected by less
_CLOCK_SLACK = timedelta(days=1)
_Value = TypeVar("_Value")
_BATCH = 400  # rows or parameters in one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """How many entries of a source were new, and how many had changed."""

    new: int = 0
    changed: int = 0


def load_states(connection: Connection, source_ids: Collection[str]) -> dict[str, FetchState]:
    """What is remembered of each source; a blank state for a new one."""
    columns = [column for column in sources.c if column is not sources.c.memo]
    found = dict.fromkeys(source_ids, FetchState())
    for row in _rows(connection, columns, sources.c.id, source_ids):
        found[row["id"]] = _state(row)
    return found


def load_known(
    connection: Connection,
    source_ids: Collection[str],
    *,
    with_files: Collection[str],
    with_pages: Collection[str],
) -> dict[str, Known]:
    """What is known of each source before it is read again; its files and pages only where they are wanted."""
    found = dict.fromkeys(source_ids, Known())
    for row in _rows(connection, [sources], sources.c.id, source_ids):
        found[row["id"]] = Known(state=_state(row), memo=row["memo"])
    its_files: dict[str, dict[str, KnownFile]] = {}
    its_pages: dict[str, dict[str, Page]] = {}
    for row in _rows(connection, [files], files.c.source_id, with_files):
        file = KnownFile(**{f.name: row[f.name] for f in fields(KnownFile)})
        its_files.setdefault(row["source_id"], {})[file.path] = file
    for row in _rows(connection, [pages], pages.c.source_id, with_pages):
        page = Page(**{f.name: row[f.name] for f in fields(Page)})
        its_pages.setdefault(row["source_id"], {})[page.guid] = page
    for source_id in its_files.keys() | its_pages.keys():
        found[source_id] = replace(
            found[source_id], files=its_files.get(source_id, {}), pages=its_pages.get(source_id, {})
        )
    return found


def _state(row: RowMapping) -> FetchState:
    values = {name: row[name] for name in FetchState.__dataclass_fields__}
    values["problems"] = tuple(json.loads(row["problems"]))
    values["cadence"] = _CADENCE.validate_json(row["cadence"])
    return FetchState(**values)


def save_states(connection: Connection, states: Mapping[str, FetchState], *, now: datetime) -> None:
    """Remember how sources were found, by id; as few statements as possible, since most looks bring nothing else."""
    rows = [_state_row(source_id, state, now) for source_id, state in states.items()]
    if not rows:
        return
    changed = [{**row, "its_id": row["id"]} for row in rows]
    done = connection.execute(update(sources).where(sources.c.id == bindparam("its_id")), changed)
    if done.rowcount != len(rows):
        known = {row["id"] for row in _rows(connection, [sources.c.id], sources.c.id, states.keys())}
        connection.execute(insert(sources), [row for row in rows if row["id"] not in known])


def _state_row(source_id: str, state: FetchState, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(state, name) for name in FetchState.__dataclass_fields__}
    return values | {
        "id": source_id,
        "problems": json.dumps(state.problems, ensure_ascii=False),
        "cadence": _CADENCE.dump_json(state.cadence).decode(),
        "added_at": state.added_at or now,
    }


def save_feed(connection: Connection, source_id: str, feed: ParsedFeed, *, now: datetime) -> Saved:
    """Save what a source said; its state must be there."""
    known, unknown, ours = [], [], {}
    for entry, row in _with_rows(connection, source_id, feed):
        ours[entry.guid] = row["guid"] if row else entry.guid
        if row is None:
            unknown.append(entry)
        else:
            known.append((replace(entry, guid=row["guid"]), row))
    _insert_entries(connection, unknown, now)
    changed = sum(_update_entry(connection, entry, row, now) for entry, row in known)
    _save_files(connection, source_id, feed.files)
    _save_pages(connection, source_id, [replace(p, guid=ours[p.guid]) for p in feed.pages if p.guid in ours])
    connection.execute(update(sources).where(sources.c.id == source_id).values(memo=feed.memo))
    return Saved(new=len(unknown), changed=changed)


def prune(
    connection: Connection, source_id: str, *, keep: int | None, keep_for: timedelta | None, now: datetime
) -> int:
    """Remove all but the newest entries of a source, and those that are too old, for good; a tombstone keeps each from coming back."""
    own = select(entries.c.guid).where(entries.c.source_id == source_id)
    guids: set[str] = set()
    if keep_for is not None and (before := _too_old_before(connection, source_id, keep_for, now)):
        guids |= set(connection.execute(own.where(entries.c.dated_at < before)).scalars())
    if keep is not None:
        # what was dated by a clock that has been put back since would be the newest for as long as that was ahead
        limit = now + _CLOCK_SLACK
        is_out_of_time = and_(entries.c.dated_at > limit, entries.c.first_seen_at > limit)
        newest_first = own.order_by(is_out_of_time, entries.c.dated_at.desc(), entries.c.guid)
        guids |= set(connection.execute(newest_first.offset(keep)).scalars())
    for batch in batches(sorted(guids)):
        _bury(connection, source_id, batch, now)
    return len(guids)


def _bury(connection: Connection, source_id: str, guids: Sequence[str], now: datetime) -> None:
    """Remove entries, and put a tombstone in the place of each."""
    chosen = select(entries).where(entries.c.source_id == source_id, entries.c.guid.in_(guids))
    gone, stones = [], []
    for row in connection.execute(chosen).mappings():
        here = {"source_id": source_id, "guid": row["guid"]}
        title = ENTRY.validate_json(row["data"]).title
        gone.append({**here, "dated_at": row["dated_at"]})
        stones.append({**here, "removed_at": now, "link": row["link"], "title": title})
    connection.execute(insert(changes), gone)
    connection.execute(insert(tombstones), stones)
    for table in (translations, pages, entries):
        connection.execute(delete(table).where(table.c.source_id == source_id, table.c.guid.in_(guids)))


def _too_old_before(
    connection: Connection, source_id: str, keep_for: timedelta, now: datetime
) -> datetime | None:
    """The date before which entries of a source are too old; None where none is."""
    oldest = select(func.min(entries.c.dated_at)).where(entries.c.source_id == source_id)
    found: datetime | None = connection.execute(oldest).scalar()
    if found is None or found >= now - keep_for:
        return None  # not by any clock
    return ages.too_old_before(connection, keep_for, now=now)


def content_hash(entry: Entry) -> str:
    """A hash of everything that a reader sees of an entry; not of its dates and rights, of which none is translated."""
    data = ENTRY.dump_python(replace(entry, published=None, updated=None), mode="json", exclude={"rights"})
    return hashlib.sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _rows(
    connection: Connection, what: Sequence[Any], column: Any, values: Collection[str]
) -> Iterator[RowMapping]:
    """Tables or columns of the rows whose column has one of these values."""
    for batch in batches(sorted(values)):
        yield from connection.execute(select(*what).where(column.in_(batch))).mappings()


def _with_rows(
    connection: Connection, source_id: str, feed: ParsedFeed
) -> list[tuple[Entry, RowMapping | None]]:
    """Entries, each with its row if it has one; without those that were removed for good.

    Some feeds give an entry another guid at every look. One that comes with a new guid, but has link and title
    of an entry whose guid is not in the feed any longer, is that entry and keeps its guid.
    """
    given = feed.entries
    known: dict[str, RowMapping] = {}
    gone: set[str] = set()
    for batch in batches([entry.guid for entry in given]):
        ours = select(entries).where(entries.c.source_id == source_id, entries.c.guid.in_(batch))
        known |= {row["guid"]: row for row in connection.execute(ours).mappings()}
        removed = select(tombstones.c.guid).where(
            tombstones.c.source_id == source_id, tombstones.c.guid.in_(batch)
        )
        gone |= set(connection.execute(removed).scalars())
    links = Counter(entry.link for entry in given)
    new = [e for e in given if e.guid not in known and e.guid not in gone and e.link and links[e.link] == 1]
    present = {entry.guid for entry in given} | {guid for guid, _ in feed.present}
    earlier = _earlier(connection, source_id, new, present=present)
    pairs = []
    for entry in given:
        row = known.get(entry.guid) or earlier.get(entry.guid)
        if entry.guid not in gone and row is not _REMOVED:
            pairs.append((entry, row))
    return pairs


def _earlier(
    connection: Connection, source_id: str, new: Sequence[Entry], *, present: Collection[str]
) -> dict[str, Any]:
    """The rows of entries that now have another guid, by that guid; `_REMOVED` for those removed for good."""
    found: dict[str, Any] = {}
    titles = {_indexed(entry.link): (entry.guid, entry.title) for entry in new}
    for batch in batches(list(titles)):
        removed = select(tombstones.c.link, tombstones.c.title).where(
            tombstones.c.source_id == source_id, tombstones.c.link.in_(batch)
        )
        for link, title in connection.execute(removed):
            if titles[link][1] == title:
                found[titles[link][0]] = _REMOVED
        ours = select(entries).where(entries.c.source_id == source_id, entries.c.link.in_(batch))
        rows = list(connection.execute(ours).mappings())
        sharing = Counter(row["link"] for row in rows)
        for row in rows:
            guid, title = titles[row["link"]]
            is_its_own = sharing[row["link"]] == 1 and row["guid"] not in present
            if is_its_own and ENTRY.validate_json(row["data"]).title == title:
                found[guid] = row
    return found


def _indexed(link: str | None) -> str | None:
    """What is looked for in the place of a link: one that is too long for an index of PostgreSQL has a digest."""
    if link is None or len(link.encode()) <= _LONGEST_IN_INDEX:
        return link
    return f"sha256:{hashlib.sha256(link.encode()).hexdigest()}"


def fitting(feed: ParsedFeed, state: FetchState) -> tuple[ParsedFeed, FetchState]:
    """What a source said, without entries whose guids are too long for an index of PostgreSQL; they are named."""
    fits = [len(entry.guid.encode()) <= _LONGEST_IN_INDEX for entry in feed.entries]
    if all(fits):
        return feed, state
    problems = [
        f"entry {entry.guid[:60]}… left out: its guid has more than {_LONGEST_IN_INDEX:,} bytes, too many for PostgreSQL"
        for entry, is_fitting in zip(feed.entries, fits, strict=True)
        if not is_fitting
    ]
    kept = tuple(entry for entry, is_fitting in zip(feed.entries, fits, strict=True) if is_fitting)
    return replace(feed, entries=kept), replace(state, problems=(*state.problems, *problems))


def _insert_entries(connection: Connection, unknown: Sequence[Entry], now: datetime) -> None:
    # by a clock that is behind they would be too old as soon as that is right again
    now = max(now, ages.newest_stated(connection) or now)
    rows = [
        {
            "source_id": entry.source_id,
            "guid": entry.guid,
            "content_hash": content_hash(entry),
            **_dates(entry, now - place * _TICK, now),
            "first_seen_at": now,
            "edits": 0,
            "link": _indexed(entry.link),
            "data": ENTRY.dump_json(entry).decode(),
            "language": entry.language,
        }
        for place, entry in enumerate(unknown)
    ]
    for batch in batches(rows):
        connection.execute(insert(entries), batch)
        logged = [{name: row[name] for name in ("source_id", "guid", "dated_at")} for row in batch]
        connection.execute(insert(changes), logged)


def _dates(entry: Entry, otherwise: datetime, now: datetime) -> dict[str, datetime | None]:
    """The first date that an entry gives, also apart, if it is past; another one if it gives none or one to come."""
    stated = entry.published or entry.updated
    if stated is None:
        return {"dated_at": otherwise, "stated_at": None}
    if stated.tzinfo is None or stated <= now:  # the database refuses a date without a zone
        return {"dated_at": stated, "stated_at": stated}
    # a clock that must be wrong knows nothing
    return {"dated_at": stated if now < WRITTEN else otherwise, "stated_at": None}


def _update_entry(connection: Connection, entry: Entry, row: RowMapping, now: datetime) -> bool:
    """Save a new revision, if it is one. The first `published` stays for ever."""
    digest = content_hash(entry)
    if digest == row["content_hash"]:
        return False
    old = ENTRY.validate_json(row["data"])
    if revision.is_same(old, entry):
        return False
    is_dated = entry.updated is not None and (old.updated is None or entry.updated > old.updated)
    if row["edits"] >= EDIT_LIMIT and not is_dated:
        return False
    shown = Article(
        entry=old,
        translation=None,
        **{name: row[name] for name in ("dated_at", "changed_at", "first_seen_at")},
    )
    connection.execute(
        update(entries)
        .where(entries.c.source_id == entry.source_id, entries.c.guid == entry.guid)
        .values(
            content_hash=digest,
            # later than what was published, whatever clock or source dated that
            changed_at=max(now, shown.updated + _TICK),
            edits=0 if is_dated else row["edits"] + 1,
            link=_indexed(entry.link),
            data=ENTRY.dump_json(replace(entry, published=old.published)).decode(),
            language=entry.language,
        )
    )
    connection.execute(
        insert(changes).values(source_id=entry.source_id, guid=entry.guid, dated_at=row["dated_at"])
    )
    return True


def _save_files(connection: Connection, source_id: str, present: Sequence[KnownFile]) -> None:
    """Replace what is known of the files of a source by those that are there now."""
    connection.execute(delete(files).where(files.c.source_id == source_id))
    for batch in batches(present):
        connection.execute(insert(files), [{"source_id": source_id, **asdict(file)} for file in batch])


def _save_pages(connection: Connection, source_id: str, fetched: Sequence[Page]) -> None:
    for page in fetched:
        connection.execute(delete(pages).where(pages.c.source_id == source_id, pages.c.guid == page.guid))
        connection.execute(insert(pages).values(source_id=source_id, **asdict(page)))


def batches(values: Sequence[_Value]) -> Iterator[list[_Value]]:
    """Cut values into lists that fit into one statement."""
    iterator = iter(values)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
