"""Judges one translated sentence: a verdict, from the two texts alone. Pure."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
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
_NUMBER = re.compile(r"\d+(?:[.,]\d{3})*(?:\.\d+)?")
_SCALES = {
    "百": 100, "千": 1000, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12,
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "k": 1000, "m": 10**6, "bn": 10**9, "mn": 10**6,
}  # fmt: skip
_SCALE = re.compile(
    r"\s*-?(百万|千万|百萬|千萬|hundred|thousand|million|billion|trillion|bn\b|mn\b|[km]\b|[百千万萬亿億兆]{1,2})",
    re.IGNORECASE,
)
_SMALL_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
_WORDS = {word: value for value, word in enumerate(_SMALL_NUMBERS)} | {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "once": 1, "twice": 2, "double": 2, "half": 2, "dozen": 12, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
    "a hundred": 100, "thousand": 1000, "both": 2, "noon": 12,
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8,
    "september": 9, "october": 10, "november": 11, "december": 12,
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
    if not languages.has_words(target):
        return Verdict.EMPTY
    if _STRAY.search(target):
        return Verdict.STRAY
    if _is_untranslated(source, target, source_language, target_language):
        return Verdict.UNTRANSLATED
    if _loops(target) and not _loops(source):
        return Verdict.LOOP
    low, high = _RATIO_SPACED if languages.is_spaced(source_language) else _RATIO_UNSPACED
    if len(source) >= _RATIO_FROM:
        ratio = len(target) / len(source)
        if ratio < low:
            return Verdict.TOO_SHORT
        if ratio > high:
            return Verdict.TOO_LONG
    elif len(target) > high * _RATIO_FROM:
        return Verdict.TOO_LONG
    return Verdict.NUMBERS if lost_numbers(source, target) else Verdict.GOOD


def lost_numbers(source: str, target: str) -> list[str]:
    """The numbers of the source that the translation does not have, as they stand in the source.

    Numbers are compared by value: 17.5万 is 175,000, 3百万 is 3 million, ３ is 3, 5月 may be May.
    """
    have = Counter(value for value, _ in _numbers(target))
    words = re.findall(r"[a-z]+", unicodedata.normalize("NFKC", target).lower())
    have.update(Decimal(_WORDS[w]) for w in words if w in _WORDS)
    lost = []
    for value, shown in _numbers(source):
        if have[value] == 0:
            lost.append(shown)
    return lost


def _numbers(text: str) -> list[tuple[Decimal, str]]:
    text = unicodedata.normalize("NFKC", text)
    found = []
    for match in _NUMBER.finditer(text):
        try:
            value = Decimal(match[0].replace(",", ""))
        except InvalidOperation:
            continue
        scale = _SCALE.match(text, match.end())
        if scale:
            for part in [scale[1].lower()] if scale[1].lower() in _SCALES else scale[1]:
                value *= _SCALES[part]
        found.append((value.normalize(), match[0] + (scale[0] if scale else "")))
    return found


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
