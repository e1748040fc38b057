"""What `feedsvc status` looks like."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feedsvc.service.console_status import show_status

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LONG = "the-source-with-the-very-long-name"


def source(source_id: str, *, checked: timedelta | None, following: timedelta | None) -> dict[str, Any]:
    return {
        "id": source_id,
        "entries": 12,
        "pending": 3,
        "checked_at": (NOW + checked).isoformat() if checked is not None else None,
        "next_check_at": (NOW + following).isoformat() if following is not None else None,
        "state": "ok",
        "next_check_reason": "[configured] interval",
        "moved_to": None,
        "problems": [],
    }


def status(*sources: dict[str, Any]) -> dict[str, Any]:
    address = "https://feeds.example/all"
    return {
        "sources": list(sources),
        "output_dir": "/srv/public",
        "outputs": [
            {"slug": "all", "addresses": [f"{address}.rss", f"{address}.atom", f"{address}.json"]},
            {"slug": "later", "addresses": []},
        ],
        "verdicts": {"good": 7, "empty": 0},
    }


def shown(capsys: pytest.CaptureFixture[str], found: dict[str, Any]) -> list[str]:
    show_status(found, now=NOW)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("checked", "following", "times"),
    [
        (None, None, "– –"),
        (timedelta(seconds=-29), timedelta(minutes=59), "now in 59 min"),
        (timedelta(minutes=-119), timedelta(minutes=120), "119 min ago in 2 h"),
        (timedelta(days=-3), timedelta(hours=-1), "3 d ago due"),
    ],
    ids=["never", "now", "hours", "days"],
)
def test_each_source_has_a_line_that_tells_how_far_away_its_times_are(
    capsys: pytest.CaptureFixture[str], checked: timedelta | None, following: timedelta | None, times: str
) -> None:
    lines = shown(capsys, status(source("a", checked=checked, following=following)))
    assert lines[0].split() == ["source", "entries", "waiting", "checked", "next", "state", "because"]
    assert " ".join(lines[1].split()) == f"a 12 3 {times} ok [configured] interval"


def test_on_a_narrow_terminal_nothing_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    found = status(source(LONG, checked=timedelta(minutes=-5), following=timedelta(hours=5)))
    assert shown(capsys, found)[:3] == [
        f"{LONG}: ok",
        "    12 entries, 3 waiting; checked 5 min ago",
        "    next in 5 h: [configured] interval",
    ]


def test_the_addresses_to_subscribe_to_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, status()) == [
        "No source is configured; add one with: feedsvc add ADDRESS",
        "published in /srv/public:",
        "    https://feeds.example/all.rss .atom .json",
        "nothing published yet: later",
        "sentences: 7 good",
    ]
