from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url

from feedsvc import document as module
from feedsvc.config import Config, default_data_dir, find_config, load_config
from feedsvc.errors import ConfigError
from feedsvc.model import Access, Filters, Layout, Limits, Secret, TitleLayout

SHIPPED = sorted((Path(__file__).resolve().parents[1] / "config").glob("*.toml"))
ONE_SOURCE = '[[sources]]\nid = "news"\nurl = "https://news.example/rss"\n'

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        path = tmp_path / "feedsvc.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


@pytest.fixture
def load(write: Write) -> Callable[[str], Config]:
    return lambda text: load_config(write(text))


@pytest.fixture
def problems(write: Write) -> Callable[[str], tuple[str, ...]]:
    def of(text: str) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as caught:
            load_config(write(text))
        return caught.value.problems

    return of


Load = Callable[[str], Config]
Problems = Callable[[str], tuple[str, ...]]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_every_configuration_that_ships_can_be_used(path: Path) -> None:
    config = load_config(path)
    assert config.sources
    assert all(Path(s.location).exists() for s in config.sources if s.kind != "feed")
    assert config.data_dir.is_relative_to(path.parents[1])
    assert config.output_dir.is_relative_to(path.parents[1])


def test_configurations_ship() -> None:
    assert {"feedsvc.toml", "demo.toml"} <= {p.name for p in SHIPPED}


def test_an_empty_file_means_defaults(load: Load) -> None:
    config = load("")
    assert config.sources == config.outputs == ()
    assert config.target_language == "en"
    assert config.base_url == "http://127.0.0.1:8080/"
    assert config.publish_after == timedelta(hours=6)
    assert config.credit
    assert config.listen is None


def test_what_is_wrong_with_a_value_is_said_in_words(problems: Problems) -> None:
    found = problems(
        """
        source = []
        [service]
        data_dir = 5
        beam_size = 9
        target_langauge = "en"
        [fetch]
        zzz = 1
        [defaults]
        interval = "10s"
        max_entries = "fifty"
        glossaries = "names.tsv"
        full_text = "no"
        layout = "sideways"
        [[sources]]
        id = "news"
        file = ""
        ulr = "https://news.example/rss"
        auth = { user = "me", password = { env = "X" } }
        """
    )
    assert list(found) == [
        "source: unknown key; is [[sources]] meant?",
        "service.data_dir: must be text in quotes",
        "service.beam_size: must be at most 8",
        "service.target_langauge: unknown key; is target_language meant?",
        "fetch.zzz: unknown key",
        'defaults.interval: must be at least "30s"',
        "defaults.max_entries: must be a whole number",
        "defaults.glossaries: must be a list in brackets",
        "defaults.full_text: must be true or false",
        "defaults.layout: must be 'interleaved', 'translation', 'translation-first', 'side-by-side' or 'original'",
        "sources[0].file: must be a path",
        "sources[0].ulr: unknown key; is url meant?",
        "sources[0].auth.username: must be there",
        "sources[0].auth.user: unknown key; is username meant?",
    ]


def test_a_bom_is_no_part_of_the_file(load: Load) -> None:
    assert load("\ufeff" + ONE_SOURCE).sources[0].id == "news"


def test_every_problem_is_named_at_once_with_its_key(problems: Problems) -> None:
    found = problems(
        """
        colour = "red"
        [service]
        base_ulr = "http://x/"
        target_language = "klingonese"
        credit = "yes"
        [defaults]
        interval = "soon"
        layout = "sideways"
        max_entries = 0
        [[sources]]
        id = "Big News"
        url = "ftp://news.example/rss"
        language = "english"
        [[sources]]
        url = "https://news.example/rss"
        intervall = "1h"
        [server]
        listen = "8080"
        """
    )
    assert [p.split(":")[0] for p in found] == [
        "colour",
        "service.base_ulr",
        "service.target_language",
        "service.credit",
        "defaults.interval",
        "defaults.layout",
        "defaults.max_entries",
        "sources[0].id",
        "sources[0].url",
        "sources[0].language",
        "sources[1].id",
        "sources[1].intervall",
        "server.listen",
    ]


