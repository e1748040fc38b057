from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.translate.sentences import MAX_CHARS_SPACED, MAX_CHARS_UNSPACED, split

#: language, and sentences that stand together with "|" between them where the text is cut
GOLD = [
    ("zh", "今天是星期一。|明天是星期二！|后天呢？"),
    ("zh", "真的吗？！|真的。"),
    ("zh", "他说：“我来了。你呢？”|然后走了。"),
    ("zh", "“我来了。”|他说。"),
    ("zh", "“他说‘好。’然后走了。”|她回答。"),
    ("zh", "他说：“她说：‘走吧。’我没走。”|后来呢？"),
    ("zh", "（他说“好。”）|第二句。"),
    ("zh", "他（当时1.5米。现在更高）来了。|第二句。"),
    ("zh", "《你好。世界》出版了。|很好看。"),
    ("zh", '他说："你好。"|"再见。"'),
    ("zh", '他走了。|"再见。"|她说。'),
    ("zh", "“第一句。|第二句。"),
    ("zh", "他来了。|（完）"),
    ("zh", "他想了想……没说话。|她也是。"),
    ("zh", "他想了想……“好。”|走了。"),
    ("zh", "等等……"),
    ("zh", "增长5.2%。|达到3,475人。"),
    ("zh", "版本2.0.1发布。|用户增加1.2亿。"),
    ("zh", "详见https://example.com/a?b=c.d。|谢谢。"),
    ("zh", "A.B.中国公司成立。|成立于1999年。"),
    ("zh", "本报讯 记者张三.报道"),
    ("zh-Hant", "「他說『好。』就走了。」|她笑了。"),
    ("zh-Hant", "「你好。」|他說。|「再見。」"),
    ("zh-Hant", "臺灣今日下雨！|明日放晴。"),
    ("ja", "今日は雨です。|明日は晴れます。"),
    ("ja", "「行こう。」|と彼は言った。"),
    ("ja", "彼は「行く。すぐに。」|と言った。"),
    ("ja", "値段は1,200円です。|本当？|すごい！"),
    ("en", "One. |Two! |Three?"),
    ("en", "Dr. Smith went home. |He slept."),
    ("en", "J. R. R. Tolkien wrote it. |It sold."),
    ("en", "J.R.R. Tolkien wrote it. |It sold."),
    ("en", "It grew 3.5 per cent. |Then it fell."),
    ("en", "It cost $5. |He paid."),
    ("en", "See https://a.example/b.html?x=1. |Then go."),
    ("en", "The U.S. Senate agreed. |The U.N. did not."),
    ("en", "He arrived at 5 p.m. on Monday. |She left."),
    ("en", "No. 5 is alive. |No. |It is not."),
    ("en", "They met on Dec. 5 in Rome. |All agreed."),
    ("en", "Wait... what? |Yes."),
    ("en", "Wait… what? |Yes."),
    ("en", "Wait… |Then go."),
    ("en", "He said “Stop. Now.” |Then he left."),
    ("en", "“Where to?” he asked. |“Home!” she said."),
    ("en", '"Stop." |Then he left.'),
    ("en", "(It rained.) |We left."),
    ("de", "Am 3. Oktober ist Feiertag. |Alle haben frei."),
    ("de", "Das ist z. B. so. |Das auch."),
    ("de", "Dr. Müller zahlt 3,5 Mio. Euro. |Gut."),
    ("de", "„Komm!“, sagte er. |Sie ging."),
    ("de", "Das kostet 1.200,50 Euro. |Danke."),
    ("fr", "M. Dupont est là. |Mme Martin aussi."),
    ("fr", "« Ça va ? » demanda-t-il. |Oui."),
    ("fr", "Quoi ? |Non ! |Si."),
    ("ru", "А. С. Пушкин родился в 1799 г. в Москве. |Он писал."),
    ("ru", "Он сказал: «Иди. Сейчас». |Потом ушёл."),
    ("ru", "«Иди!» — сказал он. |Она ушла."),
    ("ru", "Это стоит 5 тыс. рублей. |Дорого."),
    ("es", "¿Qué pasa? |¡Nada! |Bien."),
    ("es", "El Sr. García llegó. |La Sra. López no."),
    ("es", "EE.UU. ganó. |Fin."),
    ("ar", "ذهب الولد إلى المدرسة. |عاد إلى البيت."),
    ("ar", "هل جاء الولد؟ |نعم جاء."),
    ("ar", "قال: «اذهب. الآن.» |ثم غادر."),
    ("ar", "بلغ العدد 3,475. |ثم زاد."),
    ("hi", "राम घर गया। |सीता आई।"),
    ("hi", "क्या वह आया? |हाँ।"),
    ("hi", "डॉ. शर्मा आए। |वे बैठे।"),
    ("ur", "وہ آیا۔ |میں گیا۔"),
]

