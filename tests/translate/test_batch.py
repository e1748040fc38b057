from __future__ import annotations

from collections.abc import Callable

from fakes import FakeTranslator

from feedsvc.model import Entry, Pending, Verdict
from feedsvc.translate import article, batch


def group(*entries: Entry) -> list[article.Outline]:
    return [
        article.outline(
            Pending(entry=e, content_hash="", changed_at=None, previous=None), e.language or "und"
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
