"""Where in a TOML document something stands."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from feedsvc.lines import Place, line_of, lines_of, without

ROOT = Path(__file__).resolve().parents[1]

DOCUMENT = '''\
# a comment with [brackets] and "quotes
top = 1

[service]   # [not.this]
data_dir = "a = b # c"
text = """
[defaults]
interval = "1h"
"""
literal = \'\'\'
[x]\'\'\'
"quoted key" . inner = 3

[[sources]]
id = "a"
glossaries = [
    "x",   # ]
    "y",
]
auth = { username = "me", password = { env = "X" } }

[sources.headers]
X-Key = "1"

[[sources]]
id = 'b]'
'''


def test_each_key_and_header_has_its_line() -> None:
    assert lines_of(DOCUMENT) == {
        ("top",): 2,
        ("service",): 4,
        ("service", "data_dir"): 5,
        ("service", "text"): 6,
        ("service", "literal"): 10,
        ("service", "quoted key", "inner"): 12,
        ("sources",): 14,
        ("sources", 0): 14,
        ("sources", 0, "id"): 15,
        ("sources", 0, "glossaries"): 16,
        ("sources", 0, "auth"): 20,
        ("sources", 0, "headers"): 22,
        ("sources", 0, "headers", "X-Key"): 23,
        ("sources", 1): 25,
        ("sources", 1, "id"): 26,
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("sources", 0, "auth", "password", "env"), 20),
        (("sources", 0, "glossaries", 1), 16),
        (("sources", 1, "url"), 25),
        (("service", "missing"), 4),
        (("outputs",), None),
        ((), None),
    ],
)
def test_what_has_no_line_of_its_own_has_that_of_what_it_is_in(
    path: tuple[str | int, ...], line: int | None
) -> None:
    assert line_of(path, lines_of(DOCUMENT)) == line


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_ends_of_lines_make_no_difference(end: str) -> None:
    assert lines_of(DOCUMENT.replace("\n", end)) == lines_of(DOCUMENT)


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.toml")), ids=lambda p: p.name)
def test_every_key_of_what_ships_stands_in_the_line_that_is_told(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found, lines = lines_of(text), text.splitlines()
    for place in keys(tomllib.loads(text)):
        assert lines[found[place] - 1].lstrip().startswith(str(place[-1]))


@pytest.mark.parametrize(
    ("place", "left"),
    [
        (("a",), {"b": [{"c": 1, "d": [1, 2]}, {"c": {"e": 2}}]}),
        (("b", 0, "c"), {"a": 0, "b": [{"d": [1, 2]}, {"c": {"e": 2}}]}),
        (("b", 0, "d", 1), {"a": 0, "b": [{"c": 1}, {"c": {"e": 2}}]}),
        (("b", 1, "c", "e", "str"), {"a": 0, "b": [{"c": 1, "d": [1, 2]}, {"c": {}}]}),
        (("b", 1, "missing"), {"a": 0, "b": [{"c": 1, "d": [1, 2]}, {"c": {"e": 2}}]}),
        (("missing", "too"), {"a": 0, "b": [{"c": 1, "d": [1, 2]}, {"c": {"e": 2}}]}),
    ],
)
def test_a_document_without_what_is_wrong_keeps_the_rest(place: Place, left: dict[str, Any]) -> None:
    document = {"a": 0, "b": [{"c": 1, "d": [1, 2]}, {"c": {"e": 2}}]}
    assert without(document, [place]) == left
    assert document["a"] == 0


def keys(value: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, list):
        return [p for index, item in enumerate(value) for p in keys(item, (*above, index))]
    if not isinstance(value, dict):
        return [above] if above and isinstance(above[-1], str) else []
    return [p for key, item in value.items() for p in keys(item, (*above, key))]
