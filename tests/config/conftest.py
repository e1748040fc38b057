from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from configurations import Write

from feedsvc.config import Config, load_config
from feedsvc.errors import ConfigError


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        path = tmp_path / "feedsvc.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


@pytest.fixture
def load(write: Write) -> Callable[[str], Config]:
    return lambda text: load_config(write(text))


@pytest.fixture
def problems(write: Write) -> Callable[[str], tuple[str, ...]]:
    def of(text: str) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as caught:
            load_config(write(text))
        return caught.value.problems

    return of
