"""What the headers of an answer say of when to ask again. Pure.

Spec: RFC 9110 10.2.3 (Retry-After), RFC 9111 4.2.1 (how long an answer is fresh).
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from datetime import UTC, datetime

#: longer is meant for ever, or a mistake
LONGEST_S = 30 * 86400
_MAX_AGE = re.compile(r"""(?:^|,)\s*max-age\s*=\s*"?(\d{1,12})""", re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|,)\s*no-(?:store|cache)\b", re.IGNORECASE)


def fresh_s(headers: Mapping[str, str], *, now: datetime) -> int | None:
    """For how long an answer may be held for fresh, in seconds; None where it does not say."""
    control = headers.get("cache-control", "")
    if _NOT_KEPT.search(control):
        return 0
    if match := _MAX_AGE.search(control):
        lifetime = int(match[1])
    elif "expires" in headers:
        expires = _date(headers["expires"])  # what is no date, such as 0, is past
        lifetime = int((expires - _said_at(headers, now)).total_seconds()) if expires else 0
    else:
        return None
    age = headers.get("age", "")
    spent = int(age) if age.isascii() and age.isdigit() and len(age) < 13 else 0
    return min(max(lifetime - spent, 0), LONGEST_S)


def retry_after_s(headers: Mapping[str, str], *, now: datetime) -> int | None:
    """For how long a server does not want to be asked, in seconds; None where it does not say.

    A date counts from the server's own clock, if it tells it.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:12]), LONGEST_S)
    until = _date(value)
    if until is None:
        return None
    return min(max(int((until - _said_at(headers, now)).total_seconds()), 0), LONGEST_S)


def _said_at(headers: Mapping[str, str], now: datetime) -> datetime:
    return _date(headers.get("date", "")) or now


def _date(value: str) -> datetime | None:
    try:
        date = email.utils.parsedate_to_datetime(value)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
