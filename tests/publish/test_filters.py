from __future__ import annotations

import pytest
from publish.test_publish import article, good

from feedsvc.model import Article, Filters
from feedsvc.publish.filters import refusal


def made() -> Article:
    return article(
        title="经济新闻",
        body="<p>他用iPhone说：<b>特朗普</b>来了。</p>",
        headline=good("News of the Economy", "经济新闻"),
        blocks=(good("<b>Trump</b> came, he said on his iPhone.", "他说。"),),
        labels=(good("World", "国际"),),
        categories=("国际",),
        language="zh-Hans",
    )


@pytest.mark.parametrize(
    "word",
    ["经济", "特朗普", "iphone", "economy", "TRUMP", "ｔｒｕｍｐ", "he said", "国际", "world", "用iPhone"],
)
def test_a_word_is_found_in_either_language(word: str) -> None:
    assert refusal(Filters(include=("nothing", word)), made()) is None
    assert refusal(Filters(exclude=(word,)), made()) is not None


@pytest.mark.parametrize("word", ["econ", "conomy", "phone", "rump", "hes", "政治", "c++", "e.o"])
def test_a_part_of_a_word_is_not_that_word(word: str) -> None:
    assert refusal(Filters(include=(word,)), made()) == "none of the words that are asked for is in it"
    assert refusal(Filters(exclude=(word,)), made()) is None


def test_the_original_is_looked_through_where_there_is_no_translation() -> None:
    assert refusal(Filters(include=("特朗普",)), article(body="<p>特朗普</p>", is_translated=False)) is None


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        (Filters(categories=("world", "Sport")), None),
        (Filters(categories=("国际",)), None),
        (Filters(categories=("国",)), "none of its categories is asked for"),
        (Filters(exclude_categories=("Sport", "WORLD")), 'it has the excluded category "WORLD"'),
        (Filters(languages=("zh",)), None),
        (Filters(languages=("zh-Hans",)), None),
        (Filters(languages=("ar", "zh-Hant")), "its language is zh-Hans"),
        (Filters(include=("Trump",), exclude=("economy",)), 'the excluded word "economy" is in it'),
        (Filters(include=("Trump",), languages=("ar",)), "its language is zh-Hans"),
        (Filters(), None),
    ],
)
def test_all_that_is_given_must_hold(filters: Filters, why: str | None) -> None:
    assert refusal(filters, made()) == why
