"""The ways of asking, one after another. The engine is a fake whose answers and alignments the tests say."""

from __future__ import annotations

import pytest
from fakes import FakeTranslator, fake_translation

from feedsvc.model import Segment, Sentence, Term, Verdict
from feedsvc.translate import Glossary, attempts, verbatim
from feedsvc.translate.engine import Answer

NATO = Term("北约", "NATO", ("the Alliance",))
G7 = Term("七国集团", "the Group of Seven")
GUARDIAN = Term("《卫报》", "The Guardian")


def sentence(text: str, *terms: Term, code: str = "") -> Sentence:
    found = verbatim.addresses(text)
    if code:
        found.append((text.index(code), text.index(code) + len(code)))
    return Sentence(text, "zh", Glossary(terms).find(text), tuple(sorted(found)))


def asked(translator: FakeTranslator, *sentences: Sentence, target_language: str = "en") -> list[Segment]:
    """What became of some sentences, in their order."""
    found = dict(attempts.translate(sentences, translator, target_language=target_language))
    assert set(found) == set(sentences)
    return [found[s] for s in sentences]


def target(translator: FakeTranslator, one: Sentence, **options: str) -> str:
    """The translation of a sentence that came out well."""
    (segment,) = asked(translator, one, **options)
    assert segment.verdict is Verdict.GOOD
    return segment.target


def several(*texts: str) -> list[Answer]:
    return [Answer(text=text) for text in texts]


def test_nothing_is_asked_for_nothing(translator: FakeTranslator) -> None:
    assert asked(translator) == []
    assert translator.calls == []


def test_a_good_sentence_is_asked_once(translator: FakeTranslator) -> None:
    (segment,) = asked(translator, sentence("第一句。"))
    assert segment == Segment(source="第一句。", target=fake_translation("第一句。"), verdict=Verdict.GOOD)
    assert translator.calls == [(False, ["第一句。"])]
    assert translator.aligned == []


def test_only_what_has_failed_is_asked_again_and_in_the_given_order(translator: FakeTranslator) -> None:
    translator.answers |= {"第一句。": "", "第三句。": "no no no no"}
    asked(translator, *(sentence(f"第{n}句。") for n in "一二三四"))
    assert translator.calls == [
        (False, ["第一句。", "第二句。", "第三句。", "第四句。"]),
        (True, ["第一句。", "第三句。"]),
    ]


def test_a_good_sentence_does_not_wait_for_the_others(translator: FakeTranslator) -> None:
    translator.answers["坏。"] = ""
    found = attempts.translate([sentence("好。"), sentence("坏。")], translator, target_language="en")
    assert next(found)[0].text == "好。"
    assert translator.asked_carefully == []


def test_of_several_answers_the_first_that_passes_is_taken(translator: FakeTranslator) -> None:
    translator.answers["有55人。"] = ""
    translator.careful_answers["有55人。"] = several("There are 5 people.", "55 people.", "Some 55 people.")
    assert target(translator, sentence("有55人。")) == "55 people."


def test_what_never_passes_is_shown_in_the_original_with_its_first_fault(translator: FakeTranslator) -> None:
    translator.answers["有55人。"] = "no no no no"
    translator.careful_answers["有55人。"] = several("", "有55人。", "People.")
    (segment,) = asked(translator, sentence("有55人。"))
    assert segment == Segment(source="有55人。", target="有55人。", verdict=Verdict.LOOP)


def test_each_way_is_gone_only_if_those_before_it_have_failed(translator: FakeTranslator) -> None:
    text = "北约说见@nato。"
    plain, careful = "He said so.", "Here is what the Alliance said."
    translator.answers |= {text: plain, "北约说见。": "NATO said so."}
    translator.careful_answers[text] = careful
    assert target(translator, sentence(text, NATO)) == "NATO said so @nato."
    assert translator.calls == [(False, [text]), (True, [text]), (False, ["北约说见。"])]


def test_progress_counts_every_sentence_once_whatever_becomes_of_it(translator: FakeTranslator) -> None:
    bad = {"坏。": "", "有55人。": "People.", "见@bbc。": "See.", "北约来了。": "It came."}
    translator.answers |= bad
    translator.careful_answers |= bad
    heard: list[int] = []
    texts = ["好。", *bad, "也好。"]
    found = attempts.translate(
        [sentence(text, NATO) for text in texts], translator, target_language="en", on_progress=heard.append
    )
    assert len(list(found)) == len(texts)
    assert heard == [1] * len(texts)


