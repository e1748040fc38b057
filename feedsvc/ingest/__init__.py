"""Stage 1: where articles come from. Bytes → entries; knows nothing of translation."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from feedsvc.errors import SourceError
from feedsvc.ingest.fetch import Fetcher
from feedsvc.ingest.folder import read_folder
from feedsvc.ingest.fulltext import add_full_text
from feedsvc.ingest.media import keep_media
from feedsvc.ingest.parse import parse_feed
from feedsvc.model import Fetched, Known, NotModified, ParsedFeed, Source

__all__ = ["Fetcher", "keep_media", "read_source"]


def read_source(
    source: Source, fetcher: Fetcher, known: Known, *, now: datetime, force: bool = False
) -> ParsedFeed | NotModified:
    """What a source holds now, whatever its kind.

    Raises: SourceError with the reason.
    """
    if source.kind == "folder":
        return read_folder(source, {} if force else known.files, now=now)
    outcome = _read_feed(source, fetcher, known, now=now, force=force)
    if isinstance(outcome, NotModified) or not source.full_text:
        return outcome
    return add_full_text(outcome, source, fetcher, known.pages, now=now, force=force)


def _read_feed(
    source: Source, fetcher: Fetcher, known: Known, *, now: datetime, force: bool
) -> ParsedFeed | NotModified:
    """What the document of a source says, from the network or a file."""
    if source.kind == "file":
        return _unless_known(_read_feed_file(Path(source.location)), source, known, force=force)
    fetched = fetcher.fetch(source, known.state, now=now, force=force)
    if isinstance(fetched, NotModified):
        return fetched
    return _unless_known(fetched, source, known, force=force)


def _unless_known(fetched: Fetched, source: Source, known: Known, *, force: bool) -> ParsedFeed | NotModified:
    """What a document says, unless it is the one that was parsed last: not every server has validators."""
    digest = hashlib.sha256(fetched.body).hexdigest()
    if digest == known.state.body_hash and not force:
        return NotModified(answered=fetched.answered)
    # with full texts it is not only the document that decides what an entry becomes
    memo = "" if force or source.full_text else known.memo
    return parse_feed(fetched, source, memo=memo)


def _read_feed_file(path: Path) -> Fetched:
    try:
        return Fetched(body=path.read_bytes(), final_url=path.resolve().as_uri())
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
