from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count, cycle
from random import Random

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from lxml.html import HtmlElement

from feedsvc import markup
from feedsvc.ingest.sanitize import sanitise
from feedsvc.model import Segment, Verdict
from feedsvc.translate import segment
from feedsvc.translate.align import Alignment
from feedsvc.translate.sentences import Offsets
from feedsvc.translate.weave import weave

GOOD, KEPT, FAILED = Verdict.GOOD, Verdict.KEPT, Verdict.LOOP
ORIGINAL = '[not translated] <span lang="zh" dir="ltr">{}</span>'


def paragraph(content: str) -> HtmlElement:
    (block,) = markup.blocks(markup.canonical(markup.parse(f"<p>{content}</p>")))
    return block


def rewritten(
    block: HtmlElement | str,
    verdicts: Sequence[Verdict] = (GOOD,),
    *,
    target: str = "Sentence {} is here.",
    source_language: str = "zh",
    target_language: str = "en",
) -> str:
    """A block with each of its sentences translated, numbered from 1, or with the verdict given for it."""
    inline = segment.read(paragraph(block) if isinstance(block, str) else block)
    offsets = segment.sentences(inline, source_language)
    segments = []
    for number, ((start, end), verdict) in enumerate(zip(offsets, cycle(verdicts), strict=False), 1):
        source = inline.text[start:end]
        shown = target.format(number) if verdict is GOOD else source
        segments.append(Segment(source=source, target=shown, verdict=verdict))
    return weave(
        inline, offsets, segments, {}, source_language=source_language, target_language=target_language
    )


def texts(content: str) -> list[str]:
    """The sentences of a paragraph."""
    inline = segment.read(paragraph(content))
    return [inline.text[start:end] for start, end in segment.sentences(inline, "zh")]


def test_sentences_are_read_through_the_elements_in_them() -> None:
    assert texts('第<b>一</b>句<a href="/x">在此</a>。第<i>二</i>句。') == ["第一句在此。", "第二句。"]


def test_white_space_is_read_as_html_shows_it() -> None:
    assert texts(" One\n\t two  <b> three</b>\n four. ") == ["One two three four."]


def test_a_line_break_between_chinese_characters_is_no_space() -> None:
    assert texts("第一\n  句。") == ["第一句。"]


def test_a_br_ends_a_sentence() -> None:
    assert texts("第一行<br>第二行<b><br></b>第三行") == ["第一行", "第二行", "第三行"]


def test_sentences_of_a_language_with_spaces_have_spaces_between_them() -> None:
    assert rewritten("第一。第二。") == "Sentence 1 is here. Sentence 2 is here."


def test_sentences_of_a_language_without_spaces_have_none() -> None:
    assert (
        rewritten("First. Second.", target="第{}句。", source_language="en", target_language="zh")
        == "第1句。第2句。"
    )


def placed(content: str, target: str, words: dict[str, str]) -> str:
    """A block of one sentence in translation; `words` says which words of the target come from which of the source."""
    inline = segment.read(paragraph(content))
    source_spans = [(inline.text.index(w), inline.text.index(w) + len(w)) for w in words.values()]
    target_spans = [(target.index(w), target.index(w) + len(w)) for w in words]
    rows = [[float(i == j) for j in range(len(words))] for i in range(len(words))]
    return weave(
        inline,
        [(0, len(inline.text))],
        [Segment(source=inline.text, target=target, verdict=GOOD)],
        {(inline.text, target): Alignment.of_pieces(source_spans, target_spans, rows)},
        source_language="zh",
        target_language="en",
    )


