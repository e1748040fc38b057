from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, inspect, text

from feedsvc.errors import SchemaTooNew, StoreError
from feedsvc.store import Store, schema
from feedsvc.store.tables import metadata

MIGRATIONS = Path(schema.__file__).parent / "migrations"


class Killed(BaseException):
    """Stands in for SIGKILL: what was not committed by then is rolled back."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    created = create_engine(f"sqlite:///{tmp_path / 'db.sqlite'}")
    yield created
    created.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_program(engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_the_program_knows_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_a_new_database_is_at_the_newest_revision(engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [
            schema.HEAD
        ]


def test_opening_twice_keeps_what_is_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'db.sqlite'}"
    with Store(url) as first, first._engine.begin() as connection:
        connection.execute(text("INSERT INTO memory VALUES ('key', 'target', '2026-11-20 12:00:00')"))
    with Store(url) as second, second._engine.connect() as connection:
        assert connection.execute(text("SELECT target FROM memory")).scalars().all() == ["target"]


def test_a_database_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path, engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match=r"schema 9999.*use a newer feedsvc") as caught:
        Store(f"sqlite:///{tmp_path / 'db.sqlite'}")
    assert isinstance(caught.value, StoreError)
    assert caught.value.found == "9999"
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"


def test_a_migration_that_was_killed_half_way_is_made_good_by_the_next(engine: Engine) -> None:
    def die(*arguments: object) -> None:
        if "CREATE TABLE tombstones" in str(arguments[2]):
            raise Killed

    event.listen(engine, "before_cursor_execute", die)
    with pytest.raises(Killed):
        schema.upgrade(engine)
    assert inspect(engine).get_table_names() == []
    event.remove(engine, "before_cursor_execute", die)
    schema.upgrade(engine)
    assert "tombstones" in inspect(engine).get_table_names()


def test_a_percent_sign_in_the_path_of_the_program_does_not_matter(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "100%s"
    moved.mkdir()
    (moved / "migrations").symlink_to(MIGRATIONS)
    monkeypatch.setattr(schema, "__file__", str(moved / "schema.py"))
    schema.upgrade(engine)
    assert inspect(engine).has_table("entries")
