from __future__ import annotations

import pytest

from feedsvc.model import Sentence, Verdict
from feedsvc.translate import checks, verbatim
from feedsvc.translate.engine import Answer


def sentence(text: str, language: str) -> Sentence:
    return Sentence(text, language, verbatim=tuple(verbatim.addresses(text)))


def judge(source: str, target: str, source_language: str, target_language: str) -> Verdict:
    return checks.judge(sentence(source, source_language), Answer(text=target), target_language)


def needs_translation(text: str, source_language: str, target_language: str) -> bool:
    return checks.needs_translation(sentence(text, source_language), target_language)


#: translations that a reader would accept
GOOD = [
    ("你好。", "Hello."),
    ("详见 https://x.example/a。", "See https://x.example/a."),
    ("2026年", "2026"),
    ("详见 https://x.example/a，谢谢。", "See https://x.example/a, thank you."),
    ("拜登和Macron将在Davos会面。", "Biden and Macron will meet in Davos."),
    ("中国经济去年增长5.2%。", "China's economy grew by 5.2 percent last year."),
    (
        "美国总统乔·拜登将于2月18日会见盟国领导人。",
        "US President Joe Biden will meet allied leaders on February 18.",
    ),
    (
        "会议于当地时间15时30分开始，3人缺席。",
        "The meeting began at 3:30 p.m. local time; three people were absent.",
    ),
    ("上世纪90年代，这里有30多万人。", "In the 1990s, more than 300,000 people lived here."),
    ("他说：“不，不，不！”", "He said: “No, no, no!”"),
    ("哈哈哈哈哈哈哈哈哈哈哈哈哈哈！", "Ha ha ha ha ha ha ha ha ha ha ha!"),
    ("联合国安理会（UNSC）将讨论“北溪2号”。", "The UN Security Council (UNSC) will discuss Nord Stream 2."),
    ("他用中文写下“和”字。", "He wrote the character “和” (harmony) in Chinese."),
    (
        "新华社北京11月20日电 国家统计局当天发布的数据显示，前10个月全国网上零售额为127878亿元，同比增长8.8%。",
        "Beijing, Nov. 20 (Xinhua) -- Online retail sales totalled 12,787.8 billion yuan in the first ten months, "
        "up 8.8 percent year on year, the National Bureau of Statistics said that day.",
    ),
]

LONG_WINDED = (
    "Nobody who had been waiting for it in the corridors of the building knew what to make of its careful words, "
    "which promised much, explained little and changed nothing at all."
)

BAD = [
    (Verdict.EMPTY, "第一句。", ""),
    (Verdict.EMPTY, "第一句。", "…"),
    (Verdict.EMPTY, "日期测试 21", "21"),
    (Verdict.VERBATIM, "详见 https://x.example/a 的说明。", "See https:/x.example for an explanation."),
    (Verdict.VERBATIM, "入口在 https://x.example/zh/", "The entrance is at https://x.example/zh/z"),
    (Verdict.VERBATIM, "来信请寄 desk@x.example 编辑部。", "Write to the editors, please."),
    (Verdict.UNTRANSLATED, "俄罗斯外交部发表声明。", "俄罗斯外交部发表声明。"),
    (Verdict.UNTRANSLATED, "俄罗斯外交部发表声明。", "Russia's 外交部发表声明 said."),
    (Verdict.LOOP, "北约是一个防御性联盟。", "NATO is a defence alliance alliance alliance alliance."),
    (Verdict.LOOP, "我们我们。", "We are in the city, in the city, in the city, in the city."),
    (Verdict.LOOP, "他笑了。", "hahahahahahahaha"),
    (
        Verdict.LOOP,
        "会议讨论了双边关系、经济合作与地区安全问题，并就下一步安排交换了意见和建议，双方都很满意。",
        "The leaders of the two countries of the leaders of the two sides of the leaders of the two countries of the "
        "leaders of the two sides of the leaders of the two countries and of the leaders of the two sides.",
    ),
    (Verdict.TOO_SHORT, "俄罗斯外交部长拉夫罗夫星期五在莫斯科发表讲话。", "Russia said."),
    (Verdict.TOO_LONG, "北约。", f"NATO. {LONG_WINDED}"),
    (
        Verdict.TOO_LONG,
        "俄罗斯外交部发表了声明。",
        f"Russia’s foreign ministry issued a statement. {LONG_WINDED}",
    ),
    (Verdict.NUMBERS, "并要求55名俄罗斯外交官离境。", "And demanded that 555 Russian diplomats leave."),
    (Verdict.NUMBERS, "会议将于2月7日举行。", "The meeting will be held on the 7th."),
    (Verdict.STRAY, "他住在𠮷野家。", "He lives in ⁇ Noya."),
    (Verdict.STRAY, "他住在这里。", "He lives \ufffd here."),
    (Verdict.STRAY, "他住在这里。", "He lives<unk> here."),
    (Verdict.STRAY, "他住在这里。", "He li@@ ves here."),
    (Verdict.STRAY, "他住在这里。", "He▁lives here."),
]


