"""Looks at the files of a folder: nothing hidden, nothing special, nothing that a link leads to outside."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader
from pathlib import Path

from feedsvc.errors import SourceError
from feedsvc.model import KnownFile

#: in place of a time of change that says nothing
UNSURE = -1
#: a file may be written twice within one tick of its file system's clock, with the same size
_TICK_S = 2
#: what is said of a file that has just gone, and of a link that leads nowhere or to itself
_NOT_THERE = (errno.ENOENT, errno.ELOOP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A plain file below a folder."""

    #: where it can be opened
    place: str
    size_bytes: int
    #: UNSURE where it changed so lately that it may yet change without a trace
    mtime_ns: int

    def is_still(self, known: KnownFile) -> bool:
        """It is as it was when it was last looked at."""
        stamp = (self.size_bytes, self.mtime_ns)
        return self.mtime_ns != UNSURE and stamp == (known.size_bytes, known.mtime_ns)


def list_files(folder: Path, *, now: datetime) -> tuple[dict[str, Found], list[str]]:
    """Every visible file below a folder by its name there (with slashes), and what could not be looked at.

    Links to files inside the folder are files; links to folders are not entered. A file that is gone by the
    time it is looked at is not there.

    Raises: SourceError if the folder itself cannot be read.
    """
    if not folder.is_dir():
        raise SourceError(f"{folder}: there is no such folder")
    inside, settled_ns = os.path.realpath(folder), int((now.timestamp() - _TICK_S) * 1_000_000_000)
    outer = len(str(folder).rstrip("/")) + 1
    files: dict[str, Found] = {}
    problems: list[str] = []
    waiting = [str(folder)]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as scan:
                entries = [entry for entry in scan if not entry.name.startswith(".")]
        except FileNotFoundError:
            continue
        except OSError as error:
            problem = f"{printable(place)}: cannot be read: {error.strerror}"
            if place == str(folder):
                raise SourceError(problem) from error
            problems.append(problem)
            continue
        waiting += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        for path, found in _plain(entries, inside, settled_ns, problems):
            files[printable(path[outer:])] = found
    return files, problems


def _plain(
    entries: list[os.DirEntry[str]], inside: str, settled_ns: int, problems: list[str]
) -> Iterator[tuple[str, Found]]:
    """The plain files among the entries of a folder, by path; adds to `problems` what cannot be looked at."""
    for entry in entries:
        place = entry.path
        try:
            if entry.is_symlink():
                place = os.path.realpath(place)  # unlike Path.resolve, at ease with a link to itself
                if not is_inside(place, inside):
                    continue
            status = entry.stat()
        except OSError as error:
            if error.errno not in _NOT_THERE:
                problems.append(f"{printable(entry.path)}: cannot be read: {error.strerror}")
            continue
        if stat.S_ISREG(status.st_mode):
            mtime_ns = status.st_mtime_ns if status.st_mtime_ns < settled_ns else UNSURE
            yield entry.path, Found(place=place, size_bytes=status.st_size, mtime_ns=mtime_ns)


def open_plain(place: str) -> BufferedReader:
    """Open a plain file for reading; never waits for one that has become a pipe since it was listed.

    Raises: OSError.
    """
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no plain file", place)
    return os.fdopen(descriptor, "rb")


def is_inside(place: str, folder: str) -> bool:
    """A real path lies below another one."""
    return place.startswith(f"{folder.rstrip('/')}/")


def printable(path: str) -> str:
    """A path whose name may not be UTF-8, as text that can be shown and stored."""
    return path.encode("utf-8", "backslashreplace").decode()
