"""The pictures, sounds and films that lie beside the articles of a folder. What one is, its content says, not its name."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from io import BufferedRandom, BufferedReader
from pathlib import Path
from urllib.parse import unquote, urlsplit

from feedsvc.errors import StoreError
from feedsvc.ingest.disk import UNSURE, Found, is_inside, open_plain, printable
from feedsvc.model import KnownFile, Medium

MAX_MEDIUM_BYTES = 50_000_000
_HEAD_BYTES = 64
#: characters, percent-encoded; no file system has longer names
_MAX_REFERENCE = 1000
_CHUNK_BYTES = 1_000_000
_KINDS = "PNG, JPEG, GIF, WebP, AVIF, MP3, MP4, Ogg or WebM"
_STARTS = {
    b"\x89PNG\r\n\x1a\n": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"GIF87a": ".gif",
    b"GIF89a": ".gif",
    b"ID3": ".mp3",
    b"OggS": ".ogg",
}
#: of the ISO base media format, by brand
_BRANDS = {b"avif": ".avif", b"avis": ".avif", b"M4A ": ".m4a", b"M4B ": ".m4a"}
_FILM_BRANDS = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"M4V "}
)


def kind(head: bytes) -> str | None:
    """The suffix for what a file is by its first bytes; None for all that is not published, such as SVG, which may hold scripts."""
    for start, suffix in _STARTS.items():
        if head.startswith(start):
            return suffix
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ".webp"
    if head[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in head:
        return ".webm"
    if head[4:8] == b"ftyp":
        return _kind_of_brands(head)
    # a frame of MPEG audio, layer III
    return ".mp3" if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 else None


def _kind_of_brands(head: bytes) -> str | None:
    """Of a file in the ISO base media format: by its own brand, else by those that it is compatible with."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[i : i + 4] for i in range(16, end - 3, 4))]
    named = next((_BRANDS[b] for b in brands if b in _BRANDS), None)
    return named or (".mp4" if _FILM_BRANDS.intersection(brands) else None)


class LocalMedia:
    """The files beside the articles of one folder that can be shown, each looked at once."""

    def __init__(self, folder: Path, files: Mapping[str, Found], known: Iterable[KnownFile]) -> None:
        self._inside = os.path.realpath(folder)
        self._files = files
        self._known = {file.path: file for file in known}
        self._seen: dict[str, KnownFile] = {}
        self._media: dict[str, Medium | None] = {}

    def find(self, reference: str, article: str) -> str | None:
        """The path from the folder that a relative reference in an article means; None if it is no such reference.

        Only files of the folder can be shown: for all others `look` says that they are not there.
        """
        candidates = list(_candidates(reference, article))
        for path in candidates:
            if path in self._files:
                return path
        for path in candidates:
            real = printable(os.path.realpath(f"{self._inside}/{path}"))
            if (
                is_inside(real, self._inside)
                and (real := real[len(self._inside.rstrip("/")) + 1 :]) in self._files
            ):
                return real  # by way of a link to another folder in this one
        return candidates[0] if candidates else None

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def look(self, path: str) -> KnownFile:
        """What a path is now; its digest is "" where there is nothing that can be shown, and its problem says why."""
        if path not in self._seen:
            found, before = self._files.get(path), self._known.get(path)
            if found is None:
                problem = f"shows {path}, which is not in the folder"
                self._seen[path] = KnownFile(path=path, size_bytes=0, mtime_ns=0, digest="", problem=problem)
            elif before is not None and found.is_still(before):
                self._seen[path] = before
            else:
                self._seen[path] = _examine(path, found)
        return self._seen[path]

    def medium(self, path: str) -> Medium | None:
        """What is published of a path; None where there is nothing that can be shown."""
        file = self.look(path)
        if not file.digest:
            return None
        if path not in self._media:
            place = self._files[path].place
            try:
                with open_plain(place) as opened:
                    suffix = kind(opened.read(_HEAD_BYTES))
            except OSError:  # gone since it was looked at
                suffix = None
            self._media[path] = Medium(name=file.digest + suffix, path=place) if suffix else None
        return self._media[path]


def _candidates(reference: str, article: str) -> Iterator[str]:
    """The paths below the folder that a reference may mean: percent-encoded as it should be, or not."""
    try:
        parts = urlsplit(reference.strip())
    except ValueError:
        return
    if parts.scheme or parts.netloc or not parts.path or len(parts.path) > _MAX_REFERENCE:
        return
    beside = "" if parts.path.startswith("/") else posixpath.dirname(article)
    for name in dict.fromkeys((unquote(parts.path), parts.path)):
        path = posixpath.normpath(posixpath.join(beside, name.lstrip("/")))
        if "\0" not in path:
            yield path


def _examine(path: str, found: Found) -> KnownFile:
    """Read a file: what it is by its content, and the hash of that."""
    digest, mtime_ns, reason = "", found.mtime_ns, None
    try:
        with open_plain(found.place) as file:
            if found.size_bytes > MAX_MEDIUM_BYTES:
                reason = f"is larger than {MAX_MEDIUM_BYTES // 1_000_000} MB"
            elif kind(file.read(_HEAD_BYTES)) is None:
                reason = f"is no {_KINDS} file"
            else:
                file.seek(0)
                digest = _hash(file)
    except OSError as error:
        mtime_ns, reason = UNSURE, f"cannot be read: {error.strerror}"
    problem = f"shows {path}, which {reason}" if reason else None
    return KnownFile(
        path=path, size_bytes=found.size_bytes, mtime_ns=mtime_ns, digest=digest, problem=problem
    )


def _hash(file: BufferedReader | BufferedRandom) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()


def keep_media(media: Iterable[Medium], folder: Path) -> None:
    """Keep a copy of each medium, by its name, so that it outlives its source.

    One that has gone or changed since it was looked at is left out: the next look finds that.

    Raises: StoreError if the copy cannot be written.
    """
    for medium in media:
        kept = folder / medium.name
        if kept.exists():
            continue
        try:
            source = open_plain(medium.path)
        except OSError:
            continue
        with source:
            _copy(source, kept)


def _copy(source: BufferedReader, kept: Path) -> None:
    unfinished = kept.with_name(f".{kept.name}.unfinished")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w+b") as file:
            left = MAX_MEDIUM_BYTES
            while left > 0 and (chunk := source.read(min(_CHUNK_BYTES, left))):
                file.write(chunk)
                left -= len(chunk)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            is_what_was_read = kept.name.startswith(_hash(file))
        if is_what_was_read:
            unfinished.replace(kept)
        else:
            unfinished.unlink()
    except OSError as error:
        raise StoreError(f"{kept}: cannot be written: {error.strerror}") from error
