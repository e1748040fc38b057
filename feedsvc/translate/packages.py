"""One Argos package: a folder, or the zip that it travels in. The only place that knows Argos' codes and files.

A package is a folder with `metadata.json`, `model/model.bin` and `sentencepiece.model`; its zip has the suffix
`.argosmodel`.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from feedsvc import languages
from feedsvc.errors import ModelError

Origin = Literal["installed", "argos", "bundled"]
_REQUIRED = ("metadata.json", "model/model.bin")
_MAX_UNPACKED_BYTES = 4_000_000_000
_MAX_FILES = 1000
#: Argos' codes that are not BCP 47 tags
_ARGOS_CODES = {"zt": "zh-Hant", "pb": "pt-BR"}


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


def tokenizer(model: Model) -> Any:
    """The SentencePiece processor of a package."""
    return _argos_package(model.path).tokenizer.lazy_processor()


def folder_name(model: Model) -> str:
    """What the folder of a package is called, as Argos does it: `translate-zh_en-1_9`."""
    name = f"translate-{_code(model.source_language)}_{_code(model.target_language)}-{model.version}"
    return re.sub(r"[^\w-]", "_", name)


def read(path: Path, origin: Origin) -> Model:
    """The package in a folder that nothing is missing from."""
    meta = json.loads((path / "metadata.json").read_text(encoding="utf-8"))
    return Model(
        source_language=_tag(str(meta["from_code"])),
        target_language=_tag(str(meta["to_code"])),
        version=str(meta.get("package_version", "0")),
        origin=origin,
        path=path,
        target_prefix=str(meta.get("target_prefix") or ""),
    )


def missing(path: Path) -> str | None:
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
    codes = [str(meta[key]) for key in ("from_code", "to_code")]
    if not all(languages.normalise(_ARGOS_CODES.get(code, code)) for code in codes):
        return f"metadata.json names languages that there are not: {' → '.join(codes)}"
    if not re.fullmatch(r"[\w.+-]{1,40}", str(meta.get("package_version", "0"))):
        return "metadata.json has a version that is none"
    if meta.get("type", "translate") != "translate":
        return f"it is a package of type {meta['type']}, not translate"
    return None


def unpack(archive: Path, scratch: Path) -> Path:
    """Unpack an archive below an empty folder and return the package's own folder."""
    try:
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            _check_members(members, archive)
            packed.extractall(scratch)
    except OSError as error:
        raise ModelError(archive, f"cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise ModelError(archive, f"is no package: {error}") from error
    folders = [p.parent for p in scratch.rglob("metadata.json") if len(p.relative_to(scratch).parts) <= 2]
    if len(folders) != 1:
        raise ModelError(archive, "is no package: it must hold one folder with a metadata.json")
    if reason := missing(folders[0]):
        raise ModelError(archive, f"is no package: {reason}")
    return folders[0]


def _check_members(members: list[zipfile.ZipInfo], archive: Path) -> None:
    if len(members) > _MAX_FILES or sum(m.file_size for m in members) > _MAX_UNPACKED_BYTES:
        raise ModelError(archive, "is too large")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]) or is_link:
            raise ModelError(archive, f"holds {member.filename}, which leads out of its folder")


def _argos_package(path: Path) -> Any:
    """Argos' own view of a package. Importing argostranslate makes folders in these places: not in the real ones."""
    names = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "ARGOS_PACKAGES_DIR")
    before = {name: os.environ.get(name) for name in names}
    with tempfile.TemporaryDirectory(prefix="feedsvc-") as scratch:
        os.environ |= dict.fromkeys(names, scratch)
        try:
            from argostranslate.package import Package
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
    return Package(path)


def _tag(code: str) -> str:
    return _ARGOS_CODES.get(code) or languages.normalise(code) or code


def _code(tag: str) -> str:
    return next((code for code, t in _ARGOS_CODES.items() if t == tag), tag)