WORDS = {"Blinken": "布林肯", "arrived": "抵达", "in Kyiv": "基辅", "on Tuesday": "周二"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            '<a href="/b">布林肯</a>周二抵达基辅。',
            '<a href="/b">Blinken</a> arrived in Kyiv on Tuesday.',
        ),
        (
            '<a href="/b">布林肯</a>周二抵达<a href="/k">基辅</a>。',
            '<a href="/b">Blinken</a> arrived in <a href="/k">Kyiv</a> on Tuesday.',
        ),
        (
            '布林肯<em>周二</em><a href="/k">抵达<b>基辅</b></a>。',
            'Blinken <a href="/k">arrived in <b>Kyiv</b></a> on <em>Tuesday</em>.',
        ),
        (
            '<a href="/b">布林肯</a>周二抵达<img src="/i.png">基辅。',
            '<a href="/b">Blinken</a> arrived<img src="/i.png"> in Kyiv on Tuesday.',
        ),
        (
            '布林肯<a href="/k">周二<img src="/i.png">抵达</a>基辅。',
            'Blinken <a href="/k">arrived<img src="/i.png"></a> in Kyiv on Tuesday.',
        ),
        (
            "布林肯周二抵达<ruby>基辅<rt>Kiev</rt></ruby>。",
            "Blinken arrived in <ruby>Kyiv<rt>Kiev</rt></ruby> on Tuesday.",
        ),
        (
            '布林肯<sup><a href="#1">[1]</a></sup>周二抵达基辅。',
            'Blinken<sup><a href="#1">[1]</a></sup> arrived in Kyiv on Tuesday.',
        ),
        (
            '<abbr title="t">布林肯周二抵达基辅</abbr>。',
            '<abbr title="t">Blinken arrived in Kyiv on Tuesday</abbr>.',
        ),
    ],
)
def test_markup_stands_on_the_words_that_render_its_own(content: str, expected: str) -> None:
    assert placed(content, "Blinken arrived in Kyiv on Tuesday.", WORDS) == expected


def test_what_stands_in_a_formula_or_code_stands_there_again() -> None:
    assert placed("水是H<sub>2</sub>O。", "Water is H2O.", {"Water": "水"}) == "Water is H<sub>2</sub>O."
    content = "请运行<code>pip install x</code>命令。"
    assert placed(content, "Please run pip install x now.", {"Please": "请"}) == (
        "Please run <code>pip install x</code> now."
    )


def test_emphasis_without_words_of_its_own_is_dropped_and_what_is_in_it_stays() -> None:
    content = '<a href="/1">一</a><b>二<a href="/2">三</a></b>'
    assert placed(content, "One", {"One": "一"}) == '<a href="/1">One</a><a href="/2">↗</a>'


def test_spaces_at_the_edges_of_code_are_no_code() -> None:
    inline = segment.read(paragraph("运行<code> git pull </code>吧<kbd>F5<var>x</var></kbd>。"))
    stretches = inline.verbatim(0, len(inline.text))
    assert [inline.text[a:b] for a, b in stretches] == ["git pull", "F5x"]


def test_a_stop_in_code_ends_no_sentence() -> None:
    assert texts("运行<code>a. b。c</code>吧。好。") == ["运行a. b。c吧。", "好。"]


def test_a_sentence_with_more_links_than_words_keeps_every_link() -> None:
    content = '<a href="/1">一</a><a href="/2">二</a><a href="/3">三</a>。'
    assert rewritten(content, target="Two words.") == (
        '<a href="/1">Two</a><a href="/3">↗</a> <a href="/2">words</a>.'
    )


def test_links_have_characters_of_a_language_without_spaces() -> None:
    content = '<a href="/1">One</a> and <a href="/2">two</a>.'
    assert (
        rewritten(content, target="一和二。", source_language="en", target_language="zh")
        == '<a href="/1">一</a>和<a href="/2">二</a>。'
    )


def test_a_link_over_parts_of_two_sentences_is_one_link() -> None:
    content = '第一句很<a href="/1">长。第二句更长</a>。'
    assert rewritten(content) == 'Sentence 1 is <a href="/1">here. Sentence 2 is here</a>.'


def test_a_link_over_two_sentences_is_one_link() -> None:
    content = '<a href="/1">第一句。第二句。</a>'
    assert rewritten(content) == '<a href="/1">Sentence 1 is here. Sentence 2 is here.</a>'


@pytest.mark.parametrize("verdict", [GOOD, KEPT, FAILED])
def test_a_link_on_nothing_but_a_line_break_stays(verdict: Verdict) -> None:
    assert rewritten('见<a href="/1"><br></a>下', [verdict]).count('<a href="/1"></a><br>') == 1


def test_line_breaks_stay_between_their_sentences() -> None:
    assert rewritten("第一<br>第二<br><b>第三</b>", target="S{}.") == "S1.<br>S2.<br><b>S3.</b>"


def test_a_line_break_at_the_edge_of_an_element_stays() -> None:
    assert rewritten("<b><br>第一<br></b>", target="S{}.") == "<br><b>S1.</b><br>"


