"""Sentences through CTranslate2: deduplicated by the caller, sorted by length and cut into batches here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from feedsvc.errors import ModelError
from feedsvc.translate.packages import Model, tokenizer

#: decoding that makes one engine's output differ from another's; part of every memory key
OPTIONS = "beam2,careful=beam4+norepeat3"
_BATCH_TOKENS = 1024
_MAX_INPUT_TOKENS = 512


class LoadedModel:
    """A package in memory: a CTranslate2 model and its SentencePiece vocabulary.

    Raises: ModelError if its files cannot be loaded.
    """

    def __init__(self, model: Model) -> None:
        import ctranslate2

        threads = len(os.sched_getaffinity(0))
        self._prefix = [model.target_prefix] if model.target_prefix else None
        self._workers = threads
        try:
            self._pieces = tokenizer(model)
            self._translator = ctranslate2.Translator(
                str(model.path / "model"),
                device="cpu",
                compute_type="int8",
                inter_threads=threads,
                intra_threads=1,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(model.path, f"cannot be loaded: {error}") from error

    def translate(self, sentences: Sequence[str], *, careful: bool) -> list[str]:
        """One translation for each sentence, in their order."""
        return [text for _, text in sorted(self.stream(sentences, careful=careful))]

    def stream(self, sentences: Sequence[str], *, careful: bool) -> Iterator[tuple[int, str]]:
        """Index and translation of each sentence, batch by batch, the shortest first."""
        tokens = [self._encode(sentence) for sentence in sentences]
        order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
        waiting: list[tuple[list[int], list[Any]]] = []
        for batch in _batches(order, tokens):
            waiting.append((batch, self._submit([tokens[i] for i in batch], careful=careful)))
            if len(waiting) > 2 * self._workers:  # bounds what is queued in memory
                yield from self._results(*waiting.pop(0))
        for item in waiting:
            yield from self._results(*item)

    def _encode(self, sentence: str) -> list[str]:
        """The pieces of a sentence; none of one that no model can take whole, rather than a part of it."""
        pieces: list[str] = self._pieces.encode(sentence, out_type=str)
        return pieces if len(pieces) <= _MAX_INPUT_TOKENS else []

    def _submit(self, batch: list[list[str]], *, careful: bool) -> list[Any]:
        # asynchronous: a sentence that the model cannot take raises alone
        submitted: list[Any] = self._translator.translate_batch(
            batch,
            target_prefix=[self._prefix] * len(batch) if self._prefix else None,
            beam_size=4 if careful else 2,
            no_repeat_ngram_size=3 if careful else 0,
            length_penalty=1.0,
            disable_unk=True,
            max_input_length=0,
            max_decoding_length=min(_MAX_INPUT_TOKENS, 3 * len(batch[-1]) + 20),
            max_batch_size=_BATCH_TOKENS,
            batch_type="tokens",
            asynchronous=True,
        )
        return submitted

    def _results(self, batch: list[int], submitted: list[Any]) -> Iterator[tuple[int, str]]:
        skip = len(self._prefix or ())
        for index, result in zip(batch, submitted, strict=True):
            try:
                pieces = result.result().hypotheses[0][skip:]
            except RuntimeError:  # the verdict on an empty translation says so
                pieces = []
            yield index, self._pieces.decode(pieces).strip()


def _batches(order: Sequence[int], tokens: Sequence[Sequence[str]]) -> Iterator[list[int]]:
    """Cut sentences, sorted by length, into batches of so many tokens, padding included."""
    batch: list[int] = []
    for index in order:
        if batch and (len(batch) + 1) * len(tokens[index]) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
