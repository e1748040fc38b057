"""What the configuration file may hold, table by table, each value checked. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from feedsvc import languages
from feedsvc.model import Filters, Layout, Limits, TitleLayout

_DURATION = re.compile(r"(\d+)\s*([smhd])")
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
}
_WANTED = {
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "list_type": "a list in brackets",
    "model_type": "a table",
    "string_too_short": "text, not nothing",
    "missing": "there",
}
#: which of two types a value was taken for; pydantic has it in the places of errors
_TEXT, _TABLE = "as text", "as table"
_LONGEST = timedelta(days=3650)
#: as SQLAlchemy reads it, but that nothing of a password can be taken for something else, and shown
_SERVER = re.compile(
    r"(?:[^:/?#@\s]*(?::[^@\s]*)?@)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])?(?::(?P<port>\d{1,5}))?"
    r"(?:/[^?#@\s]*)?(?:\?(?P<settings>[^@#\s]*))?"
)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> timedelta:
    """`"90m"` → timedelta."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        try:
            duration = timedelta(**{_UNITS[match[2]]: int(match[1])})
        except OverflowError as error:
            raise ValueError("is too long a time") from error
        if duration > _LONGEST:
            raise ValueError("is too long a time")
        return duration
    raise ValueError('must be a number with a unit, such as "30m", "6h" or "1d"')


def _at_least(least: str) -> AfterValidator:
    """No shorter than a time such as `30s`."""
    shortest = _duration(least)

    def check(value: timedelta) -> timedelta:
        if value < shortest:
            raise ValueError(f'must be at least "{least}"')
        return value

    return AfterValidator(check)


def _tag(value: str) -> str:
    tag = languages.normalise(value)
    if tag is None:
        raise ValueError(f'"{value}" is not a language tag such as "zh" or "pt-BR"')
    return tag


