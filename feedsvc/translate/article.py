"""An entry taken apart into sentences, and put together again as a `Translation`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from feedsvc import languages, markup
from feedsvc.detect import is_rather
from feedsvc.model import Passage, Pending, Segment, Sentence, Translation, Verdict
from feedsvc.translate import segment, verbatim
from feedsvc.translate.align import Alignment
from feedsvc.translate.glossary import Glossary
from feedsvc.translate.sentences import Offsets
from feedsvc.translate.tidy import as_title, begun
from feedsvc.translate.weave import weave

NO_GLOSSARY = Glossary()
#: characters of source text that are translated, checked and saved in one go
GROUP_CHARS = 16_000
#: Chinese headlines put several clauses side by side, with a space between them
_HEADLINE_GAP = re.compile(rf"(?<=[{languages.CJK}”])\s+(?=[{languages.CJK}“])")
#: behind one of these, no semicolon stands between the clauses of a title
_CLAUSE_ENDS = (*"?!…,;:—？！，；：", "...")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One passage of an entry before its translation."""

    inline: segment.Inline
    offsets: tuple[Offsets, ...]
    #: in order, one for each of the offsets
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Everything of an entry that a reader reads, in sentences."""

    pending: Pending
    language: str
    glossary: Glossary
    title: Unit
    summary: Unit
    categories: tuple[Unit, ...]
    blocks: tuple[Unit, ...]
    attributes: tuple[Unit, ...]

    def sentences(self) -> Iterator[Sentence]:
        """Every sentence of the entry; repeated ones repeatedly."""
        for unit in (self.title, self.summary, *self.categories, *self.blocks, *self.attributes):
            yield from unit.sentences

    def marked(self) -> Iterator[Sentence]:
        """The sentences that have markup inside, which must be put on the right words of the translation."""
        for unit in self.blocks:
            for offsets, sentence in zip(unit.offsets, unit.sentences, strict=True):
                if unit.inline.is_marked(*offsets):
                    yield sentence


def outline(
    pending: Pending, language: str, glossary: Glossary = NO_GLOSSARY, *, target_language: str = ""
) -> Outline:
    """Take an entry apart.

    With a target language, blocks that are in it already are found even where both have the same script.
    """
    entry = pending.entry
    root = markup.parse(entry.body_html)

    def block(element: HtmlElement) -> Unit:
        inline = segment.read(element)
        is_foreign = target_language and languages.script(language) == languages.script(target_language)
        is_done = is_foreign and is_rather(inline.text, target_language, than=language)
        return _unit(inline, target_language if is_done else language, glossary)

    def plain(text: str) -> Unit:
        return _unit(segment.Inline(text=text), language, glossary)

    return Outline(
        pending=pending,
        language=language,
        glossary=glossary,
        title=_title(entry.title, language, glossary),
        summary=plain(entry.summary),
        categories=tuple(plain(category) for category in entry.categories),
        blocks=tuple(map(block, markup.blocks(root))),
        attributes=tuple(
            plain(languages.collapse(element.get(name, "")))
            for element, name in markup.prose_attributes(root)
        ),
    )


def assemble(
    outline: Outline,
    segments: Mapping[Sentence, Segment],
    alignments: Mapping[tuple[str, str], Alignment],
    *,
    target_language: str,
    engine: str,
) -> Translation:
    """Put an entry together again; as many passages come out as went in."""

    def found(unit: Unit) -> tuple[Segment, ...]:
        return tuple(segments[sentence] for sentence in unit.sentences)

    def joined(unit: Unit, gap: str = " ", finish: Callable[[str], str] = str) -> Passage:
        parts = found(unit)
        gap = gap if languages.is_spaced(target_language) else ""
        return Passage(text=_chain([finish(s.marked) for s in parts], gap), segments=parts)

    def capital(passage: Passage) -> Passage:
        """What begins with a letter of a script that has no capitals has one in its translation."""
        first = next(iter(passage.segments), None)
        is_ours = first is not None and first.verdict is Verdict.GOOD and not first.source[:1].islower()
        return replace(passage, text=begun(passage.text)) if is_ours else passage

    def title(unit: Unit) -> Passage:
        return capital(joined(unit, "; ", as_title))

    def category(unit: Unit) -> Passage:
        parts = found(unit)  # filter rules of readers match on categories: no mark
        return capital(Passage(text=" ".join(as_title(s.target) for s in parts), segments=parts))

    def block(unit: Unit) -> Passage:
        parts = found(unit)
        text = weave(
            unit.inline,
            unit.offsets,
            parts,
            alignments,
            source_language=outline.language,
            target_language=target_language,
        )
        return capital(Passage(text=text, segments=parts))

    return Translation(
        entry=outline.pending.entry,
        target_language=target_language,
        engine=engine,
        glossary=outline.glossary.digest,
        title=title(outline.title),
        summary=joined(outline.summary),
        categories=tuple(map(category, outline.categories)),
        blocks=tuple(map(block, outline.blocks)),
        attributes=tuple(joined(unit, finish=as_title) for unit in outline.attributes),
    )


def groups(outlines: Iterable[Outline]) -> Iterator[list[Outline]]:
    """Cut entries, in their order, into groups of about `GROUP_CHARS`.

    How a sentence is batched can change a word of its translation. A group is made of nothing but what waits,
    and saved as a whole; so a run that was killed goes on with the very groups of one that was not. (One that was
    told to stop keeps the sentences that it has finished; what is left of its group is then batched anew.)
    """
    group: list[Outline] = []
    size = 0
    for item in outlines:
        length = sum(len(sentence.text) for sentence in item.sentences())
        if group and size + length > GROUP_CHARS:
            yield group
            group, size = [], 0
        group.append(item)
        size += length
    if group:
        yield group


def distinct(outlines: Iterable[Outline]) -> list[Sentence]:
    """The sentences of several entries, each once, in order of appearance."""
    return list(dict.fromkeys(s for item in outlines for s in item.sentences()))


def _chain(texts: Sequence[str], gap: str) -> str:
    """Texts with a gap between them; where one ends in a mark already, the gap has none."""
    chain = ""
    for text in texts:
        between = gap[-1:] if chain.endswith(_CLAUSE_ENDS) else gap
        chain = f"{chain}{between}{text}" if chain else text
    return chain


def _unit(inline: segment.Inline, language: str, glossary: Glossary) -> Unit:
    return _of(inline, segment.sentences(inline, language), language, glossary)


def _title(text: str, language: str, glossary: Glossary) -> Unit:
    """A title: its clauses are sentences."""
    offsets: list[Offsets] = []
    start = 0
    ends = [(m.start(), m.end()) for m in _HEADLINE_GAP.finditer(text)]
    for end, following in [*ends, (len(text), len(text))]:
        clause = segment.Inline(text=text[start:end])
        offsets += [(start + a, start + b) for a, b in segment.sentences(clause, language)]
        start = following
    return _of(segment.Inline(text=text), offsets, language, glossary)


def _of(inline: segment.Inline, offsets: Sequence[Offsets], language: str, glossary: Glossary) -> Unit:
    def sentence(start: int, end: int) -> Sentence:
        text = inline.text[start:end]
        code = [(a - start, b - start) for a, b in inline.verbatim(start, end)]
        found = [a for a in verbatim.addresses(text) if not any(a[0] < c[1] and c[0] < a[1] for c in code)]
        return Sentence(text, language, glossary.find(text), tuple(sorted((*code, *found))))

    return Unit(inline=inline, offsets=tuple(offsets), sentences=tuple(sentence(*place) for place in offsets))
