"""Root beside a service that another user runs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]
ANOTHER = 65534


@pytest.fixture
def data_of_another(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a new configuration, as root sees that of another user."""
    run("init")
    data = next(p for p in tmp_path.rglob("data") if p.is_dir())
    if os.geteuid() == 0:
        os.chown(data, ANOTHER, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
    return data


@pytest.mark.parametrize(
    "command",
    [
        ["refresh"],
        ["status"],
        ["run"],
        ["explain", "aljazeera-zh"],
        ["models", "list", "--offline"],
        ["models", "install", "zh", "en"],
    ],
    ids=" ".join,
)
def test_root_makes_nothing_that_the_service_could_not_change(
    run: Run, data_of_another: Path, command: list[str]
) -> None:
    code, out, err = run(*command)
    assert (code, out) == (2, "")
    assert err.startswith(f"you are root, and {data_of_another} belongs to ")
    assert "run feedsvc as that user: sudo -u " in err
    assert list(data_of_another.iterdir()) == []


def test_root_may_write_the_configuration(run: Run, data_of_another: Path, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "1.md").write_text("---\ntitle: 标题\nlanguage: zh\n---\n\n第一段。\n", encoding="utf-8")
    code, out, _ = run("add", str(folder))
    assert code == 0
    assert re.search(r"Read and translate now: sudo -u \S+ feedsvc refresh articles\n", out)
    assert list(data_of_another.iterdir()) == []
