"""Opens the database, keeps others from it, and turns what its driver says into one line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from feedsvc.errors import StoreError
from feedsvc.store import schema
from feedsvc.store.leases import AdvisoryLease, FileLease, Lease, NoLease, OnWait, held

#: for how long another process may keep SQLite from writing; no transaction of ours takes nearly so long
_PATIENCE_S = 30
_DAMAGED = "put a backup in its place, or move it away to begin anew with what the sources have now"
_RIGHTS = "the user that runs feedsvc must be able to write it and its folder"
#: what to do about what SQLite says
_ADVICE = {
    sqlite3.SQLITE_BUSY: "another program works on it; try again when that has ended",
    sqlite3.SQLITE_CANTOPEN: _RIGHTS,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_FULL: "make room and try again; what was saved before is not lost",
    sqlite3.SQLITE_IOERR: "its disk is full, or fails; what was saved before is not lost",
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_READONLY: _RIGHTS,
}
_INCREMENTAL = 2
#: of PostgreSQL, where a URL names none
_DRIVER = "postgresql+psycopg"


class Database:
    """A database, opened by its SQLAlchemy URL; a context manager."""

    def __init__(self, url: str) -> None:
        self._url = parsed_url(url)
        self._place = self._url.render_as_string()
        with store_errors(self._place), ExitStack() as undo:
            self._engine = open_engine(url)
            undo.callback(self._engine.dispose)
            schema.upgrade(self._engine)
            self._lease = self._new_lease()
            undo.pop_all()  # it stays open until `close`

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def exclusive(self, on_wait: OnWait | None = None) -> Iterator[None]:
        """Keep every other process from working on this database; ends with the process at the latest.

        `on_wait` is told again and again who does, until it is our turn; without it nobody waits.

        Raises: StoreBusy naming the process that works on it now.
        """
        with ExitStack() as stack:
            with store_errors(self._place):
                stack.enter_context(held(self._lease, on_wait))
            yield

    def is_wanted(self) -> bool:
        """Another process waits for its turn; for the one that works on the database."""
        with store_errors(self._place):
            return self._lease.is_wanted()

    def vacuum(self) -> None:
        """Give back to the disk what was removed; servers of databases do that themselves."""
        if self._engine.dialect.name != "sqlite":
            return
        with (
            store_errors(self._place),
            self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            is_incremental = connection.exec_driver_sql("PRAGMA auto_vacuum").scalar() == _INCREMENTAL
            once = "PRAGMA auto_vacuum=INCREMENTAL; VACUUM"  # for an older database
            way = "PRAGMA incremental_vacuum" if is_incremental else once
            cursor = connection.connection.cursor()
            # takes every step of each; others stop at the first one where there are no rows
            cursor.executescript(f"{way}; PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.close()

    def _new_lease(self) -> Lease:
        path = self._url.database
        if self._url.get_backend_name() != "sqlite":
            return AdvisoryLease(self._engine)
        return FileLease(path) if path and path != ":memory:" else NoLease()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with store_errors(self._place), self._engine.begin() as connection:
            yield connection


def parsed_url(url: str) -> URL:
    """A URL as SQLAlchemy reads it. Raises: StoreError, which shows nothing of it: it may hold a password."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("the address of the database is no URL that can be read") from None


@contextmanager
def store_errors(place: str) -> Iterator[None]:
    """What the database or its driver says, as one line."""
    try:
        yield
    except (SQLAlchemyError, ModuleNotFoundError, ValidationError) as error:
        reason = getattr(error, "orig", None) or error
        said = str(reason).splitlines()[0]
        # the upper bits of a code say more exactly what the lower eight say
        advice = _ADVICE.get(getattr(reason, "sqlite_errorcode", 0) & 0xFF)
        if isinstance(reason, ModuleNotFoundError) and reason.name == "psycopg":
            advice = "install it with: pip install 'psycopg[binary]'"
        raise StoreError(f"{place}: {said}; {advice}" if advice else f"{place}: {said}") from error
    except OSError as error:
        raise StoreError(f"{error.filename or place}: {error.strerror or error}") from error


def open_engine(url: str) -> Engine:
    """What connects to a database. Raises: StoreError."""
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername=_DRIVER)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)  # the server may have been started anew
    path = parsed.database
    if not path or path == ":memory:":
        return create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{Path(path).parent}: cannot make the folder: {error.strerror}") from error
    engine = create_engine(url, connect_args={"timeout": _PATIENCE_S})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: object) -> None:
        cursor = connection.cursor()
        if cursor.execute("PRAGMA page_count").fetchone() == (0,):
            cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")  # later it would change nothing, yet be written
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # what was said to be saved survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine
