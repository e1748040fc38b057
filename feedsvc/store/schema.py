"""Brings a database to the schema that this program knows."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from feedsvc.errors import SchemaTooNew

#: the newest revision in migrations/versions
HEAD = "0004"


def upgrade(engine: Engine) -> None:
    """Create or migrate the tables; one look, and no import of Alembic, where they are up to date.

    Raises: SchemaTooNew if a newer program has written the database.
    """
    found = _revision(engine)
    if found == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise SchemaTooNew(found)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # its driver begins no transaction before CREATE TABLE; a kill would leave half of the tables
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(engine: Engine) -> str | None:
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
