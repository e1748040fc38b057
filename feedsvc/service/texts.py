"""`feedsvc translate`: plain text, lines or HTML from a stream to a stream, by the path that articles take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal, Self, TextIO

from feedsvc import languages
from feedsvc.detect import detect
from feedsvc.errors import ConfigError, ParseError
from feedsvc.ingest.sanitize import clean_text, sanitise, text_of
from feedsvc.model import Entry, Layout, Passage, Pending, Translation
from feedsvc.publish import layout
from feedsvc.translate import Glossary, Translator, article, batch
from feedsvc.translate.article import NO_GLOSSARY

Mode = Literal["text", "lines", "html"]
#: lines that are translated in one go, so that a long input flows
_CHUNK_LINES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """From what into what; the source None where it has to be found out."""

    source: str | None
    target: str

    @classmethod
    def parse(cls, source: str | None, target: str) -> Self:
        """Check two language tags. Raises: ConfigError."""
        given = [tag for tag in (source, target) if tag is not None]
        if wrong := [tag for tag in given if languages.normalise(tag) is None]:
            raise ConfigError(None, [f'"{tag}" is not a language tag such as zh or pt-BR' for tag in wrong])
        return cls(
            source=languages.normalise(source) if source else None,
            target=languages.normalise(target) or target,
        )


def translate(
    lines: Iterable[str],
    out: TextIO,
    translator: Translator,
    pair: Languages,
    *,
    mode: Mode,
    glossary: Glossary = NO_GLOSSARY,
) -> list[str]:
    """Translate a stream; each passage that failed is named in what is returned, one sentence each.

    `lines`: one line out for each line in, a failed one as it was. `text`: the same, failed sentences marked.
    `html`: a fragment or the body of a page, whose markup is kept.

    Raises: LanguagePairMissing; ParseError where the language cannot be told.
    """
    if mode == "html":
        return _translate_html("".join(lines), out, translator, pair, glossary)
    failed: list[str] = []
    done = 0
    for chunk in _chunks(lines):
        entries = [_entry(pair, chunk, summary=line) for line in chunk]
        made = _translate_entries(entries, translator, pair, glossary)
        for number, passage in enumerate((m.summary for m in made), done + 1):
            out.write((_unmarked(passage, pair) if mode == "lines" else passage.text) + "\n")
            if not passage.is_complete:
                failed.append(f"line {number} stands in the original: {_faults(passage)}")
        out.flush()
        done += len(chunk)
    return failed


def _translate_html(
    source: str, out: TextIO, translator: Translator, pair: Languages, glossary: Glossary
) -> list[str]:
    body = sanitise(source, base_url=None)
    entry = _entry(pair, [text_of(body)], body_html=body)
    (made,) = _translate_entries([entry], translator, pair, glossary)
    out.write(layout.body(entry, made, Layout.TRANSLATION, with_credit=False) + "\n")
    return [f"block {i}: {_faults(p)}" for i, p in enumerate(made.blocks, 1) if not p.is_complete]


def _translate_entries(
    entries: list[Entry], translator: Translator, pair: Languages, glossary: Glossary
) -> list[Translation]:
    pending = [Pending(entry=e, content_hash="", changed_at=None, previous=None) for e in entries]
    outlines = [
        article.outline(p, p.entry.language or "und", glossary, target_language=pair.target) for p in pending
    ]
    found = {o.language for o in outlines}
    engines = {language: batch.engine_for(language, translator, pair.target) for language in found}
    done = batch.translate_group(
        outlines, translator, engines, target_language=pair.target, recall=lambda keys: {}
    )
    return [translation for _, translation in done.translations]


def _entry(pair: Languages, sample: Iterable[str], *, summary: str = "", body_html: str = "") -> Entry:
    """A text as an entry with nothing else in it."""
    text = " ".join(sample)
    language = pair.source or (detect(text) if languages.has_words(text) else pair.target)
    if language is None:
        raise ParseError("the language of this text cannot be told; say it with --from")
    return Entry(
        source_id="", guid="", title="", summary=clean_text(summary), body_html=body_html, language=language
    )


def _chunks(lines: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(lines)
    while chunk := [line.rstrip("\r\n") for line in islice(iterator, _CHUNK_LINES)]:
        yield chunk


def _unmarked(passage: Passage, pair: Languages) -> str:
    gap = " " if languages.is_spaced(pair.target) else ""
    return gap.join(segment.target for segment in passage.segments)


def _faults(passage: Passage) -> str:
    faults = [s.verdict.value for s in passage.segments if s.has_failed]
    return ", ".join(dict.fromkeys(faults))
