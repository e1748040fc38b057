"""The invariants of the design, each over the whole way of an article. The engine is a fake, all else is real."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import SEEDS
from fakes import Answer, FakeTranslator, WebServer
from lxml import html
from postgres import Server
from world import World

from feedsvc import pipeline
from feedsvc.ingest import Fetcher
from feedsvc.model import RunReport
from feedsvc.store import Store, Waiting
from feedsvc.translate import ArgosTranslator, Models

RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>通讯社</title><link>https://wire.example/</link>
<description>d</description><language>zh-cn</language>{items}</channel></rss>"""


ITEM = "<item><guid>{n}</guid><title>新闻{n}</title><description>正文{n}。</description><pubDate>Thu, 12 Nov 2026 0{n}:00:00 GMT</pubDate></item>"


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
