from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from fakes import FakeTranslator
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import HtmlElement

from feedsvc import markup
from feedsvc.ingest.sanitize import sanitise
from feedsvc.model import Article, Entry, Layout, Pending, TitleLayout, Translation, Verdict
from feedsvc.publish import layout
from feedsvc.translate import article, batch

ENGLISH = {
    "标题": "Headline",
    "第一句。": "First sentence.",
    "第二句。": "Second sentence.",
    "一": "One",
    "二": "Two",
    "坏句。": "?",
    "国际": "World",
    "摘要。": "In short.",
    "图片": "picture",
    "提示": "hint",
    "Hallo Welt.": "مرحبا بالعالم.",
}
BILINGUAL = [Layout.INTERLEAVED, Layout.TRANSLATION, Layout.TRANSLATION_FIRST, Layout.SIDE_BY_SIDE]
RICH = """<h2>小标题</h2><p>前文<img src="https://i.example/1.png">中间<a href="https://a.example/1">链接</a>后文。</p>
<p><a href="https://a.example/2"><img src="https://i.example/2.png"></a></p>
<ul><li>第一项<ul><li>里面<a href="https://a.example/3">一项</a></li></ul></li><li>第二项</li></ul>
<ol><li><p>段落一</p><p>段落二</p></li></ol>
<table><caption>表题</caption><tr><th>列名</th><td>单元格<a href="https://a.example/4">甲</a></td></tr></table>
<figure><img src="https://i.example/3.png"><figcaption>图说</figcaption></figure>
<video src="https://i.example/4.mp4"></video><audio src="https://i.example/5.mp3"></audio>
<blockquote>引文</blockquote><dl><dt>词条</dt><dd>解释</dd></dl><details><summary>概要</summary>细节</details>
<div>区块</div><pre>x = "代码"</pre>散落的文字"""
#: two of these cannot stand side by side for one of the original
SHARED = ("h2", "li", "caption", "th", "td", "tr", "figcaption", "blockquote", "dt", "dd", "summary")


def entry_of(fragment: str, **changes: object) -> Entry:
    values: dict[str, object] = {
        "source_id": "news",
        "guid": "https://news.example/1",
        "title": "标题",
        "language": "zh",
        "body_html": sanitise(fragment, base_url=None),
    }
    return Entry(**(values | changes))  # type: ignore[arg-type]


def translate(entry: Entry, target_language: str = "en") -> Translation:
    translator = FakeTranslator()
    translator.answers = translator.careful_answers = dict(ENGLISH)
    language = entry.language or "und"
    pending = Pending(entry=entry, content_hash="", changed_at=None, previous=None)
    engine = "" if language == target_language else translator.engine(language, target_language)
    done = batch.translate_group(
        [article.outline(pending, language)],
        translator,
        {language: engine},
        target_language=target_language,
        recall=lambda keys: {},
    )
    return done.translations[0][1]


def html_of(fragment: str, how: Layout = Layout.INTERLEAVED, **changes: object) -> str:
    entry = entry_of(fragment, **changes)
    return layout.body(entry, translate(entry), how, with_credit=False)


def tree_of(fragment: str, how: Layout, **changes: object) -> HtmlElement:
    return markup.parse(html_of(fragment, how, **changes))


def texts(root: HtmlElement) -> Iterator[tuple[str, HtmlElement]]:
    """Each piece of text outside `<pre>`, and the element around it."""
    for element in root.iter():
        if element.tag != "pre":
            if (element.text or "").strip():
                yield element.text or "", element
            for child in element:
                if (child.tail or "").strip():
                    yield child.tail or "", element


def failure_of(sentence: str) -> str:
    """Why a sentence is not translated."""
    (segment,) = translate(entry_of(f"<p>{sentence}</p>")).blocks[0].segments
    return segment.verdict.value


def labels(element: HtmlElement) -> tuple[str | None, str | None]:
    """`lang` and `dir` that hold for an element."""
    labelled = next((e for e in [element, *element.iterancestors()] if e.get("lang")), element)
    return labelled.get("lang"), labelled.get("dir")


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)