@pytest.mark.parametrize(("source", "target"), GOOD)
def test_a_good_translation_is_good(source: str, target: str) -> None:
    assert judge(source, target, "zh", "en") is Verdict.GOOD


@pytest.mark.parametrize(("verdict", "source", "target"), BAD)
def test_a_bad_translation_is_judged_by_its_fault(verdict: Verdict, source: str, target: str) -> None:
    assert judge(source, target, "zh", "en") is verdict


def test_the_gravest_of_several_faults_counts() -> None:
    assert judge("55人在这里。", "这里 ⁇", "zh", "en") is Verdict.STRAY
    assert judge("55人在这里。", "这里", "zh", "en") is Verdict.UNTRANSLATED
    assert judge("55人在这里。", "here here here here", "zh", "en") is Verdict.LOOP


def test_a_long_sentence_between_languages_of_one_script_is_untranslated_if_it_is_the_same() -> None:
    assert judge("Der Zug fährt ab.", "der zug fährt ab.", "de", "en") is Verdict.UNTRANSLATED
    assert judge("Der Zug fährt ab.", "The train departs.", "de", "en") is Verdict.GOOD


def test_a_name_may_be_the_same_in_two_languages_of_one_script() -> None:
    assert judge("Merkel", "Merkel", "de", "en") is Verdict.GOOD


def test_a_language_with_spaces_has_a_length_ratio_of_its_own() -> None:
    source = "La reunión empieza mañana por la mañana."
    assert judge(source, f"It may begin. {LONG_WINDED}", "es", "en") is Verdict.TOO_LONG
    assert judge(source, "It may begin.", "es", "en") is Verdict.GOOD
    assert judge(source, "It begins.", "es", "en") is Verdict.TOO_SHORT


@pytest.mark.parametrize(
    ("text", "source_language", "target_language"),
    [
        ("This is English already.", "zh", "en"),
        ("Macron: Davos 2026, 中", "zh", "en"),
        ("2026", "zh", "en"),
        ("12:30 — 3,475 (5%)", "zh", "en"),
        ("！？……", "zh", "en"),
        ("", "zh", "en"),
        ("The train.", "en-GB", "en"),
        ("火车。", "zh-Hant", "zh"),
        ("Уже по-русски.", "en", "ru"),
    ],
)
def test_what_is_in_the_target_language_or_has_no_letters_is_kept(
    text: str, source_language: str, target_language: str
) -> None:
    assert not needs_translation(text, source_language, target_language)


@pytest.mark.parametrize(
    ("text", "source_language", "target_language"),
    [
        ("火车。", "zh", "en"),
        ("Macron抵达Davos。", "zh", "en"),
        ("2026年", "zh", "en"),
        ("The train.", "en", "de"),
        ("電車。", "ja", "en"),
        ("The train.", "zh", "ru"),
    ],
)
def test_what_has_letters_of_another_language_needs_translation(
    text: str, source_language: str, target_language: str
) -> None:
    assert needs_translation(text, source_language, target_language)
