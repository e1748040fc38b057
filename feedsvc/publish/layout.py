"""Puts the two languages of an article side by side: titles, bodies, summaries. Pure.

Whatever the layout, every picture, film, link and enclosure of the original is there once: on the translation
where there is one, on the original where there is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy

from lxml import html
from lxml.html import HtmlElement

from feedsvc import languages, markup
from feedsvc.model import NOT_TRANSLATED, Article, Entry, Layout, Passage, TitleLayout, Translation, Verdict
from feedsvc.publish.texts import count, texts

#: blocks that may be followed by another one like it; the two languages of all others share one element
_REPEATABLE = frozenset({"p", "div"})
#: what can stand beside its original as a whole, unless there is something in it that must not stand twice
_BESIDE = _REPEATABLE | {"span", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "blockquote"}
_NOT_TWICE = ("pre", "table", "figure", "details")
#: what may hold an article, or a part of it, and says nothing by itself
_WRAPPERS = frozenset({"article", "aside", "div", "footer", "header", "main", "section"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
#: elements whose marks, columns or edges stand where their text begins
_DIRECTED = frozenset({"ul", "ol", "dl", "table", "blockquote", "details", "figure"})
_SUMMARY_CHARS = 300
_CELLS = ("td", "th")
#: classes for style sheets; readers that drop them lose nothing
TRANSLATED_CLASS = "feedsvc-translation"
ORIGINAL_CLASS = "feedsvc-original"
BESIDE_CLASS = "feedsvc-beside"


def title(article: Article, layout: TitleLayout) -> str:
    """The title as plain text; never empty."""
    original = article.entry.title or _shortened(_original_text(article.entry), 80) or article.entry.guid
    made = article.translation and article.translation.title
    if not made or layout is TitleLayout.ORIGINAL:
        return original
    if not article.entry.title and article.translation:
        return _shortened(" ".join(_texts(article.translation)), 80) or original
    if not made.is_translated:
        return original if made.is_complete else f"{NOT_TRANSLATED} {original}"
    match layout:
        case TitleLayout.TRANSLATION:
            return made.text
        case TitleLayout.ORIGINAL_FIRST:
            return f"{original} · {made.text}"
        case _:
            return f"{made.text} · {original}"


def summary(article: Article) -> str:
    """A short plain text: the source's own summary, else the beginning of the body; translated if possible."""
    made = article.translation
    if made is None:
        return _shortened(article.entry.summary or _original_text(article.entry), _SUMMARY_CHARS)
    return _shortened(made.summary.text or " ".join(_texts(made)), _SUMMARY_CHARS)


def body(entry: Entry, made: Translation | None, layout: Layout, *, with_credit: bool) -> str:
    """The body as HTML, each block with its language and direction; without a translation the original, marked."""
    language = entry.language
    root = markup.parse(entry.body_html)
    if made is None or layout is Layout.ORIGINAL:
        _label_all(root, language)
    else:
        _lay_out(root, made, layout)
    if made is None:
        notice = _small_paragraph(f"{NOT_TRANSLATED} {_reason(language)}", "en")
        markup.fill(root, [notice, *markup.take(root)])
    elif with_credit and layout is not Layout.ORIGINAL and (line := credit(made)):
        root.append(_small_paragraph(line, texts(made.target_language).language))
    return markup.inner_html(root)


def credit(made: Translation) -> str | None:
    """What translated an article, how much of it, and why not all; None where nothing had to be translated."""
    wanted = [p for p in made.blocks if any(s.verdict is not Verdict.KEPT for s in p.segments)]
    if not made.engine or not (wanted or made.title.is_translated):
        return None
    say = texts(made.target_language)
    line = (say.credit_share if wanted else say.credit).format(
        language=languages.name(made.entry.language or "und"),
        engine=made.engine,
        done=sum(p.is_complete for p in wanted),
        paragraphs=count(len(wanted), say.paragraphs),
    )
    return " ".join([line, *_doubts(made)])


