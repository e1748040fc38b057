"""Titles, names and labels as a reader should see them: plain text, decoded as often as was meant."""

from __future__ import annotations

import html
import re

from feedsvc import markup
from feedsvc.ingest.sanitize import clean_text, text_of

#: longer than any headline, and than a post of most networks; what is cut off stands in the body
MAX_TITLE = 1_000
#: what is looked at of a title that is no title
_MAX_READ = 20 * MAX_TITLE
#: elements that people put into titles; all others are what the title is about, as `List<String>` or `<video>`
_MARKUP_TAGS = frozenset(
    (
        "a abbr b bdi bdo big br cite code del dfn div em font h1 h2 h3 h4 i img ins kbd mark nobr p q s samp small "
        "span strike strong sub sup tt u var wbr"
    ).split()
)
_VOID_TAGS = frozenset({"br", "img", "wbr"})
#: whose content is no text
_HIDDEN_TAGS = frozenset({"script", "style"})
_TAG = re.compile(r"<(?:!--.*?-->|(/?)([a-z][a-z0-9]{0,20})(?![\w-])[^<>]*>)?", re.IGNORECASE | re.DOTALL)
#: a reference that no reader wants to see; `&lt;` and `&gt;` may be what a title is about
_OVER_ESCAPED = re.compile(
    r"&(?!(?:lt|gt|#0*6[02]|#x0*3[ce]);)(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE
)


def plain_title(value: object, *, is_markup: bool) -> str:
    """A title, name or label as plain text, at most `MAX_TITLE` characters.

    Where it may be markup (RSS does not say, Atom does), tags that are usual in titles go if they are paired;
    any other `<` is one: `AT&T <3`, `a < b`, `List<String>`. A reference that is still there then, in plain text too, was
    escaped once too often and is decoded, but for `&lt;` and `&gt;`.
    """
    text = str(value)[:_MAX_READ]
    has_markup = is_markup and ("<" in text or "&" in text)
    text = text_of(_without_strays(text)) if has_markup else clean_text(text)
    if "&" in text:
        text = clean_text(_OVER_ESCAPED.sub(lambda match: html.unescape(match[0]), text))
    return text if len(text) <= MAX_TITLE else text[: MAX_TITLE - 1].rstrip() + "…"


def paragraphs(text: str, *, keep_lines: bool = False) -> str:
    """Plain text as HTML: a paragraph for each stretch between blank lines."""
    stretches = (p.strip() for p in re.split(r"\n[^\S\n]*\n", text))
    escaped = (markup.escape(p) for p in stretches if p)
    return "".join(f"<p>{p.replace(chr(10), '<br>') if keep_lines else p}</p>" for p in escaped)


def _without_strays(text: str) -> str:
    """A title in which every `<` that begins no markup is escaped."""
    lowered = text.lower()

    def keep(match: re.Match[str]) -> str:
        closing, tag = match[1], (match[2] or "").lower()
        is_comment = tag == "" and len(match[0]) > 1
        is_paired = tag in _VOID_TAGS or (f"<{tag}" if closing else f"</{tag}") in lowered
        if is_comment or tag in _HIDDEN_TAGS or (tag in _MARKUP_TAGS and is_paired):
            return match[0]
        return "&lt;" + match[0][1:]

    return _TAG.sub(keep, text)
