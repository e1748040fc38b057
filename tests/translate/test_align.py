from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.translate import Models
from feedsvc.translate.align import Alignment, Sides
from feedsvc.translate.engine import LoadedModel
from feedsvc.translate.packages import Model
from feedsvc.translate.sentences import Offsets

GOLD = Path(__file__).parent / "gold" / "placements.tsv"


class Placed(NamedTuple):
    """A marked stretch of the gold set, and where it was placed."""

    part: str
    source: str
    start: int
    end: int
    target: str
    place: Offsets | None
    #: the places that are right
    references: tuple[Offsets, ...]

    @property
    def is_right(self) -> bool:
        return self.place in self.references

    @property
    def is_near(self) -> bool:
        """It has at least a part of the right words."""
        return self.place is not None and any(
            self.place[0] < end and start < self.place[1] for start, end in self.references
        )

    def __str__(self) -> str:
        shown = "nowhere" if self.place is None else repr(self.target[slice(*self.place)])
        wanted = " or ".join(repr(self.target[a:b]) for a, b in dict.fromkeys(self.references))
        return f"{self.source[self.start : self.end]}: {shown}, not {wanted}"


def unmarked(marked: str) -> tuple[str, dict[str, Offsets]]:
    """The text of a column of the gold set, and its stretches by number."""
    text, done = "", 0
    opened: list[tuple[str, int]] = []
    found = {}
    for mark in re.finditer(r"⟦(\d+):|⟧", marked):
        text += marked[done : mark.start()]
        done = mark.end()
        if mark[1]:
            opened.append((mark[1], len(text)))
        else:
            number, start = opened.pop()
            found[number] = (start, len(text))
    return text + marked[done:], found


@cache
def gold(model: Model) -> tuple[Placed, ...]:
    """Every stretch of the gold set, placed with the attention of a model."""
    lines = [
        line.split("\t") for line in GOLD.read_text(encoding="utf-8").splitlines() if line[:1] not in "#"
    ]
    items = [(part, unmarked(source), [unmarked(t) for t in targets]) for part, source, *targets in lines]
    pairs = [(source, targets[0][0]) for _, (source, _), targets in items]
    out = []
    for (part, (source, stretches), targets), alignment in zip(
        items, LoadedModel(model).align(pairs), strict=True
    ):
        target = targets[0][0]
        for number, (start, end) in stretches.items():
            place = Sides(source, target, alignment).place(start, end, (0, len(target)))
            references = tuple(found[number] for _, found in targets if number in found)
            out.append(Placed(part, source, start, end, target, place, references))
    return tuple(out)


@pytest.mark.parametrize(("part", "right"), [("tuned", 0.88), ("held-out", 0.86)])
def test_stretches_of_the_gold_set_are_placed_on_the_words_that_render_them(
    part: str, right: float, bundled_models: Models
) -> None:
    placed = [p for p in gold(bundled_models.find("zh", "en")) if p.part == part]
    misses = "\n".join(str(p) for p in placed if not p.is_right)
    assert all(p.place for p in placed), misses
    assert sum(p.is_near for p in placed) >= 0.98 * len(placed), misses
    assert sum(p.is_right for p in placed) >= right * len(placed), misses


def sides(source: str, target: str, words: dict[str, str]) -> Sides:
    """Two texts, of which some words of the second come from some of the first and from nothing else."""
    source_spans = [(source.index(w), source.index(w) + len(w)) for w in words.values()]
    target_spans = [(target.index(w), target.index(w) + len(w)) for w in words]
    return Sides(source, target, Alignment.of_pieces(source_spans, target_spans, np.eye(len(words)).tolist()))


def placed(source: str, target: str, words: dict[str, str], stretch: str | Offsets) -> str | None:
    """The words of a translation that render a stretch."""
    if isinstance(stretch, str):
        stretch = (source.index(stretch), source.index(stretch) + len(stretch))
    place = sides(source, target, words).place(*stretch, (0, len(target)))
    return target[slice(*place)] if place else None


