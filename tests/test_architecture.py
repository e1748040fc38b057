"""The plan of the house: who may import whom, and which library has which owner."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "feedsvc"
FILES = sorted(PACKAGE.rglob("*.py"))
STAGES = {"ingest", "store", "translate", "publish"}
LEAVES = {"errors.py", "languages.py", "markup.py", "detect.py"}
OWNERS = {
    "httpx": ("ingest/fetch.py", "translate/index.py", "translate/download.py", "publish/websub.py"),
    "httpcore": "ingest/network.py",
    "brotli": ("ingest/unpack.py", "publish/compression.py"),
    "feedparser": "ingest/tamed.py",
    "charset_normalizer": ("ingest/encoding.py", "ingest/webpage.py"),
    "frontmatter": "ingest/frontmatter.py",
    "markdown_it": "ingest/markdown.py",
    "mdit_py_plugins": "ingest/markdown.py",
    "nh3": ("ingest/sanitize.py", "ingest/webpage.py"),
    "trafilatura": "ingest/extract.py",
    "protego": "ingest/robots.py",
    "py3langid": "detect.py",
    "ctranslate2": "translate/engine.py",
    "numpy": "translate/align.py",
    "opencc": "translate/glossary.py",
    "argostranslate": "translate/packages.py",
    "sqlalchemy": "store/",
    "alembic": "store/",
    "feedgen": "publish/render.py",
    "idna": "publish/clean.py",
    "jinja2": "publish/pages.py",
    "starlette": "service/server.py",
    "uvicorn": ("service/server.py", "service/serving/patience.py"),
    "apscheduler": "service/timetable.py",
    "langcodes": "languages.py",
    "typer": ("service/cli", "service/opening.py"),
    "tomlkit": "service/sources.py",
}


def imports(path: Path) -> set[str]:
    """Full names of every module that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_each_library_has_one_owner(path: Path) -> None:
    place = path.relative_to(PACKAGE).as_posix()
    for name in imports(path):
        owner = OWNERS.get(name.split(".")[0])
        assert owner is None or place.startswith(owner), f"{place} imports {name}, which is {owner}'s"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_room_imports_what_lies_behind_it(path: Path) -> None:
    place = path.relative_to(PACKAGE)
    inside = {tuple(name.split(".")[1:]) for name in imports(path) if name.startswith("feedsvc.")}
    rooms = {parts[0] for parts in inside if parts}
    if place.name in LEAVES and len(place.parts) == 1:
        assert rooms <= {"languages"}
    elif place.parts[0] == "model":
        assert rooms <= {"model"}
    elif place.parts[0] in STAGES:
        assert not rooms & (STAGES - {place.parts[0]}), "stages do not import each other"
        assert not rooms & {"pipeline", "service"}
    elif place.name == "pipeline.py":
        assert "service" not in rooms
