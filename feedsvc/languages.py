"""Facts about languages and scripts, by BCP 47 tag (RFC 5646). Knows nothing of models, feeds or markup."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

#: Han, kana, bopomofo and their full-width punctuation: scripts written without spaces
CJK = "\u2e80-\u303f\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003134f"
_CJK_BREAK = re.compile(rf"([{CJK}])[ \t]*[\r\n]\s*(?=[{CJK}])")
_RTL_SCRIPTS = {"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"}
_UNSPACED_SCRIPTS = {"Hans", "Hant", "Hani", "Jpan", "Thai", "Laoo", "Khmr", "Mymr"}
_SCRIPT_NAMES = {
    "Arab": ("ARABIC",),
    "Armn": ("ARMENIAN",),
    "Beng": ("BENGALI",),
    "Cyrl": ("CYRILLIC",),
    "Deva": ("DEVANAGARI",),
    "Geor": ("GEORGIAN",),
    "Grek": ("GREEK",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Hebr": ("HEBREW",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA"),
    "Kore": ("HANGUL", "CJK"),
    "Latn": ("LATIN", "FULLWIDTH LATIN"),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Thai": ("THAI",),
}


def normalise(tag: str) -> str | None:
    """Canonical form of a language tag: `zh_cn` → `zh-CN`, `ZH-hant` → `zh-Hant`; None if it is none."""
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    try:
        language = langcodes.Language.get(tag.strip().replace("_", "-"), normalize=True)
    except LanguageTagError:
        return None
    if language.language in (None, "und") or not language.is_valid():
        return None
    return str(language.to_tag())


@cache
def script(tag: str) -> str:
    """ISO 15924 code of the script that a language is usually written in: `zh` → `Hans`."""
    import langcodes

    return langcodes.get(tag).maximize().script or "Latn"


@cache
def name(tag: str) -> str:
    """English name of a language, without its region: `zh-CN` → `Chinese`, `zh-Hant` → `Chinese (Traditional)`."""
    import langcodes

    language = langcodes.get(tag)
    return langcodes.Language.make(language=language.language, script=language.script).display_name("en")


def base(tag: str) -> str:
    """The language alone, without script and region: `zh-Hant-TW` → `zh`."""
    return tag.split("-", 1)[0].lower()


def direction(tag: str) -> str:
    """Value of the HTML attribute `dir` for text in a language: `rtl` or `ltr`."""
    return "rtl" if script(tag) in _RTL_SCRIPTS else "ltr"


def is_spaced(tag: str) -> bool:
    """Words and sentences of this language are separated by spaces."""
    return script(tag) not in _UNSPACED_SCRIPTS


def share_in_script(text: str, tag: str) -> float:
    """The part of the letters of a text that are of a language's script, 0 to 1; 0 where it has no letters."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return 0.0
    code = script(tag)
    return sum(_is_of_script(c, code) for c in letters) / len(letters)


def has_han(text: str) -> bool:
    """The text has at least one Han character."""
    return any("\u3400" <= c <= "\u9fff" or c >= "\U00020000" for c in text)


def has_words(text: str) -> bool:
    """The text has at least one letter or digit."""
    return any(c.isalnum() for c in text)


def collapse(text: str) -> str:
    """White space collapsed as HTML does; a line break between two CJK characters is none at all."""
    text = _CJK_BREAK.sub(r"\1", text)
    return " ".join(text.split())


@lru_cache(20_000)
def _is_of_script(char: str, code: str) -> bool:
    return unicodedata.name(char, "").startswith(_SCRIPT_NAMES.get(code, ("?",)))