ARRIVAL = ("布林肯周二抵达基辅。", "Blinken arrived in Kyiv on Tuesday.")
WORDS = {"Blinken": "布林肯", "Tuesday": "周二", "arrived": "抵达", "Kyiv": "基辅"}


@pytest.mark.parametrize(
    ("stretch", "words"),
    [
        ("布林肯", "Blinken"),
        ("周二", "Tuesday"),
        ("抵达基辅", "arrived in Kyiv"),
        ("周二抵达", "arrived"),
        ("布林肯周二抵达基辅", "Blinken arrived in Kyiv on Tuesday"),
    ],
)
def test_a_stretch_is_placed_on_the_run_of_words_that_renders_it_best(stretch: str, words: str) -> None:
    assert placed(*ARRIVAL, WORDS, stretch) == words


def test_a_stretch_is_placed_within_a_part_of_the_translation() -> None:
    source, target = ARRIVAL
    tuesday = target.index("on Tuesday")
    found = sides(source, target, WORDS).place(0, 3, (tuesday, len(target)))
    assert found
    assert tuesday <= found[0] < found[1] < len(target)


def test_a_word_that_is_only_partly_within_is_none() -> None:
    source, target = ARRIVAL
    assert sides(source, target, WORDS).place(0, 3, (0, 5)) is None
    assert sides(source, target, WORDS).place(0, 3, (7, 8)) is None


def test_pieces_of_a_word_count_for_the_word() -> None:
    alignment = Alignment.of_pieces([(0, 3), (3, 5)], [(0, 2), (2, 7), (7, 15)], [[1, 0], [1, 0], [0, 1]])
    assert Sides("布林肯抵达", "Blinken arrived", alignment).place(0, 3, (0, 15)) == (0, 7)


@pytest.mark.parametrize(
    ("source", "target", "stretch", "words"),
    [
        ("水是H2O。", "Water is H2O.", "2", "2"),
        ("水是H2O。", "Water is H2O.", "H2O", "H2O"),
        ("它在2026年关闭。", "It closes in 2026.", "2026", "2026"),
        (
            "见https://a.example/x?y=1#z。",
            "See https://a.example/x?y=1#z.",
            "https://a.example/x?y=1#z",
            None,
        ),
        ("用C++写的。", "Written in C++.", "C++", "C++"),
        ("运行git pull命令。", "Now git pull runs.", "git pull", "git pull"),
        ("来自OpenAI的消息", "News by OpenAI", "OpenAI", "OpenAI"),
        ("Musée d'Orsay开放", "The Musée d'Orsay opens", "Musée d'Orsay", "Musée d'Orsay"),
    ],
)
def test_a_name_or_figure_in_latin_script_is_placed_where_it_stands_as_it_is(
    source: str, target: str, stretch: str, words: str | None
) -> None:
    assert placed(source, target, {}, stretch) == (words or stretch)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("从 2026 到 2026 底", "From 2026 to the end of 2026"),
        ("从2026年到2026年底", "From 2026 to the end of 2026"),
        ("From 2026 to 2026", "从2026年到2026年底"),
    ],
)
def test_the_second_figure_is_placed_on_the_second(source: str, target: str) -> None:
    first, second = ([m.start() for m in re.finditer("2026", text)] for text in (source, target))
    both = sides(source, target, {})
    for at, expected in zip(first, second, strict=True):
        assert both.place(at, at + 4, (0, len(target))) == (expected, expected + 4)


def test_the_third_figure_is_placed_on_the_last_of_two() -> None:
    assert sides("7、7、7", "7 and 7", {}).place(4, 5, (0, 7)) == (6, 7)


def test_a_figure_is_not_found_within_a_longer_one() -> None:
    assert placed("共20人", "About 20 of 2026 people", {}, "20") == "20"
    assert placed("共20人", "2026 people", {"people": "20"}, "20") == "people"


def test_a_small_word_in_latin_script_is_placed_by_what_it_renders() -> None:
    assert placed("on的意思", "Put on the hat", {"hat": "on"}, "on") == "hat"