def slug(value: str) -> str:
    """An id of a source or output. Raises: ValueError."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", value):
        raise ValueError(f'"{value}" must be made of a-z, 0-9, ".", "_" and "-"')
    if re.search(r"-archive-\d{4}-\d\d-\d\d$", value):
        raise ValueError(f'"{value}" ends like the name of an archive')
    return value


def parse_listen(value: object) -> tuple[str, int]:
    """`"127.0.0.1:8080"` → host and port. Raises: ValueError."""
    match = re.fullmatch(r"(\[?[^\s]+?\]?):(\d{1,5})", value) if isinstance(value, str) else None
    if match and int(match[2]) < 65536:
        return match[1].strip("[]"), int(match[2])
    raise ValueError('must be "host:port", such as "127.0.0.1:8080"')


def _base_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise ValueError(f'"{value}" must start with http:// or https:// and have no query')
    return value


def _database(value: str) -> str:
    """A URL of a database; whatever is wrong, nothing of it is shown, since it may hold a password."""
    kind, _, rest = value.partition("://")
    if kind in ("sqlite", "sqlite+pysqlite"):
        path = rest.removeprefix("/")
        if path == rest or path in ("", ":memory:") or "?" in path:
            raise ValueError(
                'must be "sqlite:///" and the path of a file, without "?"; an absolute one makes four slashes'
            )
        _path(path)
        return value
    if kind not in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2"):
        raise ValueError('must start with "sqlite:///" or "postgresql://"')
    match = _SERVER.fullmatch(rest)
    if not match or int(match["port"] or 0) > 65535:
        raise ValueError(
            'must be "postgresql://USER:PASSWORD@HOST:PORT/NAME"; in user and password, @ : / ? # and % are written '
            "%40 %3A %2F %3F %23 and %25"
        )
    if "password" in (match["settings"] or ""):
        raise ValueError("must have its password before the host, or in ~/.pgpass")
    return value


def _hub(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s#]*)?", value):
        raise ValueError(
            f'"{value}" must start with http:// or https:// and hold no name, password or fragment'
        )
    return value


def http_url(value: str) -> str:
    """The address of a feed as it may stand in the configuration. Raises: ValueError."""
    if not re.fullmatch(r"https?://[^\s]+", value):
        raise ValueError(
            f'"{value}" must start with http:// or https://; a feed on disk is given as file = "…"'
        )
    if "@" in value.split("/")[2]:
        raise ValueError(
            "must not hold a name or password; give them with auth = { username = …, password = … }"
        )
    return value


def _proxy(value: str) -> str:
    if value != "direct" and not re.fullmatch(r"(https?|socks5h?)://[^\s]+", value):
        raise ValueError(
            'must be "direct", or a URL that starts with http://, https://, socks5:// or socks5h://'
        )
    return value


def _headers(value: dict[str, Any]) -> dict[str, Any]:
    for name in value:
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):  # RFC 9110 5.6.2
            raise ValueError(f'"{name}" is no name of a header or cookie')
    return value


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be a single line")
    return value


def _path(value: str) -> str:
    if not value or not {"\0", "\n", "\r"}.isdisjoint(value):
        raise ValueError("must be a path")
    if value.startswith("~") and Path(value).parts[0] == os.path.expanduser(Path(value).parts[0]):  # noqa: PTH111 - says so without an error
        raise ValueError(f'there is no user "{Path(value).parts[0][1:]}" with a folder')
    return value


def _word(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("must be a word, or several on one line")
    return value.strip()


_Duration = Annotated[timedelta, BeforeValidator(_duration)]
_Tag = Annotated[str, AfterValidator(_tag)]
_Slug = Annotated[str, AfterValidator(slug)]
_Word = Annotated[str, AfterValidator(_word)]
_Path = Annotated[str, AfterValidator(_path)]
_Line = Annotated[str, Field(min_length=1), AfterValidator(_one_line)]


class Table(BaseModel):
    """A table whose keys are all known."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Service(Table):
    data_dir: _Path = "../var/data"
    output_dir: _Path = "../var/public"
    base_url: Annotated[str, AfterValidator(_base_url)] = "http://127.0.0.1:8080/"
    target_language: _Tag = "en"
    beam_size: Annotated[int, Field(ge=1, le=8)] = 2
    database: Annotated[str, AfterValidator(_database)] | None = None
    publish_after: _Duration = timedelta(hours=6)
    keep_memory: Annotated[_Duration, _at_least("1d")] = timedelta(days=365)
    credit: bool = True
    hubs: list[Annotated[str, AfterValidator(_hub)]] = []
    precompress: bool = False


class _Fetch(Table):
    connections: Annotated[int, Field(ge=1, le=200)] = 20
    connections_per_host: Annotated[int, Field(ge=1, le=20)] = 2
    host_delay: _Duration = timedelta(seconds=1)
    contact: _Line | None = None

    def limits(self) -> Limits:
        return Limits(
            connections=self.connections,
            connections_per_host=self.connections_per_host,
            host_delay_s=self.host_delay.total_seconds(),
            contact=self.contact,
        )


class Elsewhere(Table):
    """A secret that does not stand in the configuration."""

    env: _Line | None = None
    file: _Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _not_here(cls, value: object) -> object:
        if isinstance(value, dict):
            return value
        raise ValueError('must stand elsewhere: { env = "NAME" } or { file = "PATH" }')

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("give exactly one of env and file")
        return self


class _Auth(Table):
    username: _Line
    password: Elsewhere


_Secret = Annotated[
    Annotated[_Line, Tag(_TEXT)] | Annotated[Elsewhere, Tag(_TABLE)],
    Discriminator(lambda value: _TEXT if isinstance(value, str) else _TABLE),
]
_Secrets = Annotated[dict[str, _Secret], AfterValidator(_headers)]