def addresses(root: HtmlElement) -> Counter[str]:
    """Addresses of all that is seen or followed."""
    return Counter(f"{e.tag} {e.get('href') or e.get('src')}" for e in root.iter("a", *markup.MEDIA))


@pytest.mark.parametrize("how", Layout)
def test_every_text_says_its_language_and_direction(how: Layout) -> None:
    found = list(texts(tree_of(RICH, how)))
    assert len(found) >= 17
    for text, element in found:
        assert labels(element) == ("zh" if is_chinese(text) else "en", "ltr"), text


@pytest.mark.parametrize("how", Layout)
def test_every_picture_film_and_link_is_there_exactly_once(how: Layout) -> None:
    original = addresses(markup.parse(entry_of(RICH).body_html))
    assert len(original) == 9
    assert addresses(tree_of(RICH, how)) == original


@pytest.mark.parametrize("how", BILINGUAL)
def test_as_many_blocks_come_out_as_went_in(how: Layout) -> None:
    blocks = markup.blocks(markup.parse(entry_of(RICH).body_html))
    translated = tree_of(RICH, how).xpath('.//*[@lang="en"]')
    assert len(translated) == len(blocks) == 18
    assert all(markup.text(e).startswith("English ") for e in translated)


@pytest.mark.parametrize(
    "how", [Layout.INTERLEAVED, Layout.TRANSLATION_FIRST, Layout.SIDE_BY_SIDE, Layout.ORIGINAL]
)
def test_the_original_is_there_in_full(how: Layout) -> None:
    root = tree_of(RICH, how)
    originals = [markup.text(e) for e in root.xpath('.//*[@lang="zh"]')]
    assert originals == [markup.text(e) for e in markup.blocks(markup.parse(entry_of(RICH).body_html))]


def test_nothing_of_the_original_is_left_in_the_layout_translation() -> None:
    assert not [text for text, _ in texts(tree_of(RICH, Layout.TRANSLATION)) if is_chinese(text)]


@pytest.mark.parametrize("how", [Layout.INTERLEAVED, Layout.TRANSLATION])
def test_items_cells_headings_and_captions_do_not_multiply(how: Layout) -> None:
    original, shown = markup.parse(entry_of(RICH).body_html), tree_of(RICH, how)
    for tag in SHARED:
        assert len(shown.findall(f".//{tag}")) == len(original.findall(f".//{tag}")) > 0, tag


@pytest.mark.parametrize("how", [Layout.INTERLEAVED, Layout.TRANSLATION])
def test_code_is_left_alone_and_stands_once(how: Layout) -> None:
    assert html_of(RICH, how).count('<pre>x = "代码"</pre>') == 1


def test_side_by_side_headings_paragraphs_and_lists_share_one_table_row_for_row() -> None:
    shown = html_of("<h2>一</h2><p>第一句。</p><ul><li>一</li><li>二</li></ul>", Layout.SIDE_BY_SIDE)
    assert shown == (
        '<table width="100%" cellpadding="6" dir="ltr" class="feedsvc-beside">'
        '<tr><td width="50%" valign="top"><h2 lang="en" dir="ltr">One</h2></td>'
        '<td width="50%" valign="top"><p lang="zh" dir="ltr"><b>一</b></p></td></tr>'
        '<tr><td width="50%" valign="top"><p lang="en" dir="ltr">First sentence.</p></td>'
        '<td width="50%" valign="top"><p lang="zh" dir="ltr">第一句。</p></td></tr>'
        '<tr><td width="50%" valign="top"><ul><li lang="en" dir="ltr">One</li><li lang="en" dir="ltr">Two</li></ul></td>'
        '<td width="50%" valign="top"><ul><li lang="zh" dir="ltr">一</li><li lang="zh" dir="ltr">二</li></ul></td></tr>'
        "</table>"
    )


