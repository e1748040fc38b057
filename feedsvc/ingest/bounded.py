"""Keeps HTML from costing more than its length. Pure; knows nothing of what is allowed.

An HTML5 parser needs time that grows with the square of the depth, of the attributes of one tag and of the
`<b>` left open before many paragraphs. No article comes near the limits here; what does is made simpler, and
its text, links and pictures stay.
"""

from __future__ import annotations

import re

from feedsvc import markup

#: what may stay as it is, whatever is in it
_SMALL = 50_000  # characters
_FEW_TAGS = 500
#: enough for a book, if it is well-formed; without order the parser has to be asked for less
_MANY_TAGS = 200_000
_MANY_UNORDERED_TAGS = 10_000
#: elements that a parser may have to make by opening again what was left open
_MANY_REOPENED = 1_000_000
_MAX_DEPTH = 60
_MAX_FORMATTING = 8

_FORMATTING = frozenset("b big code em font i nobr s small strike strong tt u".split())
_PLAIN = frozenset("a br hr img p".split())
_VOID = frozenset("br col embed hr img input source track wbr".split())
#: nothing of these is text, and what looks like a tag in them is none
_UNREAD = re.compile(
    r"<!--(?:(?!-->|<!--).)*+(?:-->)?"
    r"|<(script|style|textarea|template|select|svg)\b(?:(?!</?\1\b).)*+</\1\b[^<>]*>",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(
    r"""<(/?)([a-z][^\s<>/"'=]*+)((?:[\s/]*+[^\s<>/=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s<>"'][^\s<>]*+))?+)"""
    r"""{0,200}+[\s/]*+)>|<""",
    re.IGNORECASE,
)
_FORMATTING_START = re.compile(rf"<(?:{'|'.join(_FORMATTING)})(?=[\s/>])[^>]*+", re.IGNORECASE)
_PARAGRAPHS = re.compile(r"<p>(?:\s*+<p>)++")


def bounded(fragment: str) -> str:
    """The fragment, or a simpler one where an HTML parser would take unreasonably long for it."""
    if len(fragment) > _SMALL:
        fragment = _TAG.sub(lambda m: m[0] if m[2] else "&lt;", _UNREAD.sub("", fragment))
    tags = fragment.count("<")
    if tags <= _FEW_TAGS:
        return fragment
    if tags <= _MANY_UNORDERED_TAGS:
        formats = 3 * len(set(_FORMATTING_START.findall(fragment)))  # of equal ones three are opened again
        if formats * tags <= _MANY_REOPENED:
            return fragment
    return fragment if tags <= _MANY_TAGS and _is_well_nested(fragment) else flattened(fragment)


def flattened(fragment: str) -> str:
    """The paragraphs, links and pictures of a fragment; only its words where there are far too many."""
    keep = _PLAIN if fragment.count("<") <= _MANY_TAGS else frozenset()

    def plain(tag: re.Match[str]) -> str:
        name = (tag[2] or "").lower()
        if not name:
            return "&lt;"
        if name in keep:
            return tag[0]
        is_block = name in markup.BLOCK or name in markup.OPAQUE or name == "p"
        return ("<p>" if keep else " ") if is_block else ""

    return _PARAGRAPHS.sub("<p>", _TAG.sub(plain, _UNREAD.sub("", fragment)))


def _is_well_nested(fragment: str) -> bool:
    """Each end tag closes the last start tag, and never are very many open."""
    open_tags: list[str] = []
    formatting = 0
    for tag in _TAG.finditer(fragment):
        name = (tag[2] or "").lower()
        if name in _VOID:
            continue
        if tag[1]:
            if not open_tags or open_tags.pop() != name:
                return False
            formatting -= name in _FORMATTING
        else:
            open_tags.append(name)
            formatting += name in _FORMATTING
            if not name or len(open_tags) > _MAX_DEPTH or formatting > _MAX_FORMATTING:
                return False
    return not open_tags
