"""Translates the sentences of a group: what needs it, first plainly, then carefully, each result judged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from feedsvc import languages
from feedsvc.model import Pending, Segment, Translation, Verdict
from feedsvc.translate.article import Outline, Sentence, assemble, distinct
from feedsvc.translate.checks import judge, needs_translation
from feedsvc.translate.engine import OPTIONS
from feedsvc.translate.tidy import tidy
from feedsvc.translate.translator import Translator


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


def translate_group(
    group: Sequence[Outline],
    translator: Translator,
    engines: Mapping[str, str],
    *,
    target_language: str,
    recall: Callable[[Collection[str]], Mapping[str, str]],
    retry: bool = False,
    on_progress: Callable[[int], None] = lambda more: None,
) -> Done:
    """Translate entries, sending only those sentences to the engine whose translation nobody knows.

    `engines` names the engine for each language of the group, `recall` looks memory keys up, `retry` gives
    sentences that have failed before another chance.
    """
    sentences = distinct(group)
    segments = kept(sentences, target_language)
    if not retry:
        segments |= failed_before(group, engines)
    keys = {s: memory_key(s, target_language, engines[s[1]]) for s in sentences if s not in segments}
    segments |= recalled(keys, recall(list(keys.values())))
    missing = [s for s in sentences if s not in segments]
    on_progress(len(sentences) - len(missing))
    fresh = translate(missing, translator, target_language=target_language, on_progress=on_progress)
    segments |= fresh
    return Done(
        translations=tuple(
            (o.pending, assemble(o, segments, target_language=target_language, engine=engines[o.language]))
            for o in group
        ),
        learnt={keys[s]: part.target for s, part in fresh.items() if part.verdict is Verdict.GOOD},
        asked=len(missing),
    )


def memory_key(sentence: Sentence, target_language: str, engine: str) -> str:
    """SHA-256 of all that a translation depends on, each part preceded by its length."""
    parts = (*sentence, target_language, engine, OPTIONS)
    return hashlib.sha256("".join(f"{len(p)}:{p}" for p in parts).encode()).hexdigest()


def kept(sentences: Iterable[Sentence], target_language: str) -> dict[Sentence, Segment]:
    """The sentences that need no translation."""
    return {
        (text, language): Segment(source=text, target=text, verdict=Verdict.KEPT)
        for text, language in sentences
        if not needs_translation(text, language, target_language)
    }


def failed_before(outlines: Iterable[Outline], engines: Mapping[str, str]) -> dict[Sentence, Segment]:
    """Sentences of older revisions that the same engine has failed on: it would fail again."""
    return {
        (part.source, item.language): part
        for item in outlines
        if (previous := item.pending.previous) and previous.engine == engines.get(item.language)
        for passage in previous.passages
        for part in passage.segments
        if part.has_failed
    }


def recalled(keys: Mapping[Sentence, str], known: Mapping[str, str]) -> dict[Sentence, Segment]:
    """The sentences whose key the translation memory knows."""
    return {
        sentence: Segment(source=sentence[0], target=known[key], verdict=Verdict.GOOD)
        for sentence, key in keys.items()
        if key in known
    }


def translate(
    sentences: Sequence[Sentence],
    translator: Translator,
    *,
    target_language: str,
    on_progress: Callable[[int], None] = lambda more: None,
) -> dict[Sentence, Segment]:
    """Translate distinct sentences; what fails its check is tried once more with safer decoding.

    `on_progress` hears how many more sentences have had their first try.
    """
    segments: dict[Sentence, Segment] = {}
    for language in dict.fromkeys(language for _, language in sentences):
        texts = [text for text, of in sentences if of == language]
        for part in _attempt(texts, language, translator, target_language, careful=False):
            segments[part.source, language] = part
            on_progress(1)
        failed = [text for text in texts if segments[text, language].verdict is not Verdict.GOOD]
        for part in _attempt(failed, language, translator, target_language, careful=True):
            if part.verdict is Verdict.GOOD:
                segments[part.source, language] = part
    return segments


def _attempt(
    texts: Sequence[str], language: str, translator: Translator, target_language: str, *, careful: bool
) -> Iterator[Segment]:
    if not texts:
        return
    answers = translator.translate(
        texts, source_language=language, target_language=target_language, careful=careful
    )
    for index, answer in answers:
        yield _judged(texts[index], answer, language, target_language)


def _judged(text: str, answer: str, language: str, target_language: str) -> Segment:
    answer = tidy(answer, target_language)
    verdict = judge(text, answer, language, target_language)
    return Segment(source=text, target=answer if verdict is Verdict.GOOD else text, verdict=verdict)
