"""What a person at a terminal sees: progress, reports, tables. Reads nothing and decides nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from feedsvc.model import RunReport
from feedsvc.pipeline import Progress
from feedsvc.translate.packages import Model

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
    show(json.dumps(value, ensure_ascii=False, indent=2))


def show_report(report: RunReport) -> None:
    """What a refresh did, and each failure with its reason."""
    if report.sources == 0:
        show("No source is configured: add one to the configuration.")
    elif not (report.new_entries or report.changed_entries or report.sentences or report.files):
        show(f"Nothing new in {_count(report.sources, 'source')}: nothing translated, no file written.")
    else:
        unchanged = f" ({report.unchanged} unchanged)" if report.unchanged else ""
        show(
            f"{_count(report.sources, 'source')} read{unchanged}: {_count(report.new_entries, 'new entry', 'new entries')}, {report.changed_entries} changed."
        )
        show(
            f"{_count(report.translated_entries, 'entry', 'entries')} translated, {_count(report.sentences, 'sentence')} sent to the engine."
        )
        show(f"{_count(len(report.files), 'file')} written.")
    for failure in report.failures:
        complain(f"failed: {failure.source_id}: {failure.reason}")


def report_as_json(report: RunReport) -> dict[str, Any]:
    """A report as plain data."""
    return asdict(report)


def show_status(status: dict[str, Any]) -> None:
    """The state of every source and output, as a table."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table("source", "entries", "waiting", "last check", "next check", "state")
    for source in status["sources"]:
        if source["problems"]:
            state = f"failed {source['failures']} times" if source["failures"] > 1 else "problems, see below"
        else:
            state = "ok" if source["checked_at"] else "not read yet"
        table.add_row(
            source["id"],
            str(source["entries"]),
            str(source["pending"]),
            _when(source["checked_at"]),
            _when(source["next_check_at"]),
            state,
        )
    console.print(table)
    for output in status["outputs"]:
        show(f"{output['slug']}: {', '.join(output['files']) or 'nothing published yet'}")
    verdicts = {name: count for name, count in status["verdicts"].items() if count}
    if verdicts:
        show("sentences: " + ", ".join(f"{count} {name}" for name, count in verdicts.items()))
    for source in status["sources"]:
        for problem in source["problems"]:
            show(f"failed: {source['id']}: {problem}")


def show_models(models: Sequence[Model]) -> None:
    """The packages that can translate, one on a line."""
    for model in models:
        show(
            f"{model.source_language:8} {model.target_language:8} {model.version:8} {model.origin:10} {model.path}"
        )
    if not models:
        show("No model is installed; install an Argos package with: feedsvc models install FILE.argosmodel")


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _when(iso: str | None) -> str:
    return iso[:16].replace("T", " ") if iso else "–"
