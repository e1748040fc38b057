"""Numbers in English: number words as digits, and numbers of other languages as English writes them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from decimal import Decimal

from feedsvc.model import Found, Term
from feedsvc.translate.numbers.meanings import MONTHS, Meaning, Number
from feedsvc.translate.numbers.numerals import Rewrite, either, rewritten

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_TIMES = {
    "once": 1,
    "both": 2,
    "twice": 2,
    "pair": 2,
    "couple": 2,
    "double": 2,
    "triple": 3,
    "treble": 3,
    "quadruple": 4,
}
_CARDINAL = (
    {word: n for n, word in enumerate(_ONES)} | {word: 10 * n for n, word in enumerate(_TENS, 2)} | _TIMES
)
_ORDINAL = {word: n for n, word in enumerate(_ORDINALS, 1)} | {"thirtieth": 30}
_PARTS = {"half": 2, "quarter": 4} | {word: n for n, word in enumerate(_ORDINALS[:10], 1) if n > 2}
_ROMAN = {word: n for n, word in enumerate("I II III IV V VI VII VIII IX X XI XII XIII".split(), 1)}
_MULTIPLE = r"(?=hundred|thousand|(?:m|b|tr)illion|lakh|crore|dozen|decade|century)"
#: how a lower-case English text gets its number words in digits, step by step
_IN_DIGITS: tuple[Rewrite, ...] = tuple(
    (re.compile(words), digits)
    for words, digits in (
        (r"fold\b", " fold"),
        (r"\b(doub|trip|treb|quadrup)l(?:ed|es|ing)\b", r"\1le"),
        (rf"\b({either(word[:-1] for word in _TENS)})ies\b", lambda m: f"{_CARDINAL[m[1] + 'y']}s"),
        (
            rf"\b({either(_TENS)})[\s-]({either(_ONES[1:10])})\b",
            lambda m: str(_CARDINAL[m[1]] + _CARDINAL[m[2]]),
        ),
        (
            rf"\b({either(_TENS)})[\s-]({either(_ORDINALS[:9])})\b",
            lambda m: f"{_CARDINAL[m[1]] + _ORDINAL[m[2]]}º",
        ),
        (
            rf"\b(an?|{either(_ONES[1:10])})[\s-]({either(_PARTS)})s?\b",
            lambda m: f"{_CARDINAL.get(m[1], 1)}⁄{_PARTS[m[2]]}",
        ),
        (r"\b(?:half|halved?|halves|halving)\b", "1⁄2"),
        (r"\bquarter\b", "1⁄4"),
        (
            r"(\d)? ?([¼-¾⅐-⅞])",
            lambda m: (f"{m[1]} and " if m[1] else " ") + unicodedata.normalize("NFKC", m[2]),
        ),
        (r"\bmidnight\b", "0:00"),
        (r"\b(?:noon|midday)\b", "12:00"),
        (rf"\b({either(_CARDINAL)})\b", lambda m: str(_CARDINAL[m[1]])),
        (rf"\b({either(_ORDINAL)})\b", lambda m: f"{_ORDINAL[m[1]]}º"),
        (r"\b(an?|\d+) (\w+) and 1⁄2", lambda m: f"{m[1] if m[1].isdigit() else 1}.5 {m[2]}"),
        (r"(\d+) and (\d)⁄(\d)", lambda m: str(Decimal(m[1]) + Decimal(m[2]) / Decimal(m[3]))),
        (rf"(\d⁄\d)[\s-](?:of[\s-])?(?:an?[\s-])?{_MULTIPLE}", r"\1 "),
        (rf"\ban?[\s-]{_MULTIPLE}", "1 "),
        (r"\b(hundred|thousand|million|billion) and (?=\d)", r"\1 "),
        (r"\b(?:minus|negative) (?=[$€£]?\d)", " -"),
        (r"(?<=\d)\.(?=\d\d\s?[ap]\.?m)", ":"),
        (r"(?<=article )(\d+)\.(?=\d)", r"\1 "),
    )
)
#: a name or a measure in letters and digits, which is kept as it is
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*-?\d[A-Za-z0-9-]*|\d+[A-Za-z][A-Za-z0-9-]*")
#: a whole number long enough for commas, not too long for a number
_LONG = re.compile(r"[1-9]\d{4,8}")
_CODE_BEFORE = re.compile(r"(?:[号號码碼编編话話线線打]|\bNo\.?|#)[为為是:\s]*$", re.IGNORECASE)
#: numbers whose English is more than digits, with their unit
_PHRASES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(1[0-2]|0?[1-9]) ?月(?!球)"), lambda m: MONTHS[int(m[1]) - 1]),
    (
        re.compile(r"(1[3-9]|2[0-3]) ?[时時点點](?: ?([0-5]\d) ?分)?"),
        lambda m: f"{int(m[1]) - 12}{f':{m[2]}' if m[2] else ''} p.m.",
    ),
    (re.compile(r"(\d(?:\.\d)?) ?成"), lambda m: f"{Decimal(m[1]) * 10:f} percent".replace(".0 ", " ")),
    (re.compile(r"(?<!世[纪紀])([3-9]0)年代"), lambda m: f"19{m[1]}s"),
)


def in_digits(text: str) -> str:
    """An English text, folded and in small letters, with its number words as digits."""
    for words in _IN_DIGITS:
        text = rewritten(text, words)
    return text


def named_in(text: str) -> Iterator[Meaning]:
    """The months and Roman numerals of an English text; the verbs may and march have no capital."""
    for match in re.finditer(r"\b[A-Z][A-Za-z]{2,}\b", text):
        yield from (month for month in MONTHS if month.startswith(match[0].capitalize()))
    for word in re.findall(r"\b[IVX]{2,}\b", text):
        yield Decimal(_ROMAN.get(word, 0))


def as_english(source: str, text: str, number: Number) -> Found:
    """A number of a source, of which `text` is the reading, and how English writes it."""
    name = next((m for m in _NAME.finditer(text) if m.start() <= number.start < m.end()), None)
    if name:
        return _term(source, *name.span(), name[0])
    for pattern, english in _PHRASES:
        if phrase := pattern.match(text, number.start):
            return _term(source, *phrase.span(), english(phrase))
    return _term(source, number.start, number.end, _written(number, text))


def _term(source: str, start: int, end: int, english: str) -> Found:
    return Found(start, end, Term(source[start:end], english))


def _written(number: Number, text: str) -> str:
    """A number as English writes it: 17.5万 → 175,000, 546.52万 → 5.4652 million, 2026 → 2026."""
    shown = text[number.start : number.end].replace("'", ",").replace("⁄", "/")
    if re.fullmatch(r"[\d.,/]+", shown):
        is_count = _LONG.fullmatch(shown) and not _CODE_BEFORE.search(text[: number.start])
        return f"{int(shown):,}" if is_count else shown
    value = abs(number.value)  # the sign stays where it is
    for size, word in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if value >= size:
            return f"{(value / size).normalize():f} {word}"
    return f"{value.normalize():,f}"
