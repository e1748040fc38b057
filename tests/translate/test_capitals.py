from __future__ import annotations

import pytest

from feedsvc.translate.capitals import calm, is_shouted, shout


@pytest.mark.parametrize(
    "text", ["ПРЕЗИДЕНТ США ПРИБЫЛ В КИЕВ", "BUNDESKANZLER BESUCHT CHINA", "IL PAPA A NEW YORK"]
)
def test_a_headline_in_capitals_is_shouted(text: str) -> None:
    assert is_shouted(text)


@pytest.mark.parametrize("text", ["北约NATO与欧盟EU", "NATO", "Der BND in Berlin", "ABCDEFGHIJKL", "一"])
def test_what_merely_has_capitals_is_not(text: str) -> None:
    assert not is_shouted(text)


def test_calm_text_keeps_abbreviations_and_begins_with_a_capital() -> None:
    assert calm("ПРЕЗИДЕНТ США ПРИБЫЛ", ()) == "Президент США прибыл"


def test_what_must_stay_stays() -> None:
    assert calm("SIEHE HTTPS://X.EXAMPLE/AB HEUTE", ["HTTPS://X.EXAMPLE/AB"]) == (
        "Siehe HTTPS://X.EXAMPLE/AB heute"
    )
    assert (
        shout("See https://x.example/ab today", ["https://x.example/ab"]) == "SEE https://x.example/ab TODAY"
    )
    assert shout("all of it", ()) == "ALL OF IT"
