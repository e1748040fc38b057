from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import HtmlElement

from feedsvc import markup

steady = settings(derandomize=True, deadline=None)


def canonical(fragment: str) -> str:
    return markup.inner_html(markup.canonical(markup.parse(fragment)))


def block_texts(fragment: str) -> list[str]:
    return [markup.text(block) for block in markup.blocks(markup.canonical(markup.parse(fragment)))]


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("bare", "<p>bare</p>"),
        ("<p>one</p><p>two</p>", "<p>one</p><p>two</p>"),
        ("one<p>two</p>three", "<p>one</p><p>two</p><p>three</p>"),
        ("one <em>two</em> three", "<p>one <em>two</em> three</p>"),
        ("<div>one</div>two", "<div>one</div><p>two</p>"),
        ("<div>one<p>two</p></div>", "<div><span>one</span><p>two</p></div>"),
        (
            "<ul><li>one<ul><li>two</li></ul>three</li></ul>",
            "<ul><li><span>one</span><ul><li>two</li></ul><span>three</span></li></ul>",
        ),
        ("<ul>one<li>two</li></ul>", "<ul><span>one</span><li>two</li></ul>"),
        (
            "<dl><dt>one</dt><dd>two<p>three</p></dd></dl>",
            "<dl><dt>one</dt><dd><span>two</span><p>three</p></dd></dl>",
        ),
        ("<blockquote>one<p>two</p></blockquote>", "<blockquote><span>one</span><p>two</p></blockquote>"),
        (
            "<details><summary>one</summary>two</details>",
            "<details><summary>one</summary><span>two</span></details>",
        ),
        (
            "<table><tbody><tr><td>one</td><td>two<p>three</p></td></tr></tbody></table>",
            "<table><tbody><tr><td>one</td><td><span>two</span><p>three</p></td></tr></tbody></table>",
        ),
    ],
)
def test_each_run_of_words_is_the_whole_of_one_element(fragment: str, expected: str) -> None:
    assert canonical(fragment) == expected


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ('<figure><img src="i">one</figure>', '<figure><img src="i"><figcaption>one</figcaption></figure>'),
        ('<figure>one<img src="i"></figure>', '<figure><figcaption>one</figcaption><img src="i"></figure>'),
        ("<figure>one</figure>", "<figure><figcaption>one</figcaption></figure>"),
        (
            '<figure><img src="i">one<figcaption>two</figcaption></figure>',
            '<figure><img src="i"><span>one</span><figcaption>two</figcaption></figure>',
        ),
        (
            '<figure><img src="i">one<p>two</p>three</figure>',
            '<figure><img src="i"><figcaption>one</figcaption><p>two</p><span>three</span></figure>',
        ),
        (
            '<figure><img src="i"><figcaption>one</figcaption></figure>',
            '<figure><img src="i"><figcaption>one</figcaption></figure>',
        ),
    ],
)
def test_the_text_of_a_figure_becomes_its_caption(fragment: str, expected: str) -> None:
    assert canonical(fragment) == expected


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("one<br><br>two", "<p>one</p><br><br><p>two</p>"),
        ("one<br> \n <br>two", "<p>one</p><br> \n <br><p>two</p>"),
        ("one<br>two", "<p>one<br>two</p>"),
        ("<p>one<br>two<br><br>three</p>", "<p><span>one<br>two</span><br><br><span>three</span></p>"),
        ("<li>one<br><br>two</li>", "<li><span>one</span><br><br><span>two</span></li>"),
    ],
)
def test_two_line_breaks_part_paragraphs(fragment: str, expected: str) -> None:
    assert canonical(fragment) == expected


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ('<p><img src="i">one</p>', '<p><img src="i"><span>one</span></p>'),
        ('<p>one<br><img src="i"></p>', '<p><span>one</span><br><img src="i"></p>'),
        ('<a href="u"><img src="i"></a>one', '<a href="u"><img src="i"></a><p>one</p>'),
        ('<p>one <img src="i"> two</p>', '<p>one <img src="i"> two</p>'),
        ('<p>one <a href="u"><img src="i"></a> two</p>', '<p>one <a href="u"><img src="i"></a> two</p>'),
        ('<p><img src="i"></p>', '<p><img src="i"></p>'),
    ],
)
def test_media_stay_inside_a_run_and_leave_its_edges(fragment: str, expected: str) -> None:
    assert canonical(fragment) == expected


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("<b>one<p>two</p>three</b>", "<b><span>one</span><p>two</p><span>three</span></b>"),
        ('<a href="u"><h2>one</h2>two</a>', '<a href="u"><h2>one</h2><span>two</span></a>'),
        ("<em><ul><li>one</li></ul></em>", "<em><ul><li>one</li></ul></em>"),
        (
            '<a href="u"><table><tr><td>one</td></tr></table></a>',
            '<a href="u"><table><tr><td>one</td></tr></table></a>',
        ),
        ("<h2><p>one</p></h2>", "<h2><p>one</p></h2>"),
    ],
)
def test_an_inline_element_around_blocks_stays_around_them(fragment: str, expected: str) -> None:
    assert canonical(fragment) == expected


