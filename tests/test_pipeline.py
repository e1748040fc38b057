"""The invariants of the design, each over the whole way of an article. The engine is a fake, all else is real."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from conftest import SEEDS
from fakes import Answer, FakeTranslator, WebServer
from lxml import html
from postgres import Server

from feedsvc import pipeline
from feedsvc.config import Config, load_config
from feedsvc.ingest import Fetcher
from feedsvc.model import Pending, RunReport
from feedsvc.store import Key, Store, Waiting
from feedsvc.translate import ArgosTranslator, Models

ARTICLE = """---
title: '{title}'
date: Fri, 13 Nov 2026 06:30:00 GMT
---
<p>{first}</p><p><img src="https://img.example/{title}.jpg"> 第二段有<a href="https://x.example/">链接</a>。</p>
"""
RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>通讯社</title><link>https://wire.example/</link>
<description>d</description><language>zh-cn</language>{items}</channel></rss>"""
ITEM = "<item><guid>{n}</guid><title>新闻{n}</title><description>正文{n}。</description><pubDate>Thu, 12 Nov 2026 0{n}:00:00 GMT</pubDate></item>"


class World:
    """A configuration, its folders and everything that a refresh needs."""

    def __init__(self, root: Path, translator: FakeTranslator, now: datetime) -> None:
        self.root, self.translator, self.now = root, translator, now
        self.articles = root / "articles"
        self.articles.mkdir()
        self.sources = ['id = "articles"\nfolder = "articles"']
        self.service = ""

    def write(self, name: str, *, title: str = "标题", first: str = "第一段。") -> Path:
        path = self.articles / name
        path.write_text(ARTICLE.format(title=title, first=first), encoding="utf-8")
        return path

    @property
    def config(self) -> Config:
        path = self.root / "feedsvc.toml"
        tables = "".join(f"[[sources]]\n{s}\n" for s in self.sources)
        path.write_text(
            f'[service]\ndata_dir = "data"\noutput_dir = "public"\n{self.service}\n{tables}', encoding="utf-8"
        )
        return load_config(path)

    def refresh(self, **options: object) -> RunReport:
        config = self.config
        with Store(config.database) as store, Fetcher() as fetcher:
            return pipeline.refresh(config, store, fetcher, self.translator, now=self.now, **options)  # type: ignore[arg-type]

    def feed(self, name: str) -> feedparser.FeedParserDict:
        parsed = feedparser.parse(str(self.root / "public" / name))
        assert parsed.bozo == 0
        return parsed

    def files(self) -> dict[str, tuple[bytes, int]]:
        public = self.root / "public"
        return {
            str(p.relative_to(public)): (p.read_bytes(), p.stat().st_mtime_ns)
            for p in public.rglob("*")
            if p.is_file()
        }


@pytest.fixture
def world(tmp_path: Path, translator: FakeTranslator, now: datetime) -> Iterator[World]:
    yield World(tmp_path, translator, now)


def test_articles_come_out_bilingual_in_both_formats_with_the_same_guids(world: World) -> None:
    world.write("a.md", title="甲")
    world.write("b.md", title="乙")
    report = world.refresh()
    assert (report.new_entries, report.translated_entries, report.failures) == (2, 2, ())
    rss, atom = world.feed("articles.rss"), world.feed("articles.atom")
    assert [e.id for e in rss.entries] == [e.id for e in atom.entries]
    assert all(e.title.startswith("English") and e.title[-1] in "甲乙" for e in rss.entries)


def test_a_second_run_writes_no_file_and_asks_the_engine_nothing(world: World) -> None:
    world.write("a.md")
    world.refresh()
    before = world.files()
    world.translator.asked.clear()
    world.now += timedelta(hours=1)
    report = world.refresh()
    assert world.translator.asked == []
    assert world.files() == before
    assert (report.files, report.sentences, report.new_entries) == ((), 0, 0)


