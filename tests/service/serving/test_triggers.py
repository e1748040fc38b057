from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.errors import ConfigError
from feedsvc.service.serving.triggers import Gate, Limit, read_token

TOKEN = "0123456789abcdef"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(tmp_path: Path, clock: Clock) -> Gate:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    return Gate(tmp_path / "token", clock)


def test_a_limit_lets_some_in_at_once_and_then_one_now_and_then(clock: Clock) -> None:
    limit = Limit(2, 10.0, clock)
    assert [limit.allows() for _ in range(3)] == [True, True, False]
    clock.now = 9.0
    assert not limit.allows()
    clock.now = 10.0
    assert [limit.allows() for _ in range(2)] == [True, False]
    clock.now = 1000.0
    assert [limit.allows() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", f"bearer  {TOKEN} "])
def test_the_token_opens_the_gate(gate: Gate, header: str) -> None:
    assert gate.refusal(header) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        TOKEN,
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer 中文",
    ],
)
def test_nothing_else_does(gate: Gate, header: str) -> None:
    assert gate.refusal(header) == 401


def test_who_comes_too_often_waits(gate: Gate, clock: Clock) -> None:
    answers = [gate.refusal(f"Bearer {TOKEN}") for _ in range(11)]
    assert answers == [None] * 10 + [429]
    clock.now += gate.wait_s
    assert gate.refusal(f"Bearer {TOKEN}") is None


def test_who_guesses_is_slowed_down_and_keeps_nobody_out(gate: Gate) -> None:
    assert [gate.refusal("Bearer guess") for _ in range(12)] == [401] * 10 + [429] * 2
    assert gate.refusal(f"Bearer {TOKEN}") is None


def test_a_new_token_holds_at_once(gate: Gate, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("fedcba9876543210")
    assert gate.refusal(f"Bearer {TOKEN}") == 401
    assert gate.refusal("Bearer fedcba9876543210") is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "must hold one token of 16 characters or more; make one with: openssl rand -hex 32"),
        (b"short", "must hold one token"),
        (b"two tokens of many characters", "must hold one token"),
        (b"one\x00token of many characters", "must hold one token"),
        ("0123456789中文abcdef".encode(), "holds no token: it is not ASCII"),
    ],
)
def test_a_file_without_a_token_is_named_and_never_shown(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(ConfigError) as error:
        read_token(tmp_path / "token")
    assert str(error.value).startswith(f"server.refresh_token_file: {tmp_path / 'token'}: {reason}")


def test_a_token_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="token: cannot be read: No such file or directory"):
        Gate(tmp_path / "token")