class DefaultsTable(Table):
    """What may stand in `[defaults]` and in a source."""

    interval: Annotated[_Duration, _at_least("30s")] | None = None
    max_interval: Annotated[_Duration, _at_least("30s")] | None = None
    layout: Annotated[Layout, Field(strict=False)] | None = None
    title_layout: Annotated[TitleLayout, Field(strict=False)] | None = None
    max_entries: Annotated[int, Field(ge=1)] | None = None
    keep_entries: Annotated[int, Field(ge=1)] | None = None
    keep_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    allow_private: bool | None = None
    full_text: bool | None = None
    proxy: Annotated[str, AfterValidator(_proxy)] | None = None
    glossaries: list[_Path] | None = None


class SourceTable(DefaultsTable):
    """One of `[[sources]]`."""

    id: _Slug
    url: Annotated[str, AfterValidator(http_url)] | None = None
    file: _Path | None = None
    folder: _Path | None = None
    language: _Tag | None = None
    headers: _Secrets = {}
    cookies: _Secrets = {}
    auth: _Auth | None = None


class OutputTable(Table):
    """One of `[[outputs]]`."""

    slug: _Slug
    title: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$")] | None = None
    sources: list[str] = ["*"]
    layout: Annotated[Layout, Field(strict=False)] | None = None
    title_layout: Annotated[TitleLayout, Field(strict=False)] | None = None
    max_entries: Annotated[int, Field(ge=1)] | None = None
    include: list[_Word] = []
    exclude: list[_Word] = []
    categories: list[_Word] = []
    exclude_categories: list[_Word] = []
    languages: list[_Tag] = []

    def filters(self) -> Filters:
        """What it wants of its sources."""
        return Filters(
            include=tuple(self.include),
            exclude=tuple(self.exclude),
            categories=tuple(self.categories),
            exclude_categories=tuple(self.exclude_categories),
            languages=tuple(self.languages),
        )


class _Server(Table):
    listen: Annotated[tuple[str, int], BeforeValidator(parse_listen)] = ("127.0.0.1", 8080)
    refresh_token_file: _Path | None = None


class Document(Table):
    """The whole file."""

    service: _Service = _Service()
    fetch: _Fetch = _Fetch()
    defaults: DefaultsTable = DefaultsTable()
    sources: list[SourceTable] = []
    outputs: list[OutputTable] = []
    server: _Server | None = None


def place_of(error: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Where in the file pydantic finds something wrong."""
    return tuple(part for part in error["loc"] if part not in (_TEXT, _TABLE))


def said(error: Mapping[str, Any]) -> str:
    """One line for what pydantic finds wrong: `sources[0].interval: must be …`."""
    at = place_of(error)
    where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in at).lstrip(".")
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown key{_meant(at)}"
    if error["type"] in _BOUNDS:
        name, words = _BOUNDS[error["type"]]
        return f"{where}: must be {words} {error['ctx'][name]}"
    wanted = _WANTED.get(error["type"])
    if error["type"] == "list_type" and len(at) == 1:
        wanted = f"tables, each below a line [[{at[0]}]]"
    if wanted is not None:
        return f"{where}: must be {wanted}"
    text = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "must be", 1)
    return f"{where}: {text}"


def _meant(place: Sequence[str | int]) -> str:
    """The known key of the same table that is most like an unknown one."""
    table: Any = Document
    for part in place[:-1]:
        if part in table.model_fields:  # else the number of a table, or a name that the user gave
            table = _tables(table.model_fields[part].annotation)
    alike = get_close_matches(str(place[-1]), table.model_fields, n=1)
    if not alike:
        return ""
    is_repeated = get_origin(table.model_fields[alike[0]].annotation) is list and table is Document
    return f"; is {f'[[{alike[0]}]]' if is_repeated else alike[0]} meant?"


def _tables(annotation: Any) -> Any:
    """The table in an annotation such as `list[SourceTable]`."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    return next((found for a in get_args(annotation) if (found := _tables(a)) is not Table), Table)