@pytest.mark.parametrize(
    "wrapped",
    ["<div>{}</div>", "<section><div>\n{}\n</div></section>", "<article>{}<pre>x</pre></article>"],
)
def test_side_by_side_the_rows_are_those_of_what_lies_in_a_wrapper(wrapped: str) -> None:
    inner = "<p>第一句。</p>\n<figure><figcaption>一</figcaption></figure><h2>二</h2><p>第二句。</p>"
    shown = tree_of(wrapped.format(inner), Layout.SIDE_BY_SIDE)
    rows = [[markup.text(cell) for cell in row] for row in shown.iter("tr")]
    assert rows == [["First sentence.", "第一句。"], ["Two", "二"], ["Second sentence.", "第二句。"]]


def test_side_by_side_bare_text_in_a_wrapper_has_a_row() -> None:
    shown = tree_of("<div>第一句。<p>第二句。</p></div>", Layout.SIDE_BY_SIDE)
    rows = [[markup.text(cell) for cell in row] for row in shown.iter("tr")]
    assert rows == [["First sentence.", "第一句。"], ["Second sentence.", "第二句。"]]


@pytest.mark.parametrize(
    "between", ["<p>Reuters</p>", '<img src="https://i.example/1.png">', "<hr>", "<pre>x</pre>"]
)
def test_side_by_side_what_is_shown_once_stands_between_two_tables(between: str) -> None:
    root = tree_of(f"<p>第一句。</p>{between}<p>第二句。</p>", Layout.SIDE_BY_SIDE)
    assert [e.tag for e in root if e.tag == "table"] == ["table", "table"]
    assert root[0].tag == root[-1].tag == "table"
    assert len(root) == 3


def test_side_by_side_a_table_of_the_source_does_not_stand_in_another() -> None:
    root = tree_of("<table><tr><td>一</td></tr></table>", Layout.SIDE_BY_SIDE)
    (table,) = root.iter("table")
    assert [markup.text(cell) for cell in table.iter("td")] == ["One 一"]


@pytest.mark.parametrize(
    ("fragment", "tag"),
    [
        ("<ul><li>مرحبا</li></ul>", "ul"),
        ("<ol><li>مرحبا</li></ol>", "ol"),
        ("<blockquote><p>مرحبا</p></blockquote>", "blockquote"),
        ("<table><tr><td>مرحبا</td></tr></table>", "table"),
        ("<dl><dt>مرحبا</dt></dl>", "dl"),
    ],
)
@pytest.mark.parametrize("language", ["ar", "he", "fa", "ur"])
def test_marks_columns_and_edges_of_the_original_stand_on_its_side(
    fragment: str, tag: str, language: str
) -> None:
    root = tree_of(fragment, Layout.ORIGINAL, language=language)
    assert next(root.iter(tag)).get("dir") == "rtl"


@pytest.mark.parametrize("how", BILINGUAL)
def test_what_stands_around_a_translation_runs_as_it_does(how: Layout) -> None:
    root = tree_of('<div dir="rtl"><p>مرحبا</p><ul dir="rtl"><li>مرحبا</li></ul></div>', how, language="ar")
    assert root[0].get("dir") == "ltr"
    assert next(root.iter("ul")).get("dir") == "ltr"


RTL = """<h2>عنوان</h2><p>نص فيه <a href="https://a.example/1">رابط</a> هنا.</p><ul><li>واحد</li></ul>
<table><caption>جدول</caption><tr><th>اسم</th><td>قيمة</td></tr></table><blockquote>اقتباس</blockquote>
<figure><img src="https://i.example/1.png"><figcaption>صورة</figcaption></figure>
<dl><dt>كلمة</dt><dd>شرح</dd></dl>"""


@pytest.mark.parametrize("how", Layout)
def test_every_text_from_right_to_left_says_so_and_its_translation_does_not(how: Layout) -> None:
    found = list(texts(tree_of(RTL, how, language="ar")))
    assert len(found) >= 10
    for text, element in found:
        expected = ("ar", "rtl") if any("\u0600" <= c <= "\u06ff" for c in text) else ("en", "ltr")
        assert labels(element) == expected, text


