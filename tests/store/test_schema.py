from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from conftest import Disk
from fakes import to_translate
from sqlalchemy import Engine, create_engine, event, inspect, select, text

from feedsvc.errors import SchemaTooNew, StoreError
from feedsvc.model import FetchState, Verdict
from feedsvc.store import Made, Store, schema
from feedsvc.store.tables import entries, metadata

MIGRATIONS = Path(schema.__file__).parent / "migrations"


class Killed(BaseException):
    """Stands in for SIGKILL: what was not committed by then is rolled back."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    created = create_engine(f"sqlite:///{tmp_path / 'db.sqlite'}")
    yield created
    created.dispose()


@pytest.mark.parametrize("how", ["at once", "by migrations"])
def test_a_new_database_has_exactly_the_tables_of_the_program(engine: Engine, how: str) -> None:
    if how == "at once":
        schema.upgrade(engine)
    else:
        migrate(engine, schema.HEAD)
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
    tmp_path: Path, old: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "100%s"
    moved.mkdir()
    (moved / "migrations").symlink_to(MIGRATIONS)
    monkeypatch.setattr(schema, "__file__", str(moved / "schema.py"))
    schema.upgrade(old)
    assert inspect(old).has_table("changes")


def migrate(engine: Engine, revision: str) -> None:
    """Bring the tables to what a version made of them."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def entry(guid: str, language: str) -> dict[str, Any]:
    """An entry as the first version wrote it into its column."""
    return {
        "source_id": "news",
        "guid": guid,
        "title": "标题",
        "link": None,
        "summary": "",
        "body_html": "<p>见https://x.example/。</p>",
        "language": language,
        "published": "2026-11-19T08:00:00Z",
        "updated": None,
        "authors": [],
        "categories": [],
        "enclosures": [],
        "image_url": None,
    }


def made(of: dict[str, Any]) -> dict[str, Any]:
    """A translation as the first version wrote it into its column."""
    source = "见https://x.example/。"
    return {
        "entry": of,
        "target_language": "en",
        "engine": "starter zh_en 0.1" if of["language"] == "zh" else "",
        "title": {"text": "Title", "segments": [{"source": "标题", "target": "Title", "verdict": "good"}]},
        "summary": {"text": "", "segments": []},
        "categories": [],
        "blocks": [
            {"text": source, "segments": [{"source": source, "target": source, "verdict": "address lost"}]}
        ],
        "attributes": [],
    }


