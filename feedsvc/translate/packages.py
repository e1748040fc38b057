"""One Argos package: a folder, or the zip that it travels in. The only place that knows Argos' codes and files.

A package is a folder with `metadata.json`, `model/model.bin` and `sentencepiece.model`, older ones with `bpe.model`; its
zip has the suffix `.argosmodel`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Protocol

from feedsvc import languages
from feedsvc.errors import ModelError

Origin = Literal["installed", "argos", "bundled"]
_REQUIRED = ("metadata.json", "model/model.bin")
_TOKENIZERS = ("sentencepiece.model", "bpe.model")
_MAX_UNPACKED_BYTES = 4_000_000_000
_MAX_RATIO = 100  # unpacked to packed; packages have 1.1 to 1.5
_MAX_FILES = 1000
#: Argos' codes that are not the canonical BCP 47 tags of their languages
_ARGOS_CODES = {"zt": "zh-Hant", "pb": "pt-BR", "tl": "fil"}


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


class Tokenizer(Protocol):
    """Cuts a sentence into the pieces that a model knows, and puts pieces together again."""

    def encode(self, text: str, out_type: type[str] = str) -> list[str]:
        """The pieces of a sentence."""
        ...

    def decode(self, pieces: Sequence[str]) -> str:
        """The sentence that pieces make."""
        ...

    def spans(self, text: str) -> list[tuple[int, int]] | None:
        """Where in `text` each piece of `encode(text)` begins and ends, in characters; None if that cannot be told.

        White space belongs to the piece after it. Where several pieces make one character, the last one has it.
        """
        ...

    def unknown(self, text: str) -> float:
        """The share of a sentence that the model does not know, 0 to 1."""
        ...


class _SentencePiece:
    def __init__(self, processor: Any) -> None:
        self._processor = processor

    def encode(self, text: str, out_type: type[str] = str) -> list[str]:
        pieces: list[str] = self._processor.encode(text, out_type=str)
        return pieces

    def decode(self, pieces: Sequence[str]) -> str:
        # not by Argos' own tokenizer, which makes a space of every underscore
        return str(self._processor.decode(list(pieces)))

    def spans(self, text: str) -> list[tuple[int, int]]:
        # of all that SentencePiece returns, only this counts in characters: in its protos, offsets are bytes
        offsets: list[tuple[int, int]] = self._processor.encode(text, return_type="offset_mapping")["offsets"]
        return offsets

    def unknown(self, text: str) -> float:
        # by characters: unknown ones side by side are one piece, and a model with byte pieces spells them
        ids = self._processor.encode(text, out_type=int)
        sizes = [end - start for start, end in self.spans(text)]
        foreign = sum(
            size
            for i, size in zip(ids, sizes, strict=True)
            if i == self._processor.unk_id() or self._processor.is_byte(i)
        )
        return foreign / max(1, sum(sizes))


class _MosesBpe:
    """The tokenizer of older packages: words as Moses cuts them, punctuation normalised, then byte pair encoding."""

    def __init__(self, tokenizer: Any, known: frozenset[str]) -> None:
        self._tokenizer = tokenizer
        self._known = known

    def encode(self, text: str, out_type: type[str] = str) -> list[str]:
        pieces: list[str] = self._tokenizer.encode(text)
        return pieces

    def decode(self, pieces: Sequence[str]) -> str:
        return str(self._tokenizer.decode(list(pieces)))

    def spans(self, text: str) -> list[tuple[int, int]] | None:
        return None

    def unknown(self, text: str) -> float:
        pieces = self.encode(text)
        return sum(p not in self._known for p in pieces) / len(pieces) if pieces else 0.0


def tokenizer(model: Model) -> Tokenizer:
    """The tokenizer of a package, loaded.

    Raises: ModelError if it is one of the older kind and what that needs is not there, or is broken; what
    SentencePiece raises if its file is.
    """
    with _away_from_home():
        from argostranslate.package import Package
    found = Package(model.path).tokenizer
    if (model.path / "sentencepiece.model").is_file():
        return _SentencePiece(found.lazy_processor())
    _check_bpe(model.path / "bpe.model")
    try:
        found.lazy_load()
    except ImportError as error:
        raise ModelError(
            model.path, "this older package needs sacremoses: install feedsvc[legacy-models]"
        ) from error
    return _MosesBpe(found, vocabulary(model, "source"))


def vocabulary(model: Model, side: Literal["source", "target"]) -> frozenset[str]:
    """The pieces that a model knows on one side.

    Raises: ModelError if its files do not say.
    """
    names = [f"{name}_vocabulary.{suffix}" for name in (side, "shared") for suffix in ("json", "txt")]
    path = next((p for name in names if (p := model.path / "model" / name).is_file()), None)
    if path is None:
        raise ModelError(model.path, "has no vocabulary")
    try:
        text = path.read_text(encoding="utf-8")
        return frozenset(json.loads(text) if path.suffix == ".json" else text.split("\n"))
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(path, f"cannot be read: {error}") from error


def index_address() -> str:
    """Where Argos keeps the index of its packages; $ARGOS_PACKAGE_INDEX has a say, as it has in Argos."""
    with _away_from_home():
        from argostranslate import settings
    return str(settings.remote_package_index)


def tag(code: str) -> str | None:
    """The language tag of an Argos code: `zt` → `zh-Hant`; None if it is none."""
    return _ARGOS_CODES.get(code) or languages.normalise(code)


def code(tag: str) -> str:
    """The Argos code of a language tag: `zh-Hant` → `zt`."""
    return next((code for code, t in _ARGOS_CODES.items() if t == tag), tag)


def folder_name(source_language: str, target_language: str, version: str) -> str:
    """What the folder of a package is called, as Argos does it: `translate-zh_en-1_9`."""
    return re.sub(r"[^\w-]", "_", f"translate-{code(source_language)}_{code(target_language)}-{version}")


def newness(version: str) -> tuple[int, ...]:
    """A version as something to compare: 1.10 is newer than 1.9."""
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))


def is_version(text: str) -> bool:
    """The text is a version, and harmless in the name of a file."""
    return re.fullmatch(r"[\w.+-]{1,40}", text) is not None


def read(path: Path, origin: Origin) -> Model:
    """The package in a folder that nothing is missing from."""
    meta = json.loads((path / "metadata.json").read_text(encoding="utf-8"))
    return Model(
        source_language=tag(meta["from_code"]) or meta["from_code"],
        target_language=tag(meta["to_code"]) or meta["to_code"],
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
    if not any((path / name).is_file() for name in _TOKENIZERS):
        return f"{' or '.join(_TOKENIZERS)} is missing"
    try:
        meta = json.loads((path / "metadata.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return f"metadata.json cannot be read: {error}"
    if not isinstance(meta, dict) or not all(isinstance(meta.get(k), str) for k in ("from_code", "to_code")):
        return "metadata.json names no languages"
    codes = [str(meta[key]) for key in ("from_code", "to_code")]
    if not all(tag(code) for code in codes):
        return f"metadata.json names languages that there are not: {' → '.join(codes)}"
    if not is_version(str(meta.get("package_version", "0"))):
        return "metadata.json has a version that is none"
    if meta.get("type", "translate") != "translate":
        return f"it is a package of type {meta['type']}, not translate"
    return None


def is_whole(path: Path, archive: Path) -> bool:
    """A folder holds all that an archive of ours does, by the sizes of its files."""
    with zipfile.ZipFile(archive) as packed:
        sizes = {PurePosixPath(m.filename): m.file_size for m in packed.infolist() if not m.is_dir()}
    try:
        return all(path.joinpath(*name.parts[1:]).stat().st_size == size for name, size in sizes.items())
    except OSError:
        return False


def unpack(archive: Path, scratch: Path) -> Path:
    """Unpack an archive below an empty folder and return the package's own folder."""
    try:
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            _check_members(members, archive)
            check_room(sum(m.file_size for m in members), scratch.parent, archive)
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
    # zipfile writes no more of a member than the size that is declared for it
    unpacked = sum(m.file_size for m in members)
    allowed = min(_MAX_UNPACKED_BYTES, _MAX_RATIO * archive.stat().st_size)
    if len(members) > _MAX_FILES or unpacked > allowed:
        raise ModelError(archive, "is too large unpacked")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]) or is_link:
            raise ModelError(archive, f"holds {member.filename}, which leads out of its folder")


def check_room(needed_bytes: int, folder: Path, what: Path | str) -> None:
    """Make sure that a folder has room for so much.

    Raises: ModelError of `what` if it has not.
    """
    if needed_bytes > (free := shutil.disk_usage(folder).free):
        raise ModelError(
            what, f"needs {needed_bytes / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free in {folder}"
        )


def _check_bpe(path: Path) -> None:
    # Argos' reader ends the process at a line that it does not understand
    lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    if any(len(line.strip("\r ").split(" ")) != 2 for line in lines):
        raise ModelError(path, "cannot be loaded: it is no list of pairs")


@contextmanager
def _away_from_home() -> Iterator[None]:
    """Importing argostranslate makes folders in these places: not in the real ones, which may be read-only."""
    names = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "ARGOS_PACKAGES_DIR")
    before = {name: os.environ.get(name) for name in names}
    with tempfile.TemporaryDirectory(prefix="feedsvc-") as scratch:
        os.environ |= dict.fromkeys(names, scratch)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
