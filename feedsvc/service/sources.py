"""Adds sources to the configuration file. Everything that stands in it stays as it is, byte for byte."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import tomlkit
from tomlkit.items import AoT, Array

from feedsvc.config import Config, load_config
from feedsvc.errors import ConfigError

#: what a configuration begins with that has to be made
_NEW_FILE = """\
# The configuration of feedsvc. Relative paths are relative to this file.

[service]
# database and models
data_dir = "{var}/data"
# feeds and pages: point any web server here
output_dir = "{var}/public"
# under which readers reach output_dir
base_url = "http://127.0.0.1:8080/"
target_language = "en"
"""
_KEYS = {"feed": "url", "file": "file", "folder": "folder"}
#: names of feeds of our own
_RESERVED = frozenset({"status"})
_MAX_ID = 40
_LATIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
#: says no more of a site than its last label does: co.uk, com.cn
_SECOND_LEVEL = frozenset("ac co com edu go gov net or org".split())
_SOURCES = re.compile(r"""\s*\[\[\s*(["']?)sources\1\s*\]\]""")
_OF_SOURCES = re.compile(r"""\s*\[\[?\s*(["']?)sources\1\s*\.""")
_HEADER = re.compile(r"\s*\[")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """A source to write into the configuration."""

    id: str
    kind: Literal["feed", "file", "folder"]
    #: URL or path
    location: str
    language: str | None = None
    full_text: bool = False


def free_id(title: str | None, location: str, taken: Collection[str]) -> str:
    """An id for a source, of its title where that is in Latin letters, else of its host or path; not one that is taken."""
    name = _slug(title or "") or _slug_of_place(location) or "feed"
    names = [name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))]
    return next(n for n in names if n not in taken and n not in _RESERVED)


def taken_ids(config: Config | None) -> set[str]:
    """Every name that a new source must not have: ids of sources, and slugs of outputs."""
    if config is None:
        return set()
    return {s.id for s in config.sources} | {o.slug for o in config.outputs}


def place_key(location: str) -> str:
    """Equal for two locations that are the same but for scheme, `www.`, case of the host and a slash at the end."""
    parts = urlsplit(location)
    if parts.scheme not in ("http", "https"):
        return location
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    return f"//{host}{port}{parts.path.rstrip('/')}?{parts.query}"


def add_sources(path: Path, new: Sequence[NewSource]) -> Config:
    """Write sources into the configuration file, after those in it, and load it; make the file if there is none.

    The file is replaced all at once, its permissions kept; where the path is a symbolic link, what it leads to.

    Raises: ConfigError; the old file then stays.
    """
    target = path.resolve()
    try:
        text = _read(target) if target.exists() else _new_text(target)
        text = with_sources(text, [_table(source, target.parent) for source in new])
        with _replacing(target) as unfinished:
            _write(unfinished, text.encode(), like=target)
            load_config(unfinished)
        return load_config(path)
    except OSError as error:
        raise ConfigError(path, [f"cannot be written: {error.strerror}"]) from error
    except (ConfigError, ValueError) as error:
        raise ConfigError(path, error.problems if isinstance(error, ConfigError) else [str(error)]) from error


def with_sources(text: str, tables: Sequence[dict[str, Any]]) -> str:
    """The text of a configuration with more tables in `sources`; the comments after the last one stay behind it.

    Raises: ValueError if no place for them can be found.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    wanted = tomllib.loads(text)
    wanted["sources"] = [*wanted.get("sources", []), *tables]
    for attempt in (_after_the_last, _at_the_end, _in_the_array):
        made = attempt(text, tables)
        if _loads(made) == wanted:
            return mark + made
    raise ValueError("a source cannot be added by feedsvc to a file of this form; add it by hand")


def _after_the_last(text: str, tables: Sequence[dict[str, Any]]) -> str:
    lines = text.splitlines(keepends=True)
    return _inserted(lines, _end_of_sources(lines), tables)


def _at_the_end(text: str, tables: Sequence[dict[str, Any]]) -> str:
    lines = text.splitlines(keepends=True)
    return _inserted(lines, len(lines), tables)


def _in_the_array(text: str, tables: Sequence[dict[str, Any]]) -> str:
    """For `sources = […]`, which no table can follow."""
    document = tomlkit.parse(text)
    array = document.get("sources")
    if isinstance(array, Array):
        for table in tables:
            inline = tomlkit.inline_table()
            inline.update(table)
            array.append(inline)
    return tomlkit.dumps(document)


def _inserted(lines: list[str], place: int, tables: Sequence[dict[str, Any]]) -> str:
    before, after = "".join(lines[:place]), "".join(lines[place:])
    added = "\n".join(_rendered(table) for table in tables)
    if before and not before.endswith("\n"):
        before += "\n"
    if before.strip() and not before.endswith(("\n\n", "\n\r\n")):
        added = f"\n{added}"
    if after and not after.startswith(("\n", "\r\n")):
        added += "\n"
    return before + (added.replace("\n", "\r\n") if "\r\n" in before else added) + after


def _rendered(table: dict[str, Any]) -> str:
    """A table as TOML, under a header of its own."""
    made = tomlkit.table()
    made.update(table)
    return tomlkit.dumps({"sources": AoT([made])})


def _end_of_sources(lines: Sequence[str]) -> int:
    """The number of lines up to the end of the last source, with comments that stand right below it."""
    start = max((number for number, line in enumerate(lines) if _SOURCES.match(line)), default=None)
    if start is None:
        return len(lines)
    end = start + 1
    for number, line in enumerate(lines[start + 1 :], start + 1):
        if _HEADER.match(line) and not _OF_SOURCES.match(line):
            break
        if line.strip() and not line.lstrip().startswith("#"):
            end = number + 1
    below = end
    while below < len(lines) and lines[below].lstrip().startswith("#"):
        below += 1
    # comments right above the next table are about that
    return end if below < len(lines) and lines[below].strip() else below


def _loads(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _table(source: NewSource, folder: Path) -> dict[str, Any]:
    location = source.location
    if source.kind != "feed" and Path(location).is_relative_to(folder):
        location = str(Path(location).relative_to(folder))
    table: dict[str, Any] = {"id": source.id, _KEYS[source.kind]: location}
    if source.language:
        table["language"] = source.language
    if source.full_text:
        table["full_text"] = True
    return table


def _new_text(path: Path) -> str:
    return _NEW_FILE.format(var="../var" if path.parent.name == "config" else "var")


def _read(path: Path) -> str:
    return path.read_bytes().decode()


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file to write, which then takes the place of another one in the same folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(path: Path, content: bytes, *, like: Path) -> None:
    """Write a new file durably, at no time open to more people than the one that it resembles."""
    old = like.stat() if like.exists() else None
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if old else 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if old:
            with contextlib.suppress(PermissionError):  # only root can give a file to its former owner
                os.chown(descriptor, old.st_uid, old.st_gid)
            os.fchmod(descriptor, old.st_mode & 0o777)
        os.fsync(file.fileno())


def _slug(title: str) -> str:
    """A title in a-z, 0-9 and -, cut at a word; nothing where a letter has no likeness among those."""
    plain = unicodedata.normalize("NFKD", title.casefold()).translate(_LATIN)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    if any(c.isalpha() and not c.isascii() for c in plain):
        return ""
    slug = re.sub(r"[^a-z0-9]+", "-", re.sub(r"['’`]", "", plain)).strip("-")
    return slug if len(slug) <= _MAX_ID else slug[: _MAX_ID + 1].rpartition("-")[0] or slug[:_MAX_ID]


def _slug_of_place(location: str) -> str:
    parts = urlsplit(location)
    if parts.scheme not in ("http", "https"):
        return _slug(Path(location).stem)
    host = parts.hostname or ""
    with contextlib.suppress(ValueError):
        return _slug(str(ipaddress.ip_address(host)))
    labels = re.sub(r"^(www|feeds?|rss)\.", "", host).split(".")
    if len(labels) > 1:
        labels.pop()
    if len(labels) > 1 and labels[-1] in _SECOND_LEVEL:
        labels.pop()
    return _slug("-".join(labels))
