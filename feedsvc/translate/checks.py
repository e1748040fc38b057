"""Judges one translated sentence: a verdict, from the two texts and how sure the model was. Pure."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from feedsvc import languages
from feedsvc.model import Sentence, Verdict
from feedsvc.translate.engine import Answer
from feedsvc.translate.glossary import missing
from feedsvc.translate.numbers import lost_numbers
from feedsvc.translate.verbatim import emoji, without

#: a sentence with this share of its letters in the script of the target language is left alone
KEEP_SHARE = 0.9
#: more of the source's script than this in a translation, and it is none
_MAX_SOURCE_SHARE = 0.15
#: characters of English for one of the source, by whether that is written without spaces
_RATIO_UNSPACED = (0.7, 12.0)
_RATIO_SPACED = (0.3, 3.5)
_RATIO_FROM = 12  # characters of source below which a ratio says nothing
#: of the sentence, not in the model's vocabulary; it would invent something fluent
_MAX_UNKNOWN = 0.2
#: mean log-probability of a translation's pieces below which it has little to do with its source
_MIN_SCORE = -1.4
_STRAY = re.compile("⁇|▁|<unk>|\ufffd|</?s>|@@")
_LOOP = re.compile(r"(\b\w+(?:\W+\w+){0,3}?)(?:\W+\1\b){3,}", re.IGNORECASE)
_LOOP_CHARS = re.compile(r"(.{1,8}?)\1{5,}")
#: characters behind a figure that a translation may leave out
_COUNTERS = frozenset("年月日号號时時点點分秒天元名个個人次万萬亿億千百")


def needs_translation(sentence: Sentence, target_language: str) -> bool:
    """Whether a sentence has something to translate: letters, and not those of the target language already."""
    text = without(sentence.text, sentence.verbatim)[0]
    if not any(c.isalpha() for c in text) or languages.base(sentence.language) == languages.base(
        target_language
    ):
        return False
    if languages.script(sentence.language) == languages.script(target_language):
        return True
    return languages.share_in_script(text, target_language) < KEEP_SHARE


def judge(sentence: Sentence, answer: Answer, target_language: str) -> Verdict:
    """The verdict on a translation, the gravest fault first."""
    return next(_faults(sentence, answer, target_language), Verdict.GOOD)


def _faults(sentence: Sentence, answer: Answer, target_language: str) -> Iterator[Verdict]:
    source, target = sentence.text, answer.text
    if answer.unknown > _MAX_UNKNOWN:
        yield Verdict.UNKNOWN
    if _is_empty(sentence, target):
        yield Verdict.EMPTY
    if _STRAY.search(target) or (emoji(target) and not emoji(source)):
        yield Verdict.STRAY
    if _is_untranslated(sentence, target, target_language):
        yield Verdict.UNTRANSLATED
    if _loops(target) and not _loops(source):
        yield Verdict.LOOP
    yield from _length_faults(source, target, sentence.language)
    if not all(_has(target, stretch) for stretch in sentence.kept):
        yield Verdict.VERBATIM
    if lost_numbers(source, target, target_language):
        yield Verdict.NUMBERS
    if answer.score < _MIN_SCORE:
        yield Verdict.UNSURE
    if missing(sentence.terms, target):
        yield Verdict.TERMS


def _is_empty(sentence: Sentence, target: str) -> bool:
    """No word has come out, or nothing but figures and what was to be kept where words went in."""
    source = without(sentence.text, sentence.verbatim)[0]
    target = _without_kept(sentence, target)
    if any(c.isalpha() for c in target):
        return False
    return not languages.has_words(target) or sum(c.isalpha() and c not in _COUNTERS for c in source) > 1


def _has(target: str, stretch: str) -> bool:
    """A stretch stands in a translation as it is; an address with a letter more is another address."""
    start = r"(?<![A-Za-z0-9])" if stretch[0].isalnum() else ""
    return bool(re.search(rf"{start}{re.escape(stretch)}(?![A-Za-z0-9])", target))


def _length_faults(source: str, target: str, source_language: str) -> Iterator[Verdict]:
    low, high = _RATIO_SPACED if languages.is_spaced(source_language) else _RATIO_UNSPACED
    if len(target) > high * max(len(source), _RATIO_FROM):
        yield Verdict.TOO_LONG
    if len(source) >= _RATIO_FROM and len(target) < low * len(source):
        yield Verdict.TOO_SHORT


def _is_untranslated(sentence: Sentence, target: str, target_language: str) -> bool:
    source = sentence.text
    if languages.script(sentence.language) == languages.script(target_language):
        is_name = all(word[0].isupper() for word in re.findall(r"[^\W\d_]+", source))
        return len(source) > _RATIO_FROM and source.casefold() == target.casefold() and not is_name
    bare = _without_kept(sentence, target)
    return languages.share_in_script(bare, sentence.language) > _MAX_SOURCE_SHARE


def _without_kept(sentence: Sentence, target: str) -> str:
    """A translation without what it has to have as it is."""
    for stretch in sentence.kept:
        target = target.replace(stretch, " ")
    return target


def _loops(text: str) -> bool:
    """The same few words or characters again and again."""
    if _LOOP.search(text) or _LOOP_CHARS.search(re.sub(r"[\s\d.·…—_-]+", "", text)):
        return True
    raw = text.encode()
    return len(raw) > 200 and len(zlib.compress(raw)) < 0.3 * len(raw)
