"""Names in Latin letters that stand in a text of another script: a translation has them as they are. Pure."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WORD = re.compile(r"(?<![A-Za-z])[A-Z][A-Za-z]{3,}(?![A-Za-z])")
#: of 1; seen in slips of a small model: Kiirin 0.91, Davinos 0.83; in other names: Iran and Iraq 0.75
_ALIKE = 0.8


def spelt(source: str, target: str) -> str:
    """A translation with the names of its source where it has nearly those: small models drop or double letters.

    Names are words of four Latin letters or more with a capital first.
    """
    wanted = _WORD.findall(source)
    lost = [name for name in dict.fromkeys(wanted) if name not in target]
    for name in lost:
        others = [word for word in _WORD.findall(target) if word not in wanted and word[0] == name[0]]
        nearest = max(others, key=lambda word: _likeness(name, word), default="")
        if nearest and _likeness(name, nearest) >= _ALIKE:
            target = re.sub(rf"(?<![A-Za-z]){nearest}(?![A-Za-z])", name, target)
    return target


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold(), autojunk=False).ratio()
