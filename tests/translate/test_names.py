from __future__ import annotations

import pytest

from feedsvc.translate.names import spelt


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (
            "拜登和Macron将在Davos会面。",
            "Biden and Macron will meet Davinos.",
            "Biden and Macron will meet Davos.",
        ),
        ("使用Kirin处理器", "It uses the Kiirin processor.", "It uses the Kirin processor."),
        ("NASA的Artemis任务", "NASA's Artmis's mission", "NASA's Artemis's mission"),
        ("Macron到访", "Macroon came, and Macroon left", "Macron came, and Macron left"),
    ],
)
def test_a_name_in_latin_letters_is_spelt_as_in_its_source(source: str, target: str, expected: str) -> None:
    assert spelt(source, target) == expected


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("拜登会见Macron", "Biden meets Macron"),
        ("Merz到访", "The chancellor came"),
        ("Nature杂志", "a natural magazine"),
        ("WHO宣布", "Who declared"),
        ("Ford和Lord", "Ford and Lord"),
        ("Iran", "Iraq"),
    ],
)
def test_other_words_stay(source: str, target: str) -> None:
    assert spelt(source, target) == target
