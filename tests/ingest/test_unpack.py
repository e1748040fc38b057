from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest
from backports import zstd

from feedsvc.ingest.unpack import ACCEPT_ENCODING, PackingError, TooLarge, unpack

TEXT = "今天下雨。".encode() * 5000
LIMIT = 10_000_000


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, list[Callable[[bytes], bytes]]] = {
    "gzip": [gzip.compress],
    "x-gzip": [gzip.compress],
    "GZIP": [gzip.compress],
    "deflate": [zlib.compress],
    "deflate ": [bare_deflate],
    "br": [brotli.compress],
    "zstd": [zstd.compress],
    "gzip, br": [gzip.compress, brotli.compress],
    "identity": [],
    "": [],
}


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def packed(data: bytes, coding: str) -> bytes:
    for pack in PACKERS[coding]:
        data = pack(data)
    return data


@pytest.mark.parametrize("size", [1, 7, 65536])
@pytest.mark.parametrize("coding", PACKERS)
def test_what_was_packed_comes_out_whole(coding: str, size: int) -> None:
    assert unpack(pieces(packed(TEXT, coding), size), coding, limit=LIMIT) == TEXT
    assert unpack(pieces(packed(b"", coding), size), coding, limit=LIMIT) == b""


@pytest.mark.parametrize("coding", [c for c in PACKERS if PACKERS[c]])
def test_what_is_cut_short_is_refused(coding: str) -> None:
    with pytest.raises(PackingError, match=r"it is cut short|cannot be unpacked"):
        unpack(pieces(packed(TEXT, coding)[:-5], 100), coding, limit=LIMIT)


@pytest.mark.parametrize("coding", [c for c in PACKERS if PACKERS[c]])
def test_what_is_not_packed_is_refused(coding: str) -> None:
    with pytest.raises(PackingError):
        unpack(iter([b"<rss version='2.0'>"]), coding, limit=LIMIT)


def test_an_unknown_packing_is_named() -> None:
    with pytest.raises(PackingError, match="packed in a way that we do not know: lzw"):
        unpack(iter([b""]), "gzip, lzw", limit=LIMIT)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_does_not_fill_the_memory(coding: str) -> None:
    bomb = packed(bytes(100_000_000), coding)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            unpack(iter([bomb]), coding, limit=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_bomb_in_a_bomb_does_not_either() -> None:
    bomb = gzip.compress(gzip.compress(bytes(50_000_000)))
    with pytest.raises(TooLarge):
        unpack(iter([bomb]), "gzip, gzip", limit=1_000_000)


def test_what_is_packed_may_not_be_endless_either() -> None:
    def empty_members() -> Iterator[bytes]:
        while True:
            yield gzip.compress(b"")

    with pytest.raises(TooLarge):
        unpack(empty_members(), "gzip", limit=10_000)


def test_the_limit_itself_is_not_too_large() -> None:
    assert len(unpack(iter([bytes(1000)]), "", limit=1000)) == 1000
    with pytest.raises(TooLarge):
        unpack(iter([bytes(1001)]), "", limit=1000)


def test_several_members_and_frames_are_one_document() -> None:
    assert unpack(iter([gzip.compress(b"a") + gzip.compress(b"b") + b"\0\0"]), "gzip", limit=99) == b"ab"
    assert unpack(iter([zstd.compress(b"a") + zstd.compress(b"b")]), "zstd", limit=99) == b"ab"


def test_a_window_that_wants_more_memory_than_the_standard_asks_for_is_refused() -> None:
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    wide = packer.compress(TEXT) + packer.flush()
    with pytest.raises(PackingError, match="cannot be unpacked"):
        unpack(iter([wide]), "zstd", limit=LIMIT)


def test_every_packing_that_we_ask_for_is_understood() -> None:
    for coding in ACCEPT_ENCODING.split(", "):
        assert unpack(iter([packed(TEXT, coding)]), coding, limit=LIMIT) == TEXT
