"""What is said of sources and of asking for them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from configurations import DEFAULTS, ONE_SOURCE, Load, Problems

from feedsvc.config import load_config
from feedsvc.errors import ConfigError
from feedsvc.model import Access, Layout, Limits, Secret, TitleLayout


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
