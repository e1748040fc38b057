"""Dates as feeds write them: text → UTC. What is no date, or none that can be, is None; the clock is never asked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

#: ISO 8601, RFC 3339 and their like: 2020-03-10, 2020-03, 2020/3/10 12:48, 20200310T124803.5+08
_ISO = re.compile(
    r"(?P<year>\d{4})(?:(?P<sep>[-/.]?)(?P<month>\d{1,2})(?:(?P=sep)(?P<day>\d{1,2}))?)?"
    r"(?:[T\s]\s*(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,]\d{1,12})?)?)?"
    r"\s*(?P<zone>Z|UTC?|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
#: East Asian words for year, month and day, and for before and after noon
_YEAR_MONTH = re.compile(r"\s*[年月년월]\s*")
_DAY = re.compile(r"\s*[日일]")
_NOON = re.compile(r"(上午|午前|오전)|(下午|午後|오후)")
#: the beginnings of the names of months, where they are not as in English
_MONTHS = {
    "Jan": "jän ene gen янв ιαν", "Feb": "fév fev фев φεβ", "Mar": "mär mrz мар μαρ", "Apr": "avr abr апр απρ",
    "May": "mai mag mei май мая μαϊ μάι", "Jun": "jui giu июн ιουν ιούν", "Jul": "juil lug июл ιουλ ιούλ",
    "Aug": "aoû ago авг αύγ αυγ", "Sep": "set сен σεπ", "Oct": "okt ott out окт οκτ", "Nov": "ноя νοέ νοε",
    "Dec": "dez déc dic дек δεκ",
}  # fmt: skip
_MONTH = {begin: month for month, begins in _MONTHS.items() for begin in (month.lower(), *begins.split())}
_WORD = re.compile(r"[^\W\d_]{3,}\.?")
_ZONE = re.compile(r"(?:\s|(?<=\d)|(?:GMT|UTC))([+-])(\d{1,2}):?(\d{2})?$", re.ASCII | re.IGNORECASE)
_HALF_DAY = re.compile(r"(?<=\d)\s?([AP])\.?M\b\.?", re.ASCII | re.IGNORECASE)
#: names of zones that RFC 822 does not have, in hours
_ZONES = {
    "BST": 1, "CET": 1, "CEST": 2, "MET": 1, "MEST": 2, "WET": 0, "WEST": 1, "EET": 2, "EEST": 3, "MSK": 3,
    "HKT": 8, "SGT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
#: what programs write that have no date
_NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR = 1000
_LONGEST = 100


def read_date(text: str | None) -> datetime | None:
    """A date in any form that feeds use, in UTC. Without a zone it is taken for UTC.

    Spec: RFC 3339 5.6; RFC 822 5 with the years and zones that are in use.
    """
    text = " ".join((text or "")[:_LONGEST].split())
    try:
        found = _iso(text) or _rfc822(text) or _in_english(text)
        return found if found and found.year >= _FIRST_YEAR and found != _NO_DATE else None
    except (ValueError, OverflowError, OSError, IndexError, TypeError):
        return None


def _in_english(text: str) -> datetime | None:
    """A date whose words are of another language."""
    noon = _NOON.search(text)
    text = _DAY.sub("", _YEAR_MONTH.sub("-", _NOON.sub("", text)))
    text = " ".join(_WORD.sub(_english_month, text).replace(" de ", " ").split())
    found = _iso(text) or _rfc822(text)
    is_late = found is not None and noon is not None and noon[2] and found.hour < 12
    return found + timedelta(hours=12) if found and is_late else found


def _english_month(match: re.Match[str]) -> str:
    word = match[0].lower()
    return _MONTH.get(word[:4]) or _MONTH.get(word[:3]) or match[0]


def _iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    stated = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    zone = (match["zone"] or "").replace(":", "")
    return stated - _offset(zone[0], zone[1:3], zone[3:]) if zone[:1] in ("+", "-") else stated


def _rfc822(text: str) -> datetime | None:
    offset = None
    if zone := _ZONE.search(text):
        offset = _offset(zone[1], *((zone[2], zone[3]) if len(zone[2]) < 3 else (zone[2][:2], zone[2][2:])))
        text = text[: zone.start()]
    elif (name := text.rpartition(" ")[2].upper()) in _ZONES:
        offset = timedelta(hours=_ZONES[name])
    half = _HALF_DAY.search(text)
    text = _HALF_DAY.sub("", text) if ":" in text else f"{text} 00:00"
    parsed = parsedate_tz(text)
    if parsed is None:
        return None
    year, month, day, hour, minute, second = parsed[:6]
    if half:
        hour = hour % 12 + (12 if half[1] in "Pp" else 0)
    stated = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    return stated - (timedelta(seconds=parsed[9] or 0) if offset is None else offset)


def _offset(sign: str, hours: str, minutes: str | None) -> timedelta:
    """How far a zone is ahead of UTC.

    Raises: ValueError for one that cannot be.
    """
    ahead = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-ahead if sign == "-" else ahead).utcoffset(None)
