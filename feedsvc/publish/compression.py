"""Packs what is served, as readers ask for it. The same content, the same bytes. Pure."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

import brotli

#: what is added to the name of a file, by content coding. Spec: RFC 9110 8.4.1
SUFFIXES: Mapping[str, str] = {"gzip": ".gz", "br": ".br"}


def pack(content: bytes, coding: str, *, is_for_good: bool) -> bytes:
    """Pack by a content coding: tightly what is kept for good, quickly what somebody waits for.

    Spec: RFC 1952 (gzip), RFC 7932 (br).
    """
    if coding == "gzip":
        return gzip.compress(content, 9 if is_for_good else 6, mtime=0)
    return bytes(brotli.compress(content, quality=9 if is_for_good else 5))
