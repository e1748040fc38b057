from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc import languages
from feedsvc.translate.sentences import MAX_CHARS_SPACED, MAX_CHARS_UNSPACED, cut, split

#: part, language, and text with ‖ where a sentence ends; the file says the rest
GOLD = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "gold" / "sentences.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
#: the share of the items of a part that has to be right
RATES = {"tuned": 0.97, "held": 0.92}

LANGUAGES = st.sampled_from(["zh", "en", "ar", "th"])
TEXTS = st.text(
    st.sampled_from("字天 。，！？；：、“”「」（）…abcI.!?,;:—\"'3475\t\n। ؟é\u0301😀"), max_size=400
) | st.text(max_size=200)


def pieces(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in split(text, language)]


def sentences(marked: str) -> list[str]:
    return [part.strip() for part in marked.split("‖")]


def joined(texts: list[str], language: str) -> str:
    return (" " if languages.is_spaced(language) else "").join(texts)


def news(language: str) -> st.SearchStrategy[tuple[str, str]]:
    """A language and a text of sentences of the gold set, the last of them in a quotation or not."""
    known = [s for _, of, marked in GOLD if of == language for s in sentences(marked)]
    told = st.lists(st.sampled_from(known), min_size=1, max_size=12).map(
        lambda texts: joined(texts, language)
    )
    quoted = st.tuples(told, told).map(lambda two: f"{two[0]}他说：“{two[1]}”")
    return st.tuples(st.just(language), told | quoted)


@pytest.mark.parametrize(("part", "rate"), RATES.items())
def test_texts_are_cut_where_their_sentences_end(part: str, rate: float) -> None:
    items = [(language, marked) for of, language, marked in GOLD if of == part]
    found = [(language, marked, pieces(marked.replace("‖", ""), language)) for language, marked in items]
    misses = [f"{language}: {' ‖ '.join(got)}" for language, marked, got in found if got != sentences(marked)]
    right = 1 - len(misses) / len(items)
    assert right >= rate, f"only {right:.1%} of {len(items)} are right:\n" + "\n".join(misses)


def test_the_gold_set_covers_the_languages_of_news() -> None:
    assert {part for part, _, _ in GOLD} == set(RATES)
    known = [language for _, language, _ in GOLD]
    assert all(known.count(language) >= 10 for language in "zh ja ko ar hi ru de fr es en".split())


def test_no_text_is_no_sentence() -> None:
    assert split("", "zh") == split(" \t\n", "en") == []


@settings(derandomize=True, deadline=None)
@given(text=TEXTS, language=LANGUAGES)
def test_offsets_stand_in_order_and_lose_nothing_but_white_space(text: str, language: str) -> None:
    offsets = split(text, language)
    edges = [edge for offset in offsets for edge in offset]
    assert edges == sorted(edges)
    assert "".join("".join(pieces(text, language)).split()) == "".join(text.split())


@settings(derandomize=True, deadline=None)
@given(text=TEXTS, language=LANGUAGES)
def test_no_piece_is_empty_longer_than_the_cap_or_has_white_space_around_it(text: str, language: str) -> None:
    limit = MAX_CHARS_SPACED if language in ("en", "ar") else MAX_CHARS_UNSPACED
    for piece in pieces(text, language):
        assert 0 < len(piece) <= limit
        assert piece == piece.strip()


@settings(derandomize=True, deadline=None)
@given(text=st.sampled_from(sorted({language for _, language, _ in GOLD})).flatmap(news))
def test_a_piece_of_news_is_split_no_further(text: tuple[str, str]) -> None:
    language, told = text
    for piece in pieces(told, language):
        assert pieces(piece, language) == [piece]


@pytest.mark.parametrize(("language", "limit"), [("zh", MAX_CHARS_UNSPACED), ("en", MAX_CHARS_SPACED)])
def test_the_cap_cuts_what_is_longer_and_nothing_else(language: str, limit: int) -> None:
    assert len(split("字" * limit, language)) == 1
    assert len(split("字" * (limit + 1), language)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "字" * 30 + "，" + "字" * 15 + "；" + "字" * 15 + "，" + "字" * 45,
        "字" * 30 + "、" + "字" * 15 + "：" + "字" * 15 + "，" + "字" * 45,
        "字" * 45 + "、" + "字" * 6 + "，" + "字" * 60,
        "字" * 45 + " " + "字" * 6 + "、" + "字" * 60,
    ],
)
def test_a_long_sentence_is_cut_at_its_strongest_mark(text: str) -> None:
    mark = next(mark for mark in "；：，、" if mark in text)
    first, *_ = pieces(text, "zh")
    assert first == text[: text.index(mark) + 1]


def test_a_long_sentence_is_cut_at_the_mark_nearest_to_its_middle() -> None:
    text = "字" * 30 + "，" + "字" * 30 + "，" + "字" * 45
    assert [len(piece) for piece in pieces(text, "zh")] == [62, 45]


def test_a_long_sentence_of_words_is_cut_between_words() -> None:
    text = " ".join(["word"] * 150)
    assert {word for piece in pieces(text, "en") for word in piece.split()} == {"word"}


