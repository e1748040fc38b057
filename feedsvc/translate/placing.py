"""Puts folders in place: filled under another name, made to outlast a power cut, then renamed.

What a process that was killed has left half-written goes when the next one is put there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from feedsvc.errors import ModelError

_INCOMING = ".incoming-"


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """An empty folder below another one, for what is not checked yet; it goes in any case.

    Raises: ModelError if nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            with _locked(folder):  # nobody sweeps between the next two lines
                made = stack.enter_context(tempfile.TemporaryDirectory(prefix=_INCOMING, dir=folder))
                stack.enter_context(_locked(Path(made)))
                _sweep(folder)
            yield Path(made)
    except OSError as error:
        raise ModelError(folder, f"cannot be written: {error.strerror}") from error


def put_in_place(filled: Path, target: Path) -> None:
    """Rename a folder to where it belongs; an older one there makes room. Raises: OSError."""
    for path in (*filled.rglob("*"), filled):
        _sync(path)
    old = target.with_name(f".old-{target.name}")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    filled.rename(target)
    _sync(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what is still there of processes that are not: a lock ends with who holds it."""
    for left in folder.glob(f"{_INCOMING}*"):
        with suppress(OSError), _locked(left, wait=False):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Keep others from locking a folder. Raises: BlockingIOError where somebody has and is not waited for."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:  # held, or on a network file system that locks no folders
            if not wait:
                raise BlockingIOError(folder) from error
        yield
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
