"""The files of a folder as they are sent: found, read, hashed and compressed once, and kept in memory while hot.

Only visible regular files below the folder exist, wherever a link may lead. An ETag is a hash of the media type and of
the bytes that are sent, so that it is strong and another one for each encoding.
"""

from __future__ import annotations

import mimetypes
import os
import re
import stat
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from hashlib import blake2b, file_digest
from pathlib import Path

from feedsvc.publish.compression import SUFFIXES, pack

#: bigger files are sent from the disk, as they are
MAX_KEPT_BYTES = 8 << 20
#: what all files in memory may take together
MEMORY_BYTES = 64 << 20
#: smaller files are not worth compressing
_MIN_COMPRESSED_BYTES = 1000
#: a file that changed so lately could change again without its times showing it
_SETTLED_NS = 100_000_000
_OVERHEAD_BYTES = 2000  # of a representation, whatever its file

_TYPES = {
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".json": "application/feed+json",
    ".opml": "text/x-opml",
    ".avif": "image/avif",
    ".webp": "image/webp",
    ".webm": "video/webm",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".gz": "application/gzip",
    ".br": "application/octet-stream",
}
_FEEDS = frozenset({".rss", ".atom"})
#: under their own types, browsers show feeds as plain text in the wrong characters (Chromium) or save them (Firefox)
_FOR_BROWSERS = "application/xml; charset=utf-8"
_COMPRESSIBLE = re.compile(r"text/|application/(?:.*\+)?(?:xml|json|javascript)\b|image/svg\+xml")
#: the files of articles are named after their content
_NAMED_BY_CONTENT = re.compile(r"/media/[0-9a-f]{64}\.[a-z0-9]+")

Headers = list[tuple[bytes, bytes]]
#: device, inode, size, and when content and inode changed: another file, or another content, has another one
Stamp = tuple[int, int, int, int, int]