@pytest.mark.parametrize("fragment", ["<pre>one\n  <b>two</b></pre>", "<pre>one<ul><li>two</li></ul></pre>"])
def test_preformatted_text_is_left_alone(fragment: str) -> None:
    assert canonical(fragment) == fragment
    assert block_texts(fragment) == []


def test_preformatted_text_parts_paragraphs() -> None:
    assert canonical("one<pre>two</pre>three") == "<p>one</p><pre>two</pre><p>three</p>"


@pytest.mark.parametrize(
    "fragment",
    [
        "",
        " \n ",
        "<p></p>",
        "<p>***</p>",
        "<p>…</p>",
        '<p><img src="i" alt="one"></p>',
        "<hr>",
        "<!-- one -->",
    ],
)
def test_what_has_no_words_has_no_blocks(fragment: str) -> None:
    assert block_texts(fragment) == []
    assert canonical(fragment).strip() == fragment.strip()


def test_blocks_stand_in_document_order() -> None:
    fragment = (
        "zero<h2>one</h2><ul><li>two<ol><li>three</li></ol>four</li></ul>"
        '<figure><img src="i">five</figure><table><tr><td>six</td><td>seven</td></tr></table>eight'
    )
    assert block_texts(fragment) == "zero one two three four five six seven eight".split()


def test_the_fallback_of_a_video_is_kept_but_is_no_text_of_the_article() -> None:
    fragment = '<p>one <video src="v">get a <a href="u">browser</a></video> two</p>'
    assert canonical(fragment) == fragment
    assert block_texts(fragment) == ["one two"]


def test_a_video_alone_has_no_blocks() -> None:
    fragment = '<video src="v">get a browser</video>'
    assert canonical(fragment) == fragment
    assert block_texts(fragment) == []


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("<p>one<br>two</p>", "one two"),
        ("<p>one</p><p>two</p>", "one two"),
        ("<td>一</td><td>二</td>", "一 二"),
        ("<p>o<b>n</b>e</p>", "one"),
        ("<p> one\n two </p>", "one two"),
        ("<p>第一行\n第二行</p>", "第一行第二行"),
        ("<p>1 &lt; 2 &amp;amp; 3</p>", "1 < 2 &amp; 3"),
        ("<p>one<!-- two --></p>", "one"),
        ("<p>one</p><pre>two</pre>", "one two"),
    ],
)
def test_text_is_what_a_reader_reads(fragment: str, text: str) -> None:
    assert markup.text(markup.parse(fragment)) == text


def test_attributes_with_words_are_found_in_order() -> None:
    root = markup.parse(
        '<p title="one">x<img src="i" title="three" alt="two"></p><img src="j" alt=""><img src="k" alt="…">'
        '<abbr title="four">y</abbr>'
    )
    found = [(element.tag, name, element.get(name)) for element, name in markup.prose_attributes(root)]
    assert found == [
        ("p", "title", "one"),
        ("img", "alt", "two"),
        ("img", "title", "three"),
        ("abbr", "title", "four"),
    ]


@pytest.mark.parametrize(
    ("fragment", "is_media"),
    [
        ('<img src="i">', True),
        ('<a href="u"><img src="i"></a>', True),
        ('<video src="v">one</video>', True),
        ('<picture><img src="i"></picture>', True),
        ('<a href="u">one<img src="i"></a>', False),
        ('<div><img src="i"></div>', False),
        ("<b>one</b>", False),
        ("one", False),
    ],
)
def test_media_are_seen_not_read(fragment: str, is_media: bool) -> None:
    (node,) = markup.take(markup.parse(fragment))
    assert markup.is_media(node) is is_media


