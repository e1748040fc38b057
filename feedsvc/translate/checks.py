"""Judges one translated sentence: a verdict, from the two texts alone. Pure."""

from __future__ import annotations

import re
import zlib

from feedsvc import languages
from feedsvc.model import Verdict
from feedsvc.translate.numbers import lost_numbers

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
    if not _addresses(source) <= _addresses(target):
        return Verdict.ADDRESS
    return Verdict.NUMBERS if lost_numbers(source, target) else Verdict.GOOD


def _is_empty(source: str, target: str) -> bool:
    """No word has come out, or nothing but figures where words went in."""
    if any(c.isalpha() for c in target):
        return False
    return not languages.has_words(target) or sum(c.isalpha() and c not in _COUNTERS for c in source) > 1


def _addresses(text: str) -> set[str]:
    """The web and mail addresses of a text, without the punctuation behind them."""
    return {address.rstrip(".,;:!?)]\"'") for address in _ADDRESS.findall(text)}


def _judge_length(source: str, target: str, source_language: str) -> Verdict:
    low, high = _RATIO_SPACED if languages.is_spaced(source_language) else _RATIO_UNSPACED
    if len(target) > high * max(len(source), _RATIO_FROM):
        return Verdict.TOO_LONG
    is_short = len(source) >= _RATIO_FROM and len(target) < low * len(source)
    return Verdict.TOO_SHORT if is_short else Verdict.GOOD


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
