from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import pytest

from feedsvc import markup
from feedsvc.model import Entry, Pending, Segment, Translation, Verdict
from feedsvc.translate import article

Make = Callable[..., Entry]


def outline(entry: Entry, language: str = "zh") -> article.Outline:
    return article.outline(Pending(entry=entry, content_hash="", changed_at=None, previous=None), language)


def texts(unit: article.Unit) -> tuple[str, ...]:
    return tuple(sentence.text for sentence in unit.sentences)


def assembled(
    item: article.Outline,
    answers: Mapping[str, str] | None = None,
    *,
    failed: tuple[str, ...] = (),
    target_language: str = "en",
) -> Translation:
    """An entry put together again: each sentence with its answer, or as it is in brackets."""
    segments = {}
    for sentence in item.sentences():
        text = sentence.text
        verdict = Verdict.LOOP if text in failed else Verdict.GOOD
        target = text if text in failed else (answers or {}).get(text, f"[{text}]")
        segments[sentence] = Segment(source=text, target=target, verdict=verdict)
    return article.assemble(item, segments, {}, target_language=target_language, engine="e")


BODY = markup.inner_html(
    markup.canonical(
        markup.parse(
            "<h2>小标题</h2><p>第一句。第二句<br>第三句</p><ul><li>一<ul><li>二</li></ul></li></ul><pre>代码</pre>"
            '<figure><img src="/i.png" alt="图片" title="题"><figcaption>说明</figcaption></figure>'
            "<table><tr><td>甲</td><td>2026</td></tr></table><p><img src='/j.png' alt='  又一  张 '></p><p>  </p>"
        )
    )
)


def test_every_passage_of_an_entry_has_its_sentences(make_entry: Make) -> None:
    item = outline(
        make_entry(title="标题", summary="摘要一。摘要二。", categories=("新闻", "World"), body_html=BODY)
    )
    assert texts(item.title) == ("标题",)
    assert texts(item.summary) == ("摘要一。", "摘要二。")
    assert [texts(unit) for unit in item.categories] == [("新闻",), ("World",)]
    assert [texts(unit) for unit in item.attributes] == [("图片",), ("题",), ("又一 张",)]
    assert ("第一句。", "第二句", "第三句") in [texts(unit) for unit in item.blocks]


def test_as_many_passages_come_out_as_went_in(make_entry: Make) -> None:
    item = outline(make_entry(summary="摘要。", categories=("新闻", "World"), body_html=BODY))
    made = assembled(item)
    assert len(made.categories) == 2
    assert len(made.blocks) == len(item.blocks) == 7
    assert len(made.attributes) == 3
    assert [s.source for p in made.passages for s in p.segments] == [s.text for s in item.sentences()]


def test_an_entry_without_words_has_empty_passages(make_entry: Make) -> None:
    made = assembled(outline(make_entry(title="", summary="", body_html="")))
    assert [p.text for p in made.passages] == ["", ""]
    assert (made.blocks, made.attributes, made.categories) == ((), (), ())


def test_a_translation_says_what_it_was_made_of_and_by(make_entry: Make) -> None:
    entry = make_entry()
    made = assembled(outline(entry))
    assert (made.entry, made.target_language, made.engine) == (entry, "en", "e")


def test_sentences_stand_in_the_order_in_which_they_are_read(make_entry: Make) -> None:
    item = outline(
        make_entry(title="题", summary="摘", categories=("类",), body_html='<p>段<img alt="图" src="x"></p>')
    )
    assert [(s.text, s.language) for s in item.sentences()] == [(text, "zh") for text in "题摘类段图"]


@pytest.mark.parametrize(
    ("title", "clauses"),
    [
        ("拜登访华 双方会谈", ("拜登访华", "双方会谈")),
        ("甲 乙\u3000丙  丁", ("甲", "乙", "丙", "丁")),
        ("“甲” “乙”", ("“甲”", "“乙”")),
        ("拜登访华。双方会谈", ("拜登访华。", "双方会谈")),
        ("拜登 Biden 访华", ("拜登 Biden 访华",)),
        ("Biden visits China", ("Biden visits China",)),
        ("第 2 届会议", ("第 2 届会议",)),
        ("", ()),
    ],
)
def test_a_title_is_cut_at_the_gaps_between_its_clauses(
    make_entry: Make, title: str, clauses: tuple[str, ...]
) -> None:
    assert texts(outline(make_entry(title=title)).title) == clauses


def test_a_gap_in_a_paragraph_cuts_nothing(make_entry: Make) -> None:
    (block,) = outline(make_entry(body_html="<p>拜登访华 双方会谈</p>")).blocks
    assert texts(block) == ("拜登访华 双方会谈",)


