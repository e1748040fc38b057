"""A refresh that is killed at any moment leaves nothing that the next one cannot make good."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[1] / "config" / "demo"


def install(root: Path, articles: int | None) -> Path:
    """A configuration over the dated sample sources, or some of their articles, below root."""
    shutil.copytree(DEMO, root / "demo")
    files = sorted(p for p in (root / "demo" / "articles").rglob("*") if p.is_file())
    for path in files[articles:] if articles else []:
        path.unlink()
    path = root / "feedsvc.toml"
    path.write_text(
        '[service]\ndata_dir = "data"\noutput_dir = "public"\n'
        '[[sources]]\nid = "articles"\nfolder = "demo/articles"\n'
        '[[sources]]\nid = "wire"\nfile = "demo/feeds/wire.rss"\n',
        encoding="utf-8",
    )
    return path


def start(config: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "feedsvc", "--config", str(config), "refresh"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def published(config: Path) -> dict[str, bytes]:
    public = config.parent / "public"
    return {str(p.relative_to(public)): p.read_bytes() for p in public.rglob("*") if p.is_file()}


def different_after_kills(root: Path, kills: int, articles: int | None = None) -> list[int]:
    """The kills after which the next run did not end with the bytes of an undisturbed one."""
    different = []
    undisturbed = install(root / "undisturbed", articles)
    began = time.monotonic()
    assert start(undisturbed).wait() == 0
    took = time.monotonic() - began
    moments = random.Random(20261120)
    for number in range(kills):
        config = install(root / str(number), articles)
        with start(config) as process:
            try:
                process.wait(moments.uniform(0.1, 0.95) * took)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        assert start(config).wait() == 0
        if published(config) != published(undisturbed):
            different.append(number)
        shutil.rmtree(config.parent)
    return different


def test_a_killed_refresh_is_made_good_by_the_next(tmp_path: Path) -> None:
    assert different_after_kills(tmp_path, kills=3, articles=3) == []


@pytest.mark.slow
def test_twenty_killed_refreshes_are_each_made_good_by_the_next(tmp_path: Path) -> None:
    assert different_after_kills(tmp_path, kills=20) == []
