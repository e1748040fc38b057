"""Removes what nobody needs any more: old entries, sentences nobody has met for long, pictures of entries that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from feedsvc.config import Config
from feedsvc.errors import StoreError
from feedsvc.polling import prune
from feedsvc.store import Store

#: what is being written has another name, and is left over where the writer was killed
_UNFINISHED = ".*.unfinished"
_NAMES = f"{'[0-9a-f]' * 64}.*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """How much was removed."""

    entries: int
    sentences: int
    media: int


def tidy(config: Config, store: Store, *, now: datetime) -> Tidied:
    """Remove what the configuration does not want to be kept, and give the room back; while holding the database.

    Raises: StoreError.
    """
    entries = sum(prune(source, store, now=now) for source in config.sources)
    sentences = store.forget(unused_for=config.keep_memory, now=now)
    media = _remove(_unneeded(config.data_dir / "media", store))
    store.vacuum()
    return Tidied(entries=entries, sentences=sentences, media=media)


def _unneeded(folder: Path, store: Store) -> Iterator[Path]:
    """Nothing is being written there: that too needs to hold the database."""
    if folder.is_dir():
        needed = store.kept_media()
        yield from (path for path in folder.glob(_NAMES) if path.name not in needed)
        yield from folder.glob(_UNFINISHED)


def _remove(paths: Iterator[Path]) -> int:
    count = 0
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{path}: cannot be removed: {error.strerror}") from error
        count += 1
    return count