BLOCKS_OF_ALL_KINDS = {
    "h1": "<h1>{}</h1>",
    "h6": "<h6>{}</h6>",
    "p": "<p>{}</p>",
    "div": "<div>{}</div>",
    "li": "<ul><li>{}</li></ul>",
    "nested li": "<ol><li><p>{}</p></li></ol>",
    "dt": "<dl><dt>{}</dt></dl>",
    "dd": "<dl><dd>{}</dd></dl>",
    "td": "<table><tr><td>{}</td></tr></table>",
    "th": "<table><tr><th>{}</th></tr></table>",
    "caption": "<table><caption>{}</caption><tr><td>1</td></tr></table>",
    "figcaption": '<figure><img src="https://i.example/1.png"><figcaption>{}</figcaption></figure>',
    "blockquote": "<blockquote>{}</blockquote>",
    "summary": "<details><summary>{}</summary></details>",
    "bare": "{}",
}


@pytest.mark.parametrize("how", Layout)
@pytest.mark.parametrize("fragment", BLOCKS_OF_ALL_KINDS.values(), ids=BLOCKS_OF_ALL_KINDS)
def test_each_kind_of_block_shows_the_languages_of_the_layout_once(how: Layout, fragment: str) -> None:
    shown = markup.text(tree_of(fragment.format("第一句。"), how))
    wanted = {
        Layout.ORIGINAL: (0, 1),
        Layout.TRANSLATION: (1, 0),
    }.get(how, (1, 1))
    assert (shown.count("First sentence."), shown.count("第一句。")) == wanted


@pytest.mark.parametrize("fragment", BLOCKS_OF_ALL_KINDS.values(), ids=BLOCKS_OF_ALL_KINDS)
def test_interleaved_the_original_is_quiet_without_styles(fragment: str) -> None:
    root = tree_of(fragment.format("第一句。"), Layout.INTERLEAVED)
    (quiet,) = (e for e in root.iter() if e.text == "第一句。")
    assert quiet.tag == "small"


def test_side_by_side_a_paragraph_and_its_original_share_a_row() -> None:
    (table,) = tree_of("<p>第一句。</p>", Layout.SIDE_BY_SIDE).findall("table")
    assert [(markup.text(cell), cell.get("width")) for cell in table.iter("td")] == [
        ("First sentence.", "50%"),
        ("第一句。", "50%"),
    ]


def test_interleaved_a_paragraph_is_followed_by_its_original() -> None:
    assert html_of("<p>第一句。</p><p>第二句。</p>") == (
        '<p lang="en" dir="ltr" class="feedsvc-translation">First sentence.</p>'
        '<p lang="zh" dir="ltr" class="feedsvc-original"><small>第一句。</small></p>'
        '<p lang="en" dir="ltr" class="feedsvc-translation">Second sentence.</p>'
        '<p lang="zh" dir="ltr" class="feedsvc-original"><small>第二句。</small></p>'
    )


@pytest.mark.parametrize("how", BILINGUAL)
def test_what_stands_between_two_paragraphs_stays_between_them(how: Layout) -> None:
    shown = html_of("<p>第一句。</p>—<p>Reuters</p>", how).split("<hr>")[0]
    before, after = shown.split("—")
    assert markup.text(markup.parse(before)).startswith("First sentence.")
    assert after == "<p>Reuters</p>"


def test_interleaved_a_list_item_holds_both_languages() -> None:
    assert html_of("<ul><li>一</li></ul>") == (
        '<ul><li><span lang="en" dir="ltr" class="feedsvc-translation">One</span><br>'
        '<small lang="zh" dir="ltr" class="feedsvc-original">一</small></li></ul>'
    )


def test_the_original_of_a_link_is_no_second_link() -> None:
    shown = html_of('<p><a href="https://a.example/">第一句。</a></p>')
    assert "<small>第一句。</small>" in shown
    assert shown.count("<a ") == 1


