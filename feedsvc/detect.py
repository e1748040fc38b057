"""Finds the language of a text where nobody has said it."""

from __future__ import annotations

from collections import Counter

from feedsvc import languages

#: fewer letters tell statistics nothing
_MIN_LETTERS = 20
#: logarithm of how much likelier one of two languages must be
_CERTAIN = 30


def detect(text: str) -> str | None:
    """The language of a text as a BCP 47 tag, None if it has too few letters to tell.

    Kana make it Japanese and Hangul Korean; Han characters without them are Chinese. Everything else is
    decided by character statistics (py3langid).
    """
    letters = [c for c in text if c.isalpha()]
    counts = Counter(map(_east_asian, letters))
    east = len(letters) - counts[""]
    if east * 3 > len(letters):
        if counts["ja"] * 20 > east:
            return "ja"
        return "ko" if counts["ko"] * 3 > east else "zh"
    if len(letters) < _MIN_LETTERS and not east:
        return None
    import py3langid

    code, _ = py3langid.classify(text)
    return languages.normalise(str(code))


def is_rather(text: str, language: str, than: str) -> bool:
    """A text is certainly in one language and not in another one of the same script; False where it is too short."""
    if sum(c.isalpha() for c in text) < _MIN_LETTERS:
        return False
    import py3langid

    scores = dict(py3langid.rank(text))  # logarithms of probabilities
    score, other = scores.get(languages.base(language)), scores.get(languages.base(than))
    return score is not None and other is not None and score - other > _CERTAIN


def _east_asian(char: str) -> str:
    if "\u3040" <= char <= "\u30ff":
        return "ja"
    if "\uac00" <= char <= "\ud7af":
        return "ko"
    return "zh" if "\u3400" <= char <= "\u9fff" or char >= "\U00020000" else ""
