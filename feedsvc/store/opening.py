"""Opens the database, keeps others from it, and turns what its driver says into one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from feedsvc.errors import StoreError
from feedsvc.store import schema
from feedsvc.store.leases import AdvisoryLease, FileLease, Lease, NoLease, OnWait, held

_INCREMENTAL = 2


class Database:
    """A database, opened by its SQLAlchemy URL; a context manager."""

    def __init__(self, url: str) -> None:
        with _store_errors("database"):
            self._url = make_url(url)
        self._place = self._url.render_as_string()
        with _store_errors(self._place):
            self._engine = _open(url)
            schema.upgrade(self._engine)
            self._lease = self._new_lease()

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
            with _store_errors(self._place):
                stack.enter_context(held(self._lease, on_wait))
            yield

    def is_wanted(self) -> bool:
        """Another process waits for its turn; for the one that works on the database."""
        with _store_errors(self._place):
            return self._lease.is_wanted()

    def vacuum(self) -> None:
        """Give back to the disk what was removed; servers of databases do that themselves."""
        if self._engine.dialect.name != "sqlite":
            return
        with (
            _store_errors(self._place),
            self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            is_incremental = connection.exec_driver_sql("PRAGMA auto_vacuum").scalar() == _INCREMENTAL
            way = "PRAGMA incremental_vacuum" if is_incremental else "VACUUM"  # once for an older database
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
        cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")  # counts for a database without tables
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # what was said to be saved survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine
