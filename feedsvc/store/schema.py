"""Brings a database to the schema that this program knows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    func,
    insert,
    inspect,
    select,
    text,
)

from feedsvc.errors import SchemaTooNew
from feedsvc.store.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

#: the newest revision in migrations/versions
HEAD = "0006"
#: held by who changes the tables of a PostgreSQL database; numbers 1 and 2 of the class are those of leases
_LOCK = (0x66656564, 3)
#: where Alembic looks for the revision
_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def upgrade(engine: Engine) -> None:
    """Create the tables, or migrate them after a backup; one look, and no import of Alembic, where they are up to date.

    The backup of a file `x` lies beside it as `x.schema-REVISION`; of a server's database its owner keeps some.

    Raises: SchemaTooNew if a newer program has written the database.
    """
    found = revision_of(engine)
    if found is None:
        with _transaction(engine) as connection:
            _create(connection)
    elif found != HEAD:
        _migrate(engine, found)


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # its driver begins no transaction before CREATE TABLE; a kill would leave half of the tables
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(*_LOCK)))
        yield connection


def _create(connection: Connection) -> None:
    """Make the newest tables at once; another process may have done so meanwhile."""
    if inspect(connection).has_table(_VERSION.name):
        return
    metadata.create_all(connection)
    _VERSION.create(connection)
    connection.execute(insert(_VERSION).values(version_num=HEAD))


def refuse_unknown(revision: str | None) -> None:
    """Raises: SchemaTooNew if this program does not know the schema."""
    if revision in (None, HEAD):
        return
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(_migrations()).walk_revisions()}
    if revision not in known:
        raise SchemaTooNew(str(revision))


def _migrations() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _migrate(engine: Engine, found: str) -> None:
    from alembic import command

    refuse_unknown(found)
    config = _migrations()
    with _transaction(engine) as connection:
        # from here on nobody else writes; another process may have migrated until now
        if _current(connection) == found:
            _back_up(engine, found)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _back_up(engine: Engine, revision: str) -> None:
    """Copy the file of a database, whole or not at all."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path == ":memory:":
        return
    unfinished = Path(f"{path}.schema-{revision}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(unfinished),))
        with unfinished.open("rb") as copy:
            os.fsync(copy.fileno())  # SQLite does not see to that
        unfinished.replace(f"{path}.schema-{revision}")
    finally:
        unfinished.unlink(missing_ok=True)


def revision_of(engine: Engine) -> str | None:
    """The schema of a database, None where it has no tables of ours."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return _current(connection)


def _current(connection: Connection) -> str | None:
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
