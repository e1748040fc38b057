"""A model package that was half-written, by a process that was killed or by anybody else, is never used and is made good."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Disk

from feedsvc.errors import ModelError
from feedsvc.translate import ArgosTranslator, Models
from feedsvc.translate.models import BUNDLED
from feedsvc.translate.placing import put_in_place, scratch

(ARCHIVE,) = BUNDLED.glob("*.argosmodel")
INSTALL = "import sys; from pathlib import Path; from feedsvc.translate import Models; Models(Path(sys.argv[1])).install(Path(sys.argv[2]))"


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path / "models")


def hidden(models: Models) -> list[str]:
    return [path.name for path in models.folder.iterdir() if path.name.startswith(".incoming")]


def translate(models: Models) -> str:
    ((_, (answer, *_)),) = ArgosTranslator(models).translate(
        ["今天下雨。"], source_language="zh", target_language="en"
    )
    return answer.text


def test_an_installation_that_is_killed_leaves_no_model_and_the_next_clears_up(models: Models) -> None:
    with subprocess.Popen([sys.executable, "-c", INSTALL, str(models.folder), str(ARCHIVE)]) as process:
        until = time.monotonic() + 30
        while not any(f.stat().st_size for f in models.folder.glob(".incoming-*/*/model/model.bin")):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert [model.origin for model in models.available()] == ["bundled"]
    assert len(hidden(models)) == 1
    models.install(ARCHIVE)
    assert hidden(models) == []
    assert [model.origin for model in models.available()] == ["installed", "bundled"]


def test_what_another_process_is_about_to_install_is_left_alone(tmp_path: Path) -> None:
    with scratch(tmp_path) as one:
        (one / "model.bin").touch()
        with scratch(tmp_path) as other:
            assert (one / "model.bin").exists() and list(other.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_takes_the_place_of_another_as_a_whole(tmp_path: Path) -> None:
    for name in ("new", "old"):
        (tmp_path / name / "below").mkdir(parents=True)
        (tmp_path / name / "below" / name).write_text(name)
    put_in_place(tmp_path / "new", tmp_path / "old")
    assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")] == [
        "old",
        "old/below",
        "old/below/new",
    ]


@pytest.mark.parametrize(
    "damage", [Path.unlink, lambda path: os.truncate(path, path.stat().st_size // 2)], ids=["gone", "cut off"]
)
@pytest.mark.parametrize("name", ["model/model.bin", "sentencepiece.model", "metadata.json"])
def test_the_bundled_model_is_laid_out_anew_where_files_are_missing_or_cut_off(
    models: Models, damage: Callable[[Path], None], name: str
) -> None:
    path = models.find("zh", "en").path / name
    before = path.read_bytes()
    damage(path)
    assert models.find("zh", "en").path / name == path
    assert path.read_bytes() == before


def test_an_installed_model_that_is_cut_off_is_said_and_can_be_installed_again(models: Models) -> None:
    expected = translate(models)
    path = models.install(ARCHIVE).path
    os.truncate(path / "model" / "model.bin", 1_000_000)
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        translate(models)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    models.install(ARCHIVE)
    assert translate(models) == expected


def test_a_model_that_finds_no_room_is_not_installed_by_halves(disk: Disk) -> None:
    models = Models(disk.path / "models")
    with pytest.raises(ModelError, match=r"needs \d+ MB, but only 4 MB are free"):
        models.install(ARCHIVE)
    assert list(models.folder.iterdir()) == []
