"""Sentences through CTranslate2: deduplicated by the caller, sorted by length and cut into batches here."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedsvc.errors import ModelError
from feedsvc.model import Spent
from feedsvc.translate.align import Alignment
from feedsvc.translate.packages import Model, tokenizer
from feedsvc.translate.sentences import cut

#: hypotheses that the careful way gives for each sentence; also the width of its beam
_HYPOTHESES = 4
#: small models leave things out rather than add some; measured on news, 1.2 is worth 0.2 chrF
_LENGTH_PENALTY = 1.2
#: tokens in one batch, padding included
BATCH_TOKENS = 1024
#: what is longer is cut: models are trained on sentences of up to 150 pieces, and lose parts of long ones
_MAX_INPUT_TOKENS = 100
_MAX_OUTPUT_TOKENS = 512
_ALIGNMENT_HEADS = b"decoder/alignment_heads\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One translation of a sentence by a model; "" where the model failed on it."""

    text: str
    #: mean log-probability of its pieces
    score: float = 0.0
    #: the share of the sentence that the model has no pieces for, 0 to 1
    unknown: float = 0.0


class Meter:
    """Adds up what translating takes, whichever models do it."""

    def __init__(self) -> None:
        self.spent = Spent()

    def add(self, *, sentences: int = 0, tokens: int = 0, seconds: float = 0.0) -> None:
        """It took so much more."""
        self.spent = Spent(
            sentences=self.spent.sentences + sentences,
            tokens=self.spent.tokens + tokens,
            seconds=self.spent.seconds + seconds,
        )


class LoadedModel:
    """A package in memory: a CTranslate2 model and its vocabulary.

    Raises: ModelError if its files cannot be loaded.
    """

    def __init__(self, model: Model, *, beam_size: int = 2, meter: Meter | None = None) -> None:
        import ctranslate2

        threads = len(os.sched_getaffinity(0))
        self._prefix = [model.target_prefix] if model.target_prefix else []
        self._beam_size = beam_size
        self._workers = threads
        self._meter = meter or Meter()
        try:
            self._pieces = tokenizer(model)
            self._translator = ctranslate2.Translator(
                str(model.path / "model"),
                device="cpu",
                compute_type="int8",
                inter_threads=threads,
                intra_threads=1,
                files=_files(model.path / "model"),
            )
        except (RuntimeError, ValueError, OSError, KeyError) as error:
            raise ModelError(model.path, f"cannot be loaded: {error}") from error

    def stream(
        self, sentences: Sequence[str], *, careful: bool = False
    ) -> Iterator[tuple[int, list[Answer]]]:
        """Index and translations of each sentence, best first, batch by batch, the shortest first.

        `careful` searches wider, repeats no three pieces, and gives several translations.
        """
        parts = [self._parts(sentence) for sentence in sentences]
        tokens = [pieces for several in parts for pieces in several]
        owners = [index for index, several in enumerate(parts) for _ in several]
        arrived: dict[int, dict[int, list[Answer]]] = {}
        for at, answers in self._stream(tokens, careful=careful):
            index = owners[at]
            arrived.setdefault(index, {})[at] = answers
            if len(arrived[index]) == len(parts[index]):
                found = arrived.pop(index)
                unknown = self._pieces.unknown(sentences[index])
                yield index, _joined([found[at] for at in sorted(found)], unknown)

    def align(self, pairs: Sequence[tuple[str, str]]) -> list[Alignment]:
        """Which pieces of each translation come from which pieces of its source: the model's own attention.

        The model is made to say the given translations, so they may be anyone's.
        """
        found = [Alignment.by_position(source, target) for source, target in pairs]
        tokens = [(self._pieces.encode(source), self._pieces.encode(target)) for source, target in pairs]
        fit = [i for i, sides in enumerate(tokens) if all(0 < len(s) < _MAX_OUTPUT_TOKENS for s in sides)]
        order = sorted(fit, key=lambda i: len(tokens[i][0]) + len(tokens[i][1]))
        for batch in _batches(order, [source + target for source, target in tokens], BATCH_TOKENS):
            rows = self._attention([tokens[i] for i in batch])
            if rows is None:  # one that the model cannot take fails its whole batch: each alone
                alone = [self._attention([tokens[i]]) for i in batch]
                batch = [i for i, found_rows in zip(batch, alone, strict=True) if found_rows]
                rows = [found_rows[0] for found_rows in alone if found_rows]
            for index, attention in zip(batch, rows, strict=True):
                source, target = pairs[index]
                spans = self._pieces.spans(source), self._pieces.spans(target)
                if spans[0] is not None and spans[1] is not None:
                    found[index] = Alignment.of_pieces(spans[0], spans[1], attention)
        return found

    def _attention(self, batch: Sequence[tuple[list[str], list[str]]]) -> list[list[list[float]]] | None:
        """For each pair a row for each piece of its target; None if the model cannot take one of them."""
        skip = len(self._prefix)
        try:
            results = self._translator.translate_batch(
                [source for source, _ in batch],
                target_prefix=[self._prefix + target for _, target in batch],
                beam_size=1,
                max_input_length=0,
                max_decoding_length=max(len(target) for _, target in batch) + skip + 1,
                return_attention=True,
            )
        except RuntimeError:
            return None
        return [result.attention[0][skip:] for result in results]

    def _parts(self, sentence: str) -> list[list[str]]:
        """The pieces of a sentence; several lists of one that is too long for a model."""
        pieces = self._pieces.encode(sentence)
        if len(pieces) <= _MAX_INPUT_TOKENS:
            return [pieces]
        places = cut(sentence, lambda text: len(self._pieces.encode(text)) <= _MAX_INPUT_TOKENS)
        return [self._pieces.encode(sentence[start:end]) for start, end in places]

    def _stream(self, tokens: Sequence[list[str]], *, careful: bool) -> Iterator[tuple[int, list[Answer]]]:
        order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
        failed: list[int] = []
        waiting: list[tuple[list[int], list[Any]]] = []
        limit = BATCH_TOKENS // 2 if careful else BATCH_TOKENS  # a wide search takes as much more memory
        for batch in _batches(order, tokens, limit):
            waiting.append((batch, self._submit([tokens[i] for i in batch], careful=careful)))
            if len(waiting) > self._workers + 1:  # bounds what is queued, in memory and when stopped
                yield from self._results(*waiting.pop(0), failed)
        for item in waiting:
            yield from self._results(*item, failed)
        for index in failed:  # one that the model cannot take fails its whole batch: each alone
            refused: list[int] = []
            yield from self._results([index], self._submit([tokens[index]], careful=careful), refused)
            if refused:  # the verdict on an empty translation says so
                yield index, [Answer(text="")]

    def _submit(self, batch: list[list[str]], *, careful: bool) -> list[Any]:
        self._meter.add(tokens=sum(map(len, batch)))
        # asynchronous: other batches go on where one raises
        submitted: list[Any] = self._translator.translate_batch(
            batch,
            target_prefix=[self._prefix] * len(batch) if self._prefix else None,
            beam_size=max(_HYPOTHESES, self._beam_size) if careful else self._beam_size,
            num_hypotheses=_HYPOTHESES if careful else 1,
            no_repeat_ngram_size=3 if careful else 0,
            length_penalty=_LENGTH_PENALTY,
            disable_unk=True,
            return_scores=True,
            max_input_length=0,
            max_decoding_length=min(_MAX_OUTPUT_TOKENS, 3 * len(batch[-1]) + 20),
            max_batch_size=BATCH_TOKENS,
            batch_type="tokens",
            asynchronous=True,
        )
        return submitted

    def _results(
        self, batch: list[int], submitted: list[Any], failed: list[int]
    ) -> Iterator[tuple[int, list[Answer]]]:
        """The answers of a batch; the indices of those that raise go to `failed`."""
        skip = len(self._prefix)
        for index, future in zip(batch, submitted, strict=True):
            began = time.perf_counter()
            try:
                result = future.result()
            except RuntimeError:
                failed.append(index)
                continue
            finally:
                self._meter.add(seconds=time.perf_counter() - began)
            self._meter.add(sentences=1, tokens=sum(map(len, result.hypotheses)))
            yield (
                index,
                [
                    Answer(text=self._pieces.decode(pieces[skip:]).strip(), score=_mean(score, len(pieces)))
                    for pieces, score in zip(result.hypotheses, result.scores, strict=True)
                ],
            )


