"""The models of this machine: found, installed, removed.

Packages are looked for in our own folder, then in the one that Argos itself uses, then among those bundled with
feedsvc.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feedsvc import languages
from feedsvc.errors import LanguagePairMissing, ModelError
from feedsvc.translate.engine import LoadedModel
from feedsvc.translate.packages import Model, Origin, folder_name, missing, read, unpack

BUNDLED = Path(__file__).parent / "starter"


class Models:
    """The packages below a folder of ours, and those found elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def available(self) -> list[Model]:
        """Every package that is there, ours first; what cannot be read is left out."""
        self._unpack_bundled()
        places: list[tuple[Path, Origin]] = [
            (self.folder, "installed"),
            (_argos_folder(), "argos"),
            (self.folder / ".bundled", "bundled"),
        ]
        found = []
        for folder, origin in places:
            for path in sorted(folder.iterdir() if folder.is_dir() else []):
                if not path.name.startswith(".") and path.is_dir() and not missing(path):
                    found.append(read(path, origin))
        return found

    def find(self, source_language: str, target_language: str) -> Model:
        """The best package for a pair: of our folder before others, then the newest version.

        A variety of a language falls back to the language: zh-Hant is read by a model for zh.

        Raises: LanguagePairMissing if there is none.
        """
        rank = {"installed": 2, "argos": 1, "bundled": 0}
        wanted = (source_language, languages.base(source_language))
        fitting = [
            m
            for m in self.available()
            if m.source_language in wanted and m.target_language == target_language
        ]
        if not fitting:
            raise LanguagePairMissing(source_language, target_language)
        return max(
            fitting,
            key=lambda m: (m.source_language == source_language, rank[m.origin], _sortable(m.version)),
        )

    def install(self, archive: Path) -> Model:
        """Install a package from an `.argosmodel` file: checked, then put in place at once, or not at all.

        Raises: ModelError with the reason.
        """
        with _scratch(self.folder) as scratch:
            unpacked = unpack(archive, scratch)
            model = read(unpacked, "installed")
            _prove(model, archive)
            target = self.folder / folder_name(model)
            _put_in_place(unpacked, target)
        return read(target, "installed")

    def remove(self, source_language: str, target_language: str) -> list[Model]:
        """Remove the installed packages of a pair. Those of Argos itself and the bundled ones are not ours to remove.

        Raises: ModelError if there is none.
        """
        found = [
            m
            for m in self.available()
            if m.origin == "installed"
            and (m.source_language, m.target_language) == (source_language, target_language)
        ]
        if not found:
            raise ModelError(
                f"{source_language} → {target_language}", "no such package was installed by feedsvc"
            )
        for model in found:
            doomed = model.path.with_name(f".removed-{model.path.name}")
            shutil.rmtree(doomed, ignore_errors=True)
            model.path.rename(doomed)
            shutil.rmtree(doomed)
        return found

    def _unpack_bundled(self) -> None:
        """Lay the bundled packages out beside ours: CTranslate2 reads folders, not zips."""
        place = self.folder / ".bundled"
        for archive in sorted(BUNDLED.glob("*.argosmodel")):
            target = place / f"{archive.stem}-{archive.stat().st_size}"
            if not target.is_dir():
                older = list(place.glob(f"{archive.stem}-*"))
                with _scratch(place) as scratch:
                    _put_in_place(unpack(archive, scratch), target)
                for path in older:
                    shutil.rmtree(path, ignore_errors=True)


def _argos_folder() -> Path:
    """Where argostranslate keeps its packages."""
    if given := os.environ.get("ARGOS_PACKAGES_DIR"):
        return Path(given)
    try:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    except RuntimeError:  # a user without a home
        data = Path(os.devnull)
    return data / "argos-translate" / "packages"


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """An empty folder below another one, for what is not checked yet; it goes in any case."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=folder) as scratch:
            yield Path(scratch)
    except OSError as error:
        raise ModelError(folder, f"cannot be written: {error.strerror}") from error


def _put_in_place(unpacked: Path, target: Path) -> None:
    """Rename a checked folder to where it belongs; an older one there makes room."""
    old = target.with_name(f".old-{target.name}")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    unpacked.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _sortable(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def _prove(model: Model, archive: Path) -> None:
    """Load a package and translate with it, so that a broken one is refused now and not at night."""
    try:
        LoadedModel(model).translate(["1."], careful=False)
    except ModelError as error:
        raise ModelError(archive, error.reason) from error
