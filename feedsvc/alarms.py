"""What needs a person, as a feed of its own: `status.atom`, an entry for each trouble, as long as it lasts.

A trouble keeps its entry, and the file its bytes, until something about it changes; one that comes back is another.
"""

from __future__ import annotations

import html
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from feedsvc.config import Config
from feedsvc.model import Failure, FetchState
from feedsvc.publish.clean import without_keys
from feedsvc.publish.files import write_if_changed
from feedsvc.publish.items import Channel, Item
from feedsvc.publish.pages import FEED_STYLE
from feedsvc.publish.render import render
from feedsvc.store import Store

FILE = "status.atom"
#: failures in a row after which somebody should look at a source
MANY_FAILURES = 10
#: a disk is nearly full with less free than the smaller one of these
_FREE_PART = 0.05
_FREE_BYTES = 1_000_000_000
_NAMES = uuid.UUID("6b1c1b1c-93b5-5d0c-8a55-2f0a4b0f6c11")
#: date of the feed where nothing is wrong: it must have one, the same each time, and one that readers believe
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A trouble that lasts."""

    title: str
    #: what to do about it; plain text
    advice: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Disk:
    """How full the disk is on which a folder lies."""

    folder: Path
    total_bytes: int
    free_bytes: int

    @property
    def is_nearly_full(self) -> bool:
        """Some day soon nothing can be written any more."""
        return self.free_bytes < min(self.total_bytes * _FREE_PART, _FREE_BYTES)


def alarms(
    states: Mapping[str, FetchState],
    stuck: Sequence[Failure],
    waiting_since: Mapping[str, datetime],
    disks: Sequence[Disk],
    *,
    now: datetime,
) -> Iterator[Alarm]:
    """What needs a person: sources that are gone or fail, models that are missing, disks that are nearly full.

    `stuck` says why entries of a source cannot be translated, `waiting_since` for how long they wait.
    """
    for source_id, state in states.items():
        last = state.succeeded_at or state.added_at or now
        if state.gone_at is not None:
            advice = f"Take it out of the configuration, or ask again with: feedsvc refresh {source_id}"
            yield Alarm(f"{source_id} is gone: its server says so for good", advice, state.gone_at)
        elif state.failures >= MANY_FAILURES:
            read = (
                f"was last read well on {last:%Y-%m-%d}" if state.succeeded_at else "has never been read well"
            )
            advice = f"{'; '.join(state.problems)}. It {read}. It is asked again by itself."
            yield Alarm(f"{source_id} cannot be read: {MANY_FAILURES} times in a row", advice, last)
    for failure in stuck:
        title = f"{failure.source_id}: articles cannot be translated"
        yield Alarm(title, failure.reason, waiting_since.get(failure.source_id, now))
    for disk in disks:
        if disk.is_nearly_full:
            day = now.replace(hour=0, minute=0, second=0, microsecond=0)  # once a day is often enough
            advice = f"Less than {_FREE_BYTES // 1_000_000} MB are free. Make room, or keep less: keep_days, keep_entries."
            yield Alarm(f"The disk with {disk.folder} is nearly full", advice, day)


def render_alarms(config: Config, raised: Sequence[Alarm]) -> bytes:
    """The feed, newest first."""
    items = [_item(config, alarm) for alarm in sorted(raised, key=lambda a: (a.since, a.title), reverse=True)]
    channel = Channel(
        id=f"urn:uuid:{uuid.uuid5(_NAMES, config.base_url)}",
        title="feedsvc: what needs a person",
        description="Sources that are gone or fail, models that are missing, disks that are nearly full",
        language="en",
        link=config.base_url,
        self_url=config.base_url + FILE.removesuffix(".atom"),
        updated=max((item.updated for item in items), default=_LONG_AGO),
        ttl_minutes=60,
        style_sheet=FEED_STYLE,
    )
    return render(channel, items)["atom"]


def publish_alarms(config: Config, store: Store, stuck: Sequence[Failure], *, now: datetime) -> None:
    """Have the feed beside the others say what is wrong now. Raises: PublishError, StoreError."""
    states = store.states([source.id for source in config.sources])
    waiting_since = store.waiting_since(config.target_language) if stuck else {}
    disks = {
        path.stat().st_dev: _disk(path) for path in (config.data_dir, config.output_dir) if path.is_dir()
    }
    raised = list(alarms(states, stuck, waiting_since, list(disks.values()), now=now))
    write_if_changed(config.output_dir / FILE, render_alarms(config, raised))


def _disk(folder: Path) -> Disk:
    usage = shutil.disk_usage(folder)
    return Disk(folder, usage.total, usage.free)


def _item(config: Config, alarm: Alarm) -> Item:
    advice = without_keys(alarm.advice)  # everybody can read the feed
    return Item(
        id=f"urn:uuid:{uuid.uuid5(_NAMES, f'{alarm.title} {alarm.since.isoformat()}')}",
        title=alarm.title,
        summary=advice,
        content_html=f"<p>{html.escape(advice)}</p>",
        link=config.base_url,
        link_language=None,
        page_url=None,
        language="en",
        published=alarm.since,
        updated=alarm.since,
        authors=(),
        categories=(),
        enclosures=(),
        image_url=None,
    )
