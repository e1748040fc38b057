"""When to ask a source again, and why then. Pure: the same state and time give the same answer.

The configured interval is the least; everything else can only stretch it. Jitter is made of the source's id
and the time, so that sources that were added together do not stay together for ever.

Spec: RSS 2.0 <ttl>, <skipHours>, <skipDays>; RFC 9111 4.2.1; RFC 9110 10.2.3 (Retry-After).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from feedsvc.model import Answered, Cadence, FetchState, Source

#: the part of an interval that chance may add
JITTER = 0.1
#: looks between two entries of a source, so that none waits for long
LOOKS_PER_GAP = 4
#: entries from whose dates the usual gap is taken
_LOOKED_AT = 10
_LONGEST_BACK_OFF_S = 86400
_HOURS_OF_A_WEEK = 168
#: clocks are corrected by less than this every day
_CLOCK_SLACK = timedelta(minutes=5)


def is_due(state: FetchState, *, now: datetime) -> bool:
    """It is time to look at a source of one's own accord; also where the clock has been put back since the last look."""
    if state.gone_at is not None:
        return False
    is_back = state.checked_at is not None and state.checked_at > now + _CLOCK_SLACK
    return is_back or state.next_check_at is None or state.next_check_at <= now


def due_at(state: FetchState, *, now: datetime) -> datetime | None:
    """When to look at a source next of one's own accord: never, now, or at its time."""
    if state.gone_at is not None:
        return None
    return now if state.next_check_at is None or is_due(state, now=now) else state.next_check_at


def next_check(source: Source, state: FetchState, answered: Answered, *, now: datetime) -> FetchState:
    """The state of a source that was just looked at, with the time of the next look and the reason for it."""
    if state.gone_at is not None:
        return replace(state, next_check_at=None, next_check_reason="gone for good")
    if state.failures:
        wait_s, reason = _back_off(source, state)
    else:
        wait_s, reason = max(_wishes(source, state.cadence, answered, now=now), key=lambda wish: wish[0])
    wait_s *= 1 + JITTER * _chance(source.id, now)
    at = now + timedelta(seconds=int(wait_s))
    if (later := _outside_of_skipped(at, state.cadence)) != at:
        at, reason = later, "not at an hour that the feed skips"
    if state.not_before is not None and at <= state.not_before:
        at, reason = state.not_before + timedelta(seconds=1), "the server wants us to wait"
    return replace(state, next_check_at=at, next_check_reason=reason)


def cadence_of(stated_dates: Iterable[datetime | None], stated: Cadence, *, now: datetime) -> Cadence:
    """What a feed states of its cadence, with what the dates of its newest entries show."""
    dates = sorted((date for date in stated_dates if date and date <= now), reverse=True)[:_LOOKED_AT]
    if not dates:
        return stated
    gaps = [(later - earlier).total_seconds() for later, earlier in pairwise(dates)]
    return replace(stated, gap_s=int(median(gaps)) if gaps else None, newest_at=dates[0])


def _back_off(source: Source, state: FetchState) -> tuple[float, str]:
    """Twice as long after each failure, up to a day."""
    longest_s = max(_LONGEST_BACK_OFF_S, source.interval_s)
    wait_s = min(source.interval_s * 2 ** min(state.failures - 1, 30), longest_s)
    if state.failures == 1:
        return wait_s, "failed once"
    return wait_s, f"failed {state.failures} times in a row"


def _wishes(
    source: Source, cadence: Cadence, answered: Answered, *, now: datetime
) -> list[tuple[float, str]]:
    """Each reason to wait, and for how many seconds."""
    longest_s = source.max_interval_s
    wishes: list[tuple[float, str]] = [(source.interval_s, "configured interval")]
    if source.kind != "feed":
        return wishes
    if cadence.ttl_s:
        wishes.append((min(cadence.ttl_s, longest_s), "the feed's own interval"))
    if answered.fresh_s:
        wishes.append((min(answered.fresh_s, longest_s), "fresh until then"))
    usual_s = _usual_gap_s(cadence, now=now)
    if usual_s:
        wishes.append((min(usual_s / LOOKS_PER_GAP, longest_s), "seldom something new"))
    return wishes


def _usual_gap_s(cadence: Cadence, *, now: datetime) -> float:
    """Time between two entries; of a source that has fallen silent, a part of that silence."""
    silence_s = (now - cadence.newest_at).total_seconds() if cadence.newest_at else 0.0
    return max(cadence.gap_s or 0.0, silence_s / LOOKS_PER_GAP)


def _outside_of_skipped(at: datetime, cadence: Cadence) -> datetime:
    """The first time from then on at which the feed does not ask to be left alone."""
    moved = at
    for _ in range(_HOURS_OF_A_WEEK):
        if moved.hour not in cadence.skip_hours and moved.weekday() not in cadence.skip_days:
            return moved
        moved = (moved + timedelta(hours=1)).replace(minute=at.minute, second=at.second)
    return at  # every hour of the week is to be skipped: that cannot be meant


def _chance(source_id: str, now: datetime) -> float:
    """A number from 0 up to 1, another one for each source and time."""
    digest = hashlib.sha256(f"{source_id} {now.isoformat()}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
