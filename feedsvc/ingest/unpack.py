"""Unpacks what servers have packed, piece by piece, so that a small document can never fill the memory.

Spec: RFC 9110 8.4.1 (gzip, deflate), RFC 7932 (br), RFC 8878 (zstd).
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: what we can unpack, as a request says it
ACCEPT_ENCODING = "gzip, deflate, br, zstd"
_PIECE = 65536
#: RFC 8878 3.1.1.1.2 asks decoders to support windows of 8 MB; larger ones are refused
_ZSTD_WINDOW_LOG = 23

_Pieces = Iterator[bytes]


class PackingError(Exception):
    """A document cannot be unpacked; the text says why."""


class TooLarge(Exception):
    """A document is larger than it may be, packed or unpacked."""


def unpack(pieces: Iterable[bytes], codings: str, *, limit: int) -> bytes:
    """A whole document of at most `limit` bytes; `codings` is the header Content-Encoding.

    Raises: PackingError, TooLarge.
    """
    stream: _Pieces = _limited(pieces, limit)
    for coding in reversed([c.strip().lower() for c in codings.split(",")]):
        if coding in ("", "identity"):
            continue
        if coding not in _CODINGS:
            raise PackingError(f"it is packed in a way that we do not know: {coding[:40]}")
        stream = _CODINGS[coding](stream)
    try:
        return b"".join(_limited(stream, limit))
    except (zlib.error, brotli.error, zstd.ZstdError) as error:
        raise PackingError(f"it cannot be unpacked: {error}") from error


def _limited(pieces: Iterable[bytes], limit: int) -> _Pieces:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise TooLarge
        yield piece


def _gzip(pieces: _Pieces) -> _Pieces:
    """gzip, of one member or several; what follows the last one does not count."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    for piece in pieces:
        while piece:
            if unpacker.eof:
                if not piece.startswith(b"\x1f\x8b"):
                    return
                unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
            yield unpacker.decompress(piece, _PIECE)
            piece = unpacker.unconsumed_tail or unpacker.unused_data
    while not unpacker.eof and (rest := unpacker.decompress(b"", _PIECE)):
        yield rest
    _complete(unpacker.eof)


def _deflate(pieces: _Pieces) -> _Pieces:
    """zlib's format, as the RFC says, or the bare one, as some servers do."""
    first = b""
    while len(first) < 2 and (piece := next(pieces, b"")):
        first += piece
    is_zlib = len(first) >= 2 and first[0] & 0x0F == 8 and int.from_bytes(first[:2], "big") % 31 == 0
    unpacker = zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
    for piece in _chained(first, pieces):
        while piece and not unpacker.eof:
            yield unpacker.decompress(piece, _PIECE)
            piece = unpacker.unconsumed_tail
    while not unpacker.eof and (rest := unpacker.decompress(b"", _PIECE)):
        yield rest
    _complete(unpacker.eof)


def _brotli(pieces: _Pieces) -> _Pieces:
    unpacker = brotli.Decompressor()
    for piece in pieces:
        yield unpacker.process(piece, output_buffer_limit=_PIECE)
        while not unpacker.can_accept_more_data():
            yield unpacker.process(b"", output_buffer_limit=_PIECE)
    _complete(unpacker.is_finished())


def _zstd(pieces: _Pieces) -> _Pieces:
    """zstd, of one frame or several."""
    unpacker = _zstd_frame()
    for piece in pieces:
        while piece:
            if unpacker.eof:
                unpacker = _zstd_frame()
            yield unpacker.decompress(piece, _PIECE)
            while not unpacker.needs_input and not unpacker.eof:
                yield unpacker.decompress(b"", _PIECE)
            piece = unpacker.unused_data if unpacker.eof else b""
    _complete(unpacker.eof)


def _zstd_frame() -> zstd.ZstdDecompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})


def _chained(first: bytes, rest: _Pieces) -> _Pieces:
    yield first
    yield from rest


def _complete(is_complete: bool) -> None:
    if not is_complete:
        raise PackingError("it is cut short")


_CODINGS: dict[str, Callable[[_Pieces], _Pieces]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
