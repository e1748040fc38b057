"""No known way past a sanitiser leads past this one."""

from __future__ import annotations

import pytest
from fuzz.offences import offences
from fuzz.vectors import CLOSED, ENDLESS

from feedsvc import markup
from feedsvc.ingest.sanitize import sanitise, text_of

BASE = "https://news.example/world/story"


@pytest.mark.parametrize("vector", [*CLOSED, *ENDLESS])
def test_nothing_that_runs_paints_or_phones_gets_through(vector: str) -> None:
    for fragment in (vector, f"<p>one {vector}", f"<ul><li><b>{vector}<table><td>{vector}", vector * 3):
        for base_url in (BASE, None):
            shown = sanitise(fragment, base_url=base_url)
            assert not offences(shown), shown
            assert sanitise(shown, base_url=base_url) == shown
    title = text_of(f"first {vector}")
    assert title.startswith("first")
    assert not offences(markup.escape(title))


@pytest.mark.parametrize("vector", CLOSED)
def test_what_stands_around_it_stays(vector: str) -> None:
    shown = sanitise(f"<p>first</p>{vector}<p>last <a href='u'>link</a></p>", base_url=BASE)
    words = markup.text(markup.parse(shown)).split()
    assert words[0] == "first" and words[-2:] == ["last", "link"]
    assert '<a href="https://news.example/world/u"' in shown


@pytest.mark.parametrize("vector", ENDLESS)
def test_what_stands_before_what_has_no_end_stays(vector: str) -> None:
    assert sanitise(f"<p>first</p>{vector}", base_url=BASE).startswith("<p>first</p>")
