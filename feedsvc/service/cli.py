"""The command `feedsvc`. Every command is a few lines: open what it needs, call one function, show the outcome.

Heavy libraries are imported inside the commands that use them: `--help` must answer at once.
Exit codes: 0 all well, 1 something failed and was named, 2 bad usage or configuration.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from feedsvc import __version__
from feedsvc.errors import ConfigError, FeedsvcError

if TYPE_CHECKING:
    from datetime import datetime

    from feedsvc.config import Config
    from feedsvc.model import RunReport
    from feedsvc.store import Store
    from feedsvc.translate import ArgosTranslator, Models
    from feedsvc.translate.packages import Model

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Reads news feeds and folders, translates them on this machine, publishes bilingual RSS and Atom.",
)
models_app = typer.Typer(
    no_args_is_help=True, help="List, install and remove translation models (Argos packages)."
)
app.add_typer(models_app, name="models")

Json = Annotated[bool, typer.Option("--json", help="Report as JSON.")]
IndexUrl = Annotated[
    str | None,
    typer.Option("--index", metavar="URL", envvar="FEEDSVC_MODEL_INDEX", help="Default: that of Argos."),
]


def main() -> None:
    """Run the command line, and turn every expected error into one clear message and an exit code."""
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


@app.command()
def refresh(
    context: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Ids; default: all.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch unconditionally, and try failed sentences again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read the sources, translate what is new, publish. Once, now."""
    config = _config(context)
    known = [source.id for source in config.sources]
    if unknown := [s for s in sources or [] if s not in known]:
        raise ConfigError(
            config.path, [f'there is no source "{s}"; there are: {", ".join(known)}' for s in unknown]
        )
    _finish(_refresh(config, sources or [], force=force), as_json=as_json)


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Show sources, failures, backlog and outputs."""
    from feedsvc.service import console
    from feedsvc.service.status import status as gather

    config = _config(context)
    with _store(config) as store:
        found = gather(config, store, _translator(config))
    if as_json:
        console.show_json(found)
    else:
        console.show_status(found)


@app.command()
def explain(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Id of a source.")],
    guid: Annotated[
        str | None, typer.Argument(metavar="[GUID]", help="Guid or link of an entry, or a part of its title.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell why an entry is in the feeds or not, how its sentences fared, and what the glossary did.

    Example: feedsvc explain archive Lavrov
    """
    from feedsvc.service import console
    from feedsvc.service.explain import explain_entry, explain_source

    config = _config(context)
    with _store(config) as store:
        translator = _translator(config)
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


@app.command()
def translate(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Default, and -: standard input.")] = None,
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
    """Translate text. What cannot be translated well stands in the original, and is named on standard error.

    Example: feedsvc translate --from zh --lines headlines.txt > headlines.en.txt
    """
    from feedsvc.service import texts
    from feedsvc.translate import load_glossary

    if html and lines:
        raise typer.BadParameter("--html and --lines exclude each other")
    translator = _translator(_config_if_any(context))
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


@models_app.command("list")
def models_list(
    context: typer.Context,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the index what is new in it.")
    ] = False,
    index_url: IndexUrl = None,
    as_json: Json = False,
) -> None:
    """Show the models that are here, and those that can be installed from the index of Argos."""
    from feedsvc.service import console
    from feedsvc.translate.index import Index
    from feedsvc.translate.models import covering

    models, now = _models(_config_if_any(context)), _now()
    found, index = models.available(), Index(models.folder, index_url)
    listing = index.kept() if offline else index.read(now)
    offers = [offer for offer in listing.offers if covering(found, offer) is None]
    if as_json:
        console.show_json(console.models_as_json(found, offers, listing, index.address))
    else:
        console.show_models(found, offers, listing, now=now)


@models_app.command("install")
def models_install(
    context: typer.Context,
    what: Annotated[list[str], typer.Argument(metavar="FROM TO | FILE.argosmodel")],
    index_url: IndexUrl = None,
    as_json: Json = False,
) -> None:
    """Install the model of two languages from the index of Argos, or one from a package file.

    Where the index has none for the two, those of the shortest way through other languages. Each is checked, by
    translating with it, before it replaces anything. Examples: models install zh en, models install zh_en.argosmodel
    """
    from feedsvc.service import console

    models = _models(_config_if_any(context))
    match what:
        case [file] if Path(file).exists() or Path(file).suffix == ".argosmodel":
            done = iter([(models.install(Path(file)), True)])
        case [source_language, target_language]:
            done = _install_from_index(models, source_language, target_language, index_url)
        case _:
            raise typer.BadParameter("name two languages, such as: zh en, or one file that is there")
    if as_json:
        console.show_json([console.model_as_json(model) | {"is_new": is_new} for model, is_new in done])
        return
    for model, is_new in done:
        console.show(f"{'Installed' if is_new else 'Here already:'} {model.engine}: {model.path}")


