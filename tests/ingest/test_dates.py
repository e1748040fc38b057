from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.ingest.dates import read_date


@given(st.integers(1, 20_000_000_000))
def test_a_date_in_the_standard_forms_is_read_back(timestamp: int) -> None:
    second = datetime.fromtimestamp(timestamp, UTC)
    assert read_date(f"{second.isoformat()[:19]}.5+00:00") == second
    assert read_date(f"{second:%Y-%m-%dT%H:%M:%SZ}") == second
    assert read_date(f"{second:%a, %d %b %Y %H:%M:%S} +0000") == second


@given(st.text(max_size=40) | st.text("0123456789-:+TZ/年月日 MarAPM.", max_size=30))
def test_any_text_is_a_date_in_utc_or_none(text: str) -> None:
    found = read_date(text)
    assert found is None or found.tzinfo is UTC


def test_nothing_is_no_date() -> None:
    assert read_date(None) is None
    assert read_date("") is None
