"""The units name what there is."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest
import typer

from feedsvc.service import cli

UNITS = sorted((Path(__file__).resolve().parents[1] / "systemd").glob("*.service"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda p: p.name)
def test_each_unit_runs_a_command_that_exists(unit: Path) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read(unit, encoding="utf-8")
    program, *arguments = shlex.split(parser["Service"]["ExecStart"])
    assert program.endswith("/bin/feedsvc")
    assert arguments[:2] == ["--config", "/etc/feedsvc/feedsvc.toml"]
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]
    assert arguments[2] in commands
