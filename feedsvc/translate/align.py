"""Finds the words of a translation that render a stretch of its source. Pure.

What is known is soft: how much each piece of the translation owes to each piece of the source (the attention of
the model that says the translation). A stretch is placed on the run of words that owe the most to it and the
least to everything else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from feedsvc import languages
from feedsvc.translate.sentences import Offsets

#: a word must owe this much to a stretch to be worth having; tuned on tests/translate/gold/placements.tsv
_THRESHOLD = 0.45
#: what counts: how much of a word comes from the stretch, against how much of the stretch went into the word
_PRECISION = 0.8
#: so much must words owe to a stretch, on average, to be replaced as its rendering
_CERTAIN = 0.5
#: characters beside a place that say where it is
_CONTEXT = 4
_UNSPACED = rf"[{languages.CJK}\u0e00-\u0eff]"
_LETTER = rf"(?!{_UNSPACED})[^\W_]"
#: signs of vowels and accents, which belong to the letter before them; soft hyphen and joiners
_MARKS = "".join(chr(c) for c in range(0x300, 0x3100) if unicodedata.category(chr(c)).startswith("M"))
_LETTERS = rf"{_LETTER}(?:{_LETTER}|[{_MARKS}\u00ad\u200c\u200d])*"
#: a word; every character of scripts that have no spaces; not the 's behind a name
_WORD = re.compile(
    rf"(?={_UNSPACED})[^\W_][{_MARKS}]*|(?!(?<=['’])s\b){_LETTERS}(?:[.,\-–'’](?!s\b){_LETTERS})*"
)
#: a run of Latin letters, digits and marks; with what a translation is likely to have as it is
_LATIN = re.compile(r"[!-~\u00a1-\u024f]+")
_TELLING = re.compile(r"[A-Z\d]|[a-z]\W+[a-z]|[^\w\s]")
_ARTICLES = frozenset("a an the".split())
#: English words that seldom begin or end the rendering of a stretch
_LOOSE = _ARTICLES | frozenset(
    "of in on at to for and with by from as is was were are be been that its their his her".split()
)
_DETERMINED = re.compile(
    "[一这這那该該此某每]|an? |the |un[ea]? |de[nrsm] |das |die |eine? |l[aeo]s? |el ", re.IGNORECASE
)
_STOPS = ".!?…。！？"
_GENITIVE = re.compile(r"['’]s\b|(?<=s)['’](?=\s)")


@dataclass(frozen=True)
class Alignment:
    """How much each character stretch of a translation owes to each of its source."""

    source_spans: Sequence[Offsets]
    target_spans: Sequence[Offsets]
    #: one row for each target span, one column for each source span
    weights: NDArray[np.float32]

    @classmethod
    def of_pieces(
        cls, source_spans: Sequence[Offsets], target_spans: Sequence[Offsets], rows: Sequence[Sequence[float]]
    ) -> Self:
        """From the attention of a model; what it pays to more pieces than there are (the end) does not count."""
        weights = np.zeros((len(target_spans), len(source_spans)), dtype=np.float32)
        for index, row in enumerate(rows[: len(target_spans)]):
            weights[index] = row[: len(source_spans)]
        return cls(source_spans, target_spans, weights)

    @classmethod
    def by_position(cls, source: str, target: str) -> Self:
        """Where nothing is known: each word comes from what stands as far from the beginning."""
        target_spans = [m.span() for m in _WORD.finditer(target)]
        source_spans = [m.span() for m in _WORD.finditer(source)]
        source_at = np.array([sum(span) / 2 for span in source_spans]) / max(1, len(source))
        target_at = np.array([sum(span) / 2 for span in target_spans]) / max(1, len(target))
        distance = target_at[:, None] - source_at[None, :]
        return cls(source_spans, target_spans, np.exp(-50 * distance**2).astype(np.float32))

    def then(self, other: Alignment) -> Alignment:
        """This alignment followed by one of its translation with another translation."""
        size = max((end for _, end in (*self.target_spans, *other.source_spans)), default=0)
        here, there = _spread(self.target_spans, size), _spread(other.source_spans, size)
        weights = other.weights @ there @ here.T @ self.weights
        return Alignment(self.source_spans, other.target_spans, weights.astype(np.float32))


class Sides:
    """A sentence, its translation, and what is known of where the words come from."""

    def __init__(self, source: str, target: str, alignment: Alignment) -> None:
        self._source = source
        self._target = target
        self._alignment = alignment
        self._words = [m.span() for m in _WORD.finditer(target)]

    def place(self, start: int, end: int, within: Offsets) -> Offsets | None:
        """The words that render a stretch of the source; None if there is no word in that part of the translation."""
        if exact := self._verbatim(start, end, within):
            return exact
        words = [i for i, (a, b) in enumerate(self._words) if within[0] <= a and b <= within[1]]
        if not words:
            return None
        gain = self._gain(start, end)
        first, last = _best_run([float(gain[i]) for i in words])
        return self._finished(words[first : last + 1], start, end, within)

    def is_certain(self, start: int, end: int, place: Offsets) -> bool:
        """The words at a place come from a stretch and from hardly anything else."""
        words = [i for i, (a, b) in enumerate(self._words) if place[0] <= a and b <= place[1]]
        owed = self._shares[0][:, start:end].sum(axis=1)
        return bool(words) and float(np.mean([owed[i] for i in words])) > _CERTAIN

    def locate(self, at: int, within: Offsets) -> int:
        """The place in the translation for what stands at a place of the source: beside what it stands beside."""
        if not self._source[:at].strip():
            return within[0]
        if not self._source[at:].strip():
            return within[1]
        before = max(0, at - _CONTEXT)
        while before < at and not self._source[before:at].isalnum():
            before += 1
        if before < at:
            found = self.place(before, at, within)
            return found[1] if found else within[1]
        ahead = next((i for i in range(at, len(self._source)) if self._source[i].isalnum()), None)
        if ahead is None:
            return within[0] + len(self._target[slice(*within)].rstrip(_STOPS))
        found = self.place(at, min(len(self._source), max(at + _CONTEXT, ahead + 1)), within)
        return found[0] if found else within[1]

    @cached_property
    def _shares(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """For each word and source character: the share of the word, and the share of the character."""
        pieces = np.zeros((len(self._words), len(self._alignment.target_spans)), dtype=np.float32)
        for index, (start, end) in enumerate(self._alignment.target_spans):
            overlap = np.array([min(end, b) - max(start, a) for a, b in self._words])
            # of a script without spaces, a piece may have several words
            pieces[(overlap > 0) & (overlap == overlap.max(initial=0)), index] = 1
        pieces /= np.maximum(pieces.sum(axis=0, keepdims=True), 1)
        mass = pieces @ self._alignment.weights @ _spread(self._alignment.source_spans, len(self._source))
        of_word = mass / np.maximum(mass.sum(axis=1, keepdims=True), 1e-9)
        of_char = mass / np.maximum(mass.sum(axis=0, keepdims=True), 1e-9)
        return of_word, of_char

    def _gain(self, start: int, end: int) -> NDArray[np.float32]:
        """For each word, what having it in the rendering of a stretch is worth; negative: better not."""
        of_word, of_char = self._shares
        owed = of_word[:, start:end].sum(axis=1)
        went = of_char[:, start:end].mean(axis=1)
        went = np.minimum(1, went / max(float(went.max(initial=0)), 1e-9))
        gain: NDArray[np.float32] = _PRECISION * owed + (1 - _PRECISION) * went - _THRESHOLD
        return gain

    def _verbatim(self, start: int, end: int, within: Offsets) -> Offsets | None:
        """The place of a stretch that the translation has as it is: a Latin name, a figure, a part of a formula."""
        runs = [m.span() for m in _LATIN.finditer(self._source) if m.start() <= start and end <= m.end()]
        if all(map(_LATIN.fullmatch, self._source[start:end].split())):
            runs.append((start, end))
        for low, high in runs:
            shown = self._source[low:high]
            if not _TELLING.search(shown):
                continue
            pattern = rf"(?<!{_LETTER}){re.escape(shown)}(?!{_LETTER})"
            places = [m.start() for m in re.finditer(pattern, self._target)]
            places = [p for p in places if within[0] <= p and p + len(shown) <= within[1]]
            if places:
                # the n-th in the source is the n-th in the translation
                nth = len(re.findall(pattern, self._source[:low]))
                at = places[min(nth, len(places) - 1)] - low
                return start + at, end + at
        return None

    def _finished(self, words: list[int], start: int, end: int, within: Offsets) -> Offsets:
        """The run of words as a person would mark it: no loose word at its ends, currency and article with it."""
        texts = {i: self._target[slice(*self._words[i])].lower() for i in words}
        while len(words) > 1 and texts[words[0]] in _LOOSE:
            words = words[1:]
        while len(words) > 1 and texts[words[-1]] in _LOOSE:
            words = words[:-1]
        first, last = self._words[words[0]][0], self._words[words[-1]][1]
        stretch = self._source[start:end]
        if words[0] > 0 and _DETERMINED.match(stretch):
            a, b = self._words[words[0] - 1]
            if a >= within[0] and self._target[a:b].lower() in _ARTICLES:
                first = a
        if first > within[0] and self._target[first - 1] in "$€£¥":
            first -= 1
        if last < within[1] and self._target[last] in "%°":
            last += 1
        if stretch.endswith(("的", "の")) and (match := _GENITIVE.match(self._target, last, within[1])):
            last = match.end()
        return first, last


def _spread(spans: Sequence[Offsets], size: int) -> NDArray[np.float32]:
    """For each span, its characters, summing up to one."""
    out = np.zeros((len(spans), size), dtype=np.float32)
    for row, (start, end) in enumerate(spans):
        if start < end:
            out[row, start:end] = 1 / (end - start)
    return out


def _best_run(gains: Sequence[float]) -> tuple[int, int]:
    """First and last index of the run with the largest sum, which has at least one member."""
    best = (gains[0], 0, 0)
    total, begin = 0.0, 0
    for index, gain in enumerate(gains):
        if total <= 0:
            total, begin = 0.0, index
        total += gain
        if total > best[0]:
            best = (total, begin, index)
    return best[1], best[2]
