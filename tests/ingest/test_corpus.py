"""Feeds as they are found, in small: each file of tests/data/feeds beside what must come of it.

`pytest tests/ingest/test_corpus.py --update-corpus` writes what comes of them now, to be read before it is kept.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from feedsvc.errors import ParseError
from feedsvc.ingest.parse import parse_feed
from feedsvc.model import Fetched, ParsedFeed, Source

FEEDS = Path(__file__).resolve().parents[1] / "data" / "feeds"
FILES = sorted(path for path in FEEDS.rglob("*.*") if not path.name.endswith(".expected.json"))
URL = "https://news.example/feeds/world.xml"


def stated(thing: Any) -> Any:
    """Everything that is not as it is by default."""
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        pairs = [(f, getattr(thing, f.name)) for f in dataclasses.fields(thing)]
        defaults = {
            f.name: f.default_factory() if callable(f.default_factory) else f.default for f, _ in pairs
        }
        return {f.name: stated(value) for f, value in pairs if value != defaults[f.name]}
    if isinstance(thing, datetime):
        return thing.isoformat()
    return [stated(one) for one in thing] if isinstance(thing, tuple) else thing


def outcome(path: Path, given: Mapping[str, str], source: Source) -> dict[str, Any]:
    fetched = Fetched(
        body=path.read_bytes(),
        final_url=given.get("url", URL),
        content_type=given.get("content_type", ""),
        etag='"e"',
    )
    try:
        feed = parse_feed(fetched, source)
    except ParseError as error:
        return {"error": str(error)}
    assert (feed.etag is None) == (feed.body_hash is None)
    assert {entry.guid for entry in feed.entries} == {guid for guid, _ in feed.present}
    again = parse_feed(fetched, source, memo=feed.memo)
    assert set(again.present) == set(feed.present)
    assert again.entries in ((), feed.entries)
    assert again.problems == feed.problems
    found: dict[str, Any] = stated(dataclasses.replace(feed, etag=None, body_hash=None, memo="", present=()))
    for entry in found["entries"]:
        assert entry.pop("source_id") == source.id
    return found if feed.body_hash else found | {"is_whole": False}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FEEDS).as_posix())
def test_a_feed_is_read_as_expected(
    path: Path, make_source: Callable[..., Source], request: pytest.FixtureRequest
) -> None:
    beside = path.with_name(f"{path.stem}.expected.json")
    expected = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else {}
    given = expected.pop("given", {})
    found = outcome(path, given, make_source(kind="feed", location=URL, language=given.get("language")))
    if request.config.getoption("--update-corpus"):
        found = {"given": given} | found if given else found
        beside.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    else:
        assert found == expected


def test_the_corpus_is_wide() -> None:
    assert len(FILES) >= 120
    assert len({path.with_suffix("") for path in FILES}) == len(FILES), "two files have one expected result"


def test_every_expected_result_has_its_feed() -> None:
    named = {path.with_name(f"{path.stem}.expected.json") for path in FILES}
    assert set(FEEDS.rglob("*.expected.json")) == named


def test_what_is_left_out_by_default_can_be_told() -> None:
    assert stated(ParsedFeed(entries=())) == {"entries": []}