def test_an_element_that_begins_with_a_line_break_is_on_all_of_its_words() -> None:
    assert rewritten('第一 <a href="/1"><br>第二</a>。', [FAILED]) == (
        ORIGINAL.format("第一") + "<br>" + ORIGINAL.format('<a href="/1">第二</a>。')
    )


def test_a_picture_within_a_sentence_stands_within_its_translation() -> None:
    assert rewritten('第一<img src="/i.png" alt="图">句。第二句。', target="S{}.") == (
        'S1<img src="/i.png" alt="图">. S2.'
    )


def test_a_picture_within_a_sentence_shown_in_the_original_keeps_its_place() -> None:
    content = '第一<img src="/i.png">句。'
    assert rewritten(content, [KEPT]) == content
    assert rewritten(content, [FAILED]) == ORIGINAL.format(content)


def test_a_picture_between_sentences_stays_there() -> None:
    assert rewritten('第一句。<img src="/i.png">第二句。', target="S{}.") == 'S1.<img src="/i.png"> S2.'


@pytest.mark.parametrize("between", ['<br><img src="/i.png">', '<img src="/i.png"><br>'])
def test_pictures_and_line_breaks_keep_their_order(between: str) -> None:
    assert rewritten(f"第一{between}第二", target="S{}.") == f"S1.{between}S2."


def test_a_linked_picture_keeps_its_link() -> None:
    picture = '<a href="/big"><img src="/i.png"></a>'
    assert rewritten(f"第一{picture}句。", target="S{}.") == f"S1{picture}."


def test_emphasis_on_a_whole_sentence_is_on_its_translation() -> None:
    assert rewritten("<b>第一。</b>第<b>二</b>。", target="S{}.") == "<b>S1.</b> <b>S2</b>."


def test_emphasis_on_two_sentences_is_on_both_translations_together() -> None:
    assert rewritten("<b><i>第一。第二。</i></b>", target="S{}.") == "<b><i>S1. S2.</i></b>"


def test_a_failed_sentence_is_shown_in_the_original_with_its_mark_and_link() -> None:
    content = '第一句有<a href="/1"><b>链</b>接</a>。第二句。'
    assert rewritten(content, [FAILED, GOOD]) == (
        ORIGINAL.format('第一句有<a href="/1"><b>链</b>接</a>。') + " Sentence 2 is here."
    )


def test_a_failed_sentence_says_its_language_and_direction() -> None:
    assert rewritten("نعم جاء.", [FAILED], source_language="ar") == (
        '[not translated] <span lang="ar" dir="rtl">نعم جاء.</span>'
    )


def test_a_kept_sentence_has_no_mark() -> None:
    assert rewritten('<a href="/1">2026</a>年。', [KEPT]) == '<a href="/1">2026</a>年。'


def test_a_link_over_two_failed_sentences_is_there_once() -> None:
    content = '<a href="/1">第一句。第二句。</a>'
    assert rewritten(content, [FAILED]) == (
        '[not translated] <a href="/1"><span lang="zh" dir="ltr">第一句。</span> '
        + ORIGINAL.format("第二句。")
        + "</a>"
    )


@pytest.mark.parametrize("verdict", [KEPT, FAILED])
def test_the_original_is_escaped(verdict: Verdict) -> None:
    assert "1 &lt; 2 &amp; <b>3 &gt; 2</b>" in rewritten("1 &lt; 2 &amp; <b>3 &gt; 2</b>", [verdict])


def test_the_translation_is_escaped() -> None:
    assert rewritten("第一。", target="<b> & {}") == "&lt;b&gt; &amp; 1"


def test_a_linked_translation_is_escaped() -> None:
    assert rewritten('<a href="/1">一</a>', target="a<b") == '<a href="/1">a&lt;b</a>'


def test_attributes_are_escaped() -> None:
    content = '<a href="/?a=1&amp;b=2" title="&quot;&lt;t&gt;&quot;">链接</a>'
    (link,) = html.fragment_fromstring(rewritten(content), create_parent="p")
    assert (link.get("href"), link.get("title")) == ("/?a=1&b=2", '"<t>"')


