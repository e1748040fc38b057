"""Compares the numbers of a sentence and of its translation, in the ways that languages write them. Pure.

A number is all that it may mean: 15 before 时 is 3 as well, 90 before 年代 is 1990, 3成 is 30 and 0.3. One of the source
is lost if the translation has none that may mean the same; each of those stands for one of the source. What is in
doubt passes, as a sentence that has lost a number is shown in the original.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from math import prod
from typing import NamedTuple

from feedsvc import languages
from feedsvc.model import Found, Term

#: a value, "#3" where it is the third of a row, or the name of a month
_Meaning = Decimal | str
_Rewrite = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

#: words that multiply the number before them
_SCALES = {
    "百": 100, "千": 1000, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12,
    "백": 100, "천": 1000, "만": 10**4, "억": 10**8, "조": 10**12,
    "ร้อย": 100, "พัน": 1000, "หมื่น": 10**4, "แสน": 10**5, "ล้าน": 10**6,
    "हज़ार": 1000, "हजार": 1000, "लाख": 10**5, "करोड़": 10**7, "अरब": 10**9,
    "ألف": 1000, "آلاف": 1000, "مليون": 10**6, "ملايين": 10**6, "مليار": 10**9, "تريليون": 10**12,
    "هزار": 1000, "میلیون": 10**6, "میلیارد": 10**9, "ہزار": 1000, "لاکھ": 10**5, "کروڑ": 10**7, "ارب": 10**9,
    "тысяч": 1000, "тыс": 1000, "миллион": 10**6, "млн": 10**6, "миллиард": 10**9, "млрд": 10**9,
    "триллион": 10**12, "трлн": 10**12, "тисяч": 1000, "мільйон": 10**6, "мільярд": 10**9,
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "lakh": 10**5, "crore": 10**7, "tausend": 1000, "milliard": 10**9, "billionen": 10**12,
    "duizend": 1000, "miljoen": 10**6, "miljard": 10**9, "biljoen": 10**12, "miljon": 10**6, "tusen": 1000,
    "millón": 10**6, "millones": 10**6, "billón": 10**12, "billones": 10**12, "milh": 10**6, "bilh": 10**9,
    "milion": 10**6, "miliard": 10**9, "tysi": 1000, "milyon": 10**6, "milyar": 10**9, "trilyon": 10**12,
    "nghìn": 1000, "triệu": 10**6, "tỷ": 10**9, "tỉ": 10**9, "ribu": 1000, "juta": 10**6, "miliar": 10**9,
    "mille": 1000, "mila": 1000, "mil": 1000, "bin": 1000, "mn": 10**6, "mio": 10**6, "mln": 10**6,
    "bn": 10**9, "md": 10**9, "mrd": 10**9, "mld": 10**9, "tn": 10**12, "tys": 1000,
    "k": 1000, "m": 10**6, "b": 10**9, "t": 10**12, "cr": 10**7, "dozen": 12, "decade": 10, "centur": 100,
}  # fmt: skip
#: those that multiply only what is written since the one before: 2千5百万 is 2500 times 万
_SMALL = frozenset("百 千 백 천 ร้อย พัน หมื่น แสน hundred".split())
#: those that may be a unit as well: 5 m, 100兆, two decades
_LOOSE = frozenset("兆 k m b t cr dozen decade centur".split())
#: those that are nothing at the beginning of another word
_WHOLE = frozenset("mille mila mil bin mn mio mln bn md mrd mld tn tys k m b t cr".split())
_HAN = frozenset("百千万萬亿億兆")
_UNSPACED = frozenset(word for word in _SCALES if re.match("[가-힣ก-๙]", word))


def _either(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_SCALE = re.compile(
    r"\s?[多余餘来來]?([万萬亿億]|百(?![帕分])|千(?![米克瓦伏帕焦卡赫])|千(?=克[朗拉])|兆(?![瓦赫帕焦字比伏]))零?"
    rf"|\s?({_either(_UNSPACED)})|[\s-]?({_either(_WHOLE)})\b"
    rf"|[\s-]?({_either(set(_SCALES) - _WHOLE - _UNSPACED - _HAN)})(?!n?[aä]i?r)\w*",  # no billionaires
    re.IGNORECASE,
)
_DECIMALS = r"\.\d+(?!\.?\d)"
_NUMERAL = re.compile(
    rf"\d+⁄[1-9]\d?|\d{{1,3}}(?:[,']\d{{2,3}})*[,']\d{{3}}(?!\d)(?:{_DECIMALS})?|(?<!\d\.)\d+{_DECIMALS}|\d+"
    rf"|(?<![\w.]){_DECIMALS}"
)
#: characters that mean the same, one for one
_FOLDED = str.maketrans("．％：∶／－−﹣～〜٫٬", ".%::/---~~.,")

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
#: some newspapers write `2 月 7 日`
_GAP_BEFORE_HAN = re.compile(r"\s(?=[\u4e00-\u9fff])")

_MONTHS = "January February March April May June July August September October November December".split()


def _month(n: Decimal) -> tuple[_Meaning, ...]:
    return (_MONTHS[int(n) - 1],) if n in range(1, 13) else (n,)


#: what a number may mean by the unit behind it; the first that fits counts
_UNITS: tuple[tuple[re.Pattern[str], Callable[[Decimal], Iterable[_Meaning]]], ...] = tuple(
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

_EUROPEAN: _Rewrite = (
    re.compile(r"(?<=\d)(?:,(?=\d)|\.(?=\d{3}(?!\d)|\d\d?\.\s))"),
    lambda m: "." if m[0] == "," else "'",
)
_SPACED: _Rewrite = (re.compile(r"(?<=\d) (?=\d{3}(?!\d))"), "'")
#: ways of writing the numbers of a source in other characters, one for one
_READINGS: tuple[_Rewrite, ...] = (
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
_IN_DIGITS: tuple[_Rewrite, ...] = tuple(
    (re.compile(words), digits)
    for words, digits in (
        (r"fold\b", " fold"),
        (r"\b(doub|trip|treb|quadrup)l(?:ed|es|ing)\b", r"\1le"),
        (rf"\b({_either(word[:-1] for word in _TENS)})ies\b", lambda m: f"{_CARDINAL[m[1] + 'y']}s"),
        (
            rf"\b({_either(_TENS)})[\s-]({_either(_ONES[1:10])})\b",
            lambda m: str(_CARDINAL[m[1]] + _CARDINAL[m[2]]),
        ),
        (
            rf"\b({_either(_TENS)})[\s-]({_either(_ORDINALS[:9])})\b",
            lambda m: f"{_CARDINAL[m[1]] + _ORDINAL[m[2]]}º",
        ),
        (
            rf"\b(an?|{_either(_ONES[1:10])})[\s-]({_either(_PARTS)})s?\b",
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
        (rf"\b({_either(_CARDINAL)})\b", lambda m: str(_CARDINAL[m[1]])),
        (rf"\b({_either(_ORDINAL)})\b", lambda m: f"{_ORDINAL[m[1]]}º"),
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
    (re.compile(r"(1[0-2]|0?[1-9]) ?月(?!球)"), lambda m: _MONTHS[int(m[1]) - 1]),
    (
        re.compile(r"(1[3-9]|2[0-3]) ?[时時点點](?: ?([0-5]\d) ?分)?"),
        lambda m: f"{int(m[1]) - 12}{f':{m[2]}' if m[2] else ''} p.m.",
    ),
    (re.compile(r"(\d(?:\.\d)?) ?成"), lambda m: f"{Decimal(m[1]) * 10:f} percent".replace(".0 ", " ")),
    (re.compile(r"(?<!世[纪紀])([3-9]0)年代"), lambda m: f"19{m[1]}s"),
)


class _Number(NamedTuple):
    """A number in a text, from character `start` up to `end`, and what it may mean."""

    start: int
    end: int
    value: Decimal
    meanings: frozenset[_Meaning]
    #: what its scale multiplies it by
    factor: int = 1


class _Part(NamedTuple):
    """Digits and the scales behind them."""

    start: int
    end: int
    digits: Decimal
    scales: tuple[str, ...]

    @property
    def small(self) -> int:
        return prod(_SCALES[word] for word in self.scales if word in _SMALL)

    @property
    def large(self) -> int:
        return prod(_SCALES[word] for word in self.scales if word not in _SMALL)


def lost_numbers(source: str, target: str, target_language: str = "en") -> tuple[Found, ...]:
    """The numbers of the source that the translation does not have, and how English writes them.

    Numbers are compared by value: 17.5万 is 175,000, 3百万 is 3 million, ３ is 3, 5月 may be May.
    Where digits may be read in several ways, the reading counts by which fewer are lost.
    """
    text = _folded(source)
    if not re.search(r"\d", text):
        return ()
    is_english = languages.base(target_language) == "en"
    signed = is_english and languages.has_han(text) and not (_LESS.search(text) or _LESS.search(target))
    offered = _in_english(target, signed) if is_english else _in_others(target, target_language)

    def lost(text: str) -> list[_Number]:
        wanted = _numbers(text, signed)
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
        reading = _rewritten(text, way) if least else text
        if reading != text and len(fewer := lost(reading)) < len(least):
            text, least = reading, fewer
    return tuple(_found(source, text, number) for number in least)


def _unmatched(wanted: Sequence[_Number], offered: Sequence[_Number]) -> list[_Number]:
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


def _named(text: str, number: _Number) -> str:
    """A number with what makes it the same number elsewhere: its unit, if it is short."""
    return text[number.start : number.end + (number.end - number.start < 3)]


def _is_article(text: str, number: _Number, target: str) -> bool:
    """A plain 1 or 0 is in an English translation as an article or the like."""
    start, end = number.start, number.end
    around = f"{text[max(start - 3, 0) : start]}<>{text[end : end + 3]}"
    if text[start:end] not in ("0", "1") or _NOT_PLAIN.search(around):
        return False
    return bool((_ONE if number.value else _NONE).search(target))


def _is_small(text: str, number: _Number) -> bool:
    """A whole number that any language may write in words."""
    return text[number.start : number.end].isdigit() and number.value <= _WORDS_UP_TO


def _is_regrouped(text: str, number: _Number, target: str) -> bool:
    """A telephone number or the like, with its digits in other groups."""
    runs = re.finditer(rf"\d+(?:{_DIGITS_GAP.pattern}\d+)*", text)
    run = next((run[0] for run in runs if run.start() <= number.start < run.end()), "")
    digits = re.sub(r"\D", "", run).lstrip("0")
    return len(digits) >= _PHONE_DIGITS and digits in _DIGITS_GAP.sub("", _folded(target))


def _folded(text: str) -> str:
    """The text in characters of which each means one thing only; as long as it was."""
    text = re.sub(r"[^\D0-9]", lambda m: str(int(m[0])), text.translate(_FOLDED))
    return re.sub(r"(?<=\d)[\u00a0\u2009\u202f’](?=\d{3}(?!\d))", "'", text)


def _in_english(target: str, signed: bool) -> list[_Number]:
    """The numbers of an English text, in words as well."""
    text = _folded(target).lower()
    for words in _IN_DIGITS:
        text = _rewritten(text, words)
    # two numbers side by side may be one or two: 2 million 500 thousand, 2 million 12-inch wafers
    parts = list(_parts(text))
    chains = [*([part] for part in parts), *(c for c in _chains(parts) if len(c) > 1)]
    named: list[_Meaning] = [*_months(target)]
    named += [Decimal(_ROMAN.get(word, 0)) for word in re.findall(r"\b[IVX]{2,}\b", target)]
    return [
        *(_Number(0, 0, Decimal(0), frozenset({meaning})) for meaning in named),
        *_of_chains(text, chains, signed),
        *_only_in(_rewritten(text, _SPACED), text, signed),
    ]


def _in_others(target: str, language: str) -> list[_Number]:
    """The numbers of a text in a language whose number words are not known here."""
    text = _folded(target)
    spaced = _rewritten(text, _SPACED)
    other = _rewritten(spaced, _EUROPEAN) if languages.base(language) in _COMMA else spaced
    return [*_numbers(text), *_only_in(other, text)]


def _only_in(reading: str, text: str, signed: bool = False) -> Iterator[_Number]:
    """The numbers that a text has in another reading only."""
    if reading != text:
        had = {number[:2] for number in _numbers(text)}
        yield from (number for number in _numbers(reading, signed) if number[:2] not in had)


def _rewritten(text: str, rewrite: _Rewrite) -> str:
    pattern, written = rewrite
    return pattern.sub(written, text)


def _months(text: str) -> Iterator[str]:
    """The months that an English text names; the verbs may and march have no capital."""
    for match in re.finditer(r"\b[A-Z][A-Za-z]{2,}\b", text):
        yield from (month for month in _MONTHS if month.startswith(match[0].capitalize()))


def _numbers(text: str, signed: bool = False) -> list[_Number]:
    """The numbers of a text; 1亿2000万 is one."""
    return _of_chains(text, _chains(_parts(text)), signed)


def _of_chains(text: str, chains: Iterable[Sequence[_Part]], signed: bool) -> list[_Number]:
    silent = {match.start() for match in _SILENT.finditer(text)}
    dates = [match.span() for match in _DATE.finditer(text)]
    numbers = []
    for chain in chains:
        start, end = chain[0].start, chain[-1].end
        if start in silent:
            continue
        value = _value(chain) * (-1 if signed and _MINUS.search(text[:start]) else 1)
        meanings = _by_place(value, text, start, end) or _meanings(value, text, end)
        if _LOOSE.intersection(chain[0].scales):
            meanings.add(chain[0].digits)
        if any(first <= start < last for first, last in dates):
            meanings |= {value, *_month(value)}
        factor = chain[0].small * chain[0].large if len(chain) == 1 else 1
        numbers.append(_Number(start, end, value, frozenset(meanings), factor))
    return _in_ranges(text, numbers)


def _meanings(value: Decimal, text: str, end: int) -> set[_Meaning]:
    """What a number may mean by what stands behind it."""
    end += bool(_GAP_BEFORE_HAN.match(text, end))
    found = set(next(meant(value) for unit, meant in _UNITS if unit.match(text, end)))
    return {*found, f"#{value}"} if value in found and not _COUNTED.match(text, end) else found


def _by_place(value: Decimal, text: str, start: int, end: int) -> set[_Meaning]:
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


def _in_ranges(text: str, numbers: list[_Number]) -> list[_Number]:
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


def _parts(text: str) -> Iterator[_Part]:
    for match in _NUMERAL.finditer(text):
        end, scales = match.end(), []
        while scale := _SCALE.match(text, end):
            scales.append(next(filter(None, scale.groups())).lower())
            end = scale.end()
        over, _, under = re.sub("[,']", "", match[0]).partition("⁄")
        yield _Part(match.start(), end, Decimal(over) / int(under or 1), tuple(scales))


def _chains(parts: Iterable[_Part]) -> Iterator[list[_Part]]:
    """Parts in chains that are one number each."""
    chain: list[_Part] = []
    for part in parts:
        if chain and not _continues(chain[-1], part):
            yield chain
            chain = []
        chain.append(part)
    if chain:
        yield chain


def _continues(one: _Part, other: _Part) -> bool:
    """1亿 and 2000万 are one number, 1亿 and 2亿 are not; headlines in Han have spaces between clauses."""
    if not one.scales or other.start - one.end > (one.scales[-1] not in _HAN):
        return False
    return other.digits * other.small < (one.large if one.large > 1 else one.small)


def _value(chain: Sequence[_Part]) -> Decimal:
    total, since, before = Decimal(0), Decimal(0), 0
    for part in chain:
        since += part.digits * part.small
        if part.large > 1:
            # 1万2千亿 is 12,000 times 亿, 1亿2000万 is a sum
            total = (total + since) * part.large if part.large > before > 0 else total + since * part.large
            since, before = Decimal(0), part.large
    return total + since


def _found(source: str, text: str, number: _Number) -> Found:
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


def _written(number: _Number, text: str) -> str:
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
