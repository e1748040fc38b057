"""Compares the numbers of two texts by value, in the ways that languages write them. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal, InvalidOperation

from feedsvc.model import Found, Term

_NUMBER = re.compile(r"\d+(?:[.,]\d{3})*(?:\.\d+)?")
#: words that multiply the number before them, also as the beginning of a longer word
_SCALES = {
    "百": 100, "千": 1000, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12,
    "천": 1000, "만": 10**4, "억": 10**8, "조": 10**12, "हज़ार": 1000, "लाख": 10**5, "करोड़": 10**7,
    "ألف": 1000, "مليون": 10**6, "مليار": 10**9, "тысяч": 1000, "миллион": 10**6, "миллиард": 10**9,
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "lakh": 10**5, "crore": 10**7, "tausend": 1000, "milliard": 10**9, "millones": 10**6,
}  # fmt: skip
#: such words that are nothing at the beginning of another one
_SHORT_SCALES = {
    "k": 1000, "m": 10**6, "mn": 10**6, "bn": 10**9, "tn": 10**12, "mio": 10**6, "mrd": 10**9,
    "mille": 1000, "mil": 1000, "mil millones": 10**9, "тыс": 1000, "млн": 10**6, "млрд": 10**9,
}  # fmt: skip
_HAN_SCALES = "百千万萬亿億兆"
_SCALE = re.compile(
    rf"[多余餘]?\s*-?(?:([{_HAN_SCALES}]{{1,2}})(?![米克瓦伏帕焦卡赫分])"
    rf"|({'|'.join(sorted(_SHORT_SCALES, reverse=True))})\b"
    rf"|({'|'.join(word for word in _SCALES if word not in _HAN_SCALES)}))",
    re.IGNORECASE,
)
#: a number before one of these letters may have a unit, not a scale
_UNIT = re.compile(r"(?<=\d)\s*[km]\b", re.IGNORECASE)
_DECADE = re.compile(r"(?:(\d\d)世[纪紀])?(\d0)年代")
_AFTERNOON = re.compile(r"(?<!\d)(1[3-9]|2[0-4])(?=\s*[时時点點])")
_EUROPEAN = str.maketrans(",.", ".,")
_GROUP_SPACE = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")
_SMALL_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
_WORDS = {word: value for value, word in enumerate(_SMALL_NUMBERS)} | {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "once": 1, "twice": 2, "double": 2, "half": 2, "dozen": 12, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
    "thousand": 1000, "both": 2, "noon": 12, "doubled": 2, "triple": 3, "tripled": 3, "thirds": 3,
    "quarter": 4, "quarters": 4,
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8,
    "september": 9, "october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4,
    "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip


def lost_numbers(source: str, target: str) -> tuple[Found, ...]:
    """The numbers of the source that the translation does not have, and how English writes them.

    Numbers are compared by value: 17.5万 is 175,000, 3百万 is 3 million, ３ is 3, 5月 may be May.
    Where digits may be read in several ways, the reading counts that fits best.
    """
    target = target.lower()
    words = re.findall(r"[a-z]+", target)
    have = {Decimal(_WORDS[w]) for w in words if w in _WORDS}
    for reading in (target, _UNIT.sub("", target), _in_figures(target)):
        have |= {value for value, _ in _numbers(reading)}
    lost = ([number for number in _numbers(r) if number[0] not in have] for r in _readings(source))
    found = []
    at = 0
    for value, shown in min(lost, key=len):
        start = source.find(shown, at)
        at = at if start < 0 else start + len(shown)  # a reading may show it in another way
        found.append(Found(max(start, 0), at if start >= 0 else 0, Term(shown, _in_english(value, shown))))
    return tuple(found)


def _in_english(value: Decimal, shown: str) -> str:
    """A number as English writes it: 17.5万 → 175,000, 546.52万 → 5.4652 million, 2026 → 2026."""
    if shown.replace(",", "").replace(".", "").isdigit():
        return unicodedata.normalize("NFKC", shown)
    for size, word in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if value >= size:
            return f"{(value / size).normalize():f} {word}"
    return f"{value.normalize():,f}"


def _readings(text: str) -> tuple[str, ...]:
    """A text, with its figures as they may be meant."""
    return (
        text,
        text.replace("，", ","),
        _GROUP_SPACE.sub("", text).translate(_EUROPEAN),
        _DECADE.sub(lambda m: f"{int(m[1] or 20) - 1}{m[2]}", text),
        _AFTERNOON.sub(lambda m: str(int(m[1]) - 12), text),
    )


def _in_figures(text: str) -> str:
    """A lower-case English text with its number words as digits: five million → 5 million."""
    text = re.sub(r"\ban? (?=hundred|thousand|million|billion|trillion)", "1 ", text)
    text = re.sub(r"[a-z]+", lambda m: m[0] if m[0] in _SCALES else str(_WORDS.get(m[0], m[0])), text)
    return re.sub(r"\b([2-9])0[- ]([1-9])\b", r"\1\2", text)


def _numbers(text: str) -> list[tuple[Decimal, str]]:
    """Value and text of each number; 1亿2000万 is one."""
    text = text.replace("．", ".")
    found: list[tuple[Decimal, str]] = []
    end, unit = -1, 1
    for match in _NUMBER.finditer(text):
        try:
            value = Decimal(match[0].replace(",", ""))
        except InvalidOperation:
            continue
        scale = _SCALE.match(text, match.end())
        factor = _factor(scale) if scale else 1
        value, shown = value * factor, match[0] + (scale[0] if scale else "")
        if match.start() == end and value < unit:
            before = found.pop()
            value, shown = before[0] + value, before[1] + shown
        found.append((value, shown))
        end, unit = (scale.end(), factor) if scale else (-1, 1)
    return found


def _factor(scale: re.Match[str]) -> int:
    if scale[1]:
        return math.prod(_SCALES[part] for part in scale[1])
    return _SHORT_SCALES[scale[2].lower()] if scale[2] else _SCALES[scale[3].lower()]
