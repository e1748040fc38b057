from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeTranslator

from feedsvc.config import Config, load_config
from feedsvc.model import Entry, FetchState, ParsedFeed, Pending
from feedsvc.store import Store
from feedsvc.translate import article
from feedsvc.translating import Translated, Work

Translate = Callable[..., Translated]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "feedsvc.toml"
    path.write_text('[[sources]]\nid = "news"\nfolder = "articles"\n')
    return load_config(path)


@pytest.fixture
def told() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture
def translate(
    config: Config,
    store: Store,
    translator: FakeTranslator,
    told: list[tuple[str, int, int]],
    now: datetime,
) -> Iterator[Translate]:
    """Save entries, if any, and translate what waits; what was tried is not tried again."""
    work = Work(config, store, translator, now=now, retry=False, on_progress=lambda *step: told.append(step))

    def translate(*entries: Entry) -> Translated:
        store.save_feed("news", ParsedFeed(entries=entries), FetchState(), now=now)
        return work.translate(store.queue(["news"], "en"))

    yield translate


def test_articles_of_pictures_alone_are_done_without_a_sentence(
    translate: Translate, make_entry: Callable[..., Entry], told: list[tuple[str, int, int]], store: Store
) -> None:
    picture = '<p><img src="https://news.example/1.png"></p>'
    done = translate(make_entry(title="", body_html=picture), make_entry(guid="2", title="", body_html=""))
    assert done == Translated(entries=2)
    assert told[-1] == ("translate", 2, 2)
    assert store.queue(["news"], "en") == []


def test_a_backlog_that_fails_makes_way_for_others_too(
    translate: Translate,
    make_entry: Callable[..., Entry],
    store: Store,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("feedsvc.translate.batch.translate_group", fail)
    monkeypatch.setattr(store, "is_wanted", lambda: True)
    entries = [make_entry(guid=str(n), published=now - timedelta(hours=n)) for n in range(3)]
    turns = [translate(*entries), *(translate() for _ in range(3))]
    assert [(len(turn.failures), turn.is_complete) for turn in turns] == [
        (1, False),
        (1, False),
        (1, True),
        (0, True),
    ]


def test_what_cannot_be_taken_apart_is_named_once_and_costs_no_other_entry(
    translate: Translate, make_entry: Callable[..., Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    outline = article.outline

    def fail(pending: Pending, *rest: Any, **options: Any) -> article.Outline:
        if pending.entry.guid == "bad":
            raise RuntimeError("out of order")
        return outline(pending, *rest, **options)

    monkeypatch.setattr(article, "outline", fail)
    done = translate(make_entry(guid="bad"), make_entry(guid="good"))
    assert (done.entries, [failure.reason for failure in done.failures]) == (
        1,
        ["bad: unexpected RuntimeError: out of order"],
    )
    assert translate() == Translated()
