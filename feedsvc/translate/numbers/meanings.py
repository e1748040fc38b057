"""What a number in a text may mean, by its unit and its place.

15 before 时 is 3 as well, 90 before 年代 is 1990, 3成 is 30 and 0.3. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from feedsvc.translate.numbers.numerals import LOOSE, Part, chains_of, parts_of, value_of

#: a value, "#3" where it is the third of a row, or the name of a month
Meaning = Decimal | str
_MINUS = re.compile(r"(?:(?<![\w\-%℃°)])-|零下|[负負])$")
#: what stands between the numbers of a range or a list, where only the last may have the scale and the unit
_RANGE = re.compile(r"\s*(?:[-–—~至到、,或和]|to|and|or|bis|und|à|et|до|и|y|a)\s*[$€£¥￥]?\s*", re.IGNORECASE)
_DATE = re.compile(
    r"(?<![\d./-])(?:\d{4}([-/.'])\d\d?\1\d\d?|\d\d?[./'-]\d\d?[./'-](?:\d{4}|\d\d)?|\d\d?/\d\d?)(?!\d)"
)
_YEAR_BEFORE = re.compile(r"(?<!\d)(\d\d)\d\d年?[-–—~/至到]$")
_CENTURY_BEFORE = re.compile(r"(?<!\d)(\d\d)世[纪紀]$")
#: numbers that say nothing by themselves: of 3:00 the minutes, of 20世纪90年代 the century
_SILENT = re.compile(r"(?<=\d[:时時点點])00(?![\d.])|(?<!\d)\d\d(?=世[纪紀]\d0年代)")
#: what is counted, and so has no place in a row
_COUNTED = re.compile("[人名个個家架辆艘枚岁歲票吨噸元美欧歐倍亩畝例起件所户戶%℃度]")
#: some newspapers write `2 月 7 日`
_GAP_BEFORE_HAN = re.compile(r"\s(?=[\u4e00-\u9fff])")
MONTHS = "January February March April May June July August September October November December".split()


def _month(n: Decimal) -> tuple[Meaning, ...]:
    return (MONTHS[int(n) - 1],) if n in range(1, 13) else (n,)


#: what a number may mean by the unit behind it; the first that fits counts
_UNITS: tuple[tuple[re.Pattern[str], Callable[[Decimal], Iterable[Meaning]]], ...] = tuple(
    (re.compile(unit, re.IGNORECASE), meant)
    for unit, meant in (
        (r"\s*%|个?百分", lambda n: (n, n / 100, n / 100 + 1) if n in (100, 200, 300) else (n,)),
        ("‰", lambda n: (n, n / 10)),
        ("成", lambda n: (n * 10, n / 10)),
        ("倍", lambda n: (n, n * 100, n * 100 - 100, n + 1 if n == int(n) else n)),
        ("折", lambda n: (n, n * 10, 100 - n, 100 - n * 10)),
        (r"[时時点點시]|:\d\d|\s?(?:[ap]\.?m\b|uhr\b|o.clock|h\b)", lambda n: (n, n + 12, n - 12)),
        ("世[纪紀]", lambda n: (n, n * 100 - 100)),
        (r"年代|[后後]|['’]?s\b|er\b", lambda n: (n, n + 1900, n + 2000) if n < 100 else (n,)),
        ("º", lambda n: (f"#{n}",)),
        ("月(?!球)", _month),
        ("(?:[个個]|年|天|周|倍|小[时時])?[半½]", lambda n: (n, n + Decimal("0.5"), n * 12 + 6)),
        ("[个個]月", lambda n: (n, n / 12)),
        ("千瓦", lambda n: (n, n * 1000, n / 1000, n / 10**6)),
        ("", lambda n: (n,)),
    )
)


class Number(NamedTuple):
    """A number in a text, from character `start` up to `end`, and what it may mean."""

    start: int
    end: int
    value: Decimal
    meanings: frozenset[Meaning]
    #: what its scale multiplies it by
    factor: int = 1


def numbers_in(text: str, signed: bool = False) -> list[Number]:
    """The numbers of a text; 1亿2000万 is one. With `signed`, one behind a minus or 零下 is below zero."""
    return of_chains(text, chains_of(parts_of(text)), signed)


def of_chains(text: str, chains: Iterable[Sequence[Part]], signed: bool) -> list[Number]:
    """The numbers that chains of parts of a text are; those that say nothing by themselves are left out."""
    silent = {match.start() for match in _SILENT.finditer(text)}
    dates = [match.span() for match in _DATE.finditer(text)]
    numbers = []
    for chain in chains:
        start, end = chain[0].start, chain[-1].end
        if start in silent:
            continue
        value = value_of(chain) * (-1 if signed and _MINUS.search(text[:start]) else 1)
        meanings = _by_place(value, text, start, end) or _meanings(value, text, end)
        if LOOSE.intersection(chain[0].scales):
            meanings.add(chain[0].digits)
        if any(first <= start < last for first, last in dates):
            meanings |= {value, *_month(value)}
        factor = chain[0].small * chain[0].large if len(chain) == 1 else 1
        numbers.append(Number(start, end, value, frozenset(meanings), factor))
    return _in_ranges(text, numbers)


def _meanings(value: Decimal, text: str, end: int) -> set[Meaning]:
    """What a number may mean by what stands behind it."""
    end += bool(_GAP_BEFORE_HAN.match(text, end))
    found = set(next(meant(value) for unit, meant in _UNITS if unit.match(text, end)))
    return {*found, f"#{value}"} if value in found and not _COUNTED.match(text, end) else found


def _by_place(value: Decimal, text: str, start: int, end: int) -> set[Meaning]:
    """What a number means by what stands before it, or in it: 第5, 2021-22, 20世纪90年代, 1⁄2."""
    before = text[:start]
    if "⁄" in text[start:end]:
        return {value, value * 100}
    if before.endswith("第"):
        return {*_meanings(value, text, end), f"#{value}"}
    if century := _CENTURY_BEFORE.search(before):
        return {value, int(century[1]) * 100 - 100 + value}
    if end - start == 2 and (year := _YEAR_BEFORE.search(before)):
        return {value, int(year[1]) * 100 + value}
    return set()


def _in_ranges(text: str, numbers: list[Number]) -> list[Number]:
    """Numbers, of which each also means what it does with the scale and the unit of the next: 5至6万, 5-6月."""
    found = numbers[:]
    for index in range(len(numbers) - 2, -1, -1):
        one, other = found[index : index + 2]
        if _RANGE.fullmatch(text[one.end : other.start]):
            scaled = one.value * other.factor if one.factor == 1 else one.value
            found[index] = one._replace(
                meanings=one.meanings | _meanings(scaled, text, other.end) | {one.value}
            )
            found[index + 1] = other._replace(meanings=other.meanings | {other.value})
    return found
