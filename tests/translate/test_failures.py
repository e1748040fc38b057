"""What small models get wrong: each fault really happens here, and a reader is shown the original with all its markup.

Most models are made by hand and run by CTranslate2: each says one thing, whatever it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes import FakeTranslator, handmade_model
from lxml.html import HtmlElement

from feedsvc import markup
from feedsvc.model import NOT_TRANSLATED, Entry, Layout, Pending, Verdict
from feedsvc.publish import layout
from feedsvc.translate import ArgosTranslator, Models, Translator, article, batch, engine, packages
from feedsvc.translate.capitals import calm
from feedsvc.translate.engine import Answer

SENTENCE = "总统在首都会见了外国客人。"
#: a link with emphasis and a picture stand inside the sentence; blocks, links and pictures around it
BODY = (
    "<h2>小标题</h2>"
    '<p>前一句话。{}<a href="https://x.example/1"><b>{}</b></a>{}<img src="https://x.example/1.jpg">{}后一句话。</p>'
    '<ul><li>这是<a href="https://x.example/2">一项</a></li><li><img src="https://x.example/2.jpg"></li></ul>'
)
#: that the models know: those of this file
CHARACTERS = "".join(sorted({*Path(__file__).read_text(encoding="utf-8")} - {*" \n"}))
Saying = Mapping[str, Mapping[str, float]]
MakeEntry = Callable[..., Entry]
MakeModel = Callable[..., ArgosTranslator]


def says(text: str) -> Saying:
    """A model that says a text, whose words are all different."""
    pieces = ["<s>", *(f"▁{word}" for word in text.split()), "</s>"]
    assert len(set(pieces)) == len(pieces)
    return {before: {after: 1} for before, after in pairwise(pieces)}


NOTHING: Saying = {"<s>": {"</s>": 0.99, ".": 0.01}, ".": {"</s>": 1}}
#: goes round in circles, which it can be kept from
LOOP: Saying = {
    **says("He said it again"),
    "▁again": {"▁again": 0.99, "▁and": 0.01, ".": 1e-9},
    "▁and": {"▁again": 1},
    ".": {"</s>": 1},
}
#: one of ten words, six times
GUESSES: Saying = {
    "<s>": {f"▁{c}a": 0.1 for c in "bcdfghjkln"},
    **{
        f"▁{c}{a}": {f"▁{d}{b}": 0.1 for d in "bcdfghjkln"}
        for a, b in pairwise("aeiouy")
        for c in "bcdfghjkln"
    },
    **{f"▁{c}y": {"</s>": 1.0} for c in "bcdfghjkln"},
}
LONG_WINDED = (
    "Nobody who had been waiting for it in the corridors of that old building knew how to take his careful words, "
    "which promised much and explained little while changing nothing at all."
)


@pytest.fixture
def model(tmp_path: Path) -> MakeModel:
    """A translator whose model says one thing. It knows every character, unless told which ones."""

    def make(saying: Saying, letters: str | None = None, **options: object) -> ArgosTranslator:
        known = CHARACTERS if letters is None else letters
        package = handmade_model(tmp_path / "package", saying, letters=known, **options)  # type: ignore[arg-type]
        found = packages.read(package, "installed")
        return ArgosTranslator(SimpleNamespace(route=lambda *pair: (found,)))  # type: ignore[arg-type]

    return make


@pytest.fixture
def entry_with(make_entry: MakeEntry) -> Callable[[str], Entry]:
    """An entry with a sentence among others, and with markup inside it."""

    def make(sentence: str) -> Entry:
        body = BODY.format(sentence[:2], sentence[2:4], sentence[4:5], sentence[5:])
        return make_entry(title="", body_html=markup.inner_html(markup.canonical(markup.parse(body))))

    return make


def translated(translator: Translator, entry: Entry, language: str = "zh") -> batch.Done:
    pending = Pending(entry=entry, content_hash="", changed_at=None, previous=None)
    return batch.translate_group(
        [article.outline(pending, language)],
        translator,
        {language: "e"},
        target_language="en",
        recall=lambda keys: {},
    )


def verdicts(done: batch.Done) -> dict[str, Verdict]:
    ((_, made),) = done.translations
    return {segment.source: segment.verdict for passage in made.passages for segment in passage.segments}


def shown(done: batch.Done) -> HtmlElement:
    """The body as a reader has it."""
    ((pending, made),) = done.translations
    return markup.parse(layout.body(pending.entry, made, Layout.TRANSLATION, with_credit=False))


def assert_whole(done: batch.Done) -> None:
    """Every block, link and picture is there once, and only what is good was learnt."""
    ((pending, made),) = done.translations
    before, after = markup.parse(pending.entry.body_html), shown(done)
    for tag, name in (("a", "href"), ("img", "src"), ("h2", "class"), ("p", "class"), ("li", "class")):
        there = [[element.get(name) for element in tree.iter(tag)] for tree in (before, after)]
        assert len(there[0]) == len(there[1])
        assert name == "class" or there[0] == there[1]
    segments = [segment for passage in made.passages for segment in passage.segments]
    assert sorted(done.learnt.values()) == sorted(s.target for s in segments if s.verdict is Verdict.GOOD)


def assert_original(done: batch.Done, sentence: str, verdict: Verdict) -> None:
    """A sentence has failed for this reason, and stands there as it was, marked."""
    assert_whole(done)
    assert verdicts(done)[sentence] is verdict
    (block,) = [text for block in shown(done).iter("p") if sentence in (text := block.text_content())]
    assert NOT_TRANSLATED in block[: block.index(sentence)]


def assert_translated(done: batch.Done, sentence: str, target: str) -> None:
    assert_whole(done)
    assert verdicts(done)[sentence] is Verdict.GOOD
    assert target in " ".join(shown(done).text_content().split())
    assert sentence not in shown(done).text_content()


#: a sentence, what the model says, and the verdict on that
FAULTS = {
    "nothing": (SENTENCE, NOTHING, Verdict.EMPTY),
    "no words": (SENTENCE, says("…"), Verdict.EMPTY),
    "figures alone": (SENTENCE, says("2026"), Verdict.EMPTY),
    "stops early": (SENTENCE, says("Yes."), Verdict.TOO_SHORT),
    "does not stop": (SENTENCE, says(LONG_WINDED), Verdict.TOO_LONG),
    "guesses": (SENTENCE, GUESSES, Verdict.UNSURE),
    "repeats its source": (SENTENCE, says("总统在首都会见了外国客人。"), Verdict.UNTRANSLATED),
    "two languages": (SENTENCE, says("The president met 外国客人 in 首都"), Verdict.UNTRANSLATED),
    "address alone": ("总统的话见@bbc。", says("@bbc"), Verdict.EMPTY),
    "unknown piece": (SENTENCE, says("The president met ⁇ in the capital."), Verdict.STRAY),
    "万": ("去年一共有17.5万人来这里。", says("Last year 17,500 people came here."), Verdict.NUMBERS),
    "亿": ("公司一共投资了1.2亿美元。", says("The company invested 12 million dollars."), Verdict.NUMBERS),
    "full-width": ("大会将在２０２６年开幕。", says("The assembly will open in 2025."), Verdict.NUMBERS),
    "percent": ("去年经济增长了５．２％。", says("The economy grew by 52% last year."), Verdict.NUMBERS),
    "ordinal": ("这里举行了第21届大会。", says("The twentieth assembly was held here."), Verdict.NUMBERS),
    "date": ("会议将于2月7日在这里举行。", says("The meeting will be here on the 7th."), Verdict.NUMBERS),
    "year": ("大会于2026年在这里举行。", says("The assembly was held here."), Verdict.NUMBERS),
}


@pytest.mark.parametrize(("sentence", "saying", "verdict"), FAULTS.values(), ids=FAULTS)
def test_what_a_model_gets_wrong_is_shown_in_the_original(
    model: MakeModel,
    entry_with: Callable[[str], Entry],
    sentence: str,
    saying: Saying,
    verdict: Verdict,
) -> None:
    assert_original(translated(model(saying), entry_with(sentence)), sentence, verdict)


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("去年一共有17.5万人来这里。", "Last year 175,000 people came here."),
        ("公司一共投资了1.2亿美元。", "The company invested $120 million."),
        ("大会将在２０２６年开幕。", "The assembly will open in 2026."),
        ("去年经济增长了５．２％。", "The economy grew by 5.2 percent last year."),
        ("这里举行了第21届大会。", "The twenty-first assembly was held here."),
        ("会议将于2月7日在这里举行。", "The meeting will be here on February 7."),
    ],
)
def test_a_number_may_be_written_as_english_does(
    model: MakeModel, entry_with: Callable[[str], Entry], sentence: str, answer: str
) -> None:
    assert_translated(translated(model(says(answer)), entry_with(sentence)), sentence, answer)


def test_the_end_is_no_answer_even_where_it_is_what_the_model_wants_to_say(model: MakeModel) -> None:
    answers = model(NOTHING).translate([SENTENCE, ""], source_language="zh", target_language="en")
    assert {index: several[0].text for index, several in answers} == {0: ".", 1: ""}


def test_a_circle_is_broken_by_the_second_way_of_asking(
    model: MakeModel, entry_with: Callable[[str], Entry]
) -> None:
    translator = model(LOOP)
    ((_, (plain,)),) = translator.translate([SENTENCE], source_language="zh", target_language="en")
    assert plain.text.startswith("He said it again again again again again")
    assert len(plain.text.split()) < 100
    done = translated(translator, entry_with(SENTENCE))
    assert_translated(done, SENTENCE, "He said it again")
    assert max(target.count("again again") for target in done.learnt.values()) < 4


def test_a_circle_that_cannot_be_broken_is_shown_in_the_original(
    translator: FakeTranslator, entry_with: Callable[[str], Entry]
) -> None:
    translator.answers[SENTENCE] = translator.careful_answers[SENTENCE] = (
        "The president met " + "the guests " * 5
    )
    assert_original(translated(translator, entry_with(SENTENCE)), SENTENCE, Verdict.LOOP)


@pytest.mark.parametrize("known", ["总在都会客。", "总统在首都。"], ids=["here and there", "side by side"])
def test_characters_that_a_model_does_not_know_are_not_taken_for_known_ones(
    model: MakeModel, entry_with: Callable[[str], Entry], known: str
) -> None:
    done = translated(
        model(says("Ukraine's crisis deepens again."), "前一句话后" + known), entry_with(SENTENCE)
    )
    assert_original(done, SENTENCE, Verdict.UNKNOWN)
    assert verdicts(done)["前一句话。"] is Verdict.GOOD


def test_the_bundled_model_says_how_much_it_does_not_know(bundled_models: Models) -> None:
    texts = [SENTENCE, "龘靐齉爩鱻麤在这里。", "总统龘靐说齉爩很好。"]
    answers = ArgosTranslator(bundled_models).translate(texts, source_language="zh", target_language="en")
    assert [several[0].unknown > 0.2 for _, several in sorted(answers)] == [False, True, True]


@pytest.mark.parametrize("careful", [False, True])
def test_a_model_is_kept_from_saying_that_it_does_not_know(model: MakeModel, careful: bool) -> None:
    translator = model({"<s>": {"<unk>": 0.9, "▁Hello": 0.1}, "▁Hello": {"</s>": 1}})
    answers = translator.translate([SENTENCE], source_language="zh", target_language="en", careful=careful)
    ((_, several),) = answers
    assert [answer.text for answer in several if "⁇" in answer.text or "unk" in answer.text] == []


@pytest.mark.parametrize("stray", ["⁇", "▁", "<unk>", "</s>", "\ufffd", "@@"])
def test_stray_characters_are_shown_to_nobody(
    translator: FakeTranslator, entry_with: Callable[[str], Entry], stray: str
) -> None:
    answer = f"The president met {stray} in the capital."
    translator.answers[SENTENCE] = translator.careful_answers[SENTENCE] = answer
    assert_original(translated(translator, entry_with(SENTENCE)), SENTENCE, Verdict.STRAY)


def test_an_answer_that_the_model_is_not_sure_of_is_not_shown(
    translator: FakeTranslator, entry_with: Callable[[str], Entry]
) -> None:
    doubtful = [Answer(text="The president met foreign guests.", score=-1.6)]
    translator.answers[SENTENCE] = translator.careful_answers[SENTENCE] = doubtful
    assert_original(translated(translator, entry_with(SENTENCE)), SENTENCE, Verdict.UNSURE)


@pytest.mark.parametrize("kept", ["https://x.example/a?b=1_2", "press@x.example", "@feed_svc", "#feed_svc"])
def test_an_address_that_a_model_leaves_out_is_put_back(
    model: MakeModel, entry_with: Callable[[str], Entry], kept: str
) -> None:
    sentence = f"总统在首都会见了客人：{kept}。"
    done = translated(model(says("The president met the guests.")), entry_with(sentence))
    assert_translated(done, sentence, kept)


def test_an_address_that_cannot_be_put_back_stays_in_the_original(
    translator: FakeTranslator, entry_with: Callable[[str], Entry]
) -> None:
    sentence = "总统的话见https://x.example/a。"
    translator.answers[sentence] = translator.careful_answers[sentence] = "See the president's words."
    translator.answers["总统的话见。"] = ""
    assert_original(translated(translator, entry_with(sentence)), sentence, Verdict.VERBATIM)


@pytest.mark.parametrize("title", ["WORLD NEWS: THE PRESIDENT SPEAKS", "Macron: “Europe 2026”"])
def test_a_headline_in_english_is_left_alone_in_any_case(
    translator: FakeTranslator, make_entry: MakeEntry, title: str
) -> None:
    done = translated(translator, make_entry(title=title, body_html=""))
    assert verdicts(done) == {title: Verdict.KEPT}
    assert (translator.asked, done.learnt) == ([], {})


def test_a_headline_in_capitals_is_asked_in_small_letters_and_shown_in_capitals(
    translator: FakeTranslator, make_entry: MakeEntry
) -> None:
    title = "KANZLERIN TRIFFT MERZ AM MITTWOCH"
    translator.answers[calm(title, ())] = "Chancellor meets Merz on Wednesday"
    done = translated(translator, make_entry(title=title, body_html=""), "de")
    ((_, made),) = done.translations
    assert "kanzlerin trifft merz" in translator.asked[0].lower() and translator.asked[0] != title
    assert made.title.text == "CHANCELLOR MEETS MERZ ON WEDNESDAY"


def test_a_sentence_in_two_languages_is_asked_as_a_whole(
    translator: FakeTranslator, make_entry: MakeEntry
) -> None:
    translated(translator, make_entry(title="MACRON抵达Davos", body_html=""))
    assert translator.asked == ["MACRON抵达Davos"]


def test_space_around_and_in_a_sentence_is_not_the_concern_of_a_model(
    model: MakeModel, make_entry: MakeEntry
) -> None:
    body = "<p> \n 总统在  首都\n会见了客人。 \u3000 </p><p>\u3000</p><p> </p>"
    done = translated(
        model(says("The president met the guests.".replace("the", "his"))), make_entry(body_html=body)
    )
    ((_, made),) = done.translations
    assert [passage.text for passage in made.blocks] == ["The president met his guests."]
    assert list(verdicts(done)) == ["标题", "总统在 首都会见了客人。"]


def test_full_width_punctuation_becomes_that_of_english(
    model: MakeModel, entry_with: Callable[[str], Entry]
) -> None:
    done = translated(model(says("He met 《friends》，and （old） guests！")), entry_with(SENTENCE))
    assert_translated(done, SENTENCE, "He met “friends”, and (old) guests!")


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize("text", [SENTENCE, "总统在首都会见了外国客人，" * 30], ids=["short", "long"])
def test_the_piece_that_a_multilingual_model_is_told_the_language_by_is_no_part_of_its_answer(
    model: MakeModel, text: str, careful: bool
) -> None:
    saying = {">>en<<": {"▁Hello": 1}, "<s>": {"▁Bonjour": 1}, "▁Hello": {"</s>": 1}, "▁Bonjour": {"</s>": 1}}
    translator = model(saying, target_prefix=">>en<<")
    ((_, several),) = translator.translate(
        [text], source_language="zh", target_language="en", careful=careful
    )
    assert set(several[0].text.split()) == {"Hello"}


def test_a_prefix_that_a_model_does_not_know_is_no_part_of_its_answer_either(model: MakeModel) -> None:
    translator = model({**says("Hello"), "<unk>": {"▁Hello": 1}}, target_prefix="")
    (package,) = translator._models.route("zh", "en")
    translator._models = SimpleNamespace(route=lambda *pair: (replace(package, target_prefix="▁zzz"),))  # type: ignore[assignment]
    ((_, (answer,)),) = translator.translate([SENTENCE], source_language="zh", target_language="en")
    assert answer.text == "Hello"


def test_an_underscore_stays_one(model: MakeModel) -> None:
    translator = model(says("Use feed_url of @feed_svc"))
    ((_, (answer,)),) = translator.translate([SENTENCE], source_language="zh", target_language="en")
    assert answer.text == "Use feed_url of @feed_svc"


def test_a_sentence_that_a_model_cannot_take_costs_no_other_of_its_batch(
    model: MakeModel, entry_with: Callable[[str], Entry]
) -> None:
    sentence = "总统在首都会见了许多的外国客人。"
    done = translated(model(says("He met some guests."), positions=16), entry_with(sentence))
    assert_original(done, sentence, Verdict.EMPTY)
    assert [s for s, verdict in verdicts(done).items() if verdict is not Verdict.GOOD] == [sentence]


def test_an_endless_sentence_is_cut_and_no_part_of_it_is_lost(
    translator: FakeTranslator, make_entry: MakeEntry
) -> None:
    text = "".join(chr(0x4E00 + n) for n in range(2000))
    done = translated(translator, make_entry(title="", body_html=f"<p>{text}</p>"))
    ((_, made),) = done.translations
    assert "".join(segment.source for segment in made.blocks[0].segments) == text
    assert made.blocks[0].is_complete


def test_a_sentence_longer_than_a_model_can_take_is_translated_part_by_part(
    model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_MAX_INPUT_TOKENS", 160)
    translator = model(says("A part."), positions=162)
    texts = ["总统" * 20, "总统" * 500]
    answers = translator.translate(texts, source_language="zh", target_language="en")
    assert [several[0].text.count("A part.") for _, several in sorted(answers)] == [1, 8]


@pytest.mark.parametrize("careful", [False, True])
def test_a_sentence_of_which_a_part_cannot_be_translated_is_not_translated(
    model: MakeModel, monkeypatch: pytest.MonkeyPatch, careful: bool
) -> None:
    monkeypatch.setattr(engine, "_MAX_INPUT_TOKENS", 160)
    translator = model(says("A part."), positions=90)
    text = "总统" * 50 + "；" + "首都" * 35
    answers = translator.translate([text], source_language="zh", target_language="en", careful=careful)
    ((_, several),) = answers
    assert {answer.text for answer in several} == {""}
