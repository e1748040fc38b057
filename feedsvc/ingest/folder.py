"""Folders of articles: files with YAML front matter and a body in HTML, Markdown or plain text."""

from __future__ import annotations

import email.utils
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from feedsvc import languages, markup
from feedsvc.detect import detect
from feedsvc.errors import FrontMatterError, SourceError
from feedsvc.ingest.sanitize import clean_text, safe_url, sanitise, text_of, with_lead_image
from feedsvc.model import Entry, ParsedFeed, Source

SUFFIXES = frozenset({".md", ".markdown", ".html", ".txt"})
MAX_FILE_BYTES = 10_000_000
_GUIDS = uuid.UUID("7d3f0b8e-5f0c-5b0e-9c1d-2a6b8f4e1c37")
_BLOCK_HTML = re.compile(
    r"<(p|div|h[1-6]|ul|ol|table|blockquote|figure|section|article|br|img)\b", re.IGNORECASE
)


def read_folder(source: Source) -> ParsedFeed:
    """Every article below a folder, by file name. A file that cannot be read is named in `problems`.

    Raises: SourceError if the folder itself cannot be read.
    """
    folder = Path(source.location)
    if not folder.is_dir():
        raise SourceError(f"{folder}: there is no such folder")
    entries: dict[str, Entry] = {}
    problems = []
    for path in sorted(_files(folder)):
        try:
            entry = read_file(path, source)
        except FrontMatterError as error:
            problems.append(str(error))
            continue
        except Exception as error:  # noqa: BLE001 - whatever one file brings out must not cost the others
            problems.append(f"{_printable(path)}: {error}")
            continue
        if entry.guid in entries:
            problems.append(f"{path}: has the same guid as another file, {entry.guid}")
        else:
            entries[entry.guid] = entry
    return ParsedFeed(entries=tuple(entries.values()), problems=tuple(problems))


def read_file(path: Path, source: Source) -> Entry:
    """One article. Without a guid or link of its own its guid is made of the source's id and its file name.

    Raises: FrontMatterError naming the file and the reason.
    """
    meta, body = _split(path)
    link = safe_url(_first(meta, "link", "url", "source_url"))
    name = path.relative_to(source.location).as_posix()
    guid = clean_text(
        _text(meta, path, "guid", "id") or link or f"urn:uuid:{uuid.uuid5(_GUIDS, f'{source.id}/{name}')}"
    )
    image_url = safe_url(_image(meta), base_url=link)
    body_html = with_lead_image(sanitise(_to_html(path, body), base_url=link), image_url)
    title = text_of(_text(meta, path, "title"))
    text = text_of(body_html)
    if not title and not text:
        raise FrontMatterError(path, "has neither a title nor a body")
    return Entry(
        source_id=source.id,
        guid=guid,
        link=link,
        title=title,
        summary=text_of(_text(meta, path, "summary", "description")),
        body_html=body_html,
        language=source.language or _language(meta, path) or detect(f"{title} {text}"),
        published=_date(meta, path, "date", "published"),
        updated=_date(meta, path, "updated", "lastmod"),
        authors=_names(meta, "authors", "author"),
        categories=_names(meta, "categories", "tags"),
        image_url=image_url,
    )


def _files(folder: Path) -> Iterator[Path]:
    """Articles below a folder; nothing hidden, and no link that leads out of it."""
    inside = os.path.realpath(folder)
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in relative.parts):
            real = Path(os.path.realpath(path))  # unlike resolve(), at ease with a link to itself
            if real.is_file() and real.is_relative_to(inside):
                yield path


