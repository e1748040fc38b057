"""Keeps processes apart that work on the same database, for as long as they live and no longer.

One holds the lock and works; whoever wants it next stands at the gate, which tells the holder to make way at the
end of its present piece of work. Both are given back by the kernel or the database server when a process ends.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, Protocol, TextIO

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from feedsvc.errors import StoreBusy, StoreError

#: told again and again who holds the lock that is waited for
OnWait = Callable[[str], None]
Place = Literal["gate", "lock"]
_LOOK_EVERY_S = 0.1
#: of all advisory locks of a PostgreSQL database, ours
_CLASS = 0x66656564
_NUMBERS: dict[Place, int] = {"gate": 1, "lock": 2}


class Lease(Protocol):
    """The lock and its gate, for one process."""

    def take(self, place: Place) -> bool:
        """Try once."""
        ...

    def give_back(self, place: Place) -> None:
        """Let the next one in."""
        ...

    def holder(self) -> str:
        """Who holds the lock, for a person."""
        ...

    def is_wanted(self) -> bool:
        """Somebody stands at the gate."""
        ...


@contextmanager
def held(lease: Lease, on_wait: OnWait | None) -> Iterator[None]:
    """Hold the lock; without `on_wait`, do not wait for it.

    Raises: StoreBusy naming who holds it; whatever on_wait raises.
    """
    try:
        _take(lease, "gate", on_wait)
        _take(lease, "lock", on_wait)
    finally:
        lease.give_back("gate")
    try:
        yield
    finally:
        lease.give_back("lock")


def _take(lease: Lease, place: Place, on_wait: OnWait | None) -> None:
    while not lease.take(place):
        if on_wait is None:
            raise StoreBusy(lease.holder())
        on_wait(lease.holder())
        time.sleep(_LOOK_EVERY_S)


class FileLease:
    """Two files beside a SQLite database."""

    def __init__(self, database: str) -> None:
        database = os.path.realpath(database)  # whatever way leads to it
        self._paths: dict[Place, Path] = {
            "gate": Path(f"{database}.next"),
            "lock": Path(f"{database}.lock"),
        }
        self._files: dict[Place, TextIO] = {}

    def take(self, place: Place) -> bool:
        """See `Lease`."""
        file = _open(self._paths[place])
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(0)
            os.write(file.fileno(), str(os.getpid()).encode())  # not through a buffer, which would fail again
        except BlockingIOError:
            file.close()
            return False
        except OSError:  # a full disk
            file.close()
            raise
        self._files[place] = file
        return True

    def give_back(self, place: Place) -> None:
        """See `Lease`."""
        if place in self._files:
            self._files.pop(place).close()

    def holder(self) -> str:
        """See `Lease`."""
        with _open(self._paths["lock"]) as file:
            file.seek(0)
            return f"process {file.read().strip() or 'unknown'}"

    def is_wanted(self) -> bool:
        """See `Lease`."""
        with _open(self._paths["gate"]) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False


class AdvisoryLease:
    """Two advisory locks of a PostgreSQL database, held by a connection of their own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: dict[Place, Connection] = {}

    def take(self, place: Place) -> bool:
        """See `Lease`."""
        connection = self._connect()
        if not connection.execute(
            text("SELECT pg_try_advisory_lock(:c, :n)"), {"c": _CLASS, "n": _NUMBERS[place]}
        ).scalar():
            connection.close()
            return False
        self._held[place] = connection
        return True

    def give_back(self, place: Place) -> None:
        """See `Lease`."""
        if place in self._held:
            with self._held.pop(place) as connection, suppress(SQLAlchemyError):  # it may have been ended
                # the server learns of the end of a connection only later; whoever is next need not wait for that
                connection.execute(
                    text("SELECT pg_advisory_unlock(:c, :n)"), {"c": _CLASS, "n": _NUMBERS[place]}
                )

    def holder(self) -> str:
        """See `Lease`."""
        query = (
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory'"
            " AND granted AND classid = :c AND objid = :n AND pg_locks.database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        with self._connect() as connection:
            name = connection.execute(text(query), {"c": _CLASS, "n": _NUMBERS["lock"]}).scalar()
        return name or "process unknown"

    def is_wanted(self) -> bool:
        """See `Lease`. Raises: sqlalchemy.exc.DBAPIError where the server has ended the connection with the lock."""
        if "lock" in self._held:
            self._held["lock"].execute(text("SELECT 1"))
        is_free = self.take("gate")
        self.give_back("gate")
        return not is_free

    def _connect(self) -> Connection:
        """A connection that the pool does not get back: its end gives back what it holds."""
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()
        name = f"process {os.getpid()} on {socket.gethostname()}"
        connection.execute(text("SELECT set_config('application_name', :name, false)"), {"name": name[:63]})
        return connection


class NoLease:
    """For a database that no other process sees."""

    def take(self, place: Place) -> bool:
        """See `Lease`."""
        return True

    def give_back(self, place: Place) -> None:
        """See `Lease`."""

    def holder(self) -> str:
        """See `Lease`."""
        return "nobody"

    def is_wanted(self) -> bool:
        """See `Lease`."""
        return False


def _open(path: Path) -> TextIO:
    try:
        return path.open("a+", encoding="ascii")
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened: {error.strerror}") from error
