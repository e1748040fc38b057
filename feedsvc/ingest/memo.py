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
    """Stands for a text, or anything else that shows what it is."""
    return hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Memo:
    """What is remembered of a document: its entries, by digest, and under which circumstances they were read."""

    entries: Mapping[str, Remembered]
    circumstances: str = ""


def recall(memo: str) -> Memo:
    """What was noted; nothing, if nothing was."""
    if not memo:
        return Memo({})
    noted = json.loads(memo)
    entries = {
        key: Remembered(guid, datetime.fromisoformat(date) if date else None)
        for key, (guid, date) in noted["entries"].items()
    }
    return Memo(entries, noted["for"])


def note(memo: Memo) -> str:
    """What to remember, as a text."""
    entries = {
        key: (one.guid, one.dated_at.isoformat() if one.dated_at else None)
        for key, one in memo.entries.items()
    }
    return json.dumps({"for": memo.circumstances, "entries": entries}, ensure_ascii=False)


def circumstances(source: Source, feed: Feed) -> str:
    """Stands for everything but an entry itself that decides what becomes of it."""
    return digest((_RULES, __version__, source.id, source.language, feed.head))
