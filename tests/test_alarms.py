from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import feedparser
import pytest

from feedsvc.alarms import FILE, Alarm, Disk, alarms, publish_alarms, render_alarms
from feedsvc.config import Config, load_config
from feedsvc.errors import ConfigError
from feedsvc.model import Entry, Failure, FetchState, ParsedFeed
from feedsvc.store import Store

SOURCE = '[[sources]]\nid = "{0}"\nfolder = "{0}"\n'


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "feedsvc.toml"
    path.write_text('[service]\ndata_dir = "data"\noutput_dir = "public"\n' + SOURCE.format("news"))
    (tmp_path / "public").mkdir()
    return load_config(path)


def titles(config: Config) -> list[str]:
    parsed = feedparser.parse(str(config.output_dir / FILE))
    assert parsed.bozo == 0
    return [entry.title for entry in parsed.entries]


def test_only_what_needs_a_person_raises_an_alarm(now: datetime) -> None:
    well, once = FetchState(succeeded_at=now), FetchState(failures=9, succeeded_at=now)
    assert list(alarms({"a": well, "b": once}, (), {}, [Disk(Path("/x"), 10**12, 10**10)], now=now)) == []
    gone = FetchState(gone_at=now - timedelta(days=1))
    failing = FetchState(failures=12, succeeded_at=now - timedelta(days=3), problems=("no route",))
    stuck = [Failure(source_id="c", reason="2 entries cannot be translated: no model")]
    since = {"c": now - timedelta(hours=2)}
    raised = list(alarms({"a": gone, "b": failing}, stuck, since, [Disk(Path("/x"), 10**12, 10**8)], now=now))
    assert [(alarm.title, alarm.since) for alarm in raised] == [
        ("a is gone: its server says so for good", now - timedelta(days=1)),
        ("b cannot be read: 10 times in a row", now - timedelta(days=3)),
        ("c: articles cannot be translated", now - timedelta(hours=2)),
        ("The disk with /x is nearly full", now.replace(hour=0)),
    ]
    assert raised[1].advice.startswith("no route. It was last read well on 2026-11-17.")
    assert "feedsvc refresh a" in raised[0].advice


def test_a_source_that_was_never_read_has_no_date_on_which_it_was(now: datetime) -> None:
    new = FetchState(failures=12, added_at=now, problems=("no route",))
    (alarm,) = alarms({"a": new}, (), {}, (), now=now)
    assert alarm.since == now
    assert alarm.advice == "no route. It has never been read well. It is asked again by itself."


def test_an_entry_comes_with_a_trouble_and_goes_with_it(
    config: Config, store: Store, make_entry: Callable[..., Entry], now: datetime
) -> None:
    stuck = [Failure(source_id="news", reason="1 entry cannot be translated: no model")]
    store.save_feed("news", ParsedFeed(entries=(make_entry(),)), FetchState(), now=now)
    publish_alarms(config, store, (), now=now)
    assert titles(config) == []
    publish_alarms(config, store, stuck, now=now + timedelta(hours=1))
    assert titles(config) == ["news: articles cannot be translated"]
    before = (config.output_dir / FILE).stat().st_mtime_ns
    publish_alarms(config, store, stuck, now=now + timedelta(days=1))
    assert (config.output_dir / FILE).stat().st_mtime_ns == before
    publish_alarms(config, store, (), now=now)
    assert titles(config) == []


def test_a_trouble_that_comes_back_is_another_entry(config: Config, now: datetime) -> None:
    def guid(since: datetime) -> str:
        feed = feedparser.parse(render_alarms(config, [Alarm("it fails", "a < b", since)]))
        assert "a &lt; b" in feed.entries[0].content[0].value
        return str(feed.entries[0].id)

    assert guid(now) == guid(now) != guid(now + timedelta(days=1))


def test_no_key_of_a_source_stands_in_it(config: Config, now: datetime) -> None:
    problem = "https://news.example/rss?token=s3cret: no answer"
    state = FetchState(failures=12, succeeded_at=now, problems=(problem,))
    rendered = render_alarms(config, list(alarms({"news": state}, (), {}, (), now=now))).decode()
    assert "https://news.example/rss: no answer. It was last read well" in rendered
    assert "s3cret" not in rendered


def test_a_browser_shows_it_like_the_other_feeds(config: Config) -> None:
    assert b'<?xml-stylesheet type="text/css" href="feeds.css"?>' in render_alarms(config, [])


def test_its_name_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "feedsvc.toml"
    path.write_text(SOURCE.format("status"))
    with pytest.raises(ConfigError, match='sources: "status" is the name of the feed that tells how'):
        load_config(path)