def _doubts(made: Translation) -> Iterable[str]:
    """What a reader should know of the sentences of title and body that are not, or not surely, translated."""
    say = texts(made.target_language)
    segments = [s for passage in (made.title, *made.blocks) for s in passage.segments]
    if failed := Counter(s.verdict for s in segments if s.has_failed):
        yield say.credit_failed.format(
            sentences=count(failed.total(), say.sentences_stand),
            mark=NOT_TRANSLATED,
            reasons=", ".join(verdict.value for verdict in Verdict if verdict in failed),
        )
    if doubtful := sum(s.verdict is Verdict.TERMS for s in segments):
        yield say.credit_terms.format(sentences=count(doubtful, say.sentences))


def categories(article: Article) -> tuple[tuple[str, str], ...]:
    """Each category as (original term, label to show)."""
    made = article.translation
    labels = [p.text for p in made.categories] if made else list(article.entry.categories)
    return tuple(zip(article.entry.categories, labels, strict=True))


def _lay_out(root: HtmlElement, made: Translation, layout: Layout) -> None:
    """Put the translation into the tree of the original."""
    source, target = made.entry.language or "und", made.target_language
    originals = deepcopy(root)
    attributes: dict[str, str] = {}
    for (element, name), passage in zip(markup.prose_attributes(root), made.attributes, strict=True):
        attributes[element.get(name, "")] = passage.text
        element.set(name, passage.text)
    is_beside = layout is Layout.SIDE_BY_SIDE
    beside = list(zip(_parts(root), _parts(originals), strict=True)) if is_beside else []
    alone = {block for one, _ in beside for block in one.iter()}
    translated = set()
    pairs = zip(markup.blocks(root), markup.blocks(originals), made.blocks, strict=True)
    for block, original, passage in pairs:
        if not passage.is_translated:
            _keep(block, passage, source)
            continue
        translated.update([block, *block.iterancestors()])
        _replace(block, passage, target, attributes)
        if layout is Layout.INTERLEAVED or (layout is Layout.SIDE_BY_SIDE and block not in alone):
            _interleave(block, original, source, target)
    _direct(root, target)
    _put_beside([pair for pair in beside if pair[0] in translated], source, target)
    if layout is Layout.TRANSLATION_FIRST and translated:
        _without_links_and_media(originals)
        _label_all(originals, source)
        root.append(html.Element("hr"))
        markup.fill(root, markup.take(originals))


def _parts(root: HtmlElement) -> Iterator[HtmlElement]:
    """What can stand beside its original; many articles lie as a whole in an element, or in several."""
    waiting = list(reversed(root))
    while waiting:
        element = waiting.pop()
        if element.tag in _WRAPPERS and any(child.tag in markup.BLOCK for child in element):
            waiting.extend(reversed(element))
        elif element.tag in _BESIDE and next(element.iter(*_NOT_TWICE), None) is None:
            yield element


def _keep(block: HtmlElement, passage: Passage, language: str) -> None:
    """Leave a block as it is; one that should have been translated says so."""
    if not passage.is_complete:
        _label(block, language)
        block.text = f"{NOT_TRANSLATED} {block.text or ''}"


def _replace(block: HtmlElement, passage: Passage, target: str, attributes: Mapping[str, str]) -> None:
    markup.take(block)
    markup.fill(block, markup.take(markup.parse(passage.text)))
    _label(block, target)
    for element in block.iterdescendants():
        for name in markup.PROSE_ATTRIBUTES:
            if (shown := attributes.get(element.get(name, ""))) is not None:
                element.set(name, shown)


def _interleave(block: HtmlElement, original: HtmlElement, source: str, target: str) -> None:
    """Quietly below the translation in a block the original, without what stands in the translation already."""
    original = deepcopy(original)
    original.tail = None
    _without_links_and_media(original)
    quiet = html.Element("small")
    markup.fill(quiet, markup.take(original))
    if block.tag in _REPEATABLE:
        original.append(quiet)
        _label(original, source)
        original.set("class", ORIGINAL_CLASS)
        block.set("class", TRANSLATED_CLASS)
        block.addnext(original)  # takes the tail of the block along
        original.tail, block.tail = block.tail, None
        return
    shown = html.Element("span")
    markup.fill(shown, markup.take(block))
    for name in ("lang", "dir"):
        del block.attrib[name]
    _label(shown, target)
    _label(quiet, source)
    shown.set("class", TRANSLATED_CLASS)
    quiet.set("class", ORIGINAL_CLASS)
    markup.fill(block, [shown, html.Element("br"), quiet])


