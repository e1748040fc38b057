"""Remembers the entries of a document, so that those that come again as they were need not be read again.

Most documents that have changed have one entry more, or another date in their head. What is remembered of an entry
is a digest of what the document said of it, with the guid and date that came of that. It is of use as long as
nothing else that decides what an entry becomes has changed: the settings of the source, the head of the document,
and this program.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from feedsvc import __version__
from feedsvc.ingest.said import Feed
from feedsvc.model import Source

#: to be raised when the same document is read otherwise than before
_RULES = 1


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an entry of a document was called, and its date."""

    guid: str
    dated_at: datetime | None


def digest(value: object) -> str:
    """Stands for what a document says of an entry, as its reader found it."""
    return hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def recall(memo: str, source: Source, feed: Feed) -> dict[str, Remembered]:
    """What a memo has of the entries of an earlier document, by digest; nothing if it does not hold any longer."""
    if not memo:
        return {}
    noted = json.loads(memo)
    if noted["for"] != _circumstances(source, feed):
        return {}
    return {
        key: Remembered(guid, datetime.fromisoformat(date) if date else None)
        for key, (guid, date) in noted["entries"].items()
    }


def note(entries: Mapping[str, Remembered], source: Source, feed: Feed) -> str:
    """A memo of entries, by digest."""
    noted = {
        key: (one.guid, one.dated_at.isoformat() if one.dated_at else None) for key, one in entries.items()
    }
    return json.dumps({"for": _circumstances(source, feed), "entries": noted}, ensure_ascii=False)


def _circumstances(source: Source, feed: Feed) -> str:
    return digest((_RULES, __version__, source.id, source.language, feed.head))
