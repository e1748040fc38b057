"""Judges one translated sentence: a verdict, from the two texts alone. Pure."""

from __future__ import annotations

import math
import re
import zlib
from decimal import Decimal, InvalidOperation

from feedsvc import languages
from feedsvc.model import Verdict

#: a sentence with this share of its letters in the script of the target language is left alone
KEEP_SHARE = 0.9
#: more of the source's script than this in a translation, and it is none
_MAX_SOURCE_SHARE = 0.15
#: characters of English for one of the source, by whether that is written without spaces
_RATIO_UNSPACED = (0.7, 12.0)
_RATIO_SPACED = (0.3, 3.5)
_RATIO_FROM = 12  # characters of source below which a ratio says nothing
_STRAY = re.compile("⁇|▁|<unk>|\ufffd|</?s>|@@")
_LOOP = re.compile(r"(\b\w+(?:\W+\w+){0,3}?)(?:\W+\1\b){3,}", re.IGNORECASE)
_LOOP_CHARS = re.compile(r"(.{1,8}?)\1{5,}")
#: a web or mail address
_ADDRESS = re.compile(r"https?://[!-~]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
#: characters behind a figure that a translation may leave out
_COUNTERS = frozenset("年月日号號时時点點分秒天元名个個人次万萬亿億千百")
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


def needs_translation(text: str, source_language: str, target_language: str) -> bool:
    """Whether a sentence has something to translate: letters, and not those of the target language already."""
    if not any(c.isalpha() for c in text) or languages.base(source_language) == languages.base(
        target_language
    ):
        return False
    if languages.script(source_language) == languages.script(target_language):
        return True
    return languages.share_in_script(text, target_language) < KEEP_SHARE


def judge(source: str, target: str, source_language: str, target_language: str) -> Verdict:
    """The verdict on a translation, the gravest fault first."""
    if _is_empty(source, target):
        return Verdict.EMPTY
    if _STRAY.search(target):
        return Verdict.STRAY
    if _is_untranslated(source, target, source_language, target_language):
        return Verdict.UNTRANSLATED
    if _loops(target) and not _loops(source):
        return Verdict.LOOP
    if (fault := _judge_length(source, target, source_language)) is not Verdict.GOOD:
        return fault
    if any(address not in target for address in _ADDRESS.findall(source)):
        return Verdict.ADDRESS
    return Verdict.NUMBERS if lost_numbers(source, target) else Verdict.GOOD


def _is_empty(source: str, target: str) -> bool:
    """No word has come out, or nothing but figures where words went in."""
    if any(c.isalpha() for c in target):
        return False
    return not languages.has_words(target) or sum(c.isalpha() and c not in _COUNTERS for c in source) > 1


def _judge_length(source: str, target: str, source_language: str) -> Verdict:
    low, high = _RATIO_SPACED if languages.is_spaced(source_language) else _RATIO_UNSPACED
    if len(target) > high * max(len(source), _RATIO_FROM):
        return Verdict.TOO_LONG
    is_short = len(source) >= _RATIO_FROM and len(target) < low * len(source)
    return Verdict.TOO_SHORT if is_short else Verdict.GOOD


def lost_numbers(source: str, target: str) -> list[str]:
    """The numbers of the source that the translation does not have, as they stand in the source.

    Numbers are compared by value: 17.5万 is 175,000, 3百万 is 3 million, ３ is 3, 5月 may be May.
    Where digits may be read in several ways, the reading counts that fits best.
    """
    target = target.lower()
    words = re.findall(r"[a-z]+", target)
    have = {Decimal(_WORDS[w]) for w in words if w in _WORDS}
    for reading in (target, _UNIT.sub("", target), _in_figures(target)):
        have |= {value for value, _ in _numbers(reading)}
    lost = ([shown for value, shown in _numbers(r) if value not in have] for r in _readings(source))
    return min(lost, key=len)


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


def _is_untranslated(source: str, target: str, source_language: str, target_language: str) -> bool:
    if languages.script(source_language) == languages.script(target_language):
        return len(source) > _RATIO_FROM and source.casefold() == target.casefold()
    return languages.share_in_script(target, source_language) > _MAX_SOURCE_SHARE


def _loops(text: str) -> bool:
    """The same few words or characters again and again."""
    if _LOOP.search(text) or _LOOP_CHARS.search(re.sub(r"[\s\d.·…—_-]+", "", text)):
        return True
    raw = text.encode()
    return len(raw) > 200 and len(zlib.compress(raw)) < 0.3 * len(raw)
