"""Which archives a feed has (RFC 5005 4): what no longer stands in it, by the month of its date.

Dates never move, so an archive of a month that the feed has left behind changes only with its own articles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from feedsvc.model import Filters, OutputFeed
from feedsvc.store import Place, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Archives:
    """The archives of a feed."""

    #: as "2026-11", oldest first
    months: tuple[str, ...] = ()
    #: guid and date of the oldest article of the feed itself; None where everything stands in it
    oldest: tuple[str, datetime] | None = None

    def beside(self, month: str) -> tuple[str | None, str | None]:
        """The months of the archives before and after one."""
        place = self.months.index(month)
        following = self.months[place + 1 : place + 2]
        return self.months[place - 1] if place else None, following[0] if following else None


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
        touched = _months(store.older(oldest, target_language))
    else:
        before = Place(oldest.source_id, *known.oldest)
        since, until = sorted((before.dated_at, oldest.dated_at))
        moved = [p for end in (before, oldest) for p in store.older(end, target_language, since=since)]
        here = [place for place in changed if place.source_id == oldest.source_id]
        touched = _months(place for place in (*moved, *here, before) if place.dated_at <= until)
    held = {month for month in touched if store.older(oldest, target_language, **bounds(month))}
    archives = Archives(
        months=tuple(sorted(held | set(known.months) - touched)), oldest=(oldest.guid, oldest.dated_at)
    )
    stale = held | {
        month
        for month in archives.months
        if month not in known.months or archives.beside(month) != known.beside(month)
    }
    return archives, tuple(sorted(stale))


def bounds(month: str) -> dict[str, datetime]:
    """From when until when a month goes."""
    year, number = map(int, month.split("-"))
    since = datetime(year, number, 1, tzinfo=UTC)
    if (year, number) == (9999, 12):
        return {"since": since}
    return {"since": since, "until": datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)}


def _months(places: Iterable[Place]) -> set[str]:
    return {f"{place.dated_at:%Y-%m}".rjust(7, "0") for place in places}