def test_take_and_fill_are_inverse() -> None:
    root = markup.parse("one<b>two</b>three<i>four</i>")
    nodes = markup.take(root)
    assert [n if isinstance(n, str) else n.tag for n in nodes] == ["one", "b", "three", "i"]
    assert markup.inner_html(root) == ""
    markup.fill(root, nodes)
    assert markup.inner_html(root) == "one<b>two</b>three<i>four</i>"


def test_fill_appends_behind_what_is_there() -> None:
    root = markup.parse("one<b>two</b>three")
    markup.fill(root, ["four", *markup.take(markup.parse("<i>five</i>")), "six"])
    assert markup.inner_html(root) == "one<b>two</b>threefour<i>five</i>six"


@pytest.mark.parametrize(
    "fragment",
    [
        "1 &lt; 2 &amp;amp; 3 &gt; 2",
        '<img src="a?b=1&amp;c=2" alt="">',
        '<video controls=""><source src="a"><source src="b">one</video>',
        "one<wbr>two",
        '<ol start="3"><li>one</li><li></li></ol>two',
        "<b><p>one</p></b>",
        "<u><p>one</p>two</u>",
        "<table><colgroup><col></colgroup><tbody><tr><td>one</td></tr></tbody></table>",
    ],
)
def test_what_was_parsed_is_written_as_it_was(fragment: str) -> None:
    assert markup.inner_html(markup.parse(fragment)) == fragment


@pytest.mark.parametrize(
    ("fragment", "html"),
    [
        ("AT&T", "AT&amp;T"),
        ("one<br/>two", "one<br>two"),
        ("<p>one<p>two", "<p>one</p><p>two</p>"),
        ("1 < 2", "1 &lt; 2"),
        ("one&nbsp;two", "one\u00a0two"),
        ("<b>one", "<b>one</b>"),
    ],
)
def test_fragments_need_not_be_well_formed(fragment: str, html: str) -> None:
    assert markup.inner_html(markup.parse(fragment)) == html


INLINE = ["a", "b", "em", "code", "ruby", "u"]
BLOCKS = [
    "p",
    "div",
    "ul",
    "li",
    "blockquote",
    "figure",
    "figcaption",
    "td",
    "tr",
    "table",
    "h2",
    "span",
    "pre",
    "dd",
]
LEAVES = [
    "one",
    " two ",
    "三",
    "…",
    " ",
    "\n",
    "<br>",
    "<br><br>",
    '<img src="i" alt="x">',
    "<!-- c -->",
    "<hr>",
    "<wbr>",
]


def wrapped(content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    tags = st.sampled_from([*INLINE, *BLOCKS, "video"])
    return st.builds(
        lambda tag, inner: f"<{tag}>{''.join(inner)}</{tag}>", tags, st.lists(content, max_size=4)
    )


FRAGMENTS = st.lists(st.recursive(st.sampled_from(LEAVES), wrapped, max_leaves=12), max_size=4).map("".join)


def things(root: HtmlElement) -> list[str]:
    return [e.tag for e in root.iter() if isinstance(e.tag, str) and e.tag not in ("p", "span", "figcaption")]


@steady
@given(FRAGMENTS)
def test_canonical_form_is_its_own_canonical_form(fragment: str) -> None:
    root = markup.canonical(markup.parse(fragment))
    once = markup.inner_html(root)
    assert markup.inner_html(markup.canonical(root)) == once
    assert canonical(once) == once


@steady
@given(FRAGMENTS)
def test_canonical_form_loses_and_moves_nothing(fragment: str) -> None:
    before = markup.parse(fragment)
    after = markup.canonical(markup.parse(fragment))
    assert list("".join(after.itertext())) == list("".join(before.itertext()))
    assert things(after) == things(before)


@steady
@given(FRAGMENTS)
def test_every_word_to_be_read_stands_in_exactly_one_block(fragment: str) -> None:
    root = markup.canonical(markup.parse(fragment))
    blocks = markup.blocks(root)
    for element in root.iter():
        lines = [(element, element.text), (element.getparent(), element.tail)]
        for place, line in lines if element is not root else lines[:1]:
            if not isinstance(place.tag, str) or not any(c.isalnum() for c in line or ""):
                continue
            around = [place, *place.iterancestors()]
            if not any(e.tag in markup.OPAQUE | markup.MEDIA for e in around):
                assert sum(e in blocks for e in around) == 1, line
