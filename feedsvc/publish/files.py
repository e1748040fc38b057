"""Writes files so that no reader ever sees half of one: all at once, and only when the bytes differ."""

from __future__ import annotations

import os
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from feedsvc.errors import PublishError
from feedsvc.publish.compression import SUFFIXES, pack

#: how the name of a file ends that is being written
UNFINISHED = ".unfinished"
#: the extended attribute of a folder that says whose it is
_OWNER = "user.feedsvc.config"


class Folder:
    """An output folder while files are put into it; names are relative to it.

    What has been put there survives a power cut once `settle` has come back.
    """

    def __init__(self, path: Path, *, precompress: bool = False) -> None:
        self.path = path
        self._precompress = precompress
        #: names of the files that had to be written
        self.written: list[str] = []
        self._touched: set[Path] = set()
        prepare_folder(path)

    @property
    def owner(self) -> Path | None:
        """The configuration whose files these are, as far as the file system can remember that."""
        try:
            return Path(os.fsdecode(os.getxattr(self.path, _OWNER)))
        except (OSError, AttributeError):  # not every system has such attributes
            return None

    @owner.setter
    def owner(self, config: Path) -> None:
        with suppress(OSError, AttributeError):
            os.setxattr(self.path, _OWNER, os.fsencode(config))

    def write(self, name: str, content: bytes) -> None:
        """Have a file with this content. Raises: PublishError; the old file then stays."""
        if write_if_changed(self.path / name, content, precompress=self._precompress):
            self.note(name)

    def remove(self, name: str) -> None:
        """Have no such file. Raises: PublishError."""
        path = self.path / name
        remove(path)
        self._touched.add(path.parent)

    def names(self) -> set[str]:
        """The files that are there, without those in folders below. Raises: PublishError."""
        try:
            with os.scandir(self.path) as found:
                return {entry.name for entry in found if entry.is_file()}
        except OSError as error:
            raise PublishError(self.path, f"cannot be read: {error.strerror}") from error

    def stamp(self, name: str) -> str:
        """Of a folder below: another one as soon as files came into it or left it; empty where there is none."""
        try:
            return str(os.stat(f"{self.path}/{name}").st_mtime_ns)  # noqa: PTH116 - asked of every source
        except OSError:
            return ""

    def settle(self) -> None:
        """Make what was written and removed outlast a power cut. Raises: PublishError."""
        for folder in sorted(f for f in self._touched if f.is_dir()):
            try:
                descriptor = os.open(folder, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            except OSError as error:
                raise PublishError(folder, f"cannot be written: {error.strerror}") from error
        self._touched.clear()

    def note(self, name: str) -> None:
        """A file was written here."""
        self.written.append(name)
        folder = (self.path / name).parent
        self._touched |= {folder, folder.parent} if folder != self.path else {folder}


def unfinished_name(path: Path) -> Path:
    """Under which name a file is written."""
    return path.with_name(f".{path.name}{UNFINISHED}")


def write_if_changed(path: Path, content: bytes, *, precompress: bool = False) -> bool:
    """Replace a file by new content, durably; False where it holds that content already.

    With `precompress` its packed variants lie beside it, of the same time as the file; without, none. They are
    replaced before the file is, so that no server that looks for them first has older ones than the file.

    Raises: PublishError; the old file then stays.
    """
    unfinished = unfinished_name(path)
    try:
        is_same = path.is_file() and path.read_bytes() == content
        if is_same:
            _drop(unfinished)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(unfinished, content)
        mtime_ns = (path if is_same else unfinished).stat().st_mtime_ns
        for coding, suffix in SUFFIXES.items():
            variant = _variant(path, suffix)
            if not precompress:
                _drop(variant)
            elif not is_same or not variant.is_file() or variant.stat().st_mtime_ns != mtime_ns:
                _write(unfinished_name(variant), pack(content, coding, is_for_good=True))
                os.utime(unfinished_name(variant), ns=(mtime_ns, mtime_ns))
                unfinished_name(variant).replace(variant)
        if not is_same:
            unfinished.replace(path)
    except OSError as error:
        raise PublishError(path, f"cannot be written: {error.strerror}") from error
    return not is_same


def remove(path: Path) -> None:
    """Remove a file, its packed variants first, and what was left half-written of it. Raises: PublishError."""
    try:
        unfinished_name(path).unlink(missing_ok=True)
        for suffix in SUFFIXES.values():
            _variant(path, suffix).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise PublishError(path, f"cannot be removed: {error.strerror}") from error


def _drop(path: Path) -> None:
    """Have no such file; on a read-only disk, even removing what is not there fails."""
    if path.exists():
        path.unlink()


def _variant(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def prepare_folder(folder: Path) -> None:
    """Make the output folder. Raises: PublishError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PublishError(folder, f"cannot be written: {error.strerror}") from error


def remove_unfinished(folder: Path) -> None:
    """Remove what runs that were killed have left half-written.

    Raises: PublishError.
    """
    try:
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
            remove(path)
