"""How often a feed says that it is worth asking for: <ttl>, the syndication module, hours and days to skip."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from feedsvc.model import Cadence

#: a name and seconds for each period of the syndication module
_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: a year; nothing that is said in earnest is longer
_MAX_TTL_S = 31_536_000
_NUMBER = re.compile(r"\s*(\d{1,9})\s*", re.ASCII)


def read_cadence(feed: Mapping[str, Any]) -> Cadence:
    """What the head of a feed says, in the words of feedparser. What makes no sense is not said.

    The longer one of <ttl> and update period counts. RSS calls midnight 24, too.

    Spec: RSS 2.0 <ttl>, <skipHours>, <skipDays>; RSS 1.0 module syndication.
    """
    stated = [s for s in (60 * (_number(feed.get("ttl")) or 0), _update_period_s(feed)) if s]
    hours = {h % 24 for text in feed.get("skip_hours", ()) if (h := _number(text)) is not None and h <= 24}
    days = {_DAYS.index(d) for text in feed.get("skip_days", ()) if (d := str(text).strip().lower()) in _DAYS}
    return Cadence(
        ttl_s=min(max(stated), _MAX_TTL_S) if stated else None,
        skip_hours=tuple(sorted(hours)),
        skip_days=tuple(sorted(days)),
    )


def _update_period_s(feed: Mapping[str, Any]) -> int:
    """The time between two updates; 0 where it is not stated. Once a day, where only one half of it is."""
    period, frequency = feed.get("sy_updateperiod"), _number(feed.get("sy_updatefrequency"))
    if period is None and frequency is None:
        return 0
    return _PERIODS.get(str(period or "daily").strip().lower(), 0) // max(frequency or 1, 1)


def _number(text: object) -> int | None:
    match = _NUMBER.fullmatch(text) if isinstance(text, str) else None
    return int(match[1]) if match else None
