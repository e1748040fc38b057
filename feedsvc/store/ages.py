"""What time it is, where a clock that is wrong for a while would cost articles: it alone is not believed then.

What it cannot have made are the dates that the sources state of their articles.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, func, select

from feedsvc.store.tables import entries

_DAY = timedelta(days=1)
#: there is no date before
_FIRST = datetime.min.replace(tzinfo=UTC)


def too_old_before(connection: Connection, keep: timedelta, *, now: datetime) -> datetime | None:
    """The time before which things are too old that are kept for a while; None if nothing is.

    Age counts up to the newest date that any source has stated, and goes on when something new comes. Where none
    states dates, up to now, without long times in which nothing came.
    """
    stated = newest_stated(connection, until=now)
    if stated is None:
        return lived_before(keep, [now, *_dates(connection, now)])
    return stated - keep if stated - _FIRST > keep else None


def lived_before(keep: timedelta, times: Iterable[datetime]) -> datetime | None:
    """The time before the first of these, newest first, since which so much has passed; None if they show less.

    What passes between two of them counts as a day where it is more than `keep`: it may be the clock that leapt.
    """
    left = keep
    for later, earlier in pairwise(times):
        gap = later - earlier
        left -= gap if gap <= keep else _DAY
        if left < timedelta(0):
            return earlier - left
    return None


def newest_stated(connection: Connection, *, until: datetime | None = None) -> datetime | None:
    """The newest date that a source has stated, `until` a time: it is past, whatever the clock says. None if none has."""
    newest = select(func.max(entries.c.stated_at))
    if until is not None:
        newest = newest.where(entries.c.stated_at <= until)
    found: datetime | None = connection.execute(newest).scalar()
    return found


def _dates(connection: Connection, now: datetime) -> Iterable[datetime]:
    query = select(entries.c.dated_at).distinct().where(entries.c.dated_at <= now)
    yield from connection.execute(query.order_by(entries.c.dated_at.desc())).scalars()
