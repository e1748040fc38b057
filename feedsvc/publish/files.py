"""Writes files so that no reader ever sees half of one: all at once, and only when the bytes differ."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path

from feedsvc.errors import PublishError

#: how the name of a file ends that is being written
UNFINISHED = ".unfinished"


def write_if_changed(path: Path, content: bytes) -> bool:
    """Replace a file by new content, durably; False where it holds that content already.

    Raises: PublishError; the old file then stays.
    """
    unfinished = path.with_name(f".{path.name}{UNFINISHED}")
    try:
        if path.is_file() and path.read_bytes() == content:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise PublishError(path, f"cannot be written: {error.strerror}") from error
    return True


def prepare_folder(folder: Path) -> None:
    """Make the output folder, and remove what a run that was killed has left half-written in it.

    Raises: PublishError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.rglob(f".*{UNFINISHED}"):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise PublishError(folder, f"cannot be written: {error.strerror}") from error


def remove_others(folder: Path, present: Container[Path], *, pattern: str = "*.html") -> None:
    """Remove the files below a folder that should not be there any longer.

    Raises: PublishError.
    """
    for path in folder.rglob(pattern):
        if path not in present:
            try:
                path.unlink()
            except OSError as error:
                raise PublishError(path, f"cannot be removed: {error.strerror}") from error
