from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.translate.align import Alignment
from feedsvc.translate.verbatim import addresses, emoji, put_back, without


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in addresses(text)]


@pytest.mark.parametrize(
    "address",
    [
        "https://news.example/a/b-c_d.html?x=1&y=%20#part",
        "http://news.example:8080/~me/",
        "HTTPS://NEWS.EXAMPLE/A",
        "www.news.example/a",
        "https://news.example/wiki/Mercury_(planet)",
        "https://[2001:db8::1]/x",
        "first.last+news@mail.example.org",
        "@Reuters",
        "@user_1.bsky",
        "@user@mastodon.example",
        "#COP30",
        "#话题#",
        "#iPhone16发布#",
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "见{}。",
        "见{}，然后",
        "见{}；{}",
        "（{}）",
        "“{}”",
        "《{}》",
        "【{}】说",
        "见 {} 吧",
        "见 ({})",
        "见 <{}>",
        '见 "{}"!',
        "See {}, or {}.",
        "[{}]: {}?",
    ],
)
def test_addresses_handles_and_tags_are_found_without_the_marks_around_them(text: str, address: str) -> None:
    assert found(text.format(*[address] * text.count("{}"))) == [address] * text.count("{}")


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("@Reuters说#话题#好", ["@Reuters", "#话题#"]),
        ("#话题一##话题二#", ["#话题一#", "#话题二#"]),
        ("#话题#https://a.example/", ["#话题#", "https://a.example/"]),
        ("https://a.example/x、https://b.example/y", ["https://a.example/x", "https://b.example/y"]),
        ("(https://a.example/wiki/X_(y)).", ["https://a.example/wiki/X_(y)"]),
        ("#COVID19疫情", ["#COVID19"]),
        ("#COVID19疫情#继续", ["#COVID19疫情#"]),
        ("#苹果发布会#iPhone来了", ["#苹果发布会#"]),
        ("#MeToo和#TimesUp", ["#MeToo", "#TimesUp"]),
        ("😀@user", ["@user"]),
    ],
)
def test_what_stands_side_by_side_is_found_apart(text: str, addresses: list[str]) -> None:
    assert found(text) == addresses


@pytest.mark.parametrize(
    "text",
    [
        "用C#写的",
        "C#和F#都行",
        "&#39;引用&#39;",
        "&#x27;",
        "1#楼和2#楼",
        "第 # 号",
        "# 标题 #",
        "#1",
        "#1和#2",
        "##",
        "@",
        "5 @ 3",
        "@张三",
        "a@b",
        "https://",
        "www.",
        "#" + "长" * 41 + "#",
        "布林肯周二抵达基辅。",
        "",
    ],
)
def test_what_is_no_address_handle_or_tag_is_not_found(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "picture",
    [
        *[
            "😀",
            "👍🏽",
            "🇨🇳",
            "👨‍👩‍👧‍👦",
            "👩🏽‍🤝‍👨🏿",
            "🏳️‍🌈",
            "❤️‍🔥",
            "👁️‍🗨️",
            "⭐",
            "☎️",
            "⏰",
            "▶️",
            "⬆️",
            "🀄",
            "🅰️",
        ],
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ],
)
@pytest.mark.parametrize("text", ["{}", "今天{}很好", "{}{}", "ok{}."])
def test_emoji_are_found_with_all_that_belongs_to_them(text: str, picture: str) -> None:
    run = picture * text.count("{}")
    start = text.index("{")
    assert emoji(text.replace("{}", picture)) == [(start, start + len(run))]


@pytest.mark.parametrize("text", ["", "中文，English。", "1 #2 *", "①②", "→", "℃ № ™", "한국 日本", "½"])
def test_letters_figures_and_signs_are_no_emoji(text: str) -> None:
    assert emoji(text) == []


def test_a_text_is_left_without_stretches_and_their_places_are_known() -> None:
    assert without("请@Reuters看#话题#吧", [(9, 10), (1, 9)]) == ("请#话题#吧", [(1, "@Reuters"), (1, "看")])
    assert without("请看", []) == ("请看", [])


def test_stretches_in_others_are_taken_with_them() -> None:
    assert without("看#加油💪#吧", [(1, 6), (4, 5)]) == ("看吧", [(1, "#加油💪#")])
    assert without("甲乙丙丁", [(0, 2), (1, 3)]) == ("丁", [(0, "甲乙"), (0, "丙")])


def restored(text: str, target: str, words: dict[str, str]) -> str:
    """The translation of a text without its addresses and emoji, with these in it again."""
    rest, taken = without(text, [*addresses(text), *emoji(text)])
    source_spans = [(rest.index(w), rest.index(w) + len(w)) for w in words.values()]
    target_spans = [(target.index(w), target.index(w) + len(w)) for w in words]
    rows = [[float(i == j) for j in range(len(words))] for i in range(len(words))]
    return put_back(taken, rest, target, Alignment.of_pieces(source_spans, target_spans, rows))


