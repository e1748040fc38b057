"""What the bundled model must be able to do: thirty probes, each kind with the share of them that has to pass."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from feedsvc import languages
from feedsvc.translate import ArgosTranslator, Models

LATIN = [
    ("拜登和Macron将在Davos会面。", "Biden", "Macron", "Dav"),
    ("OpenAI周三发布了GPT-5模型。", "OpenAI", "GPT-5"),
    ("Spotify和Deezer提高了价格。", "Spotify", "Deezer"),
    ("据CNN报道，Musk将收购TikTok。", "CNN", "Musk", "TikTok"),
    ("Rheinmetall将在Debrecen建厂。", "Rheinmetall", "Debrecen"),
    ("Zelensky在Ramstein会见了Umerov。", "Zelensky", "Ramstein", "Umerov"),
    ("Stellantis与Leapmotor成立合资企业。", "Stellantis", "Leapmotor"),
]
FIGURES = [
    ("公司去年收入达1250亿美元，增长7.5%。", "125 billion", "7.5"),
    ("2024年11月5日，有3,500人参加了投票。", "2024", "3,500", "5"),
    ("地震造成至少126人死亡，188人受伤。", "126", "188"),
    ("气温将降至零下15摄氏度。", "15"),
    ("通胀率从3.2%升至4.1%。", "3.2", "4.1"),
    ("第47届总统将于1月20日宣誓就职。", "47th", "20"),
]
TRADITIONAL = [
    ("聯合國秘書長呼籲立即停火。", "secretary", "cease"),
    ("臺灣總統週二會見了美國議員。", "Taiwan", "Tuesday"),
    ("歐盟領導人同意對俄羅斯實施新的制裁。", "sanctions", "Russia"),
    ("颱風造成數千人無家可歸。", "typhoon", "thousand"),
    ("以色列與哈馬斯達成停火協議。", "Israel", "Hamas", "cease"),
]
TITLES = [
    "北约峰会闭幕",
    "美中贸易战升级",
    "最新消息：总理辞职",
    "股市暴跌",
    "快讯",
    "国际油价大涨",
    "乌克兰：俄罗斯无人机袭击基辅",
]
SENTENCES = [
    "总统表示，他不会参加下周在日内瓦举行的会谈，因为双方在核问题上的分歧仍然很大。",
    "外交部发言人说，中国坚决反对任何形式的恐怖主义。",
    "警方周五表示，两名嫌疑人已经被捕。",
    "为什么这座城市需要更多的树？",
    "专家警告说，这一决定可能会伤害小企业！",
]


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> ArgosTranslator:
    return ArgosTranslator(Models(tmp_path_factory.mktemp("models")))


def translated(starter: ArgosTranslator, texts: Sequence[str]) -> list[str]:
    answers = dict(starter.translate(texts, source_language="zh", target_language="en"))
    return [answers[index][0].text for index in range(len(texts))]


def passed(starter: ArgosTranslator, probes: Sequence[tuple[str, ...]]) -> int:
    """How many translations hold every expected word."""
    answers = translated(starter, [probe[0] for probe in probes])
    return sum(
        all(word.casefold() in answer.casefold() for word in words)
        for (_, *words), answer in zip(probes, answers, strict=True)
    )


def test_there_are_thirty_probes() -> None:
    assert len([*LATIN, *FIGURES, *TRADITIONAL, *TITLES, *SENTENCES]) == 30


def test_names_in_latin_letters_are_copied(starter: ArgosTranslator) -> None:
    assert passed(starter, LATIN) >= 6


def test_figures_are_kept(starter: ArgosTranslator) -> None:
    assert passed(starter, FIGURES) >= 5


def test_traditional_characters_are_read(starter: ArgosTranslator) -> None:
    assert passed(starter, TRADITIONAL) >= 4


def test_titles_are_short_and_say_nothing_twice(starter: ArgosTranslator) -> None:
    for title, answer in zip(TITLES, translated(starter, TITLES), strict=True):
        words = re.findall(r"\w+", answer.casefold())
        assert 1 <= len(words) <= 12, (title, answer)
        assert len(set(words)) >= 0.8 * len(words), (title, answer)


def test_sentences_come_to_their_end(starter: ArgosTranslator) -> None:
    for sentence, answer in zip(SENTENCES, translated(starter, SENTENCES), strict=True):
        assert answer.endswith(("?" if sentence.endswith("？") else ".", "!")), answer


def test_no_chinese_is_left(starter: ArgosTranslator) -> None:
    texts = [probe[0] for probe in (*LATIN, *FIGURES, *TRADITIONAL)] + TITLES + SENTENCES
    assert all(languages.share_in_script(answer, "zh") == 0 for answer in translated(starter, texts))