LANGUAGES = st.sampled_from(["zh", "en", "ar", "th"])
TEXTS = st.text(
    st.sampled_from("字天 。，！？；：、“”「」（）…abcI.!?,;:—\"'3475\t\n। ؟é\u0301😀"), max_size=400
) | st.text(max_size=200)


def pieces(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in split(text, language)]


@pytest.mark.parametrize(("language", "marked"), GOLD)
def test_text_is_cut_where_a_sentence_ends(language: str, marked: str) -> None:
    assert pieces(marked.replace("|", ""), language) == [part.strip() for part in marked.split("|")]


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


@pytest.mark.parametrize(("language", "limit"), [("zh", MAX_CHARS_UNSPACED), ("en", MAX_CHARS_SPACED)])
def test_the_cap_cuts_what_is_longer_and_nothing_else(language: str, limit: int) -> None:
    assert len(split("字" * limit, language)) == 1
    assert len(split("字" * (limit + 1), language)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "字" * 20 + "，" + "字" * 10 + "；" + "字" * 10 + "，" + "字" * 30,
        "字" * 20 + "、" + "字" * 10 + "：" + "字" * 10 + "，" + "字" * 30,
        "字" * 30 + "、" + "字" * 4 + "，" + "字" * 40,
        "字" * 30 + " " + "字" * 4 + "、" + "字" * 40,
    ],
)
def test_a_long_sentence_is_cut_at_its_strongest_mark(text: str) -> None:
    mark = next(mark for mark in "；：，、" if mark in text)
    first, *_ = pieces(text, "zh")
    assert first == text[: text.index(mark) + 1]


def test_a_long_sentence_is_cut_at_the_mark_nearest_to_its_middle() -> None:
    text = "字" * 20 + "，" + "字" * 20 + "，" + "字" * 30
    assert [len(piece) for piece in pieces(text, "zh")] == [42, 30]


def test_a_long_sentence_of_words_is_cut_between_words() -> None:
    text = " ".join(["word"] * 150)
    assert {word for piece in pieces(text, "en") for word in piece.split()} == {"word"}


def test_a_quotation_longer_than_the_cap_is_cut_at_its_sentences() -> None:
    text = "他说：“" + "今天的天气非常好。" * 8 + "”"
    inner = ["今天的天气非常好。"] * 6
    assert pieces(text, "zh") == ["他说：“今天的天气非常好。", *inner, "今天的天气非常好。”"]


@pytest.mark.parametrize("number", ["3,475", "17.5", "10:30", "1,234,567.89", "３，４７５", "2026-11-20"])
@pytest.mark.parametrize("before", range(25, 45))
def test_no_cut_is_inside_a_number(number: str, before: int) -> None:
    text = "字" * before + number + "字" * (75 - before)
    assert any(number in piece for piece in pieces(text, "zh"))


@pytest.mark.parametrize("before", range(0, 30, 3))
def test_no_cut_is_inside_an_address_that_fits(before: int) -> None:
    address = "https://news.example/2026/11/20/a,b;c:d/story.html"
    text = "字" * before + address + "字" * (40 - before)
    assert any(address in piece for piece in pieces(text, "zh"))


@pytest.mark.parametrize("before", range(25, 45))
def test_no_cut_parts_a_letter_from_its_accent(before: int) -> None:
    text = "ก" * before + "ที่" * 12 + "ก" * 30
    assert not any(re.match("[\u0e31-\u0e3a\u0e47-\u0e4e]", piece) for piece in pieces(text, "th"))


@pytest.mark.parametrize("text", ["字" * 80_000, "x" * 40_000, "“" * 50_000, "他说“好。”" * 10_000])
def test_the_longest_text_is_no_trouble(text: str) -> None:
    assert "".join(pieces(text, "zh")) == text
