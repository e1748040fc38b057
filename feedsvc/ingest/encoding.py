"""Documents as text: bytes → characters, by what the server, the document and the bytes themselves say.

Evidence decides, and a decoder that forgives nothing checks it. What stays doubtful is an error: readers never
see characters that nobody wrote.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from feedsvc.errors import ParseError

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

#: the decoders that one label stands for in practice, the widest first (WHATWG Encoding Standard 4.2)
_WIDER = {
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "big5": ("big5hkscs", "cp950"),
    "cp950": ("big5hkscs", "cp950"),
    "shift_jis": ("cp932",),
    "euc_jp": ("euc_jp", "euc_jis_2004"),
    "euc_kr": ("cp949",),
    "ascii": ("cp1252",),
    "iso8859-1": ("cp1252",),
    "iso8859-9": ("cp1254",),
    "iso8859-11": ("cp874",),
    "tis-620": ("cp874",),
}
#: labels that Python does not know
_LABELS = {
    "x-sjis": "shift_jis",
    "x-gbk": "gbk",
    "x-euc-jp": "euc_jp",
    "x-big5": "big5",
    "ks_c_5601-1987": "euc_kr",
    "iso-8859-8-i": "iso8859-8",
    "windows-874": "cp874",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-mac-cyrillic": "mac_cyrillic",
}
_MULTI_BYTE = frozenset(
    "gb18030 big5 big5hkscs cp950 cp932 euc_jp euc_jis_2004 cp949 johab iso2022_jp hz".split()
)
#: what a label may lead to; Python's other codecs are no character sets, or no safe ones (UTF-7)
_KNOWN = _MULTI_BYTE | frozenset(
    (
        "utf-8 koi8-r koi8-u cp866 cp874 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 mac-cyrillic "
        "mac-roman iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10 iso8859-13 "
        "iso8859-14 iso8859-15 iso8859-16"
    ).split()
)
#: what is looked for where nobody says anything that fits
_GUESSED = (
    "gb18030 big5 cp932 euc_jp cp949 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 iso8859_2 iso8859_6 "
    "iso8859_7 koi8_r cp874".split()
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like the next one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: how `<` and `{` begin a document of wide characters without a BOM (XML 1.0 appendix F)
_WIDE = re.compile(
    rb"(?P<utf_32_le>[<{]\0\0\0)|(?P<utf_32_be>\0\0\0[<{])|(?P<utf_16_le>[<{]\0[^\0]\0)|(?P<utf_16_be>\0[<{]\0[^\0])"
)
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)
_PROLOGUE = re.compile(rb"""\s{0,100}<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:+-]{1,40})["']""")
_MARKUP = re.compile(r"<[^>]*+>")
_HIGH_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
#: characters that nobody writes: control characters of ISO 6429, private ones
_UNWRITTEN = re.compile("[\x80-\x9f\ue000-\uf8ff]")
_HEADER = "the HTTP header"
#: characters that are looked at to see whether a text is one
_SAMPLE = 20_000
#: fewer characters or bytes beyond ASCII tell nothing of an encoding
_TELLING = 16
#: so few that what is valid UTF-8 may yet be something else
_CHANCE = 8
#: mess (by charset_normalizer) of what is no text; right decodings have none, wrong ones seldom less than 0.2
_MESS = 0.15


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a document."""

    text: str
    #: its bytes end in the middle of a character
    is_cut: bool = False
    #: what is amiss with its encoding, one sentence
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Claim:
    """An encoding, and who says that the document is in it."""

    label: str
    by: str

    @property
    def decoders(self) -> tuple[str, ...]:
        """The decoders to try; none for what is no encoding, or one that the first bytes would show."""
        try:
            name = codecs.lookup(_LABELS.get(self.label.lower(), self.label)).name
        except LookupError:
            return ()
        return tuple(d for d in _WIDER.get(name, (name,)) if d in _KNOWN)


def decode(body: bytes, content_type: str = "") -> Decoded:
    """The text of a document, without its BOM.

    A BOM is certain. UTF-8 is it too where the bytes fit and are not few: hardly any other text does. Then counts what the
    HTTP header says, then the XML prologue; but before a header that says ISO 8859-1, as servers do unasked,
    what the document itself says. Then a guess, if only one encoding makes sense of the bytes. UTF-8 with few
    broken bytes is read with U+FFFD in their place, and that is named.

    Raises: ParseError naming what is claimed and which byte does not fit.
    Spec: RFC 7303 3 and 8; XML 1.0 appendix F.
    """
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return _certain(body[len(bom) :], codec)
    if wide := _WIDE.match(body):
        return _certain(body, (wide.lastgroup or "").replace("_", "-"))
    claims = sorted(_claims(body, content_type), key=lambda c: c.decoders == ("cp1252",) and c.by == _HEADER)
    return (
        _utf8(body, claims)
        or _claimed(body, claims)
        or _broken_utf8(body, claims)
        or _guess(body, claims)
        or _refuse(body, claims)
    )


def _claims(body: bytes, content_type: str) -> Iterator[_Claim]:
    if header := _CHARSET.search(content_type):
        yield _Claim(header[1], _HEADER)
    if prologue := _PROLOGUE.match(body):
        yield _Claim(prologue[1].decode("ascii", "replace"), "its first line")


def _certain(body: bytes, codec: str) -> Decoded:
    try:
        return Decoded(*_strictly(body, codec))
    except UnicodeDecodeError as error:
        claim = _Claim(codec.upper(), "its first bytes")
        found = _few_broken(body, body.decode("utf-8", "replace")) if codec == "utf-8" else None
        return found or _refuse(body, [claim], error)


def _utf8(body: bytes, claims: list[_Claim]) -> Decoded | None:
    """The text where it must be UTF-8, whatever anybody claims."""
    if any(d.startswith(("iso2022", "hz")) for claim in claims for d in claim.decoders):
        return None  # these hide in ASCII
    try:
        text, is_cut = _strictly(body, "utf-8")
    except UnicodeDecodeError:
        return _few_broken(body, body.decode("utf-8", "replace"))
    decoders = [d for claim in claims for d in claim.decoders]
    if "utf-8" not in decoders and _MULTI_BYTE.intersection(decoders) and 0 < _high(text) < _CHANCE:
        return None
    return Decoded(text, is_cut)


def _claimed(body: bytes, claims: list[_Claim]) -> Decoded | None:
    for claim in claims:
        for codec in claim.decoders:
            try:
                text, is_cut = _strictly(body, codec)
            except UnicodeDecodeError:
                continue
            if (
                _is_text(text)
                and not (codec == "cp1252" and _is_turkish(text))
                and not _is_outdone(body, codec)
            ):
                return Decoded(text, is_cut)
    return None


def _is_turkish(text: str) -> bool:
    """Turkish letters look like ð and þ in Windows-1252; but Icelandic has á, é, í, ó, ú and æ beside them."""
    return _high(text) >= _TELLING and any(c in text for c in "ðþ") and not any(c in text for c in "áéíóúæ")


def _few_broken(body: bytes, text: str, *, at_most: int = 0) -> Decoded | None:
    """A text with gaps for what is broken in it; None if that is more than a blemish."""
    broken = text.count("\ufffd") - body.count(b"\xef\xbf\xbd")
    if broken > max(at_most, (_high(text) - broken) // 20):
        return None
    return Decoded(text, problem=f"characters that are not UTF-8, {broken} in number, are shown as \ufffd")


def _broken_utf8(body: bytes, claims: list[_Claim]) -> Decoded | None:
    """The text of a document that is nearly all ASCII and says, if anything, that it is UTF-8."""
    if all("utf-8" in c.decoders or not c.decoders for c in claims):
        return _few_broken(body, body.decode("utf-8", "replace"), at_most=3)
    return None


def _guess(body: bytes, claims: list[_Claim]) -> Decoded | None:
    """The text in the only encoding that makes sense of it."""
    readings = _readings(body)
    if not readings:
        return None
    best, *others = readings
    if best.chaos > 0.02 or any(_is_rival(other, best) for other in others):
        return None
    if best.encoding not in _MULTI_BYTE and best.coherence < 0.3:
        return None  # every byte is some letter in these, so they must be words
    try:
        text, is_cut = _strictly(body, best.encoding)
    except UnicodeDecodeError:
        return None
    said = f"says that it is {claims[0].label}" if claims else "does not say its encoding"
    return Decoded(text, is_cut, f"the document {said}; it was read as {best.encoding}")


def _readings(body: bytes) -> list[CharsetMatch]:
    """How a document may be read, the likeliest first; none where there is too little to tell."""
    from charset_normalizer import from_bytes

    sample = b"\n".join(_HIGH_LINE.findall(body[: _SAMPLE * 20]))[:_SAMPLE]
    sample = re.sub(rb"<[^>]*+>", b" ", sample)
    if sum(byte > 127 for byte in sample) < _TELLING:
        return []
    return list(from_bytes(sample, cp_isolation=_GUESSED, enable_fallback=False))


def _is_rival(other: CharsetMatch, best: CharsetMatch) -> bool:
    """Another reading of the same bytes that makes nearly as much sense."""
    return other.chaos < 0.05 and other.coherence >= best.coherence / 2 and str(other) != str(best)


def _is_outdone(body: bytes, codec: str) -> bool:
    """Every byte is some letter in this encoding, but only in another one they are words."""
    if codec in _MULTI_BYTE or codec == "utf-8":
        return False
    readings = _readings(body)
    mine = next((r for r in readings if codec.replace("-", "_") in r.could_be_from_charset), None)
    return mine is not None and mine.coherence < readings[0].coherence / 2 and readings[0].coherence > 0.3


def _refuse(body: bytes, claims: list[_Claim], error: UnicodeDecodeError | None = None) -> Decoded:
    if not claims:
        raise ParseError("the encoding of the document is not stated and cannot be told for certain")
    claim = claims[0]
    said = f"{claim.by} says that the document is {claim.label}"
    if not claim.decoders and error is None:
        raise ParseError(f"{said}, which is no encoding of text that is known here")
    try:
        _strictly(body, claim.decoders[0]) if error is None else None
    except UnicodeDecodeError as found:
        error = found
    if error is None:
        raise ParseError(f"{said}, but read so it is no text in any language")
    byte = error.object[error.start]
    raise ParseError(f"{said}, but its byte {error.start} (0x{byte:02x}) does not fit") from error


def _strictly(body: bytes, codec: str) -> tuple[str, bool]:
    """The text, and whether the last character is cut.

    Raises: UnicodeDecodeError for any other byte that does not fit.
    """
    decoder = codecs.getincrementaldecoder(codec)()
    text = decoder.decode(body)
    return text, bool(decoder.getstate()[0])


def _is_text(text: str) -> bool:
    """Whether somebody may have written this; wrong decodings give letters that no language puts side by side."""
    from charset_normalizer.md import mess_ratio

    lines = (line for line in _MARKUP.sub(" ", text).splitlines() if not line.isascii())
    sample = "\n".join(lines)[:_SAMPLE]
    high = _high(sample)
    if len(_UNWRITTEN.findall(sample)) * 50 > high:
        return False
    return high < _TELLING or mess_ratio(sample) < _MESS


def _high(text: str) -> int:
    """How many characters are not of ASCII."""
    return 0 if text.isascii() else sum(c > "\x7f" for c in text)
