"""The engine with the model that every installation has. What it says may differ a little between processors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes import handmade_model

from feedsvc import languages
from feedsvc.errors import LanguagePairMissing, ModelError
from feedsvc.translate import ArgosTranslator, Models, packages
from feedsvc.translate.engine import Answer, LoadedModel
from feedsvc.translate.packages import Model

SENTENCES = [
    "拜登和Macron将在Davos会面。",
    "中国经济去年增长5.2%。",
    "",
    "你好。",
    "联合国安理会将于11月20日召开会议，讨论停火问题。",
    "12",
    "天气很好，我们去公园。",
]


@pytest.fixture(scope="module")
def argos(bundled_models: Models) -> ArgosTranslator:
    return ArgosTranslator(bundled_models)


def translated(argos: ArgosTranslator, sentences: Sequence[str], *, careful: bool = False) -> dict[int, str]:
    """The translations by index; each index came once."""
    answers = list(argos.translate(sentences, source_language="zh", target_language="en", careful=careful))
    assert len(dict(answers)) == len(answers)
    return {index: several[0].text for index, several in answers}


def longest_run(text: str) -> int:
    """How often a word stands there in succession, at most."""
    words = text.lower().split()
    run = longest = 1
    for before, word in pairwise(words):
        run = run + 1 if word == before else 1
        longest = max(longest, run)
    return longest


@pytest.mark.parametrize("careful", [False, True])
def test_each_sentence_has_one_translation_at_its_index(argos: ArgosTranslator, careful: bool) -> None:
    answers = translated(argos, SENTENCES, careful=careful)
    assert sorted(answers) == list(range(len(SENTENCES)))
    assert answers[2] == ""
    assert answers[5] == "12"
    assert "5.2" in answers[1]
    assert all(len(answers[i]) > 2 and not languages.has_han(answers[i]) for i in (0, 1, 3, 4, 6))


def test_many_batches_bring_every_index(argos: ArgosTranslator) -> None:
    answers = translated(argos, [str(number) for number in range(600)])
    assert sorted(answers) == list(range(600))
    assert sum(text == str(index) for index, text in answers.items()) > 400


def test_shorter_sentences_come_first(argos: ArgosTranslator) -> None:
    sentences = [SENTENCES[4] * 20, SENTENCES[4]] * 8
    order = [i for i, _ in argos.translate(sentences, source_language="zh", target_language="en")]
    assert [i % 2 for i in order] == [1] * 8 + [0] * 8


@pytest.mark.parametrize("careful", [False, True])
def test_a_second_run_says_the_same(argos: ArgosTranslator, bundled_models: Models, careful: bool) -> None:
    first = translated(argos, SENTENCES, careful=careful)
    assert translated(argos, SENTENCES, careful=careful) == first
    assert translated(ArgosTranslator(bundled_models), SENTENCES, careful=careful) == first


def test_nothing_to_translate_is_nothing(argos: ArgosTranslator) -> None:
    assert translated(argos, []) == {}


@pytest.mark.parametrize("blank", ["", " ", "\u3000"])
def test_a_blank_sentence_has_an_empty_translation(argos: ArgosTranslator, blank: str) -> None:
    answers = translated(argos, ["12", blank, "34"])
    assert answers == {0: "12", 1: "", 2: "34"}


@pytest.mark.parametrize("monster", ["字" * 2000, "x" * 2000, "😀" * 500, "\0\u202e\ufffe", "<unk></s>▁"])
def test_a_monster_breaks_no_other_sentence(argos: ArgosTranslator, monster: str) -> None:
    answers = translated(argos, [*SENTENCES, monster])
    assert sorted(answers) == list(range(len(SENTENCES) + 1))
    assert (answers[2], answers[5]) == ("", "12")
    assert "Macron" in answers[0]


def test_a_sentence_too_long_for_the_model_is_translated_in_parts(argos: ArgosTranslator) -> None:
    names = ["Macron", "Merkel", "Biden", "Orwell", "Kafka", "Proust", "Joyce", "Woolf"]
    text = "，".join(f"{name}昨天在伦敦参加了会议并在会上发表了关于和平的重要讲话" for name in names * 3)
    answer = translated(argos, [text, "你好。"])[0]
    assert sum(name in answer for name in names) >= 6


def test_a_latin_name_is_copied(argos: ArgosTranslator) -> None:
    (answer,) = translated(argos, ["拜登和Macron将在Davos会面。"]).values()
    assert "Macron" in answer


def test_careful_decoding_breaks_loops(argos: ArgosTranslator) -> None:
    sentences = [
        "委员会办公室表示，轮值主席向各国代表强调，本组织是一个开放性平台，",
        "我们" * 8,
        "好，" * 25,
    ]
    answers = translated(argos, sentences, careful=True)
    assert max(longest_run(answer) for answer in answers.values()) <= 4


def test_a_variety_is_translated_by_the_model_of_its_language(argos: ArgosTranslator) -> None:
    answers = argos.translate(["12"], source_language="zh-Hant", target_language="en")
    assert [(index, several[0].text) for index, several in answers] == [(0, "12")]
    assert argos.engine("zh-Hant", "en") == argos.engine("zh", "en")


def test_a_model_of_another_pair_is_missing(argos: ArgosTranslator) -> None:
    with pytest.raises(LanguagePairMissing):
        argos.engine("de", "en")
    with pytest.raises(LanguagePairMissing):
        list(argos.translate(["12"], source_language="de", target_language="en"))


def test_a_model_is_loaded_once(bundled_models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    argos = ArgosTranslator(bundled_models)
    first = translated(argos, SENTENCES)
    monkeypatch.setattr(LoadedModel, "__init__", None)
    assert argos.engine("zh-Hant", "en") == argos.engine("zh", "en")
    assert translated(argos, SENTENCES) == first


def test_a_model_that_cannot_be_loaded_is_named(tmp_path: Path, bundled_models: Models) -> None:
    model = replace(bundled_models.find("zh", "en"), path=tmp_path)
    (tmp_path / "metadata.json").write_text("{}", encoding="utf-8")
    (tmp_path / "sentencepiece.model").write_bytes(b"none")
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        LoadedModel(model)
    assert caught.value.path == tmp_path


def test_the_careful_way_gives_several_answers(argos: ArgosTranslator) -> None:
    found = dict(argos.translate(SENTENCES, source_language="zh", target_language="en", careful=True))
    assert len(found[4]) == len({answer.text for answer in found[4]}) > 1


def test_the_plain_way_gives_one_answer(argos: ArgosTranslator) -> None:
    answers = argos.translate(SENTENCES, source_language="zh", target_language="en")
    assert {len(several) for _, several in answers} == {1}


def loaded(path: Path, next_pieces: Mapping[str, Mapping[str, float]], **options: object) -> LoadedModel:
    """A model made by hand."""
    package = handmade_model(path / "package", next_pieces, **options)  # type: ignore[arg-type]
    return LoadedModel(packages.read(package, "installed"))


@pytest.mark.parametrize("size", [1, 5, 20])
def test_a_score_is_the_mean_over_the_pieces_however_many_they_are(tmp_path: Path, size: int) -> None:
    steps = ["<s>", *(f"▁w{n}" for n in range(size))]
    chances = {step: {f"▁{letter}{n}": 0.5 for letter in "wx"} for n, step in enumerate(steps[:-1])}
    chances |= {f"▁x{n}": chances[steps[n + 1]] for n in range(size - 1)}
    chances |= {f"▁{letter}{size - 1}": {"</s>": 1} for letter in "wx"}
    ((_, (answer,)),) = loaded(tmp_path, chances).stream(["字"])
    assert len(answer.text.split()) == size
    assert answer.score == pytest.approx(size * math.log(0.5) / (size + 1), rel=0.01)


@pytest.mark.parametrize("careful", [False, True])
def test_a_sentence_that_a_model_cannot_take_fails_alone(tmp_path: Path, careful: bool) -> None:
    model = loaded(tmp_path, {"<s>": {"▁Hello": 1}, "▁Hello": {"</s>": 1}}, positions=40)
    answers = dict(model.stream(["字", "字" * 50, "字" * 30, "", "字" * 60], careful=careful))
    assert {index: several[0].text for index, several in answers.items()} == {
        0: "Hello",
        1: "",
        2: "Hello",
        3: "",
        4: "",
    }


def test_a_pair_that_a_model_cannot_take_is_aligned_by_position_alone(tmp_path: Path) -> None:
    model = loaded(tmp_path, {"<s>": {"▁Hello": 1}, "▁Hello": {"</s>": 1}}, positions=40)
    short, long = model.align([("字", "Hello"), ("字" * 50, "Hello " * 5)])
    assert (len(short.source_spans), len(long.source_spans)) == (2, 50)  # pieces; characters


def test_a_sentence_says_how_much_of_it_a_model_does_not_know(tmp_path: Path) -> None:
    model = loaded(tmp_path, {"<s>": {"▁Hello": 1}, "▁Hello": {"</s>": 1}}, letters="总统在")
    answers = dict(model.stream(["总统在", "总龘在靐统齉", "龘总" * 300]))
    assert [answers[index][0].unknown == 0 for index in range(3)] == [True, False, False]
    assert answers[1] == [
        Answer(text="Hello", score=answers[1][0].score, unknown=pytest.approx(0.45, abs=0.06))
    ]
    assert answers[2][0].unknown == pytest.approx(0.5, abs=0.01)


def chained(path: Path, *models: Mapping[str, Mapping[str, float]], letters: str = "字") -> ArgosTranslator:
    """A translator that goes through several models made by hand."""
    packed = [
        packages.read(handmade_model(path / str(n), model, letters=letters), "installed")
        for n, model in enumerate(models)
    ]
    return ArgosTranslator(SimpleNamespace(route=lambda *pair: tuple(packed)))  # type: ignore[arg-type]


HELLO = {"<s>": {"▁Hello": 1.0}, "▁Hello": {"</s>": 1.0}}
WORLD = {"<s>": {"▁big": 1.0}, "▁big": {"▁world": 1.0}, "▁world": {"</s>": 1.0}}


@pytest.mark.parametrize("careful", [False, True])
def test_the_last_of_several_models_has_the_last_word(tmp_path: Path, careful: bool) -> None:
    translator = chained(tmp_path, HELLO, WORLD)
    assert translator.engine("zh", "en") == "argos zh_en 1 + argos zh_en 1"
    answers = translator.translate(
        ["字", "字字"], source_language="zh", target_language="en", careful=careful
    )
    assert {index: several[0].text for index, several in answers} == {0: "big world", 1: "big world"}


def test_what_any_of_several_models_does_not_know_counts(tmp_path: Path) -> None:
    translator = chained(tmp_path, HELLO, WORLD, letters="字Hello")
    answers = dict(translator.translate(["字龘", "字"], source_language="zh", target_language="en"))
    assert answers[0][0].unknown > 0.2
    assert answers[1][0].unknown == 0


def test_the_least_certain_of_several_models_says_how_certain_they_are(tmp_path: Path) -> None:
    guess = {"<s>": {f"▁{c}": 0.1 for c in "abcdefghij"}, **{f"▁{c}": {"</s>": 1.0} for c in "abcdefghij"}}
    for n, models in enumerate([(guess, HELLO), (HELLO, guess)]):
        translator = chained(tmp_path / str(n), *models)
        ((_, (answer,)),) = translator.translate(["字"], source_language="zh", target_language="en")
        assert answer.score == pytest.approx(math.log(0.1) / 2, rel=0.01)


def test_an_alignment_goes_through_several_models(tmp_path: Path) -> None:
    translator = chained(tmp_path, HELLO, WORLD)
    pairs = [("字字", "big world"), ("字", "big")]
    first, second = translator.align(pairs, source_language="zh", target_language="en")
    assert (len(first.source_spans), len(first.target_spans)) == (3, 2)
    assert (len(second.source_spans), len(second.target_spans)) == (2, 1)
    assert translator.align([], source_language="zh", target_language="en") == []


class _Chained(Models):
    """The bundled model twice, one behind the other: what it does not understand it mostly copies."""

    def route(self, source_language: str, target_language: str) -> tuple[Model, ...]:
        model = self.find("zh", "en")
        return (model, model)


def test_a_route_over_another_language_applies_its_models_in_turn(tmp_path: Path) -> None:
    translator = ArgosTranslator(_Chained(tmp_path))
    assert translator.engine("zh", "de").count(" + ") == 1
    ((_, answers),) = translator.translate(["拜登12"], source_language="zh", target_language="de")
    assert "12" in answers[0].text
    (alignment,) = translator.align([("拜登12", "Biden 12")], source_language="zh", target_language="de")
    assert alignment.weights.shape == (len(alignment.target_spans), len(alignment.source_spans))