def test_an_edit_sends_only_what_changed_and_moves_only_updated(world: World) -> None:
    world.write("a.md", first="第一段。第三句还在这里。")
    world.refresh()
    (before,) = world.feed("articles.atom").entries
    world.translator.asked.clear()
    world.now += timedelta(hours=1)
    world.write("a.md", first="第一段改了。第三句还在这里。")
    report = world.refresh()
    (after,) = world.feed("articles.atom").entries
    assert world.translator.asked == ["第一段改了。"]
    assert report.changed_entries == 1
    assert (after.id, after.published) == (before.id, before.published)
    assert after.updated == "2026-11-20T13:00:00+00:00" != before.updated


def test_an_edit_does_not_ask_again_for_sentences_that_failed(world: World) -> None:
    world.translator.answers["第一段。"] = world.translator.careful_answers["第一段。"] = "?"
    world.write("a.md", first="第一段。第二句。")
    world.refresh()
    world.translator.asked.clear()
    world.write("a.md", first="第一段。第二句改了。")
    world.refresh()
    assert world.translator.asked == ["第二句改了。"]
    assert "[not translated]" in world.feed("articles.rss").entries[0].content[0].value


def test_force_gives_failed_sentences_another_chance(world: World) -> None:
    world.translator.answers["第一段。"] = world.translator.careful_answers["第一段。"] = "?"
    world.write("a.md")
    world.refresh()
    world.translator.answers.clear()
    world.translator.asked.clear()
    world.refresh(force=True)
    assert world.translator.asked == ["第一段。"]
    assert "[not translated]" not in world.feed("articles.rss").entries[0].content[0].value


def test_each_failing_source_is_named_and_the_rest_is_published(world: World, web: WebServer) -> None:
    world.write("good.md")
    (world.articles / "broken.md").write_text("---\ntitle: 'no end\n---\nbody", encoding="utf-8")
    web.answers["/page"] = Answer(b"<!DOCTYPE html><html><title>Welcome</title></html>")
    web.answers["/feed"] = Answer(RSS.format(items=ITEM.format(n=1)).encode())
    world.translator.missing = {"fi"}
    (world.root / "finnish").mkdir()
    (world.root / "finnish" / "a.md").write_text(
        "---\ntitle: Otsikko\nlang: fi\n---\nTeksti.", encoding="utf-8"
    )
    world.sources += [
        'id = "gone"\nurl = "http://127.0.0.1:9/feed"',
        f'id = "page"\nurl = "{web.url}/page"',
        'id = "finnish"\nfolder = "finnish"',
        f'id = "wire"\nurl = "{web.url}/feed"',
    ]
    report = world.refresh()
    reasons = {f.source_id: f.reason for f in report.failures}
    assert "broken.md: broken front matter" in reasons["articles"]
    assert "http://127.0.0.1:9/feed: cannot connect" in reasons["gone"]
    assert 'not a feed but an HTML page titled "Welcome"' in reasons["page"]
    assert "1 entry cannot be translated: no model translates from fi to en" in reasons["finnish"]
    assert set(reasons) == {"articles", "gone", "page", "finnish"}
    assert len(world.feed("articles.rss").entries) == len(world.feed("wire.rss").entries) == 1
    assert world.feed("finnish.rss").entries == []


def test_a_model_that_does_not_work_is_named_and_the_rest_is_published(world: World) -> None:
    package = world.root / "data" / "models" / "translate-fi_en"
    (package / "model").mkdir(parents=True)
    (package / "metadata.json").write_text('{"from_code": "fi", "to_code": "en", "package_version": "1"}')
    (package / "model" / "model.bin").write_bytes(b"nonsense")
    (package / "sentencepiece.model").write_bytes(b"nonsense")
    world.write("a.md")
    (world.articles / "b.md").write_text("---\ntitle: Otsikko\nlang: fi\n---\nTeksti.", encoding="utf-8")
    world.translator = ArgosTranslator(Models(world.root / "data" / "models"))  # type: ignore[assignment]
    (failure,) = world.refresh().failures
    assert "1 entry cannot be translated" in failure.reason
    assert "translate-fi_en: cannot be loaded" in failure.reason
    assert len(world.feed("articles.rss").entries) == 1