def nested(numbers: Iterator[int]) -> st.SearchStrategy[str]:
    """Inline HTML in which each link and picture has an address of its own; no link is in another one."""
    leaves = st.one_of(
        st.sampled_from(
            ["第一句。", "第二", "。", "，", " ", "\n", "2026", "Two words. A", "&amp;", "<br>", "<br>"]
        ),
        st.builds(lambda: f'<img src="/{next(numbers)}.png">'),
    )

    def emphasis(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.builds(
            lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
            st.sampled_from(["b", "i", "code"]),
            st.lists(children, max_size=4),
        )

    plain = st.recursive(leaves, emphasis, max_leaves=6)
    link = st.builds(
        lambda parts: f'<a href="/{next(numbers)}">{"".join(parts)}</a>', st.lists(plain, max_size=4)
    )
    return st.lists(st.recursive(plain | link, emphasis, max_leaves=8), max_size=8).map("".join)


def contents(element: HtmlElement) -> Counter[str]:
    """How often each link target, picture and line break is in an element."""
    found = Counter(f"href {e.get('href')}" for e in element.iter("a"))
    found.update(f"src {e.get('src')}" for e in element.iter("img"))
    found["br"] = sum(1 for _ in element.iter("br"))
    return found


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    content=nested(count()),
    verdicts=st.lists(st.sampled_from([GOOD, KEPT, FAILED]), min_size=1, max_size=4),
    language=st.sampled_from(["en", "ja"]),
)
def test_every_link_picture_and_line_break_is_in_the_written_block_exactly_once(
    content: str, verdicts: list[Verdict], language: str
) -> None:
    for block in markup.blocks(markup.canonical(markup.parse(f"<p>{content}</p>"))):
        written = rewritten(block, verdicts, target_language=language)
        assert contents(html.fragment_fromstring(written, create_parent="p")) == contents(block)


INLINE = (
    "a abbr b bdi bdo cite code data del dfn em i ins kbd mark q rp rt ruby s samp small strike strong sub sup "
    "time tt u var"
).split()
PIECES = [
    *[
        "第一句。",
        "第二",
        "。",
        "，",
        " ",
        "\n",
        "2026",
        "H2O",
        "Two words. A",
        "&amp;",
        "“",
        "”",
        "5",
        "<br>",
        "<br>",
    ],
    *["<wbr>", '<img src="/i.png">', '<audio src="/a.mp3"></audio>', '<video src="/v.mp4"></video>'],
    '<picture><source src="/p.webp"><img src="/p.png"></picture>',
]
WORDS_OF_ALL_KINDS = [
    "Word",
    "the",
    "of",
    "2026",
    "H2O",
    "Blinken’s",
    "“quoted”",
    "5%",
    "(x)",
    "end.",
    "it,",
    "日本",
    "語。",
]


def any_inline() -> st.SearchStrategy[str]:
    """Inline HTML of all elements that the sanitiser lets through, in any order and depth."""

    def element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.builds(
            lambda tag, parts: f'<{tag} {ADDRESSES.get(tag, "lang")}="/x">{"".join(parts)}</{tag}>',
            st.sampled_from(INLINE),
            st.lists(children, max_size=4),
        )

    return st.lists(st.recursive(st.sampled_from(PIECES), element, max_leaves=10), max_size=7).map("".join)


ADDRESSES = {"a": "href", "data": "value", "del": "cite", "ins": "datetime", "q": "cite", "time": "datetime"}


def numbered(content: str) -> list[HtmlElement]:
    """The blocks of a sanitised paragraph; all elements but line breaks are told apart by their titles."""
    root = markup.parse(sanitise(f"<p>{content}</p>", base_url=None))
    for number, element in enumerate(root.iter()):
        if element.tag != "br":
            element.set("title", str(number))
    return markup.blocks(root)


def any_alignment(source: str, target: str, random: Random) -> Alignment:
    def spans(text: str) -> list[Offsets]:
        edges = sorted(random.randint(0, len(text)) for _ in range(random.randint(0, 10)))
        return list(zip(edges[::2], edges[1::2], strict=False))

    before, after = spans(source), spans(target)
    return Alignment.of_pieces(before, after, [[random.choice([0, 0.3, 1]) for _ in before] for _ in after])


