"""What the tests of the command line share."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from feedsvc.service import cli
from feedsvc.service.server import Application, Server
from feedsvc.service.serving.patience import Patience

Running = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """Run the command line in this process: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["feedsvc", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        captured = capsys.readouterr()
        return int(stopped.value.code or 0), captured.out, captured.err

    yield call


@pytest.fixture(scope="session")
def running() -> Running:
    """Run a web server in a thread for as long as the block; the address ends with a slash."""

    @contextmanager
    def run_it(app: Application, patience: Patience | None = None) -> Iterator[str]:
        server = Server(app, "127.0.0.1", 0, patience=patience)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server.url
        finally:
            server.stop()
            thread.join(timeout=10)
            assert not thread.is_alive()

    return run_it
