"""The command `feedsvc`. Every command is a few lines: open what it needs, call one function, show the outcome.

Heavy libraries are imported inside the commands that use them: `--help` must answer at once.
Exit codes: 0 all well, 1 something failed and was named, 2 bad usage or configuration.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from feedsvc import __version__
from feedsvc.errors import ConfigError, FeedsvcError
from feedsvc.service import cli_models, cli_setup, cli_sources
from feedsvc.service.cli_examples import examples
from feedsvc.service.opening import (
    Json,
    complete_source,
    config_if_any,
    open_config,
    open_store,
    open_translator,
    read_clock,
)

if TYPE_CHECKING:
    from feedsvc.config import Config
    from feedsvc.model import RunReport

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog=examples(""),
    help="Reads news feeds and folders, translates them on this machine, publishes bilingual RSS and Atom.",
)
app.command("init", epilog=examples("init"))(cli_setup.init)
app.command("doctor", epilog=examples("doctor"))(cli_setup.doctor)
app.command("add", epilog=examples("add"))(cli_sources.add)
app.add_typer(cli_sources.app, name="opml")
app.add_typer(cli_models.app, name="models")


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From which level on events are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def main() -> None:
    """Run the command line, and turn every expected error into one clear message and an exit code."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter is no reason to fail
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="feedsvc")
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except FeedsvcError as error:
        sys.stderr.write(f"feedsvc: {error}\n")
        sys.exit(1)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"feedsvc {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Default: $FEEDSVC_CONFIG, config/feedsvc.toml, /etc/feedsvc/feedsvc.toml."
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and stop.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Options before the command."""
    context.obj = config


@app.command(epilog=examples("refresh"))
def refresh(
    context: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE", help="Ids; default: all.", autocompletion=complete_source),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch unconditionally, and try failed sentences again.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for a service or refresh that is at work.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Read the sources, translate what is new, publish. Once, now."""
    config = open_config(context)
    known = [source.id for source in config.sources]
    if unknown := [s for s in sources or [] if s not in known]:
        raise ConfigError(
            config.path, [f'there is no source "{s}"; there are: {", ".join(known)}' for s in unknown]
        )
    _finish(_refresh(config, sources or [], force=force, wait=wait), as_json=as_json)


@app.command(epilog=examples("status"))
def status(context: typer.Context, as_json: Json = False) -> None:
    """Show sources, failures, backlog and outputs."""
    from feedsvc.service.console import show_json
    from feedsvc.service.status import status as gather

    config = open_config(context)
    with open_store(config) as store:
        found = gather(config, store, open_translator(config))
    if as_json:
        show_json(found)
    else:
        from feedsvc.service.console_status import show_status

        show_status(found, now=read_clock())


