"""Finds the entries of an XML document in its text, without parsing it. A guess, to be checked against a parser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_FIRST = re.compile(r"<(item|entry)[\s>]")

Piece = tuple[int, int]


def pieces(text: str) -> list[Piece]:
    """Where each `<item>` or `<entry>` begins and ends; nothing for a document that has none or breaks off in one.

    What merely looks like one, in a comment or in CDATA, is taken for one: whoever counts on the pieces must see
    whether a parser finds as many entries.
    """
    first = _FIRST.search(text)
    if first is None:
        return []
    opening, closing = re.compile(rf"<{first[1]}[\s>]"), f"</{first[1]}>"
    found = []
    start: re.Match[str] | None = first
    while start is not None:
        end = text.find(closing, start.end())
        if end < 0:
            return []
        end += len(closing)
        found.append((start.start(), end))
        start = opening.search(text, end)
    return found


def without(text: str, left_out: Sequence[Piece]) -> str:
    """The document without some of its pieces."""
    return "".join(_between(text, left_out))


def _between(text: str, left_out: Sequence[Piece]) -> Iterable[str]:
    at = 0
    for start, end in left_out:
        yield text[at:start]
        at = end
    yield text[at:]
