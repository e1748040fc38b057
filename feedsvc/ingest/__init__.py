"""Stage 1: where articles come from. Bytes → entries; knows nothing of translation."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from feedsvc.errors import SourceError
from feedsvc.ingest.fetch import Fetcher
from feedsvc.ingest.folder import read_folder
from feedsvc.ingest.parse import parse_feed
from feedsvc.model import Fetched, Known, NotModified, ParsedFeed, Source

__all__ = ["Fetcher", "read_source"]


def read_source(
    source: Source, fetcher: Fetcher, known: Known, *, now: datetime, force: bool = False
) -> ParsedFeed | NotModified:
    """What a source holds now, whatever its kind.

    Raises: SourceError with the reason.
    """
    match source.kind:
        case "folder":
            return read_folder(source)
        case "file":
            return parse_feed(_read_feed_file(Path(source.location)), source)
        case "feed":
            fetched = fetcher.fetch(source, known.state, force=force)
            return fetched if isinstance(fetched, NotModified) else parse_feed(fetched, source)


def _read_feed_file(path: Path) -> Fetched:
    try:
        return Fetched(body=path.read_bytes(), final_url=path.resolve().as_uri())
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
