from __future__ import annotations

import difflib
import stat
import tomllib
from pathlib import Path

import pytest

from feedsvc.config import load_config
from feedsvc.errors import ConfigError
from feedsvc.service import sources
from feedsvc.service.sources import NewSource, add_sources, free_id, place_key, with_sources

ROOT = Path(__file__).resolve().parents[2]
NEW = {"id": "new", "url": 'https://new.example/?q="新"&r=\\'}
FEED = NewSource(id="new", kind="feed", location="https://new.example/feed", language="zh", full_text=True)


@pytest.mark.parametrize(
    "text",
    [
        '[[sources]]\nid = "a"\nurl = "https://a.example/"\n§',
        '[[sources]]\nid = "a" # one\n# its = "own"\n§\n# of the outputs\n[[outputs]]\nslug = "o"\n',
        '[[sources]]\nid = "a"\n§# of the outputs\n[[outputs]]\nslug = "o"\n',
        '[[sources]]\n[sources.auth]\nusername = "u"\n[sources.auth.password]\nenv = "X"\n§[server]\n',
        '[[sources]]\nid = "a"\n[server]\n[[ "sources" ]]\nid = "b"\n§\n[fetch]\n',
        '[service]\ntarget_language = "en"\n§',
        "§",
        '\ufeff[[sources]]\r\nid = "a"\r\nurl = "https://a.example/"\r\n§\r\n[server]\r\n',
        '[[sources]]\nid = "a"\nglossaries = [\n  "x",\n]\n§\n[server]\n',
    ],
)
def test_sources_are_inserted_after_the_last_one_and_nothing_else_changes(text: str) -> None:
    before, after = text.split("§")
    old = tomllib.loads((before + after).removeprefix("\ufeff"))
    made = with_sources(before + after, [NEW, NEW | {"id": "newer"}])
    assert made.startswith(before) and made.endswith(after)
    wanted = old | {"sources": [*old.get("sources", []), NEW, NEW | {"id": "newer"}]}
    assert tomllib.loads(made.removeprefix("\ufeff")) == wanted
    assert "\r" not in text or "\n" not in made.replace("\r\n", "")


@pytest.mark.parametrize(
    "text",
    [
        'note = """\n[[sources]]\n"""\n',
        '[[sources]]\nid = "a"\ntext = """\n[[sources]]\n[x]\n"""\n[server]\n',
        "sources = []\n[server]\n",
        'sources = [\n  { id = "a" }, # one\n]\n',
        '[[sources]]\nid = "a"',
    ],
    ids=["header in a text", "header in a text of a source", "empty array", "array", "no line end"],
)
def test_unusual_forms_are_added_to_correctly(text: str) -> None:
    old = tomllib.loads(text)
    made = with_sources(text, [NEW])
    assert tomllib.loads(made) == old | {"sources": [*old.get("sources", []), NEW]}
    assert all(line in made for line in text.splitlines() if "sources = []" not in line)


def test_what_cannot_be_added_to_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_loads", lambda text: None)
    with pytest.raises(ValueError, match="add it by hand"):
        with_sources("", [NEW])


def test_the_example_configuration_keeps_every_line_and_gains_a_source(tmp_path: Path) -> None:
    path = tmp_path / "feedsvc.toml"
    old = (ROOT / "config" / "feedsvc.toml").read_text(encoding="utf-8").replace('"glossaries/', f'"{ROOT}/config/glossaries/')  # fmt: skip
    path.write_text(old, encoding="utf-8")
    before = load_config(path)
    after = add_sources(path, [FEED])
    assert after.sources[:-1] == before.sources
    (source,) = after.sources[-1:]
    assert (source.id, source.location, source.language, source.full_text) == (
        "new",
        FEED.location,
        "zh",
        True,
    )
    changes = list(difflib.ndiff(old.splitlines(), path.read_text(encoding="utf-8").splitlines()))
    assert [line for line in changes if line.startswith("-")] == []
    assert [line[2:] for line in changes if line.startswith("+")] == [
        "[[sources]]",
        'id = "new"',
        'url = "https://new.example/feed"',
        'language = "zh"',
        "full_text = true",
        "",
    ]
    assert [p.name for p in tmp_path.iterdir()] == ["feedsvc.toml"]


