from __future__ import annotations

import io
import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes import WebServer, serve_site
from lxml import etree

Run = Callable[..., tuple[int, str, str]]

OPML = """<?xml version="1.0"?><opml version="1.1"><head/><body>
<outline text="Nature"><outline text="Trees &amp; Woods" xmlUrl="feed://trees.example/rss"/>
<outline title="海" xmlURL="https://www.sea.example/feed/" language="zh"/></outline>
<outline title="The sea again" xmlUrl="http://sea.example/feed"/>
<outline title="Here" xmlUrl="http://here.example/feed/"/>
<outline text="Old" xmlUrl="ftp://old.example/"/><outline xmlUrl=""/>
<outline text="Mine" xmlUrl="https://me:secret@mine.example/"/>
</body></opml>"""
CONFIG = '[service]\ndata_dir = "data"\noutput_dir = "public"\n\n[[sources]]\nid = "here"\nurl = "https://here.example/feed" # mine\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "feedsvc.toml"
    path.parent.mkdir()
    path.write_text(CONFIG, encoding="utf-8")
    (tmp_path / "list.opml").write_text(OPML, encoding="utf-8")
    return path


def sources(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["sources"]
    return found


def test_every_feed_of_a_list_is_added_once_and_those_refused_are_named(run: Run, config: Path) -> None:
    code, out, err = run("opml", "import", "list.opml")
    assert out == (
        "    trees-woods: https://trees.example/rss\n    sea: https://www.sea.example/feed/\n"
        "2 sources added to config/feedsvc.toml, 1 there already.\n\nRead and translate now: feedsvc refresh\n"
    )
    assert (code, err.count("refused: "), "secret" in err) == (1, 3, False)
    assert 'refused: Old: "ftp://old.example/" is no address of the web' in err
    assert "refused: an outline without title:" in err
    assert config.read_text(encoding="utf-8").startswith(CONFIG)
    assert sources(config)[1:] == [
        {"id": "trees-woods", "url": "https://trees.example/rss"},
        {"id": "sea", "url": "https://www.sea.example/feed/", "language": "zh"},
    ]


def test_importing_twice_adds_nothing_twice(run: Run, config: Path) -> None:
    run("opml", "import", "list.opml")
    text = config.read_text()
    code, out, _ = run("opml", "import", "list.opml", "--json")
    assert (code, json.loads(out)["present"]) == (1, ["trees-woods", "sea", "here"])
    assert (json.loads(out)["added"], config.read_text()) == ([], text)


def test_a_dry_run_tells_and_writes_nothing(run: Run, config: Path) -> None:
    _, out, _ = run("opml", "import", "--dry-run", "list.opml")
    assert out.endswith("2 sources would be added to config/feedsvc.toml, 1 there already.\n")
    assert config.read_text() == CONFIG


@pytest.mark.parametrize(
    ("content", "message"),
    [("<opml", "list.opml: not OPML: "), ("<rss/>", "list.opml: not OPML but a document of <rss>")],
)
def test_what_is_no_opml_is_named(run: Run, config: Path, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "list.opml").write_text(content)
    code, _, err = run("opml", "import", "list.opml")
    assert (code, err.startswith(message), config.read_text()) == (2, True, CONFIG)


def test_a_missing_file_is_named(run: Run, config: Path) -> None:
    code, _, err = run("opml", "import", "missing.opml")
    assert (code, err) == (2, "missing.opml: cannot be read: No such file or directory\n")


def test_what_is_exported_and_imported_elsewhere_is_the_same(
    run: Run, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("opml", "import", "list.opml")
    exported = run("opml", "export")[1].encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(exported)))
    assert run("--config", "other.toml", "opml", "import", "-")[0] == 0
    assert sources(tmp_path / "other.toml") == sources(config)


def test_the_export_has_titles_and_pages_where_they_are_known_and_names_what_it_leaves_out(
    run: Run, config: Path, tmp_path: Path, web: WebServer
) -> None:
    config.write_text('[service]\ndata_dir = "data"\noutput_dir = "public"\n[fetch]\nhost_delay = "0s"\n')
    run("add", f"{serve_site(web, 'wordpress')}feed/", "--id", "shore")
    (tmp_path / "articles").mkdir()
    run("add", "articles")
    run("refresh")
    code, out, err = run("opml", "export")
    (outline,) = etree.fromstring(out.encode()).iter("outline")
    assert (code, err) == (0, "left out, no feeds of the web: articles\n")
    assert dict(outline.attrib) == {
        "type": "rss",
        "text": "海边笔记",
        "title": "海边笔记",
        "language": "zh",
        "xmlUrl": f"{web.url}/feed/",
        "htmlUrl": "https://sea.example/",
    }


def test_the_feeds_that_are_published_are_exported_as_they_are_published(
    run: Run, config: Path, web: WebServer
) -> None:
    config.write_text('[service]\ndata_dir = "data"\noutput_dir = "public"\n[fetch]\nhost_delay = "0s"\n')
    run("add", f"{serve_site(web, 'wordpress')}feed/", "--id", "shore")
    run("add", f"{serve_site(web, 'three')}flux/sport.rss")
    run("refresh", "shore")
    code, out, err = run("opml", "export", "--translated")
    assert code == 0
    assert out.encode() == (config.parent / "public" / "feeds.opml").read_bytes()
    assert 'xmlUrl="http://127.0.0.1:8080/shore.rss"' in out and 'language="en"' in out
    assert err == "left out, not published yet (do that with: feedsvc refresh): le-courrier-sport\n"
