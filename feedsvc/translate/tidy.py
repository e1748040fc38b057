"""Punctuation and spacing of a translation, as its language writes them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from feedsvc import languages


class _Quotes(NamedTuple):
    left: str
    right: str
    inner_left: str
    inner_right: str


_HIGH = _Quotes("“", "”", "‘", "’")
_QUOTES = (
    dict.fromkeys("de cs sk sl bg is lt et".split(), _Quotes("„", "“", "‚", "‘"))
    | dict.fromkeys("fr el ar fa".split(), _Quotes("«", "»", "“", "”"))
    | dict.fromkeys("ru uk be".split(), _Quotes("«", "»", "„", "“"))
)
#: languages whose straight quotation marks become those above; of others, books and papers do not agree
_CURLED = frozenset("en de fr ru uk".split())
#: Korean has these brackets itself
_LEFT, _RIGHT = "《「〈『", "》」〉』"
_HAS_BRACKETS = frozenset(["ko"])
#: languages with a comma of their own
_ARABIC_COMMA = frozenset("ar fa ur ps ckb ug".split())
_TO_ARABIC = str.maketrans("，、；？", "،،؛؟")
#: full-width ASCII, and what else is written in ASCII
_TO_ASCII = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | str.maketrans(
    "、､。｡【】〜￥・", ",,..[]~¥·"
)

#: straight marks within a quotation that are no apostrophes
_NESTED = re.compile(r"(?<![\w'’])'([^\s'’](?:[^'’]*[^\s'’])?)'(?![\w'’])")

#: a web address, without the punctuation of the sentence around it
_ADDRESS = re.compile(
    r"(?:\b[A-Za-z][A-Za-z0-9+.-]*://|\bwww\.)[^\s\u3000-\u303f\uff00-\uffef“”„«»\"]*[A-Za-z0-9/#=&%+-]|\ue000"
)
#: a character of no language, which stands for an address meanwhile
_STAND_IN = "\ue000"
#: white space that says nothing; a no-break space is there for a reason
_SPACE = re.compile(r"[^\S\u00a0\u202f]+")
_GAP = "[ \u00a0\u202f]"
_NARROW_GAP = "\u202f"

#: ASCII between these is full-width
_HAN = "[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]"
_WIDE = {
    "zh": dict(zip(",.!?;:", "，。！？；：", strict=True)),
    "ja": dict(zip(",.!?;:", "、。！？；：", strict=True)),
}

#: abbreviations that a title may end with, and those that stand before a name or a number
_LAST = frozenset("Inc Corp Ltd Co Bros Jr Sr St etc al Jan Feb Aug Sept Oct Nov Dec".split())
_ABBREVIATIONS = _LAST | frozenset("Mr Mrs Ms Dr Prof Gen Col Sgt Lt Sen Rep Gov No vs".split())


def tidy(text: str, target_language: str) -> str:
    """A translation with the punctuation and the spacing of its language; addresses stay as they are.

    Of the languages without spaces, Chinese and Japanese get their own punctuation; others are left alone.
    """
    language = languages.base(target_language)
    if not languages.is_spaced(target_language):
        return _widened(text.strip(), _WIDE.get(language, {}))
    addresses = iter(_ADDRESS.findall(text))
    text = _narrowed(_ADDRESS.sub(_STAND_IN, text), language)
    if language in _CURLED:
        text = _curled(text, language)
    if language == "en":
        text = _joined(text)
    text = _opened(_single(_closed(text, language), language), language)
    return re.sub(_STAND_IN, lambda _: next(addresses), text).strip()


def as_title(text: str) -> str:
    """A translated title: it ends without the full stop that models like to add, unless another one is in it."""
    if not re.search(r"[^.]\.$", text):
        return text
    title = text[:-1]
    if title.rpartition(" ")[2] in _LAST or re.search(r"\b[A-Za-z]{1,2}\.[A-Za-z]$", title):
        return text
    return text if _has_full_stop(title) else title


def begun(text: str) -> str:
    """A translated title, label or block with a capital first, behind tags and marks; words like iPhone stay."""
    first = re.match(r"(?:<[^>]*>|[“‘«„(\[])*([^\W\d_]+)", text)
    if not first or not first[1].islower():
        return text
    at = first.start(1)
    return text[:at] + text[at].upper() + text[at + 1 :]


def _has_full_stop(text: str) -> bool:
    """A sentence ends within the text; after an abbreviation or an initial none does."""
    words = re.findall(r"([^\s“‘(]+)\.[”’)]*\s", text)
    return any(len(w) > 1 and "." not in w and w not in _ABBREVIATIONS for w in words)


def _narrowed(text: str, language: str) -> str:
    """The text without full-width forms, and with one kind of space."""
    if language in _ARABIC_COMMA:
        text = text.translate(_TO_ARABIC)
    if language not in _HAS_BRACKETS:
        text = re.sub(
            rf"(?<=[\w,;:.!?%)\]])(?=[{_LEFT}（【])|(?<=[{_RIGHT}）】])(?=[\w{_STAND_IN}])", " ", text
        )
        left, right, inner_left, inner_right = _QUOTES.get(language, _HIGH)
        marks = left * 2 + inner_left * 2 + right * 2 + inner_right * 2
        text = text.translate(str.maketrans(_LEFT + _RIGHT, marks))
        if "“" in right + inner_right and "“" in text and "”" in text and "„" not in text:
            text = text.translate(str.maketrans("“”", left + right))  # a model of English thought so
    text = re.sub(rf"([。｡]|：(?!\d))(?=[\w{_STAND_IN}(（\[【“‘«„])", r"\1 ", text)
    text = re.sub(r"(?<=\d)[～〜](?=\d)", "–", text)
    text = re.sub(r"\s*(?:[—―]{2,}|─+)\s*", " — ", text)
    return _SPACE.sub(" ", text.translate(_TO_ASCII)).strip()


def _curled(text: str, language: str) -> str:
    """The text with the quotation marks of its language for straight ones, if those make pairs.

    One behind a digit may be inches, one before a letter an omission: with such a mark all stay as they are.
    """
    left, right, inner_left, inner_right = _QUOTES.get(language, _HIGH)
    if "``" in text:
        text = text.replace("``", '"').replace("''", '"')
    pieces = text.split('"')
    outside, inside = pieces[::2], pieces[1::2]
    makes_pairs = len(outside) > len(inside) and all(
        not _is_word(before[-1:]) and not _is_word(after[:1]) and inner.count(left) == inner.count(right)
        for before, inner, after in zip(outside, inside, outside[1:], strict=False)
    )
    if not makes_pairs:
        return text
    nested = [_NESTED.sub(rf"{inner_left}\1{inner_right}", inner) for inner in inside]
    quoted = [f"{left}{inner}{right}{after}" for inner, after in zip(nested, outside[1:], strict=True)]
    return outside[0] + "".join(quoted)


def _is_word(char: str) -> bool:
    return char.isalnum() or char == _STAND_IN


def _joined(text: str) -> str:
    """English without the spaces of a tokenised text, with its dashes and ordinals: do n't, $ 5, 5 %, a -- b, 31th."""
    text = re.sub(r"(?<=[A-Za-z])·(?=[A-Za-z])", " ", text)
    text = re.sub(r"(?<!1)([123])th\b", lambda m: m[1] + {"1": "st", "2": "nd", "3": "rd"}[m[1]], text)
    text = re.sub(r"(?<=\w) (?=['’](?:s|re|ve|ll|m|d)\b(?!['’]))|(?<=[A-Za-z]) (?=n['’]t\b)", "", text)
    text = re.sub(rf"(?<=[$€£¥]){_GAP}(?=\d)|(?<=\d){_GAP}+(?=%)", "", text)
    return re.sub(r"(?<=[^\W\d_])--(?=[^\W\d_])| -- ", " — ", text)


