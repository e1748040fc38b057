from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from feedsvc.store import Store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'data' / 'db.sqlite'}"


@pytest.fixture
def on_disk(url: str) -> Iterator[Store]:
    with Store(url) as opened:
        yield opened
