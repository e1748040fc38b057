"""Splits text into sentences by rules, with offsets and without any download. Loses no character but spaces."""

from __future__ import annotations

import re
from bisect import bisect_right
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
    # titles and months are followed by a capital without ending a sentence
    (
        "mr mrs ms dr prof st sen rep gov gen col lt sgt capt rev hon jr sr vs etc no vol pp fig ed "
        "eds approx dept jan feb mar apr jun jul aug sep sept oct nov dec e.g i.e cf al inc ltd co "
        "corp bzw ca z.b u.a d.h usw str nr m mme mlle av env sra srta dra ud uds ee.uu p.ej núm pág "
        "sig г тыс млн млрд руб им ул т.е т.д см проф"
    ).split()
)
#: where a sentence that is too long is cut, best first
_CUTS = ("；;", "：:—", "，,،", "、")
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
    for end in _ends(text):
        inside = any(a < end - 1 < b and b - a <= limit for a, b in enclosed)
        if not inside:
            spans.append((start, end))
            start = end
    spans.append((start, len(text)))
    return [piece for span in spans for piece in _within(text, _trim(text, *span), limit)]


def _ends(text: str) -> Iterator[int]:
    """Where a sentence may end: behind a stop and the closing marks that belong to it."""
    for match in _END.finditer(text):
        end = match.end()
        while end < len(text) and text[end] in _CLOSERS:
            end += 1
        if match[0][-1] in _SPACED_STOPS and match[0] not in ("……", "…"):
            if not _is_sentence_end(text, match.start(), end):
                continue
        elif match[0][-1] == "…" and text[end : end + 1] not in ("", " "):
            continue
        yield end


def _is_sentence_end(text: str, stop: int, end: int) -> bool:
    """A full stop that ends a sentence, not an abbreviation, an initial or an ordinal."""
    rest = text[end:].lstrip()
    if not rest or text[stop] != ".":
        return True
    if end < len(text) and not text[end].isspace():
        return False
    word = re.search(r"[^\s(“„«\"']*$", text[:stop])
    before = word[0] if word else ""
    is_initial = len(before) == 1 and before.isalpha() and before.isupper()
    if is_initial or before.lower() in _ABBREVIATIONS:
        return False
    return not (rest[0].islower() or (before.isdigit() and len(before) <= 2 and rest[0].islower()))


def _enclosed(text: str) -> list[Offsets]:
    """The outermost matched pairs of quotation marks and brackets."""
    stack: list[tuple[str, int]] = []
    found: list[Offsets] = []
    for index, char in enumerate(text):
        if stack and char == stack[-1][0]:
            _, start = stack.pop()
            found = [*(f for f in found if f[0] < start), (start, index)]
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
    cut = _best_cut(text, start, end, limit)
    yield from _within(text, _trim(text, start, cut), limit)
    yield from _within(text, _trim(text, cut, end), limit)


def _best_cut(text: str, start: int, end: int, limit: int) -> int:
    """The mark between clauses nearest to the middle, that leaves neither side tiny."""
    middle = (start + end) // 2
    low, high = start + (end - start) // 5, end - (end - start) // 5
    for marks in (*_CUTS, " "):
        places = [i + 1 for i in range(low, high) if text[i] in marks and not text[i + 1 : i + 2].isdigit()]
        if places:
            at = bisect_right(places, middle)
            return min(places[max(0, at - 1) : at + 1], key=lambda p: abs(p - middle))
    return min(middle, start + limit)


def _trim(text: str, start: int, end: int) -> Offsets:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