@pytest.fixture
def old(engine: Engine) -> Engine:
    """A database of the first version: two translated entries, one that waits, and what belongs to them."""
    migrate(engine, "0001")
    seen = "2026-11-20 12:00:00.000000"
    rows = [entry("a", "zh"), entry("b", "en"), entry("c", "zh")]

    def compact(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    with engine.begin() as connection:
        for row in rows:
            connection.execute(
                text(
                    "INSERT INTO entries VALUES ('news', :guid, 'hash', :seen, :seen, NULL, 0, NULL, :data)"
                ),
                {"guid": row["guid"], "seen": seen, "data": compact(row)},
            )
        for row in rows[:2]:
            connection.execute(
                text("INSERT INTO translations VALUES ('news', :guid, 'en', 'hash', NULL, :data)"),
                {"guid": row["guid"], "data": compact(made(row))},
            )
        connection.execute(
            text(
                "INSERT INTO sources VALUES ('news', '通讯社', NULL, '\"1\"', NULL, :seen, :seen, NULL, NULL, 2, '[]')"
            ),
            {"seen": seen},
        )
        connection.execute(text("INSERT INTO memory VALUES ('key', 'target', :seen)"), {"seen": seen})
        connection.execute(text("INSERT INTO tombstones VALUES ('news', 'gone', :seen)"), {"seen": seen})
    return engine


def test_a_database_of_the_first_version_is_read_by_this_one(
    tmp_path: Path, old: Engine, now: datetime
) -> None:
    with Store(f"sqlite:///{tmp_path / 'db.sqlite'}") as store:
        articles = {a.entry.guid: a.translation for a in store.articles(["news"], "en")}
        assert [p.entry.guid for p in to_translate(store, ["news"], "en")] == ["c"]
        assert store.made(["news"], "en") == [
            Made("news", "en", "", ""),
            Made("news", "zh", "starter zh_en 0.1", ""),
        ]
        assert store.state("news") == FetchState(
            etag='"1"', added_at=now, checked_at=now, failures=2, title="通讯社"
        )
        assert store.recall(["key"], now=now) == {"key": "target"}
    assert set(articles) == {"a", "b"}
    translation = articles["a"]
    assert translation is not None
    assert (translation.title.text, translation.engine, translation.glossary) == (
        "Title",
        "starter zh_en 0.1",
        "",
    )
    assert translation.blocks[0].segments[0].verdict is Verdict.VERBATIM


def test_what_the_first_version_translated_can_be_told_to_be_old(tmp_path: Path, old: Engine) -> None:
    with Store(f"sqlite:///{tmp_path / 'db.sqlite'}") as store:
        found = store.made_with([Made("news", "zh", "starter zh_en 0.1", "")], "en", newest={"news": 50})
    assert [w.guid for w in found] == ["a"]


def test_an_upgraded_database_has_exactly_the_tables_of_the_program(old: Engine) -> None:
    schema.upgrade(old)
    with old.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("statement", ["ADD COLUMN engine", "UPDATE translations", "UPDATE alembic_version"])
def test_an_upgrade_that_was_killed_half_way_is_made_good_by_the_next(old: Engine, statement: str) -> None:
    def die(*arguments: object) -> None:
        if statement in str(arguments[2]):
            raise Killed

    event.listen(old, "before_cursor_execute", die)
    with pytest.raises(Killed):
        schema.upgrade(old)
    event.remove(old, "before_cursor_execute", die)
    assert "engine" not in {column["name"] for column in inspect(old).get_columns("translations")}
    schema.upgrade(old)
    with old.connect() as connection:
        rows = connection.execute(
            text("SELECT guid, language, engine, glossary FROM translations ORDER BY guid")
        )
        assert [tuple(row) for row in rows] == [("a", "zh", "starter zh_en 0.1", ""), ("b", "en", "", "")]


@pytest.mark.parametrize("revision", [f"{number:04}" for number in range(1, int(schema.HEAD))])
def test_a_database_of_every_version_is_backed_up_and_upgraded(
    tmp_path: Path, engine: Engine, revision: str
) -> None:
    migrate(engine, revision)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO memory VALUES ('key', 'target', '2026-11-20 12:00:00')"))
    schema.upgrade(engine)
    backup = create_engine(f"sqlite:///{tmp_path / f'db.sqlite.schema-{revision}'}")
    for database, expected in ((engine, schema.HEAD), (backup, revision)):
        with database.connect() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == expected
            assert connection.execute(text("SELECT target FROM memory")).scalar() == "target"
    backup.dispose()
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_an_older_database_knows_which_dates_are_not_of_its_clock(engine: Engine, now: datetime) -> None:
    migrate(engine, "0005")
    seen, before = now, now - timedelta(minutes=5)
    with engine.begin() as connection:
        for guid, dated in (
            ("stated", before),
            ("undated", seen),
            ("still to come", seen + timedelta(days=9)),
        ):
            connection.execute(
                text(
                    "INSERT INTO entries (source_id, guid, content_hash, dated_at, first_seen_at, edits, data) "
                    "VALUES ('news', :guid, 'hash', :dated, :seen, 0, '{}')"
                ),
                {"guid": guid, "dated": f"{dated:%F %T.%f}", "seen": f"{seen:%F %T.%f}"},
            )
    schema.upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(select(entries.c.guid, entries.c.stated_at).order_by("guid")).all() == [
            ("stated", before),
            ("still to come", None),
            ("undated", None),
        ]


def test_a_new_database_is_not_backed_up(tmp_path: Path, engine: Engine) -> None:
    schema.upgrade(engine)
    schema.upgrade(engine)
    assert [path.name for path in tmp_path.iterdir()] == ["db.sqlite"]


def test_without_room_for_a_backup_nothing_is_migrated_and_no_half_is_left(disk: Disk) -> None:
    path = disk.path / "db.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    migrate(engine, "0001")
    engine.dispose()
    before = path.read_bytes()
    disk.leave(50_000)
    with pytest.raises(StoreError, match="database or disk is full; make room and try again"):
        Store(f"sqlite:///{path}")
    assert path.read_bytes()[100:] == before[100:]  # the header says how the file is opened
    assert not list(disk.path.glob("*.schema-*"))
    disk.empty()
    with Store(f"sqlite:///{path}") as store:
        assert to_translate(store, ["news"], "en") == []
    assert (disk.path / "db.sqlite.schema-0001").is_file()


def test_two_processes_may_find_the_same_old_database(tmp_path: Path, old: Engine) -> None:
    url = f"sqlite:///{tmp_path / 'db.sqlite'}"
    with ThreadPoolExecutor() as pool:
        stores = list(pool.map(Store, [url] * 4))
    for store in stores:
        with store:
            assert [p.entry.guid for p in to_translate(store, ["news"], "en")] == ["c"]
    backup = create_engine(f"sqlite:///{tmp_path / 'db.sqlite.schema-0001'}")
    with backup.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM entries")).scalar() == 3
    backup.dispose()
    assert not list(tmp_path.glob("*.unfinished"))