COMMON: Headers = [
    # pictures and media of the articles come from their publishers, or lie beside them; nothing else comes from outside.
    # Pages have their style inside, feeds have it beside them; the one script that may run is the index's that copies
    (
        b"content-security-policy",
        b"default-src 'none'; img-src * data:; media-src *; style-src 'self' 'unsafe-inline'; "
        b"script-src 'sha256-IK+VTra7aQlBnyb39q/ie+ADTN6vcgn07/u/GGADRl4='; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """A file in one encoding and under one media type."""

    stamp: Stamp
    #: where the bytes lie, and how many they are
    path: str
    size_bytes: int
    #: the bytes, of files that are kept in memory
    body: bytes | None
    etag: bytes
    modified_s: int
    #: of an answer that says that nothing has changed; those of one with the file are more
    short: Headers
    headers: Headers

    @property
    def weight(self) -> int:
        """What it takes in memory, in bytes."""
        return _OVERHEAD_BYTES + (self.size_bytes if self.body is not None else 0)


@dataclass(frozen=True, slots=True)
class Variant:
    """What of a file is wanted: its address, the encoding, and whether by a browser that shows documents."""

    address: str
    encoding: str
    as_document: bool


class Folder:
    """The files of a folder, and those of them that were asked for lately, in memory."""

    def __init__(
        self, path: Path, *, memory_bytes: int = MEMORY_BYTES, clock: Callable[[], int] = time.time_ns
    ) -> None:
        self._root = os.fspath(path.absolute())
        self._memory_bytes = memory_bytes
        self._clock = clock
        self._kept: OrderedDict[Variant, Representation] = OrderedDict()
        self._weight = 0

    def stamp(self, address: str) -> Stamp | None:
        """Of the file at an address that starts with a slash; None where there is no such file."""
        if not is_visible(address):
            return None
        try:
            found = os.stat(self._root + address)  # noqa: PTH116 - a Path costs more than the call
        except (OSError, ValueError):
            return None
        return _stamp(found) if stat.S_ISREG(found.st_mode) else None

    def kept(self, variant: Variant, stamp: Stamp) -> Representation | None:
        """What is in memory of the file, if it is still that file."""
        found = self._kept.get(variant)
        if found is None or found.stamp != stamp:
            return None
        self._kept.move_to_end(variant)
        return found

    def keep(self, variant: Variant, made: Representation) -> None:
        """Remember a representation, and forget what was not asked for the longest time where that is too much."""
        if 0 <= self._clock() - max(made.stamp[3:]) < _SETTLED_NS or made.weight > self._memory_bytes:
            return
        if variant in self._kept:
            self._weight -= self._kept.pop(variant).weight
        self._kept[variant] = made
        self._weight += made.weight
        while self._weight > self._memory_bytes:
            self._weight -= self._kept.popitem(last=False)[1].weight

    def load(self, variant: Variant) -> Representation | None:
        """Read, compress and hash a file; None where it is gone, or a link leads out of the folder. Takes its time."""
        root = os.path.realpath(self._root)
        path = os.path.realpath(self._root + variant.address)
        if not path.startswith(root + os.sep) or not is_visible(path.removeprefix(root)):
            return None
        try:
            return _read(path, variant)
        except OSError:
            return None


def is_visible(address: str) -> bool:
    """Whether each part of a path that starts with a slash is a name, and none that is hidden or leads upwards."""
    parts = address.split("/")
    return "\0" not in address and all(part and part[0] != "." for part in parts[1:])


def varies_with_browser(address: str) -> bool:
    """Whether a browser gets the file under another media type than a reader."""
    return os.path.splitext(address)[1] in _FEEDS  # noqa: PTH122 - on the way of every request


@lru_cache(maxsize=1024)
def may_be_compressed(address: str) -> bool:
    """Whether a file gets smaller, by its name."""
    return bool(_COMPRESSIBLE.match(media_type_of(address)))


def media_type_of(address: str) -> str:
    """The media type of a file by its name, with the characters of text."""
    suffix = Path(address).suffix.lower()
    known = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    return f"{known}; charset=utf-8" if known.startswith("text/") else known


def _stamp(found: os.stat_result) -> Stamp:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _read(path: str, variant: Variant) -> Representation | None:
    media_type = _FOR_BROWSERS if variant.as_document else media_type_of(variant.address)
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
        stamp = _stamp(os.fstat(file.fileno()))
        size = stamp[2]
        hashed = blake2b(media_type.encode() + b"\0", digest_size=16)
        if size > MAX_KEPT_BYTES:
            digest = file_digest(file, lambda: hashed).hexdigest()
            return _represent(variant, stamp, path, size, None, digest, media_type, "")
        body = file.read(MAX_KEPT_BYTES + 1)
    encoding = ""
    if variant.encoding and len(body) >= _MIN_COMPRESSED_BYTES and may_be_compressed(variant.address):
        packed = _beside(path, stamp, variant.encoding) or pack(body, variant.encoding, is_for_good=False)
        if len(packed) < len(body):
            body, encoding = packed, variant.encoding
    hashed.update(body)
    return _represent(variant, stamp, path, len(body), body, hashed.hexdigest(), media_type, encoding)


def _beside(path: str, stamp: Stamp, encoding: str) -> bytes | None:
    """The compressed file that lies beside, unless it is older."""
    try:
        with open(  # noqa: PTH123
            os.open(path + SUFFIXES[encoding], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb"
        ) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_mtime_ns < stamp[3]:
                return None
            return file.read(MAX_KEPT_BYTES)
    except OSError:
        return None


def _represent(
    variant: Variant,
    stamp: Stamp,
    path: str,
    size: int,
    body: bytes | None,
    digest: str,
    media_type: str,
    encoding: str,
) -> Representation:
    modified_s = stamp[3] // 1_000_000_000
    etag = f'"{digest}"'.encode()
    is_permanent = _NAMED_BY_CONTENT.fullmatch(variant.address)
    varies = [
        *(["Accept-Encoding"] if may_be_compressed(variant.address) else []),
        *(["Accept"] if varies_with_browser(variant.address) else []),
    ]
    short: Headers = [
        (b"etag", etag),
        (b"last-modified", formatdate(modified_s, usegmt=True).encode()),
        (
            b"cache-control",
            b"public, max-age=31536000, immutable" if is_permanent else b"public, max-age=300",
        ),
        *([(b"vary", ", ".join(varies).encode())] if varies else []),
        *COMMON,
    ]
    return Representation(
        stamp=stamp,
        path=path,
        size_bytes=size,
        body=body,
        etag=etag,
        modified_s=modified_s,
        short=short,
        headers=[
            *short,
            (b"content-type", media_type.encode()),
            (b"accept-ranges", b"bytes"),
            *([(b"content-encoding", encoding.encode())] if encoding else []),
        ],
    )
