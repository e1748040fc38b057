"""Packs files beforehand, for servers that send them as they are. The same content, the same bytes. Pure."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping

import brotli

#: by what is added to the name of the file. Spec: RFC 1952, RFC 7932
PACKED: Mapping[str, Callable[[bytes], bytes]] = {
    ".gz": lambda content: gzip.compress(content, 9, mtime=0),
    ".br": lambda content: bytes(brotli.compress(content, quality=9)),
}