def test_an_unchanged_feed_is_not_fetched_again(world: World, web: WebServer) -> None:
    web.answers["/feed"] = Answer(RSS.format(items=ITEM.format(n=1)).encode(), headers={"ETag": '"1"'})
    world.sources = [f'id = "wire"\nurl = "{web.url}/feed"']
    world.refresh()
    assert world.refresh().unchanged == 1
    assert web.requests[1][1]["if-none-match"] == '"1"'


def test_validators_of_a_broken_document_are_not_kept(world: World, web: WebServer) -> None:
    world.sources = [f'id = "wire"\nurl = "{web.url}/feed"']
    web.answers["/feed"] = Answer(b"oops", headers={"ETag": '"1"'})
    world.refresh()
    web.answers["/feed"] = Answer(RSS.format(items=ITEM.format(n=1)).encode(), headers={"ETag": '"1"'})
    assert world.refresh().new_entries == 1


def test_a_feed_that_is_cut_short_loses_its_half_entry_and_is_fetched_again(
    world: World, web: WebServer
) -> None:
    world.sources = [f'id = "wire"\nurl = "{web.url}/feed"']
    whole = RSS.format(items=ITEM.format(n=1) + ITEM.format(n=2))
    cut = whole[: whole.index("正文2") + 1]
    web.answers["/feed"] = Answer(cut.encode(), headers={"ETag": '"1"'})
    report = world.refresh()
    assert report.new_entries == 1
    assert "the feed is cut short" in report.failures[0].reason
    web.answers["/feed"] = Answer(whole.encode(), headers={"ETag": '"1"'})
    report = world.refresh()
    assert (report.new_entries, report.failures) == (1, ())


def test_what_nobody_expected_of_one_source_costs_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write("good.md")
    world.sources.append('id = "odd"\nfile = "odd.rss"')
    (world.root / "odd.rss").write_text(RSS.format(items=""), encoding="utf-8")

    def stumble(*_: object, **__: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("feedsvc.ingest.parse_feed", stumble)
    (failure,) = world.refresh().failures
    assert failure.reason == "unexpected RecursionError: too deep"
    assert len(world.feed("articles.rss").entries) == 1


def test_an_entry_dated_only_by_its_last_change_keeps_its_first_date(world: World) -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>tag:x,2026:1</id>'
        "<title>标题</title><updated>2026-11-{day}T08:00:00Z</updated><summary>{text}</summary></entry></feed>"
    )
    world.sources = ['id = "notes"\nfile = "notes.atom"']
    (world.root / "notes.atom").write_text(atom.format(day=10, text="正文。"), encoding="utf-8")
    world.refresh()
    (before,) = world.feed("notes.atom").entries
    (world.root / "notes.atom").write_text(atom.format(day=12, text="改过的正文。"), encoding="utf-8")
    world.refresh()
    (after,) = world.feed("notes.atom").entries
    assert before.published == after.published == "2026-11-10T08:00:00+00:00"
    assert before.updated < after.updated


def test_a_source_that_is_suddenly_empty_keeps_its_feed(world: World, web: WebServer) -> None:
    world.sources = [f'id = "wire"\nurl = "{web.url}/feed"']
    web.answers["/feed"] = Answer(RSS.format(items=ITEM.format(n=1) + ITEM.format(n=2)).encode())
    world.refresh()
    before = world.files()
    web.answers["/feed"] = Answer(RSS.format(items="").encode())
    world.refresh()
    assert world.files() == before


def test_an_entry_without_a_model_waits_and_then_appears_marked_and_is_replaced_later(world: World) -> None:
    world.service = 'publish_after = "6h"'
    world.translator.missing = {"zh"}
    world.write("a.md")
    world.refresh()
    assert world.feed("articles.rss").entries == []
    world.now += timedelta(hours=6)
    world.refresh()
    (waiting,) = world.feed("articles.rss").entries
    assert waiting.title == "标题"
    assert "[not translated] This article is still in Chinese." in waiting.content[0].value
    world.translator.missing = set()
    world.refresh()
    (done,) = world.feed("articles.rss").entries
    assert done.id == waiting.id
    assert "[not translated]" not in done.content[0].value