def _files(folder: Path) -> dict[str, bytes]:
    """The files of a model, told to report the attention of all heads.

    Without being told otherwise CTranslate2 reports the first head alone, which puts one link in seven on other
    words (measured on tests/translate/gold/placements.tsv). In its format a number without dimensions is: name, 0,
    rank 0, type 2 (int16), size 2, value.
    """
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    first_head = _ALIGNMENT_HEADS + struct.pack("<BBIh", 0, 2, 2, 1)
    all_heads = _ALIGNMENT_HEADS + struct.pack("<BBIh", 0, 2, 2, 0)
    files["model.bin"] = files["model.bin"].replace(first_head, all_heads, 1)
    return files


def _mean(score: float, pieces: int) -> float:
    """The mean log-probability of pieces and the end, from a score that the length penalty was applied to."""
    return score * float((pieces + 1) ** (_LENGTH_PENALTY - 1))


def _joined(parts: Sequence[list[Answer]], unknown: float) -> list[Answer]:
    """The translations of a sentence from those of its parts; the worst part says how sure the model is.

    Where a part has none, the sentence has none; and such a part has one answer where others may have several.
    """
    return [
        Answer(
            text=" ".join(a.text for a in answers) if all(a.text for a in answers) else "",
            score=min(a.score for a in answers),
            unknown=unknown,
        )
        for answers in zip(*parts, strict=False)
    ]


def _batches(order: Sequence[int], tokens: Sequence[Sequence[str]], limit: int) -> Iterator[list[int]]:
    """Cut sentences, sorted by length, into batches of at most `limit` tokens, padding included."""
    batch: list[int] = []
    for index in order:
        if batch and (len(batch) + 1) * len(tokens[index]) > limit:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
