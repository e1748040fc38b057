from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes import Answer, WebServer, serve_site

Run = Callable[..., tuple[int, str, str]]

CONFIG = """\
# mine
[service]
data_dir = "data"   # here
output_dir = "public"

[fetch]
host_delay = "0s"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "feedsvc.toml"
    path.parent.mkdir()
    path.write_text(CONFIG, encoding="utf-8")
    return path


def sources(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("sources", [])
    return found


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let a person sit at a terminal, who types these lines."""

    def sit(*lines: str) -> None:
        answers = iter(lines)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))

    return sit


def test_a_wordpress_site_is_added_by_its_main_feed_and_refreshed(
    run: Run, config: Path, web: WebServer
) -> None:
    site = serve_site(web, "wordpress")
    code, out, err = run("add", site)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "海边笔记: Chinese, 3 entries, newest 2026-11-20",
        f"    {site}feed/",
        "Added to config/feedsvc.toml: 127-0-0-1",
        "Not added: Comments for 海边笔记: Chinese, 1 entry, newest 2026-11-20",
        f"    {site}comments/feed/",
        "",
        "Read and translate now: feedsvc refresh 127-0-0-1",
        "Then subscribe to:",
        "    http://127.0.0.1:8080/127-0-0-1.rss",
        "    http://127.0.0.1:8080/127-0-0-1.atom",
    ]
    assert sources(config) == [{"id": "127-0-0-1", "url": f"{site}feed/", "language": "zh"}]
    code, out, err = run("refresh", "127-0-0-1")
    assert (code, err) == (0, "")
    assert "1 source looked at: 3 new entries" in out
    assert (config.parent / "public" / "127-0-0-1.rss").is_file()


def test_a_ghost_site_that_says_no_language_is_added_with_that_of_its_text(
    run: Run, config: Path, web: WebServer
) -> None:
    site = serve_site(web, "ghost")
    code, _, err = run("add", site)
    assert code == 0
    assert sources(config) == [{"id": "werkstattbrief", "url": f"{site}rss/", "language": "de"}]
    assert err.startswith("note: no model translates from de to en")
    assert "feedsvc models install de en" in err


def test_a_hugo_site_that_names_no_feed_is_added_by_the_one_beside_its_page(
    run: Run, config: Path, web: WebServer
) -> None:
    site = serve_site(web, "hugo")
    assert run("add", site)[0] == 0
    (source,) = sources(config)
    assert (source["id"], source["url"]) == ("field-notes", f"{site}en/index.xml")


def test_of_three_feeds_a_script_must_name_one(run: Run, config: Path, web: WebServer) -> None:
    site = serve_site(web, "three")
    code, out, err = run("--config", config, "add", site)
    assert (code, out, sources(config)) == (2, "", [])
    first, *commands, last = err.splitlines()
    assert first == f"feedsvc: there are 3 feeds behind {site}; say which:"
    assert commands[2] == f"  feedsvc --config {config} add '{site}flux/culture.rss?lang=fr&n=20'"
    assert commands[3] == "    Le Courrier – Culture: French, 1 entry, newest 2026-11-18"
    assert last == "or take the first one with --first, or every one with --all"
    code, out, _ = run("add", site, "--json")
    assert code == 2
    assert [found["entries"] for found in json.loads(out)["found"]] == [2, 1, 1]


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--first", ["le-courrier-monde"]),
        ("--all", ["le-courrier-monde", "le-courrier-culture", "le-courrier-sport"]),
    ],
)
def test_of_three_feeds_an_option_takes_the_first_or_every_one(
    run: Run, config: Path, web: WebServer, option: str, expected: list[str]
) -> None:
    assert run("add", option, serve_site(web, "three"))[0] == 0
    assert [source["id"] for source in sources(config)] == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["0", "x", "2"], ["le-courrier-culture"]),
        (["all"], ["le-courrier-monde", "le-courrier-culture", "le-courrier-sport"]),
    ],
)
def test_of_three_feeds_a_person_is_asked_which(
    run: Run,
    config: Path,
    web: WebServer,
    at_a_terminal: Callable[..., None],
    lines: list[str],
    expected: list[str],
) -> None:
    at_a_terminal(*lines)
    code, _, err = run("add", serve_site(web, "three"))
    assert code == 0
    assert "2 Le Courrier – Culture: French, 1 entry, newest 2026-11-18" in err
    assert [source["id"] for source in sources(config)] == expected


def test_a_site_without_feed_is_a_failure_that_says_what_was_tried(
    run: Run, config: Path, web: WebServer
) -> None:
    site = serve_site(web, "none")
    code, out, err = run("add", site)
    assert (code, out, sources(config)) == (1, "", [])
    assert err.startswith(
        f"feedsvc: no feed was found behind {site}; this was tried:\n    {site}: not a feed"
    )
    assert f"    {site}feed: the server answered 404 Not Found\n" in err
    code, out, _ = run("add", site, "--json")
    assert (code, json.loads(out)["found"]) == (1, [])
    assert len(json.loads(out)["tried"]) > 5