def test_an_edited_entry_is_shown_as_it_was_until_its_new_translation_is_there(world: World) -> None:
    world.write("a.md")
    world.refresh()
    before = world.files()
    world.write("a.md", first="改过的第一段。")
    world.translator.missing = {"zh"}
    assert world.refresh().failures
    after = world.files()
    for name in ("index.html", "status.atom"):  # they say that one article waits, and why
        assert after.pop(name) != before.pop(name)
    assert after == before


def test_a_database_on_a_server_gives_the_same_files(
    tmp_path: Path, translator: FakeTranslator, now: datetime, postgres: Server
) -> None:
    published = []
    for number, service in enumerate(("", f'database = "{postgres.url()}"')):
        (tmp_path / str(number)).mkdir()
        world = World(tmp_path / str(number), translator, now)
        world.service = service
        world.sources[0] += "\nkeep_entries = 2\nkeep_days = 900\nmax_entries = 1"
        for name in "abc":
            world.write(f"{name}.md", title=name)
            assert world.refresh().failures == ()
        for name in "abc":
            world.write(f"{name}.md", title=name, first="改过的第一段。")
        assert world.refresh().changed_entries == 2, "of three, two are kept"
        published.append({name: content for name, (content, _) in world.files().items()})
    assert published[0] == published[1]


def test_a_pruned_entry_never_comes_back(world: World, web: WebServer) -> None:
    world.sources = [f'id = "wire"\nurl = "{web.url}/feed"\nkeep_entries = 1']
    web.answers["/feed"] = Answer(RSS.format(items=ITEM.format(n=1) + ITEM.format(n=2)).encode())
    world.refresh()
    asked = list(world.translator.asked)
    report = world.refresh()
    assert [e.title for e in world.feed("wire.rss").entries] == [world.feed("wire.rss").entries[0].title]
    assert world.feed("wire.rss").entries[0].title.endswith("新闻2")
    assert len([name for name in world.files() if name.startswith("articles/")]) == 1
    assert (report.new_entries, world.translator.asked) == (0, asked)


def test_the_same_sentence_in_two_articles_is_translated_once(world: World) -> None:
    world.write("a.md", title="甲")
    world.write("b.md", title="乙")
    world.refresh()
    assert sorted(world.translator.asked) == sorted(set(world.translator.asked))


def test_a_new_engine_does_not_use_the_memory_of_the_old(world: World) -> None:
    world.write("a.md")
    world.refresh()
    world.translator.version = "2"
    world.write("b.md")
    world.translator.asked.clear()
    world.refresh()
    assert world.translator.asked


def test_text_in_the_target_language_needs_no_model_and_is_shown_once(world: World) -> None:
    (world.articles / "a.md").write_text(
        "---\ntitle: Plain English\nlang: en\n---\n<p>Already in English.</p>", encoding="utf-8"
    )
    world.refresh()
    (entry,) = world.feed("articles.rss").entries
    assert world.translator.asked == []
    assert entry.title == "Plain English"
    assert entry.content[0].value == "<p>Already in English.</p>"


def test_a_file_deleted_from_the_output_comes_back(world: World) -> None:
    world.write("a.md")
    world.refresh()
    before = world.files()
    (world.root / "public" / "articles.rss").unlink()
    assert world.refresh().files == ("articles.rss",)
    assert {k: v[0] for k, v in world.files().items()} == {k: v[0] for k, v in before.items()}


def test_hubs_are_told_of_the_feeds_that_have_changed_and_may_fail(world: World, web: WebServer) -> None:
    web.answers["/hub"] = Answer(status=204)
    world.service = f'base_url = "https://feeds.example/"\nhubs = ["{web.url}/hub"]'
    world.write("a.md")
    assert world.refresh().failures == ()
    assert len(web.posted) == len([n for n in world.files() if n.startswith("articles.")])
    assert "https%3A%2F%2Ffeeds.example%2Farticles.rss" in web.posted[0][1]
    web.posted.clear()
    world.refresh()
    assert web.posted == []
    web.answers["/hub"] = Answer(status=404)
    world.write("b.md", title="乙")
    (failure,) = world.refresh().failures
    assert "/hub: the server answered 404 Not Found" in failure.reason
    assert len(world.feed("articles.rss").entries) == 2


