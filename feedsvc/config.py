"""Reads the configuration file: TOML in, a frozen `Config` out, or a `ConfigError` with every problem at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from feedsvc import languages
from feedsvc.errors import ConfigError
from feedsvc.lines import Place, Problem, line_of, lines_of, without
from feedsvc.model import Access, Filters, Layout, Limits, OutputFeed, Secret, Source, TitleLayout

_DURATION = re.compile(r"(\d+)\s*([smhd])")
_OWN_FEED = "status"
_LONGEST = timedelta(days=3650)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything the configuration file says; paths are absolute."""

    path: Path | None
    data_dir: Path
    output_dir: Path
    #: ends with a slash
    base_url: str
    target_language: str
    #: how many hypotheses the search for a translation keeps
    beam_size: int
    #: SQLAlchemy URL
    database: str
    publish_after: timedelta
    #: without being used, after which the translation of a sentence is forgotten
    keep_memory: timedelta = timedelta(days=365)
    #: whether a line at the end of each body says what translated it
    credit: bool
    #: that are told of changed feeds (WebSub)
    hubs: tuple[str, ...] = ()
    #: whether files lie packed (.gz, .br) beside themselves too
    precompress: bool = False
    limits: Limits
    sources: tuple[Source, ...]
    outputs: tuple[OutputFeed, ...]
    #: host and port of `[server]`, None without that table
    listen: tuple[str, int] | None
    #: holds what those must show who ask for a refresh over HTTP; None: nobody may
    refresh_token_file: Path | None = None


def find_config(given: Path | None) -> Path:
    """The configuration file to use: the given one, else $FEEDSVC_CONFIG, else the first usual place.

    Raises: ConfigError if there is none.
    """
    if given is None and os.environ.get("FEEDSVC_CONFIG"):
        given = Path(os.environ["FEEDSVC_CONFIG"])
    places = [given] if given else [Path("config/feedsvc.toml"), Path("/etc/feedsvc/feedsvc.toml")]
    for place in places:
        if os.path.isfile(place):  # noqa: PTH113 - no error where it may not look
            return place
    raise ConfigError(None, [f"no configuration file: looked for {', '.join(map(str, places))}"])


def default_data_dir() -> Path:
    """Where models live when there is no configuration: $XDG_DATA_HOME/feedsvc."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "feedsvc"


def load_config(path: Path) -> Config:
    """Read and check a configuration file; relative paths in it are relative to it.

    Raises: ConfigError with every problem found.
    """
    text = _read(path)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, where = str(error).partition(" (at ")
        line = re.match(r"line (\d+)", where)
        number = int(line[1]) if line else None
        raise ConfigError(path, [f"is not TOML: {reason}"], lines=[number]) from error
    folder = path.resolve().parent
    document, problems = _validated(table, folder)
    if document is None or problems:
        lines = lines_of(text)
        known = sorted((line_of(p.place, lines) or 0, number) for number, p in enumerate(problems))
        raise ConfigError(
            path,
            [problems[number].text for _, number in known],
            lines=[line or None for line, _ in known],
        )
    data_dir = _absolute(folder, document.service.data_dir)
    return Config(
        path=path,
        data_dir=data_dir,
        output_dir=_absolute(folder, document.service.output_dir),
        base_url=document.service.base_url.rstrip("/") + "/",
        target_language=document.service.target_language,
        beam_size=document.service.beam_size,
        database=document.service.database or f"sqlite:///{data_dir / 'feedsvc.sqlite'}",
        publish_after=document.service.publish_after,
        keep_memory=document.service.keep_memory,
        credit=document.service.credit,
        hubs=tuple(dict.fromkeys(document.service.hubs)),
        precompress=document.service.precompress,
        limits=document.fetch.limits(),
        sources=tuple(_source(s, document.defaults, folder) for s in document.sources),
        outputs=_outputs(document),
        listen=document.server.listen if document.server else None,
        refresh_token_file=_token_file(document, folder),
    )


def _token_file(document: _Document, folder: Path) -> Path | None:
    given = document.server.refresh_token_file if document.server else None
    return _absolute(folder, given) if given else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(path, [f"cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(path, [f"is not TOML: it is not UTF-8: {error.reason}"], lines=[line]) from error


def _validated(table: dict[str, Any], folder: Path) -> tuple[_Document | None, list[Problem]]:
    """What a file says, and everything that is wrong with it; without what is wrong, to find what else is."""
    try:
        document = _Document.model_validate(table)
    except ValidationError as error:
        problems = [Problem(e["loc"], _problem(e)) for e in error.errors()]
        try:
            rest = _Document.model_validate(without(table, [p.place for p in problems]))
        except ValidationError:
            return None, problems
        return rest, [*problems, *_new(_problems_between(rest, folder), problems)]
    return document, _problems_between(document, folder)


def _problems_between(document: _Document, folder: Path) -> list[Problem]:
    """What is wrong with tables that are each all right."""
    return [
        *_problems_of_sources(document),
        *_problems_of_outputs(document),
        *_problems_of_glossaries(document, folder),
    ]


def _new(found: Iterable[Problem], known: Iterable[Problem]) -> list[Problem]:
    """Those of tables that have no problem yet: they may be but its consequence."""
    tables = {p.place[:2] for p in known}
    return [problem for problem in found if problem.place[:2] not in tables]


def _absolute(folder: Path, path: str) -> Path:
    """A path of the file, whose relative paths are relative to it; `..` taken out for messages to be readable."""
    return Path(os.path.normpath(folder / Path(path).expanduser()))


def _duration(value: object) -> object:
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


def _tag(value: str) -> str:
    tag = languages.normalise(value)
    if tag is None:
        raise ValueError(f'"{value}" is not a language tag such as "zh" or "pt-BR"')
    return tag


def slug(value: str) -> str:
    """An id of a source or output. Raises: ValueError."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", value):
        raise ValueError(f'"{value}" must be made of a-z, 0-9, ".", "_" and "-"')
    if re.search(r"-archive-\d{4}-\d\d$", value):
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