def test_what_stands_as_it_is_outside_of_the_part_is_not_placed_there() -> None:
    target = "H2O and water"
    assert sides("H2O和水", target, {"water": "H2O"}).place(0, 3, (4, 13)) == (8, 13)


def test_characters_of_a_language_without_spaces_are_words() -> None:
    words = {"布林肯": "Blinken", "基辅": "Kyiv", "抵达": "arrived"}
    assert placed("Blinken arrived in Kyiv.", "布林肯抵达基辅。", words, "Kyiv") == "基辅"


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ("हिन्दी कठिन है", "हिन्दी"),
        ("مُحَمَّد هنا", "مُحَمَّد"),
        ("e\u0301te\u0301 ici", "e\u0301te\u0301"),
        ("ที่นี่", "ที่"),
    ],
)
def test_signs_of_vowels_and_accents_belong_to_their_word(target: str, word: str) -> None:
    assert placed("甲乙", target, {word: "甲"}, "甲") == word


@pytest.mark.parametrize("word", ["U.S.A", "Thomas-Greenfield", "don't", "3.5", "12,000", "O’Brien"])
def test_marks_inside_a_word_belong_to_it(word: str) -> None:
    assert placed("甲乙", f"So {word}, then", {word: "甲"}, "甲") == word


@pytest.mark.parametrize(
    ("source", "target", "stretch", "words"),
    [
        ("一家公司", "So a company", "一家公司", "a company"),
        ("这家公司", "So the company", "这家公司", "the company"),
        ("公司", "So the company", "公司", "company"),
        ("the firm", "Also die Firma", "the firm", "Firma"),
        ("五元", "So $5 more", "五元", "$5"),
        ("百分之五", "So 5% more", "百分之五", "5%"),
        ("五度", "So 5° more", "五度", "5°"),
        ("公司的", "So company's shares", "公司的", "company's"),
        ("公司", "So company's shares", "公司", "company"),
        ("公司的", "So companies’ shares", "公司的", "companies’"),
        ("公司の", "So company’s shares", "公司の", "company’s"),
    ],
)
def test_articles_signs_and_genitives_are_placed_as_the_source_has_them(
    source: str, target: str, stretch: str, words: str
) -> None:
    core = re.search(r"\d|compan\w+|Firma", target)
    assert core
    assert placed(source, target, {core[0]: source.rstrip("的の")}, stretch) == words


def test_an_article_a_sign_and_a_genitive_outside_of_the_part_stay_outside() -> None:
    target = "So a $5's share"
    assert sides("一元的", target, {"5": "一元"}).place(0, 3, (6, 7)) == (6, 7)
    assert sides("百分之五", "So 5% more", {"5": "百分之五"}).place(0, 4, (3, 4)) == (3, 4)


def test_small_words_neither_begin_nor_end_a_place() -> None:
    target = "Talks of the United Nations in"
    alignment = Alignment.of_pieces([(0, 3)], [(6, 30)], [[1]])
    assert Sides("联合国", target, alignment).place(0, 3, (0, len(target)))
    spread = Alignment.of_pieces([(0, 3)], [(a, a + 2) for a in (6, 9, 13, 20, 28)], [[1]] * 5)
    place = Sides("联合国", target, spread).place(0, 3, (0, len(target)))
    assert place
    assert target[slice(*place)] == "United Nations"


def test_a_place_is_certain_where_its_words_come_from_the_stretch() -> None:
    both = sides(*ARRIVAL, WORDS)
    assert both.is_certain(0, 3, (0, 7))
    assert not both.is_certain(0, 3, (8, 15))


def test_a_place_is_not_certain_where_its_words_come_from_elsewhere_too() -> None:
    alignment = Alignment.of_pieces([(0, 3), (3, 5)], [(0, 7)], [[0.3, 0.7]])
    both = Sides("布林肯周二", "Blinken", alignment)
    assert both.place(0, 3, (0, 7)) == (0, 7)
    assert not both.is_certain(0, 3, (0, 7))
    assert both.is_certain(3, 5, (0, 7))


