"""The commands `feedsvc init` and `feedsvc doctor`: from nothing to an installation that is known to work."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from feedsvc.service.opening import Json, open_config, read_clock

if TYPE_CHECKING:
    from feedsvc.service.setup import Made


def init(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Gets config/ and var/; default: this one.")
    ] = None,
    system: Annotated[
        bool, typer.Option("--system", help="For the systemd service: /etc/feedsvc and /var/lib/feedsvc.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Put a configuration that is there aside, as feedsvc.toml.old.")
    ] = False,
) -> None:
    """Write a configuration with comments, and make the folders. Says what to do next."""
    from feedsvc.service import setup

    if context.obj:
        raise typer.BadParameter("--config goes with every other command; init takes a FOLDER")
    if system and folder:
        raise typer.BadParameter("--system knows its folders; leave FOLDER out")
    layout = setup.SYSTEM if system else setup.below((folder or Path()).absolute())
    _show_made(setup.init(layout, force=force), is_here=folder is None, is_system=system)


def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Prove, by a real translation, that this works offline. Says what to do where it does not."""
    from feedsvc.service import console, doctor

    checks = doctor.examine(open_config(context), now=read_clock())
    if as_json:
        console.show_json(doctor.as_json(checks))
    else:
        for check in checks:
            console.show(doctor.line(check))
    if any(check.verdict == "fail" for check in checks):
        raise typer.Exit(1)


def _show_made(made: Made, *, is_here: bool, is_system: bool) -> None:
    from feedsvc.service import console

    for path in made.new:
        console.show(f"made  {path}{'/' if path.is_dir() else ''}")
    if made.kept:
        console.show(f"kept  {made.kept}")
    path = made.path
    command = "feedsvc" if is_here or is_system else f"feedsvc --config {quote(str(path))}"
    if is_system:
        command = f"sudo -u feedsvc {command}"
    adding = "sudo feedsvc" if is_system else command
    console.show("\nNext:")
    for does, what in (
        (f"${{EDITOR:-nano}} {quote(str(path))}", "say what to read; every setting is explained"),
        (f"{adding} add news.example", "or let feedsvc find the feed of a site"),
        (f"{command} doctor", "prove that everything is there"),
        (
            "sudo systemctl enable --now feedsvc" if is_system else f"{command} run",
            "read, translate, publish",
        ),
    ):
        console.show(f"  {does}\n      {what}")
