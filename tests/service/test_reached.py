from __future__ import annotations

import socket

import pytest

from feedsvc.service import reached


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", "127.0.0.1"), ("news.example", "news.example"), ("::1", "[::1]")]
)
def test_a_host_is_reached_at_itself(host: str, expected: str) -> None:
    assert reached.reached_at(host) == expected


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_who_listens_everywhere_is_reached_at_the_address_that_leads_outwards(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reached, "_OUTSIDE", ("127.0.0.9", 9))
    assert reached.reached_at(host) == "127.0.0.1"


def test_who_has_no_way_outwards_is_reached_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reached, "_OUTSIDE", ("255.255.255.255", 9))  # may not be asked without more ado
    assert reached.reached_at("0.0.0.0") == socket.gethostname()