def test_problems_within_and_between_tables_are_named_together_by_line(write: Write, tmp_path: Path) -> None:
    path = write(
        '[defaults]\nglossaries = ["none.tsv"]\ninterval = "soon"\n\n'
        '[[sources]]\nid = "a"\nurl = "ftp://x/"\n\n'
        '[[sources]]\nid = "a"\n\n'
        '[[outputs]]\nslug = "b"\nsources = ["c"]\n'
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert [
        line.removeprefix(f"{path}:").partition(" must")[0] for line in str(caught.value).splitlines()
    ] == [
        f"2: defaults: the glossary {tmp_path}/none.tsv is no file",
        "3: defaults.interval:",
        '7: sources[0].url: "ftp://x/"',
        '9: sources "a": give exactly one of url, file and folder',
        '10: sources: the id "a" is used twice',
        '14: outputs "b": no source matches c',
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\n\n[service\n", 3),
        ("a = 1\na = 2\n", 2),
        ("[service]\n\ncolour = 1\n", 3),
        ('[service]\n[[sources]]\nurl = "https://x/"\n', 2),
        ('sources = [\n  { id = "a" },\n]\n', 1),
        ('[[sources]]\nid = "a"\nurl = "https://x/"\n[sources.headers]\n"a b" = "1"\n', 4),
        (
            '[[sources]]\nid = "a"\nurl = "https://x/"\nauth = { username = "", password = { env = "P" } }\n',
            4,
        ),
        ('[[outputs]]\nslug = "a"\nsources = [\n "*",\n 3]\n', 3),
    ],
)
def test_a_problem_leads_to_its_line(text: str, line: int, write: Write) -> None:
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_an_error_names_the_file_in_each_line(write: Write) -> None:
    path = write("[service]\ncolour = 1\nform = 2\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value).splitlines() == [
        f"{path}:2: service.colour: unknown key",
        f"{path}:3: service.form: unknown key",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "colour = 1\n",
        "[service]\ncolour = 1\n",
        "[defaults]\ncolour = 1\n",
        "[server]\ncolour = 1\n",
        ONE_SOURCE + "colour = 1\n",
        ONE_SOURCE + '[[outputs]]\nslug = "all"\ncolour = 1\n',
    ],
)
def test_an_unknown_key_is_an_error_in_every_table(text: str, problems: Problems) -> None:
    (problem,) = problems(text)
    assert problem.endswith("colour: unknown key")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[service\n", "is not TOML: "),
        ("a = 1\na = 2\n", "is not TOML: "),
        ("[service]\ndata_dir = 3\n", "service.data_dir: "),
        ('[service]\ndata_dir = "a"\n[service]\n', "is not TOML: "),
        ('[defaults]\nmax_entries = "50"\n', "defaults.max_entries: "),
        ("[defaults]\nmax_entries = true\n", "defaults.max_entries: "),
        ("[defaults]\nkeep_entries = 0\n", "defaults.keep_entries: "),
        ("[defaults]\nallow_private = 1\n", "defaults.allow_private: "),
        ('[[sources]]\nid = "a"\nurl = ""\n', "sources[0].url: "),
        ('[sources]\nid = "a"\n', "sources: "),
        ('[[sources]]\nid = ".a"\nfolder = "x"\n', "sources[0].id: "),
        ('[[sources]]\nid = "a/b"\nfolder = "x"\n', "sources[0].id: "),
        ('[service]\nbase_url = "news.example"\n', "service.base_url: "),
        ('[service]\nbase_url = "https://news.example/?q"\n', "service.base_url: "),
    ],
)
def test_a_wrong_value_is_named_with_its_key(text: str, problem: str, problems: Problems) -> None:
    (found,) = problems(text)
    assert found.startswith(problem)


def test_what_is_wrong_with_a_secret_is_said_once(problems: Problems) -> None:
    source = '[[sources]]\nid = "news"\nurl = "https://news.example/"\n'
    found = problems(
        source
        + "headers = { X-Key = { fiel = 'a' }, X-Other = 5 }\n"
        + "cookies = { a = { env = 'X', zzz = 1 } }\n"
        + "auth = { username = 'me', password = { evn = 'X' } }\n"
    )
    assert list(found) == [
        "sources[0].headers.X-Key.fiel: unknown key; is file meant?",
        'sources[0].headers.X-Other: must stand elsewhere: { env = "NAME" } or { file = "PATH" }',
        "sources[0].cookies.a.zzz: unknown key",
        "sources[0].auth.password.evn: unknown key; is env meant?",
    ]


