"""Reads the configuration file: TOML in, a frozen `Config` out, or a `ConfigError` with every problem at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pydantic import (
    ValidationError,
)

from feedsvc.document import (
    DefaultsTable,
    Document,
    Elsewhere,
    OutputTable,
    SourceTable,
    Table,
    place_of,
    said,
)
from feedsvc.errors import ConfigError
from feedsvc.lines import Place, Problem, line_of, lines_of, without
from feedsvc.model import Access, Layout, Limits, OutputFeed, Secret, Source, TitleLayout

_OWN_FEED = "status"
#: what stands for something else in the path of a URL as SQLAlchemy reads it
_QUOTED = str.maketrans({"%": "%25", "?": "%3F"})
#: what the parser says of `interval = 1h` and `url = https://…`
_UNQUOTED = ("Expected newline", "Invalid value")


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
    database: str = field(repr=False)
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
    looked = ", ".join(map(str, places))
    raise ConfigError(None, [f"no configuration file: looked for {looked}; make one with: feedsvc init"])


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
        hint = "; text stands in quotes" if reason.startswith(_UNQUOTED) else ""
        raise ConfigError(path, [f"is not TOML: {reason}{hint}"], lines=[number]) from error
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
        database=_database(document.service.database, folder) or _url(data_dir / "feedsvc.sqlite"),
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


def _token_file(document: Document, folder: Path) -> Path | None:
    given = document.server.refresh_token_file if document.server else None
    return _absolute(folder, given) if given else None


def _database(given: str | None, folder: Path) -> str | None:
    if given is None or not given.startswith("sqlite"):
        return given
    return _url(_absolute(folder, unquote(given.partition(":///")[2])))


def _url(database: Path) -> str:
    """The URL of a database that is a file."""
    return f"sqlite:///{str(database).translate(_QUOTED)}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(path, [f"cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(path, [f"is not TOML: it is not UTF-8: {error.reason}"], lines=[line]) from error


def _validated(table: dict[str, Any], folder: Path) -> tuple[Document | None, list[Problem]]:
    """What a file says, and everything that is wrong with it; without what is wrong, to find what else is."""
    try:
        document = Document.model_validate(table)
    except ValidationError as error:
        problems = [Problem(place_of(e), said(e)) for e in error.errors()]
        try:
            rest = Document.model_validate(without(table, [p.place for p in problems]))
        except ValidationError:
            return None, problems
        return rest, [*problems, *_new(_problems_between(rest, folder), problems)]
    return document, _problems_between(document, folder)


def _problems_between(document: Document, folder: Path) -> list[Problem]:
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


_FALLBACK = DefaultsTable.model_construct(
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


def _pick(key: str, *tables: Table) -> Any:
    """The value of a key in the first table that sets it."""
    values = (getattr(table, key) for table in (*tables, _FALLBACK))
    return next((value for value in values if value is not None), None)


def _source(table: SourceTable, defaults: DefaultsTable, folder: Path) -> Source:
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


def _access(table: SourceTable, defaults: DefaultsTable, folder: Path) -> Access:
    return Access(
        headers=tuple((name, _secret(value, folder)) for name, value in table.headers.items()),
        cookies=tuple((name, _secret(value, folder)) for name, value in table.cookies.items()),
        username=table.auth.username if table.auth else None,
        password=_secret(table.auth.password, folder) if table.auth else None,
        proxy=_pick("proxy", table, defaults),
    )


def _secret(value: str | Elsewhere, folder: Path) -> Secret:
    match value:
        case str():
            return Secret("text", value)
        case Elsewhere(env=str(name)):
            return Secret("env", name)
        case _:
            return Secret("file", str(_absolute(folder, value.file or "")))


def _outputs(document: Document) -> tuple[OutputFeed, ...]:
    """The configured outputs, and one of its own id for each source that has none."""
    explicit = {output.slug for output in document.outputs}
    combined = [(output, _matching(output, document)) for output in document.outputs]
    own = [
        (OutputTable(slug=s.id, sources=[s.id]), (s.id,)) for s in document.sources if s.id not in explicit
    ]
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


def _matching(output: OutputTable, document: Document) -> tuple[str, ...]:
    return tuple(s.id for s in document.sources if any(fnmatchcase(s.id, p) for p in output.sources))


def _places(table: SourceTable) -> dict[str, str | None]:
    return {"url": table.url, "file": table.file, "folder": table.folder}


def _problems_of_sources(document: Document) -> list[Problem]:
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


def _problems_of_outputs(document: Document) -> list[Problem]:
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


def _problems_of_glossaries(document: Document, folder: Path) -> list[Problem]:
    given: list[tuple[str, Place, DefaultsTable]] = [("defaults", ("defaults",), document.defaults)]
    given += [(f'sources "{s.id}"', ("sources", i), s) for i, s in enumerate(document.sources)]
    return [
        Problem((*place, "glossaries"), f"{name}: the glossary {path} is no file")
        for name, place, table in given
        for path in (_absolute(folder, glossary) for glossary in table.glossaries or [])
        if not path.is_file()
    ]