def _put_beside(pairs: Iterable[tuple[HtmlElement, HtmlElement]], source: str, target: str) -> None:
    """Parts of a translation and their originals in rows of a table: readers keep tables, not styles.

    Parts that follow each other share a table, so that the columns run through.
    """
    for part, original in pairs:
        original = deepcopy(original)
        original.tail = None
        _without_links_and_media(original)
        _label_all(original, source)
        table = part.getprevious()
        if table is None or table.get("class") != BESIDE_CLASS or (table.tail or "").strip():
            table = html.Element("table", width="100%", cellpadding="6", dir=languages.direction(target))
            table.set("class", BESIDE_CLASS)
            part.addprevious(table)
        table.tail, part.tail = part.tail, None
        row = html.Element("tr")
        table.append(row)
        for content in (part, _as_paragraph(original) if original.tag in _HEADINGS else original):
            cell = html.Element("td", width="50%", valign="top")
            cell.append(content)
            row.append(cell)


def _as_paragraph(heading: HtmlElement) -> HtmlElement:
    """A heading as a bold paragraph: an outline needs it once. What a paragraph cannot hold stands in a block."""
    has_blocks = any(element.tag != "span" for element in heading.iterdescendants(*markup.BLOCK))
    paragraph, bold = html.Element("div" if has_blocks else "p", dict(heading.attrib)), html.Element("b")
    markup.fill(bold, markup.take(heading))
    paragraph.append(bold)
    return paragraph


def _without_links_and_media(root: HtmlElement) -> None:
    """What a second copy of a text must not repeat."""
    for element in reversed(list(root.iter(*markup.MEDIA))):  # what stands in another one before that
        if element.getparent() is not None:
            _drop_with_its_frame(element, root)
    for element in list(root.iter("a")):
        element.drop_tag()


def _drop_with_its_frame(element: HtmlElement, root: HtmlElement) -> None:
    """Remove an element, and what has nothing else in it; the cells of tables stay."""
    parent = element.getparent()
    element.drop_tree()
    if parent is None or parent is root or parent.tag in _CELLS:
        return
    if len(parent) == 0 and not (parent.text or "").strip():
        _drop_with_its_frame(parent, root)


def _label_all(root: HtmlElement, language: str | None) -> None:
    if language:
        for block in markup.blocks(root) or [root]:
            _label(block, language)
        _direct(root, language)


def _label(element: HtmlElement, language: str) -> None:
    element.set("lang", language)
    element.set("dir", languages.direction(language))


def _direct(root: HtmlElement, language: str) -> None:
    """Let what stands around blocks run as they do; most readers run from left to right without being told."""
    direction = languages.direction(language)
    blocks = set(markup.blocks(root))
    for element in root.iter(*markup.BLOCK):
        if element not in blocks and (
            element.get("dir") or (direction == "rtl" and element.tag in _DIRECTED)
        ):
            element.set("dir", direction)


def _small_paragraph(line: str, language: str) -> HtmlElement:
    paragraph, small = html.Element("p"), html.Element("small")
    small.text = line
    _label(paragraph, language)
    paragraph.append(small)
    return paragraph


def _reason(language: str | None) -> str:
    say = texts("en")
    return say.still_in.format(language=languages.name(language)) if language else say.language_unknown


def _texts(made: Translation) -> list[str]:
    """The translated blocks as plain text."""
    return [markup.text(markup.parse(p.text)) for p in made.blocks]


def _original_text(entry: Entry) -> str:
    return markup.text(markup.parse(entry.body_html))


def _shortened(text: str, limit: int) -> str:
    """The text, cut at a word with an ellipsis if it is longer than the limit."""
    if len(text) <= limit:
        return text
    cut = text[:limit].rsplit(" ", 1)[0] if " " in text[limit // 2 : limit] else text[:limit]
    return cut.rstrip(" ,;:，；：、") + "…"
