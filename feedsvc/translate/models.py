"""Argos packages on disk: found, installed, removed. The only place that knows Argos' codes and files.

A package is a folder with `metadata.json`, `model/model.bin` and `sentencepiece.model`; it travels as a zip
with the suffix `.argosmodel`. Packages are looked for in our own folder, then in the one that Argos itself
uses, then among those bundled with feedsvc.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from feedsvc import languages
from feedsvc.errors import LanguagePairMissing, ModelError

BUNDLED = Path(__file__).parent / "starter"
_REQUIRED = ("metadata.json", "model/model.bin")
_MAX_UNPACKED_BYTES = 4_000_000_000
_MAX_FILES = 1000
#: Argos' codes that are not BCP 47 tags
_ARGOS_CODES = {"zt": "zh-Hant", "pb": "pt-BR"}
Origin = Literal["installed", "argos", "bundled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A package that can be loaded."""

    source_language: str
    target_language: str
    version: str
    origin: Origin
    path: Path
    #: a piece that a multilingual model wants before each translation
    target_prefix: str

    @property
    def engine(self) -> str:
        """Id and version, as stored with every translation: `argos zh_en 1.9`."""
        name = "starter" if self.origin == "bundled" else "argos"
        return f"{name} {self.source_language}_{self.target_language} {self.version}"


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
                if not path.name.startswith(".") and path.is_dir() and not _missing(path):
                    found.append(_read(path, origin))
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
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=self.folder) as scratch:
            unpacked = _unpack(archive, Path(scratch))
            model = _read(unpacked, "installed")
            name = f"translate-{_code(model.source_language)}_{_code(model.target_language)}-{model.version}"
            _prove(model, archive)
            target = self.folder / name.replace("/", "_").replace(".", "_")
            _put_in_place(unpacked, target)
        return _read(target, "installed")

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
            model.path.rename(doomed)
            shutil.rmtree(doomed)
        return found

    def _unpack_bundled(self) -> None:
        """Lay the bundled packages out beside ours: CTranslate2 reads folders, not zips."""
        place = self.folder / ".bundled"
        for archive in sorted(BUNDLED.glob("*.argosmodel")):
            target = place / f"{archive.stem}-{archive.stat().st_size}"
            if target.is_dir():
                continue
            place.mkdir(parents=True, exist_ok=True)
            for old in place.iterdir():
                shutil.rmtree(old, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=".incoming-", dir=place) as scratch:
                _put_in_place(_unpack(archive, Path(scratch)), target)


def tokenizer(model: Model) -> Any:
    """The SentencePiece processor of a package."""
    return _argos_package(model.path).tokenizer.lazy_processor()


def _argos_package(path: Path) -> Any:
    """Argos' own view of a package. Importing argostranslate makes folders below the XDG places: ours to name."""
    home = path.parent / ".argos"
    names = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    before = {name: os.environ.get(name) for name in names}
    os.environ |= {name: str(home) for name in names}
    try:
        from argostranslate.package import Package
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return Package(path)


def _argos_folder() -> Path:
    """Where argostranslate keeps its packages."""
    if given := os.environ.get("ARGOS_PACKAGES_DIR"):
        return Path(given)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "argos-translate" / "packages"


def _read(path: Path, origin: Origin) -> Model:
    meta = json.loads((path / "metadata.json").read_text(encoding="utf-8"))
    return Model(
        source_language=_tag(str(meta["from_code"])),
        target_language=_tag(str(meta["to_code"])),
        version=str(meta.get("package_version", "0")),
        origin=origin,
        path=path,
        target_prefix=str(meta.get("target_prefix") or ""),
    )


def _missing(path: Path) -> str | None:
    """What keeps a folder from being a package that we can load."""
    for name in _REQUIRED:
        if not (path / name).is_file():
            return f"{name} is missing"
    if not (path / "sentencepiece.model").is_file():
        return "sentencepiece.model is missing (packages with bpe.model only are not supported)"
    try:
        meta = json.loads((path / "metadata.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return f"metadata.json cannot be read: {error}"
    if not isinstance(meta, dict) or not all(isinstance(meta.get(k), str) for k in ("from_code", "to_code")):
        return "metadata.json names no languages"
    if meta.get("type", "translate") != "translate":
        return f"it is a package of type {meta['type']}, not translate"
    return None


def _unpack(archive: Path, scratch: Path) -> Path:
    """Unpack an archive below an empty folder and return the package's own folder."""
    try:
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            _check_members(members, archive)
            packed.extractall(scratch)
    except OSError as error:
        raise ModelError(archive, f"cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, EOFError, ValueError, RuntimeError) as error:
        raise ModelError(archive, f"is no package: {error}") from error
    folders = [p.parent for p in scratch.rglob("metadata.json") if len(p.relative_to(scratch).parts) <= 2]
    if len(folders) != 1:
        raise ModelError(archive, "is no package: it must hold one folder with a metadata.json")
    if reason := _missing(folders[0]):
        raise ModelError(archive, f"is no package: {reason}")
    return folders[0]


def _check_members(members: list[zipfile.ZipInfo], archive: Path) -> None:
    if len(members) > _MAX_FILES or sum(m.file_size for m in members) > _MAX_UNPACKED_BYTES:
        raise ModelError(archive, "is too large")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[:1] or is_link:
            raise ModelError(archive, f"holds {member.filename}, which leads out of its folder")


def _prove(model: Model, archive: Path) -> None:
    """Load a package and translate with it, so that a broken one is refused now and not at night."""
    from feedsvc.translate.engine import LoadedModel

    try:
        LoadedModel(model).translate(["1."], careful=False)
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError(archive, f"cannot be loaded: {error}") from error


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


def _tag(code: str) -> str:
    return _ARGOS_CODES.get(code) or languages.normalise(code) or code


def _code(tag: str) -> str:
    return next((code for code, t in _ARGOS_CODES.items() if t == tag), tag)
