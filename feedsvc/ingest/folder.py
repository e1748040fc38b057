"""Folders of articles: which files are new or changed. Those that are as they were are not opened."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from posixpath import splitext

from feedsvc.ingest.article import read_article
from feedsvc.ingest.disk import UNSURE, Found, list_files, open_plain
from feedsvc.ingest.media import LocalMedia
from feedsvc.ingest.sanitize import clean_text
from feedsvc.model import Entry, KnownFile, Medium, NotModified, ParsedFeed, Source

SUFFIXES = frozenset({".md", ".markdown", ".html", ".txt"})
MAX_FILE_BYTES = 10_000_000
#: to be raised when the same file makes another entry than before: all are then read again
_RULES = 1
#: of a digest, what stands for the rules and the language that a file was read with
_BASIS_CHARS = 8
#: between an article and a file beside it that it shows, in the path of a KnownFile
_SHOWS = "//"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Article:
    """An article of a folder: its file, the files beside it that it shows, and its entry if it was read anew."""

    file: KnownFile
    shown: tuple[KnownFile, ...] = ()
    entry: Entry | None = None
    media: tuple[Medium, ...] = ()


def read_folder(source: Source, known: Mapping[str, KnownFile], *, now: datetime) -> ParsedFeed | NotModified:
    """The articles below a folder that are new or have changed, by file name.

    `known` are its files as they were, by path; the answer lists them as they are. A file that an article shows
    has the path `<article>//<file>`, once for each article. A file that cannot be read is named in `problems`,
    also while it stays as it is. Of files with the same guid the first one counts. Nothing is unmodified of
    which nothing is known.

    Raises: SourceError if the folder itself cannot be read.
    """
    folder = Path(source.location)
    files, problems = list_files(folder, now=now)
    reader = _Reader(source, files, known)
    articles = []
    first = dict[str, str]()
    for path in sorted((p for p in files if splitext(p)[1].lower() in SUFFIXES), key=_by_name):
        article = reader.look(path, taken=first)
        if article is None:
            continue
        guid = article.file.guid
        if guid is not None and first.setdefault(guid, path) != path:
            problems.append(f"{folder / path}: has the same guid as another file, {guid}")
            article = replace(article, entry=None, media=())
        articles.append(article)
    problems += [
        f"{folder / article.file.path}: {file.problem}"
        for article in articles
        for file in (article.file, *article.shown)
        if file.problem
    ]
    present = {file.path: file for article in articles for file in (article.file, *article.shown)}
    if known and not problems and present == known:
        return NotModified()
    return ParsedFeed(
        entries=tuple(article.entry for article in articles if article.entry is not None),
        problems=tuple(problems),
        files=tuple(present.values()),
        media=tuple(dict.fromkeys(medium for article in articles for medium in article.media)),
    )


class _Reader:
    """Reads the files of one folder that are not as they are known."""

    def __init__(self, source: Source, files: Mapping[str, Found], known: Mapping[str, KnownFile]) -> None:
        self._source = source
        self._files = files
        self._basis = _hex(f"{_RULES} {source.language or ''}".encode())[:_BASIS_CHARS]
        self._known = {p: f for p, f in known.items() if _SHOWS not in p and f.digest.startswith(self._basis)}
        self._first = _first_with_guid(self._known.values())
        self._shown: dict[str, list[tuple[str, KnownFile]]] = {}
        for path, file in known.items():
            article, shows, beside = path.partition(_SHOWS)
            if shows and article in self._known:
                self._shown.setdefault(article, []).append((beside, file))
        media = (replace(file, path=beside) for rows in self._shown.values() for beside, file in rows)
        self._local = LocalMedia(Path(source.location), files, media)

    def look(self, path: str, *, taken: Container[str]) -> _Article | None:
        """The article in a file, read if need be; None if the file has gone since it was listed.

        `taken` are the guids of the files before it: one that has only now become the first of its guid is
        read again, to take the place of the other.
        """
        found, before = self._files[path], self._known.get(path)
        shown = None if before is None or self._is_heir(before, taken) else self._still_shown(path)
        if before is not None and shown is not None and found.is_still(before):
            return _Article(file=before, shown=shown)
        try:
            with open_plain(found.place) as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            # what keeps it from being read may change without a trace in the file
            return self._unread(path, f"cannot be read: {error.strerror}", mtime_ns=UNSURE)
        if len(data) > MAX_FILE_BYTES:
            return self._unread(path, f"is larger than {MAX_FILE_BYTES // 1_000_000} MB")
        digest = self._basis + _hex(data)[_BASIS_CHARS:]
        if before is not None and shown is not None and before.digest == digest:
            return _Article(file=replace(before, mtime_ns=found.mtime_ns), shown=shown)
        return self._read(path, data, digest)

    def _read(self, path: str, data: bytes, digest: str) -> _Article:
        try:
            entry, shown = read_article(data, path, self._source, self._local)
        except Exception as error:  # noqa: BLE001 - whatever one file brings out must not cost the others
            return self._unread(path, clean_text(error), digest=digest)
        return _Article(
            file=self._file(path, digest=digest, guid=entry.guid),
            shown=tuple(replace(f, path=f"{path}{_SHOWS}{f.path}") for f in shown.files.values()),
            entry=entry,
            media=tuple(shown.media.values()),
        )

    def _unread(self, path: str, problem: str, *, digest: str = "", mtime_ns: int | None = None) -> _Article:
        file = self._file(path, digest=digest or self._basis, problem=problem)
        return _Article(file=file if mtime_ns is None else replace(file, mtime_ns=mtime_ns))

    def _file(
        self, path: str, *, digest: str, guid: str | None = None, problem: str | None = None
    ) -> KnownFile:
        found = self._files[path]
        return KnownFile(
            path=path,
            size_bytes=found.size_bytes,
            mtime_ns=found.mtime_ns,
            digest=digest,
            guid=guid,
            problem=problem,
        )

    def _is_heir(self, before: KnownFile, taken: Container[str]) -> bool:
        """Another file had its guid and came first, but no longer does."""
        return (
            before.guid is not None and before.guid not in taken and self._first[before.guid] != before.path
        )

    def _still_shown(self, path: str) -> tuple[KnownFile, ...] | None:
        """The files that an article shows, if they are what they were when it was read; else None."""
        still = []
        for beside, before in self._shown.get(path, ()):
            file = self._local.look(beside)
            is_same = file.digest == before.digest
            if not is_same or (not file.digest and _stamp(file) != _stamp(before)):
                return None
            still.append(replace(file, path=before.path, problem=before.problem))
        return tuple(still)


def _first_with_guid(files: Iterable[KnownFile]) -> dict[str, str]:
    """The first file, by name, of each guid."""
    first: dict[str, str] = {}
    for file in sorted(files, key=lambda f: _by_name(f.path)):
        if file.guid is not None:
            first.setdefault(file.guid, file.path)
    return first


def _by_name(path: str) -> list[str]:
    return path.split("/")


def _stamp(file: KnownFile) -> tuple[int, int]:
    return file.size_bytes, file.mtime_ns


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
