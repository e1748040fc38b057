"""What a run did, and what it took."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What translating has taken since the start of the process."""

    sentences: int = 0
    #: read and written
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that went wrong in a run, with its reason."""

    source_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What one refresh did."""

    #: sources that were looked at, with or without success
    sources: int = 0
    #: sources that had nothing new
    unchanged: int = 0
    new_entries: int = 0
    changed_entries: int = 0
    translated_entries: int = 0
    #: entries translated again, with a better model or another glossary
    improved_entries: int = 0
    #: distinct sentences sent to the engine
    sentences: int = 0
    #: files written, relative to the output folder
    files: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
