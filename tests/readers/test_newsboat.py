"""A real reader subscribes to the demo over HTTP: newsboat, which keeps what it has read in an SQLite database."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
import uvicorn
from lxml import html

from feedsvc.service.server import application

NEWSBOAT = shutil.which("newsboat")
if NEWSBOAT is None:
    pytest.skip("newsboat is not installed (Debian package newsboat)", allow_module_level=True)

CONFIG = Path(__file__).resolve().parents[2] / "config"
ARTICLES = {"world": 17, "wire": 4, "science": 3}
FORMATS = ("rss", "atom")


class Held(NamedTuple):
    """An article as newsboat has it."""

    guid: str
    title: str
    url: str
    content: str
    unread: bool


class Reader:
    """newsboat with a home of its own."""

    def __init__(self, home: Path, *addresses: str) -> None:
        self._home = home
        (home / "urls").write_text("".join(f"{address}\n" for address in addresses))
        (home / "config").touch()

    def run(self, command: str) -> str:
        files = {"url-file": "urls", "config-file": "config", "cache-file": "cache.db"}
        options = [f"--{option}={self._home / name}" for option, name in files.items()]
        ran = subprocess.run(
            [str(NEWSBOAT), *options, "-x", command],
            env={"HOME": str(self._home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
        return ran.stdout

    def reload(self) -> list[Held]:
        """Look at the feeds anew; what is held then, newest first."""
        self.run("reload")
        with closing(sqlite3.connect(self._home / "cache.db")) as cache:
            rows = cache.execute(
                "SELECT guid, title, url, content, unread FROM rss_item WHERE deleted = 0 ORDER BY pubDate DESC, guid"
            )
            return [Held(*row[:4], bool(row[4])) for row in rows]

    def unread(self) -> int:
        return int(self.run("print-unread").split()[0])


class Demo:
    """The samples of `make demo`, a copy of them that may be edited."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("demo", "glossaries"):
            shutil.copytree(CONFIG / name, root / name)
        text = (CONFIG / "demo.toml").read_text(encoding="utf-8").replace("../var/demo", "out")
        (root / "demo.toml").write_text(text, encoding="utf-8")

    @property
    def folder(self) -> Path:
        return self.root / "out" / "public"

    def run(self, *command: str) -> None:
        ran = subprocess.run(
            [sys.executable, "-m", "feedsvc", "--config", str(self.root / "demo.toml"), *command],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    made = Demo(tmp_path_factory.mktemp("demo"))
    made.run("demo", "--no-serve")
    return made


@pytest.fixture(scope="module")
def address(demo: Demo) -> Iterator[str]:
    """Where the output folder is served."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(application(demo.folder), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(("slug", "number"), ARTICLES.items())
def test_each_output_has_its_articles_once_and_brings_them_once(
    tmp_path: Path, address: str, slug: str, number: int, suffix: str
) -> None:
    reader = Reader(tmp_path, f"{address}{slug}.{suffix}")
    first = reader.reload()
    assert (len(first), len({held.guid for held in first}), reader.unread()) == (number, number, number)
    assert reader.reload() == first
    assert reader.unread() == number


def test_who_subscribes_to_all_outputs_has_no_article_twice(tmp_path: Path, address: str) -> None:
    reader = Reader(tmp_path, *(f"{address}{slug}.rss" for slug in ARTICLES))
    assert len({held.guid for held in reader.reload()}) == reader.unread() == ARTICLES["world"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_titles_links_and_bodies_arrive_in_both_languages(tmp_path: Path, address: str, suffix: str) -> None:
    for held in Reader(tmp_path, f"{address}world.{suffix}").reload():
        translated, _, original = held.title.partition(" · ")
        assert any("a" <= c <= "z" for c in translated), held.title
        assert not any("\u4e00" <= c <= "\u9fff" for c in translated), held.title
        assert any("\u4e00" <= c <= "\u9fff" for c in original), held.title
        assert held.url.startswith(("https://", "http://")), held.url
        body = html.fragment_fromstring(held.content, create_parent=True)
        assert {element.get("lang", "en")[:2] for element in body.iter()} == {"en", "zh"}
        assert body.text_content().count("Machine-translated from Chinese") == 1


def test_an_english_only_output_says_nothing_in_chinese_but_names(tmp_path: Path, address: str) -> None:
    for held in Reader(tmp_path, f"{address}science.atom").reload():
        assert not any("\u4e00" <= c <= "\u9fff" for c in held.title)


def test_an_edited_article_is_shown_anew_and_not_twice(tmp_path: Path, demo: Demo, address: str) -> None:
    readers = []
    for suffix in FORMATS:
        (tmp_path / suffix).mkdir()
        readers.append(Reader(tmp_path / suffix, f"{address}articles.{suffix}"))
    before = [reader.reload() for reader in readers]
    edited = sorted((demo.root / "demo" / "articles").glob("*.md"))[0]
    original = edited.read_text(encoding="utf-8")
    try:
        edited.write_text(original + "\n\n会议将于2031年3月7日继续举行。\n", encoding="utf-8")
        demo.run("refresh", "articles", "--force")
        for reader, held in zip(readers, before, strict=True):
            after = reader.reload()
            assert [one.guid for one in after] == [one.guid for one in held]
            changed = [new for new, old in zip(after, held, strict=True) if new != old]
            assert len(changed) == 1
            assert "2031" in changed[0].content
    finally:
        edited.write_text(original, encoding="utf-8")
        demo.run("refresh", "articles", "--force")
