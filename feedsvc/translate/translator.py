"""What the rest of feedsvc sees of machine translation: the `Translator` protocol, and the one that uses Argos packages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from feedsvc.model import Spent
from feedsvc.translate.align import Alignment
from feedsvc.translate.engine import Answer, LoadedModel, Meter
from feedsvc.translate.models import Models
from feedsvc.translate.packages import Model

#: measured on news: wider beams cost more than they give (see `make bench`)
BEAM_SIZE = 2


class Translator(Protocol):
    """Turns sentences into sentences."""

    def engine(self, source_language: str, target_language: str) -> str:
        """Id and version of what translates this pair.

        Raises: LanguagePairMissing; ModelError if there is a model that does not work.
        """
        ...

    def options(self) -> str:
        """What makes one translation of a sentence by the same engine differ from another."""
        ...

    def translate(
        self, sentences: Sequence[str], *, source_language: str, target_language: str, careful: bool = False
    ) -> Iterator[tuple[int, list[Answer]]]:
        """For each sentence its index and its translations, best first, in any order, as they get ready.

        `careful` searches wider, breaks repetition loops, and gives several translations.

        Raises: LanguagePairMissing.
        """
        ...

    def align(
        self, pairs: Sequence[tuple[str, str]], *, source_language: str, target_language: str
    ) -> list[Alignment]:
        """For each sentence and translation, which words come from which.

        Raises: LanguagePairMissing.
        """
        ...

    def unload(self) -> None:
        """Give memory back until the next sentence; what was found out about models stays known."""
        ...

    def spent(self) -> Spent:
        """What translating has taken so far."""
        ...


class ArgosTranslator:
    """The translator that uses Argos packages; a model is loaded when first needed, and kept until `unload`."""

    def __init__(self, models: Models, *, beam_size: int = BEAM_SIZE) -> None:
        self._models = models
        self._beam_size = beam_size
        self._meter = Meter()
        self._chosen: dict[tuple[str, str], tuple[Model, ...]] = {}
        self._loaded: dict[Model, LoadedModel] = {}
        #: models that have been loaded once, so that they need not be to be sure
        self._proved: set[Model] = set()

    def engine(self, source_language: str, target_language: str) -> str:
        """Id and version of the packages for this pair: `argos zh_en 1.9`, or several with ` + ` between.

        Looks anew which packages there are, so that a service notices a new one, and loads those that it has not
        seen before, to be sure that they can be loaded.
        """
        route = self._models.route(source_language, target_language)
        for model in route:
            if model not in self._proved:
                self._load(model)
                self._proved.add(model)
        self._chosen[source_language, target_language] = route
        return " + ".join(model.engine for model in route)

    def options(self) -> str:
        """See `Translator`: how wide the searches are."""
        return f"beam{self._beam_size}"

    def translate(
        self, sentences: Sequence[str], *, source_language: str, target_language: str, careful: bool = False
    ) -> Iterator[tuple[int, list[Answer]]]:
        """See `Translator`. By way of another language, the worst step says how sure the models are."""
        *pivots, last = self._route(source_language, target_language)
        score, unknown = [0.0] * len(sentences), [0.0] * len(sentences)
        for model in pivots:
            answers = dict(self._load(model).stream(sentences, careful=careful))
            score = [min(score[i], answers[i][0].score) for i in range(len(sentences))]
            unknown = [max(unknown[i], answers[i][0].unknown) for i in range(len(sentences))]
            sentences = [answers[i][0].text for i in range(len(sentences))]
        for index, several in self._load(last).stream(sentences, careful=careful):
            yield (
                index,
                [
                    Answer(
                        text=answer.text,
                        score=min(score[index], answer.score),
                        unknown=max(unknown[index], answer.unknown),
                    )
                    for answer in several
                ],
            )

    def align(
        self, pairs: Sequence[tuple[str, str]], *, source_language: str, target_language: str
    ) -> list[Alignment]:
        """See `Translator`. By way of another language, by the text that the models make in between."""
        first, *others = self._route(source_language, target_language)
        if not others:
            return self._load(first).align(pairs)
        found: list[Alignment] = []
        before = [source for source, _ in pairs]
        for model in (first, *others):
            is_last = model is others[-1]
            after = [target for _, target in pairs] if is_last else self._plainly(model, before)
            hop = self._load(model).align(list(zip(before, after, strict=True)))
            found = [a.then(b) for a, b in zip(found, hop, strict=True)] if found else hop
            before = after
        return found

    def unload(self) -> None:
        """See `Translator`; the next sentence loads its model again, in less than a second."""
        self._loaded.clear()

    def spent(self) -> Spent:
        """See `Translator`."""
        return self._meter.spent

    def _plainly(self, model: Model, sentences: Sequence[str]) -> list[str]:
        answers = dict(self._load(model).stream(sentences))
        return [answers[i][0].text for i in range(len(sentences))]

    def _route(self, source_language: str, target_language: str) -> tuple[Model, ...]:
        pair = (source_language, target_language)
        if pair not in self._chosen:
            self.engine(*pair)
        return self._chosen[pair]

    def _load(self, model: Model) -> LoadedModel:
        if model not in self._loaded:
            self._loaded[model] = LoadedModel(model, beam_size=self._beam_size, meter=self._meter)
        return self._loaded[model]