def translated(
    inline: segment.Inline, verdicts: Sequence[Verdict], targets: Sequence[str], random: Random | None
) -> tuple[list[Offsets], list[Segment], dict[tuple[str, str], Alignment]]:
    """The sentences of a text, some of them translated, and what is known of where the words come from."""
    offsets = segment.sentences(inline, "zh")
    segments = []
    for (start, end), verdict, target in zip(offsets, cycle(verdicts), cycle(targets), strict=False):
        source = inline.text[start:end]
        shown = target if verdict in (GOOD, Verdict.TERMS) else source
        segments.append(Segment(source=source, target=shown, verdict=verdict))
    pairs = [(s.source, s.target) for s in segments if s.is_translated]
    return offsets, segments, {pair: any_alignment(*pair, random) for pair in pairs if random}


def elements(root: HtmlElement, *, are_emphasis: bool) -> Counter[tuple[object, ...]]:
    """How often each element stands in another one, with its attributes; those that mark the original do not count."""
    return Counter(
        (e.tag, *sorted(e.attrib.items()))
        for e in root.iterdescendants()
        if e.tag != "span" and (e.tag in segment.EMPHASIS) == are_emphasis
    )


def shown(root: HtmlElement, atoms: Sequence[segment.Atom]) -> str:
    """The text below an element without white space and without what stands at one place; ¶ for line breaks."""
    written = {atom.html for atom in atoms}
    for element in [e for e in root.iterdescendants() if markup.outer_html(e) in written]:
        element.drop_tree()
    for line_break in root.iter("br"):
        line_break.text = "¶"
    return "".join("".join(root.itertext()).split())


def is_contained(text: str, other: str) -> bool:
    """Every character of a text stands in another one, in order."""
    characters = iter(other)
    return all(character in characters for character in text)


def without(text: str, characters: str) -> str:
    return "".join(c for c in text if c not in characters)


def reparsed(fragment: str) -> str:
    """What an HTML5 parser makes of a fragment, written anew."""
    attributes = {"title", "lang", "dir", "href", "rel", "src", "value", "cite", "datetime"}
    tags = {*INLINE, "span", "br", "wbr", "img", "audio", "video", "picture", "source"}
    clean = nh3.clean(fragment, tags=tags, attributes={"*": attributes}, link_rel=None)
    return markup.inner_html(markup.parse(clean))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    content=any_inline(),
    verdicts=st.lists(st.sampled_from([GOOD, Verdict.TERMS, KEPT, FAILED]), min_size=1, max_size=4),
    targets=st.lists(
        st.lists(st.sampled_from(WORDS_OF_ALL_KINDS), min_size=1, max_size=6).map(" ".join),
        min_size=1,
        max_size=3,
    ),
    seed=st.none() | st.integers(0, 2**32),
    language=st.sampled_from(["en", "ja"]),
)
def test_whatever_stands_in_a_block_is_in_its_translation_and_all_of_the_text_is(
    content: str, verdicts: list[Verdict], targets: list[str], seed: int | None, language: str
) -> None:
    for block in numbered(content):
        inline = segment.read(block)
        known = translated(inline, verdicts, targets, None if seed is None else Random(seed))
        written = weave(inline, *known, source_language="zh", target_language=language)
        root = markup.parse(written)
        assert elements(root, are_emphasis=False) == elements(block, are_emphasis=False)
        assert elements(root, are_emphasis=True) <= elements(block, are_emphasis=True)
        assert markup.inner_html(root) == reparsed(written) == written
        assert root.find(".//a//a") is None
        assert_text(inline, *known[:2], shown(root, inline.atoms))
        originals = "".join(shown(e, ()) for e in root.iter("span"))
        assert is_contained("".join(s.target for s in known[1] if s.has_failed).replace(" ", ""), originals)
        assert without(originals, f"{inline.text}¶↗") == ""
        assert shown(block, inline.atoms) == "".join(inline.text.replace("\n", "¶").split())


def assert_text(
    inline: segment.Inline, offsets: Sequence[Offsets], segments: Sequence[Segment], shown: str
) -> None:
    """All sentences of a text are shown in order, and besides only what stands for elements without words."""
    text, done = "", 0
    for (start, end), part in zip(offsets, segments, strict=True):
        text += "¶" * inline.text.count("\n", done, start) + part.marked.replace(" ", "")
        done = end
    text += "¶" * inline.text.count("\n", done)
    substitutes = f"{inline.text}↗" if any(s.is_translated for s in segments) else ""
    assert is_contained(text, shown)
    assert without(text, substitutes) == without(shown, substitutes)