@pytest.mark.parametrize("value", ["1h", "https://news.example/rss", "news"])
def test_text_without_quotes_is_said_to_want_them(value: str, problems: Problems) -> None:
    (found,) = problems(f"[defaults]\ninterval = {value}\n")
    assert found.endswith("; text stands in quotes")


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "feedsvc.toml"
    path.write_bytes(b'[service]\ndata_dir = "caf\xe9"\n')
    with pytest.raises(ConfigError, match=f"{path}:2: is not TOML: it is not UTF-8"):
        load_config(path)


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)


@pytest.mark.parametrize("places", ["", 'url = "https://x/"\nfolder = "x"\n', 'file = "a"\nfolder = "x"\n'])
def test_a_source_has_exactly_one_place(places: str, problems: Problems) -> None:
    assert problems(f'[[sources]]\nid = "a"\n{places}') == (
        'sources "a": give exactly one of url, file and folder',
    )


def test_what_tables_say_of_each_other_is_checked_all_at_once(problems: Problems) -> None:
    found = problems(
        ONE_SOURCE
        + ONE_SOURCE
        + '[[sources]]\nid = "other"\n'
        + '[[outputs]]\nslug = "all"\n[[outputs]]\nslug = "all"\nsources = ["x*", "y"]\n'
        + '[[outputs]]\nslug = "none"\nsources = []\n'
    )
    assert found == (
        'sources: the id "news" is used twice',
        'sources "other": give exactly one of url, file and folder',
        'outputs: the slug "all" is used twice',
        'outputs "all": no source matches x*, y',
        'outputs "none": no source matches an empty list',
    )


def test_relative_paths_are_relative_to_the_file(load: Load, tmp_path: Path) -> None:
    config = load(
        '[service]\ndata_dir = "data"\noutput_dir = "../public"\n'
        '[[sources]]\nid = "a"\nfolder = "in/articles"\n[[sources]]\nid = "b"\nfile = "./in/../feed.rss"\n'
    )
    assert config.data_dir == tmp_path / "data"
    assert config.output_dir == tmp_path.parent / "public"
    assert config.database == f"sqlite:///{tmp_path}/data/feedsvc.sqlite"
    assert [s.location for s in config.sources] == [f"{tmp_path}/in/articles", f"{tmp_path}/feed.rss"]


