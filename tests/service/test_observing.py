from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import NOW
from fakes import FakeTranslator

from feedsvc import pipeline
from feedsvc.config import Config, load_config
from feedsvc.ingest import Fetcher
from feedsvc.model import FetchState
from feedsvc.service.observing import Remembered, count_verdicts, observe, observer
from feedsvc.service.serving.observation import Done
from feedsvc.store import Store

ARTICLE = "---\ntitle: {0}\ndate: 2026-11-19\nlang: {1}\n---\n<p>{0}。</p>\n"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "articles").mkdir()
    path = tmp_path / "feedsvc.toml"
    path.write_text(
        '[service]\ndata_dir = "data"\noutput_dir = "public"\n'
        '[[sources]]\nid = "articles"\nfolder = "articles"\n[[sources]]\nid = "empty"\nfolder = "none"\n'
    )
    return load_config(path)


@pytest.fixture
def refresh(config: Config, translator: FakeTranslator) -> Callable[[], None]:
    def run() -> None:
        with Store(config.database) as store, Fetcher(config.limits) as fetcher:
            pipeline.refresh(config, store, fetcher, translator, now=NOW)

    return run


def write(config: Config, name: str, text: str, language: str = "zh") -> None:
    assert config.path
    (config.path.parent / "articles" / f"{name}.md").write_text(ARTICLE.format(text, language), "utf-8")


def test_articles_are_counted_by_how_they_fare(
    config: Config, translator: FakeTranslator, refresh: Callable[[], None]
) -> None:
    write(config, "a", "今天下雨")
    write(config, "b", "明天下雪")
    write(config, "c", "昨天刮风")
    write(config, "d", "Bonjour", "fr")
    translator.answers["明天下雪。"] = translator.careful_answers["明天下雪。"] = ""
    translator.missing.add("fr")
    refresh()
    with Store(config.database) as store:
        seen = observe(config, store, count_verdicts(config, store))
    mine = seen.articles["articles"]
    assert (mine.good, mine.doubtful, mine.waiting) == (2, 1, 1)
    assert mine.sentences["empty"] == 1
    assert mine.sentences["good"] == 5
    assert seen.articles["empty"].waiting == 0
    assert seen.sources["articles"].succeeded_at == NOW
    assert seen.sources["empty"].failures == 1


def test_what_is_seen_is_of_the_database_that_there_is(config: Config, refresh: Callable[[], None]) -> None:
    write(config, "a", "今天下雨")
    refresh()
    seen = observer(config, lambda: Done(fetches={"new": 1}))()
    assert (seen.problems, seen.articles["articles"].good) == ((), 1)
    assert seen.done == Done(fetches={"new": 1})


def test_a_database_is_found_in_a_folder_with_a_percent_sign_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "50%20?" / "feedsvc.toml"
    path.parent.mkdir()
    path.write_text("[service]\ndata_dir = 'data'\n")
    config = load_config(path)
    assert observer(config)().warnings == (f"{config.data_dir}/feedsvc.sqlite: there is no database yet",)
    Store(config.database).close()
    assert observer(config)().warnings == ()


def test_looking_makes_no_database(config: Config) -> None:
    seen = observer(config)()
    assert not config.data_dir.exists()
    assert seen.problems == ()
    assert seen.warnings == (f"{config.data_dir}/feedsvc.sqlite: there is no database yet",)


def test_a_worker_without_its_database_is_not_ready(config: Config) -> None:
    config.data_dir.mkdir()
    (config.data_dir / "feedsvc.sqlite").write_text("no database at all, but a text that is long enough" * 20)
    seen = observer(config, Done)()
    assert "file is not a database" in seen.problems[0]
    assert seen.done == Done()


def test_sources_that_are_not_configured_any_longer_are_not_told(config: Config) -> None:
    with Store(config.database) as store:
        store.save_feeds([("old", None, FetchState(added_at=NOW))], now=NOW)
        assert set(observe(config, store, count_verdicts(config, store)).sources) == {"articles", "empty"}


def test_what_takes_long_is_looked_at_seldom() -> None:
    now, calls = [0.0], [0]

    def slow() -> int:
        calls[0] += 1
        now[0] += 10
        return calls[0]

    remembered = Remembered(slow, 60, clock=lambda: now[0])
    assert [remembered(), remembered()] == [1, 1]
    now[0] = 10 + 199
    assert remembered() == 1
    now[0] = 10 + 201
    assert remembered() == 2


def test_what_fails_is_tried_again() -> None:
    def fail() -> int:
        raise OSError

    remembered = Remembered(fail, 60)
    for _ in range(2):
        with pytest.raises(OSError):
            remembered()
