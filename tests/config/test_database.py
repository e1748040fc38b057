"""Where the database is, and what is no place for one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from configurations import ONE_SOURCE, Load, Problems, Write
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url

from feedsvc import document as module
from feedsvc.config import load_config
from feedsvc.errors import ConfigError


def test_the_database_may_be_anywhere(load: Load) -> None:
    assert load('[service]\ndatabase = "sqlite:////srv/a.sqlite"\n').database == "sqlite:////srv/a.sqlite"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ('[service]\ndata_dir = "{}"\n', "service.data_dir"),
        ('[service]\noutput_dir = "{}"\n', "service.output_dir"),
        ('[service]\ndatabase = "sqlite:///{}"\n', "service.database"),
        ('[server]\nrefresh_token_file = "{}"\n', "server.refresh_token_file"),
        ('[defaults]\nglossaries = ["{}"]\n', "defaults.glossaries[0]"),
        ('[[sources]]\nid = "a"\nfile = "{}"\n', "sources[0].file"),
        ('[[sources]]\nid = "a"\nfolder = "{}"\n', "sources[0].folder"),
    ],
)
def test_what_is_no_path_is_an_error(written: str, key: str, problems: Problems) -> None:
    assert problems(written.format("~nobody-of-that-name/x")) == (
        f'{key}: there is no user "nobody-of-that-name" with a folder',
    )
    assert problems(written.format("a\\u0000b")) == (f"{key}: must be a path",)


def test_the_path_of_a_database_is_relative_to_the_file(load: Load, tmp_path: Path) -> None:
    database = load('[service]\ndatabase = "sqlite:///data/a.sqlite"\n').database
    assert database == f"sqlite:///{tmp_path}/data/a.sqlite"


@pytest.mark.parametrize("setting", ['data_dir = "data"', 'database = "sqlite:///data/feedsvc.sqlite"'])
@pytest.mark.parametrize("folder", ["50%20?", "é #", "a@b:c"])
def test_a_database_lies_where_the_configuration_says_whatever_the_folder_is_called(
    tmp_path: Path, setting: str, folder: str
) -> None:
    path = tmp_path / folder / "feedsvc.toml"
    path.parent.mkdir()
    path.write_text(f"[service]\n{setting}\n", encoding="utf-8")
    database = make_url(load_config(path).database).database
    assert database == str(tmp_path / folder / "data" / "feedsvc.sqlite")


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://",
        "postgresql:///feedsvc",
        "postgresql://db.example/feedsvc",
        "postgresql://me@db.example:5433/feedsvc",
        "postgresql://me:s%40cret@[2001:db8::1]:5432/feedsvc?sslmode=require",
        "postgresql+psycopg://me:sec/ret:x@db.example/feedsvc",
        "postgresql:///feedsvc?host=/run/postgresql",
    ],
)
def test_a_database_may_be_on_a_server(written: str, load: Load) -> None:
    assert load(f'[service]\ndatabase = "{written}"\n').database == written
    assert make_url(written).get_backend_name() == "postgresql"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", 'must start with "sqlite'),
        ("feedsvc.sqlite", 'must start with "sqlite'),
        ("/srv/feedsvc.sqlite", 'must start with "sqlite'),
        ("mysql://me:secret@db.example/x", 'must start with "sqlite'),
        ("postgres://me:secret@db.example/x", 'must start with "sqlite'),
        ("postgresql+asyncpg://me:secret@db.example/x", 'must start with "sqlite'),
        ("sqlite+aiosqlite:///x", 'must start with "sqlite'),
        ("postgresql:me:secret@db.example", 'must start with "sqlite'),
        ("sqlite://", 'must be "sqlite:///" and the path'),
        ("sqlite:///", 'must be "sqlite:///" and the path'),
        ("sqlite:///:memory:", 'must be "sqlite:///" and the path'),
        ("sqlite://feedsvc.sqlite", 'must be "sqlite:///" and the path'),
        ("sqlite:///a.sqlite?mode=ro", 'must be "sqlite:///" and the path'),
        ("sqlite:///a\\nb", "must be a path"),
        ("postgresql://db.example:port/x", 'must be "postgresql://USER'),
        ("postgresql://db.example:99999/x", 'must be "postgresql://USER'),
        ("postgresql://[::1/x", 'must be "postgresql://USER'),
        ("postgresql://me:sec@ret@db.example/x", 'must be "postgresql://USER'),
        ("postgresql://me:s@secret:secret@db.example/x", 'must be "postgresql://USER'),
        ("postgresql://me:s@db.example/secret@x", 'must be "postgresql://USER'),
        ("postgresql://me:secret@db.example/a b", 'must be "postgresql://USER'),
        ("postgresql://me@db.example/x?password=secret", "must have its password before the host"),
        ("postgresql://me@db.example/x?sslpassword=secret", "must have its password before the host"),
    ],
)
def test_what_is_no_database_is_an_error_that_shows_nothing_of_it(
    written: str, problem: str, write: Write
) -> None:
    path = write(f'{ONE_SOURCE}[service]\ncredit = true\ndatabase = "{written}"\n')
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    (said,) = str(caught.value).splitlines()
    assert said.startswith(f"{path}:6: service.database: {problem}")
    assert not re.search("secret|sec@|ret@", said)


@settings(max_examples=200)
@given(st.from_regex(r"(sqlite|postgresql)://[a1:/@?%\[\].=-]*", fullmatch=True))
def test_what_is_accepted_as_a_database_can_be_made_one(url: str) -> None:
    try:
        accepted = module._database(url)
    except ValueError:
        return
    made = make_url(accepted)
    if made.drivername == "postgresql":
        assert "@" not in f"{made.host} {made.database} {made.query}", "of a password"
    made.render_as_string()


def test_nobody_sees_the_password_of_the_database(load: Load) -> None:
    config = load('[service]\ndatabase = "postgresql://me:secret@db.example/x"\n')
    assert "secret" not in repr(config)
