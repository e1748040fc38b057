from __future__ import annotations

import pytest

from feedsvc.service.serving.negotiation import accepted_encodings, is_unchanged, wanted_range

DATE = b"Sat, 28 Nov 2026 07:40:16 GMT"
MODIFIED_S = 1795851616


@pytest.mark.parametrize(
    ("header", "encodings"),
    [
        (b"", ()),
        (b"identity", ()),
        (b"gzip", ("gzip",)),
        (b"gzip, deflate, br, zstd", ("br", "gzip")),
        (b"GZIP;Q=0.5 , BR;q=0.4", ("gzip", "br")),
        (b"br;q=0, gzip", ("gzip",)),
        (b"br;q=0.000, gzip;q=0", ()),
        (b"*", ("br", "gzip")),
        (b"*;q=0.1, br;q=0", ("gzip",)),
        (b"gzip;q=nonsense, br;q=-1", ()),
        (b"gzip;q=1.000", ("gzip",)),
        (b",;,\xff", ()),
    ],
)
def test_an_encoding_is_one_that_the_client_takes(header: bytes, encodings: tuple[str, ...]) -> None:
    assert accepted_encodings(header) == encodings


@pytest.mark.parametrize(
    ("headers", "unchanged"),
    [
        ({}, False),
        ({b"if-none-match": b'"a"'}, True),
        ({b"if-none-match": b'W/"a"'}, True),
        ({b"if-none-match": b'"b" , W/"c", "a"'}, True),
        ({b"if-none-match": b"*"}, True),
        ({b"if-none-match": b'"b"'}, False),
        ({b"if-none-match": b'"b, a"'}, False),
        ({b"if-none-match": b"a"}, False),
        ({b"if-modified-since": DATE}, True),
        ({b"if-modified-since": b"Sat, 28 Nov 2026 07:40:15 GMT"}, False),
        ({b"if-modified-since": b"yesterday"}, False),
        ({b"if-modified-since": b"\xff"}, False),
        # where there is a tag, the date does not count
        ({b"if-none-match": b'"b"', b"if-modified-since": DATE}, False),
    ],
)
def test_unchanged_is_what_the_client_has(headers: dict[bytes, bytes], unchanged: bool) -> None:
    assert is_unchanged(headers, b'"a"', MODIFIED_S) is unchanged


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (b"bytes=0-9", (0, 10)),
        (b"bytes=90-", (90, 100)),
        (b"bytes=90-1000", (90, 100)),
        (b"bytes=-10", (90, 100)),
        (b"bytes=-1000", (0, 100)),
        (b"BYTES = 5 - 5", (5, 6)),
        (b"bytes=100-", (0, 0)),
        (b"bytes=-0", (0, 0)),
        (b"bytes=9-8", None),
        (b"bytes=-", None),
        (b"bytes=0-1,3-4", None),
        (b"lines=0-1", None),
        (b"bytes=a-b", None),
        (b"bytes=" + b"9" * 5000 + b"-", None),
        (b"", None),
    ],
)
def test_a_range_is_what_the_standard_says(header: bytes, wanted: tuple[int, int] | None) -> None:
    assert wanted_range({b"range": header}, 100, b'"a"', MODIFIED_S) == wanted


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (b'"a"', True),
        (b'W/"a"', False),
        (b'"b"', False),
        (DATE, True),
        (b"Sat, 28 Nov 2026 07:40:17 GMT", False),
        (b"?", False),
    ],
)
def test_a_range_of_something_older_is_everything(condition: bytes, holds: bool) -> None:
    headers = {b"range": b"bytes=0-9", b"if-range": condition}
    assert wanted_range(headers, 100, b'"a"', MODIFIED_S) == ((0, 10) if holds else None)