@pytest.mark.parametrize(
    ("first", "joined"),
    [
        ("Biden visits.", "Biden visits; Both talk"),
        ("Biden visits the U.S.", "Biden visits the U.S.; Both talk"),
        ("Does Biden visit?", "Does Biden visit? Both talk"),
        ("Biden visits,", "Biden visits, Both talk"),
        ("Biden visits…", "Biden visits… Both talk"),
        ("Biden visits...", "Biden visits... Both talk"),
    ],
)
def test_the_clauses_of_a_title_are_joined_by_one_mark(make_entry: Make, first: str, joined: str) -> None:
    item = outline(make_entry(title="拜登访华 双方会谈"))
    assert assembled(item, {"拜登访华": first, "双方会谈": "Both talk."}).title.text == joined


def test_the_clauses_of_a_title_stand_side_by_side_in_a_language_without_spaces(make_entry: Make) -> None:
    item = outline(make_entry(title="Really? Yes. No", body_html=""), "en")
    made = assembled(item, {"Really?": "真的？", "Yes.": "是。", "No": "不"}, target_language="zh")
    assert made.title.text == "真的？是。不"


def test_a_summary_keeps_its_full_stops(make_entry: Make) -> None:
    item = outline(make_entry(summary="一。二。"))
    assert assembled(item, {"一。": "One.", "二。": "Two."}).summary.text == "One. Two."


def test_categories_and_attributes_end_without_a_full_stop(make_entry: Make) -> None:
    item = outline(make_entry(categories=("新闻",), body_html='<p><img src="x" alt="图"></p>'))
    made = assembled(item, {"新闻": "News.", "图": "A picture."})
    assert [p.text for p in (*made.categories, *made.attributes)] == ["News", "A picture"]


def test_a_block_is_html_and_all_else_is_plain_text(make_entry: Make) -> None:
    item = outline(make_entry(title="甲", summary="甲", body_html="<p>甲</p>"))
    made = assembled(item, {"甲": "A & <b>"})
    assert (made.title.text, made.summary.text) == ("A & <b>", "A & <b>")
    assert [p.text for p in made.blocks] == ["A &amp; &lt;b&gt;"]


def test_what_failed_is_shown_in_the_original_in_its_place(make_entry: Make) -> None:
    item = outline(make_entry(title="甲 乙", body_html="<p>一。二。</p>"))
    made = assembled(item, {"乙": "B", "二。": "Two."}, failed=("甲", "一。"))
    assert made.title.text == "[not translated] 甲; B"
    assert made.blocks[0].text == '[not translated] <span lang="zh" dir="ltr">一。</span> Two.'
    assert [p.is_complete for p in (made.title, made.blocks[0])] == [False, False]


@pytest.fixture
def waiting(make_entry: Make) -> list[article.Outline]:
    return [
        outline(
            make_entry(guid=str(i), title=f"第{i}条", body_html="<p>" + "一二三四五六七八九。" * n + "</p>")
        )
        for i, n in enumerate([600, 600, 600, 1, 1, 1, 4000, 1, 1400, 200, 1])
    ]


def size(group: list[article.Outline]) -> int:
    return sum(len(s.text) for item in group for s in item.sentences())


def test_groups_hold_every_entry_once_in_order(waiting: list[article.Outline]) -> None:
    assert [item for group in article.groups(waiting) for item in group] == waiting
    assert list(article.groups([])) == []


def test_groups_are_bounded_but_for_an_entry_that_is_larger_alone(waiting: list[article.Outline]) -> None:
    found = list(article.groups(waiting))
    assert [len(group) for group in found] == [2, 4, 1, 2, 2]
    assert all(size(group) <= article.GROUP_CHARS or len(group) == 1 for group in found)


def test_groups_are_as_large_as_the_bound_allows(waiting: list[article.Outline]) -> None:
    found = list(article.groups(waiting))
    for group, following in pairwise(found):
        assert size(group) + size(following[:1]) > article.GROUP_CHARS


def test_groups_that_are_left_are_those_of_a_run_that_was_not_killed(waiting: list[article.Outline]) -> None:
    found = list(article.groups(waiting))
    for done in range(len(found)):
        left = [item for group in found[done:] for item in group]
        assert list(article.groups(left)) == found[done:]


def test_distinct_sentences_stand_once_by_text_and_language(make_entry: Make) -> None:
    chinese = make_entry(title="甲", body_html="<p>乙。甲。乙。</p>")
    outlines = [outline(chinese), outline(chinese), outline(make_entry(title="甲", body_html=""), "ja")]
    assert [(s.text, s.language) for s in article.distinct(outlines)] == [
        ("甲", "zh"),
        ("乙。", "zh"),
        ("甲。", "zh"),
        ("甲", "ja"),
    ]
