"""Folders over the whole way of an article. The engine is a fake, all else is real."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from fakes import FakeTranslator
from lxml import html

from feedsvc import pipeline
from feedsvc.config import load_config
from feedsvc.ingest import Fetcher
from feedsvc.model import FetchState, RunReport
from feedsvc.store import Store

PNG = b"\x89PNG\r\n\x1a\n and so on"


class Site:
    """A folder of articles, and what becomes of it. Its files are old, those of one refresh older than of the next."""

    def __init__(self, root: Path, translator: FakeTranslator, now: datetime) -> None:
        self.root, self.translator, self.now = root, translator, now
        self.folder, self.public = root / "articles", root / "public"
        self.folder.mkdir()
        (root / "feedsvc.toml").write_text(
            '[service]\ndata_dir = "data"\noutput_dir = "public"\nbase_url = "https://feeds.example/"\n'
            '[[sources]]\nid = "articles"\nfolder = "articles"\n',
            encoding="utf-8",
        )

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        when = (self.now - timedelta(minutes=5)).timestamp()
        os.utime(path, (when, when))
        return path

    def refresh(self, **options: bool) -> RunReport:
        config = load_config(self.root / "feedsvc.toml")
        with Store(config.database) as store, Fetcher() as fetcher:
            report = pipeline.refresh(config, store, fetcher, self.translator, now=self.now, **options)
        self.now += timedelta(hours=1)
        return report

    def state(self) -> FetchState:
        with Store(load_config(self.root / "feedsvc.toml").database) as store:
            return store.state("articles")

    def entries(self) -> list[feedparser.FeedParserDict]:
        parsed = feedparser.parse((self.public / "articles.atom").read_bytes())
        assert parsed.bozo == 0
        return list(parsed.entries)

    def media(self) -> list[Path]:
        return sorted((self.public / "media").glob("*"))


@pytest.fixture
def site(tmp_path: Path, translator: FakeTranslator, now: datetime) -> Site:
    return Site(tmp_path, translator, now)


def article(body: str = "第一段。", **meta: str) -> str:
    return "---\ntitle: 标题\n" + "".join(f"{k}: {v}\n" for k, v in meta.items()) + f"---\n{body}\n"


@pytest.mark.parametrize("identity", [{"guid": "one"}, {"link": "https://news.example/1"}])
def test_a_renamed_file_is_the_same_entry(identity: dict[str, str], site: Site) -> None:
    path = site.write("a.md", article(**identity))
    site.refresh()
    before, asked = site.entries(), len(site.translator.asked)
    (site.folder / "2026").mkdir()
    path.rename(site.folder / "2026" / "z.md")
    report = site.refresh()
    assert (report.new_entries, report.changed_entries, report.files) == (0, 0, ())
    assert site.entries() == before
    assert len(site.translator.asked) == asked


def test_a_file_that_has_gone_stays_published(site: Site) -> None:
    path = site.write("a.md", article())
    site.write("b.md", article("第二段。"))
    site.refresh()
    path.unlink()
    assert site.refresh().files == ()
    assert len(site.entries()) == 2


def test_an_unchanged_folder_is_not_read_and_nothing_is_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("a.md", article("![二](p.png)"))
    site.write("p.png", PNG)
    assert site.refresh().new_entries == 1

    def blow_up(*_: object) -> None:
        raise AssertionError("nothing is to be opened")

    for name in ("folder", "media"):
        monkeypatch.setattr(f"feedsvc.ingest.{name}.open_plain", blow_up)
    report = site.refresh()
    assert (report.unchanged, report.files, report.failures) == (1, (), ())


def test_a_picture_beside_an_article_is_published_with_it(site: Site) -> None:
    site.write("a.md", article("第一段。\n\n![图](图 片.png)\n\n![图](<图 片.png>)", image="图 片.png"))
    site.write("图 片.png", PNG)
    report = site.refresh()
    (picture,) = site.media()
    assert picture.read_bytes() == PNG
    assert picture.stat().st_mode & 0o444 == 0o444
    url = f"https://feeds.example/media/{picture.name}"
    (entry,) = site.entries()
    assert entry.media_thumbnail == [{"url": url}]
    (page,) = (site.public / "articles").rglob("*.html")
    for content in (entry.content[0].value, page.read_text(encoding="utf-8")):
        root = html.fromstring(content)
        assert {image.get("src") for image in root.iter("img")} == {url}
        assert "media:" not in content
    order = [name.split("/")[0] for name in report.files]
    assert order == [
        "media",
        "articles",
        "feeds.css",
        "articles.rss",
        "articles.atom",
        "articles.json",
        "feeds.opml",
        "index.html",
    ]


def test_a_changed_picture_takes_the_place_of_the_old_one(site: Site) -> None:
    site.write("a.md", article("第一段。\n\n![](p.png)"))
    site.write("p.png", PNG)
    site.refresh()
    (old,) = site.media()
    asked = len(site.translator.asked)
    site.write("p.png", PNG + b"!")
    assert site.refresh().changed_entries == 1
    (new,) = site.media()
    assert (new.read_bytes(), new.name != old.name) == (PNG + b"!", True)
    assert len(site.translator.asked) == asked
    assert new.name in site.entries()[0].content[0].value


def test_files_of_others_are_left_where_ours_are(site: Site) -> None:
    site.write("a.md", article("第一段。\n\n![](p.png)"))
    site.write("p.png", PNG)
    site.refresh()
    (site.public / "media" / "logo.png").write_bytes(PNG)
    site.write("a.md", article())
    site.refresh()
    assert [path.name for path in site.media()] == ["logo.png"]


def test_a_picture_outlives_its_file(site: Site) -> None:
    path = site.write("a.md", article("第一段。\n\n![](p.png)"))
    picture = site.write("p.png", PNG)
    site.refresh()
    path.unlink()
    picture.unlink()
    site.refresh()
    (site.media()[0]).unlink()
    site.refresh()
    assert site.media()[0].read_bytes() == PNG


def test_what_a_picture_is_called_does_not_depend_on_the_address(site: Site) -> None:
    site.write("a.md", article("第一段。\n\n![](p.png)", guid="one"))
    site.write("p.png", PNG)
    site.refresh()
    config = site.root / "feedsvc.toml"
    config.write_text(
        config.read_text(encoding="utf-8").replace("feeds.example", "other.example"), encoding="utf-8"
    )
    report = site.refresh()
    assert (report.changed_entries, report.translated_entries) == (0, 0)
    assert f"https://other.example/media/{site.media()[0].name}" in site.entries()[0].content[0].value


def test_a_lost_copy_comes_back_when_everything_is_read_again(site: Site) -> None:
    site.write("a.md", article("第一段。\n\n![](p.png)"))
    site.write("p.png", PNG)
    site.refresh()
    for path in (*site.media(), *(site.root / "data" / "media").iterdir()):
        path.unlink()
    site.refresh()
    assert site.media() == []
    site.refresh(force=True)
    assert len(site.media()) == 1


def test_a_problem_of_a_file_stays_named_also_after_the_folder_was_away(site: Site) -> None:
    site.write("a.md", article(date="tomorrow"))
    site.write("b.md", article())
    (first,) = site.refresh().failures
    assert first.reason.endswith('the date "tomorrow" is neither RFC 822 nor ISO 8601')
    assert site.refresh().failures == (first,)
    site.folder.rename(site.root / "away")
    (gone,) = site.refresh().failures
    assert "there is no such folder" in gone.reason
    (site.root / "away").rename(site.folder)
    assert site.refresh().failures == (first,)
    assert site.state().problems == (first.reason,)


def test_a_name_that_is_not_utf8_can_be_stored(site: Site) -> None:
    site.write(os.fsdecode(b"caf\xe9.md"), article())
    site.write(os.fsdecode(b"bad\xe9.md"), "")
    report = site.refresh()
    assert report.new_entries == 1
    assert [f.reason.split("/")[-1] for f in report.failures] == [
        "bad\\udce9.md: has neither a title nor a body"
    ]
    assert site.refresh().new_entries == 0