def test_only_the_named_source_is_read(world: World) -> None:
    world.write("a.md")
    world.sources.append('id = "gone"\nurl = "http://127.0.0.1:9/feed"')
    report = world.refresh(only=["articles"])
    assert (report.sources, report.failures) == (1, ())


def test_progress_ends_where_the_total_is(world: World) -> None:
    world.write("a.md", title="甲")
    world.write("b.md", title="乙")
    heard: dict[str, list[tuple[int, int]]] = {}
    world.refresh(on_progress=lambda stage, done, total: heard.setdefault(stage, []).append((done, total)))
    assert list(heard) == ["ingest", "translate", "publish"]
    for steps in heard.values():
        assert steps[-1][0] == steps[-1][1] > 0
        assert steps == sorted(steps)


GLOSSARY = 'id = "articles"\nfolder = "articles"\nglossaries = ["terms.tsv"]'


def write(world: World, name: str, text: str, *, day: int = 13, folder: str = "articles") -> None:
    """An article of one paragraph."""
    path = world.root / folder / f"{name}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f"---\ntitle: 标题{name}\ndate: {day} Nov 2026 06:30:00 GMT\n---\n<p>{text}</p>", encoding="utf-8"
    )


def terms(world: World, target: str, answer: str) -> None:
    """The glossary from now on, and what the engine makes of the sentence with its term."""
    (world.root / "terms.tsv").write_text(f"source\ttarget\n北约\t{target}\n", encoding="utf-8")
    world.translator.answers["北约来了。"] = answer


def dates(world: World, name: str = "articles.atom") -> list[tuple[str, str, str]]:
    return [(entry.id, entry.published, entry.updated) for entry in world.feed(name).entries]


def test_a_changed_glossary_changes_what_is_published_where_its_terms_are(world: World) -> None:
    world.sources = [GLOSSARY, 'id = "plain"\nfolder = "plain"']
    terms(world, "NATO", "NATO came.")
    write(world, "甲", "北约来了。第二句。")
    write(world, "乙", "第三句。")
    write(world, "丙", "北约来了。第四句。", folder="plain")
    world.refresh()
    before, files = dates(world), world.files()
    world.translator.asked.clear()
    world.now += timedelta(hours=1)
    terms(world, "the Alliance", "The Alliance came.")
    report = world.refresh()
    assert world.translator.asked == ["北约来了。"]
    assert (report.new_entries, report.changed_entries, report.translated_entries) == (0, 0, 0)
    assert (report.improved_entries, report.sentences) == (2, 1)
    assert dates(world) == before
    assert "The Alliance came." in (world.root / "public" / "articles.rss").read_text(encoding="utf-8")
    assert {name for name, file in world.files().items() if "plain" in name and file != files[name]} == set()


def test_a_glossary_changes_nothing_a_second_time(world: World) -> None:
    world.sources = [GLOSSARY]
    terms(world, "NATO", "NATO came.")
    write(world, "甲", "北约来了。第二句。")
    world.refresh()
    terms(world, "the Alliance", "The Alliance came.")
    world.refresh()
    before = world.files()
    world.translator.asked.clear()
    report = world.refresh()
    assert (world.translator.asked, report.improved_entries, report.files) == ([], 0, ())
    assert world.files() == before


def test_a_glossary_that_is_taken_away_has_no_say_any_more(world: World) -> None:
    world.sources = [GLOSSARY]
    terms(world, "NATO", "NATO came.")
    write(world, "甲", "北约来了。")
    world.refresh()
    world.sources = ['id = "articles"\nfolder = "articles"']
    world.translator.answers["北约来了。"] = "They came."
    assert world.refresh().improved_entries == 1
    assert "They came." in (world.root / "public" / "articles.rss").read_text(encoding="utf-8")