def test_relative_paths_do_not_depend_on_the_working_directory(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('[service]\ndata_dir = "data"\n')
    monkeypatch.chdir(tmp_path)
    here = load_config(Path("feedsvc.toml"))
    monkeypatch.chdir("/")
    assert load_config(tmp_path / "feedsvc.toml").data_dir == here.data_dir == tmp_path / "data"


def test_absolute_paths_and_the_home_directory_are_kept(load: Load) -> None:
    config = load('[service]\ndata_dir = "/srv/data"\noutput_dir = "~/public"\n')
    assert config.data_dir == Path("/srv/data")
    assert config.output_dir == Path.home() / "public"


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


@pytest.mark.parametrize("written", ["https://news.example/feeds", "https://news.example/feeds/"])
def test_the_base_url_ends_with_one_slash(written: str, load: Load) -> None:
    assert load(f'[service]\nbase_url = "{written}"\n').base_url == "https://news.example/feeds/"


def test_language_tags_are_normalised(load: Load) -> None:
    config = load('[service]\ntarget_language = "EN_gb"\n' + ONE_SOURCE + 'language = "zh_hant"\n')
    assert config.target_language == "en-GB"
    assert config.sources[0].language == "zh-Hant"


@pytest.mark.parametrize(
    ("written", "seconds"), [("45s", 45), ("30m", 1800), ("6h", 21600), ("1d", 86400), (" 2 h ", 7200)]
)
def test_durations_have_a_unit(written: str, seconds: int, load: Load) -> None:
    config = load(f'[service]\npublish_after = "{written}"\n[defaults]\ninterval = "{written}"\n{ONE_SOURCE}')
    assert config.publish_after == timedelta(seconds=seconds)
    assert config.sources[0].interval_s == seconds


@pytest.mark.parametrize(
    "written", ['""', '"6"', '"h"', '"-1h"', '"1.5h"', '"1w"', '"1h30m"', "3600", "true"]
)
def test_what_is_no_duration_is_an_error(written: str, problems: Problems) -> None:
    (problem,) = problems(f"[service]\npublish_after = {written}\n")
    assert problem == 'service.publish_after: must be a number with a unit, such as "30m", "6h" or "1d"'


def test_a_duration_of_ages_is_an_error(problems: Problems) -> None:
    assert problems('[service]\npublish_after = "99999999999d"\n') == (
        "service.publish_after: is too long a time",
    )


def test_a_source_without_settings_has_those_of_the_house(load: Load) -> None:
    (source,) = load(ONE_SOURCE).sources
    assert source.kind == "feed"
    assert source.location == "https://news.example/rss"
    assert source.interval_s == 3600
    assert source.layout is Layout.INTERLEAVED
    assert source.title_layout is TitleLayout.TRANSLATION_FIRST
    assert source.max_entries == 50
    assert source.keep_entries is None
    assert source.keep_days is None
    assert source.allow_private is False
    assert source.language is None


DEFAULTS = """
[defaults]
interval = "2h"
layout = "translation"
title_layout = "original-first"
max_entries = 7
keep_entries = 70
keep_days = 90
allow_private = true
"""


def test_a_source_inherits_the_defaults(load: Load) -> None:
    (source,) = load(DEFAULTS + ONE_SOURCE).sources
    assert source.interval_s == 7200
    assert source.layout is Layout.TRANSLATION
    assert source.title_layout is TitleLayout.ORIGINAL_FIRST
    assert source.max_entries == 7
    assert source.keep_entries == 70
    assert source.keep_days == 90
    assert source.allow_private is True


def test_a_source_overrides_the_defaults(load: Load) -> None:
    (source,) = load(
        DEFAULTS
        + ONE_SOURCE
        + 'interval = "5m"\nlayout = "original"\ntitle_layout = "original"\n'
        + "max_entries = 1\nkeep_entries = 10\nallow_private = false\n"
    ).sources
    assert source.interval_s == 300
    assert source.layout is Layout.ORIGINAL
    assert source.title_layout is TitleLayout.ORIGINAL
    assert source.max_entries == 1
    assert source.keep_entries == 10
    assert source.allow_private is False


def test_each_source_has_an_output_of_its_own_id(load: Load) -> None:
    config = load(ONE_SOURCE + '[[sources]]\nid = "articles"\nfolder = "x"\n[[outputs]]\nslug = "all"\n')
    assert [(o.slug, o.source_ids) for o in config.outputs] == [
        ("all", ("news", "articles")),
        ("news", ("news",)),
        ("articles", ("articles",)),
    ]


def test_an_output_may_take_the_id_of_a_source(load: Load) -> None:
    (output,) = load(ONE_SOURCE + '[[outputs]]\nslug = "news"\ntitle = "News"\nsources = ["news"]\n').outputs
    assert output.title == "News"


def test_outputs_choose_sources_by_pattern_in_their_order(load: Load) -> None:
    sources = "".join(f'[[sources]]\nid = "{i}"\nfolder = "{i}"\n' for i in ("zh-b", "en-a", "zh-a", "x"))
    outputs = '[[outputs]]\nslug = "zh"\nsources = ["zh-*"]\n[[outputs]]\nslug = "two"\nsources = ["x", "?n-a", "x"]\n'
    made = {o.slug: o.source_ids for o in load(sources + outputs).outputs}
    assert made["zh"] == ("zh-b", "zh-a")
    assert made["two"] == ("en-a", "x")


def test_an_output_looks_like_its_only_source(load: Load) -> None:
    config = load(
        DEFAULTS + ONE_SOURCE + 'layout = "original"\nmax_entries = 3\n[[outputs]]\nslug = "copy"\n'
    )
    assert {(o.slug, o.layout, o.title_layout, o.max_entries) for o in config.outputs} == {
        ("copy", Layout.ORIGINAL, TitleLayout.ORIGINAL_FIRST, 3),
        ("news", Layout.ORIGINAL, TitleLayout.ORIGINAL_FIRST, 3),
    }


def test_an_output_of_several_sources_looks_like_the_defaults(load: Load) -> None:
    config = load(
        DEFAULTS
        + ONE_SOURCE
        + 'layout = "original"\n[[sources]]\nid = "b"\nfolder = "b"\nlayout = "original"\n'
        + '[[outputs]]\nslug = "all"\n[[outputs]]\nslug = "own"\nlayout = "interleaved"\nmax_entries = 9\n'
    )
    made = {o.slug: (o.layout, o.max_entries) for o in config.outputs}
    assert made["all"] == (Layout.TRANSLATION, 7)
    assert made["own"] == (Layout.INTERLEAVED, 9)


@pytest.mark.parametrize(
    ("written", "listen"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:0", ("localhost", 0)),
        ("0.0.0.0:65535", ("0.0.0.0", 65535)),
    ],
)
def test_the_server_listens_at_a_host_and_port(written: str, listen: tuple[str, int], load: Load) -> None:
    assert load(f'[server]\nlisten = "{written}"\n').listen == listen


@pytest.mark.parametrize(
    "written", ['"8080"', '":8080"', '"localhost"', '"localhost:65536"', '"a b:80"', "8080"]
)
def test_what_is_no_host_and_port_is_an_error(written: str, problems: Problems) -> None:
    (problem,) = problems(f"[server]\nlisten = {written}\n")
    assert problem == 'server.listen: must be "host:port", such as "127.0.0.1:8080"'


def test_a_server_table_alone_means_this_machine(load: Load) -> None:
    assert load("[server]\n").listen == ("127.0.0.1", 8080)


def test_the_given_configuration_comes_first(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDSVC_CONFIG", str(tmp_path / "other.toml"))
    assert find_config(write("")) == tmp_path / "feedsvc.toml"


def test_the_environment_names_a_configuration(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("")
    monkeypatch.setenv("FEEDSVC_CONFIG", str(path))
    assert find_config(None) == path


def test_a_configuration_lies_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "feedsvc.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert find_config(None) == Path("config/feedsvc.toml")


def test_a_configuration_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no configuration file: looked for .*missing\.toml; make one"):
        find_config(tmp_path / "missing.toml")


def test_a_configuration_that_may_not_be_looked_for_is_named_too() -> None:
    with pytest.raises(ConfigError, match="no configuration file"):
        find_config(Path("x" * 5000))


def test_models_live_below_the_home_directory_without_a_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert default_data_dir() == Path.home() / ".local" / "share" / "feedsvc"
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/share")
    assert default_data_dir() == Path("/srv/share/feedsvc")


def test_glossaries_are_files_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "names.tsv").write_text("甲\tA\n", encoding="utf-8")
    path = tmp_path / "feedsvc.toml"
    source = '[[sources]]\nid = "{}"\nfolder = "a"\n'
    text = '[defaults]\nglossaries = ["names.tsv"]\n' + source.format("one") + source.format("two")
    path.write_text(text + "glossaries = []\n", encoding="utf-8")
    one, two = load_config(path).sources
    assert (one.glossaries, two.glossaries) == ((str(tmp_path / "names.tsv"),), ())


def test_a_glossary_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "feedsvc.toml"
    path.write_text('[defaults]\nglossaries = ["no.tsv"]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"defaults: the glossary .*no\.tsv is no file"):
        load_config(path)


def test_how_much_is_asked_of_the_network_is_bounded_and_can_be_said(load: Load, problems: Problems) -> None:
    assert load(ONE_SOURCE).limits == Limits(
        connections=20, connections_per_host=2, host_delay_s=1.0, contact=None
    )
    said = (
        '[fetch]\nconnections = 5\nconnections_per_host = 1\nhost_delay = "0s"\ncontact = "me@news.example"\n'
    )
    assert load(said).limits == Limits(
        connections=5, connections_per_host=1, host_delay_s=0.0, contact="me@news.example"
    )
    assert problems('[fetch]\nconnections = 0\ncontact = "a\\nb"\nretries = 3\n') == (
        "fetch.connections: must be at least 1",
        "fetch.contact: must be a single line",
        "fetch.retries: unknown key",
    )


def test_a_source_is_not_looked_at_less_often_than_it_is_at_all(load: Load) -> None:
    (source,) = load('[defaults]\ninterval = "2d"\n' + ONE_SOURCE).sources
    assert (source.interval_s, source.max_interval_s) == (172800, 172800)
    (source,) = load(ONE_SOURCE + 'max_interval = "6h"\nfull_text = true\n').sources
    assert (source.interval_s, source.max_interval_s, source.full_text) == (3600, 21600, True)


def test_what_a_server_wants_to_know_may_stand_elsewhere(load: Load, tmp_path: Path) -> None:
    (source,) = load(
        ONE_SOURCE
        + 'headers = { X-Token = { env = "TOKEN" }, X-Plain = "seen" }\n'
        + 'cookies = { session = { file = "secrets/session" } }\n'
        + 'auth = { username = "me", password = { env = "PASSWORD" } }\n'
        + 'proxy = "socks5://127.0.0.1:1080"\n'
    ).sources
    assert source.access == Access(
        headers=(("X-Token", Secret("env", "TOKEN")), ("X-Plain", Secret("text", "seen"))),
        cookies=(("session", Secret("file", str(tmp_path / "secrets" / "session"))),),
        username="me",
        password=Secret("env", "PASSWORD"),
        proxy="socks5://127.0.0.1:1080",
    )
    assert "seen" not in repr(source)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            'auth = { username = "me", password = "open" }',
            'sources[0].auth.password: must stand elsewhere: { env = "NAME" } or { file = "PATH" }',
        ),
        (
            'auth = { username = "me", password = { env = "A", file = "b" } }',
            "sources[0].auth.password: give exactly one of env and file",
        ),
        ('headers = { "X Y" = "z" }', 'sources[0].headers: "X Y" is no name of a header or cookie'),
        (
            'proxy = "ftp://proxy.example/"',
            'sources[0].proxy: must be "direct", or a URL that starts with http://, https://, socks5:// or socks5h://',
        ),
    ],
)
def test_what_cannot_be_sent_to_a_server_is_named(line: str, problem: str, problems: Problems) -> None:
    assert problems(f"{ONE_SOURCE}{line}\n") == (problem,)