@pytest.mark.parametrize(
    ("text", "target", "restored_text"),
    [
        ("布林肯😀抵达基辅。", "Blinken arrived in Kyiv.", "Blinken 😀 arrived in Kyiv."),
        ("布林肯抵达基辅😀。", "Blinken arrived in Kyiv.", "Blinken arrived in Kyiv 😀."),
        ("布林肯抵达基辅。😀", "Blinken arrived in Kyiv.", "Blinken arrived in Kyiv. 😀"),
        ("😀布林肯抵达基辅。", "Blinken arrived in Kyiv.", "😀 Blinken arrived in Kyiv."),
        ("抵达基辅@Reuters布林肯", "Blinken arrived in Kyiv.", "Blinken arrived in Kyiv @Reuters."),
        ("抵达基辅@Reuters布林肯😀。", "Blinken arrived in Kyiv.", "Blinken 😀 arrived in Kyiv @Reuters."),
        (
            "布林肯https://a.example/抵达基辅",
            "Blinken (arrived) in Kyiv",
            "Blinken https://a.example/ (arrived) in Kyiv",
        ),
        ("布林肯#话题#抵达基辅", "Blinken “arrived” in Kyiv", "Blinken #话题# “arrived” in Kyiv"),
        ("布林肯@Reuters，抵达基辅", "Blinken, arrived in Kyiv", "Blinken @Reuters, arrived in Kyiv"),
        ("布林肯@Reuters抵达基辅", "Blinken – arrived in Kyiv", "Blinken @Reuters – arrived in Kyiv"),
    ],
)
def test_a_stretch_is_put_back_beside_the_words_that_it_stood_beside(
    text: str, target: str, restored_text: str
) -> None:
    words = {"Blinken": "布林肯", "arrived": "抵达", "Kyiv": "基辅"}
    assert restored(text, target, words) == restored_text


@pytest.mark.parametrize("text", ["{}", "布林肯{}", "{}布林肯", "布林肯{}抵达"])
def test_stretches_at_one_place_keep_their_order_and_do_not_touch(text: str) -> None:
    written = restored(text.format("#话题#😀https://a.example/"), "Blinken arrived", {})
    assert "#话题# 😀 https://a.example/" in written
    assert written.replace("#话题# 😀 https://a.example/", "").split() == ["Blinken", "arrived"]


STRETCHES = ["https://a.example/{}", "user{}@mail.example", "@handle{}", "#话题{}#", "#tag{}"]
WORDS = ["布林肯", "抵达", "2026", "H2O", "，", "。", "“", "”", "（", "）", " "]
TARGETS = [
    "Blinken",
    "arrived",
    "2026",
    "H2O",
    "the",
    "“on”",
    "(in)",
    "word,",
    "end.",
    "—",
    "5%",
    "基辅",
    "it’s",
]


def quarters(text: str) -> list[tuple[int, int]]:
    edges = [len(text) * number // 4 for number in range(5)]
    return list(pairwise(edges))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    parts=st.lists(st.sampled_from(STRETCHES + WORDS), max_size=12),
    target=st.lists(st.sampled_from(TARGETS), min_size=1, max_size=6).map(" ".join),
    rows=st.lists(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=4, max_size=4), min_size=4, max_size=4),
    is_known=st.booleans(),
)
def test_every_stretch_comes_back_once_and_every_word_stays(
    parts: list[str], target: str, rows: list[list[float]], is_known: bool
) -> None:
    stretches = [part.format(number) for number, part in enumerate(parts, 100) if part in STRETCHES]
    text = "".join(f" {p.format(n)} " if p in STRETCHES else p for n, p in enumerate(parts, 100))
    assert found(text) == stretches
    rest, taken = without(text, addresses(text))
    assert [shown for _, shown in taken] == stretches
    alignment = Alignment.by_position(rest, target)
    if is_known:
        alignment = Alignment.of_pieces(quarters(rest), quarters(target), rows)
    written = put_back(taken, rest, target, alignment)
    assert [written.count(stretch) for stretch in stretches] == [1] * len(stretches)
    assert sorted(found(written)) == sorted(stretches)
    for stretch in stretches:
        written = written.replace(stretch, "")
    assert re.sub(r"\s", "", written) == re.sub(r"\s", "", target)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.data())
def test_what_was_taken_out_of_a_text_can_be_put_in_its_place_again(data: st.DataObject) -> None:
    text = data.draw(st.text(max_size=20))
    edges = st.integers(0, len(text))
    stretches = data.draw(st.lists(st.tuples(edges, edges), max_size=4))
    rest, taken = without(text, stretches)
    for at, shown in reversed(taken):
        rest = rest[:at] + shown + rest[at:]
    assert rest == text