@models_app.command("remove")
def models_remove(
    context: typer.Context,
    source_language: Annotated[str, typer.Argument(metavar="FROM")],
    target_language: Annotated[str, typer.Argument(metavar="TO")],
) -> None:
    """Remove the installed models of a pair of languages, such as: zh en."""
    from feedsvc.service import console
    from feedsvc.service.texts import Languages

    pair = Languages.parse(source_language, target_language)
    for model in _models(_config_if_any(context)).remove(pair.source or "", pair.target):
        console.show(f"Removed {model.engine}")


@app.command()
def run(context: typer.Context) -> None:
    """Run in the background: refresh each source when it is due, and serve if [server] is set."""
    from feedsvc.service import console
    from feedsvc.service.worker import Worker

    config = _config(context)
    Worker(config, _translator(config), report=console.show_report, say=console.complain).run()


@app.command()
def serve(
    context: typer.Context,
    listen: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Default: [server] listen, else 127.0.0.1:8080."),
    ] = None,
) -> None:
    """Serve the output folder over HTTP."""
    _serve(_config(context), listen)


@app.command()
def demo(
    context: typer.Context,
    serve: Annotated[bool, typer.Option(help="Serve the feeds when they are published.")] = True,
    listen: Annotated[str | None, typer.Option(metavar="HOST:PORT")] = None,
) -> None:
    """Translate the sample sources with the bundled model, publish, and serve what came out."""
    from feedsvc.config import load_config
    from feedsvc.service import console

    config = load_config(context.obj or Path("config/demo.toml"))
    report = _refresh(config, [], force=False)
    console.show_report(report)
    console.show(f"\nThe feeds are in {config.output_dir}:")
    for output in config.outputs:
        console.show(f"  {config.base_url}{output.slug}.rss   {config.base_url}{output.slug}.atom")
    if report.failures:
        raise typer.Exit(1)
    if serve:
        _serve(config, listen)


def _config(context: typer.Context) -> Config:
    from feedsvc.config import find_config, load_config

    return load_config(find_config(context.obj))


def _config_if_any(context: typer.Context) -> Config | None:
    """The configuration, where there is one: models and plain translation work without."""
    from feedsvc.config import find_config, load_config

    try:
        path = find_config(context.obj)
    except ConfigError:
        if context.obj:
            raise
        return None
    return load_config(path)


def _models(config: Config | None) -> Models:
    from feedsvc.config import default_data_dir
    from feedsvc.translate import Models

    return Models((config.data_dir if config else default_data_dir()) / "models")


def _install_from_index(
    models: Models, source_language: str, target_language: str, index_url: str | None
) -> Iterator[tuple[Model, bool]]:
    """The models that translate a pair, each when it is in place, and whether it is new here."""
    from functools import partial

    from feedsvc.errors import ModelError
    from feedsvc.service import console
    from feedsvc.service.texts import Languages
    from feedsvc.translate.index import Index
    from feedsvc.translate.models import covering, route

    pair = Languages.parse(source_language, target_language)
    index = Index(models.folder, index_url)
    listing = index.read(_now())
    if not listing.offers:
        raise ModelError(index.address, f"the index cannot be read: {listing.problem}")
    if listing.problem:
        console.complain(console.stale(listing, now=_now()))
    offers = route(listing.offers, pair.source or "", pair.target)
    if not offers:
        raise ModelError(
            f"{pair.source} → {pair.target}",
            "the index has no package for it, and no way through other languages",
        )
    if len(offers) > 1:
        console.complain(console.detour(offers))
    for offer in offers:
        model = here = covering(models.available(), offer)
        if model is None:
            with console.download_bar(" → ".join(offer.pair)) as on_progress:
                model = index.download(offer, partial(models.install, pair=offer.pair), on_progress)
        yield model, here is None


def _translator(config: Config | None) -> ArgosTranslator:
    from feedsvc.translate import ArgosTranslator
    from feedsvc.translate.translator import BEAM_SIZE

    return ArgosTranslator(_models(config), beam_size=config.beam_size if config else BEAM_SIZE)


@contextmanager
def _store(config: Config) -> Iterator[Store]:
    from feedsvc.store import Store

    with Store(config.database) as store:
        yield store


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC).replace(microsecond=0)


def _refresh(config: Config, sources: list[str], *, force: bool) -> RunReport:
    from feedsvc import pipeline
    from feedsvc.ingest import Fetcher
    from feedsvc.service.console import progress_bar

    with _store(config) as store, Fetcher(config.limits) as fetcher, progress_bar() as on_progress:
        return pipeline.refresh(
            config,
            store,
            fetcher,
            _translator(config),
            now=_now(),
            only=sources,
            force=force,
            on_progress=on_progress,
        )


def _finish(report: RunReport, *, as_json: bool) -> None:
    from feedsvc.service import console

    if as_json:
        console.show_json(console.report_as_json(report))
    else:
        console.show_report(report)
    if report.failures:
        raise typer.Exit(1)


def _serve(config: Config, listen: str | None) -> None:
    from feedsvc.config import parse_listen
    from feedsvc.service import console
    from feedsvc.service.server import serve as run

    try:
        host, port = parse_listen(listen) if listen else config.listen or ("127.0.0.1", 8080)
    except ValueError as error:
        raise typer.BadParameter(f"--listen {error}") from error
    run(
        config.output_dir,
        host,
        port,
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