def _closed(text: str, language: str) -> str:
    """The text without spaces inside brackets and before punctuation."""
    left, right, inner_left, inner_right = _QUOTES.get(language, _HIGH)
    text = re.sub(rf"(?<=[(\[„{left}{inner_left}]){_GAP}+", "", text)
    closing = rf"[,;!?،؛؟)\]{right}]|:(?! ?\d)|\.(?!\w|\.?/)"
    closing += r"|’(?:[\s.,;:!?)]|$)" if inner_right == "’" else f"|{inner_right}"  # ’ may begin ’90s
    return re.sub(rf"{_GAP}+(?={closing})", "", text)


def _single(text: str, language: str) -> str:
    """The text with one mark where a model put its own beside that of the source."""
    right = _QUOTES.get(language, _HIGH).right
    text = re.sub(r"…[….]*", "…", re.sub(r"\.{4,}", "...", text))
    text = re.sub(r"([,;،؛])\1+", r"\1", text)
    text = re.sub(rf"(?<=[\w)\]{right}’%])\.\.(?![.\w])", ".", text)
    return re.sub(rf"(?<=[!?]|(?<=[.!?…]){right})\.(?![.\w])", "", text)


def _opened(text: str, language: str) -> str:
    """The text with spaces behind punctuation, and in French before it."""
    text = re.sub(rf"(?<=[,;!?،؛؟])(?=[^\W\d_]|{_STAND_IN})", " ", text)
    if language == "fr":
        text = re.sub(rf"«{_GAP}*(?=[^\s»])", f"«{_NARROW_GAP}", text)
        text = re.sub(r"(?<=[^\s(\[«“!?;:])(?=»|[;:!?](?:[\s!?»).,;”]|$))", _NARROW_GAP, text)
    return text


def _widened(text: str, marks: Mapping[str, str]) -> str:
    """A text in Han with its own punctuation where it has that of ASCII."""
    if not marks:
        return text
    text = re.sub(rf"(?<={_HAN}) ?([,.!?;:]) ?(?={_HAN}|[”’」』）》]|$)", lambda m: marks[m[1]], text)
    return re.sub(rf"(?<={_HAN})\(({_HAN}(?:[^()（）]*{_HAN})?)\)", r"（\1）", text)
