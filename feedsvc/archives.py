"""Which archives a feed has (RFC 5005 4): what no longer stands in it, by the day of its date.

Dates never move, so an archive of a day that the feed has left behind changes only with its own articles. The one
in which the feed ends changes with each new article: days keep that cheap also where there are many a month.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from feedsvc.model import Filters, OutputFeed
from feedsvc.store import Place, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Archives:
    """The archives of a feed."""

    #: as "2026-11-28", oldest first
    days: tuple[str, ...] = ()
    #: guid and date of the oldest article of the feed itself; None where everything stands in it
    oldest: tuple[str, datetime] | None = None

    def beside(self, day: str) -> tuple[str | None, str | None]:
        """The days of the archives before and after one."""
        place = self.days.index(day)
        following = self.days[place + 1 : place + 2]
        return self.days[place - 1] if place else None, following[0] if following else None


def plan(
    output: OutputFeed, store: Store, target_language: str, *, known: Archives, changed: Collection[Place]
) -> tuple[Archives, tuple[str, ...]]:
    """The archives of an output, and which of them may have other bytes now than they had.

    `known` are those before, `changed` what has changed since. Outputs of several sources, and those with filters,
    have none.
    """
    if len(output.source_ids) > 1 or output.filters != Filters():
        return Archives(), ()
    newest = store.newest(output.source_ids, target_language, limit=output.max_entries + 1)
    if len(newest) <= output.max_entries:
        return Archives(), ()
    oldest = newest[output.max_entries - 1]
    if known.oldest is None:
        touched = _days(store.older(oldest, target_language))
    else:
        before = Place(oldest.source_id, *known.oldest)
        since, until = sorted((before.dated_at, oldest.dated_at))
        moved = [p for end in (before, oldest) for p in store.older(end, target_language, since=since)]
        here = [place for place in changed if place.source_id == oldest.source_id]
        touched = _days(place for place in (*moved, *here, before) if place.dated_at <= until)
    held = {day for day in touched if store.older(oldest, target_language, **bounds(day))}
    archives = Archives(
        days=tuple(sorted(held | set(known.days) - touched)), oldest=(oldest.guid, oldest.dated_at)
    )
    stale = held | {
        day for day in archives.days if day not in known.days or archives.beside(day) != known.beside(day)
    }
    return archives, tuple(sorted(stale))


def bounds(day: str) -> dict[str, datetime]:
    """From when until when a day goes."""
    since = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    if since.date() == date.max:
        return {"since": since}
    return {"since": since, "until": since + timedelta(days=1)}


def _days(places: Iterable[Place]) -> set[str]:
    return {place.dated_at.date().isoformat() for place in places}