@pytest.mark.parametrize(
    ("text", "rest", "answer", "expected"),
    [
        ("今天😀下雨。", "今天下雨。", "Today it rains.", "Today 😀 it rains."),
        ("🎉今天下雨。", "今天下雨。", "Today it rains.", "🎉 Today it rains."),
        ("今天下雨。🎉", "今天下雨。", "Today it rains.", "Today it rains. 🎉"),
        (
            "今天早上👩🏽‍🚀开始下雨🇨🇳❤️。",
            "今天早上开始下雨。",
            "It rains today.",
            "It rains 🇨🇳❤️ today 👩🏽‍🚀.",
        ),
    ],
)
def test_pictures_are_not_asked_for_and_come_back_in_their_places(
    translator: FakeTranslator, text: str, rest: str, answer: str, expected: str
) -> None:
    translator.answers[rest] = answer
    translator.words = {"Today": "今天", "today": "今天", "it rains": "下雨", "It rains": "下雨"}
    assert target(translator, sentence(text)) == expected
    assert translator.asked == [rest]


def test_a_picture_in_code_is_a_part_of_it(translator: FakeTranslator) -> None:
    text = '运行print("🎉")看看。'
    translator.answers[text] = 'Run print ("🎉") and see.'
    translator.careful_answers[text] = "Run it and see."
    translator.answers["运行看看。"] = "Run and see."
    translator.words = {"Run": "运行", "see": "看看"}
    assert target(translator, sentence(text, code='print("🎉")')) == 'Run print("🎉") and see.'


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        ("https://x.example/a_b?c=1", ""),
        ("press@x.example", ""),
        ("@bbc_chinese", ""),
        ("#COP30", ""),
        ("#两会#", ""),
        ("pip install a,b", "pip install a,b"),
    ],
)
def test_what_must_be_kept_and_is_lost_is_put_back_beside_its_words(
    translator: FakeTranslator, kept: str, code: str
) -> None:
    text = f"详情见{kept}的说明。"
    translator.answers |= {text: "See the note for details.", "详情见的说明。": "For details see the note."}
    translator.careful_answers[text] = "See the note."
    translator.words = {"details": "详情", "see": "见", "the note": "说明"}
    assert target(translator, sentence(text, code=code)) == f"For details see {kept} the note."
    assert translator.asked == [text, "详情见的说明。"]


def test_what_must_be_kept_and_is_there_is_left_where_it_is(translator: FakeTranslator) -> None:
    translator.answers["见https://x.example/a。"] = "At https://x.example/a, see."
    assert target(translator, sentence("见https://x.example/a。")) == "At https://x.example/a, see."


@pytest.mark.parametrize(
    ("text", "rest", "expected"),
    [
        ("请联系@feed_a、@feed_b、@feed_c。", "请联系、、。", "Please contact @feed_a @feed_b @feed_c."),
        ("请联系press@x.example @feed_b😀。", "请联系 。", "Please contact press@x.example @feed_b 😀."),
    ],
)
def test_what_stands_side_by_side_is_put_back_in_its_order(
    translator: FakeTranslator, text: str, rest: str, expected: str
) -> None:
    for asked_for in (text, text.replace("😀", ""), rest):
        translator.answers[asked_for] = translator.careful_answers[asked_for] = "Please contact."
    translator.words = {"Please": "请", "contact": "联系"}
    assert target(translator, sentence(text)) == expected


def test_what_is_lost_with_an_address_does_not_keep_it_from_being_put_back(
    translator: FakeTranslator,
) -> None:
    text = "见https://news.example.com/2026/11/20/article.html。"
    translator.answers |= {text: "See.", "见。": "See this."}
    translator.careful_answers[text] = "See."
    assert target(translator, sentence(text)) == "See this https://news.example.com/2026/11/20/article.html."


def test_an_address_alone_is_no_translation(translator: FakeTranslator) -> None:
    text = "总统的话见@bbc。"
    for asked_for in (text, "总统的话见。"):
        translator.answers[asked_for] = translator.careful_answers[asked_for] = ""
    (segment,) = asked(translator, sentence(text))
    assert segment == Segment(source=text, target=text, verdict=Verdict.EMPTY)


def test_an_answer_with_the_term_of_the_glossary_is_preferred(translator: FakeTranslator) -> None:
    translator.answers["北约发表了声明。"] = "The organisation issued a statement."
    translator.careful_answers["北约发表了声明。"] = several(
        "It issued a statement.", "Nato issued a statement."
    )
    assert target(translator, sentence("北约发表了声明。", NATO)) == "Nato issued a statement."
    assert translator.asked == ["北约发表了声明。"]


def test_an_accepted_form_will_do(translator: FakeTranslator) -> None:
    translator.answers["北约发表了声明。"] = "The Alliance issued a statement."
    assert target(translator, sentence("北约发表了声明。", NATO)) == "The Alliance issued a statement."
    assert len(translator.calls) == 1


def lacks_terms(translator: FakeTranslator, text: str, answer: str) -> None:
    translator.answers[text] = translator.careful_answers[text] = answer


