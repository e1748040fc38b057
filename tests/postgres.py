"""A PostgreSQL server of the tests' own: real, in a folder of its own, reached over a socket there and nowhere else."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAMS = Path("/usr/lib/postgresql")
PATIENCE_S = 30


def why_not() -> str | None:
    """Why there can be no such server here."""
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed"
    if _program("initdb") is None:
        return "there is no initdb, of Debian's package postgresql"
    if os.geteuid() == 0 and _user() is None:
        return "root may run no PostgreSQL, and there is neither a user postgres nor nobody"
    return None


class Server:
    """A server that runs; `url` is that of an empty database, made for each who asks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    def url(self) -> str:
        """Of a new database."""
        self._number += 1
        name = f"feedsvc_{self._number}"
        self.run("postgres", f"CREATE DATABASE {name}")
        return f"postgresql://feedsvc@/{name}?host={self._folder}"

    def run(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement beside everything else; what it answers."""
        import psycopg

        with psycopg.connect(
            host=str(self._folder), user="feedsvc", dbname=database, autocommit=True
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def server() -> Iterator[Server]:
    """A server, ready for connections; gone with all that it held afterwards."""
    initdb, postgres = _program("initdb"), _program("postgres")
    assert initdb is not None
    assert postgres is not None
    # the path of a socket must be short
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        owner: dict[str, Any] = {"cwd": folder}
        if os.geteuid() == 0 and (user := _user()) is not None:
            shutil.chown(folder, user.pw_uid, user.pw_gid)
            owner |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        made = [initdb, "--no-sync", "--auth=trust", "--username=feedsvc", "--encoding=UTF8", "-D", "data"]
        subprocess.run(made, check=True, capture_output=True, **owner)
        running = [postgres, "-D", "data", "-F", "-k", str(folder), "-c", "listen_addresses="]
        with (folder / "log").open("w") as log, subprocess.Popen(running, stderr=log, **owner) as process:
            try:
                _await(folder, process)
                yield Server(folder)
            finally:
                process.send_signal(signal.SIGINT)  # it waits for nobody who is still connected


def _await(folder: Path, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            psycopg.connect(host=str(folder), user="feedsvc", dbname="postgres").close()
        except psycopg.OperationalError:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, "it does not answer"
            time.sleep(0.05)
        else:
            return


def _program(name: str) -> str | None:
    """The newest one: Debian has none of them in the usual places."""
    found = [str(path) for path in sorted(PROGRAMS.glob(f"*/bin/{name}"), key=lambda p: int(p.parts[-3]))]
    return found[-1] if found else shutil.which(name)


def _user() -> pwd.struct_passwd | None:
    known = {user.pw_name: user for user in pwd.getpwall()}
    return known.get("postgres") or known.get("nobody")
