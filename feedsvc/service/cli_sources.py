"""The commands `feedsvc add` and `feedsvc opml …`: what the configuration has for sources."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from feedsvc.errors import ConfigError, ParseError
from feedsvc.service.cli_examples import examples
from feedsvc.service.opening import Json, open_config, open_models, open_store, read_clock

if TYPE_CHECKING:
    from feedsvc.config import Config
    from feedsvc.ingest.find import Found, Search
    from feedsvc.service.adding import Plan, Wishes

app = typer.Typer(
    no_args_is_help=True, help="Take over sources from other programs, and hand them on (OPML)."
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Write nothing; tell what would be added.")]


def add(
    context: typer.Context,
    address: Annotated[
        str, typer.Argument(metavar="URL", help="Of a feed or a site; or a folder or feed file.")
    ],
    source_id: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="Default: made of its title. It should never change."),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(metavar="LANGUAGE", help="Such as zh; default: what the feed says, else detected."),
    ] = None,
    full_text: Annotated[
        bool, typer.Option("--full-text", help="Fetch the article behind each link.")
    ] = False,
    take_first: Annotated[bool, typer.Option("--first", help="Of several feeds, the first one.")] = False,
    take_all: Annotated[bool, typer.Option("--all", help="Of several feeds, every one.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Find the feed behind an address, and add it to the sources.

    Of several, a person at a terminal is asked which; elsewhere --first or --all says it.
    """
    from feedsvc.service import adding, console_sources

    if take_all and (take_first or source_id):
        raise typer.BadParameter("--all goes with neither --first nor --id")
    path, config = _to_edit(context)
    wishes = _wishes(config, source_id, language, full_text=full_text)
    try:
        place = adding.locate(address)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if known := adding.configured(config, place):
        search, plan = None, adding.Plan(present=(known.id,))
    else:
        search = _look(place, config)
        if not search.feeds:
            console_sources.show_nothing_found(place, search, as_json=as_json)
            raise typer.Exit(1)
        how = "all" if take_all else "first" if take_first else "json" if as_json else "ask"
        chosen = _choose(context, place, search.feeds, config, how)
        plan = adding.plan_found(chosen, config, wishes)
    config = _write(path, plan, config, dry_run=dry_run)
    if as_json:
        console_sources.show_json(plan, search, config)
    else:
        console_sources.show_added(
            plan, search, config, command=_command(context, config), is_done=not dry_run
        )
        _name_missing_models(plan, search, config)


