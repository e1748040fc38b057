"""Splits text into sentences by rules, with offsets and without any download. Loses no character but white space.

`split` asks of each stop (。 ! ؟ and the like) what stands around it: a quotation that stays in one piece, an
abbreviation, a word in lower case, an attribution. `cut` takes apart what is still too long.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from feedsvc import languages
from feedsvc.translate.writing import (
    ABBREVIATIONS,
    ATTRIBUTIONS,
    BEFORE_NUMBERS,
    BEGINNERS,
    COMMON_ABBREVIATIONS,
    ORDINAL_STOPS,
)

Offsets = tuple[int, int]

#: characters of one sentence; small models drop parts of longer ones. Of WMT's sentences over 60 characters, caps of
#: 60, 90, 120 and none gave BLEU 28.9, 29.6, 29.6, 29.5 and chrF 55.7, 55.8, 55.6, 55.5
MAX_CHARS_UNSPACED = 90
MAX_CHARS_SPACED = 350

#: end a sentence wherever they stand
_FULL_STOPS = "。！？｡؟۔।॥։።။។᠃"
#: end a sentence only where white space follows
_SPACED_STOPS = ".!?…．"
#: the same in languages that ask with another mark, or that write the full stop in abbreviations alone
_SPACED_STOPS_OF = {"el": ".!;\u037e…", "lo": "!?…", "th": "!?…"}
#: a sentence goes on before them
_COMMAS = ",;:，；：、،؛"
_GOES_ON = frozenset(_COMMAS + _FULL_STOPS + _SPACED_STOPS)

#: an opening mark, then all that close it
_PAIRS = {
    pair[0]: pair[1:]
    for pair in '“” ‘’ „“”" ‚‘’ «» ‹› 「」 『』 （） () 【】 ［］ [] 〔〕 《》 〈〉 ”” »«» ›‹ "" ״״'.split()
}
_BRACKETS = "（(【［[〔"
_TITLES = "《〈"
#: open in one place what they close in another
_TWO_FACED = '”»›"״'
_OPENERS = re.escape("“‘„‚«‹「『" + _BRACKETS + _TITLES)
_CLOSERS = re.escape("”’»›」』）)】］]〕》〉\"'״")
_EMOJI = "\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d"

_LETTER = rf"[^\W{languages.CJK}]"
# Between two letters it is an apostrophe, or in Hebrew part of an acronym.
_MARK = re.compile(rf"[{_OPENERS}{_CLOSERS}](?!(?<={_LETTER}[\"'’״]){_LETTER})")
#: where a mark opens that also closes
_OPENING = re.compile(rf"(?<![^\s(\[:,—–])|(?<=[{languages.CJK}\"])(?=\")")
#: between a stop and the end of the quotation that it ends
_CLOSING = re.compile(rf"[\s“{_CLOSERS}]*")
#: what belongs to the stop before it
_BEHIND = re.compile(rf"(?:[{_CLOSERS}]|“(?!\w)|\s[{_CLOSERS}](?!\w))*(?:\s?[{_EMOJI}])*")
#: what follows a stop: a dash, the first word or mark, and a full stop behind it
_NEXT = re.compile(
    rf"\s*(?P<dash>[—–-]*)[\s¿¡{_OPENERS}{_TWO_FACED}]*(?P<word>[^\W\d_]+|.?)(?P<dot>\.?)", re.DOTALL
)
#: where a quotation stands behind who says it
_INTRODUCED = re.compile(r"(?<=[:,：，،])|(?<=[:,：，،]\s)")
_BLANK = re.compile(r"\s*")

#: characters before a full stop that are looked at
_LONGEST_WORD = 20
#: the number of an item, where a sentence begins or behind what leads to it
_ITEM = re.compile(r"(?:^|[：；]|[:;]\s)\s*[(（]?(?:\d{1,3}|[A-Za-z]|[IVX]+)\Z")
_WORD = re.compile(rf"(?:[^\s/·—–{_OPENERS}{_CLOSERS}{languages.CJK}]|(?<=\w)[\"״](?=\w))*\Z")
# A lower-case letter with an accent is a word: Portuguese `é`, Vietnamese `ý`.
_INITIAL = rf"[^\W\d_à-ÿăđơưạ-ỹ가-힣{languages.CJK}]"
# A vowel sign is no letter: Hindi `कि.मी.`
_PART = rf"(?:{_INITIAL}[^\w\s.-]?){{1,2}}"
_INITIALS = re.compile(rf"{_INITIAL}|{_PART}(?:\.-?{_PART})+")
_ORDINAL = re.compile(r"\d{1,2}|[IVX]+")
#: a number behind an abbreviation: `art. 5`
_COUNTED = re.compile(r"(\w+)\.\s?\d+\Z")


#: where a text that is too long is cut, best first
_BREAKS = [
    re.compile(rf"{mark}(?:(?![\"'])[{_CLOSERS}]|[\"'](?!\w))*")
    for mark in ("[；;؛]", "[：:—]+", "[，,،]", "、", r"(?<![\d.])\s(?!\d)", r"\s")
]
#: scripts whose words are not told apart by spaces, and marks
_UNSPACED = languages.CJK + "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2010-\u2018\u201a-\u205e"
_UNITS = "年月日号號时時点點分秒万萬亿億千百元円％℃"
#: where no cut may be as long as there is another place: in a word, a number, a date, an address, a few characters
#: between quotation marks
_WHOLE = re.compile(
    rf"[{_OPENERS}][^{_OPENERS}{_CLOSERS}]{{1,12}}[{_CLOSERS}]"
    rf"|(?:[^\s{_UNSPACED}]|\d|(?<=\d)[{_UNITS}]+|(?<=\d)[：，．–](?=\d))+"
)
#: characters around the middle of a text that are looked at for a place where it may be cut
_REACH = 100
#: what no piece may end with, and what none may begin with
_NEVER_LAST = re.compile(f"[{_OPENERS}เแโใไ]")
_NEVER_FIRST = re.compile(f"[{_CLOSERS}{_FULL_STOPS}{_SPACED_STOPS}{_COMMAS}—ーっゃゅょッャュョ々ะาำๆฯ]")


def split(text: str, language: str) -> list[Offsets]:
    """The (start, end) of each sentence of a text, without the white space around it, in order.

    Quotations and brackets stay with their sentence, unless that makes it longer than the cap. What is still longer
    is `cut`.
    """
    limit = MAX_CHARS_SPACED if languages.is_spaced(language) else MAX_CHARS_UNSPACED
    base = languages.base(language)
    found: list[Offsets] = []
    for start, end in _sentences(text, base, limit):
        if end - start <= limit:
            found.append((start, end))
        else:
            found += [(start + a, start + b) for a, b in _capped(text[start:end], base, limit)]
    return found


def cut(text: str, fits: Callable[[str], bool]) -> list[Offsets]:
    """The (start, end) of pieces of a text that each fit, without the white space around them, in order.

    What does not fit is cut near its middle: at a mark between clauses, the strongest there is, else at a space,
    else anywhere. A single character is a piece whether it fits or not.
    """
    return list(_pieces(text, (0, len(text)), fits, _Places(text)))


@dataclass(frozen=True, slots=True)
class _Stop:
    """A mark that may end a sentence."""

    mark: str
    start: int
    #: behind it and what belongs to it: closing marks, emoji
    end: int
    #: where the quotation or bracket opens at whose end it stands
    opening: int | None

    @property
    def is_quoted(self) -> bool:
        return self.end > self.start + len(self.mark)

    @property
    def is_pause(self) -> bool:
        return self.mark.endswith(("…", ".."))


def _sentences(text: str, language: str, limit: int) -> Iterator[Offsets]:
    """The sentences of a text, however long, with quotations and brackets of at most `limit` in one piece."""
    start = 0
    for stop in _stops(text, language, limit):
        if _is_end(text, start, stop, language):
            yield _trim(text, start, stop.end)
            start = stop.end
    start, end = _trim(text, start, len(text))
    if start < end:
        yield start, end


def _capped(text: str, language: str, limit: int) -> Iterator[Offsets]:
    """A sentence that is too long: the sentences of its quotations, cut where they are too long themselves."""
    # A quotation of a few words inside the long one is still kept together.
    for start, end in _sentences(text, language, limit // 4):
        for a, b in cut(text[start:end], lambda piece: len(piece) <= limit):
            yield start + a, start + b


def _stops(text: str, language: str, limit: int) -> Iterator[_Stop]:
    """The stops of a text that stand outside of quotations and brackets, or at the end of one."""
    enclosures = _enclosures(text, limit)
    openings = [opening for opening, _ in enclosures]
    for match in _stop_marks(language).finditer(text):
        index = bisect_left(openings, match.start())
        next_opening = openings[index] if index < len(openings) else len(text)
        opening, closing = enclosures[index - 1] if index else (-1, -1)
        end = match.end()
        if is_inside := match.start() < closing:
            if text[opening] in _TITLES or not _CLOSING.fullmatch(text, end, closing):
                continue
            end = closing + 1
        behind = _BEHIND.match(text, end, max(end, next_opening))
        end = behind.end() if behind else end
        yield _Stop(match[0], match.start(), end, opening if is_inside else None)


@cache
def _stop_marks(language: str) -> re.Pattern[str]:
    return re.compile(f"[{_FULL_STOPS}{_SPACED_STOPS_OF.get(language, _SPACED_STOPS)}]+")


def _enclosures(text: str, limit: int) -> list[Offsets]:
    """The outermost pairs of quotation marks and brackets, of those at most `limit` apart, in order."""
    opened: list[int] = []
    found: list[Offsets] = []
    for match in _MARK.finditer(text):
        mark, at = match[0], match.start()
        # A mark that nothing closes hides no more than two others.
        opening = next((o for o in opened[:-4:-1] if mark in _PAIRS[text[o]]), None)
        if opening is None:
            if mark in _PAIRS and (mark not in _TWO_FACED or _OPENING.match(text, at)):
                opened.append(at)
            continue
        while opened.pop() != opening:
            pass
        if at - opening <= limit:
            while found and found[-1][0] > opening:
                found.pop()
            found.append((opening, at))
    return found


def _is_end(text: str, start: int, stop: _Stop, language: str) -> bool:
    """A stop ends the sentence that begins at `start`."""
    following = _NEXT.match(text, stop.end)
    if not following or not following["word"]:
        return True
    word = following["word"]
    if word in _GOES_ON:
        return False
    if stop.is_quoted and (following["dash"] or not _is_told(text, start, stop, word, language)):
        return False
    if stop.mark[-1] in _FULL_STOPS:
        return True
    if not _has_space(text, stop, language) or _is_lower(word):
        return False
    if stop.is_pause and not stop.is_quoted and not word[0].isupper():
        return False
    before = text[max(start, stop.start - _LONGEST_WORD) : stop.start]
    return stop.mark not in ".．" or not _is_abbreviated(before, following, language)


def _is_told(text: str, start: int, stop: _Stop, word: str, language: str) -> bool:
    """What follows a quotation or bracket is a sentence of its own."""
    opening = stop.opening
    if opening is not None and _INTRODUCED.match(text, opening):
        return True
    attribution = ATTRIBUTIONS.get(language)
    if attribution and attribution.match(text, stop.end):
        return False
    if opening is None or _BLANK.fullmatch(text, start, opening):
        return True
    # A cry in the midst of a sentence does not end it: `他喊着“让一让！”挤进人群。`
    is_cry = stop.is_pause or stop.mark[-1] in "！？!?؟"
    return text[opening] not in _BRACKETS and (not is_cry or word[0].isupper())


def _has_space(text: str, stop: _Stop, language: str) -> bool:
    """White space follows a stop, or the characters around it are written without."""
    if text[stop.end].isspace():
        return True
    is_full = stop.is_quoted or stop.mark[-1] in "!?" or (language == "ja" and stop.mark == "．")
    return (
        is_full
        and not languages.is_spaced(language)
        and _is_wide(text[stop.start - 1])
        and _is_wide(text[stop.end])
    )


def _is_lower(word: str) -> bool:
    """A word begins no sentence: `word`, but not `iPads`, nor one of a script without capitals."""
    return word.islower() and word[0] != word[0].title()


def _is_wide(char: str) -> bool:
    """A Chinese, Japanese or Korean character."""
    return unicodedata.east_asian_width(char) == "W"


def _is_abbreviated(before: str, following: re.Match[str], language: str) -> bool:
    """A full stop belongs to the word or number before it."""
    match = _WORD.search(before)
    word = match[0] if match else ""
    is_number = following["word"].isdigit()
    if word.lower() in BEFORE_NUMBERS:
        return is_number
    if _ITEM.search(before):
        return True
    if not following["dot"] and following["word"].lower() in BEGINNERS.get(language, ()):
        return False
    if language in ORDINAL_STOPS and (_ORDINAL.fullmatch(word) or (is_number and word.isdigit())):
        counted = _COUNTED.search(before)
        return not (counted and counted[1].lower() in BEFORE_NUMBERS)
    last = re.split("[.-]", word.lower())[-1]  # Dr.-Ing.
    is_listed = last in COMMON_ABBREVIATIONS or last in ABBREVIATIONS.get(language, ())
    return is_listed or bool(_INITIALS.fullmatch(word))


class _Places:
    """Where a text may be cut."""

    def __init__(self, text: str) -> None:
        self._text = text

    def best(self, start: int, end: int) -> int:
        """The place to cut a stretch at: near its middle, at the strongest mark, and in nothing that is whole."""
        middle = (start + end) // 2
        tiny = max(1, (end - start) // 5)
        for places in self._breaks:
            at = bisect_right(places, middle)
            near = [p for p in places[max(0, at - 1) : at + 1] if start + tiny < p <= end - tiny]
            if near:
                return min(near, key=lambda p: abs(p - middle))
        around = [p for d in range(_REACH) for p in (middle - d, middle + d) if start < p < end]
        allowed = next((p for p in around if self._is_between(p)), middle)
        return next((p for p in around if self._is_between(p) and not self._is_inside(p)), allowed)

    @cached_property
    def _breaks(self) -> list[list[int]]:
        """The places behind the marks, the strongest first."""
        found = [[match.end() for match in pattern.finditer(self._text)] for pattern in _BREAKS]
        return [[place for place in places if not self._is_inside(place)] for places in found]

    @cached_property
    def _wholes(self) -> list[Offsets]:
        return [match.span() for match in _WHOLE.finditer(self._text)]

    def _is_inside(self, place: int) -> bool:
        """A cut would be inside a word, a number or the like."""
        at = bisect_left(self._wholes, (place, 0)) - 1
        return at >= 0 and place < self._wholes[at][1]

    def _is_between(self, place: int) -> bool:
        """A cut would part no letter from its accent and no mark from what it belongs to."""
        is_mark = unicodedata.category(self._text[place])[0] == "M"
        return not (
            is_mark or _NEVER_LAST.match(self._text, place - 1) or _NEVER_FIRST.match(self._text, place)
        )


def _pieces(text: str, span: Offsets, fits: Callable[[str], bool], places: _Places) -> Iterator[Offsets]:
    """A stretch of a text, cut until each piece fits."""
    start, end = _trim(text, *span)
    if end - start > 1 and not fits(text[start:end]):
        place = places.best(start, end)
        yield from _pieces(text, (start, place), fits, places)
        yield from _pieces(text, (place, end), fits, places)
    elif start < end:
        yield start, end


def _trim(text: str, start: int, end: int) -> Offsets:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
