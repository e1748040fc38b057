from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes import FakeTranslator

from feedsvc.config import Config, load_config
from feedsvc.model import RunReport
from feedsvc.service.worker import Worker
from feedsvc.store import Store

ARTICLE = "---\ntitle: 天气\ndate: 2026-11-19\nlang: zh\n---\n<p>今天下雨。</p>\n"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "a.md").write_text(ARTICLE, encoding="utf-8")
    path = tmp_path / "feedsvc.toml"
    path.write_text(
        '[service]\ndata_dir = "data"\noutput_dir = "public"\n[[sources]]\nid = "articles"\nfolder = "articles"\n'
    )
    return load_config(path)


def test_a_source_is_refreshed_when_it_is_due_and_not_before(
    config: Config, translator: FakeTranslator
) -> None:
    reports: list[RunReport] = []
    worker = Worker(config, translator, report=reports.append, say=print)
    worker.look()
    worker.look()
    assert [r.new_entries for r in reports] == [1]


def test_a_refresh_by_hand_at_the_same_time_is_waited_out(config: Config, translator: FakeTranslator) -> None:
    said: list[str] = []
    reports: list[RunReport] = []
    worker = Worker(config, translator, report=reports.append, say=said.append)
    with Store(config.database) as store, store.exclusive():
        worker.look()
    assert reports == []
    assert "another refresh is running" in said[0]


def test_between_refreshes_a_better_model_translates_what_is_in_the_feeds(
    config: Config, translator: FakeTranslator
) -> None:
    said: list[str] = []
    worker = Worker(config, translator, report=lambda report: None, say=said.append)
    worker.look()
    before = (config.output_dir / "articles.rss").read_bytes()
    translator.version = "2"
    worker.look()
    worker.look()
    assert said == ["1 entry translated again, with a better model or another glossary"]
    after = (config.output_dir / "articles.rss").read_bytes()
    assert (b"zh_en 1" in before, b"zh_en 2" in after) == (True, True)


def test_models_leave_the_memory_after_a_while_without_work(
    config: Config, translator: FakeTranslator
) -> None:
    worker = Worker(config, translator, report=lambda report: None, say=print)
    for _ in range(30):
        worker.look()
    assert translator.unloaded == 1


@pytest.mark.parametrize("server", ["", '[server]\nlisten = "127.0.0.1:0"\n'], ids=["alone", "serving"])
def test_the_service_publishes_at_once_and_stops_when_it_is_told(config: Config, server: str) -> None:
    assert config.path is not None
    config.path.write_text(config.path.read_text() + server)
    command = [sys.executable, "-m", "feedsvc", "--config", str(config.path), "run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as service:
        feed = config.output_dir / "articles.rss"
        for _ in range(200):
            if feed.is_file():
                break
            time.sleep(0.05)
        service.terminate()
        out, err = service.communicate(timeout=10)
    assert feed.is_file()
    assert (service.returncode, err) == (0, "")
    assert "1 new entry" in out
