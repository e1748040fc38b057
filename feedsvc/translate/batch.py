"""Translates a group of entries: what is known is not asked for, what fails is shown in the original."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from feedsvc import languages
from feedsvc.model import Pending, Segment, Sentence, Translation, Verdict
from feedsvc.translate import attempts
from feedsvc.translate.align import Alignment
from feedsvc.translate.article import Outline, assemble, distinct
from feedsvc.translate.checks import needs_translation
from feedsvc.translate.translator import Translator

#: how the names of engines begin that are only a start
_BUNDLED = "starter "
#: raised when the way from a sentence to its translation changes, so that old answers are not taken for new ones
_PATH_VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A group of entries, translated."""

    translations: tuple[tuple[Pending, Translation], ...]
    #: what is worth remembering, by memory key
    learnt: Mapping[str, str]
    #: distinct sentences that the engine was asked for
    asked: int


def engine_for(language: str, translator: Translator, target_language: str) -> str:
    """The engine for a language; "" for the target language itself, which needs none.

    Raises: LanguagePairMissing, ModelError.
    """
    if languages.base(language) == languages.base(target_language):
        return ""
    return translator.engine(language, target_language)


def is_better(now: str, then: str) -> bool:
    """Another engine than the one before, and not the bundled one in place of an installed one."""
    return now != then and not (_BUNDLED in now and _BUNDLED not in then)


def translate_group(
    group: Sequence[Outline],
    translator: Translator,
    engines: Mapping[str, str],
    *,
    target_language: str,
    recall: Callable[[Collection[str]], Mapping[str, str]],
    retry: bool = False,
    on_progress: Callable[[int], None] = lambda more: None,
    on_stop: Callable[[Mapping[str, str]], None] = lambda learnt: None,
) -> Done:
    """Translate entries, sending only those sentences to the engine whose translation nobody knows.

    `engines` names the engine for each language of the group, `recall` looks memory keys up, `retry` gives
    sentences that have failed before another chance. `on_stop` gets what was learnt before an interruption.
    """
    sentences = distinct(group)
    segments = kept(sentences, target_language)
    if not retry:
        segments |= failed_before(group, engines)
    options = translator.options()
    keys = {
        s: memory_key(s, target_language, engines[s.language], options)
        for s in sentences
        if s not in segments
    }
    segments |= recalled(keys, recall(list(keys.values())))
    missing = [s for s in sentences if s not in segments]
    on_progress(len(sentences) - len(missing))
    learnt: dict[str, str] = {}
    try:
        for language in dict.fromkeys(s.language for s in missing):
            texts = [s for s in missing if s.language == language]
            answers = attempts.translate(
                texts, translator, target_language=target_language, on_progress=on_progress
            )
            for sentence, segment in answers:
                segments[sentence] = segment
                if segment.verdict is Verdict.GOOD:
                    learnt[keys[sentence]] = segment.target
        alignments = aligned(group, segments, translator, target_language=target_language)
    except BaseException:  # stopped in the middle: what is finished is not lost
        on_stop(learnt)
        raise
    return Done(
        translations=tuple(
            (
                o.pending,
                assemble(
                    o, segments, alignments, target_language=target_language, engine=engines[o.language]
                ),
            )
            for o in group
        ),
        learnt=learnt,
        asked=len(missing),
    )


def memory_key(sentence: Sentence, target_language: str, engine: str, options: str) -> str:
    """SHA-256 of all that a translation depends on, each part preceded by its length."""
    terms = sorted({(f.term.source, f.term.target, *f.term.accepted) for f in sentence.terms})
    parts = (
        sentence.text,
        sentence.language,
        target_language,
        engine,
        options,
        str(_PATH_VERSION),
        *sentence.kept,
        *(part for term in terms for part in term),
    )
    return hashlib.sha256("".join(f"{len(p)}:{p}" for p in parts).encode()).hexdigest()


def kept(sentences: Iterable[Sentence], target_language: str) -> dict[Sentence, Segment]:
    """The sentences that need no translation."""
    return {
        sentence: Segment(source=sentence.text, target=sentence.text, verdict=Verdict.KEPT)
        for sentence in sentences
        if not needs_translation(sentence, target_language)
    }


def failed_before(outlines: Iterable[Outline], engines: Mapping[str, str]) -> dict[Sentence, Segment]:
    """Sentences of older revisions that the same engine has failed on: it would fail again."""
    found: dict[Sentence, Segment] = {}
    for item in outlines:
        previous = item.pending.previous
        if previous is None or previous.engine != engines.get(item.language):
            continue
        parts = {part.source: part for passage in previous.passages for part in passage.segments}
        for sentence in item.sentences():
            part = parts.get(sentence.text)
            is_flagged = part is not None and part.verdict is Verdict.TERMS
            is_same = not sentence.terms or previous.glossary == item.glossary.digest
            if part and is_same and (part.has_failed or is_flagged):
                found[sentence] = part
    return found


def recalled(keys: Mapping[Sentence, str], known: Mapping[str, str]) -> dict[Sentence, Segment]:
    """The sentences whose key the translation memory knows."""
    return {
        sentence: Segment(source=sentence.text, target=known[key], verdict=Verdict.GOOD)
        for sentence, key in keys.items()
        if key in known
    }


def aligned(
    outlines: Iterable[Outline],
    segments: Mapping[Sentence, Segment],
    translator: Translator,
    *,
    target_language: str,
) -> dict[tuple[str, str], Alignment]:
    """Which words come from which, for the translated sentences that have markup inside."""
    found: dict[tuple[str, str], Alignment] = {}
    by_language: dict[str, list[tuple[str, str]]] = {}
    for sentence in dict.fromkeys(s for item in outlines for s in item.marked()):
        if segments[sentence].is_translated:
            pair = (sentence.text, segments[sentence].target)
            by_language.setdefault(sentence.language, []).append(pair)
    for language, pairs in by_language.items():
        answers = translator.align(pairs, source_language=language, target_language=target_language)
        found |= zip(pairs, answers, strict=True)
    return found
