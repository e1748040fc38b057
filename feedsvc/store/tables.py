"""The tables of the database. Changed only together with a new migration in `migrations/versions`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, also where the database knows no time zones (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes, store UTC."""
        if value is None:
            return None
        assert value.tzinfo is not None, "naive datetime"
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Give back what was stored, aware."""
        if value is None:
            return None
        aware: datetime = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware


metadata = MetaData()

#: what we remember of each source between two runs
sources = Table(
    "sources",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", Text),
    Column("link", Text),
    Column("location", Text),
    Column("reading", Text),  # settings that decide what is made of its document
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String(64)),
    Column("memo", Text, nullable=False, server_default=text("''")),  # the parser's
    Column("moved_to", Text),
    Column("moved_times", Integer, nullable=False, server_default=text("0")),
    Column("gone_at", UtcDateTime),
    Column("http_status", Integer),
    Column("cadence", Text, nullable=False, server_default=text("'{}'")),  # JSON of model.Cadence
    Column("added_at", UtcDateTime, nullable=False),
    Column("checked_at", UtcDateTime),
    Column("succeeded_at", UtcDateTime),
    Column("next_check_at", UtcDateTime),
    Column("next_check_reason", Text, nullable=False, server_default=text("''")),
    Column("not_before", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("problems", Text, nullable=False),  # JSON array of strings
)

#: the files of folder sources, so that unchanged ones need not be read again
files = Table(
    "files",
    metadata,
    Column("source_id", String, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("guid", Text),
    Column("problem", Text),
)

#: the pages behind the links of entries, as full texts
pages = Table(
    "pages",
    metadata,
    Column("source_id", String, primary_key=True),
    Column("guid", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("feed_hash", String(64), nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("canonical_url", Text),
    Column("body_html", Text),
    Column("problem", Text),
    Column("failures", Integer, nullable=False),
)

#: what the sources said
entries = Table(
    "entries",
    metadata,
    Column("source_id", String, primary_key=True),
    Column("guid", Text, primary_key=True),
    Column("content_hash", String(64), nullable=False),
    Column("dated_at", UtcDateTime, nullable=False),  # published, else updated, else seen: at first sight
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime),  # null until the content changes
    Column("edits", Integer, nullable=False),
    Column("released_at", UtcDateTime),  # set when it must not wait for its translation any longer
    Column("link", Text),  # as in data
    Column("data", Text, nullable=False),  # JSON of model.Entry
    Column("language", String),  # as in data
    Column("stated_at", UtcDateTime),  # dated_at, where that is of the source and not of the clock
)
Index("entries_by_stated_date", entries.c.stated_at)
Index("entries_by_date", entries.c.source_id, entries.c.dated_at)
Index("entries_by_link", entries.c.source_id, entries.c.link)

#: what we made of them; one row for each entry and language, of the last revision that was translated
translations = Table(
    "translations",
    metadata,
    Column("source_id", String, primary_key=True),
    Column("guid", Text, primary_key=True),
    Column("target_language", String, primary_key=True),
    Column("content_hash", String(64), nullable=False),  # of the revision that was translated
    Column("changed_at", UtcDateTime),  # likewise
    Column("language", String, nullable=False, server_default=text("''")),  # that it was translated from
    Column("engine", String, nullable=False, server_default=text("''")),
    Column("glossary", String, nullable=False, server_default=text("''")),  # digest of the terms
    Column("data", Text, nullable=False),  # JSON of model.Translation
    ForeignKeyConstraint(["source_id", "guid"], ["entries.source_id", "entries.guid"], ondelete="CASCADE"),
)

#: translation memory: sentences that passed their checks
memory = Table(
    "memory",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("target", Text, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
)

#: entries that were removed for good
tombstones = Table(
    "tombstones",
    metadata,
    Column("source_id", String, primary_key=True),
    Column("guid", Text, primary_key=True),
    Column("removed_at", UtcDateTime, nullable=False),
    Column("link", Text),
    Column("title", Text),
)

#: entries that are new, changed or gone since all was published last
changes = Table(
    "changes",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("source_id", String, nullable=False),
    Column("guid", Text, nullable=False),
    Column("dated_at", UtcDateTime, nullable=False),  # also of an entry that is no more
)

#: what the output folder was made of: sources, outputs
published = Table(
    "published",
    metadata,
    Column("kind", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("digest", String(64), nullable=False),  # of all that decides its bytes, but for the entries
    Column("data", Text, nullable=False),  # of its publisher
)

#: the files that published articles show
shown_media = Table(
    "shown_media",
    metadata,
    Column("source_id", String, primary_key=True),
    Column("guid", Text, primary_key=True),
    Column("name", String, primary_key=True),
)
Index("shown_media_by_name", shown_media.c.name)
