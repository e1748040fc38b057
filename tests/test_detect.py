from __future__ import annotations

import pytest

from feedsvc.detect import detect, is_rather


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("安理会将于三十一日召开会议，讨论乌克兰危机。", "zh"),
        ("安理會將於三十一日召開會議，討論烏克蘭危機。", "zh"),
        ("国連の安全保障理事会は、会議を開くことを決めた。", "ja"),
        ("유엔 안전보장이사회는 월요일에 회의를 열기로 했다고 밝혔다.", "ko"),
        ("The Security Council will meet on Monday to talk about the crisis.", "en"),
        ("Le Conseil de sécurité se réunira lundi pour discuter de la crise.", "fr"),
        ("Der Sicherheitsrat wird am Montag über die Krise beraten, hieß es gestern.", "de"),
        ("Совет Безопасности соберётся в понедельник, чтобы обсудить кризис.", "ru"),
        ("سيجتمع مجلس الأمن يوم الاثنين لمناقشة الأزمة الحالية في المنطقة", "ar"),
    ],
)
def test_the_language_of_a_sentence_is_found(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("漢字", "zh"),
        ("国务卿表示", "zh"),
        ("ひらがな", "ja"),
        ("カタカナ", "ja"),
        ("한국", "ko"),
        ("BBC：新闻", "zh"),
    ],
)
def test_east_asian_letters_tell_at_once(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["", "hello", "2022 — 31 !!", "…。，"])
def test_too_few_letters_tell_nothing(text: str) -> None:
    assert detect(text) is None


def test_a_few_chinese_names_do_not_make_a_text_chinese() -> None:
    text = (
        "The magazine of the city of Quanzhou (泉州) reports that the puppet theatre will travel to Berlin."
    )
    assert detect(text) == "en"


def test_a_kana_in_a_chinese_text_does_not_make_it_japanese() -> None:
    assert detect("这家名叫优の良品的商店昨天在北京开业，吸引了许多顾客前来参观购买。") == "zh"


def test_two_chinese_letters_in_a_short_title_are_worth_a_guess() -> None:
    assert detect("iPhone 15 发布") == "zh"


def test_foreign_names_do_not_make_a_chinese_text_english() -> None:
    assert detect("苹果公司（Apple Inc）周三发布了新款手机，售价九千元人民币。") == "zh"


def test_a_paragraph_is_told_from_one_in_another_language_of_the_same_script() -> None:
    english = "The prime minister said on Tuesday that the talks would go on in Geneva."
    german = "Der Kanzler sagte am Dienstag, die Gespräche in Genf würden fortgesetzt."
    assert is_rather(english, "en", than="de")
    assert not is_rather(german, "en", than="de")
    assert not is_rather("Berlin, Paris, London, Madrid", "en", than="de")
    assert not is_rather("OK", "en", than="de")