def test_a_term_that_no_answer_has_is_asked_for_in_english(translator: FakeTranslator) -> None:
    lacks_terms(translator, "北约和七国集团来了。", "They came.")
    translator.answers["NATO和Group of Seven来了。"] = "NATO and the Group of Seven came."
    one = sentence("北约和七国集团来了。", NATO, G7)
    assert target(translator, one) == "NATO and the Group of Seven came."


def test_only_terms_that_are_missing_are_asked_for_in_english(translator: FakeTranslator) -> None:
    lacks_terms(translator, "北约和七国集团来了。", "NATO and others came.")
    translator.answers["北约和Group of Seven来了。"] = "NATO and the Group of Seven came."
    one = sentence("北约和七国集团来了。", NATO, G7)
    assert target(translator, one) == "NATO and the Group of Seven came."


@pytest.mark.parametrize(
    ("answer", "words", "expected"),
    [
        ("The treaty said so.", {"treaty": "北约"}, "NATO said so."),
        ("He said that treaty came.", {"treaty": "北约"}, "He said that NATO came."),
        ("The North Pact said so.", {"North Pact": "北约"}, "NATO said so."),
    ],
)
def test_the_words_that_stand_for_a_term_are_replaced_by_it(
    translator: FakeTranslator, answer: str, words: dict[str, str], expected: str
) -> None:
    lacks_terms(translator, "北约来说话。", answer)
    translator.answers["NATO来说话。"] = answer
    translator.words = words
    assert target(translator, sentence("北约来说话。", NATO)) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Seven came.", "The Group of Seven came."),
        ("The seven came.", "The Group of Seven came."),
        ("Then the seven came.", "Then the Group of Seven came."),
        ("Then seven came.", "Then the Group of Seven came."),
        ("Then a seven came.", "Then a Group of Seven came."),
    ],
)
def test_an_article_is_not_doubled(translator: FakeTranslator, answer: str, expected: str) -> None:
    lacks_terms(translator, "七国集团来了。", answer)
    translator.answers["Group of Seven来了。"] = answer
    translator.words = {"seven": "七国集团", "Seven": "七国集团", "came": "来"}
    assert target(translator, sentence("七国集团来了。", G7)) == expected


def test_words_that_stand_for_two_terms_are_not_replaced_by_one(translator: FakeTranslator) -> None:
    lacks_terms(translator, "北约七国集团来。", "They came.")
    translator.answers["NATOGroup of Seven来。"] = "They came."
    translator.words = {"They": "北约七国集团"}
    (segment,) = asked(translator, sentence("北约七国集团来。", NATO, G7))
    assert segment == Segment(source="北约七国集团来。", target="They came.", verdict=Verdict.TERMS)


def test_a_term_without_certain_words_stays_missing_and_the_translation_is_shown(
    translator: FakeTranslator,
) -> None:
    lacks_terms(translator, "北约来说话。", "They said so.")
    translator.answers["NATO来说话。"] = "They talked."
    translator.words = {"They": "北约来说话", "said so": "北约来说话"}
    (segment,) = asked(translator, sentence("北约来说话。", NATO))
    assert segment == Segment(source="北约来说话。", target="They said so.", verdict=Verdict.TERMS)
    assert segment.is_translated and not segment.has_failed


def test_a_translation_that_lacks_a_term_is_better_than_none(translator: FakeTranslator) -> None:
    translator.answers["北约来说话。"] = ""
    translator.careful_answers["北约来说话。"] = several("", "They said so.", "They talked.")
    translator.answers["NATO来说话。"] = ""
    translator.words = {"They": "北约来说话", "said so": "北约来说话"}
    (segment,) = asked(translator, sentence("北约来说话。", NATO))
    assert (segment.target, segment.verdict) == ("They said so.", Verdict.TERMS)


def lost(translator: FakeTranslator, text: str, answer: str, *others: str) -> None:
    """In whatever way it is asked for a sentence, an engine loses a number."""
    for asked_for in (text, *others):
        translator.answers[asked_for] = translator.careful_answers[asked_for] = answer


@pytest.mark.parametrize(
    ("text", "answer", "words", "others", "expected"),
    [
        (
            "共有546.52万人来。",
            "There were 546.52 people.",
            {"546.52": "546.52万"},
            ["共有5.4652 million人来。"],
            "There were 5.4652 million people.",
        ),
        (
            "共有17.5万人来。",
            "There were 17,500 people.",
            {"17,500": "17.5万"},
            ["共有175,000人来。"],
            "There were 175,000 people.",
        ),
        (
            "有17.5万人的队伍。",
            "There was a 17,500 crowd.",
            {"17,500": "17.5万"},
            ["有175,000人的队伍。"],
            "There was a 175,000 crowd.",
        ),
        (
            "会议于２０２６年开。",
            "It met in 2025.",
            {"2025": "２０２６"},
            ["会议于2026年开。"],
            "It met in 2026.",
        ),
    ],
)
def test_a_wrong_number_is_mended_where_its_place_is_certain(
    translator: FakeTranslator,
    text: str,
    answer: str,
    words: dict[str, str],
    others: list[str],
    expected: str,
) -> None:
    lost(translator, text, answer, *others)
    translator.words = words
    assert target(translator, sentence(text)) == expected