def _printable(path: Path) -> str:
    """A path whose name may not be UTF-8."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def _split(path: Path) -> tuple[Mapping[str, Any], str]:
    """Front matter and body of a file, which may begin with a BOM or blank lines."""
    import frontmatter
    import yaml

    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise FrontMatterError(path, f"is larger than {MAX_FILE_BYTES // 1_000_000} MB")
        text = path.read_bytes().decode("utf-8-sig").lstrip()
        if not text.startswith("---"):
            return {}, text
        meta, body = frontmatter.parse(text)
    except OSError as error:
        raise FrontMatterError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FrontMatterError(path, f"is not UTF-8 (byte {error.start})") from error
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise FrontMatterError(path, f"broken front matter: {reason}") from error
    if not meta and re.match(r"---\s*\n\s*[\w-]+\s*:", text):
        raise FrontMatterError(path, 'broken front matter: the closing "---" is missing')
    if not meta and text.rstrip().removesuffix(body).strip("- \t\r\n"):
        return {}, text  # a line above and a line below, but no front matter
    return meta, body


def _first(meta: Mapping[str, Any], *keys: str) -> Any:
    return next((meta[k] for k in keys if meta.get(k) not in (None, "", [])), None)


def _text(meta: Mapping[str, Any], path: Path, *keys: str) -> str:
    value = _first(meta, *keys)
    if isinstance(value, list | dict | set):
        raise FrontMatterError(path, f"{keys[0]} is not a text")
    return "" if value is None else str(value)


def _names(meta: Mapping[str, Any], *keys: str) -> tuple[str, ...]:
    value = _first(meta, *keys)
    values = value if isinstance(value, list) else [value]
    plain = [v.get("name") if isinstance(v, dict) else v for v in values]
    return tuple(dict.fromkeys(name for v in plain if v is not None and (name := clean_text(v))))


def _image(meta: Mapping[str, Any]) -> str | None:
    """The address of the lead picture, given as such, in a list, or as a mapping."""
    value = _first(meta, "headimg", "thumbnail", "image")
    if isinstance(value, list):
        value = value[0]
    if isinstance(value, dict):
        value = _first(value, "url", "path", "src")
    return value if isinstance(value, str) else None


def _language(meta: Mapping[str, Any], path: Path) -> str | None:
    value = _first(meta, "lang", "language")
    if value is None:
        return None
    tag = languages.normalise("no" if value is False else str(value))  # in YAML, a bare `no` is a boolean
    if tag is None:
        raise FrontMatterError(path, f'"{value}" is not a language tag such as zh or pt-BR')
    return tag


def _date(meta: Mapping[str, Any], path: Path, *keys: str) -> datetime | None:
    """A YAML timestamp, an RFC 822 string or an ISO 8601 string, in UTC; without a zone it is taken as UTC."""
    value = _first(meta, *keys)
    if value is None:
        return None
    if isinstance(value, datetime):
        parsed = value
    elif isinstance(value, date):
        parsed = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        parsed = _parse_date(str(value).strip(), path)
    try:
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except OverflowError as error:
        raise FrontMatterError(path, f'the date "{value}" is beyond the calendar') from error


def _parse_date(value: str, path: Path) -> datetime:
    with suppress(ValueError):
        return datetime.fromisoformat(value)
    try:
        return email.utils.parsedate_to_datetime(value)
    except ValueError as error:
        raise FrontMatterError(path, f'the date "{value}" is neither RFC 822 nor ISO 8601') from error


def _to_html(path: Path, body: str) -> str:
    """The body as HTML: .txt is plain text, .html is HTML, Markdown may be either."""
    if path.suffix.lower() == ".txt" and not _BLOCK_HTML.search(body):
        paragraphs = (
            " ".join(p.split()) if " " in p else languages.collapse(p) for p in re.split(r"\n\s*\n", body)
        )
        return "".join(f"<p>{markup.escape(p)}</p>" for p in paragraphs if p)
    if path.suffix.lower() in (".html", ".txt"):
        return body
    from markdown_it import MarkdownIt

    return str(
        MarkdownIt("commonmark", {"html": True, "maxNesting": 100})
        .enable(["table", "strikethrough"])
        .render(body)
    )
