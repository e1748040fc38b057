"""Blocks of HTML → sentences, and back: what stands between the words is kept beside them.

`read` takes the inline content of a block apart: its text, the elements on stretches of it (spans), and what
stands at one place of it (pictures). `write` puts a translated text into the same elements. A link goes on the
translation of its sentence; several links of one sentence share its words in order; an element that covers a
whole sentence covers its translation; other emphasis inside a sentence is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from feedsvc import languages, markup
from feedsvc.model import NOT_TRANSLATED, Segment, Verdict
from feedsvc.translate.sentences import split

_CJK_BREAK = re.compile(rf"(?<=[{languages.CJK}])[ \t]*[\r\n]\s*(?=[{languages.CJK}])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An inline element on a stretch of a text."""

    start: int
    end: int
    tag: str
    attributes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """The inline content of a block. Line breaks are "\\n" in the text."""

    text: str
    #: outer before inner
    spans: tuple[Span, ...] = ()
    #: (place in the text, HTML of a picture or the like)
    atoms: tuple[tuple[int, str], ...] = ()


def read(block: HtmlElement) -> Inline:
    """Take the inline content of a block apart."""
    reader = _Reader()
    reader.read(block)
    end = len(reader.text.rstrip(" "))
    spans = sorted(reader.spans, key=lambda s: (s.start, -s.end))
    return Inline(
        text=reader.text[:end],
        spans=tuple(
            Span(start=s.start, end=min(s.end, end), tag=s.tag, attributes=s.attributes) for s in spans
        ),
        atoms=tuple((min(at, end), atom) for at, atom in reader.atoms),
    )


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """Offsets of the sentences of a text; a line break always ends one."""
    found = []
    start = 0
    for line in text.split("\n"):
        found += [(start + a, start + b) for a, b in split(line, language)]
        start += len(line) + 1
    return found


def write(
    inline: Inline,
    offsets: Sequence[tuple[int, int]],
    segments: Sequence[Segment],
    *,
    source_language: str,
    target_language: str,
) -> str:
    """The translated inline content of a block as HTML: every link, picture and line break exactly once.

    A sentence that failed its check stands there in the original, marked.
    """
    homes = {id(span): _home(span, offsets) for span in inline.spans if span.tag == "a"}
    out: list[str] = []
    done = 0
    for index, ((start, end), segment) in enumerate(zip(offsets, segments, strict=True)):
        out += _between(inline, done, start, bool(index), target_language)
        links = [s for s in inline.spans if homes.get(id(s)) == index]
        if segment.verdict is Verdict.GOOD:
            shown = _translated(segment.target, links, target_language)
            aside = [atom for at, atom in inline.atoms if start < at < end]
        else:
            shown = _original(inline, start, end, links)
            aside = []
            if segment.verdict is not Verdict.KEPT:
                tag = f'<span lang="{source_language}" dir="{languages.direction(source_language)}">'
                shown = f"{NOT_TRANSLATED} {tag}{shown}</span>"
        whole = [s for s in inline.spans if s.tag != "a" and s.start <= start and end <= s.end]
        out += [_wrap(shown, whole), *aside]
        done = end
    out += _between(inline, done, len(inline.text) + 1, False, target_language)
    return "".join(out)


class _Reader:
    """Walks the inline content of a block, collapsing white space as HTML says."""

    def __init__(self) -> None:
        self.text = ""
        self.spans: list[Span] = []
        self.atoms: list[tuple[int, str]] = []

    def read(self, element: HtmlElement) -> None:
        self._add(element.text)
        for child in element:
            if child.tag == "br":
                self.text += "\n"
            elif markup.is_media(child) or not isinstance(child.tag, str) or not _has_text(child):
                self.atoms.append((len(self.text), markup.outer_html(child)))
            else:
                self._read_span(child)
            self._add(child.tail)

    def _read_span(self, element: HtmlElement) -> None:
        start, place = len(self.text), len(self.spans)
        self.read(element)
        attributes = tuple((str(k), str(v)) for k, v in element.attrib.items())
        span = Span(start=start, end=len(self.text), tag=str(element.tag), attributes=attributes)
        if self.text[start:].strip():
            self.spans.insert(place, span)
        elif span.tag == "a":  # a link on nothing but a line break
            self.atoms.append((start, _wrap("", [span])))

    def _add(self, value: str | None) -> None:
        value = _CJK_BREAK.sub("", value or "")
        value = re.sub(r"\s+", " ", value)
        if not self.text or self.text[-1] in " \n":
            value = value.lstrip(" ")
        self.text += value


def _has_text(element: HtmlElement) -> bool:
    return (
        bool("".join(element.itertext()).strip()) or element.tag == "br" or element.find(".//br") is not None
    )


def _home(span: Span, offsets: Sequence[tuple[int, int]]) -> int:
    """The sentence that a link shares most of its text with."""
    shared = [min(span.end, end) - max(span.start, start) for start, end in offsets]
    return max(range(len(offsets)), key=lambda i: (shared[i], -i)) if shared else -1


def _between(inline: Inline, done: int, start: int, is_inner: bool, target_language: str) -> list[str]:
    """What stands between two sentences: line breaks, pictures, and a space where the target language has one."""
    marks = [(at, 0, atom) for at, atom in inline.atoms if done <= at <= start]
    marks += [(at, 1, "<br>") for at in range(done, min(start, len(inline.text))) if inline.text[at] == "\n"]
    out = [mark for _, _, mark in sorted(marks, key=lambda m: m[:2])]
    if is_inner and "<br>" not in out and languages.is_spaced(target_language):
        out.append(" ")
    return out


def _translated(text: str, links: Sequence[Span], target_language: str) -> str:
    """A translated sentence with its links on it."""
    if not links:
        return markup.escape(text)
    gap = " " if languages.is_spaced(target_language) else ""
    words = text.split(" ") if gap else list(text)
    size = max(1, len(words) // len(links))
    out = []
    for number, link in enumerate(links):
        last = number == len(links) - 1
        part = words[number * size :] if last else words[number * size : (number + 1) * size]
        out.append(_wrap(markup.escape(gap.join(part) or "↗"), [link]))
    return gap.join(out)


def _original(inline: Inline, start: int, end: int, links: Iterable[Span]) -> str:
    """A sentence as the source has it, with what is inside it; of its links only those given."""
    kept = {id(s) for s in links}
    inner = [
        s
        for s in inline.spans
        if (id(s) in kept or s.tag != "a")
        and s.start < end
        and start < s.end
        and not (s.tag != "a" and s.start <= start and end <= s.end)
    ]
    opening: dict[int, list[str]] = {}
    closing: dict[int, list[str]] = {}
    for span in inner:
        opening.setdefault(max(span.start, start), []).append(_open(span))
        closing.setdefault(min(span.end, end), []).insert(0, f"</{span.tag}>")
    for at, atom in inline.atoms:
        if start < at < end:
            closing.setdefault(at, []).append(atom)
    out = []
    for at in range(start, end):
        out += closing.get(at, []) + opening.get(at, [])
        out.append(markup.escape(inline.text[at]))
    return "".join(out + closing.get(end, []))


def _wrap(shown: str, spans: Iterable[Span]) -> str:
    for span in reversed(list(spans)):
        shown = f"{_open(span)}{shown}</{span.tag}>"
    return shown


def _open(span: Span) -> str:
    attributes = "".join(f' {k}="{markup.escape(v).replace(chr(34), "&quot;")}"' for k, v in span.attributes)
    return f"<{span.tag}{attributes}>"
