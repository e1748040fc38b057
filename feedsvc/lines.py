"""Where in a TOML document something stands, for messages that lead to a line; and the document without it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

#: keys of tables, and indices in arrays, from the top of the document
Place = tuple[str | int, ...]


class Problem(NamedTuple):
    """What is wrong in a document, and where."""

    place: Place
    text: str


_PIECE = re.compile(
    r'"""(?:\\.|[^\\])*?"""+'
    r"|'''.*?'''+"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}\n]"
    r"|[^\"'#\[\]{}\n]+",
    re.DOTALL,
)


def lines_of(text: str) -> dict[Place, int]:
    """The line, from 1 on, of each header and each key in a document that `tomllib` accepts.

    What stands in an array or an inline table has no line of its own.

    Spec: TOML 1.0.0
    """
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for line, pieces in _statements(text):
        match pieces:
            case ["[", "[", *name]:
                *above, last = _names("".join(name).rstrip("]"))
                array = (*_resolved(above, counts), last)
                counts[array] = counts.get(array, 0) + 1
                table = (*array, counts[array] - 1)
                found.setdefault(array, line)
                found[table] = line
            case ["[", *name]:
                table = _resolved(_names("".join(name).rstrip("]")), counts)
                found[table] = line
            case _:
                found[table + _names(_key(pieces))] = line
    return found


def line_of(path: Sequence[str | int], lines: dict[Place, int]) -> int | None:
    """The line of something, or else of the nearest that it is in; None for the document as a whole."""
    for length in range(len(path), 0, -1):
        if (line := lines.get(tuple(path[:length]))) is not None:
            return line
    return None


def without(table: dict[str, Any], places: Iterable[Place]) -> dict[str, Any]:
    """A copy of a document without some values, where there are such. Nothing is taken out of an array.

    What stands in an array there goes with the key that is nearest to it.
    """
    copy = deepcopy(table)
    for place in places:
        holder: Any = copy
        for step, key in enumerate(place):
            if not isinstance(holder, dict):
                holder = holder[key]
                continue
            is_last = step == len(place) - 1 or not isinstance(holder.get(key), dict | list)
            is_plain = isinstance(holder.get(key), list) and not all(isinstance(v, dict) for v in holder[key])
            if is_last or is_plain:
                holder.pop(key, None)
                break
            holder = holder[key]
    return copy


def _statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Headers and settings, cut into pieces without comments, each with the line that it begins in."""
    line, begun, depth = 1, 1, 0
    pieces: list[str] = []
    for piece in _PIECE.findall(text.replace("\r\n", "\n") + "\n"):
        if piece == "\n" and depth == 0:
            if pieces:
                yield begun, pieces
            pieces = []
        elif not piece.startswith("#") and piece.strip(" \t"):
            if not pieces:
                begun = line
            pieces.append(piece.strip(" \t") if piece[0] not in "\"'" else piece)
        depth += (piece in "[{") - (piece in "]}")
        line += piece.count("\n")


def _key(pieces: Sequence[str]) -> str:
    """What stands before the sign of equality."""
    key = ""
    for piece in pieces:
        before, equals, _ = piece.partition("=") if piece[0] not in "\"'" else (piece, "", "")
        key += before
        if equals:
            break
    return key


def _names(key: str) -> tuple[str, ...]:
    """`a."b c"` → `("a", "b c")`."""
    found = tomllib.loads(f"{key} = 0")
    names = []
    while isinstance(found, dict):
        ((name, found),) = found.items()
        names.append(name)
    return tuple(names)


def _resolved(names: Sequence[str], counts: dict[Place, int]) -> Place:
    """A name as it stands in a header, with the index of the last table of each array that it leads through."""
    path: Place = ()
    for name in names:
        path = (*path, name)
        if path in counts:
            path = (*path, counts[path] - 1)
    return path