def test_a_place_without_words_is_not_certain() -> None:
    assert not sides(*ARRIVAL, WORDS).is_certain(0, 3, (7, 8))


def located(source: str, target: str, words: dict[str, str]) -> str:
    """A translation with a mark where the mark of its source belongs."""
    at = source.index("^")
    place = sides(source.replace("^", ""), target, words).locate(at, (0, len(target)))
    return f"{target[:place]}^{target[place:]}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("^布林肯周二抵达基辅。", "^Blinken arrived in Kyiv on Tuesday."),
        ("布林肯^周二抵达基辅。", "Blinken^ arrived in Kyiv on Tuesday."),
        ("布林肯周二^抵达基辅。", "Blinken arrived in Kyiv on Tuesday^."),
        ("布林肯周二抵达基辅^。", "Blinken arrived in Kyiv^ on Tuesday."),
        ("布林肯周二抵达基辅。^", "Blinken arrived in Kyiv on Tuesday.^"),
        ("布林肯周二，^抵达基辅。", "Blinken ^arrived in Kyiv on Tuesday."),
    ],
)
def test_what_stands_beside_a_word_stands_beside_its_rendering(source: str, expected: str) -> None:
    assert located(source, ARRIVAL[1], WORDS) == expected


def test_what_stands_behind_the_last_closing_mark_stands_behind_that_of_the_translation() -> None:
    assert located("他说“好”^。", 'He says "fine".', {"He": "他", "fine": "好"}) == 'He says "fine"^.'


def test_what_stands_beside_no_word_stands_at_the_nearest_one_behind_it() -> None:
    assert (
        located("好”……——“^——“”“布林肯", "Fine Blinken", {"Blinken": "布林肯", "Fine": "好"})
        == "Fine ^Blinken"
    )


def test_what_stands_in_a_name_stands_there_in_the_translation() -> None:
    assert located("新款iPhone^15发布", "New iPhone15 is out", {}) == "New iPhone^15 is out"


def test_a_place_that_is_looked_for_in_a_part_is_in_it() -> None:
    source, target = ARRIVAL
    both = sides(source, target, WORDS)
    assert [both.locate(at, (8, 15)) for at in (0, 3, len(source))] == [8, 15, 15]
    assert both.locate(3, (7, 8)) == 8


@pytest.mark.parametrize(
    ("source", "target"), [("", ""), ("", "words"), ("字", ""), ("。", "?"), ("。", "words")]
)
def test_a_text_may_be_empty_or_without_letters(source: str, target: str) -> None:
    both = Sides(source, target, Alignment.by_position(source, target))
    assert both.locate(0, (0, len(target))) == 0
    assert not both.is_certain(0, len(source), (0, 0))
    if source:
        place = both.place(0, len(source), (0, len(target)))
        assert place == ((0, 5) if target == "words" else None)


def test_where_nothing_is_known_words_are_as_far_from_the_beginning() -> None:
    source, target = "甲乙丙丁", "one two six ten"
    both = Sides(source, target, Alignment.by_position(source, target))
    places = [both.place(at, at + 1, (0, len(target))) for at in range(4)]
    assert [target[slice(*place)] for place in places if place] == target.split()


def test_attention_to_what_is_no_piece_does_not_count() -> None:
    rows = [[0.1, 0.2, 0.7], [0.3, 0.4, 0.3], [0.0, 0.0, 1.0]]
    alignment = Alignment.of_pieces([(0, 1), (1, 2)], [(0, 1), (1, 2)], rows)
    assert alignment.weights.tolist() == pytest.approx(np.array([[0.1, 0.2], [0.3, 0.4]]))


def test_a_piece_without_attention_comes_from_nothing() -> None:
    assert Alignment.of_pieces([(0, 1)], [(0, 1), (1, 2)], [[1.0]]).weights.tolist() == [[1.0], [0.0]]


