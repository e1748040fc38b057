from __future__ import annotations

from datetime import UTC, datetime

import pytest

from feedsvc.ingest.answers import LONGEST_S, fresh_s, retry_after_s

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DATE = {"date": "Fri, 20 Nov 2026 11:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": 'public, Max-Age = "600", must-revalidate'}, 600),
        ({"cache-control": "s-maxage=9, max-age=600"}, 600),
        ({"cache-control": "max-age=600", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "700"}, 0),
        ({"cache-control": "max-age=600", "age": "old"}, 600),
        ({"cache-control": "max-age=99999999999"}, LONGEST_S),
        ({"cache-control": "max-age=-1"}, None),
        ({"cache-control": "no-store, max-age=600"}, 0),
        ({"cache-control": "no-cache"}, 0),
        ({"cache-control": "max-age=600", "expires": "Fri, 20 Nov 2026 23:00:00 GMT"}, 600),
        ({"expires": "Fri, 20 Nov 2026 12:30:00 GMT"}, 1800),
        ({"expires": "Fri, 20 Nov 2026 12:30:00 GMT", **DATE}, 5400),
        ({"expires": "Fri, 20 Nov 2026 10:30:00 GMT", **DATE}, 0),
        ({"expires": "0"}, 0),
        ({"expires": "-1", **DATE}, 0),
    ],
)
def test_how_long_an_answer_is_fresh(headers: dict[str, str], expected: int | None) -> None:
    assert fresh_s(headers, now=NOW) == expected


@pytest.mark.parametrize(
    ("value", "headers", "expected"),
    [
        ("", {}, None),
        ("120", {}, 120),
        (" 0 ", {}, 0),
        ("99999999999999999999", {}, LONGEST_S),
        ("soon", {}, None),
        ("-5", {}, None),
        ("１２０", {}, None),
        ("Fri, 20 Nov 2026 12:02:00 GMT", {}, 120),
        ("Fri, 20 Nov 2026 12:02:00 GMT", DATE, 3720),
        ("Fri, 20 Nov 2026 10:02:00 GMT", {}, 0),
        ("Friday, 20-Nov-26 12:02:00 GMT", {}, 120),
        ("Fri Nov 20 12:02:00 2026", {}, 120),
    ],
)
def test_how_long_a_server_wants_us_to_wait(
    value: str, headers: dict[str, str], expected: int | None
) -> None:
    assert retry_after_s({"retry-after": value, **headers}, now=NOW) == expected
