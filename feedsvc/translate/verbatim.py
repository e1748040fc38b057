"""What a translation must not touch: addresses, handles, tags and emoji in a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from feedsvc.translate.align import Alignment, Sides
from feedsvc.translate.sentences import Offsets

_ADDRESS = re.compile(
    r"""(?i:https?://|www\.[\w-]+\.)[!#-;=?-~]+   # web; no quotation mark, no < and >
      | [\w.+-]+@[\w-]+(?:\.[\w-]+)+               # mail
      | (?<![\w@])@[A-Za-z]\w+(?:\.\w+)*           # handles
        (?:@[\w-]+(?:\.[\w-]+)+)?                  # and their server in the fediverse
      | (?<![\w&])\#[^\s\#\w][^\s\#]{0,39}\#       # Weibo's tags end as they begin
      | (?<![\w&])\#\w[^\s\#，、；。]{0,39}\#(?!\w)
      | (?<![\w&\#])\#[A-Za-z]\w+""",
    re.VERBOSE | re.ASCII,
)
_TRAILING = ".,;:!?)]}'"
_OPENING = {")": "(", "]": "[", "}": "{"}
#: marks with no space before them
_CLOSING = ".,;:!?)]}%\"'”’»。，、；：！？）】」』》〉"
_PICTURE = (
    "[\u231a\u231b\u23e9-\u23fa\u25b6\u25c0\u2600-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d"
    "\U0001f000-\U0001f0ff\U0001f170-\U0001f251\U0001f300-\U0001faff]"
)
#: how a picture is shown, its skin, and the letters of the flags of England, Scotland and Wales
_VARIED = "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
_EMOJI = re.compile(rf"(?:{_PICTURE}{_VARIED}(?:\u200d{_PICTURE}{_VARIED})*)+")


def addresses(text: str) -> list[Offsets]:
    """Web and mail addresses, handles and tags, without the punctuation behind them."""
    found = []
    for match in _ADDRESS.finditer(text):
        shown = match[0]
        while shown[-1] in _TRAILING and shown.count(_OPENING.get(shown[-1], "\0")) < shown.count(shown[-1]):
            shown = shown[:-1]
        found.append((match.start(), match.start() + len(shown)))
    return found


def emoji(text: str) -> list[Offsets]:
    """Runs of pictures among the letters."""
    return [match.span() for match in _EMOJI.finditer(text)]


def without(text: str, stretches: Sequence[Offsets]) -> tuple[str, list[tuple[int, str]]]:
    """A text without some stretches, and for each of those its place in what is left."""
    rest, taken, done = "", [], 0
    for start, end in sorted(stretches):
        start = max(start, done)
        if start < end:
            rest += text[done:start]
            taken.append((len(rest), text[start:end]))
            done = end
    return rest + text[done:], taken


def put_back(taken: Sequence[tuple[int, str]], rest: str, target: str, alignment: Alignment) -> str:
    """A translation of what was left, with each stretch beside the words that it stood beside."""
    sides = Sides(rest, target, alignment)
    places = [(sides.locate(at, (0, len(target))), shown) for at, shown in taken]
    places.sort(key=lambda p: p[0])
    for at, shown in reversed(places):
        before, after = target[:at].rstrip(), target[at:].lstrip()
        gap = "" if after.startswith(tuple(_CLOSING)) else " "
        target = f"{before} {shown}{gap}{after}".strip()
    return target
