"""What a person sees of `feedsvc add` and `feedsvc opml`. Reads nothing and decides nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import Any

from feedsvc import languages
from feedsvc.config import Config
from feedsvc.ingest.find import Found, Search
from feedsvc.service import console
from feedsvc.service.adding import Plan
from feedsvc.service.sources import NewSource

_INDENT = "    "


@contextmanager
def looking() -> Iterator[Callable[[str], None]]:
    """A function to tell which URL is asked for; shows it on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda url: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status("looking for feeds") as status:
        yield lambda url: status.update(f"asking {escape(url)}")


def show_nothing_found(place: str, search: Search, *, as_json: bool) -> None:
    """That there is no feed behind an address, and what was tried."""
    if as_json:
        show_json(Plan(), search, None)
        return
    console.complain(f"feedsvc: no feed was found behind {place}; this was tried:")
    for line in search.tried:
        console.complain(f"{_INDENT}{line}")
    if "://" not in place and not Path(place).exists():
        console.complain(f"There is no file or folder {place} here either.")
    console.complain("If it has a feed elsewhere, give the address of that.")


def show_choice(
    place: str, feeds: Sequence[Found], ids: Sequence[str | None], *, command: str, as_json: bool
) -> None:
    """The feeds of which a script must name one, and how."""
    if as_json:
        show_json(Plan(), Search(feeds=tuple(feeds), tried=()), None)
        return
    console.complain(f"feedsvc: there are {len(feeds)} feeds behind {place}; say which:")
    for found, source_id in zip(feeds, ids, strict=True):
        console.complain(f"  {command} add {quote(found.location)}")
        console.complain(f"{_INDENT}{_described(found)}{_here(source_id)}")
    console.complain("or take the first one with --first, or every one with --all")


def show_numbered(place: str, feeds: Sequence[Found], ids: Sequence[str | None]) -> None:
    """The feeds of which a person at a terminal chooses one."""
    console.complain(f"There are {len(feeds)} feeds behind {place}:")
    for number, (found, source_id) in enumerate(zip(feeds, ids, strict=True), 1):
        console.complain(f"{number:3} {_described(found)}{_here(source_id)}")
        console.complain(f"{_INDENT}{found.location}")


def show_added(
    plan: Plan, search: Search | None, config: Config | None, *, command: str, is_done: bool
) -> None:
    """What was added and what comes next; or what would be added."""
    feeds = search.feeds if search else ()
    described = {found.location: _described(found) for found in feeds}
    for source_id in plan.present:
        console.show(f'There already, as "{source_id}": nothing to add.')
    for source in plan.new:
        console.show(f"{described[source.location]}\n{_INDENT}{source.location}")
    if not plan.new:
        return
    names = " ".join(source.id for source in plan.new)
    if not is_done:
        console.show(f"Nothing was written. It would be: {names}")
        return
    assert config is not None, "what was written was loaded"
    console.show(f"Added to {config.path}: {names}")
    others = [f for f in feeds if f.location not in {source.location for source in plan.new}]
    for found in others:
        console.show(f"Not added: {_described(found)}\n{_INDENT}{found.location}")
    console.show(f"\nRead and translate now: {command} refresh {names}")
    console.show("Then subscribe to:")
    for url in _addresses(plan.new, config):
        console.show(f"{_INDENT}{url}")


def show_imported(plan: Plan, path: Path, *, command: str, is_done: bool) -> None:
    """What an OPML file brought."""
    for source in plan.new:
        console.show(f"{_INDENT}{source.id}: {source.location}")
    verb = "added to" if is_done else "would be added to"
    count = f"{len(plan.new)} {'source' if len(plan.new) == 1 else 'sources'}"
    here = f", {len(plan.present)} there already" if plan.present else ""
    console.show(f"{count} {verb} {path}{here}.")
    for line in plan.refused:
        console.complain(f"refused: {line}")
    if plan.new and is_done:
        console.show(f"\nRead and translate now: {command} refresh")


def show_json(plan: Plan, search: Search | None, config: Config | None) -> None:
    """Everything that was found, is to be added, is there already or was refused, as plain data."""
    console.show_json(
        {
            "added": [
                asdict(source) | {"feeds": _addresses([source], config) if config else []}
                for source in plan.new
            ],
            "present": list(plan.present),
            "refused": list(plan.refused),
            "found": [_as_json(found) for found in search.feeds] if search else [],
            "tried": list(search.tried) if search else [],
        }
    )


def _described(found: Found) -> str:
    language = languages.name(found.language) if found.language else "language not known"
    entries = f"{found.entries} {'entry' if found.entries == 1 else 'entries'}"
    newest = f", newest {found.newest:%Y-%m-%d}" if found.newest else ""
    name = "without title" if found.kind == "feed" else f"{found.kind} {Path(found.location).name}"
    return f"{found.title or name}: {language}, {entries}{newest}"


def _here(source_id: str | None) -> str:
    return f' (there already, as "{source_id}")' if source_id else ""


def _addresses(sources: Sequence[NewSource], config: Config) -> list[str]:
    return [f"{config.base_url}{source.id}.{suffix}" for source in sources for suffix in ("rss", "atom")]


def _as_json(found: Found) -> dict[str, Any]:
    return asdict(found) | {"newest": found.newest.isoformat() if found.newest else None}
