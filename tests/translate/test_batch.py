from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from fakes import FakeTranslator, fake_translation

from feedsvc.model import Entry, Found, Pending, Sentence, Term, Translation, Verdict
from feedsvc.translate import Glossary, article, batch


def group(
    *entries: Entry, previous: Translation | None = None, glossary: Glossary = article.NO_GLOSSARY
) -> list[article.Outline]:
    return [
        article.outline(
            Pending(entry=e, content_hash="", changed_at=None, previous=previous),
            e.language or "und",
            glossary,
        )
        for e in entries
    ]


def test_each_distinct_sentence_is_asked_once(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    entries = [make_entry(guid=str(i), body_html="<p>同一句话。</p><p>同一句话。</p>") for i in range(3)]
    done = batch.translate_group(
        group(*entries), translator, {"zh": "e"}, target_language="en", recall=lambda keys: {}
    )
    assert translator.asked == ["标题", "同一句话。"]
    assert done.asked == 2
    assert all(len(t.blocks) == 2 for _, t in done.translations)


def test_what_fails_twice_keeps_its_first_verdict_and_is_not_learnt(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    translator.answers["第一段。"] = ""
    translator.careful_answers["第一段。"] = "第一段。"
    done = batch.translate_group(
        group(make_entry()), translator, {"zh": "e"}, target_language="en", recall=lambda keys: {}
    )
    ((_, made),) = done.translations
    assert made.blocks[0].segments[0].verdict is Verdict.EMPTY
    assert "第一段。" in made.blocks[0].text
    assert len(done.learnt) == 1


def done_with(
    entries: Sequence[Entry],
    translator: FakeTranslator,
    *,
    known: Mapping[str, str] | None = None,
    previous: Translation | None = None,
    glossary: Glossary = article.NO_GLOSSARY,
    engine: str = "e",
    retry: bool = False,
    on_progress: Callable[[int], None] = lambda more: None,
    on_stop: Callable[[Mapping[str, str]], None] = lambda learnt: None,
) -> batch.Done:
    outlines = group(*entries, previous=previous, glossary=glossary)
    return batch.translate_group(
        outlines,
        translator,
        {o.language: engine for o in outlines},
        target_language="en",
        recall=lambda keys: {k: v for k, v in (known or {}).items() if k in keys},
        retry=retry,
        on_progress=on_progress,
        on_stop=on_stop,
    )


def test_what_fails_once_is_good_if_careful_decoding_helps(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    translator.answers["第一段。"] = "no no no no no"
    translator.careful_answers["第一段。"] = "The first paragraph."
    done = done_with([make_entry()], translator)
    ((_, made),) = done.translations
    assert made.blocks[0].text == "The first paragraph."
    assert translator.asked_carefully == ["第一段。"]
    assert "The first paragraph." in done.learnt.values()


def test_a_recalled_translation_is_used_instead_of_the_engine(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    key = batch.memory_key(Sentence("第一段。", "zh"), "en", "e", "fake")
    done = done_with([make_entry()], translator, known={key: "Known already."})
    ((_, made),) = done.translations
    assert made.blocks[0].text == "Known already."
    assert (translator.asked, done.asked) == (["标题"], 1)
    assert key not in done.learnt


def test_what_is_learnt_is_recalled_by_the_next_run(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    first = done_with([make_entry()], translator)
    second = done_with([make_entry(guid="2")], translator, known=first.learnt)
    assert second.asked == 0
    assert second.translations[0][1].blocks == first.translations[0][1].blocks


def test_a_translation_of_another_engine_is_not_recalled(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    first = done_with([make_entry()], translator)
    assert done_with([make_entry()], translator, known=first.learnt, engine="e2").asked == 2


def test_sentences_in_the_target_language_are_kept_and_asked_of_nobody(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    entry = make_entry(title="Breaking news", body_html="<p>2026</p><p>Only English here. 中文。</p>")
    done = done_with([entry], translator)
    ((_, made),) = done.translations
    assert translator.asked == ["中文。"]
    assert made.title.text == "Breaking news"
    assert made.blocks[0].segments[0].verdict is Verdict.KEPT
    assert made.blocks[1].text.startswith("Only English here. English")
    assert made.blocks[1].is_complete


def test_each_language_is_asked_of_its_own_model(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    entries = [make_entry(title="標題", body_html="", language=language) for language in ("zh", "ja")]
    done = done_with(entries, translator)
    assert translator.asked == ["標題", "標題"]
    assert len(done.learnt) == 2


def test_a_sentence_that_failed_before_is_not_asked_of_the_same_engine_again(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    translator.answers["第一段。"] = translator.careful_answers["第一段。"] = "?"
    ((_, previous),) = done_with([make_entry()], translator).translations
    translator.asked.clear()
    done = done_with([make_entry(title="新标题")], translator, previous=previous)
    assert translator.asked == ["新标题"]
    assert done.translations[0][1].blocks == previous.blocks
    assert len(done.learnt) == 1


@pytest.mark.parametrize("change", [{"engine": "e2"}, {"retry": True}])
def test_a_sentence_that_failed_before_has_another_chance(
    make_entry: Callable[..., Entry], translator: FakeTranslator, change: dict[str, Any]
) -> None:
    translator.answers["第一段。"] = translator.careful_answers["第一段。"] = "?"
    ((_, previous),) = done_with([make_entry()], translator).translations
    translator.asked.clear()
    translator.answers.clear()
    ((_, made),) = done_with([make_entry()], translator, previous=previous, **change).translations
    assert translator.asked == ["标题", "第一段。"]
    assert made.blocks[0].is_complete


def test_a_sentence_that_succeeded_before_is_not_taken_from_the_older_revision(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    ((_, previous),) = done_with([make_entry()], translator).translations
    assert batch.failed_before([*group(make_entry(), previous=previous)], {"zh": "e"}) == {}


def test_progress_adds_up_to_the_distinct_sentences(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    translator.answers["失败。"] = ""
    entries = [
        make_entry(
            guid=str(i), title="标题", body_html=f"<p>第{n}段。失败。2026</p><p>Kept.</p><p>记得。</p>"
        )
        for i, n in enumerate("一二二")
    ]
    heard: list[int] = []
    known = {batch.memory_key(Sentence("记得。", "zh"), "en", "e", "fake"): "Remembered."}
    done_with(entries, translator, known=known, on_progress=heard.append)
    assert heard == [3, 1, 1, 1, 1]
    assert sum(heard) == len(article.distinct(group(*entries))) == 7


def test_every_entry_of_a_group_is_translated_in_order(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    entries = [make_entry(guid=str(i)) for i in range(3)]
    done = done_with(entries, translator)
    assert [(p.entry.guid, t.entry.guid) for p, t in done.translations] == [
        ("0", "0"),
        ("1", "1"),
        ("2", "2"),
    ]


NATO = Glossary([Term("北约", "NATO")])


def lacking_a_term(translator: FakeTranslator) -> None:
    """An engine that never says NATO, and whose words come from nowhere in particular."""
    for text in ("北约来说话。", "NATO来说话。"):
        translator.answers[text] = translator.careful_answers[text] = "They said so."
    translator.words = {"They": "北约来说话", "said so": "北约来说话"}


def test_a_translation_that_lacks_a_term_is_shown_and_not_learnt(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    lacking_a_term(translator)
    done = done_with([make_entry(body_html="<p>北约来说话。</p>")], translator, glossary=NATO)
    ((_, made),) = done.translations
    assert made.blocks[0].text == "They said so."
    assert [s.verdict for s in made.blocks[0].segments] == [Verdict.TERMS]
    assert made.blocks[0].is_complete
    assert made.glossary == NATO.digest
    assert "They said so." not in done.learnt.values()


@pytest.mark.parametrize(
    ("glossary", "asked"),
    [(NATO, []), (Glossary([Term("北约", "Nato"), Term("欧盟", "EU")]), ["北约来说话。"])],
)
def test_a_translation_that_lacks_a_term_is_kept_until_the_glossary_changes(
    make_entry: Callable[..., Entry], translator: FakeTranslator, glossary: Glossary, asked: list[str]
) -> None:
    lacking_a_term(translator)
    entry = make_entry(title="", body_html="<p>北约来说话。</p>")
    ((_, previous),) = done_with([entry], translator, glossary=NATO).translations
    translator.calls.clear()
    done = done_with([entry], translator, glossary=glossary, previous=previous)
    assert [text for _, texts in translator.calls[:1] for text in texts] == asked
    assert [s.verdict for s in done.translations[0][1].blocks[0].segments] == [Verdict.TERMS]


def test_another_term_does_not_make_a_sentence_without_it_another_one(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    first = done_with([make_entry()], translator)
    translator.asked.clear()
    done = done_with([make_entry()], translator, known=first.learnt, glossary=NATO)
    assert (translator.asked, done.asked) == ([], 0)


class Stopped(BaseException):
    """Stands in for the user who presses Ctrl-C."""


@pytest.mark.parametrize("after", [1, 2, 3])
def test_what_is_finished_when_it_is_stopped_is_not_asked_again(
    make_entry: Callable[..., Entry], translator: FakeTranslator, after: int
) -> None:
    entry = make_entry(title="", body_html="<p>第一句。第二句。第三句。</p>")
    learnt: dict[str, str] = {}
    heard: list[int] = []

    def stop(more: int) -> None:
        heard.append(more)
        if sum(heard) == after:
            raise Stopped

    with pytest.raises(Stopped):
        done_with([entry], translator, on_progress=stop, on_stop=learnt.update)
    assert len(learnt) == after
    translator.asked.clear()
    assert done_with([entry], translator, known=learnt).asked == len(translator.asked) == 3 - after


def test_what_is_finished_when_it_is_stopped_while_markup_is_placed_is_not_asked_again(
    make_entry: Callable[..., Entry], translator: FakeTranslator, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = make_entry(body_html="<p>第<b>一</b>句。第二句。</p>")
    learnt: dict[str, str] = {}

    def stop(*_: object, **__: object) -> None:
        raise Stopped

    with monkeypatch.context() as patched, pytest.raises(Stopped):
        patched.setattr(translator, "align", stop)
        done_with([entry], translator, on_stop=learnt.update)
    assert done_with([entry], translator, known=learnt).asked == 0


def test_nothing_that_failed_is_learnt_when_it_is_stopped(
    make_entry: Callable[..., Entry], translator: FakeTranslator
) -> None:
    translator.answers["第二句。"] = ""
    translator.careful_answers["第二句。"] = "?"
    learnt: list[Mapping[str, str]] = []

    def fails(*_: object, **__: object) -> Iterator[None]:
        raise Stopped
        yield

    plain = translator.translate

    def stop_later(sentences: Sequence[str], *, careful: bool = False, **pair: str) -> Any:
        return fails() if careful else plain(sentences, careful=careful, **pair)  # type: ignore[arg-type]

    translator.translate = stop_later  # type: ignore[method-assign, assignment]
    with pytest.raises(Stopped):
        done_with(
            [make_entry(title="", body_html="<p>第一句。第二句。</p>")], translator, on_stop=learnt.append
        )
    assert [list(found.values()) for found in learnt] == [[fake_translation("第一句。")]]


ONE = Sentence("一", "zh")
KEY_PARTS: list[tuple[Sentence, str, str, str]] = [
    (ONE, "en", "e 1", "beam2"),
    (Sentence("二", "zh"), "en", "e 1", "beam2"),
    (Sentence("一", "ja"), "en", "e 1", "beam2"),
    (ONE, "de", "e 1", "beam2"),
    (ONE, "en", "e 2", "beam2"),
    (ONE, "en", "e 1", "beam4"),
    (Sentence("一z", "h"), "en", "e 1", "beam2"),
    (Sentence("一", "zhe"), "n", "e 1", "beam2"),
    (ONE, "ene", " 1", "beam2"),
    (Sentence("一2:zh", ""), "en", "e 1", "beam2"),
    (Sentence("", "一zh"), "en", "e 1", "beam2"),
    (ONE._replace(verbatim=((0, 1),)), "en", "e 1", "beam2"),
    (ONE._replace(terms=(Found(0, 1, Term("一", "One")),)), "en", "e 1", "beam2"),
    (ONE._replace(terms=(Found(0, 1, Term("一", "A")),)), "en", "e 1", "beam2"),
    (ONE._replace(terms=(Found(0, 1, Term("一", "A", ("One",))),)), "en", "e 1", "beam2"),
]


def test_a_memory_key_depends_on_each_part() -> None:
    keys = {batch.memory_key(*parts) for parts in KEY_PARTS}
    assert len(keys) == len(KEY_PARTS)
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)