@app.command("import", epilog=examples("opml import"))
def opml_import(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="-: standard input.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Add the feeds of an OPML file as sources.

    Nothing is fetched. Folders in it are not kept: [[outputs]] in the configuration say what belongs together.
    """
    from feedsvc.ingest.opml import read_opml
    from feedsvc.service import adding, console_sources

    path, config = _to_edit(context)
    try:
        outlines = read_opml(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except OSError as error:
        raise ConfigError(file, [f"cannot be read: {error.strerror}"]) from error
    except ParseError as error:
        raise ConfigError(file, [str(error)]) from error
    plan = adding.plan_import(outlines, config)
    config = _write(path, plan, config, dry_run=dry_run)
    if as_json:
        console_sources.show_json(plan, None, config)
    else:
        console_sources.show_imported(plan, path, command=_command(context, config), is_done=not dry_run)
    if plan.refused:
        raise typer.Exit(1)


@app.command("export", epilog=examples("opml export"))
def opml_export(
    context: typer.Context,
    translated: Annotated[
        bool, typer.Option("--translated", help="The feeds that are published here, not their sources.")
    ] = False,
) -> None:
    """Write the sources as OPML.

    To standard output, for other programs to import.
    """
    from feedsvc.publish import NAME, Renderer, opml
    from feedsvc.service import adding, console

    config = open_config(context)
    with open_store(config) as store:
        states = {source.id: store.state(source.id) for source in config.sources}
    if translated:
        outlines = Renderer(config, states).subscriptions()
        left_out = [o.slug for o in config.outputs if not any(states[i].added_at for i in o.source_ids)]
        why = f"not published yet (do that with: {_command(context)} refresh)"
    else:
        outlines, left_out = adding.exported(config, states)
        why = "no feeds of the web"
    sys.stdout.buffer.write(opml.render(NAME if translated else "Sources of feedsvc", outlines))
    sys.stdout.flush()
    if left_out:
        console.complain(f"left out, {why}: {', '.join(left_out)}")


def _to_edit(context: typer.Context) -> tuple[Path, Config | None]:
    """The configuration file, and what it says; nothing if it is one that the user names and that is to be made."""
    from feedsvc.config import find_config, load_config

    given = context.obj or os.environ.get("FEEDSVC_CONFIG")
    if given and not Path(given).exists():
        return Path(given), None
    try:
        path = find_config(context.obj)
    except ConfigError as error:
        hint = "make one by naming it, such as: feedsvc --config config/feedsvc.toml add …"
        raise ConfigError(None, [*error.problems, hint]) from error
    return path, load_config(path)


def _wishes(config: Config | None, source_id: str | None, language: str | None, *, full_text: bool) -> Wishes:
    """What the user said of the source, checked before anything is asked for."""
    from feedsvc.document import slug
    from feedsvc.service.adding import Wishes
    from feedsvc.service.sources import taken_ids
    from feedsvc.service.texts import Languages

    if source_id is not None:
        try:
            slug(source_id)
        except ValueError as error:
            raise typer.BadParameter(f"--id {error}") from error
        if source_id in taken_ids(config):
            raise typer.BadParameter(f'--id "{source_id}" is that of another source or output')
    tag = Languages.parse(language, "en").source if language else None
    return Wishes(id=source_id, language=tag, full_text=full_text)


def _look(place: str, config: Config | None) -> Search:
    from feedsvc.ingest import Fetcher
    from feedsvc.service import adding
    from feedsvc.service.console_sources import looking

    with Fetcher(config.limits if config else None) as fetcher, looking() as on_ask:
        return adding.look(place, fetcher, now=read_clock(), on_ask=on_ask)


def _choose(
    context: typer.Context, place: str, feeds: Sequence[Found], config: Config | None, how: str
) -> Sequence[Found]:
    """The feeds to add: the only one that can be meant, else what an option says, else what the user answers."""
    from feedsvc.service import adding, console_sources

    if how == "all":
        return feeds
    mains = adding.main_feeds(feeds)
    if how == "first" or len(mains) == 1:
        return mains[:1]
    ids = [source.id if (source := adding.configured(config, f.location)) else None for f in feeds]
    if how == "json" or not (sys.stdin.isatty() and sys.stderr.isatty()):
        console_sources.show_choice(place, feeds, ids, command=_command(context), as_json=how == "json")
        raise typer.Exit(2)
    console_sources.show_numbered(place, feeds, ids)
    while True:
        answer = str(typer.prompt(f"Which one? 1 to {len(feeds)}, or all", default="1", err=True)).strip()
        if answer == "all":
            return feeds
        if answer.isdecimal() and 1 <= int(answer) <= len(feeds):
            return [feeds[int(answer) - 1]]


def _write(path: Path, plan: Plan, config: Config | None, *, dry_run: bool) -> Config | None:
    from feedsvc.service.sources import add_sources

    return add_sources(path, plan.new) if plan.new and not dry_run else config


def _name_missing_models(plan: Plan, search: Search | None, config: Config | None) -> None:
    """Tell the user now that entries of a new source will stay untranslated, and what helps."""
    from feedsvc import languages
    from feedsvc.errors import LanguagePairMissing
    from feedsvc.service import console
    from feedsvc.service.user import is_root_beside_another

    if config and is_root_beside_another(config):  # looking for models unpacks the starter; `doctor` tells
        return
    target = config.target_language if config else "en"
    said = {found.location: found.language for found in search.feeds} if search else {}
    for language in dict.fromkeys(source.language or said.get(source.location) for source in plan.new):
        if language and languages.base(language) != languages.base(target):
            try:
                open_models(config).route(language, target)
            except LanguagePairMissing as error:
                console.complain(f"note: {error}")


def _command(context: typer.Context, config: Config | None = None) -> str:
    """The beginning of a command to show, with the configuration that this one has, as the user who may run it."""
    from shlex import quote

    from feedsvc.service.user import sudo_if_root

    who = sudo_if_root(config) if config else ""
    return f"{who}feedsvc --config {quote(str(context.obj))}" if context.obj else f"{who}feedsvc"
