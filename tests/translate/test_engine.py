"""The engine with the model that every installation has. What it says may differ a little between processors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from feedsvc.errors import LanguagePairMissing, ModelError
from feedsvc.translate import ArgosTranslator, Models
from feedsvc.translate.engine import LoadedModel

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
    assert all(answers[i].isascii() and len(answers[i]) > 2 for i in (0, 1, 3, 4, 6))


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