def test_a_better_engine_translates_what_is_in_the_feeds_again_after_what_is_new(world: World) -> None:
    world.sources[0] += "\nmax_entries = 3"
    for day, name in enumerate("甲乙丙", 11):
        write(world, name, f"正文{name}。", day=day)
    world.refresh()
    before = dates(world)
    world.translator.version = "2"
    world.translator.asked.clear()
    world.now += timedelta(hours=1)
    write(world, "丁", "正文丁。", day=10)
    write(world, "戊", "正文戊。", day=14)
    report = world.refresh()
    assert world.translator.asked == [
        "标题戊",
        "正文戊。",
        "标题丁",
        "正文丁。",
        "标题丙",
        "正文丙。",
        "标题乙",
        "正文乙。",
    ]
    assert (report.new_entries, report.translated_entries, report.improved_entries) == (2, 2, 2)
    assert dates(world)[1:] == before[:2]
    assert all("fake zh_en 2" in entry.content[0].value for entry in world.feed("articles.rss").entries)
    assert world.refresh().improved_entries == 0


def test_the_largest_feed_of_a_source_says_how_many_entries_are_made_better(world: World) -> None:
    world.sources[0] += (
        '\nmax_entries = 1\n[[outputs]]\nslug = "all"\nsources = ["articles"]\nmax_entries = 2'
    )
    for day, name in enumerate("甲乙丙", 11):
        write(world, name, f"正文{name}。", day=day)
    world.refresh()
    world.translator.version = "2"
    assert world.refresh().improved_entries == 2


def test_what_is_made_better_in_one_run_can_be_limited(world: World) -> None:
    for day, name in enumerate("甲乙丙", 11):
        write(world, name, f"正文{name}。", day=day)
    world.refresh()
    world.translator.version = "2"
    asked = []
    for _ in range(3):
        world.translator.asked.clear()
        assert world.refresh(improve=2).improved_entries == (2 if not asked else 1 if len(asked) == 1 else 0)
        asked.append(list(world.translator.asked))
    assert asked == [["标题丙", "正文丙。", "标题乙", "正文乙。"], ["标题甲", "正文甲。"], []]


def test_nothing_is_made_better_where_no_time_is_given_for_it(world: World) -> None:
    write(world, "甲", "正文。")
    world.refresh()
    world.translator.version = "2"
    assert world.refresh(improve=0).improved_entries == 0


def test_what_is_published_is_made_better_between_two_refreshes_too(world: World) -> None:
    for day, name in enumerate("甲乙丙", 11):
        write(world, name, f"正文{name}。", day=day)
    world.refresh()
    config, before = world.config, dates(world)
    world.translator.version = "2"
    world.translator.asked.clear()
    with Store(config.database) as store:
        first = pipeline.improve(config, store, world.translator, now=world.now, limit=2)
        assert world.translator.asked == ["标题丙", "正文丙。", "标题乙", "正文乙。"]
        assert (first.improved_entries, first.sentences) == (2, 4)
        assert {"articles.rss", "articles.atom"} <= set(first.files)
        assert pipeline.improve(config, store, world.translator, now=world.now, limit=2).improved_entries == 1
        with store.exclusive():  # with nothing to do, it is in nobody's way
            assert pipeline.improve(config, store, world.translator, now=world.now, limit=2) == RunReport()
    assert dates(world) == before


def test_a_better_engine_has_another_chance_at_what_failed(world: World) -> None:
    world.translator.answers["正文。"] = world.translator.careful_answers["正文。"] = "?"
    write(world, "甲", "正文。")
    world.refresh()
    assert "[not translated]" in world.feed("articles.rss").entries[0].content[0].value
    world.translator.answers.clear()
    world.translator.version = "2"
    world.refresh()
    assert "[not translated]" not in world.feed("articles.rss").entries[0].content[0].value