def test_a_quotation_longer_than_the_cap_is_cut_at_its_sentences() -> None:
    text = "他说：“" + "今天的天气非常好。" * 12 + "”"
    inner = ["今天的天气非常好。"] * 10
    assert pieces(text, "zh") == ["他说：“今天的天气非常好。", *inner, "今天的天气非常好。”"]


@pytest.mark.parametrize("number", ["3,475", "17.5", "10:30", "1,234,567.89", "３，４７５", "2026-11-20"])
@pytest.mark.parametrize("before", range(38, 58))
def test_no_cut_is_inside_a_number(number: str, before: int) -> None:
    text = "字" * before + number + "字" * (100 - before)
    assert any(number in piece for piece in pieces(text, "zh"))


@pytest.mark.parametrize("before", range(0, 50, 5))
def test_no_cut_is_inside_an_address_that_fits(before: int) -> None:
    address = "https://news.example/2026/11/20/a,b;c:d/story.html"
    text = "字" * before + address + "字" * (60 - before)
    assert any(address in piece for piece in pieces(text, "zh"))


@pytest.mark.parametrize("before", range(33, 58))
def test_no_cut_parts_a_letter_from_its_accent(before: int) -> None:
    text = "ก" * before + "ที่" * 12 + "ก" * 30
    assert not any(re.match("[\u0e31-\u0e3a\u0e47-\u0e4e]", piece) for piece in pieces(text, "th"))


@pytest.mark.parametrize(
    "whole",
    [
        "“一带一路”",
        "《你好，世界》",
        "（见图、表）",
        "2026年11月20日",
        "9时30分",
        "12.8万",
        "３，４７５",
        "info@news.example",
        "iPhone",
        "Владивосток",
    ],
)
@pytest.mark.parametrize("before", range(35, 63, 3))
def test_no_cut_is_inside_what_belongs_together(whole: str, before: int) -> None:
    text = "字" * before + whole + "字" * (98 - before)
    assert any(whole in piece for piece in pieces(text, "zh"))


@pytest.mark.parametrize("whole", ["20 November 2026", "J. K. Rowling", "1 200 000", "https://a.example/b"])
@pytest.mark.parametrize("before", range(28, 44))
def test_no_cut_is_at_a_space_inside_a_date_or_a_name(whole: str, before: int) -> None:
    text = "word " * before + whole + " word" * (72 - before)
    assert any(whole in piece for piece in pieces(text, "en"))


def test_a_closing_mark_stays_with_the_clause_that_it_closes() -> None:
    text = "“" + "字" * 45 + "，”" + "字" * 60
    assert pieces(text, "zh") == ["“" + "字" * 45 + "，”", "字" * 60]


def test_no_piece_ends_with_an_opening_mark() -> None:
    text = "字" * 47 + "“" + "字" * 48
    assert not any(piece.endswith("“") for piece in pieces(text, "zh"))


@pytest.mark.parametrize(
    "text",
    [
        "字" * 350_000,
        "x" * 200_000,
        "ก" * 350_000,
        "“" * 50_000,
        "他说“好。”" * 10_000,
        "（好！）好" * 10_000,
        "! " * 50_000,
    ],
)
def test_the_longest_text_is_no_trouble(text: str) -> None:
    assert "".join("".join(pieces(text, "zh")).split()) == "".join(text.split())


MEASURES: list[Callable[[str], bool]] = [
    lambda piece: len(piece) <= 7,
    lambda piece: len(piece.encode()) <= 40,
    lambda piece: len(piece.split()) <= 3 and len(piece) < 30,
]


@settings(derandomize=True, deadline=None)
@given(text=TEXTS.filter(lambda text: not re.search("[\ud800-\udfff]", text)), fits=st.sampled_from(MEASURES))
def test_what_is_cut_fits_stands_in_order_and_loses_nothing_but_white_space(
    text: str, fits: Callable[[str], bool]
) -> None:
    offsets = cut(text, fits)
    edges = [edge for offset in offsets for edge in offset]
    found = [text[start:end] for start, end in offsets]
    assert edges == sorted(edges)
    assert "".join("".join(found).split()) == "".join(text.split())
    for piece in found:
        assert piece == piece.strip() != ""
        assert fits(piece) or len(piece) == 1
        assert cut(piece, fits) == [(0, len(piece))]


def test_what_fits_is_not_cut() -> None:
    assert cut(" 一，二。 ", lambda _: True) == [(1, 5)]
    assert cut(" ", lambda _: False) == []


def test_what_never_fits_is_cut_into_characters() -> None:
    assert cut("a，b c", lambda _: False) == [(0, 1), (1, 2), (2, 3), (4, 5)]


def test_a_text_is_cut_by_the_measure_given() -> None:
    def has_few_tokens(piece: str) -> bool:
        return sum(3 if char == "龘" else 1 for char in piece) <= 12

    text = "龘龘龘，一二三；四五六七八，九十"
    assert [text[a:b] for a, b in cut(text, has_few_tokens)] == ["龘龘龘，", "一二三；", "四五六七八，九十"]