def test_translation_alone_replaces_each_block() -> None:
    assert html_of("<p>第一句。</p><h2>一</h2>", Layout.TRANSLATION) == (
        '<p lang="en" dir="ltr">First sentence.</p><h2 lang="en" dir="ltr">One</h2>'
    )


@pytest.mark.parametrize("how", Layout)
@pytest.mark.parametrize(
    "film",
    [
        '<video src="https://i.example/1.mp4"><img src="https://i.example/1.png"></video>',
        '<video src="https://i.example/1.mp4"><p><img src="https://i.example/1.png"></p></video>',
        '<video src="https://i.example/1.mp4">观看</video>',
    ],
)
@pytest.mark.parametrize("around", ["<p>{}</p>", "<p>段落{}</p>", "<p>段落</p>{}", "<figure>{}说明</figure>"])
def test_a_film_is_there_once_with_what_stands_in_it(film: str, around: str, how: Layout) -> None:
    body = html_of(around.format(film), how)
    assert body.count("<video") == body.count("1.mp4") == 1
    assert body.count("<img") == film.count("<img")


def test_beside_a_heading_with_blocks_in_it_its_original_holds_them_too() -> None:
    body = html_of("<h2>标题<aside>小标题</aside></h2>", Layout.SIDE_BY_SIDE)
    assert body.count("<h2") == 1
    assert re.search(r"<div><b>.*标题.*<aside.*小标题.*</b></div>", body)


def test_translation_first_is_followed_by_the_whole_original() -> None:
    assert html_of("<p>第一句。</p><p>第二句。</p>", Layout.TRANSLATION_FIRST) == (
        '<p lang="en" dir="ltr">First sentence.</p><p lang="en" dir="ltr">Second sentence.</p><hr>'
        '<p lang="zh" dir="ltr">第一句。</p><p lang="zh" dir="ltr">第二句。</p>'
    )


def test_the_layout_original_only_labels() -> None:
    assert html_of("<p>第一句。</p>", Layout.ORIGINAL) == '<p lang="zh" dir="ltr">第一句。</p>'


@pytest.mark.parametrize("how", [Layout.INTERLEAVED, Layout.TRANSLATION])
def test_a_block_that_failed_is_shown_once_in_the_original_and_marked(how: Layout) -> None:
    shown = html_of('<p>坏句。<a href="https://a.example/">坏句。</a></p><p>第一句。</p>', how)
    assert shown.startswith('<p lang="zh" dir="ltr">[not translated] 坏句。<a href="https://a.example/"')
    assert shown.count("坏句。") == 2
    assert shown.count("[not translated]") == 1
    assert "First sentence." in shown


@pytest.mark.parametrize("how", [Layout.INTERLEAVED, Layout.TRANSLATION])
def test_of_a_block_that_failed_in_part_only_that_part_is_marked(how: Layout) -> None:
    block = tree_of("<p>第一句。坏句。第二句。</p>", how)[0]
    assert markup.text(block) == "First sentence. [not translated] 坏句。 Second sentence."
    (failed,) = block.xpath('.//*[@lang="zh"]')
    assert (failed.text, failed.get("dir"), block.get("lang")) == ("坏句。", "ltr", "en")


@pytest.mark.parametrize("how", [Layout.INTERLEAVED, Layout.TRANSLATION])
def test_a_block_that_needs_no_translation_is_shown_once_and_unmarked(how: Layout) -> None:
    shown = html_of("<p>Reuters, 2026</p><ul><li>123</li></ul><p>第一句。</p>", how)
    assert shown.startswith("<p>Reuters, 2026</p><ul><li>123</li></ul>")
    assert shown.count("Reuters") == shown.count("123") == 1


@pytest.mark.parametrize("how", BILINGUAL)
def test_an_article_in_the_target_language_is_shown_once_as_it_is(how: Layout) -> None:
    body = '<p>Already <a href="https://a.example/" rel="noopener noreferrer">English</a>.</p>'
    assert html_of(body, how, language="en") == body


@pytest.mark.parametrize("how", Layout)
def test_an_article_without_a_body_has_none(how: Layout) -> None:
    assert html_of("", how) == ""