def test_permissions_and_symbolic_links_are_kept(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text("[service]\n")
    real.chmod(0o640)
    link = tmp_path / "etc" / "feedsvc.toml"
    link.parent.mkdir()
    link.symlink_to(real)
    add_sources(link, [FEED])
    assert link.is_symlink() and stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "new.example" in real.read_text()


def test_a_folder_beside_the_configuration_is_named_relative_to_it(tmp_path: Path) -> None:
    path = tmp_path / "feedsvc.toml"
    inside = NewSource(id="in", kind="folder", location=str(tmp_path / "articles"))
    outside = NewSource(id="out", kind="file", location="/srv/feed.xml")
    config = add_sources(path, [inside, outside])
    assert [s.location for s in config.sources] == [inside.location, outside.location]
    assert 'folder = "articles"' in path.read_text() and 'file = "/srv/feed.xml"' in path.read_text()


@pytest.mark.parametrize(("folder", "var"), [("config", "../var"), ("here", "var")])
def test_a_configuration_that_is_missing_is_made(tmp_path: Path, folder: str, var: str) -> None:
    config = add_sources(tmp_path / folder / "feedsvc.toml", [FEED])
    assert config.data_dir == (tmp_path / folder / var / "data").resolve()
    assert [s.id for s in config.sources] == ["new"]


def test_what_would_break_the_configuration_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "feedsvc.toml"
    path.write_text('[[sources]]\nid = "new"\nurl = "https://a.example/"\n')
    with pytest.raises(ConfigError) as caught:
        add_sources(path, [FEED])
    assert str(caught.value) == f'{path}: sources: the id "new" is used twice'
    assert "new.example" not in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["feedsvc.toml"]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        add_sources(tmp_path / "file" / "feedsvc.toml", [FEED])


@pytest.mark.parametrize(
    ("title", "location", "expected"),
    [
        ("News Example – World", "https://n.example/", "news-example-world"),
        ("L’été à Łódź: Øre & Straße", "https://n.example/", "lete-a-lodz-ore-strasse"),
        ("半岛电视台", "https://chinese.aljazeera.net/rss", "chinese-aljazeera"),
        ("BBC 中文网", "https://feeds.bbci.co.uk/zhongwen/rss.xml", "bbci"),
        (None, "http://www.people.com.cn/rss", "people"),
        ("新闻", "http://127.0.0.1:8000/feed", "127-0-0-1"),
        ("!!!", "https://新闻/feed", "feed"),
        ("Status", "https://n.example/", "status-2"),
        ("Taken", "https://n.example/", "taken-3"),
        ("A title of so many words that nobody would want to type it", "x", "a-title-of-so-many-words-that-nobody"),
        ("a" * 100, "x", "a" * 40),
        (None, "/srv/my articles", "my-articles"),
    ],
)  # fmt: skip
def test_an_id_is_made_of_what_names_a_source(title: str | None, location: str, expected: str) -> None:
    assert free_id(title, location, {"taken", "taken-2"}) == expected


def test_the_same_place_is_known_by_its_key() -> None:
    same = ["https://a.example/feed/", "http://A.example/feed", "http://www.a.example:80/feed", "https://a.example:443/feed"]  # fmt: skip
    other = [
        "https://a.example/feed?x=1",
        "https://a.example:8443/feed",
        "https://b.example/feed",
        "/srv/feed",
    ]
    assert len({place_key(url) for url in same}) == 1
    assert len({place_key(url) for url in [*same, *other]}) == 1 + len(other)