def test_a_wrong_number_without_a_certain_place_stays_in_the_original(translator: FakeTranslator) -> None:
    text = "去年这里总共有17.5万人来。"
    lost(translator, text, "There were 17,500 people.", "去年这里总共有175,000人来。")
    translator.words = {"17,500": "这里总共有17.5万", "people": "这里总共有17.5万"}
    (segment,) = asked(translator, sentence(text))
    assert segment == Segment(source=text, target=text, verdict=Verdict.NUMBERS)


def test_numbers_are_mended_into_english_only(translator: FakeTranslator) -> None:
    lost(translator, "共有546.52万人来。", "Es kamen 546,52 Menschen.")
    translator.words = {"546,52": "546.52万"}
    (segment,) = asked(translator, sentence("共有546.52万人来。"), target_language="de")
    assert segment.verdict is Verdict.NUMBERS
    assert translator.aligned == []


def test_a_mended_number_costs_no_other(translator: FakeTranslator) -> None:
    text = "15人死亡，5人受伤。"
    lost(translator, text, "Fifteen people died, and six were hurt.")
    translator.words = {"Fifteen": "15", "six": "5人"}
    (segment,) = asked(translator, sentence(text))
    assert segment.target in (text, "Fifteen people died, and 5 were hurt.")


@pytest.mark.parametrize(
    ("text", "answer", "words", "expected"),
    [
        ("《战争与和平》出版。", "War and Peace is out.", {"War and Peace": "战争与和平"}, "“War and Peace” is out."),
        ("他读《家》和《春》。", "He read Family and Spring.", {"Family": "家", "Spring": "春"}, "He read “Family” and “Spring”."),
        ("《家》出版。", "“Family” is out.", {"Family": "家"}, "“Family” is out."),
        ("《家》《春》出版。", "Home Spring Tales are out.", {"Home Spring": "家", "Tales": "春"}, "“Home Spring” “Tales” are out."),
        ("《卫报》说好。", "The Guardian says yes.", {"Guardian": "卫报"}, "The Guardian says yes."),
    ],
)  # fmt: skip
def test_titles_of_works_have_quotation_marks_and_newspapers_none(
    translator: FakeTranslator, text: str, answer: str, words: dict[str, str], expected: str
) -> None:
    translator.answers[text] = answer
    translator.words = words
    assert target(translator, sentence(text, GUARDIAN)) == expected


def test_a_title_has_its_marks_where_a_term_was_asked_for_in_english(translator: FakeTranslator) -> None:
    lacks_terms(translator, "七国集团发布《报告》了。", "They published it.")
    translator.answers["Group of Seven发布《报告》了。"] = "The Group of Seven published its Report today."
    translator.words = {"Group of Seven": "Group of Seven", "published": "发布", "Report": "报告"}
    one = sentence("七国集团发布《报告》了。", G7)
    assert target(translator, one) == "The Group of Seven published its “Report” today."


LONG = "总统在首都会见了外国客人，随后他们进行了友好的谈话。"
HALVES = ["总统在首都会见了外国客人，", "随后他们进行了友好的谈话。"]


def test_a_long_sentence_that_fails_is_asked_in_parts(translator: FakeTranslator) -> None:
    lost(translator, LONG, "")
    translator.answers |= dict(
        zip(HALVES, ["The president met guests,", "and they had a talk."], strict=True)
    )
    assert target(translator, sentence(LONG)) == "The president met guests, and they had a talk."


def test_a_sentence_of_which_a_part_fails_is_not_translated(translator: FakeTranslator) -> None:
    lost(translator, LONG, "")
    translator.answers |= dict(zip(HALVES, ["The president met some guests from abroad,", ""], strict=True))
    (segment,) = asked(translator, sentence(LONG))
    assert segment == Segment(source=LONG, target=LONG, verdict=Verdict.EMPTY)


def test_the_worst_part_says_how_much_of_a_sentence_the_engine_knows(translator: FakeTranslator) -> None:
    lost(translator, LONG, "")
    translator.answers[HALVES[0]] = [Answer(text="The president met guests,", score=-0.1, unknown=0.5)]
    translator.answers[HALVES[1]] = [Answer(text="and they had a talk.", score=-0.9)]
    (segment,) = asked(translator, sentence(LONG))
    assert not segment.is_translated
