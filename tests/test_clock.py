"""A clock that leaps, ahead or back, over the whole way of an article."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fakes import Answer, FakeTranslator, WebServer

from feedsvc import pipeline, polling, schedule
from feedsvc.config import Config, load_config
from feedsvc.ingest import Fetcher
from feedsvc.model import Entry, FetchState, ParsedFeed, RunReport
from feedsvc.store import Store
from feedsvc.tidying import tidy

YEARS = timedelta(days=3650)
HOUR = timedelta(hours=1)
RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>通讯社</title><link>https://wire.example/</link>
<description>d</description><language>zh-cn</language>{items}</channel></rss>"""
ITEM = "<item><guid>{n}</guid><title>新闻{n}</title><description>正文{n}。</description>{date}</item>"
DATE = "<pubDate>{:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
Refresh = Callable[[datetime], RunReport]


@pytest.fixture
def config(tmp_path: Path, web: WebServer) -> Config:
    path = tmp_path / "feedsvc.toml"
    path.write_text(
        '[service]\ndata_dir = "data"\noutput_dir = "public"\n[fetch]\nhost_delay = "0s"\n[defaults]\nkeep_days = 20\nkeep_entries = 8\n'
        f'[[sources]]\nid = "wire"\nurl = "{web.url}/wire"\n[[sources]]\nid = "blog"\nurl = "{web.url}/blog"\n'
    )
    return load_config(path)


@pytest.fixture
def refresh(config: Config, translator: FakeTranslator) -> Refresh:
    def refresh(at: datetime) -> RunReport:
        with Store(config.database) as store, Fetcher(config.limits) as fetcher:
            report = pipeline.refresh(config, store, fetcher, translator, now=at)
            tidy(config, store, now=at)
        return report

    return refresh


def asked(web: WebServer) -> int:
    return [path for path, _ in web.requests].count("/wire")


def guids(config: Config, source_id: str) -> set[str]:
    with Store(config.database) as store:
        return {record.entry.guid for record in store.records(source_id, "en")}


@pytest.mark.parametrize("leap", [YEARS, timedelta(days=200), -YEARS, -timedelta(days=200)])
def test_no_article_is_lost_to_a_clock_that_is_wrong_for_a_while(
    leap: timedelta, config: Config, refresh: Refresh, web: WebServer, now: datetime
) -> None:
    """One source dates its articles, the other does not; both have five before, two meanwhile, two after."""

    def say(*numbers: int) -> None:
        dated = [ITEM.format(n=n, date=DATE.format(now + n * HOUR)) for n in numbers]
        undated = [ITEM.format(n=n, date="") for n in numbers]
        web.answers["/wire"] = Answer(RSS.format(items="".join(dated)).encode())
        web.answers["/blog"] = Answer(RSS.format(items="".join(undated)).encode())

    for number, at in enumerate((0, 0, 0, 0, 0, leap, leap, 0, 0)):
        say(*range(max(0, number - 2), number + 1))
        refresh(now + number * HOUR + (at or timedelta(0)))
    wanted = {str(n) for n in range(1, 9)}  # of nine, the newest eight
    assert guids(config, "wire") == wanted
    assert {"7", "8"} < guids(config, "blog")
    assert len(guids(config, "blog")) == 8
    feed = (config.output_dir / "wire.atom").read_text(encoding="utf-8")
    assert all(f"新闻{n}<" in feed for n in wanted)


def test_a_server_that_wants_to_wait_is_asked_again_when_the_clock_is_right_again(
    config: Config, refresh: Refresh, web: WebServer, now: datetime
) -> None:
    web.answers["/wire"] = web.answers["/blog"] = Answer(status=429, headers={"Retry-After": "86400"})
    refresh(now + YEARS)
    assert asked(web) == 1
    refresh(now + YEARS + HOUR)
    assert asked(web) == 1, "it is left alone"
    refresh(now)
    assert asked(web) == 2
    with Store(config.database) as store:
        state = store.state("wire")
    assert state.next_check_at is not None
    assert state.next_check_at - now < timedelta(days=2)


def test_an_entry_is_released_in_time_whichever_way_the_clock_leaps(
    make_entry: Callable[..., Entry], now: datetime
) -> None:
    feed = ParsedFeed(entries=(make_entry(),))
    for seen, meanwhile in ((now, now + YEARS), (now + YEARS, now), (now, now - YEARS)):
        with Store("sqlite://") as fresh:
            fresh.save_feed("news", feed, FetchState(), now=seen)
            fresh.release_overdue("en", publish_after=6 * HOUR, now=seen + HOUR)
            assert list(fresh.articles(["news"], "en")) == []
            fresh.release_overdue("en", publish_after=6 * HOUR, now=meanwhile)
            assert len(list(fresh.articles(["news"], "en"))) == 1, "to wait for years would be worse"


@pytest.mark.parametrize("stated", [-HOUR, HOUR, YEARS])
@pytest.mark.parametrize("leap", [-5 * YEARS, timedelta(0), YEARS])
def test_an_article_that_changes_is_never_updated_before_it_was(
    leap: timedelta, stated: timedelta, make_entry: Callable[..., Entry], now: datetime
) -> None:
    with Store("sqlite://") as fresh:
        dates = []
        for text in ("第一段。", "完全不同的一段。"):
            entry = make_entry(published=now, updated=now + stated, body_html=f"<p>{text}</p>")
            fresh.save_feed("news", ParsedFeed(entries=(entry,)), FetchState(), now=now + leap)
            fresh.release_overdue("en", publish_after=timedelta(0), now=now + leap)
            (article,) = fresh.articles(["news"], "en")
            dates.append((article.published, article.updated))
    (published, before), (still, after) = dates
    assert still == published
    assert after > before


def test_no_source_waits_for_a_time_that_a_wrong_clock_has_set(now: datetime) -> None:
    for leap in (YEARS, 2 * HOUR):
        state = FetchState(checked_at=now + leap, next_check_at=now + leap + HOUR)
        assert schedule.is_due(state, now=now)
    assert not schedule.is_due(FetchState(checked_at=now, next_check_at=now + HOUR), now=now)


def test_what_is_kept_is_the_same_whoever_asks_first(
    config: Config, make_entry: Callable[..., Entry], now: datetime
) -> None:
    """Saving removes what is too old too; it must not believe the clock more than tidying does."""
    (wire, _) = config.sources
    entries = tuple(
        make_entry(source_id="wire", guid=str(days), published=now - timedelta(days=days)) for days in (1, 19)
    )
    read = (wire, FetchState(), ParsedFeed(entries=entries))
    with Store("sqlite://") as store:
        polling.save([read], store, media_folder=config.data_dir, now=now + YEARS)
        assert len(store.records("wire", "en")) == 2
