"""The commands `feedsvc models …`: translation models that are here, and those that can be had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from feedsvc.service.cli_examples import examples
from feedsvc.service.opening import Json, config_if_any, open_models, read_clock

if TYPE_CHECKING:
    from feedsvc.translate import Models
    from feedsvc.translate.packages import Model

app = typer.Typer(no_args_is_help=True, help="List, install and remove translation models (Argos packages).")

IndexUrl = Annotated[
    str | None,
    typer.Option("--index", metavar="URL", envvar="FEEDSVC_MODEL_INDEX", help="Default: that of Argos."),
]


@app.command("list", epilog=examples("models list"))
def models_list(
    context: typer.Context,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the index what is new in it.")
    ] = False,
    index_url: IndexUrl = None,
    as_json: Json = False,
) -> None:
    """Show the models that are here, and what the Argos index has."""
    from feedsvc.service import console
    from feedsvc.translate.index import Index
    from feedsvc.translate.models import covering

    models, now = open_models(config_if_any(context)), read_clock()
    found, index = models.available(), Index(models.folder, index_url)
    listing = index.kept() if offline else index.read(now)
    offers = [offer for offer in listing.offers if covering(found, offer) is None]
    if as_json:
        console.show_json(console.models_as_json(found, offers, listing, index.address))
    else:
        console.show_models(found, offers, listing, now=now)


@app.command("install", epilog=examples("models install"))
def models_install(
    context: typer.Context,
    what: Annotated[list[str], typer.Argument(metavar="FROM TO | FILE")],
    index_url: IndexUrl = None,
    as_json: Json = False,
) -> None:
    """Install models from the Argos index, or from a file.

    Where the index has none for the two, those of the shortest way through other languages. Each is checked, by
    translating with it, before it replaces anything.
    """
    from feedsvc.service import console

    models = open_models(config_if_any(context))
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


@app.command("remove", epilog=examples("models remove"))
def models_remove(
    context: typer.Context,
    source_language: Annotated[str, typer.Argument(metavar="FROM")],
    target_language: Annotated[str, typer.Argument(metavar="TO")],
) -> None:
    """Remove the installed models of two languages."""
    from feedsvc.service import console
    from feedsvc.service.texts import Languages

    pair = Languages.parse(source_language, target_language)
    for model in open_models(config_if_any(context)).remove(pair.source or "", pair.target):
        console.show(f"Removed {model.engine}")


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
    listing = index.read(read_clock())
    if not listing.offers:
        why = f"the index cannot be read: {listing.problem}"
        raise ModelError(index.address, f"{why}; without it: feedsvc models install FILE.argosmodel")
    if listing.problem:
        console.complain(console.stale(listing, now=read_clock()))
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
