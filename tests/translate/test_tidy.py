from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.translate.tidy import as_title, tidy


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("Hello，world。", "Hello, world."),
        ("First。Second！Third？", "First. Second! Third?"),
        ("He said：（“no”）；she left", "He said:(“no”); she left"),
        ("《War and Peace》", "“War and Peace”"),
        ("「Yes」, 『no』 and 【so on】", "“Yes”, ‘no’ and [so on]"),
        ("50 ％ of it", "50% of it"),
        ("Joe・Biden", "Joe·Biden"),
        ("full\u3000width  and \t wide", "full width and wide"),
        ("Hello , world !", "Hello, world!"),
        ("wait ... what ?!", "wait... what?!"),
        ("“ Stop ” ( now )", "“Stop” (now)"),
        ("Biden ’s plan", "Biden’s plan"),
        ("Yes,no;so!What", "Yes, no; so! What"),
        (" edges ", "edges"),
    ],
)
def test_a_translation_gets_the_punctuation_of_its_language(text: str, tidied: str) -> None:
    assert tidy(text, "en") == tidied


@pytest.mark.parametrize(
    "text",
    [
        "3,475 people at 10:30",
        "1,2,3",
        "see https://x.example/?id=5&a,b;c!d now",
        "the .NET framework rose .5 percent",
        "the ’90s",
        "the U.S. (and others), e.g. “this”",
        "乔·拜登",
    ],
)
def test_what_is_right_already_is_left_alone(text: str) -> None:
    assert tidy(text, "en") == text


def test_a_full_width_number_keeps_its_comma_without_a_space() -> None:
    assert tidy("1，000 people", "en") == "1,000 people"


def test_a_language_without_spaces_keeps_its_punctuation() -> None:
    assert tidy(" 你好，《世界》。 ", "zh") == "你好，《世界》。"


@settings(derandomize=True, deadline=None)
@given(st.text(st.sampled_from("ab1 。，！？：；（）“”‘’.,!?:;()[]%'’\t\u3000中"), max_size=30))
def test_what_is_tidy_stays_so(text: str) -> None:
    once = tidy(text, "en")
    assert tidy(once, "en") == once


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Biden meets Macron.", "Biden meets Macron"),
        ("China's economy grows 2.5%.", "China's economy grows 2.5%"),
        ("Biden meets Macron", "Biden meets Macron"),
        ("Troops leave the U.S.", "Troops leave the U.S."),
        ("Wait...", "Wait..."),
        ("Really?", "Really?"),
        ("He came. She left.", "He came. She left."),
        ("Version 2.0", "Version 2.0"),
        ("", ""),
    ],
)
def test_a_title_ends_without_the_full_stop_of_its_only_sentence(text: str, title: str) -> None:
    assert as_title(text) == title
