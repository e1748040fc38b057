"""What the command line tells of itself: help, examples, completion."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from feedsvc.service import cli
from feedsvc.service.cli_examples import _EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., tuple[int, str, str]]


def commands(group: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*above, name))
        else:
            yield (*above, name)


COMMANDS = [(), *commands(typer.main.get_command(cli.app))]
LINES = [
    shlex.split(part.partition(">")[0])
    for shown in _EXAMPLES.values()
    for line, _ in shown
    for part in line.split(" | ")
    if "feedsvc " in part and "systemctl" not in part
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_teaches_by_example(command: tuple[str, ...], run: Run) -> None:
    code, out, _ = run(*command, "--help")
    assert code == 0
    told = out.partition("Examples:\n")[2]
    assert " ".join(("feedsvc", *command)).strip() in told
    assert all(len(line) <= 80 for line in told.splitlines())
    assert all("  # " in line for line in told.strip().splitlines()), "one line for each example"


@pytest.mark.parametrize("group", [(), ("models",), ("opml",)], ids=" ".join)
def test_each_command_is_told_in_a_whole_line(
    group: tuple[str, ...], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    listed = run(*group, "--help")[1].partition("Commands:\n")[2].partition("\n\n")[0]
    assert listed
    assert [line for line in listed.splitlines() if not line.endswith(".")] == []
    assert "..." not in listed


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_a_command_takes_is_in_its_usage_once(command: tuple[str, ...], run: Run) -> None:
    usage = run(*command, "--help")[1].partition("\n\n")[0]
    assert not re.search(r"\[\[|\{\{|[a-z]\}", usage), usage


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_every_example_can_be_typed_so(line: list[str]) -> None:
    arguments = line[len(line) - line[::-1].index("feedsvc") :]
    command: Any = typer.main.get_command(cli.app)
    context = command.make_context("feedsvc", list(arguments))
    while hasattr(command, "commands"):
        name, command, arguments = command.resolve_command(context, list(arguments))
        context = command.make_context(name, list(arguments), parent=context)
    assert context.command is command


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("refresh ", ["articles", "wire", "science"]),
        ("refresh w", ["wire"]),
        ("refresh wire ", ["articles", "science"]),
        ("explain sc", ["science"]),
        ("refresh x", []),
        ("ref", ["refresh"]),
    ],
)
def test_a_shell_completes_the_ids_of_sources(typed: str, offered: list[str]) -> None:
    assert complete(f"feedsvc --config config/demo.toml {typed}") == offered


def test_a_configuration_that_cannot_be_read_completes_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[[[", encoding="utf-8")
    for name in ("bad.toml", "none.toml"):
        assert complete(f"feedsvc --config {tmp_path / name} refresh ") == []


def complete(typed: str) -> list[str]:
    """What bash would offer."""
    words = typed.split(" ")
    asked = subprocess.run(
        [sys.executable, "-m", "feedsvc"],
        cwd=ROOT,
        env={
            **os.environ,
            "_FEEDSVC_COMPLETE": "complete_bash",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
    )
    assert asked.stderr == ""
    return asked.stdout.split()
