"""A translated text and the markup of its source → HTML: each element on the words that render its stretch. Pure.

Every element comes out exactly once, save emphasis that has no words of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from feedsvc import languages, markup
from feedsvc.model import NOT_TRANSLATED, Segment
from feedsvc.translate.align import Alignment, Sides
from feedsvc.translate.segment import EMPHASIS, ROOT, Inline, Span, opening
from feedsvc.translate.sentences import Offsets

_WORD = re.compile(r"[^\W_]")


def weave(
    inline: Inline,
    offsets: Sequence[Offsets],
    segments: Sequence[Segment],
    alignments: Mapping[tuple[str, str], Alignment],
    *,
    source_language: str,
    target_language: str,
) -> str:
    """The translated inline content of a block as HTML.

    A sentence that failed its check stands there in the original, marked. `alignments`, by source and target,
    tell for sentences with markup inside where the words come from.
    """
    laid = _lay(inline, offsets, segments, alignments, target_language)
    tag = f'<span lang="{source_language}" dir="{languages.direction(source_language)}">'
    return _Writer(inline, laid, tag).html()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A sentence in a block, and where its translation stands in that of the block."""

    source: Offsets
    target: Offsets
    #: where its words come from; None where it stands as it was
    sides: Sides | None
    has_failed: bool

    def place(self, start: int, end: int, within: Offsets) -> Offsets | None:
        """Where a stretch of the source stands, as far as it is of this sentence."""
        low, high = max(within[0], self.target[0]), min(within[1], self.target[1])
        if self.sides is None:
            shift = self.target[0] - self.source[0]
            start, end = max(start + shift, low), min(end + shift, high)
            return (start, end) if start < end else None
        if low >= high:
            return None
        origin, shift = self.source[0], self.target[0]
        found = self.sides.place(start - origin, end - origin, (low - shift, high - shift))
        return (found[0] + shift, found[1] + shift) if found else None

    def locate(self, at: int) -> int:
        """The place of the translation for a place inside the source."""
        if self.sides is None:
            return at - self.source[0] + self.target[0]
        size = self.target[1] - self.target[0]
        return self.target[0] + self.sides.locate(at - self.source[0], (0, size))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Laid:
    """The text of a translated block, and how its sentences stand in it."""

    text: str
    parts: tuple[_Part, ...]


def _lay(
    inline: Inline,
    offsets: Sequence[Offsets],
    segments: Sequence[Segment],
    alignments: Mapping[tuple[str, str], Alignment],
    target_language: str,
) -> _Laid:
    text, done = "", 0
    parts = []
    for (start, end), segment in zip(offsets, segments, strict=True):
        breaks = "\n" * inline.text.count("\n", done, start)
        gap = " " if text and languages.is_spaced(target_language) else ""
        text += breaks or gap
        sides = None
        if segment.has_failed:
            text += f"{NOT_TRANSLATED} "
        elif segment.is_translated:
            key = (segment.source, segment.target)
            sides = Sides(*key, alignments.get(key) or Alignment.by_position(*key))
        at = len(text)
        text += segment.target
        parts.append(
            _Part(source=(start, end), target=(at, len(text)), sides=sides, has_failed=segment.has_failed)
        )
        done = end
    return _Laid(text=text + "\n" * inline.text.count("\n", done), parts=tuple(parts))


@dataclass(slots=True)
class _Node:
    """An element in the translation, with what stands in it; the root has no tags."""

    start: int
    end: int
    opening: str = ""
    closing: str = ""
    #: what it holds where it has no words
    substitute: str = ""
    children: list[_Node] = field(default_factory=list)
    atoms: list[tuple[int, str]] = field(default_factory=list)