@pytest.mark.parametrize(
    ("before", "after", "improved"),
    [
        ("argos zh_en 1.9", "starter zh_en 0.2", 0),
        ("starter zh_en 0.1", "starter zh_en 0.2", 1),
        ("starter zh_en 0.2", "argos zh_en 1.9", 1),
        ("argos zh_en 1.9", "argos zh_en 1.10", 1),
        ("argos zh_en 1.9", "argos zh_en 1.9", 0),
    ],
)
def test_the_bundled_engine_makes_nothing_better_that_an_installed_one_made(
    world: World, monkeypatch: pytest.MonkeyPatch, before: str, after: str, improved: int
) -> None:
    write(world, "甲", "正文。")
    monkeypatch.setattr(world.translator, "engine", lambda *pair: before)
    world.refresh()
    monkeypatch.setattr(world.translator, "engine", lambda *pair: after)
    assert world.refresh().improved_entries == improved


def test_a_changed_glossary_is_no_reason_for_a_lesser_engine(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sources = [GLOSSARY]
    terms(world, "NATO", "NATO came.")
    write(world, "甲", "北约来了。")
    monkeypatch.setattr(world.translator, "engine", lambda *pair: "argos zh_en 1.9")
    world.refresh()
    terms(world, "the Alliance", "The Alliance came.")
    monkeypatch.setattr(world.translator, "engine", lambda *pair: "starter zh_en 0.2")
    assert world.refresh().improved_entries == 0
    monkeypatch.setattr(world.translator, "engine", lambda *pair: "argos zh_en 1.9")
    assert world.refresh().improved_entries == 1


def test_what_is_published_stays_as_it_is_when_its_engine_is_gone(world: World) -> None:
    world.sources = [GLOSSARY]
    terms(world, "NATO", "NATO came.")
    write(world, "甲", "北约来了。")
    world.refresh()
    before = world.files()
    world.translator.missing = {"zh"}
    world.translator.asked.clear()
    terms(world, "the Alliance", "The Alliance came.")
    report = world.refresh()
    assert (world.translator.asked, report.improved_entries, report.failures) == ([], 0, ())
    assert world.files() == before


def interrupted(world: World, after: int) -> None:
    """A refresh that the user stops when so many sentences are translated."""
    finished = -1  # first it is told of what the memory knew

    def stop(stage: str, done: int, total: int) -> None:
        nonlocal finished
        finished += stage == "translate"  # once for each sentence
        if finished >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.refresh(on_progress=stop)


@pytest.mark.parametrize("after", [1, 3, 5])
def test_a_refresh_that_is_stopped_loses_no_sentence_that_is_finished(world: World, after: int) -> None:
    for name in "甲乙丙":
        write(world, name, f"正文{name}。")
    interrupted(world, after)
    assert world.files() == {}
    everything = list(world.translator.asked)
    assert len(everything) == 6
    world.translator.asked.clear()
    report = world.refresh()
    assert len(world.translator.asked) == report.sentences == 6 - after
    assert set(world.translator.asked) < set(everything)
    assert (report.new_entries, report.translated_entries) == (0, 3)
    assert len(world.feed("articles.rss").entries) == 3


def test_a_refresh_that_is_stopped_while_it_makes_better_leaves_what_is_published(world: World) -> None:
    for name in "甲乙丙":
        write(world, name, f"正文{name}。")
    world.refresh()
    before = world.files()
    world.translator.version = "2"
    interrupted(world, after=4)
    assert world.files() == before
    world.translator.asked.clear()
    report = world.refresh()
    assert (report.improved_entries, len(world.translator.asked)) == (3, 2)


def test_a_backlog_is_read_little_by_little_and_translated_in_the_same_groups(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def calls() -> list[tuple[bool, list[str]]]:
        world.translator.calls.clear()
        shutil.rmtree(world.root / "data", ignore_errors=True)
        assert world.refresh().translated_entries == 9
        return list(world.translator.calls)

    for name in "甲乙丙丁戊己庚辛壬":
        write(world, name, f"正文{name}。")
    monkeypatch.setattr("feedsvc.translate.article.GROUP_CHARS", 20)
    expected = calls()
    assert len(expected) > 2
    monkeypatch.setattr("feedsvc.translating._READ_AT_ONCE", 2)
    most = 0
    read = Store.pending_of

    def pending_of(store: Store, keys: Sequence[Key], target_language: str) -> list[Pending]:
        nonlocal most
        most = max(most, len(keys))
        return read(store, keys, target_language)

    monkeypatch.setattr(Store, "pending_of", pending_of)
    assert calls() == expected
    assert most == 2


def test_force_asks_nothing_that_is_known_and_makes_nothing_better_twice(world: World) -> None:
    write(world, "甲", "正文。")
    world.refresh()
    world.translator.asked.clear()
    report = world.refresh(force=True)
    assert (world.translator.asked, report.translated_entries, report.improved_entries) == ([], 1, 0)
    world.translator.version = "2"
    report = world.refresh(force=True)
    assert world.translator.asked == ["标题甲", "正文。"]
    assert (report.translated_entries, report.improved_entries) == (1, 0)


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed articles are not here")
def test_the_seed_articles_keep_every_block_and_picture(
    world: World, bundled_models: Models, make_source: Callable[..., object]
) -> None:
    config = replace(world.config, sources=(replace(world.config.sources[0], location=str(SEEDS)),))
    with Store(config.database) as store, Fetcher() as fetcher:
        report = pipeline.refresh(config, store, fetcher, ArgosTranslator(bundled_models), now=world.now)
        articles = sorted(store.articles(["articles"], "en"), key=lambda a: a.entry.title)
    assert report.failures == ()
    assert len(world.feed("articles.rss").entries) == len(world.feed("articles.atom").entries) == 5
    assert sorted(1 + len(a.translation.blocks) for a in articles if a.translation) == [25, 31, 33, 35, 43]
    bodies = [html.fromstring(f"<div>{e.content[0].value}</div>") for e in world.feed("articles.rss").entries]
    assert sorted(len(body.findall(".//img")) for body in bodies) == [2, 3, 3, 4, 5]
    assert all(e.title.count(" · ") == 1 for e in world.feed("articles.rss").entries)


def test_a_refresh_makes_way_for_others_between_groups(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedsvc.translate.article.GROUP_CHARS", 1)
    for number in range(5):
        world.write(f"{number}.md", title=f"第{number}号", first=f"第{number}段。")
    turns: list[int] = []

    def wait() -> None:
        with Store(world.config.database) as other, other.exclusive(lambda holder: None):
            turns.append(len(set(world.translator.asked)))

    thread = threading.Thread(target=wait)

    def on_progress(stage: str, done: int, total: int) -> None:
        if stage == "translate" and not thread.ident:
            thread.start()
        time.sleep(0.05)

    report = world.refresh(on_progress=on_progress)
    thread.join()
    assert 0 < turns[0] < 11
    assert report.translated_entries == 5
    assert len(world.translator.asked) == len(set(world.translator.asked)) == 2 * 5 + 1


def test_turns_are_fair_newest_first_and_come_to_an_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waiting(*names: str) -> list[Waiting]:
        return [Waiting(name[0], name, "") for name in names]

    assert pipeline.fair(waiting("a1", "a2", "a3", "b1", "a4", "c1", "b2")) == waiting(
        "a1", "b1", "c1", "a2", "b2", "a3", "a4"
    )
    monkeypatch.setattr("feedsvc.translate.article.GROUP_CHARS", 1)
    world.translator.missing = {"zh"}
    world.write("a.md", title="甲")
    world.write("b.md", title="乙")
    world.refresh()
    config = world.config
    aside: set[Waiting] = set()
    with Store(config.database) as store:

        def turn() -> RunReport | None:
            return pipeline.turn(config, store, world.translator, now=world.now, aside=aside)

        first, second, third = turn(), turn(), turn()
        assert first and second and first.translated_entries == second.translated_entries == 0
        assert third is None
        world.translator.missing = set()
        aside.clear()
        assert [made.translated_entries for made in (turn(), turn()) if made] == [1, 1]
        assert turn() is None
