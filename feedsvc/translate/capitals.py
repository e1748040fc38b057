"""Headlines in capitals: models know words in small letters. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

#: capital letters of a text that say nothing about how it is written
_FEW = 10
_WORD = re.compile(r"[^\W\d_]+")
#: shorter words may be abbreviations, which stay
_SHORT = 3


def is_shouted(text: str) -> bool:
    """Nearly all letters of a text are capitals, and it is more than a name or an abbreviation."""
    letters = [c for c in text if c.isalpha()]
    capitals = sum(c.isupper() for c in letters)
    return capitals >= _FEW and capitals >= 0.9 * len(letters) and len(_WORD.findall(text)) > 1


def calm(text: str, kept: Sequence[str]) -> str:
    """A text in capitals as it would stand in a paragraph, save the stretches that must stay as they are."""
    lowered = _outside(
        text, kept, lambda part: _WORD.sub(lambda m: m[0] if len(m[0]) <= _SHORT else m[0].lower(), part)
    )
    return _WORD.sub(lambda m: m[0][0].upper() + m[0][1:], lowered, count=1)


def shout(text: str, kept: Sequence[str]) -> str:
    """A text in capitals, save the stretches that must stay as they are."""
    return _outside(text, kept, str.upper)


def _outside(text: str, kept: Sequence[str], change: Callable[[str], str]) -> str:
    """A text changed but for some stretches of it."""
    if not kept:
        return change(text)
    either = "|".join(re.escape(stretch) for stretch in sorted(kept, key=len, reverse=True))
    parts = re.split(f"({either})", text)  # every second one is kept
    return "".join(part if index % 2 else change(part) for index, part in enumerate(parts))