class _Writer:
    """Finds a place for each span and atom in a laid text, and writes them out."""

    def __init__(self, inline: Inline, laid: _Laid, original_tag: str) -> None:
        self._inline = inline
        self._laid = laid
        self._original_tag = original_tag
        self._root = _Node(0, len(laid.text))
        self._nodes: list[_Node] = []
        #: failed sentences that a span crosses the edge of
        self._crossed: list[Offsets] = []

    def html(self) -> str:
        """The block's content."""
        for span in self._inline.spans:
            self._nodes.append(self._put(span))
        for atom in self._inline.atoms:
            home = self._node(atom.parent)
            home.atoms.append((self._free_place(self._locate(atom.at), home), atom.html))
        for part in self._laid.parts:
            if part.has_failed:
                self._mark(part.target)
        return self._written(self._root)

    def _node(self, index: int) -> _Node:
        return self._root if index == ROOT else self._nodes[index]

    def _put(self, span: Span) -> _Node:
        """The node of a span in that of its parent; the parent's own where emphasis finds no place."""
        home = self._node(span.parent)
        taken = sorted((n.start, n.end) for n in home.children)
        found = self._place(span, (home.start, home.end))
        if found and any(a < found[1] and found[0] < b for a, b in taken):
            found = self._beside(span, found, taken, home)
        if found is None:
            if span.tag in EMPHASIS:
                return home
            at = self._free_place(self._locate(span.start), home)
            found = (at, at)
        original = markup.escape(self._inline.text[span.start : span.end])
        substitute = "↗" if span.tag == "a" else original
        node = _Node(*found, opening=opening(span), closing=f"</{span.tag}>", substitute=substitute)
        home.children.append(node)
        return node

    def _place(self, span: Span, within: Offsets) -> Offsets | None:
        """The words of a span, over all sentences that it touches."""
        found = []
        for part in self._laid.parts:
            start, end = max(span.start, part.source[0]), min(span.end, part.source[1])
            if start >= end:
                continue
            rest = self._inline.text[part.source[0] : start] + self._inline.text[end : part.source[1]]
            if _WORD.search(rest) or part.sides is None:
                place = part.place(start, end, within)
            else:
                place = self._all_words(part, bool(rest), within)
            if place:
                found.append(place)
        return (min(a for a, _ in found), max(b for _, b in found)) if found else None

    def _all_words(self, part: _Part, is_bare: bool, within: Offsets) -> Offsets | None:
        """The whole translation of a sentence; without the marks around it where the source leaves them out."""
        start, end = max(within[0], part.target[0]), min(within[1], part.target[1])
        while is_bare and start < end and self._laid.text[end - 1] in ".,;:!?":
            end -= 1
        return (start, end) if start < end else None

    def _beside(self, span: Span, found: Offsets, taken: Sequence[Offsets], home: _Node) -> Offsets | None:
        """Words for a span whose own are taken: those left of its own, else the nearest that are free."""
        edges = [home.start, *(edge for pair in taken for edge in pair), home.end]
        gaps = [(a, b) for a, b in list(pairwise(edges))[::2] if _WORD.search(self._laid.text[a:b])]
        own = [g for g in gaps if g[0] < found[1] and found[0] < g[1]]
        if not own and span.tag in EMPHASIS:
            return None
        for gap in sorted(own or gaps, key=lambda g: min(abs(g[0] - found[1]), abs(found[0] - g[1]))):
            if place := self._place(span, gap):
                return place
        return None

    def _locate(self, at: int) -> int:
        """The place in the text for a place of the source."""
        after, end = 0, ROOT
        for part in self._laid.parts:
            if at == end:
                return after
            if at <= part.source[0]:
                breaks = self._inline.text.count("\n", at, part.source[0])
                start = part.target[0] - (len(NOT_TRANSLATED) + 1 if part.has_failed else 0)
                return max(after, start - breaks)
            if at < part.source[1]:
                return part.locate(at)
            after, end = part.target[1] + self._inline.text.count("\n", part.source[1], at), part.source[1]
        return min(after, len(self._laid.text))

    def _free_place(self, at: int, home: _Node) -> int:
        """A place in a node that is in none of its children."""
        at = max(home.start, min(at, home.end))
        for child in sorted(home.children, key=lambda n: n.start):
            if child.start < at < child.end:
                at = child.end
        return at

    def _mark(self, sentence: Offsets) -> None:
        """Put an element around a sentence that stands in the original, in as few pieces as can be."""
        start, end = sentence
        home = self._root
        while inner := next((n for n in home.children if n.start <= start and end <= n.end), None):
            home = inner
        inside = [n for n in home.children if n.start < end and start < n.end]
        if any(n.start < start or end < n.end for n in inside):
            self._crossed.append(sentence)
            return
        node = _Node(start, end, opening=self._original_tag, closing="</span>", children=inside)
        node.atoms = [atom for atom in home.atoms if start < atom[0] < end]
        home.atoms = [atom for atom in home.atoms if not start < atom[0] < end]
        home.children = [n for n in home.children if n not in inside] + [node]

    def _written(self, node: _Node) -> str:
        out: list[str] = []
        at = node.start
        items: list[tuple[int, int, _Node | str]] = [(n.start, n.end, n) for n in node.children]
        items += [(place, place, html) for place, html in node.atoms]
        for start, end, item in sorted(items, key=lambda i: i[:2]):
            out.append(self._text(at, start))
            out.append(item if isinstance(item, str) else self._written(item))
            at = max(at, end)
        out.append(self._text(at, node.end))
        inner = "".join(out)
        return f"{node.opening}{inner or node.substitute}{node.closing}"

    def _text(self, start: int, end: int) -> str:
        """A stretch of the text as HTML."""
        out = []
        for is_original, part in _cut(start, end, self._crossed):
            shown = markup.escape(self._laid.text[part[0] : part[1]]).replace("\n", "<br>")
            out.append(f"{self._original_tag}{shown}</span>" if is_original else shown)
        return "".join(out)


def _cut(start: int, end: int, marked: Sequence[Offsets]) -> Iterator[tuple[bool, Offsets]]:
    """A stretch cut at the edges of marked ones: (is marked, piece)."""
    at = start
    for low, high in marked:
        low, high = max(low, at), min(high, end)
        if low < high:
            if at < low:
                yield False, (at, low)
            yield True, (low, high)
            at = high
    if at < end:
        yield False, (at, end)
