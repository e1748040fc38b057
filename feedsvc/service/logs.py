"""What the service writes on standard error: single lines, `time LEVEL event key=value …`, or JSON objects.

Of addresses, what may be a key is left out: feeds of subscribers have it in their query.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

LOGGER = logging.getLogger("feedsvc")
HIDDEN = "***"
_PLAIN = re.compile(r"[^\s\"=]+")
_USER = re.compile(r"(?<=://)[^\s/?#@]+@")
_PARAMETER = re.compile(r"([?&;])([^\s=&;?#\"<>]{1,64})=([^\s&;#\"<>]+)")
_SECRET_NAME = re.compile(r"key|token|secret|sig|auth|pass|pwd|session|code|hash|user", re.IGNORECASE)
_SECRET_LENGTH = 16  # a value as long as this is hardly meant for people


def say(level: int, event: str, **fields: object) -> None:
    """Log an event with what belongs to it."""
    LOGGER.log(level, "%s", event, extra={"fields": fields})


def set_up(*, as_json: bool = False, level: str = "info", stream: TextIO | None = None) -> None:
    """Let everything that is logged in this process come out in this form."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json() if as_json else _Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(level.upper())


def hidden(text: str) -> str:
    """A text without names, passwords and keys in the addresses in it."""

    def parameter(found: re.Match[str]) -> str:
        is_secret = _SECRET_NAME.search(found[2]) or len(found[3]) >= _SECRET_LENGTH
        return f"{found[1]}{found[2]}={HIDDEN if is_secret else found[3]}"

    return _PARAMETER.sub(parameter, _USER.sub(f"{HIDDEN}@", text))


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event, fields = _event(record)
        said = "".join(f" {key}={_value(value)}" for key, value in fields.items())
        return f"{_time(record)} {record.levelname} {event}{said}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event, fields = _event(record)
        head = {"time": _time(record), "level": record.levelname, "event": event}
        return json.dumps(head | fields, ensure_ascii=True)


def _event(record: logging.LogRecord) -> tuple[str, dict[str, object]]:
    """Our own events as they are; what other libraries say as the event of their name."""
    given = getattr(record, "fields", None)
    if isinstance(given, Mapping):
        event, fields = record.getMessage(), dict(given)
    else:
        event, fields = record.name, {"message": record.getMessage()}
    if record.exc_info:
        fields["trace"] = logging.Formatter().formatException(record.exc_info)
    return event, {k: hidden(v) if isinstance(v, str) else v for k, v in fields.items()}


def _value(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    if _PLAIN.fullmatch(text) and text.isprintable():
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _time(record: logging.LogRecord) -> str:
    when = datetime.fromtimestamp(record.created, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
