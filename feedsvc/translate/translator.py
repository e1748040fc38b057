"""What the rest of feedsvc sees of machine translation: the `Translator` protocol, and the one that uses Argos packages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from feedsvc.translate.engine import LoadedModel
from feedsvc.translate.models import Models
from feedsvc.translate.packages import Model


class Translator(Protocol):
    """Turns sentences into sentences."""

    def engine(self, source_language: str, target_language: str) -> str:
        """Id, version and options of what translates this pair.

        Raises: LanguagePairMissing; ModelError if there is a model that does not work.
        """
        ...

    def translate(
        self, sentences: Sequence[str], *, source_language: str, target_language: str, careful: bool = False
    ) -> Iterator[tuple[int, str]]:
        """For each sentence its index and its translation, in any order, as they get ready.

        "" where the engine failed on a sentence. `careful` decodes slower, and breaks repetition loops.

        Raises: LanguagePairMissing.
        """
        ...


class ArgosTranslator:
    """The translator that uses Argos packages; a model is loaded when first needed, and kept."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._chosen: dict[tuple[str, str], Model] = {}
        self._loaded: dict[Model, LoadedModel] = {}

    def engine(self, source_language: str, target_language: str) -> str:
        """Id and version of the package for this pair: `argos zh_en 1.9`.

        Looks anew which packages there are, so that a service notices a new one, and loads the one it finds, to
        be sure that it can be loaded.
        """
        model = self._models.find(source_language, target_language)
        if model not in self._loaded:
            self._loaded[model] = LoadedModel(model)
        self._chosen[source_language, target_language] = model
        return model.engine

    def translate(
        self, sentences: Sequence[str], *, source_language: str, target_language: str, careful: bool = False
    ) -> Iterator[tuple[int, str]]:
        """See `Translator`. Sorted by length, in batches of about a thousand tokens."""
        pair = (source_language, target_language)
        if pair not in self._chosen:
            self.engine(*pair)
        yield from self._loaded[self._chosen[pair]].stream(sentences, careful=careful)
