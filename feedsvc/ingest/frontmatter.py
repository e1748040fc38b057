"""The front matter of a file: YAML between two lines of `---`, and what its keys mean.

Functions raise FrontMatterError with the reason; who calls them knows the file.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

from feedsvc import languages
from feedsvc.errors import FrontMatterError
from feedsvc.ingest.sanitize import clean_text


def split(text: str) -> tuple[Mapping[str, Any], str]:
    """Front matter and body of a text, which may begin with blank lines. Raises: FrontMatterError."""
    import frontmatter
    import yaml

    text = text.lstrip()
    if not text.startswith("---"):
        return {}, text
    try:
        meta, body = frontmatter.parse(text)
    except (yaml.YAMLError, ValueError) as error:
        raise FrontMatterError(f"broken front matter: {' '.join(str(error).split())}") from error
    if not meta and re.match(r"---\s*\n\s*[\w-]+\s*:", text):
        raise FrontMatterError('broken front matter: the closing "---" is missing')
    if not meta and text.rstrip().removesuffix(body).strip("- \t\r\n"):
        return {}, text  # a line above and a line below, but no front matter
    return meta, body


def first(meta: Mapping[str, Any], *keys: str) -> Any:
    """The value of the first of these keys that has one."""
    return next((meta[k] for k in keys if meta.get(k) not in (None, "", [])), None)


def text(meta: Mapping[str, Any], *keys: str) -> str:
    """A text; "" where there is none. Raises: FrontMatterError."""
    value = first(meta, *keys)
    if isinstance(value, list | dict | set):
        raise FrontMatterError(f"{keys[0]} is not a text")
    return "" if value is None else str(value)


def names(meta: Mapping[str, Any], *keys: str) -> tuple[str, ...]:
    """Names, given as a text, a list, or a list of mappings with a `name`; each once."""
    value = first(meta, *keys)
    values = value if isinstance(value, list) else [value]
    plain = [v.get("name") if isinstance(v, dict) else v for v in values]
    return tuple(dict.fromkeys(name for v in plain if v is not None and (name := clean_text(v))))


def image(meta: Mapping[str, Any]) -> str | None:
    """The address of the lead picture, given as such, in a list, or as a mapping."""
    value = first(meta, "headimg", "thumbnail", "image")
    if isinstance(value, list):
        value = value[0]
    if isinstance(value, dict):
        value = first(value, "url", "path", "src")
    return value if isinstance(value, str) else None


def language(meta: Mapping[str, Any]) -> str | None:
    """A language tag in its usual form. Raises: FrontMatterError."""
    value = first(meta, "lang", "language")
    if value is None:
        return None
    tag = languages.normalise("no" if value is False else str(value))  # in YAML, a bare `no` is a boolean
    if tag is None:
        raise FrontMatterError(f'"{value}" is not a language tag such as zh or pt-BR')
    return tag


def moment(meta: Mapping[str, Any], *keys: str) -> datetime | None:
    """A YAML timestamp, an RFC 822 string or an ISO 8601 string, in UTC; without a zone it is taken as UTC.

    Raises: FrontMatterError.
    """
    value = first(meta, *keys)
    if value is None:
        return None
    if isinstance(value, datetime):
        parsed = value
    elif isinstance(value, date):
        parsed = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        parsed = _parse_date(str(value).strip())
    try:
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except OverflowError as error:
        raise FrontMatterError(f'the date "{value}" is beyond the calendar') from error


def _parse_date(value: str) -> datetime:
    with suppress(ValueError):
        return datetime.fromisoformat(value)
    try:
        return email.utils.parsedate_to_datetime(value)
    except ValueError as error:
        raise FrontMatterError(f'the date "{value}" is neither RFC 822 nor ISO 8601') from error
