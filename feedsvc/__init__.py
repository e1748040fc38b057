"""feedsvc reads news feeds and folders, translates them on this machine, and publishes bilingual feeds."""

from datetime import UTC, datetime

__version__ = "0.1.0"
#: no clock of a machine that runs this program can be before
WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