def _word(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("must be a word, or several on one line")
    return value.strip()


_Duration = Annotated[timedelta, BeforeValidator(_duration)]
_Tag = Annotated[str, AfterValidator(_tag)]
_Slug = Annotated[str, AfterValidator(slug)]
_Word = Annotated[str, AfterValidator(_word)]
_Line = Annotated[str, Field(min_length=1), AfterValidator(_one_line)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Service(_Table):
    data_dir: str = "../var/data"
    output_dir: str = "../var/public"
    base_url: Annotated[str, AfterValidator(_base_url)] = "http://127.0.0.1:8080/"
    target_language: _Tag = "en"
    beam_size: Annotated[int, Field(ge=1, le=8)] = 2
    database: Annotated[str, Field(pattern=r"^(sqlite|postgresql)(\+\w+)?://")] | None = None
    publish_after: _Duration = timedelta(hours=6)
    keep_memory: Annotated[_Duration, Field(ge=timedelta(days=1))] = timedelta(days=365)
    credit: bool = True
    hubs: list[Annotated[str, AfterValidator(_hub)]] = []
    precompress: bool = False


class _Fetch(_Table):
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


class _Elsewhere(_Table):
    """A secret that does not stand in the configuration."""

    env: _Line | None = None
    file: _Line | None = None

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


class _Auth(_Table):
    username: _Line
    password: _Elsewhere


_Secrets = Annotated[dict[str, _Line | _Elsewhere], AfterValidator(_headers)]


class _Defaults(_Table):
    interval: Annotated[_Duration, Field(ge=timedelta(seconds=30))] | None = None
    max_interval: Annotated[_Duration, Field(ge=timedelta(seconds=30))] | None = None
    layout: Annotated[Layout, Field(strict=False)] | None = None
    title_layout: Annotated[TitleLayout, Field(strict=False)] | None = None
    max_entries: Annotated[int, Field(ge=1)] | None = None
    keep_entries: Annotated[int, Field(ge=1)] | None = None
    keep_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    allow_private: bool | None = None
    full_text: bool | None = None
    proxy: Annotated[str, AfterValidator(_proxy)] | None = None
    glossaries: list[Annotated[str, Field(min_length=1)]] | None = None


class _Source(_Defaults):
    id: _Slug
    url: Annotated[str, AfterValidator(http_url)] | None = None
    file: Annotated[str, Field(min_length=1)] | None = None
    folder: Annotated[str, Field(min_length=1)] | None = None
    language: _Tag | None = None
    headers: _Secrets = {}
    cookies: _Secrets = {}
    auth: _Auth | None = None


class _Output(_Table):
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
        return Filters(
            include=tuple(self.include),
            exclude=tuple(self.exclude),
            categories=tuple(self.categories),
            exclude_categories=tuple(self.exclude_categories),
            languages=tuple(self.languages),
        )


class _Server(_Table):
    listen: Annotated[tuple[str, int], BeforeValidator(parse_listen)] = ("127.0.0.1", 8080)
    refresh_token_file: _Line | None = None


class _Document(_Table):
    service: _Service = _Service()
    fetch: _Fetch = _Fetch()
    defaults: _Defaults = _Defaults()
    sources: list[_Source] = []
    outputs: list[_Output] = []
    server: _Server | None = None


_FALLBACK = _Defaults.model_construct(
    interval=timedelta(hours=1),
    max_interval=timedelta(days=1),
    full_text=False,
    layout=Layout.INTERLEAVED,
    title_layout=TitleLayout.TRANSLATION_FIRST,
    max_entries=50,
    proxy=None,
    allow_private=False,
    glossaries=[],
)


def _pick(key: str, *tables: _Table) -> Any:
    """The value of a key in the first table that sets it."""
    values = (getattr(table, key) for table in (*tables, _FALLBACK))
    return next((value for value in values if value is not None), None)


def _source(table: _Source, defaults: _Defaults, folder: Path) -> Source:
    kind, location = next((k, v) for k, v in _places(table).items() if v is not None)
    interval_s = int(_pick("interval", table, defaults).total_seconds())
    return Source(
        id=table.id,
        kind={"url": "feed", "file": "file", "folder": "folder"}[kind],  # type: ignore[arg-type]
        location=location if kind == "url" else str(_absolute(folder, location)),
        language=table.language,
        interval_s=interval_s,
        max_interval_s=max(interval_s, int(_pick("max_interval", table, defaults).total_seconds())),
        layout=_pick("layout", table, defaults),
        title_layout=_pick("title_layout", table, defaults),
        max_entries=_pick("max_entries", table, defaults),
        keep_entries=_pick("keep_entries", table, defaults),
        keep_days=_pick("keep_days", table, defaults),
        full_text=_pick("full_text", table, defaults),
        allow_private=_pick("allow_private", table, defaults),
        glossaries=tuple(str(_absolute(folder, path)) for path in _pick("glossaries", table, defaults)),
        access=_access(table, defaults, folder),
    )


def _access(table: _Source, defaults: _Defaults, folder: Path) -> Access:
    return Access(
        headers=tuple((name, _secret(value, folder)) for name, value in table.headers.items()),
        cookies=tuple((name, _secret(value, folder)) for name, value in table.cookies.items()),
        username=table.auth.username if table.auth else None,
        password=_secret(table.auth.password, folder) if table.auth else None,
        proxy=_pick("proxy", table, defaults),
    )


def _secret(value: str | _Elsewhere, folder: Path) -> Secret:
    match value:
        case str():
            return Secret("text", value)
        case _Elsewhere(env=str(name)):
            return Secret("env", name)
        case _:
            return Secret("file", str(_absolute(folder, value.file or "")))


def _outputs(document: _Document) -> tuple[OutputFeed, ...]:
    """The configured outputs, and one of its own id for each source that has none."""
    explicit = {output.slug for output in document.outputs}
    combined = [(output, _matching(output, document)) for output in document.outputs]
    own = [(_Output(slug=s.id, sources=[s.id]), (s.id,)) for s in document.sources if s.id not in explicit]
    by_id = {s.id: s for s in document.sources}
    feeds = []
    for output, ids in [*combined, *own]:
        tables = (output, by_id[ids[0]], document.defaults) if len(ids) == 1 else (output, document.defaults)
        feeds.append(
            OutputFeed(
                slug=output.slug,
                title=output.title,
                source_ids=ids,
                layout=_pick("layout", *tables),
                title_layout=_pick("title_layout", *tables),
                max_entries=_pick("max_entries", *tables),
                filters=output.filters(),
            )
        )
    return tuple(feeds)


def _matching(output: _Output, document: _Document) -> tuple[str, ...]:
    return tuple(s.id for s in document.sources if any(fnmatchcase(s.id, p) for p in output.sources))


def _places(table: _Source) -> dict[str, str | None]:
    return {"url": table.url, "file": table.file, "folder": table.folder}


def _problems_of_sources(document: _Document) -> list[Problem]:
    problems = []
    ids = [s.id for s in document.sources]
    for index, source in enumerate(document.sources):
        if source.id in ids[:index]:
            problems.append(Problem(("sources", index, "id"), f'sources: the id "{source.id}" is used twice'))
        if source.url is None and (source.headers or source.cookies or source.auth):
            text = f'sources "{source.id}": headers, cookies and auth are for sources with a url'
            problems.append(Problem(("sources", index), text))
        if sum(v is not None for v in _places(source).values()) != 1:
            text = f'sources "{source.id}": give exactly one of url, file and folder'
            problems.append(Problem(("sources", index), text))
    return problems


def _problems_of_outputs(document: _Document) -> list[Problem]:
    slugs = [o.slug for o in document.outputs]
    problems = [
        Problem(
            (place, index, key),
            f'{place}: "{_OWN_FEED}" is the name of the feed that tells how the service fares',
        )
        for place, key, names in (
            ("outputs", "slug", slugs),
            ("sources", "id", [s.id for s in document.sources]),
        )
        for index, name in enumerate(names)
        if name == _OWN_FEED
    ]
    for index, output in enumerate(document.outputs):
        if output.slug in slugs[:index]:
            text = f'outputs: the slug "{output.slug}" is used twice'
            problems.append(Problem(("outputs", index, "slug"), text))
        if not _matching(output, document):
            wanted = ", ".join(output.sources) or "an empty list"
            text = f'outputs "{output.slug}": no source matches {wanted}'
            problems.append(Problem(("outputs", index, "sources"), text))
    return problems


def _problems_of_glossaries(document: _Document, folder: Path) -> list[Problem]:
    given: list[tuple[str, Place, _Defaults]] = [("defaults", ("defaults",), document.defaults)]
    given += [(f'sources "{s.id}"', ("sources", i), s) for i, s in enumerate(document.sources)]
    return [
        Problem((*place, "glossaries"), f"{name}: the glossary {path} is no file")
        for name, place, table in given
        for path in (_absolute(folder, glossary) for glossary in table.glossaries or [])
        if not path.is_file()
    ]


def _problem(error: Mapping[str, Any]) -> str:
    """One line for a pydantic error: `sources[0].interval: must be …`."""
    where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error["loc"]).lstrip(".")
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown key"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"