def chained(middle: Sequence[Offsets], again: Sequence[Offsets]) -> list[list[float]]:
    """The rows of two alignments one after another, summing up to one; the same text in between, cut twice."""
    first = Alignment.of_pieces([(0, 1), (1, 2)], middle, [[1, 0], [0, 1]])
    second = Alignment.of_pieces(again, [(0, 3), (4, 7)], [[0, 1], [1, 0]])
    both = first.then(second)
    assert (both.source_spans, both.target_spans) == ([(0, 1), (1, 2)], [(0, 3), (4, 7)])
    return (both.weights / both.weights.sum(axis=1, keepdims=True)).tolist()


def test_alignments_one_after_another_are_one() -> None:
    assert chained([(0, 2), (2, 4)], [(0, 2), (2, 4)]) == [[0.0, 1.0], [1.0, 0.0]]


def test_pieces_that_are_cut_in_another_way_in_between_are_shared_out() -> None:
    rows = chained([(0, 2), (2, 4)], [(0, 1), (1, 4)])
    assert np.array(rows) == pytest.approx(np.array([[1 / 3, 2 / 3], [1.0, 0.0]]))


def test_stretches_are_placed_by_way_of_another_language() -> None:
    here = Alignment.of_pieces([(0, 3), (3, 5)], [(0, 7), (8, 15)], [[1, 0], [0, 1]])
    there = Alignment.of_pieces([(0, 7), (7, 15)], [(0, 2), (3, 10)], [[0, 1], [1, 0]])
    both = Sides("布林肯抵达", "da Blinken", here.then(there))
    assert both.place(0, 3, (0, 10)) == (3, 10)
    assert both.place(3, 5, (0, 10)) == (0, 2)


def test_an_empty_text_in_between_leaves_nothing_known() -> None:
    both = Alignment.by_position("字", "").then(Alignment.by_position("", "word"))
    assert both.weights.tolist() == [[0.0]]
    assert Sides("字", "word", both).place(0, 1, (0, 4)) == (0, 4)


PIECES = [
    *["Blinken", "the", "2026", "H2O", "’s", "5%", "$7", "a", "James’", "U.S.", "don't", "x_y", "naïve"],
    *[
        "布林肯",
        "的",
        "。",
        "，",
        "一",
        "日本",
        "हिन्दी",
        "ไทยที่",
        "한국",
        "e\u0301",
        "😀",
        " ",
        " ",
        "(",
        "/",
        "\u200d",
    ],
]
texts = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text(max_size=8)


@st.composite
def spans(draw: st.DrawFn, text: str) -> list[Offsets]:
    """Some stretches of a text, in order."""
    edges = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    return list(zip(edges[::2], edges[1::2], strict=False))


@st.composite
def anything(draw: st.DrawFn) -> tuple[str, str, Alignment]:
    """Two texts, and an alignment of them that means nothing."""
    source, target = draw(texts.filter(bool)), draw(texts)
    if draw(st.booleans()):
        return source, target, Alignment.by_position(source, target)
    ends = draw(spans(source)), draw(spans(target))
    row = st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0]), max_size=4)
    weights = [[*draw(row), *[0.0] * len(ends[0])][: len(ends[0])] for _ in ends[1]]
    return source, target, Alignment.of_pieces(*ends, weights)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(anything(), st.data())
def test_a_place_is_always_in_its_part_and_cuts_no_latin_word(
    texts: tuple[str, str, Alignment], data: st.DataObject
) -> None:
    source, target, alignment = texts
    start = data.draw(st.integers(0, len(source) - 1))
    end = data.draw(st.integers(start + 1, len(source)))
    low = data.draw(st.integers(0, len(target)))
    high = data.draw(st.integers(low, len(target)))
    both = Sides(source, target, alignment)
    assert low <= both.locate(start, (low, high)) <= high
    if place := both.place(start, end, (low, high)):
        assert low <= place[0] < place[1] <= high
        assert both.is_certain(start, end, place) in (True, False)
        cut = [m for m in re.finditer("[A-Za-z]+", target) for at in place if m.start() < at < m.end()]
        assert not cut or target[slice(*place)] == source[start:end]
