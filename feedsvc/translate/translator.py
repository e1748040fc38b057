"""What the rest of feedsvc sees of machine translation: the `Translator` protocol, and the one that uses Argos packages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from feedsvc.translate.engine import LoadedModel
from feedsvc.translate.models import Models
from feedsvc.translate.packages import Model


class Translator(Protocol):
    """Turns sentences into sentences."""

    def engine(self, source_language: str, target_language: str) -> str:
        """Id, version and options of what translates this pair.

        Raises: LanguagePairMissing.
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
        self._found: dict[tuple[str, str], Model] = {}
        self._loaded: dict[Path, LoadedModel] = {}

    def engine(self, source_language: str, target_language: str) -> str:
        """Id and version of the package for this pair: `argos zh_en 1.9`."""
        return self._find(source_language, target_language).engine

    def translate(
        self, sentences: Sequence[str], *, source_language: str, target_language: str, careful: bool = False
    ) -> Iterator[tuple[int, str]]:
        """See `Translator`. Sorted by length, in batches of about a thousand tokens."""
        model = self._find(source_language, target_language)
        if model.path not in self._loaded:
            self._loaded[model.path] = LoadedModel(model)
        yield from self._loaded[model.path].stream(sentences, careful=careful)

    def _find(self, source_language: str, target_language: str) -> Model:
        pair = (source_language, target_language)
        if pair not in self._found:
            self._found[pair] = self._models.find(*pair)
        return self._found[pair]