@pytest.mark.parametrize("how", Layout)
def test_an_article_that_is_not_translated_says_so_and_is_shown_in_the_original(how: Layout) -> None:
    assert layout.body(entry_of("— <p>第一句。</p>"), None, how, with_credit=True) == (
        '<p lang="en" dir="ltr"><small>[not translated] This article is still in Chinese.</small></p>'
        '— <p lang="zh" dir="ltr">第一句。</p>'
    )


def test_an_article_in_an_unknown_language_says_so() -> None:
    entry = entry_of("<p>第一句。</p>", language=None)
    assert layout.body(entry, None, Layout.INTERLEAVED, with_credit=True) == (
        '<p lang="en" dir="ltr"><small>[not translated] The language of this article is not known.</small></p>'
        "<p>第一句。</p>"
    )


def test_arabic_runs_from_right_to_left_and_its_translation_does_not() -> None:
    shown = tree_of("<p>مرحبا بالعالم.</p><ul><li>مرحبا</li></ul>", Layout.INTERLEAVED, language="ar")
    found = {(e.get("lang"), e.get("dir")) for e in shown.xpath(".//*[@lang]")}
    assert found == {("ar", "rtl"), ("en", "ltr")}


def test_a_translation_into_arabic_runs_from_right_to_left() -> None:
    entry = entry_of("<p>Hallo Welt.</p>", language="de")
    assert layout.body(entry, translate(entry, "ar"), Layout.TRANSLATION, with_credit=False) == (
        '<p lang="ar" dir="rtl">مرحبا بالعالم.</p>'
    )


@pytest.mark.parametrize("how", BILINGUAL)
def test_words_in_attributes_are_translated_wherever_they_stand(how: Layout) -> None:
    root = tree_of(
        '<p>第一句<img src="in.png" alt="图片">。<a href="https://a.example/" title="提示">第二句。</a></p>'
        '<figure><img src="out.png" alt="图片"></figure><p><abbr title="提示">坏句。</abbr></p>',
        how,
    )
    assert [e.get("alt") for e in root.iter("img")] == ["picture", "picture"]
    assert [e.get("title") for e in root.iter("a")] == ["hint"]
    assert next(root.iter("abbr")).get("title") == "hint"


@pytest.mark.parametrize("how", [Layout.INTERLEAVED, Layout.TRANSLATION_FIRST])
def test_words_in_attributes_of_the_original_stay(how: Layout) -> None:
    root = tree_of('<p title="提示">第一句。</p>', how)
    assert [(e.get("lang"), e.get("title")) for e in root.xpath(".//p[@title]")] == [
        ("en", "hint"),
        ("zh", "提示"),
    ]


@pytest.mark.parametrize("how", [Layout.ORIGINAL])
def test_attributes_of_the_layout_original_are_not_translated(how: Layout) -> None:
    assert 'alt="图片"' in html_of('<p><img src="a.png" alt="图片"></p>', how)


def made(now: datetime, fragment: str = "<p>第一句。</p>", **changes: object) -> Article:
    entry = entry_of(fragment, **changes)
    return Article(entry=entry, translation=translate(entry), dated_at=now, changed_at=None)


@pytest.mark.parametrize(
    ("how", "shown"),
    [
        (TitleLayout.TRANSLATION_FIRST, "Headline · 标题"),
        (TitleLayout.ORIGINAL_FIRST, "标题 · Headline"),
        (TitleLayout.TRANSLATION, "Headline"),
        (TitleLayout.ORIGINAL, "标题"),
    ],
)
def test_a_title_shows_the_languages_of_its_layout(now: datetime, how: TitleLayout, shown: str) -> None:
    assert layout.title(made(now), how) == shown


@pytest.mark.parametrize(
    "how", [TitleLayout.TRANSLATION_FIRST, TitleLayout.ORIGINAL_FIRST, TitleLayout.TRANSLATION]
)
def test_a_title_that_failed_is_marked(now: datetime, how: TitleLayout) -> None:
    assert layout.title(made(now, title="坏句。"), how) == "[not translated] 坏句。"


