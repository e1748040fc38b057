"""Secrets of the configuration: none is ever shown, whatever goes wrong with what it is for."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feedsvc.service import logs

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port at which nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@pytest.mark.parametrize(
    "command", [["refresh"], ["status"], ["status", "--json"], ["doctor"], ["doctor", "--json"], ["run"]]
)
def test_the_password_of_a_database_that_cannot_be_reached_is_not_shown(
    command: list[str], run: Run, tmp_path: Path, nobody: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "feedsvc.toml"
    path.write_text(f'[service]\ndatabase = "postgresql://me:s3cret%21@127.0.0.1:{nobody}/news"\n')
    code, out, err = run("--config", path, *command)
    assert code == 1
    assert f"postgresql://me:***@127.0.0.1:{nobody}/news" in out + err
    assert "s3cret" not in out + err + caplog.text


def test_log_lines_do_not_show_it_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logs.LOGGER, "level", logging.NOTSET)
    for as_json in (False, True):
        logs.set_up(as_json=as_json)
        logs.say(
            40, "failed", reason="postgresql+psycopg://me:s3cret%21@db.example/news?password=s3cret: gone"
        )
        logging.getLogger("sqlalchemy").warning("postgresql://me:s3cret@db.example/news")
    said = capsys.readouterr().err
    assert said.count("db.example/news") == 4
    assert "s3cret" not in said
