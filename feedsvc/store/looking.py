"""Looks at a database without changing it: what `feedsvc doctor` wants to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select

from feedsvc.errors import StoreError
from feedsvc.store import opening, schema
from feedsvc.store.tables import entries, sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a database was found."""

    #: None: there is none yet
    revision: str | None
    is_current: bool
    #: when something was written that bears a time; None where nothing was, or in an older schema
    newest: datetime | None


def look(url: str) -> Look:
    """Open a database as it is; it is neither made nor migrated.

    Raises: SchemaTooNew; StoreError if it cannot be opened, or is damaged.
    """
    parsed = opening.parsed_url(url)
    place = parsed.render_as_string()
    is_sqlite = parsed.get_backend_name() == "sqlite"
    if is_sqlite and parsed.database and not Path(parsed.database).exists():
        return Look(revision=None, is_current=False, newest=None)
    with opening.store_errors(place):
        engine = opening.open_engine(url)
        try:
            return _look(engine, place, is_sqlite=is_sqlite)
        finally:
            engine.dispose()


def _look(engine: Engine, place: str, *, is_sqlite: bool) -> Look:
    revision = schema.revision_of(engine)
    schema.refuse_unknown(revision)
    is_current = revision == schema.HEAD
    with engine.connect() as connection:
        if is_sqlite:
            answer = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
            if answer != "ok":
                raise StoreError(f"{place}: is damaged: {answer.splitlines()[-1]}")
        return Look(
            revision=revision, is_current=is_current, newest=_newest(connection) if is_current else None
        )


def _newest(connection: Connection) -> datetime | None:
    columns = (entries.c.first_seen_at, entries.c.changed_at, sources.c.checked_at)
    found = [connection.execute(select(func.max(column))).scalar() for column in columns]
    return max((when for when in found if when is not None), default=None)
