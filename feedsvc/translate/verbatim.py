"""What a translation must not touch: addresses, handles, tags and emoji in a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from feedsvc.translate.align import Alignment, Sides
from feedsvc.translate.sentences import Offsets

_ADDRESS = re.compile(
    r"""https?://[!-~]+ | www\.[\w-]+\.[!-~]+      # web
      | [\w.+-]+@[\w-]+(?:\.[\w-]+)+               # mail
      | (?<![\w@])@[A-Za-z]\w+(?:\.\w+)*           # handles
      | (?<![\w&\#])\#[^\s\#]{1,40}\#              # Weibo's tags end where they begin
      | (?<![\w&\#])\#[A-Za-z]\w+""",
    re.VERBOSE | re.ASCII,
)
_TRAILING = ".,;:!?)]}\"'”’»"
_PICTURE = (
    "[\u2600-\u27bf\u2b50\u2b55\u3030\u303d\U0001f000-\U0001f0ff\U0001f170-\U0001f251\U0001f300-\U0001faff]"
)
_EMOJI = re.compile(
    f"(?:{_PICTURE}[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*(?:\u200d{_PICTURE}\ufe0f?)*|[\U0001f1e6-\U0001f1ff]{{2}})+"
)


def addresses(text: str) -> list[Offsets]:
    """Web and mail addresses, handles and tags, without the punctuation behind them."""
    found = []
    for match in _ADDRESS.finditer(text):
        shown = match[0] if match[0].endswith("#") else match[0].rstrip(_TRAILING)
        found.append((match.start(), match.start() + len(shown)))
    return found


def emoji(text: str) -> list[Offsets]:
    """Runs of pictures among the letters."""
    return [match.span() for match in _EMOJI.finditer(text)]


def without(text: str, stretches: Sequence[Offsets]) -> tuple[str, list[tuple[int, str]]]:
    """A text without some stretches, and for each of those its place in what is left."""
    rest, taken, done = "", [], 0
    for start, end in sorted(stretches):
        rest += text[done:start]
        taken.append((len(rest), text[start:end]))
        done = end
    return rest + text[done:], taken


def put_back(taken: Sequence[tuple[int, str]], rest: str, target: str, alignment: Alignment | None) -> str:
    """A translation of what was left, with each stretch beside the words that it stood beside."""
    sides = Sides(rest, target, alignment or Alignment.by_position(rest, target))
    places = [(sides.locate(at, (0, len(target))), shown) for at, shown in taken]
    for at, shown in sorted(places, key=lambda p: p[0], reverse=True):
        before, after = target[:at].rstrip(), target[at:].lstrip()
        gap = " " if after[:1].isalnum() or after[:1] in "“‘([" else ""
        target = f"{before} {shown}{gap}{after}".strip()
    return target
