from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc import languages

steady = settings(derandomize=True, deadline=None)


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("zh", "zh"),
        ("zh_cn", "zh-CN"),
        ("ZH-hant", "zh-Hant"),
        (" pt-br ", "pt-BR"),
        ("zho", "zh"),
        ("iw", "he"),
        ("no", "no"),
    ],
)
def test_tags_get_their_canonical_form(written: str, tag: str) -> None:
    assert languages.normalise(written) == tag


@pytest.mark.parametrize("written", ["", "und", "english", "xx", "12", "zh--cn", "中文", "en us"])
def test_what_is_no_language_has_no_tag(written: str) -> None:
    assert languages.normalise(written) is None


@steady
@given(st.text(max_size=12))
def test_normalising_twice_changes_nothing(written: str) -> None:
    tag = languages.normalise(written)
    assert tag is None or languages.normalise(tag) == tag


@pytest.mark.parametrize(
    ("tag", "script"),
    [
        ("zh", "Hans"),
        ("zh-CN", "Hans"),
        ("zh-TW", "Hant"),
        ("zh-Hant", "Hant"),
        ("ja", "Jpan"),
        ("ko", "Kore"),
        ("ar", "Arab"),
        ("sr", "Cyrl"),
        ("sr-Latn", "Latn"),
        ("en", "Latn"),
    ],
)
def test_each_language_has_a_usual_script(tag: str, script: str) -> None:
    assert languages.script(tag) == script


def test_names_are_english_and_without_region() -> None:
    assert languages.name("zh") == languages.name("zh-CN") == "Chinese"
    assert languages.name("zh-Hant") == "Chinese (Traditional)"
    assert languages.name("pt-BR") == "Portuguese"


def test_the_base_is_the_language_alone() -> None:
    assert languages.base("zh-Hant-TW") == "zh"
    assert languages.base("EN") == "en"


@pytest.mark.parametrize(
    ("tag", "direction"),
    [
        ("ar", "rtl"),
        ("fa", "rtl"),
        ("he", "rtl"),
        ("ur", "rtl"),
        ("az-Arab", "rtl"),
        ("az", "ltr"),
        ("zh", "ltr"),
    ],
)
def test_direction_follows_the_script(tag: str, direction: str) -> None:
    assert languages.direction(tag) == direction


@pytest.mark.parametrize(
    ("tag", "spaced"),
    [("zh", False), ("zh-TW", False), ("ja", False), ("th", False), ("ko", True), ("en", True), ("ru", True)],
)
def test_which_languages_put_spaces_between_words(tag: str, spaced: bool) -> None:
    assert languages.is_spaced(tag) is spaced


@pytest.mark.parametrize(
    ("text", "tag", "share"),
    [
        ("中文ab", "zh", 0.5),
        ("漢字かなカナ", "ja", 1.0),
        ("中文", "en", 0.0),
        ("ＦＵＬＬ", "en", 1.0),
        ("한국어", "ko", 1.0),
        ("2022年", "zh", 1.0),
        ("123 — …", "zh", 0.0),
        ("", "zh", 0.0),
    ],
)
def test_share_counts_letters_only(text: str, tag: str, share: float) -> None:
    assert languages.share_in_script(text, tag) == share


@pytest.mark.parametrize("text", ["a", "中", "7", "— x"])
def test_a_letter_or_figure_makes_words(text: str) -> None:
    assert languages.has_words(text)


@pytest.mark.parametrize("text", ["", " \n", "…", "***", "。，", "\u00a0"])
def test_punctuation_alone_is_no_words(text: str) -> None:
    assert not languages.has_words(text)


@pytest.mark.parametrize(
    ("text", "collapsed"),
    [
        ("  a\t b\n\nc ", "a b c"),
        ("一\n二", "一二"),
        ("一，  \r\n  二", "一，二"),
        ("一 二", "一 二"),
        ("一\nb", "一 b"),
        ("カ\nナ", "カナ"),
        ("한\n국", "한 국"),
    ],
)
def test_white_space_collapses_and_chinese_lines_join(text: str, collapsed: str) -> None:
    assert languages.collapse(text) == collapsed


@steady
@given(st.text(alphabet="a一。 \n\t\r\u3000", max_size=20))
def test_collapsing_loses_nothing_but_white_space(text: str) -> None:
    collapsed = languages.collapse(text)
    assert "".join(collapsed.split()) == "".join(text.split())
    assert languages.collapse(collapsed) == collapsed
