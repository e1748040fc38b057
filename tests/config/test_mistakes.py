"""What is wrong with a configuration is said all at once, in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from configurations import ONE_SOURCE, Problems, Write

from feedsvc.config import load_config
from feedsvc.errors import ConfigError


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
