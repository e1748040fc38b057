"""Splits text into sentences by rules, with offsets and without any download. Loses no character but spaces."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from feedsvc import languages

Offsets = tuple[int, int]

#: end a sentence wherever they stand
_FULL_STOPS = "。！？｡؟۔।॥።။។᠃"
#: end a sentence only where a space or the end follows
_SPACED_STOPS = ".!?…"
_CLOSERS = "”’」』）)】》〉〕］]\"'»›"
_PAIRS = {
    "“": "”",
    "「": "」",
    "『": "』",
    "（": "）",
    "(": ")",
    "【": "】",
    "《": "》",
    "〈": "〉",
    "[": "]",
    "«": "»",
    "„": "“",
}
_END = re.compile(
    rf"(?:[{_FULL_STOPS}]|[{re.escape(_SPACED_STOPS)}](?=[{re.escape(_SPACED_STOPS + _CLOSERS)}\s]|$)|…{{2}})+"
)
_ABBREVIATIONS = frozenset(
    # titles are followed by a capital without ending a sentence
    (
        "mr mrs ms dr prof st sen rep gov gen col lt sgt capt rev hon jr sr vs etc ed eds approx dept "
        "e.g i.e cf al inc ltd co corp bzw ca z z.b u u.a d d.h usw mio mrd m mme mlle av env sra srta "
        "dra ud uds ee.uu p.ej sig г тыс млн млрд руб им ул т.е т.д см проф डॉ"
    ).split()
)
#: abbreviations only where a number follows: `No. 5`, but `No. He did not.`
_BEFORE_NUMBERS = frozenset(
    "no nr núm pág vol pp fig str jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
#: languages that write `3.` for `3rd`
_ORDINAL_STOPS = frozenset("cs da de et fi hr hu is lb lv nb nn no pl sk sl sr".split())
_LONGEST_WORD = 20  # characters before a full stop that are looked at
_AFTER_STOP = re.compile(r"[\s—–-]*")
#: where a sentence that is too long is cut, best first
_CUTS = ("；;", "：:—", "，,،", "、")
#: a mark within a number, a time or an address
_GLUED = re.compile(r".\d|[:;,][A-Za-z/]")
#: two characters of a number, a Latin word or an address
_FUSED = re.compile(r"[!-~\d．，]{2}")
#: characters of one sentence; small models drop parts of longer ones
MAX_CHARS_UNSPACED = 60
MAX_CHARS_SPACED = 350


def split(text: str, language: str) -> list[Offsets]:
    """The (start, end) of each sentence of a text, without the spaces around it, in order.

    Quotations and brackets stay with their sentence. A sentence longer than the cap is cut at a mark between
    clauses, else at a space, else anywhere.
    """
    limit = MAX_CHARS_SPACED if languages.is_spaced(language) else MAX_CHARS_UNSPACED
    spans: list[Offsets] = []
    start = 0
    enclosed = _enclosed(text)
    openings = [a for a, _ in enclosed]
    for end in _ends(text, language):
        a, b = enclosed[bisect_left(openings, end - 1) - 1] if enclosed else (0, 0)
        if not (a < end - 1 < b and b - a <= limit):
            spans.append((start, end))
            start = end
    spans.append((start, len(text)))
    return [piece for span in spans for piece in _within(text, _trim(text, *span), limit)]


def _ends(text: str, language: str) -> Iterator[int]:
    """Where a sentence may end: behind a stop and the closing marks that belong to it."""
    for match in _END.finditer(text):
        end = match.end()
        is_spaced_stop = match[0][-1] in _SPACED_STOPS
        while end < len(text) and text[end] in _CLOSERS:
            if text[end] == '"' and not is_spaced_stop and text.count('"', 0, end) % 2 == 0:
                break  # it opens the next sentence
            end += 1
        if not is_spaced_stop or _is_sentence_end(text, match.start(), end, language):
            yield end


def _is_sentence_end(text: str, stop: int, end: int, language: str) -> bool:
    """A stop that ends a sentence, not a name, an abbreviation, an initial, an ordinal or a pause."""
    after = _AFTER_STOP.match(text, end)
    following = text[after.end() : after.end() + 1] if after else ""
    if not following:
        return True
    if following.islower():
        return False
    if text[stop] in ".…" and not text[end].isspace():
        return False
    return text[stop] != "." or not _is_abbreviated(text, stop, following, language)


def _is_abbreviated(text: str, stop: int, following: str, language: str) -> bool:
    """The full stop belongs to the word before it."""
    word = re.search(r"[^\s(“„«\"']*$", text[max(0, stop - _LONGEST_WORD) : stop])
    before = word[0].lower() if word else ""
    if word and all(len(letter) == 1 and letter.isupper() for letter in word[0].split(".")):
        return True
    if before in _ABBREVIATIONS or (before in _BEFORE_NUMBERS and following.isdigit()):
        return True
    return before.isdigit() and len(before) <= 2 and languages.base(language) in _ORDINAL_STOPS


def _enclosed(text: str) -> list[Offsets]:
    """The outermost matched pairs of quotation marks and brackets."""
    stack: list[tuple[str, int]] = []
    found: list[Offsets] = []
    for index, char in enumerate(text):
        if stack and char == stack[-1][0]:
            _, start = stack.pop()
            while found and found[-1][0] > start:
                found.pop()
            found.append((start, index))
        elif char in _PAIRS:
            stack.append((_PAIRS[char], index))
    return found


def _within(text: str, span: Offsets, limit: int) -> Iterator[Offsets]:
    """The span, cut into pieces of at most `limit` characters."""
    start, end = span
    if end - start <= limit:
        if start < end:
            yield span
        return
    cut = _best_cut(text, start, end)
    yield from _within(text, _trim(text, start, cut), limit)
    yield from _within(text, _trim(text, cut, end), limit)


def _best_cut(text: str, start: int, end: int) -> int:
    """The mark between clauses nearest to the middle that leaves neither side tiny, else a place between words."""
    middle = (start + end) // 2
    low, high = start + (end - start) // 5, end - (end - start) // 5
    for marks in (*_CUTS, " "):
        places = [i + 1 for i in range(low, high) if text[i] in marks and not _GLUED.match(text, i)]
        if places:
            at = bisect_right(places, middle)
            return min(places[max(0, at - 1) : at + 1], key=lambda p: abs(p - middle))
    around = sorted(range(start + 1, end), key=lambda p: abs(p - middle))
    return next((p for p in around if not _is_fused(text, p)), middle)


def _is_fused(text: str, at: int) -> bool:
    """A place where no cut may be, as long as there is another one."""
    if unicodedata.category(text[at]).startswith("M"):
        return True
    return bool(_FUSED.fullmatch(text, at - 1, at + 1))


def _trim(text: str, start: int, end: int) -> Offsets:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
