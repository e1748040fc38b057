"""What the tests share: a fixed time, sources, stores, a web server, a translator that needs no model."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import postgres as postgresql
import pytest
from fakes import FakeTranslator, WebServer
from hypothesis import HealthCheck, settings
from world import World

from feedsvc.model import Entry, Source
from feedsvc.store import Store
from feedsvc.translate import Models

# the same examples in every run, however busy the machine is; `make fuzz` looks for new ones
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SEEDS = Path(__file__).resolve().parents[2] / "shared" / "seeds"


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New folders; pytest itself looks at all that it has made before it makes another."""
    root = tmp_path_factory.mktemp("homes")
    return (root / str(number) for number in count())


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, _homes: Iterator[Path]) -> None:
    """No configuration, model or proxy of the machine that the tests run on has a say."""
    for name in list(os.environ):
        if name.startswith(("FEEDSVC_", "ARGOS_", "XDG_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    home = next(_homes)
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def store() -> Iterator[Store]:
    with Store("sqlite://") as opened:
        yield opened


@pytest.fixture
def translator() -> FakeTranslator:
    return FakeTranslator()


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def make_source(tmp_path: Path) -> Callable[..., Source]:
    def make(**changes: object) -> Source:
        values: dict[str, object] = {"id": "news", "kind": "folder", "location": str(tmp_path)}
        return Source(**(values | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_entry() -> Callable[..., Entry]:
    def make(**changes: object) -> Entry:
        values: dict[str, object] = {
            "source_id": "news",
            "guid": "https://news.example/1",
            "title": "标题",
            "body_html": "<p>第一段。</p>",
            "language": "zh",
            "published": datetime(2026, 11, 19, 8, 0, tzinfo=UTC),
        }
        return Entry(**(values | changes))  # type: ignore[arg-type]

    return make


class Disk:
    """A small file system of its own, of 4 MB, which can be full or read-only even for root."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    def leave(self, free_bytes: int) -> None:
        """Have only so much room."""
        self._filler.unlink(missing_ok=True)
        self._filler.write_bytes(bytes(max(0, shutil.disk_usage(self.path).free - free_bytes)))

    def empty(self) -> None:
        """Have room again."""
        self._filler.unlink()

    def remount(self, *options: str) -> None:
        """`ro` or `rw`."""
        subprocess.run(["mount", "-o", ",".join(("remount", *options)), str(self.path)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    path = tmp_path / "disk"
    path.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("there is no command mount, for a small disk of its own")
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(path)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk of its own cannot be had here: {mounted.stderr.splitlines()[0]}")
    yield Disk(path)
    subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Server]:
    """A PostgreSQL server for all tests, each with a database of its own."""
    if reason := postgresql.why_not():
        pytest.skip(f"no PostgreSQL server can be had here: {reason}")
    with postgresql.server() as running:
        yield running


@pytest.fixture(scope="session")
def bundled_models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """The models that every installation has."""
    return Models(tmp_path_factory.mktemp("models"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-corpus", action="store_true", help="write what comes of tests/data/feeds now")


@pytest.fixture
def world(tmp_path: Path, translator: FakeTranslator, now: datetime) -> World:
    return World(tmp_path, translator, now)
