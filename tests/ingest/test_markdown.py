from __future__ import annotations

import pytest

from feedsvc import markup
from feedsvc.ingest.markdown import to_html
from feedsvc.ingest.sanitize import sanitise


def html(body: str) -> str:
    """Markdown as it stands in an entry."""
    return sanitise(to_html(body, ".md"), base_url=None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("第一行\n第二行，\n第三行", "<p>第一行第二行，第三行</p>\n"),
        (
            "中文**粗体**\n*斜体*中文\n`code`",
            "<p>中文<strong>粗体</strong><em>斜体</em>中文\n<code>code</code></p>\n",
        ),
        ("中文\nEnglish\n中文", "<p>中文\nEnglish\n中文</p>\n"),
        ("one\ntwo", "<p>one\ntwo</p>\n"),
    ],
)
def test_wrapped_lines_of_chinese_get_no_spaces(body: str, expected: str) -> None:
    assert html(body) == expected


def test_hard_line_breaks_stay() -> None:
    assert html("一\\\n二  \n三") == "<p>一<br>\n二<br>\n三</p>\n"


def test_code_is_left_as_it_is() -> None:
    assert (
        html("```py\nif a < b:\n    第一\n    第二\n```\n")
        == "<pre><code>if a &lt; b:\n    第一\n    第二\n</code></pre>\n"
    )
    assert html("Text\n\n    indented  code\n") == "<p>Text</p>\n<pre><code>indented  code\n</code></pre>\n"


def test_footnotes_are_a_numbered_list_at_the_end() -> None:
    body = "One[^b] two[^a] one[^b]^[Inline.]\n\n[^a]: Note *a*.\n[^b]: Note b.\n\n    More of b.\n"
    assert html(body) == (
        "<p>One<sup>[1]</sup> two<sup>[2]</sup> one<sup>[1]</sup><sup>[3]</sup></p>\n<hr>\n<ol>\n"
        "<li><p>Note b.</p>\n<p>More of b.</p>\n</li>\n<li><p>Note <em>a</em>.</p>\n</li>\n"
        "<li><p>Inline.</p>\n</li>\n</ol>\n"
    )


def test_a_footnote_that_nothing_points_to_is_not_lost() -> None:
    assert "<li><p>Note.</p>\n</li>" in html("One\n\n[^a]: Note.\n")
    assert [markup.text(b) for b in markup.blocks(markup.parse(html("One[^b]\n\n[^a]: A.\n[^b]: B.\n")))] == [
        "One[1]",
        "B.",
        "A.",
    ]


def test_a_mark_without_its_footnote_stays() -> None:
    assert html("One[^a]") == "<p>One[^a]</p>\n"


def test_task_lists_have_boxes() -> None:
    assert html("- [ ] 买\n- [x] done\n- [X]\tthis\n- [y](https://x.example/)\n- [ ]\n") == (
        "<ul>\n<li>☐ 买</li>\n<li>☑ done</li>\n<li>☑ this</li>\n"
        '<li><a href="https://x.example/" rel="noopener noreferrer">y</a></li>\n<li>[ ]</li>\n</ul>\n'
    )


def test_definition_lists_and_tables_and_strikethrough() -> None:
    assert html("词\n: 解释\n: another\n") == "<dl>\n<dt>词</dt>\n<dd>解释</dd>\n<dd>another</dd>\n</dl>\n"
    blocks = markup.blocks(markup.parse(html("| a | b |\n|---|:-:|\n| ~~c~~ | d |\n")))
    assert [(b.tag, markup.text(b)) for b in blocks] == [("th", "a"), ("th", "b"), ("td", "c"), ("td", "d")]


def test_html_may_stand_in_markdown() -> None:
    assert html(
        "# One\n\n<figure><img src='https://x.example/a.png'><figcaption>二</figcaption></figure>\n\n*three* <kbd>x</kbd>"
    ) == (
        '<h1>One</h1>\n<figure><img src="https://x.example/a.png"><figcaption>二</figcaption></figure>\n'
        "<p><em>three</em> <kbd>x</kbd></p>\n"
    )


def test_many_lines_take_no_longer_than_they_must() -> None:
    assert len(to_html("![](x)\n" * 20_000, ".md")) > 20_000
