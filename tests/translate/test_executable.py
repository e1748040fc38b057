from __future__ import annotations

import platform
from pathlib import Path

import pytest

from feedsvc.errors import ModelError
from feedsvc.translate import executable
from feedsvc.translate.executable import require_code_in_memory


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of an x86 processor that may not make code."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(executable, "_can_make_code", lambda: False)


def test_these_tests_may_make_code() -> None:
    assert executable._can_make_code()
    require_code_in_memory(Path("model"))


@pytest.mark.usefixtures("forbidden")
def test_a_model_that_would_give_garbage_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CT2_USE_MKL", "0")
    with pytest.raises(ModelError, match="MemoryDenyWriteExecute=no"):
        require_code_in_memory(Path("model"))


@pytest.mark.usefixtures("forbidden")
def test_a_library_that_makes_no_code_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CT2_USE_MKL", "1")
    require_code_in_memory(Path("model"))


@pytest.mark.usefixtures("forbidden")
def test_another_processor_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CT2_USE_MKL", "0")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    require_code_in_memory(Path("model"))
