"""What a person sees of `feedsvc status`. Reads nothing and decides nothing."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from feedsvc.service.console import NO_SOURCE, show

_HEADERS = ("source", "entries", "waiting", "checked", "next", "state", "because")
_GAP = 2
#: columns, where nobody says how wide the paper is
_UNLIMITED = 160
#: the last column may be broken into lines, but not shorter than this
_REASON_WIDTH = 12


def show_status(status: dict[str, Any], *, now: datetime) -> None:
    """How every source fares, where the feeds are, and what is wrong."""
    if status["sources"]:
        _show_sources(status["sources"], now)
    else:
        show(NO_SOURCE)
    _show_outputs(status)
    verdicts = {name: count for name, count in status["verdicts"].items() if count}
    if verdicts:
        show("sentences: " + ", ".join(f"{count} {name}" for name, count in verdicts.items()))
    for source in status["sources"]:
        if source["moved_to"]:
            show(f"moved: {source['id']}: its server says for good to {source['moved_to']}")
        for problem in source["problems"]:
            show(f"failed: {source['id']}: {problem}")


def _show_sources(sources: list[dict[str, Any]], now: datetime) -> None:
    """A table; where the terminal is too narrow for one, three lines for each source."""
    console = Console(width=None if sys.stdout.isatty() else _UNLIMITED, highlight=False)
    rows = [(source["id"], *_cells(source, now)) for source in sources]
    fixed = sum(max(map(cell_len, column)) + _GAP for column in list(zip(_HEADERS, *rows, strict=True))[:-1])
    if fixed + _REASON_WIDTH <= console.width:
        console.print(_table(rows))
    else:
        for source_id, entries, waiting, last, following, state, reason in rows:
            show(f"{source_id}: {state}")
            show(f"    {entries} entries, {waiting} waiting; checked {last}")
            show(f"    next {following}: {reason}")
    show()


def _table(rows: list[tuple[str, ...]]) -> Table:
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False)
    for header in _HEADERS[:-1]:
        is_number = header in ("entries", "waiting")
        table.add_column(header, justify="right" if is_number else "left", no_wrap=True)
    table.add_column(_HEADERS[-1])
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _cells(source: dict[str, Any], now: datetime) -> tuple[str, ...]:
    return (
        str(source["entries"]),
        str(source["pending"]),
        _near(source["checked_at"], now),
        _near(source["next_check_at"], now, past="due"),
        source["state"],
        source["next_check_reason"] or "–",
    )


def _show_outputs(status: dict[str, Any]) -> None:
    """The addresses of the feeds, all formats of one in a line; and which there are not yet."""
    published = [output for output in status["outputs"] if output["addresses"]]
    if published:
        show(f"published in {status['output_dir']}:")
    for output in published:
        first, *others = output["addresses"]
        show("    " + " ".join([first, *(f".{address.rpartition('.')[2]}" for address in others)]))
    if missing := [output["slug"] for output in status["outputs"] if not output["addresses"]]:
        show(f"nothing published yet: {', '.join(missing)}")


def _near(iso: str | None, now: datetime, *, past: str = "") -> str:
    """How far away a time is: `2 min ago`, `in 5 h`; `past` in place of one that is over."""
    if iso is None:
        return "–"
    minutes = round((datetime.fromisoformat(iso) - now).total_seconds() / 60)
    if minutes <= 0 and past:
        return past
    if minutes == 0:
        return "now"
    size = abs(minutes)
    amount = f"{size} min" if size < 120 else f"{size // 60} h" if size < 2880 else f"{size // 1440} d"
    return f"in {amount}" if minutes > 0 else f"{amount} ago"
