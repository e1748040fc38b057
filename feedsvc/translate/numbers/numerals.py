"""Digits with the words that multiply them, as numbers: 17.5万 is 175,000, and 1亿2000万 is one number. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from math import prod
from typing import NamedTuple

Rewrite = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
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
LOOSE = frozenset("兆 k m b t cr dozen decade centur".split())
#: those that are nothing at the beginning of another word
_WHOLE = frozenset("mille mila mil bin mn mio mln bn md mrd mld tn tys k m b t cr".split())
_HAN = frozenset("百千万萬亿億兆")
_UNSPACED = frozenset(word for word in _SCALES if re.match("[가-힣ก-๙]", word))


def either(words: Iterable[str]) -> str:
    """A pattern for any of these words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_SCALE = re.compile(
    r"\s?[多余餘来來]?([万萬亿億]|百(?![帕分])|千(?![米克瓦伏帕焦卡赫])|千(?=克[朗拉])|兆(?![瓦赫帕焦字比伏]))零?"
    rf"|\s?({either(_UNSPACED)})|[\s-]?({either(_WHOLE)})\b"
    rf"|[\s-]?({either(set(_SCALES) - _WHOLE - _UNSPACED - _HAN)})(?!n?[aä]i?r)\w*",  # no billionaires
    re.IGNORECASE,
)
_DECIMALS = r"\.\d+(?!\.?\d)"
_NUMERAL = re.compile(
    rf"\d+⁄[1-9]\d?|\d{{1,3}}(?:[,']\d{{2,3}})*[,']\d{{3}}(?!\d)(?:{_DECIMALS})?|(?<!\d\.)\d+{_DECIMALS}|\d+"
    rf"|(?<![\w.]){_DECIMALS}"
)
#: characters that mean the same, one for one
_FOLDED = str.maketrans("．％：∶／－−﹣～〜٫٬", ".%::/---~~.,")


class Part(NamedTuple):
    """Digits and the scales behind them."""

    start: int
    end: int
    digits: Decimal
    scales: tuple[str, ...]

    @property
    def small(self) -> int:
        """What multiplies the digits alone: of 2千 in 2千5百万, 1000."""
        return prod(_SCALES[word] for word in self.scales if word in _SMALL)

    @property
    def large(self) -> int:
        """What multiplies all that is written since the large scale before: of 5百万 in 2千5百万, 10,000."""
        return prod(_SCALES[word] for word in self.scales if word not in _SMALL)


def folded(text: str) -> str:
    """The text in characters of which each means one thing only; as long as it was."""
    text = re.sub(r"[^\D0-9]", lambda m: str(int(m[0])), text.translate(_FOLDED))
    return re.sub(r"(?<=\d)[\u00a0\u2009\u202f’](?=\d{3}(?!\d))", "'", text)


def rewritten(text: str, rewrite: Rewrite) -> str:
    """A text in which all that a pattern finds is written otherwise."""
    pattern, written = rewrite
    return pattern.sub(written, text)


def parts_of(text: str) -> Iterator[Part]:
    """The numerals of a text, with the scales behind them."""
    for match in _NUMERAL.finditer(text):
        end, scales = match.end(), []
        while scale := _SCALE.match(text, end):
            scales.append(next(filter(None, scale.groups())).lower())
            end = scale.end()
        over, _, under = re.sub("[,']", "", match[0]).partition("⁄")
        yield Part(match.start(), end, Decimal(over) / int(under or 1), tuple(scales))


def chains_of(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Parts in chains that are one number each."""
    chain: list[Part] = []
    for part in parts:
        if chain and not _continues(chain[-1], part):
            yield chain
            chain = []
        chain.append(part)
    if chain:
        yield chain


def _continues(one: Part, other: Part) -> bool:
    """1亿 and 2000万 are one number, 1亿 and 2亿 are not; headlines in Han have spaces between clauses."""
    if not one.scales or other.start - one.end > (one.scales[-1] not in _HAN):
        return False
    return other.digits * other.small < (one.large if one.large > 1 else one.small)


def value_of(chain: Sequence[Part]) -> Decimal:
    """The value of parts that are one number."""
    total, since, before = Decimal(0), Decimal(0), 0
    for part in chain:
        since += part.digits * part.small
        if part.large > 1:
            # 1万2千亿 is 12,000 times 亿, 1亿2000万 is a sum
            total = (total + since) * part.large if part.large > before > 0 else total + since * part.large
            since, before = Decimal(0), part.large
    return total + since