def test_what_is_there_already_is_said_and_nothing_is_written(run: Run, config: Path, web: WebServer) -> None:
    site = serve_site(web, "wordpress")
    run("add", site)
    text, asked = config.read_text(), len(web.requests)
    present = (0, 'There already, as "127-0-0-1": nothing to add.\n', "")
    assert run("add", f"{site}feed") == present
    assert len(web.requests) == asked
    code, out, _ = run("add", site)
    assert (code, out) == present[:2]
    code, out, _ = run("add", site, "--json")
    assert (code, json.loads(out)["present"], json.loads(out)["added"]) == (0, ["127-0-0-1"], [])
    assert config.read_text() == text


def test_what_the_user_says_of_a_source_is_written(run: Run, config: Path, web: WebServer) -> None:
    site = serve_site(web, "ghost")
    code, out, _ = run("add", site, "--id", "wood", "--language", "zh_cn", "--full-text", "--json")
    expected = {"id": "wood", "url": f"{site}rss/", "language": "zh-CN", "full_text": True}
    assert (code, sources(config)) == (0, [expected])
    assert json.loads(out)["added"][0]["feeds"][0] == "http://127.0.0.1:8080/wood.rss"


def test_a_dry_run_writes_nothing(run: Run, config: Path, web: WebServer) -> None:
    code, out, _ = run("add", serve_site(web, "ghost"), "--dry-run")
    assert code == 0
    assert out.endswith("Nothing was written. It would be: werkstattbrief\n")
    assert sources(config) == []


def test_folders_and_feed_files_are_added_by_their_paths(
    run: Run, config: Path, tmp_path: Path, web: WebServer
) -> None:
    articles = tmp_path / "my articles"
    articles.mkdir()
    (articles / "a.md").write_text("---\ntitle: 天气\n---\n今天下雨。\n", encoding="utf-8")
    feed = tmp_path / "feed.xml"
    feed.write_bytes((Path(__file__).parents[1] / "data" / "sites" / "ghost" / "rss.xml").read_bytes())
    code, out, _ = run("add", "my articles")
    assert (code, out.splitlines()[0].partition(":")[0]) == (0, "folder my articles")
    assert run("add", feed.as_uri())[0] == 0
    assert [s.get("folder", s.get("file")) for s in sources(config)] == [str(articles), str(feed)]
    assert run("add", f"{articles}/")[1] == 'There already, as "my-articles": nothing to add.\n'
    code, _, err = run("add", articles / "a.md")
    assert code == 1
    assert "a.md: not a feed" in err and "of articles, add the folder that they are in" in err


def test_a_name_that_is_neither_a_site_nor_a_folder_is_said_to_be_neither(run: Run, config: Path) -> None:
    code, _, err = run("add", "articles.invalid")
    assert code == 1
    assert "There is no file or folder articles.invalid here either.\n" in err


def test_a_configuration_that_the_user_names_is_made(run: Run, tmp_path: Path, web: WebServer) -> None:
    code, out, _ = run("--config", "new/feedsvc.toml", "add", f"{serve_site(web, 'ghost')}rss/")
    assert code == 0
    assert "Read and translate now: feedsvc --config new/feedsvc.toml refresh werkstattbrief" in out
    assert run("--config", "new/feedsvc.toml", "status")[0] == 0


def test_without_a_configuration_it_is_said_how_to_make_one(run: Run, web: WebServer) -> None:
    code, _, err = run("add", serve_site(web, "ghost"))
    assert (code, web.requests) == (2, [])
    assert "looked for config/feedsvc.toml" in err
    assert "feedsvc --config config/feedsvc.toml add" in err


def test_a_broken_configuration_is_an_error_before_anything_is_asked_for(
    run: Run, config: Path, web: WebServer
) -> None:
    config.write_text("[servize]\n")
    code, _, err = run("add", serve_site(web, "ghost"))
    assert (code, web.requests) == (2, [])
    assert "servize: unknown key" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["./missing"], "./missing: there is no such file or folder"),
        (["ftp://news.example/"], '"ftp://news.example/" is no address of the web'),
        (["two words"], '"https://two words" is no address of the web'),
        (["https://me:secret@news.example/"], "must not hold a name or password"),
        (["--id", "No Good", "news.example"], '--id "No Good" must be made of'),
        (["--id", "taken", "news.example"], '--id "taken" is that of another source'),
        (["--language", "no tag", "news.example"], '"no tag" is not a language tag'),
        (["--all", "--first", "news.example"], "--all goes with neither"),
    ],
)
def test_bad_usage_is_named(run: Run, config: Path, arguments: list[str], message: str) -> None:
    config.write_text('[[sources]]\nid = "taken"\nurl = "https://a.example/"\n')
    code, _, err = run("add", *arguments)
    assert code == 2
    assert message in " ".join(err.split()) and "secret" not in err


def test_a_feed_that_moved_for_good_is_added_where_it_is_now(run: Run, config: Path, web: WebServer) -> None:
    serve_site(web, "ghost")
    web.answers["/old"] = Answer(b"", status=301, headers={"Location": "/rss/"})
    assert run("add", f"{web.url}/old")[0] == 0
    assert sources(config)[0]["url"] == f"{web.url}/rss/"
