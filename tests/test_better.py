"""What is published is translated again where a better engine or another glossary would change it; and what is stopped."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import timedelta

import pytest
from world import World

from feedsvc import pipeline
from feedsvc.model import Pending, RunReport
from feedsvc.store import Key, Store

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
