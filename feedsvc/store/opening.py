"""Opens the database, keeps others from it, and turns what its driver says into one line."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from feedsvc.errors import StoreBusy, StoreError
from feedsvc.store import schema


class Database:
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
