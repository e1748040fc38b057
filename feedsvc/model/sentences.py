"""What is sent to the engine: sentences, and the terms that stand in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Term:
    """A word or name, and how it is translated."""

    source: str
    target: str
    #: other forms that will do
    accepted: tuple[str, ...] = ()


class Found(NamedTuple):
    """A term in a sentence, from character `start` up to `end`."""

    start: int
    end: int
    term: Term


class Sentence(NamedTuple):
    """A sentence to translate, and what its translation must have."""

    text: str
    language: str
    terms: tuple[Found, ...] = ()
    #: stretches that are not to be translated: addresses, handles, code
    verbatim: tuple[tuple[int, int], ...] = ()

    @property
    def kept(self) -> tuple[str, ...]:
        """The texts that must stand in the translation as they are."""
        return tuple(self.text[start:end] for start, end in self.verbatim)
