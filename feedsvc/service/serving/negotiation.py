"""What a request asks for, read from its headers: which encoding, whether anything has changed, which bytes.

Pure functions over the values of headers, as bytes. Spec: RFC 9110 12.5.3, 13 and 14.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache

#: the encodings that we know, the better one first
ENCODINGS = ("br", "gzip")
_RANGE = re.compile(rb"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)
_TAG = re.compile(rb'(?:W/)?("[^"]*")')


@lru_cache(maxsize=256)
def accepted_encodings(accept_encoding: bytes) -> tuple[str, ...]:
    """The encodings of `ENCODINGS` that a client takes, what it prefers first."""
    weights: dict[str, float] = {}
    for part in accept_encoding.decode("latin-1").lower().split(","):
        name, _, weight = part.partition(";")
        weights[name.strip()] = _weight(weight)
    found = {name: weights.get(name, weights.get("*", 0.0)) for name in ENCODINGS}
    return tuple(sorted((n for n in ENCODINGS if found[n] > 0), key=lambda n: -found[n]))


def _weight(parameter: str) -> float:
    if not parameter.strip():
        return 1.0
    match = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameter)
    return float(match[1]) if match else 0.0


def is_unchanged(headers: Mapping[bytes, bytes], etag: bytes, modified_s: int) -> bool:
    """Whether the client has this representation already (304)."""
    known = headers.get(b"if-none-match")
    if known is not None:
        return known.strip() == b"*" or etag in _TAG.findall(known)
    since = headers.get(b"if-modified-since")
    seconds = _seconds(since) if since else None
    return seconds is not None and modified_s <= seconds


def wanted_range(
    headers: Mapping[bytes, bytes], size: int, etag: bytes, modified_s: int
) -> tuple[int, int] | None:
    """The bytes wanted, first and behind the last; (0, 0) where there are none such (416), None for all.

    Several ranges at once are answered with everything, as the standard allows.
    """
    match = _RANGE.fullmatch(headers.get(b"range", b""))
    if match is None or match[1] == match[2] == b"" or not _holds(headers, etag, modified_s):
        return None
    if not match[1]:
        first, behind = max(0, size - int(match[2])), size
    else:
        first, behind = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
        if match[2] and int(match[2]) < first:
            return None
    return (first, behind) if first < behind else (0, 0)


def _holds(headers: Mapping[bytes, bytes], etag: bytes, modified_s: int) -> bool:
    """Whether the client's first part is of what is there now (If-Range)."""
    condition = headers.get(b"if-range")
    if condition is None or condition == etag:
        return True
    return _seconds(condition) == modified_s


@lru_cache(maxsize=256)
def _seconds(date: bytes) -> int | None:
    try:
        return int(parsedate_to_datetime(date.decode("latin-1")).timestamp())
    except (ValueError, OverflowError):
        return None