@app.command(epilog=examples("explain"))
def explain(
    context: typer.Context,
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Id of a source.", autocompletion=complete_source)
    ],
    guid: Annotated[
        str | None, typer.Argument(metavar="GUID", help="Guid or link of an entry, or a part of its title.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell why an entry is in the feeds or not.

    Also how its sentences fared, and what the glossary did.
    """
    from feedsvc.service import console
    from feedsvc.service.explain import explain_entry, explain_source

    config = open_config(context)
    with open_store(config) as store:
        translator = open_translator(config)
        if guid is None:
            found = explain_source(config, store, translator, source)
        else:
            found = explain_entry(config, store, translator, source, guid)
    if as_json:
        console.show_json(found)
    elif guid is None:
        console.show_entries(found)
    else:
        console.show_entry(found)


@app.command(epilog=examples("translate"))
def translate(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Default, and -: standard input.")
    ] = None,
    source_language: Annotated[
        str | None,
        typer.Option("--from", metavar="LANGUAGE", help="Default: detected."),
    ] = None,
    target_language: Annotated[str, typer.Option("--to", metavar="LANGUAGE")] = "en",
    html: Annotated[bool, typer.Option("--html", help="The input is HTML; its markup is kept.")] = False,
    lines: Annotated[bool, typer.Option("--lines", help="One line out for each line in.")] = False,
    glossaries: Annotated[
        list[Path] | None,
        typer.Option(
            "--glossary", metavar="FILE", help="Terms to translate in a given way; may be repeated."
        ),
    ] = None,
) -> None:
    """Translate text. What cannot be translated well stands in the original, and is named on standard error."""
    from feedsvc.service import texts
    from feedsvc.translate import load_glossary

    if html and lines:
        raise typer.BadParameter("--html and --lines exclude each other")
    translator = open_translator(config_if_any(context))
    languages = texts.Languages.parse(source_language, target_language)
    with _input(file) as lines_in:
        failed = texts.translate(
            lines_in,
            sys.stdout,
            translator,
            languages,
            mode="html" if html else "lines" if lines else "text",
            glossary=load_glossary(glossaries or []),
        )
    for line in failed:
        sys.stderr.write(f"feedsvc: {line}\n")
    if failed:
        raise typer.Exit(1)


@app.command(epilog=examples("run"))
def run(
    context: typer.Context,
    log_format: Annotated[
        LogFormat, typer.Option("--log-format", help="text: time, level, event, key=value …; or JSON lines.")
    ] = LogFormat.TEXT,
    log_level: Annotated[
        LogLevel, typer.Option("--log-level", help="What is logged on standard error.")
    ] = LogLevel.INFO,
) -> None:
    """Refresh each source when it is due, until stopped. Serves too, if [server] is set.

    SIGHUP, or a changed file, reloads the configuration; SIGTERM ends the service within seconds.
    """
    from feedsvc.service import logs
    from feedsvc.service.worker import Worker

    config = open_config(context)
    logs.set_up(as_json=log_format is LogFormat.JSON, level=log_level)
    with Worker(config, open_translator(config)) as worker:
        worker.run()


@app.command(epilog=examples("serve"))
def serve(
    context: typer.Context,
    listen: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Default: [server] listen, else 127.0.0.1:8080."),
    ] = None,
) -> None:
    """Serve the output folder over HTTP."""
    _serve(open_config(context), listen)


@app.command(epilog=examples("demo"))
def demo(
    context: typer.Context,
    serve: Annotated[bool, typer.Option(help="Serve the feeds when they are published.")] = True,
    listen: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Default: 127.0.0.1:8080.")] = None,
) -> None:
    """Translate, publish and serve the sample sources."""
    from feedsvc.config import load_config
    from feedsvc.service import console
    from feedsvc.service.reached import reached_at

    config = load_config(context.obj or Path("config/demo.toml"))
    if listen:
        host, port = _place(config, listen)
        config = replace(config, base_url=f"http://{reached_at(host)}:{port}/")
    report = _refresh(config, [], force=False)
    console.show_report(report)
    console.show(f"\nThe feeds are in {config.output_dir}:")
    for output in config.outputs:
        console.show(
            "  " + "   ".join(f"{config.base_url}{output.slug}.{s}" for s in ("rss", "atom", "json"))
        )
    if report.failures:
        raise typer.Exit(1)
    if serve:
        _serve(config, listen)


def _refresh(config: Config, sources: list[str], *, force: bool, wait: bool = True) -> RunReport:
    from feedsvc import pipeline
    from feedsvc.ingest import Fetcher
    from feedsvc.service.console import complain, progress_bar

    told: set[str] = set()

    def on_wait(holder: str) -> None:
        if holder not in told:
            complain(f"Waiting for {holder}, which works on the same database (--no-wait does not).")
        told.add(holder)

    with open_store(config) as store, Fetcher(config.limits) as fetcher, progress_bar() as on_progress:
        return pipeline.refresh(
            config,
            store,
            fetcher,
            open_translator(config),
            now=read_clock(),
            only=sources,
            force=force,
            on_progress=on_progress,
            on_wait=on_wait if wait else None,
        )


def _finish(report: RunReport, *, as_json: bool) -> None:
    from feedsvc.service import console

    if as_json:
        console.show_json(console.report_as_json(report))
    else:
        console.show_report(report)
    if report.failures:
        raise typer.Exit(1)


def _place(config: Config, listen: str | None) -> tuple[str, int]:
    """Where to serve. Raises: typer.BadParameter."""
    from feedsvc.document import parse_listen

    try:
        return parse_listen(listen) if listen else config.listen or ("127.0.0.1", 8080)
    except ValueError as error:
        raise typer.BadParameter(f"--listen {error}") from error


def _serve(config: Config, listen: str | None) -> None:
    from feedsvc.service import console
    from feedsvc.service.observing import observer
    from feedsvc.service.server import serve as run

    host, port = _place(config, listen)
    if not (config.output_dir / "index.html").is_file():
        console.complain(
            "Nothing is published yet; do it, here or in another terminal, with: feedsvc refresh"
        )
    run(
        config.output_dir,
        host,
        port,
        observe=observer(config),
        ready=lambda url: console.show(f"Serving {config.output_dir} at {url} (stop with Ctrl-C)"),
    )


@contextmanager
def _input(file: Path | None) -> Iterator[TextIO]:
    """A file or standard input as UTF-8, whatever the locale; so is what goes to standard output."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    given = file or Path("-")
    try:
        opened = sys.stdin.buffer if str(given) == "-" else given.open("rb")
    except OSError as error:
        raise ConfigError(given, [f"cannot be read: {error.strerror}"]) from error
    with io.TextIOWrapper(opened, encoding="utf-8-sig") as text:
        try:
            yield text
        except UnicodeDecodeError as error:
            raise ConfigError(given, [f"is not UTF-8: {error.reason}"]) from error
