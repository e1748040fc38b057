"""Terms that must be translated in a given way: read from TSV files, found in sentences, looked for in translations."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from feedsvc import languages
from feedsvc.errors import ConfigError
from feedsvc.model import Found, Term

_HEADER = "source"
#: marks within foreign names that are written in several ways; each is one character for one
_FOLDED = str.maketrans("•‧・･－‐‑–—", "····-----")

_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]")
_UNSPACED = re.compile(rf"[{languages.CJK}\u0e00-\u0eff]")
#: characters that seldom stand before a name unless they are a part of it
_SYLLABLES = frozenset("埃斯尔姆茨弗韦蒂莎娅娜戈莱菲奥迪帕穆泽")


class Glossary:
    """The terms of some files; where two have the same source, that of the file named first counts."""

    def __init__(self, terms: Iterable[Term] = ()) -> None:
        by_source: dict[str, Term] = {}
        for term in terms:
            by_source.setdefault(fold(term.source), term)
        self._by_start: dict[str, list[tuple[str, Term]]] = {}
        for source in sorted(by_source, key=len, reverse=True):
            self._by_start.setdefault(source[0], []).append((source, by_source[source]))
        listed = "\n".join(sorted(f"{t.source}\t{t.target}\t{t.accepted}" for t in by_source.values()))
        #: the same for the same terms; "" where there are none
        self.digest = hashlib.sha256(listed.encode()).hexdigest()[:16] if by_source else ""
        self._size = len(by_source)

    def __len__(self) -> int:
        return self._size

    def find(self, text: str) -> tuple[Found, ...]:
        """The terms of a text, the longest first at each place; they do not overlap."""
        folded = fold(text)
        found = []
        at = 0
        while at < len(folded):
            match = next(
                (
                    Found(at, at + len(source), term)
                    for source, term in self._by_start.get(folded[at], ())
                    if folded.startswith(source, at) and _stands_alone(folded, at, at + len(source))
                ),
                None,
            )
            if match:
                found.append(match)
            at = match.end if match else at + 1
        return tuple(found)


def load(paths: Sequence[Path]) -> Glossary:
    """Read glossary files: UTF-8, a term a line, `source<TAB>target<TAB>kind<TAB>accepted|forms`, the last two optional.

    A first line that begins with `source`, empty lines and lines that begin with `#` are no terms.

    Raises: ConfigError with every line that is none.
    """
    terms: list[Term] = []
    problems: list[str] = []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            raise ConfigError(path, [f"the glossary cannot be read: {error.strerror}"]) from error
        except UnicodeDecodeError as error:
            raise ConfigError(path, [f"the glossary is not UTF-8: {error.reason}"]) from error
        for number, line in enumerate(lines, 1):
            columns = [column.strip() for column in line.split("\t")]
            if not line.strip() or line.startswith("#") or (number == 1 and columns[0] == _HEADER):
                continue
            if len(columns) < 2 or not columns[0] or not columns[1]:
                problems.append(f"{path}, line {number}: not a term and its translation with a tab between")
                continue
            accepted = columns[3].split("|") if len(columns) > 3 else []
            terms.append(Term(columns[0], columns[1], tuple(a.strip() for a in accepted if a.strip())))
    if problems:
        raise ConfigError(None, problems)
    return Glossary(terms)


def missing(terms: Iterable[Found], target: str) -> tuple[Found, ...]:
    """The terms of a sentence that its translation does not have in any form that will do."""
    return tuple(found for found in terms if not _has(found.term, target))


def fold(text: str) -> str:
    """A text with traditional characters simplified and the marks within names made alike; as long as it was."""
    alike = text.translate(_FOLDED)
    return alike.translate(_simplified()) if languages.has_han(text) else alike


def _has(term: Term, target: str) -> bool:
    return any(_pattern(form).search(target) for form in (term.target, *term.accepted))


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """A form as it may stand in a text: any case, with or without `the`, in the plural, with any spaces and hyphens."""
    words = re.split(r"[\s\-–]+", re.sub(r"^the ", "", form.strip(), flags=re.IGNORECASE))
    body = r"[\s\-–]+".join(re.escape(_plain(word)).replace("'", "['’]") for word in words)
    start = r"(?<!\w)" if words[0][:1].isalnum() else ""
    end = r"(?:e?s)?(?!\w)" if words[-1][-1:].isalnum() else ""
    return re.compile(start + body + end, re.IGNORECASE)


def _plain(word: str) -> str:
    return unicodedata.normalize("NFC", word.replace("’", "'"))


def _stands_alone(text: str, start: int, end: int) -> bool:
    """A term is not a part of a longer word; a short Han name is not one of a longer foreign name."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if _is_within_word(before, text[start]) or _is_within_word(text[end - 1], after):
        return False
    return end - start > 2 or before not in _SYLLABLES or not languages.has_han(text[start:end])


def _is_within_word(before: str, after: str) -> bool:
    """No word can end between two characters; where there are no spaces, one can end anywhere but in katakana."""
    if not (before.isalnum() and after.isalnum()):
        return False
    if _KATAKANA.match(before) or _KATAKANA.match(after):
        return bool(_KATAKANA.match(before) and _KATAKANA.match(after))
    return not (_UNSPACED.match(before) or _UNSPACED.match(after)) and _is_hangul(before) == _is_hangul(after)


def _is_hangul(char: str) -> bool:
    return "\uac00" <= char <= "\ud7a3"


@cache
def _simplified() -> dict[int, int]:
    """Traditional characters and the simplified ones that they have become, one for one."""
    from opencc import OpenCC

    converter = OpenCC("t2s")
    found = {}
    for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000)):
        simple = converter.convert(chr(code))
        if len(simple) == 1 and simple != chr(code):
            found[code] = ord(simple)
    return found
