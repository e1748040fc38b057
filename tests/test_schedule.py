from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from feedsvc import schedule
from feedsvc.model import Answered, Cadence, FetchState, Source

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
HOUR, DAY = 3600, 86400
MakeSource = Callable[..., Source]
Wait = Callable[..., tuple[float, str]]


@pytest.fixture
def wait(make_source: MakeSource, monkeypatch: pytest.MonkeyPatch) -> Wait:
    """Hours until the next check without jitter, and the reason."""
    monkeypatch.setattr(schedule, "JITTER", 0.0)

    def of(
        state: FetchState | None = None,
        answered: Answered | None = None,
        *,
        now: datetime = NOW,
        **changes: object,
    ) -> tuple[float, str]:
        source = make_source(**({"kind": "feed"} | changes))
        found = schedule.next_check(source, state or FetchState(), answered or Answered(), now=now)
        assert found.next_check_at is not None
        return (found.next_check_at - now).total_seconds() / HOUR, found.next_check_reason

    return of


def cadence(**values: object) -> FetchState:
    return FetchState(cadence=Cadence(**values))  # type: ignore[arg-type]


def test_without_any_reason_the_configured_interval_holds(wait: Wait) -> None:
    assert wait() == (1, "configured interval")


def test_a_clock_that_was_put_back_keeps_no_source_waiting() -> None:
    later = NOW + timedelta(days=300)
    state = FetchState(checked_at=later, next_check_at=later + timedelta(hours=1))
    assert schedule.is_due(state, now=NOW)
    assert schedule.due_at(state, now=NOW) == NOW
    assert schedule.due_at(state, now=later) == state.next_check_at
    assert schedule.due_at(FetchState(gone_at=NOW), now=NOW) is None


@pytest.mark.parametrize(
    ("state", "answered", "expected"),
    [
        (cadence(ttl_s=3 * HOUR), Answered(), (3, "the feed's own interval")),
        (cadence(ttl_s=60), Answered(), (1, "configured interval")),
        (cadence(ttl_s=90 * DAY), Answered(), (24, "the feed's own interval")),
        (cadence(), Answered(fresh_s=5 * HOUR), (5, "fresh until then")),
        (cadence(), Answered(fresh_s=60), (1, "configured interval")),
        (cadence(), Answered(fresh_s=400 * DAY), (24, "fresh until then")),
        (cadence(ttl_s=3 * HOUR), Answered(fresh_s=2 * HOUR), (3, "the feed's own interval")),
        (cadence(gap_s=DAY, newest_at=NOW), Answered(), (6, "seldom something new")),
        (cadence(gap_s=60, newest_at=NOW), Answered(), (1, "configured interval")),
        (cadence(gap_s=30 * DAY, newest_at=NOW), Answered(), (24, "seldom something new")),
        (cadence(gap_s=60, newest_at=NOW - timedelta(days=8)), Answered(), (12, "seldom something new")),
        (cadence(gap_s=60, newest_at=NOW + timedelta(days=8)), Answered(), (1, "configured interval")),
    ],
)
def test_the_interval_is_stretched_and_never_shrunk(
    state: FetchState, answered: Answered, expected: tuple[float, str], wait: Wait
) -> None:
    assert wait(state, answered) == expected


def test_how_far_it_is_stretched_can_be_configured(wait: Wait) -> None:
    assert wait(cadence(ttl_s=9 * DAY), max_interval_s=7 * DAY)[0] == 168
    assert wait(cadence(ttl_s=9 * DAY), interval_s=2 * DAY, max_interval_s=2 * DAY)[0] == 48


def test_a_folder_is_looked_at_as_configured(wait: Wait) -> None:
    assert wait(cadence(gap_s=DAY, newest_at=NOW), kind="folder") == (1, "configured interval")


def test_failures_make_us_ask_more_and_more_seldom(wait: Wait) -> None:
    hours = [wait(FetchState(failures=n))[0] for n in range(1, 8)]
    assert hours == [1, 2, 4, 8, 16, 24, 24]
    assert wait(FetchState(failures=10**6))[0] == 24
    assert wait(FetchState(failures=3), interval_s=3 * DAY, max_interval_s=3 * DAY)[0] == 72
    assert wait(FetchState(failures=3))[1] == "failed 3 times in a row"


def test_what_the_server_wants_holds_whatever_else(wait: Wait) -> None:
    state = FetchState(failures=1, not_before=NOW + timedelta(hours=30))
    hours, reason = wait(state)
    assert hours == pytest.approx(30, abs=0.01)
    assert hours > 30
    assert reason == "the server wants us to wait"
    assert wait(replace(state, not_before=NOW + timedelta(minutes=5))) == (1, "failed once")


@pytest.mark.parametrize(
    ("skip_hours", "skip_days", "expected"),
    [
        ((13,), (), 2),
        ((13, 14, 15), (), 4),
        ((12,), (), 1),
        ((), (4,), 12),
        ((0, 1), (4, 5), 38),
        (tuple(range(24)), (), 1),
        ((), tuple(range(7)), 1),
    ],
)
def test_hours_and_days_that_a_feed_skips_are_skipped(
    skip_hours: tuple[int, ...], skip_days: tuple[int, ...], expected: int, wait: Wait
) -> None:
    hours, reason = wait(cadence(skip_hours=skip_hours, skip_days=skip_days))
    assert hours == expected
    assert (reason == "not at an hour that the feed skips") == (expected > 1)


def test_chance_spreads_sources_and_adds_a_tenth_at_most(make_source: MakeSource) -> None:
    times = set()
    for number in range(50):
        source = make_source(kind="feed", id=f"s{number}")
        found = schedule.next_check(source, FetchState(), Answered(), now=NOW)
        assert found == schedule.next_check(source, FetchState(), Answered(), now=NOW)
        assert found.next_check_at is not None
        assert timedelta(hours=1) <= found.next_check_at - NOW <= timedelta(hours=1.1)
        times.add(found.next_check_at)
    assert len(times) > 40


def test_a_source_that_is_gone_is_never_due(make_source: MakeSource) -> None:
    state = schedule.next_check(make_source(), FetchState(gone_at=NOW, failures=1), Answered(), now=NOW)
    assert (state.next_check_at, state.next_check_reason) == (None, "gone for good")
    assert not schedule.is_due(state, now=NOW + timedelta(days=400))


@pytest.mark.parametrize(("minutes", "expected"), [(-1, True), (0, True), (1, False)])
def test_a_source_is_due_from_its_time_on(minutes: int, expected: bool) -> None:
    state = FetchState(next_check_at=NOW + timedelta(minutes=minutes))
    assert schedule.is_due(state, now=NOW) is expected
    assert schedule.is_due(FetchState(), now=NOW)


def test_the_cadence_is_read_off_the_dates_of_entries() -> None:
    def dates(*hours: int | None) -> list[datetime | None]:
        return [None if h is None else NOW - timedelta(hours=h) for h in hours]

    stated = Cadence(ttl_s=60)
    found = schedule.cadence_of(dates(5, 1, None, 3, -2, 100), stated, now=NOW)
    assert found == Cadence(ttl_s=60, gap_s=2 * HOUR, newest_at=NOW - timedelta(hours=1))
    assert schedule.cadence_of(dates(None), stated, now=NOW) == stated
    assert schedule.cadence_of(dates(4), stated, now=NOW).gap_s is None
