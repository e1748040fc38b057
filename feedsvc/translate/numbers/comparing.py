"""Compares the numbers of a sentence and of its translation, in the ways that languages write them. Pure.

A number is all that it may mean. One of the source is lost if the translation has none that may mean the same; each
of those stands for one of the source. What is in doubt passes, as a sentence that has lost a number is shown in the
original.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from feedsvc import languages
from feedsvc.model import Found
from feedsvc.translate.numbers.english import as_english, in_digits, named_in
from feedsvc.translate.numbers.meanings import Number, numbers_in, of_chains
from feedsvc.translate.numbers.numerals import Rewrite, chains_of, folded, parts_of, rewritten

#: words by which an amount is less without a sign
_LESS = re.compile(
    r"[降跌減减亏虧低少缩縮贬貶]|(?<!零)下|逆差|赤字|\b(?:below|sub-?zero|f[ae]ll|drop|down|declin|decreas|los[est]|deficit"
    r"|lower|less|under|shr[aiu]nk|contract|cut|reduc|slid|slip|plung|sank|sink|weak|behind)",
    re.IGNORECASE,
)
#: words for a plain 1 and a plain 0, which are more than that in dates, times and scores
_ONE = re.compile(r"\b(?:an?|single|per|each|every|another|sole|to the|alone)\b", re.IGNORECASE)
_NONE = re.compile(
    r"\b(?:no|none|nil|nobody|without|unopposed|unanim\w+|goalless|scoreless)\b", re.IGNORECASE
)
_NOT_PLAIN = re.compile(r"(?:^|\D)\d[比:-]<|(?<=[A-Za-z-])<|>(?:[月日号號时時点點%]|[比:-]\d(?!\d))")
#: a whole number up to this may be a word, in languages whose words are not known here
_WORDS_UP_TO = 20
_DIGITS_GAP = re.compile(r"(?<=\d)[\s().‐‑–-]+(?=\d)")
_PHONE_DIGITS = 7
_EUROPEAN: Rewrite = (
    re.compile(r"(?<=\d)(?:,(?=\d)|\.(?=\d{3}(?!\d)|\d\d?\.\s))"),
    lambda m: "." if m[0] == "," else "'",
)
_SPACED: Rewrite = (re.compile(r"(?<=\d) (?=\d{3}(?!\d))"), "'")
#: ways of writing the numbers of a source in other characters, one for one
_READINGS: tuple[Rewrite, ...] = (
    (re.compile(r"(?<=\d)，(?=\d{3}(?!\d))"), ","),
    _SPACED,
    (re.compile(r"(?<=\d)/(?=\d)"), "⁄"),
    (re.compile(r"(?<=\d)[秒米元](?=\d{1,3}(?!\d))"), "."),
    (re.compile(r"(?<=\d)分(?=\d{1,3}(?!\d))"), "."),
    (re.compile(r"(?<=\d)\.(?=\d\d\s?(?:uhr|h)\b)", re.IGNORECASE), ":"),
)
#: scripts whose numbers have a decimal point
_POINT = re.compile("[\u0900-\u0dff\u0e00-\u0e7f\u3040-\u9fff\uac00-\ud7af]")
#: languages whose numbers have a decimal comma, mostly
_COMMA = frozenset(
    "be bg ca cs da de el es et fi fr hr hu id is it lt lv nl no nb pl pt ro ru sk sl sq sr sv tr uk vi".split()
)


def lost_numbers(source: str, target: str, target_language: str = "en") -> tuple[Found, ...]:
    """The numbers of the source that the translation does not have, and how English writes them.

    Numbers are compared by value: 17.5万 is 175,000, 3百万 is 3 million, ３ is 3, 5月 may be May.
    Where digits may be read in several ways, the reading counts by which fewer are lost.
    """
    text = folded(source)
    if not re.search(r"\d", text):
        return ()
    is_english = languages.base(target_language) == "en"
    signed = is_english and languages.has_han(text) and not (_LESS.search(text) or _LESS.search(target))
    offered = _in_english(target, signed) if is_english else _in_others(target, target_language)

    def lost(text: str) -> list[Number]:
        wanted = numbers_in(text, signed)
        missing = _unmatched(wanted, offered)
        had = {_named(text, number) for number in wanted if number not in missing}
        return [
            number
            for number in missing
            if _named(text, number) not in had  # said again where the translation need not
            and not (_is_article(text, number, target) if is_english else _is_small(text, number))
            and not _is_regrouped(text, number, target)
        ]

    least = lost(text)
    for way in _READINGS if _POINT.search(text) else (*_READINGS, _EUROPEAN):
        reading = rewritten(text, way) if least else text
        if reading != text and len(fewer := lost(reading)) < len(least):
            text, least = reading, fewer
    return tuple(as_english(source, text, number) for number in least)


def _unmatched(wanted: Sequence[Number], offered: Sequence[Number]) -> list[Number]:
    """The numbers left when as many as can be have found one of the same meaning for themselves (Kuhn's algorithm)."""
    taken: dict[int, int] = {}

    def finds(index: int, seen: set[int]) -> bool:
        for other, number in enumerate(offered):
            if other not in seen and wanted[index].meanings & number.meanings:
                seen.add(other)
                if other not in taken or finds(taken[other], seen):
                    taken[other] = index
                    return True
        return False

    return [number for index, number in enumerate(wanted) if not finds(index, set())]


def _named(text: str, number: Number) -> str:
    """A number with what makes it the same number elsewhere: its unit, if it is short."""
    return text[number.start : number.end + (number.end - number.start < 3)]


def _is_article(text: str, number: Number, target: str) -> bool:
    """A plain 1 or 0 is in an English translation as an article or the like."""
    start, end = number.start, number.end
    around = f"{text[max(start - 3, 0) : start]}<>{text[end : end + 3]}"
    if text[start:end] not in ("0", "1") or _NOT_PLAIN.search(around):
        return False
    return bool((_ONE if number.value else _NONE).search(target))


def _is_small(text: str, number: Number) -> bool:
    """A whole number that any language may write in words."""
    return text[number.start : number.end].isdigit() and number.value <= _WORDS_UP_TO


def _is_regrouped(text: str, number: Number, target: str) -> bool:
    """A telephone number or the like, with its digits in other groups."""
    runs = re.finditer(rf"\d+(?:{_DIGITS_GAP.pattern}\d+)*", text)
    run = next((run[0] for run in runs if run.start() <= number.start < run.end()), "")
    digits = re.sub(r"\D", "", run).lstrip("0")
    return len(digits) >= _PHONE_DIGITS and digits in _DIGITS_GAP.sub("", folded(target))


def _in_english(target: str, signed: bool) -> list[Number]:
    """The numbers of an English text, in words as well."""
    text = in_digits(folded(target).lower())
    # two numbers side by side may be one or two: 2 million 500 thousand, 2 million 12-inch wafers
    parts = list(parts_of(text))
    chains = [*([part] for part in parts), *(c for c in chains_of(parts) if len(c) > 1)]
    return [
        *(Number(0, 0, Decimal(0), frozenset({meaning})) for meaning in named_in(target)),
        *of_chains(text, chains, signed),
        *_only_in(rewritten(text, _SPACED), text, signed),
    ]


def _in_others(target: str, language: str) -> list[Number]:
    """The numbers of a text in a language whose number words are not known here."""
    text = folded(target)
    spaced = rewritten(text, _SPACED)
    other = rewritten(spaced, _EUROPEAN) if languages.base(language) in _COMMA else spaced
    return [*numbers_in(text), *_only_in(other, text)]


def _only_in(reading: str, text: str, signed: bool = False) -> Iterator[Number]:
    """The numbers that a text has in another reading only."""
    if reading != text:
        had = {number[:2] for number in numbers_in(text)}
        yield from (number for number in numbers_in(reading, signed) if number[:2] not in had)
