"""The ways of asking an engine for a sentence, from the plain one to the last resort; each answer is judged.

    plain       the sentence as it is
    careful     a wider search that repeats nothing, several hypotheses
    bare        without the addresses and code that were lost; they are put back beside the words they stood beside
    named       the terms and numbers that were missing stand in the sentence in their translation
    mended      the words of the best answer so far that render a missing term or number are replaced by it
    halved      in two parts, cut between clauses

A sentence stops at the first way whose answer passes every check. One that never does keeps the best answer if
nothing but a term is missing in it, else the original.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from feedsvc import languages
from feedsvc.model import Found, Segment, Sentence, Verdict
from feedsvc.translate import verbatim
from feedsvc.translate.align import Alignment, Sides
from feedsvc.translate.capitals import calm, is_shouted, shout
from feedsvc.translate.checks import judge
from feedsvc.translate.engine import Answer
from feedsvc.translate.glossary import missing
from feedsvc.translate.names import spelt
from feedsvc.translate.numbers import lost_numbers
from feedsvc.translate.sentences import cut
from feedsvc.translate.tidy import tidy
from feedsvc.translate.translator import Translator

#: characters of a sentence that is not worth halving
_SHORT = 20
_FIGURES = re.compile(r"\d[\d.,]*(?:[\s-](?:hundred|thousand|million|billion|trillion)\b)?(?<![.,])")
#: titles of works, which English has in quotation marks
_WORK = re.compile("[《〈]([^《》〈〉]+)[》〉]")


def translate(
    sentences: Sequence[Sentence],
    translator: Translator,
    *,
    target_language: str,
    on_progress: Callable[[int], None] = lambda more: None,
) -> Iterator[tuple[Sentence, Segment]]:
    """Sentences, all of one language, and what became of each, as soon as that is certain.

    `on_progress` hears how many more sentences have had their first try.
    """
    if not sentences:
        return
    ask = _Asker(translator, sentences[0].language, target_language)
    first: dict[Sentence, _Tried] = {}
    for sentence, tried in ask.plain(sentences):
        if tried.verdict is Verdict.GOOD:
            yield sentence, tried.segment(sentence)
        else:
            first[sentence] = tried
        on_progress(1)  # afterwards: what stops here loses nothing that is finished
    # in the order that they were given in: how sentences are batched can change a word
    best = {s: first[s] for s in sentences if s in first and not _is_hopeless(s, first[s])}
    for sentence in [s for s in first if s not in best]:
        yield sentence, first[sentence].segment(sentence)
    for way in (ask.careful, ask.bare, ask.named, ask.mended, ask.halved):
        for sentence, tried in way(dict(best)):
            if tried.rank > best[sentence].rank:
                best[sentence] = tried
        for sentence in [s for s, found in best.items() if found.verdict is Verdict.GOOD]:
            yield sentence, best.pop(sentence).segment(sentence)
    for sentence, tried in best.items():
        yield sentence, tried.segment(sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """An answer, and what the checks say of it."""

    answer: Answer
    verdict: Verdict

    @property
    def rank(self) -> int:
        """Better answers have a higher one; of equals, the first will do."""
        return {Verdict.GOOD: 2, Verdict.TERMS: 1}.get(self.verdict, 0)

    def segment(self, sentence: Sentence) -> Segment:
        """What becomes of the sentence with this answer."""
        target = self.answer.text if self.rank else sentence.text
        return Segment(source=sentence.text, target=target, verdict=self.verdict)


Candidate = tuple[Sentence, _Tried]


@dataclass(frozen=True, slots=True)
class _Asker:
    """Asks one engine in one pair of languages."""

    translator: Translator
    source_language: str
    target_language: str

    def plain(self, sentences: Sequence[Sentence]) -> Iterator[Candidate]:
        """The sentences as they are, save emoji, which no model knows."""
        yield from self._asked(sentences, cuts=_pictures)

    def careful(self, best: Mapping[Sentence, _Tried]) -> Iterator[Candidate]:
        """A wider search, for whatever has failed."""
        yield from self._asked(list(best), cuts=_pictures, careful=True)

    def bare(self, best: Mapping[Sentence, _Tried]) -> Iterator[Candidate]:
        """Without what must be kept, which is put back afterwards: its loss may look like another fault."""
        lost = [s for s, found in best.items() if s.verbatim and not found.rank]
        yield from self._asked(lost, cuts=lambda s: [*s.verbatim, *_pictures(s)])

    def named(self, best: Mapping[Sentence, _Tried]) -> Iterator[Candidate]:
        """With the terms and numbers that were missing in their translation: models copy foreign words."""
        texts = {s: _substituted(s.text, self._wanted(s, found)) for s, found in best.items()}
        changed = [s for s, text in texts.items() if text != s.text]
        yield from self._asked(changed, cuts=lambda s: verbatim.emoji(texts[s]), text=texts.__getitem__)

    def mended(self, best: Mapping[Sentence, _Tried]) -> Iterator[Candidate]:
        """The best answers with the missing terms and numbers in place of what stands for them."""
        wanted = {s: found for s, tried in best.items() if (found := self._wanted(s, tried))}
        answers = [best[sentence].answer for sentence in wanted]
        aligned = self._align([(s.text, a.text) for s, a in zip(wanted, answers, strict=True)])
        for sentence, answer, alignment in zip(wanted, answers, aligned, strict=True):
            target = _mended(sentence.text, answer.text, alignment, wanted[sentence])
            yield sentence, self._judged(sentence, replace(answer, text=target))

    def halved(self, best: Mapping[Sentence, _Tried]) -> Iterator[Candidate]:
        """In two parts, which are put together again; not for the sake of a term alone."""
        parts = {s: _halves(s) for s, found in best.items() if not found.rank}
        each = list(dict.fromkeys(half for halves in parts.values() for half in halves))
        answers = {half: tried.answer for half, tried in self._asked(each, cuts=_pictures)}
        gap = " " if languages.is_spaced(self.target_language) else ""
        for sentence, halves in parts.items():
            found = [answers[half] for half in halves]
            if found and all(answer.text for answer in found):
                answer = Answer(
                    text=tidy(gap.join(answer.text for answer in found), self.target_language),
                    score=min(answer.score for answer in found),
                    unknown=max(answer.unknown for answer in found),
                )
                yield sentence, self._judged(sentence, answer)

    def _wanted(self, sentence: Sentence, tried: _Tried) -> tuple[Found, ...]:
        """What an answer lacks and could be told: terms, and numbers as English writes them."""
        if tried.verdict is Verdict.TERMS:
            return missing(sentence.terms, tried.answer.text)
        if tried.verdict is Verdict.NUMBERS and languages.base(self.target_language) == "en":
            return lost_numbers(sentence.text, tried.answer.text, self.target_language)
        return ()

    def _asked(
        self,
        sentences: Sequence[Sentence],
        *,
        cuts: Callable[[Sentence], list[tuple[int, int]]],
        text: Callable[[Sentence], str] = lambda s: s.text,
        careful: bool = False,
    ) -> Iterator[Candidate]:
        """The best answer to each sentence, without some stretches that are put back into it."""
        if not sentences:
            return
        bare = [verbatim.without(text(s), cuts(s)) for s in sentences]
        answers = self.translator.translate(
            [_calm(rest, s) for (rest, _), s in zip(bare, sentences, strict=True)],
            source_language=self.source_language,
            target_language=self.target_language,
            careful=careful,
        )
        later: list[tuple[int, list[Answer]]] = []
        for index, several in answers:
            tidied = [self._tidied(a, sentences[index]) for a in several]
            if bare[index][1] or any(_unquoted(sentences[index], bare[index][0], a.text) for a in tidied):
                later.append((index, tidied))
            else:
                yield sentences[index], self._best(sentences[index], tidied)
        pairs = [(bare[index][0], a.text) for index, tidied in later for a in tidied]
        aligned = iter(self._align(pairs))
        for index, tidied in later:
            finished = [self._finished(sentences[index], *bare[index], a, next(aligned)) for a in tidied]
            yield sentences[index], self._best(sentences[index], finished)

    def _tidied(self, answer: Answer, sentence: Sentence) -> Answer:
        text = tidy(answer.text, self.target_language)
        if languages.script(sentence.language) != languages.script(self.target_language):
            text = spelt(sentence.text, text)
        return replace(answer, text=shout(text, sentence.kept) if is_shouted(sentence.text) else text)

    def _best(self, sentence: Sentence, answers: Sequence[Answer]) -> _Tried:
        return max((self._judged(sentence, answer) for answer in answers), key=lambda t: t.rank)

    def _finished(
        self,
        sentence: Sentence,
        rest: str,
        taken: Sequence[tuple[int, str]],
        answer: Answer,
        alignment: Alignment,
    ) -> Answer:
        """An answer with what was not asked for, and with the quotation marks that it left out."""
        if not answer.text:
            return answer
        if taken:
            return replace(answer, text=verbatim.put_back(taken, rest, answer.text, alignment))
        works = _unquoted(sentence, rest, answer.text)
        return replace(answer, text=_quoted(rest, answer.text, alignment, works))

    def _align(self, pairs: Sequence[tuple[str, str]]) -> list[Alignment]:
        if not pairs:
            return []
        return self.translator.align(
            pairs, source_language=self.source_language, target_language=self.target_language
        )

    def _judged(self, sentence: Sentence, answer: Answer) -> _Tried:
        return _Tried(answer=answer, verdict=judge(sentence, answer, self.target_language))


def _is_hopeless(sentence: Sentence, tried: _Tried) -> bool:
    """No other way of asking makes its characters known."""
    return tried.verdict is Verdict.UNKNOWN and not sentence.verbatim


def _calm(text: str, sentence: Sentence) -> str:
    return calm(text, sentence.kept) if is_shouted(sentence.text) else text


def _substituted(text: str, terms: Iterable[Found]) -> str:
    for found in sorted(terms, reverse=True):
        text = text[: found.start] + found.term.target.removeprefix("the ") + text[found.end :]
    return text


def _halves(sentence: Sentence) -> list[Sentence]:
    """The clauses of a sentence in two parts or three; none of one too short to have several."""
    text = sentence.text
    if len(text) < _SHORT:
        return []
    longest = 0.7 * len(text)
    places = cut(text, lambda part: len(part) <= longest)
    if not 1 < len(places) < 4:
        return []
    return [
        Sentence(
            text[start:end],
            sentence.language,
            verbatim=tuple((a - start, b - start) for a, b in sentence.verbatim if start <= a and b <= end),
        )
        for start, end in places
    ]


def _mended(source: str, target: str, alignment: Alignment, wanted: Iterable[Found]) -> str:
    """A translation with terms in place of the words that render them; those that are not certain stay."""
    sides = Sides(source, target, alignment)
    places = []
    for found in wanted:
        if found.start == found.end:
            continue
        place = sides.place(found.start, found.end, (0, len(target)))
        if place and sides.is_certain(found.start, found.end, place):
            if any(c.isdigit() for c in found.term.source):
                place = _figures(target, place)
            if place:
                places.append((place, found.term.target))
    done = len(target)
    for (start, end), form in sorted(places, reverse=True):
        if end <= done:
            target = _replaced(target, start, end, form)
            done = start
    return target


def _figures(target: str, place: tuple[int, int]) -> tuple[int, int] | None:
    """The figures among the words that render a number, which may have come with a noun."""
    match = _FIGURES.search(target, *place)
    return match.span() if match else None


def _replaced(target: str, start: int, end: int, form: str) -> str:
    """A text with another form in place of some of its words; articles are not doubled."""
    before, after = target[:start], target[end:]
    if article := re.search(r"\b(?:the|an?)\s$", before, re.IGNORECASE):
        if form.startswith("the "):
            form = form.removeprefix("the ")
        elif form[:1].isupper():
            before = before[: article.start()]
    if not before.strip():
        form = form[:1].upper() + form[1:]
    return before + form + after


def _pictures(sentence: Sentence) -> list[tuple[int, int]]:
    """The emoji of a sentence, but for those in its tags and code."""
    return [
        (start, end)
        for start, end in verbatim.emoji(sentence.text)
        if not any(a < end and start < b for a, b in sentence.verbatim)
    ]


def _unquoted(sentence: Sentence, asked: str, target: str) -> list[tuple[int, int]]:
    """The titles of works in what was asked for a sentence, if the translation has no quotation marks.

    Those of newspapers, which are terms, have none.
    """
    if any(mark in target for mark in '“”‘"'):
        return []
    terms = [sentence.text[found.start : found.end] for found in sentence.terms]
    return [m.span() for m in _WORK.finditer(asked) if not any(m[0] in term for term in terms)]


def _quoted(source: str, target: str, alignment: Alignment, works: Sequence[tuple[int, int]]) -> str:
    """A translation with quotation marks on the titles that have them in the source."""
    sides = Sides(source, target, alignment)
    places = [sides.place(start + 1, end - 1, (0, len(target))) for start, end in works]
    found = sorted({place for place in places if place}, reverse=True)
    if any(after[0] < before[1] for after, before in pairwise(found)):
        return target
    for start, end in found:
        target = f"{target[:start]}“{target[start:end]}”{target[end:]}"
    return target