def test_no_password_stands_in_an_address(problems: Problems) -> None:
    (problem,) = problems('[[sources]]\nid = "a"\nurl = "https://me:open@news.example/rss"\n')
    assert problem == (
        "sources[0].url: must not hold a name or password; "
        "give them with auth = { username = …, password = … }"
    )


def test_only_what_comes_over_the_network_is_asked_for_with_headers(problems: Problems) -> None:
    source = '[[sources]]\nid = "a"\nfolder = "b"\nheaders = { X-Token = "c" }\n'
    assert problems(source) == ('sources "a": headers, cookies and auth are for sources with a url',)


def test_hubs_are_each_told_once(load: Callable[[str], Config]) -> None:
    assert load("").hubs == ()
    assert load('[service]\nhubs = ["https://a.example/", "https://a.example/"]\n').hubs == (
        "https://a.example/",
    )


@pytest.mark.parametrize("hub", ["hub.example", "https://me:secret@hub.example/", "https://hub.example/#a"])
def test_what_cannot_be_a_hub_is_named(load: Callable[[str], Config], hub: str) -> None:
    with pytest.raises(ConfigError, match=r"service\.hubs\[0\]: .* must start with http"):
        load(f'[service]\nhubs = ["{hub}"]\n')


def test_an_output_has_filters(load: Load) -> None:
    output = (
        '[[outputs]]\nslug = "some"\ninclude = ["economy", " 经济 "]\nexclude = ["x"]\ncategories = ["World"]\n'
        'exclude_categories = ["Sport"]\nlanguages = ["ZH_hant"]\n'
    )
    some, own = load(ONE_SOURCE + output).outputs
    assert some.filters == Filters(
        include=("economy", "经济"),
        exclude=("x",),
        categories=("World",),
        exclude_categories=("Sport",),
        languages=("zh-Hant",),
    )
    assert own.filters == Filters()


@pytest.mark.parametrize(
    ("filters", "problem"),
    [
        ('include = ["a", " "]', "outputs[0].include[1]: must be a word, or several on one line"),
        ('exclude = ["a\\nb"]', "outputs[0].exclude[0]: must be a word, or several on one line"),
        ('categories = "World"', "outputs[0].categories: must be a list in brackets"),
        ('languages = ["klingon?"]', 'outputs[0].languages[0]: "klingon?" is not a language tag'),
    ],
)
def test_filters_that_cannot_be_are_named(load: Load, filters: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(ONE_SOURCE + f'[[outputs]]\nslug = "some"\n{filters}\n')
    assert problem in str(caught.value)


def test_an_output_is_not_called_like_an_archive(load: Load) -> None:
    with pytest.raises(ConfigError, match='"world-archive-2026-11-28" ends like the name of an archive'):
        load(ONE_SOURCE + '[[outputs]]\nslug = "world-archive-2026-11-28"\n')


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("[sources]\n", "sources: must be tables, each below a line [[sources]]"),
        ("service = 3\n", "service: must be a table"),
    ],
)
def test_what_should_be_tables_is_said_as_it_is_written(
    written: str, problem: str, problems: Problems
) -> None:
    assert problems(written) == (problem,)
