"""Bodies of files: Markdown, plain text or HTML → HTML, not yet sanitised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from feedsvc import languages, markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

_BLOCK_HTML = re.compile(
    r"<(p|div|h[1-6]|ul|ol|table|blockquote|figure|section|article|br|img)\b", re.IGNORECASE
)
_BODY = re.compile(r"<body\b[^<>]*>", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^<>]*>([^<]*)</title\s*>", re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\][ \t]+")
_CJK = re.compile(f"[{languages.CJK}]")


def to_html(body: str, suffix: str) -> str:
    """The body as HTML: .txt is plain text unless it has blocks of HTML, .html is HTML, Markdown may be either."""
    if suffix == ".txt" and not _BLOCK_HTML.search(body):
        paragraphs = (
            " ".join(p.split()) if " " in p else languages.collapse(p) for p in re.split(r"\n\s*\n", body)
        )
        return "".join(f"<p>{markup.escape(p)}</p>" for p in paragraphs if p)
    if suffix in (".html", ".txt"):
        return _inside_of_page(body)
    return str(_markdown().render(body, {}))


def page_title(body: str, suffix: str) -> str:
    """The title that a whole HTML page has in its head, as HTML; "" where there is none."""
    found = _TITLE.search(body) if suffix == ".html" else None
    return found[1] if found else ""


def _inside_of_page(page: str) -> str:
    """What a whole HTML page has in its body; a fragment as it is."""
    start = _BODY.search(page)
    if start is None:
        return _TITLE.sub("", page, count=1)
    end = page.lower().rfind("</body")
    return page[start.end() : end if end > start.end() else len(page)]


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 100}).enable(["table", "strikethrough"])
    parser.use(deflist_plugin).use(footnote_plugin)
    parser.core.ruler.before("footnote_tail", "unreferenced_footnotes", _keep_unreferenced)
    parser.core.ruler.push("tasks", _mark_tasks)
    for name, rule in _RULES.items():
        parser.add_render_rule(name, rule)
    return parser


def _mark_tasks(state: StateCore) -> None:
    """Boxes before the items of a task list: forms are not for feed readers."""
    for first, second, third in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if (first.type, second.type, third.type) == ("list_item_open", "paragraph_open", "inline"):
            start = third.children[0] if third.children else None
            if start is not None and start.type == "text" and (task := _TASK.match(start.content)):
                start.content = f"{'☐' if task[1] == ' ' else '☑'} {start.content[task.end() :]}"


def _keep_unreferenced(state: StateCore) -> None:
    """Footnotes that nothing in the text points to would be dropped."""
    notes = state.env.get("footnotes", {"refs": {}})
    for label, number in notes["refs"].items():
        if number < 0:
            listed = notes.setdefault("list", {})
            listed[len(listed)] = {"label": label.removeprefix(":"), "count": 0}


def _softbreak(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    """The end of a line: between two characters that know no spaces it is none."""
    before = _content(tokens, range(index - 1, -1, -1))
    after = _content(tokens, range(index + 1, len(tokens)))
    return "" if _CJK.match(before[-1:]) and _CJK.match(after) else "\n"


def _content(tokens: Sequence[Token], indices: range) -> str:
    """What is written first among these tokens, in whatever emphasis."""
    near = (tokens[i] for i in indices)
    return next((t.content for t in near if not t.nesting and (t.content or t.type != "text")), "")


def _footnote_mark(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    return f"<sup>[{tokens[index].meta['id'] + 1}]</sup>"


#: footnotes are a numbered list at the end: an entry in a feed reader has no place that a link could lead to
_RULES = {
    "softbreak": _softbreak,
    "footnote_ref": _footnote_mark,
    "footnote_block_open": lambda *_: "<hr>\n<ol>\n",
    "footnote_block_close": lambda *_: "</ol>\n",
    "footnote_open": lambda *_: "<li>",
    "footnote_anchor": lambda *_: "",
}
