from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes import FakeTranslator

from feedsvc import pipeline
from feedsvc.config import Config, load_config
from feedsvc.errors import ConfigError
from feedsvc.ingest import Fetcher
from feedsvc.service.explain import explain_entry, explain_source
from feedsvc.store import Store

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ARTICLE = "---\ntitle: {title}\ndate: 2026-11-{day:02}\nlang: zh\nguid: {guid}\n---\n<p>{body}</p>\n"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    folder = tmp_path / "articles"
    folder.mkdir()
    for day, (guid, title, body) in enumerate(
        [("old", "旧闻", "一切如常。"), ("bad", "坏事", "坏句。好句。"), ("new", "拜登来了", "拜登说好。")], 1
    ):
        text = ARTICLE.format(guid=guid, title=title, day=day, body=body)
        (folder / f"{guid}.md").write_text(text, encoding="utf-8")
    (tmp_path / "names.tsv").write_text("拜登\tBiden\n好句\tgood sentence\n", encoding="utf-8")
    path = tmp_path / "feedsvc.toml"
    path.write_text(
        '[service]\ndata_dir = "data"\noutput_dir = "public"\n'
        '[[sources]]\nid = "articles"\nfolder = "articles"\nmax_entries = 2\nglossaries = ["names.tsv"]\n',
        encoding="utf-8",
    )
    return load_config(path)


def refreshed(config: Config, store: Store, translator: FakeTranslator) -> None:
    translator.answers["坏句。"] = translator.careful_answers["坏句。"] = "?"
    translator.answers["拜登来了"] = "Biden has come"
    with Fetcher() as fetcher:
        pipeline.refresh(config, store, fetcher, translator, now=NOW)


def test_each_entry_of_a_source_has_its_state(
    config: Config, store: Store, translator: FakeTranslator
) -> None:
    refreshed(config, store, translator)
    entries = explain_source(config, store, translator, "articles")["entries"]
    assert [(e["guid"], e["state"], e["outputs"]) for e in entries] == [
        ("new", "translated", ["articles"]),
        ("bad", "translated", ["articles"]),
        ("old", "translated", []),
    ]
    assert entries[1]["verdicts"] == {"good": 2, "empty": 1}


def test_an_entry_tells_what_became_of_its_sentences(
    config: Config, store: Store, translator: FakeTranslator
) -> None:
    refreshed(config, store, translator)
    found = explain_entry(config, store, translator, "articles", "bad")
    assert found["sentences"] == [{"verdict": "empty", "source": "坏句。", "shown": "坏句。"}]
    assert found["terms"] == [{"source": "好句", "target": "good sentence", "kept": 1, "missing": 0}]


def test_an_entry_is_found_by_a_part_of_its_title_in_either_language(
    config: Config, store: Store, translator: FakeTranslator
) -> None:
    refreshed(config, store, translator)
    for part in ("拜登来", "has come", "HAS come"):
        found = explain_entry(config, store, translator, "articles", part)
        assert found["guid"] == "new"
    assert found["terms"] == [{"source": "拜登", "target": "Biden", "kept": 2, "missing": 0}]


def test_what_is_too_old_for_an_output_says_so(
    config: Config, store: Store, translator: FakeTranslator
) -> None:
    refreshed(config, store, translator)
    found = explain_entry(config, store, translator, "articles", "old")
    assert found["not_in"] == ["articles: it holds the newest 2"]


def test_what_waits_says_for_what(config: Config, store: Store, translator: FakeTranslator) -> None:
    translator.missing = {"zh"}
    refreshed(config, store, translator)
    state = explain_entry(config, store, translator, "articles", "new")["state"]
    until = (NOW + timedelta(hours=6)).isoformat(timespec="minutes").replace("T", " ")
    assert state.startswith(
        f"waits for its translation, will be shown in the original from {until}: 3 entries"
    )


def test_what_a_better_model_would_change_says_so(
    config: Config, store: Store, translator: FakeTranslator
) -> None:
    refreshed(config, store, translator)
    translator.version = "2"
    states = [e["state"] for e in explain_source(config, store, translator, "articles")["entries"]]
    assert [state.startswith("translated; waits") for state in states] == [True, True, False]


def test_what_a_source_fails_of_is_told_with_its_entries(
    config: Config, store: Store, translator: FakeTranslator
) -> None:
    refreshed(config, store, translator)
    assert explain_source(config, store, translator, "articles")["problems"] == []
    shutil.rmtree(config.sources[0].location)
    refreshed(config, store, translator)
    found = explain_source(config, store, translator, "articles")
    assert len(found["entries"]) == 3
    assert [p.rpartition(": ")[2] for p in found["problems"]] == ["there is no such folder"]


@pytest.mark.parametrize(
    ("source", "guid", "message"),
    [
        ("nobody", "x", 'there is no source "nobody"; there are: articles'),
        ("articles", "不在", 'no entry of "articles"'),
        (
            "articles",
            "English",
            r'^2 entries of "articles" have that; name one by its guid:\n    bad  English',
        ),
    ],
)
def test_what_is_not_there_is_named(
    config: Config, store: Store, translator: FakeTranslator, source: str, guid: str, message: str
) -> None:
    refreshed(config, store, translator)
    with pytest.raises(ConfigError, match=message):
        explain_entry(config, store, translator, source, guid)


def with_outputs(config: Config, more: str) -> Config:
    path = config.path
    assert path is not None
    path.write_text(f"{path.read_text(encoding='utf-8')}{more}", encoding="utf-8")
    return load_config(path)


def test_what_an_output_does_not_want_says_why(
    config: Config, store: Store, translator: FakeTranslator
) -> None:
    config = with_outputs(config, '[[outputs]]\nslug = "no-biden"\nexclude = ["biden"]\n')
    refreshed(config, store, translator)
    found = explain_entry(config, store, translator, "articles", "new")
    assert found["not_in"] == ['no-biden: the excluded word "biden" is in it']


def test_what_another_source_had_before_says_so(
    config: Config, store: Store, translator: FakeTranslator, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    title = "外交部发言人就中东局势答记者问时表示"
    for folder, guid in (("articles", "first"), ("more", "second")):
        text = ARTICLE.format(guid=guid, title=title, day=9, body="说。")
        (tmp_path / folder / f"{guid}.md").write_text(text, encoding="utf-8")
    more = '[[sources]]\nid = "more"\nfolder = "more"\n[[outputs]]\nslug = "all"\n'
    config = with_outputs(config, more)
    refreshed(config, store, translator)
    assert explain_entry(config, store, translator, "articles", "first")["outputs"] == ["all", "articles"]
    found = explain_entry(config, store, translator, "more", "second")
    assert found["not_in"] == ["all: it is the same article as first of articles, which was seen before"]