def test_the_title_layout_original_never_marks(now: datetime) -> None:
    assert layout.title(made(now, title="坏句。"), TitleLayout.ORIGINAL) == "坏句。"


@pytest.mark.parametrize("how", TitleLayout)
def test_a_title_that_needs_no_translation_is_shown_once(now: datetime, how: TitleLayout) -> None:
    assert layout.title(made(now, title="COP31"), how) == "COP31"


@pytest.mark.parametrize("how", TitleLayout)
def test_without_a_translation_the_title_is_the_original(now: datetime, how: TitleLayout) -> None:
    assert layout.title(replace(made(now), translation=None), how) == "标题"


def test_a_missing_title_is_made_of_the_body_in_the_language_of_the_layout(now: datetime) -> None:
    article = made(now, '<p>第一句。<a href="https://a.example/">第二句。</a></p>', title="")
    assert layout.title(article, TitleLayout.TRANSLATION_FIRST) == "First sentence. Second sentence."
    assert layout.title(article, TitleLayout.ORIGINAL) == "第一句。第二句。"
    assert layout.title(replace(article, translation=None), TitleLayout.TRANSLATION) == "第一句。第二句。"


def test_a_title_made_of_the_body_is_short(now: datetime) -> None:
    title = layout.title(made(now, "<p>第一句。</p>" * 20, title=""), TitleLayout.TRANSLATION)
    assert title == " ".join(["First sentence."] * 5) + "…"


def test_without_title_and_text_the_guid_is_the_title(now: datetime) -> None:
    article = made(now, '<img src="a.png">', title="")
    assert layout.title(article, TitleLayout.TRANSLATION) == "https://news.example/1"


def test_the_summary_of_the_source_is_translated(now: datetime) -> None:
    article = made(now, summary="摘要。")
    assert layout.summary(article) == "In short."
    assert layout.summary(replace(article, translation=None)) == "摘要。"


def test_a_missing_summary_is_the_beginning_of_the_body(now: datetime) -> None:
    article = made(now, '<p>第一句。</p><p><img src="a.png">第二句。</p>')
    assert layout.summary(article) == "First sentence. Second sentence."
    assert layout.summary(replace(article, translation=None)) == "第一句。 第二句。"


def test_a_long_summary_is_cut_at_a_word(now: datetime) -> None:
    article = made(now, "<p>第一句。</p>" * 40)
    whole = " ".join(["First sentence."] * 40)
    short = layout.summary(article)
    assert short.endswith("…")
    assert whole.startswith(short[:-1])
    assert short.split()[-1].rstrip("…") in ("First", "sentence.")
    assert 280 < len(short) <= 301


def test_a_long_summary_without_spaces_is_cut_anywhere(now: datetime) -> None:
    article = replace(made(now, f"<p>{'字' * 400}</p>"), translation=None)
    assert layout.summary(article) == "字" * 300 + "…"


def test_the_credit_says_what_translated_and_how_much() -> None:
    entry = entry_of("<p>第一句。</p><p>坏句。</p><p>第一句。坏句。</p><p>2026</p>")
    assert (layout.credit(translate(entry)) or "").startswith(
        "Machine-translated from Chinese by fake zh_en 1, 1 of 3 paragraphs."
    )


def test_the_credit_says_why_sentences_stand_in_the_original() -> None:
    line = layout.credit(translate(entry_of("<p>第一句。</p><p>坏句。</p><p>第一句。坏句。</p>"))) or ""
    assert line.endswith(
        "1 of 3 paragraphs. 2 sentences stand in the original, marked [not translated], "
        f"because the translation failed a check: {failure_of('坏句。')}."
    )


def test_the_credit_says_that_a_term_of_the_glossary_is_missing() -> None:
    made = translate(entry_of("<p>第一句。</p>"))
    (block,) = made.blocks
    doubtful = replace(block, segments=tuple(replace(s, verdict=Verdict.TERMS) for s in block.segments))
    assert layout.credit(replace(made, blocks=(doubtful,))) == (
        "Machine-translated from Chinese by fake zh_en 1, 1 of 1 paragraph. "
        "1 sentence may name something otherwise than the glossary does."
    )


