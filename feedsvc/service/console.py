"""What a person at a terminal sees: progress, reports, tables. Reads nothing and decides nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from feedsvc import languages

if TYPE_CHECKING:
    from feedsvc.model import RunReport
    from feedsvc.translate.index import Listing, Offer
    from feedsvc.translate.models import Hop
    from feedsvc.translate.packages import Model
    from feedsvc.translating import Progress

NO_SOURCE = "No source is configured; add one with: feedsvc add ADDRESS"
_STAGES = {"ingest": "reading sources", "translate": "translating", "publish": "publishing"}


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A function to report progress to; draws a bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description:>16}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {stage: bars.add_task(label, total=None, visible=False) for stage, label in _STAGES.items()}

        def advance(stage: str, done: int, total: int) -> None:
            bars.update(tasks[stage], completed=done, total=total, visible=True)

        yield advance


def show(line: str = "") -> None:
    """A line on standard output."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    """A line on standard error."""
    sys.stderr.write(f"{line}\n")


def show_json(value: Any) -> None:
    """A value as JSON on standard output, readable."""
    has_all_letters = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    show(json.dumps(value, ensure_ascii=not has_all_letters, indent=2))


def show_report(report: RunReport) -> None:
    """What a refresh did, and each failure with its reason."""
    if report.sources == 0:
        show(NO_SOURCE)
    elif not (
        report.new_entries
        or report.changed_entries
        or report.improved_entries
        or report.sentences
        or report.files
        or report.failures
    ):
        show(f"Nothing new in {_count(report.sources, 'source')}: nothing translated, no file written.")
    else:
        unchanged = f" ({report.unchanged} unchanged)" if report.unchanged else ""
        show(
            f"{_count(report.sources, 'source')} looked at{unchanged}: {_count(report.new_entries, 'new entry', 'new entries')}, {report.changed_entries} changed."
        )
        if report.translated_entries or report.sentences:
            show(
                f"{_count(report.translated_entries, 'entry', 'entries')} translated, {_count(report.sentences, 'sentence')} sent to the engine."
            )
        if report.improved_entries:
            show(
                f"{_count(report.improved_entries, 'entry', 'entries')} translated again, with a better model or another glossary."
            )
        show(f"{_count(len(report.files), 'file')} written.")
    for failure in report.failures:
        complain(f"failed: {failure.source_id}: {failure.reason}")


def report_as_json(report: RunReport) -> dict[str, Any]:
    """A report as plain data."""
    return asdict(report)


def show_entries(found: dict[str, Any]) -> None:
    """The entries of a source, two lines each."""
    for entry in found["entries"]:
        show(f"{entry['dated_at'][:10]}  {entry['translated_title'] or entry['title']}  <{entry['guid']}>")
        place = f" in {', '.join(entry['outputs'])}" if entry["outputs"] else ", in no feed"
        flaws = {name: count for name, count in entry["verdicts"].items() if name not in ("good", "kept")}
        told = "; " + ", ".join(f"{count} {name}" for name, count in flaws.items()) if flaws else ""
        show(f"            {entry['state']}{place}{told}")
    if not found["entries"]:
        show(f"No entry of {found['source']} is known yet.")
    for problem in found["problems"]:
        show(f"failed: {found['source']}: {problem}")


def show_entry(found: dict[str, Any]) -> None:
    """One entry: its state, the sentences that are not simply good, and the terms in it."""
    show(found["title"])
    if found["translated_title"]:
        show(found["translated_title"])
    for label, value in (
        ("guid", found["guid"]),
        ("link", found["link"]),
        ("language", found["language"]),
        ("dated", _when(found["dated_at"])),
        ("first seen", _when(found["first_seen_at"])),
        ("changed", found["changed_at"] and _when(found["changed_at"])),
        ("state", found["state"]),
        ("engine", found["engine"]),
        ("in", ", ".join(found["outputs"])),
        ("not in", "; ".join(found["not_in"])),
        ("sentences", ", ".join(f"{count} {name}" for name, count in found["verdicts"].items())),
    ):
        if value:
            show(f"{label + ':':12}{value}")
    for sentence in found["sentences"]:
        show(f"\n{sentence['verdict']}:")
        show(f"    {sentence['source']}")
        if sentence["shown"] != sentence["source"]:
            show(f"    {sentence['shown']}")
    if found["terms"]:
        show("\nglossary:")
    for term in found["terms"]:
        lacking = f", missing in {term['missing']}" if term["missing"] else ""
        show(f"    {term['source']} → {term['target']}: in {term['kept']}{lacking}")


def show_models(models: Sequence[Model], offers: Sequence[Offer], listing: Listing, *, now: datetime) -> None:
    """The packages that can translate, then those of the index, one on a line."""
    for model in models:
        show(f"{_pair(model)} {model.version:8} {model.origin:10} {model.path}")
    if offers:
        show("\nTo be had with: feedsvc models install FROM TO")
    for offer in offers:
        older = [m for m in models if (m.source_language, m.target_language) == offer.pair]
        notes = [
            *([f"{offer.size_bytes / 1e6:.0f} MB"] if offer.size_bytes else []),
            *([f"here: {older[0].origin} {older[0].version}"] if older else []),
        ]
        show(f"{_pair(offer)} {offer.version:8} {', '.join(notes)}".rstrip())
    if listing.problem:
        complain(stale(listing, now=now))
    elif listing.read_at is None:
        complain("The index has not been read yet: feedsvc models list, without --offline, does it.")
    elif listing.read_at < now:
        show(f"\nThe index is as it was {_ago(now - listing.read_at)}.")


def stale(listing: Listing, *, now: datetime) -> str:
    """A line that says that the index could not be read, and how old what is shown of it is."""
    said = f"; it is shown as it was {_ago(now - listing.read_at)}" if listing.read_at else ""
    return f"The index could not be read: {listing.problem}{said}."


def detour(offers: Sequence[Offer]) -> str:
    """A line that says which packages take the place of one that the index does not have."""
    way = " and ".join(" → ".join(offer.pair) for offer in offers)
    return f"The index has no package for {offers[0].source_language} → {offers[-1].target_language}; {way} do it."


def model_as_json(model: Model) -> dict[str, Any]:
    """A package that can translate as plain data."""
    return asdict(model) | {"path": str(model.path), "engine": model.engine} | _names(model)


def models_as_json(
    models: Sequence[Model], offers: Sequence[Offer], listing: Listing, address: str
) -> dict[str, Any]:
    """Everything that `show_models` shows as plain data."""
    return {
        "models": [model_as_json(model) for model in models],
        "available": [asdict(offer) | _names(offer) for offer in offers],
        "index": {
            "address": address,
            "read_at": listing.read_at and listing.read_at.isoformat(),
            "problem": listing.problem,
        },
    }


@contextmanager
def download_bar(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A function to report bytes to; draws a bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:>16}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)
        has_begun = False

        def advance(done: int, total: int | None) -> None:
            nonlocal has_begun
            if not has_begun:  # what an earlier attempt brought says nothing of the speed of this one
                bars.reset(task, completed=done, total=total)
                has_begun = True
            bars.update(task, completed=done, total=total)

        yield advance


def _pair(pair: Hop) -> str:
    tags = f"{pair.source_language} → {pair.target_language}"
    names = f"{languages.name(pair.source_language)} → {languages.name(pair.target_language)}"
    return f"{tags:16} {names:40}"


def _names(pair: Hop) -> dict[str, str]:
    return {
        "source_name": languages.name(pair.source_language),
        "target_name": languages.name(pair.target_language),
    }


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds()) // 60
    for unit, length in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= length:
            return f"{_count(minutes // length, unit)} ago"
    return "a moment ago"


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _when(iso: str | None) -> str:
    return f"{iso[:16].replace('T', ' ')} UTC" if iso else "–"
