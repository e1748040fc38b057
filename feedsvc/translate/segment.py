"""The inline content of a block → its text and what stands on it. Pure.

`read` takes the inline content of a block apart: its text, the elements on stretches of it (spans), and what
stands at one place of it (atoms: pictures, footnote marks, readings of ruby). `weave` puts them on a translation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml.html import HtmlElement

from feedsvc import languages, markup
from feedsvc.translate.sentences import Offsets, split

#: elements that may be left out where a translation has no words for them
EMPHASIS = frozenset("b bdi bdo cite dfn em font i mark s small strike strong tt u".split())
#: elements whose text is no prose
VERBATIM = frozenset("code kbd samp tt var".split())
_CJK_BREAK = re.compile(rf"(?<=[{languages.CJK}])[ \t]*[\r\n]\s*(?=[{languages.CJK}])")
#: parent of what stands in no other span
ROOT = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An inline element on a stretch of a text."""

    start: int
    end: int
    tag: str
    attributes: tuple[tuple[str, str], ...]
    #: index of the span that it stands in, -1 for none
    parent: int = ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """HTML that stands at one place of a text."""

    at: int
    html: str
    #: index of the span that it stands in, -1 for none
    parent: int = ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """The inline content of a block. Line breaks are "\\n" in the text."""

    text: str
    #: in document order, so each after the one that it stands in
    spans: tuple[Span, ...] = ()
    atoms: tuple[Atom, ...] = ()

    def verbatim(self, start: int, end: int) -> tuple[Offsets, ...]:
        """The stretches of a sentence that are code and the like, outermost ones only."""
        found: list[Offsets] = []
        for span in self.spans:
            is_code = span.tag in VERBATIM and start <= span.start and span.end <= end
            if is_code and (not found or found[-1][1] <= span.start):
                text = self.text[span.start : span.end]
                low = span.start + len(text) - len(text.lstrip())
                found.append((low, low + len(text.strip())))
        return tuple(found)

    def is_marked(self, start: int, end: int) -> bool:
        """Something begins, ends or stands inside a sentence, so that its place in the translation matters."""
        edges = [edge for span in self.spans for edge in (span.start, span.end)]
        return any(start < at < end for at in (*edges, *(atom.at for atom in self.atoms)))


def read(block: HtmlElement) -> Inline:
    """Take the inline content of a block apart."""
    reader = _Reader()
    reader.read(block)
    end = len(reader.text.rstrip(" "))
    return Inline(
        text=reader.text[:end],
        spans=tuple(
            Span(
                start=min(s.start, end),
                end=min(s.end, end),
                tag=s.tag,
                attributes=s.attributes,
                parent=s.parent,
            )
            for s in reader.spans
        ),
        atoms=tuple(Atom(at=min(a.at, end), html=a.html, parent=a.parent) for a in reader.atoms),
    )


def sentences(inline: Inline, language: str) -> list[Offsets]:
    """Offsets of the sentences of a text; a line break always ends one, a stop in code never does."""
    found: list[Offsets] = []
    start = 0
    for line in inline.text.split("\n"):
        found += [(start + a, start + b) for a, b in split(line, language)]
        start += len(line) + 1
    for span in inline.spans:
        if span.tag in VERBATIM and "\n" not in inline.text[span.start : span.end]:
            found = _whole(found, span)
    return found


class _Reader:
    """Walks the inline content of a block, collapsing white space as HTML says."""

    def __init__(self) -> None:
        self.text = ""
        self.spans: list[Span] = []
        self.atoms: list[Atom] = []

    def read(self, element: HtmlElement, parent: int = ROOT) -> None:
        self._add(element.text)
        for child in element:
            if child.tag == "br":
                self.text += "\n"
            elif self._is_atom(child):
                self.atoms.append(Atom(at=len(self.text), html=markup.outer_html(child), parent=parent))
            else:
                self._read_span(child, parent)
            self._add(child.tail)

    def _is_atom(self, child: HtmlElement) -> bool:
        if markup.is_media(child) or not isinstance(child.tag, str) or child.tag in ("rt", "rp"):
            return True
        words = "".join(child.itertext()).strip()
        if not words:
            return child.find(".//br") is None
        # the mark of a footnote; not the power of a number or unit
        is_mark = child.tag == "sup" and not any(c.isalpha() for c in words)
        is_power = self.text[-1:].isascii() and self.text[-1:].isalnum() and words.isdigit()
        return is_mark and not (is_power and child.find(".//a") is None)

    def _read_span(self, element: HtmlElement, parent: int) -> None:
        start, index, atoms = len(self.text), len(self.spans), len(self.atoms)
        attributes = tuple((str(k), str(v)) for k, v in element.attrib.items())
        span = Span(start=start, end=start, tag=str(element.tag), attributes=attributes, parent=parent)
        self.spans.append(span)
        self.read(element, index)
        if self.text[start:].strip():
            self.spans[index] = Span(
                start=start, end=len(self.text), tag=span.tag, attributes=attributes, parent=parent
            )
            return
        # nothing but line breaks and pictures between them
        inside = [Atom(at=a.at, html=a.html, parent=parent) for a in self.atoms[atoms:]]
        del self.spans[index:], self.atoms[atoms:]
        if span.tag not in EMPHASIS:
            inside.insert(0, Atom(at=start, html=f"{opening(span)}</{span.tag}>", parent=parent))
        self.atoms += inside

    def _add(self, value: str | None) -> None:
        value = _CJK_BREAK.sub("", value or "")
        value = re.sub(r"\s+", " ", value)
        if not self.text or self.text[-1] in " \n":
            value = value.lstrip(" ")
        self.text += value


def _whole(found: list[Offsets], span: Span) -> list[Offsets]:
    """Sentences of which none begins inside a span."""
    out = found[:1]
    for start, end in found[1:]:
        if span.start < start < span.end:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def opening(span: Span) -> str:
    """The start tag of a span."""
    attributes = "".join(f' {k}="{markup.escape(v).replace(chr(34), "&quot;")}"' for k, v in span.attributes)
    return f"<{span.tag}{attributes}>"