def test_the_credit_of_a_headline_alone_counts_no_paragraphs() -> None:
    assert layout.credit(translate(entry_of(""))) == "Machine-translated from Chinese by fake zh_en 1."


def test_there_is_no_credit_where_nothing_was_translated() -> None:
    assert layout.credit(translate(entry_of("<p>2026</p>", title="COP31"))) is None
    assert layout.credit(translate(entry_of("<p>English.</p>", title="English", language="en"))) is None
    assert layout.credit(replace(translate(entry_of("<p>第一句。</p>")), engine="")) is None


@pytest.mark.parametrize("how", BILINGUAL)
def test_the_credit_is_the_last_line_and_can_be_switched_off(how: Layout) -> None:
    entry = entry_of("<p>第一句。</p>")
    without = layout.body(entry, translate(entry), how, with_credit=False)
    line = (
        '<p lang="en" dir="ltr"><small>'
        "Machine-translated from Chinese by fake zh_en 1, 1 of 1 paragraph.</small></p>"
    )
    assert layout.body(entry, translate(entry), how, with_credit=True) == without + line


def test_the_original_owes_no_credit() -> None:
    entry = entry_of("<p>第一句。</p>")
    assert "Machine" not in layout.body(entry, translate(entry), Layout.ORIGINAL, with_credit=True)


def test_categories_keep_their_term_under_a_translated_label(now: datetime) -> None:
    article = made(now, categories=("国际", "COP31"))
    assert layout.categories(article) == (("国际", "World"), ("COP31", "COP31"))
    assert layout.categories(replace(article, translation=None)) == (("国际", "国际"), ("COP31", "COP31"))


WORDS = st.sampled_from(
    ["今天下雨。", "坏句。", "他说：“好。”", "2026年，", "Reuters", "7", "—", " ", "\n", "&amp;&lt;"]
)
NUMBERS = st.integers(0, 9)
INLINE = st.recursive(
    st.one_of(
        WORDS,
        NUMBERS.map(lambda n: f'<img src="https://i.example/{n}.png" alt="图片">'),
        NUMBERS.map(lambda n: f'<video src="https://i.example/{n}.mp4"></video>'),
        st.just("<br>"),
    ),
    lambda inner: st.builds(
        lambda parts, around: around.format("".join(parts)),
        st.lists(inner, max_size=3),
        st.one_of(
            st.sampled_from(
                ["<em>{}</em>", "<strong>{}</strong>", "<code>{}</code>", "<abbr title='提示'>{}</abbr>"]
            ),
            NUMBERS.map(lambda n: f'<a href="https://a.example/{n}">{{}}</a>'),
        ),
    ),
    max_leaves=6,
)
BLOCKS = st.recursive(
    st.lists(INLINE, max_size=4).map("".join),
    lambda inner: st.builds(
        lambda parts, around: around.format("".join(parts)),
        st.lists(inner, min_size=1, max_size=3),
        st.sampled_from(
            [
                "<p>{}</p>",
                "<h2>{}</h2>",
                "<div>{}</div>",
                "<ul><li>{}</li></ul>",
                "<table><tr><td>{}</td></tr></table>",
                "<figure>{}</figure>",
                "<figure><figcaption>{}</figcaption></figure>",
                "<blockquote>{}</blockquote>",
                "<details><summary>题</summary>{}</details>",
                "<pre>{}</pre>",
                '<a href="https://a.example/block">{}</a>',
            ]
        ),
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.lists(BLOCKS, max_size=3).map("".join))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_whatever_the_body_no_picture_and_no_link_is_lost_or_doubled(fragment: str) -> None:
    entry = entry_of(fragment)
    translation = translate(entry)
    original = addresses(markup.parse(entry.body_html))
    for how in Layout:
        shown = layout.body(entry, translation, how, with_credit=True)
        assert addresses(markup.parse(shown)) == original
