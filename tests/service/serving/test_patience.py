"""Slow and unkind clients, over real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import httpx
import pytest

from feedsvc.service.server import application
from feedsvc.service.serving.patience import Patience

SMALL = Patience(head_s=0.4, keep_alive_s=1, piece_s=0.6, max_head_bytes=4096, max_connections=20)
ASK = b"GET /a.txt HTTP/1.1\r\nHost: here\r\n"
Connect = Callable[[], socket.socket]
Running = Callable[..., AbstractContextManager[str]]


def address_of(url: str) -> tuple[str, int]:
    parsed = httpx.URL(url)
    return parsed.host, parsed.port or 80


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, running: Running) -> Iterator[tuple[str, int]]:
    folder = tmp_path_factory.mktemp("public")
    (folder / "a.txt").write_text("here")
    (folder / "big.mp4").write_bytes(bytes(8 << 20))  # from memory
    (folder / "huge.mp4").write_bytes(bytes(40 << 20))  # from the disk
    with running(application(folder), SMALL) as url:
        yield address_of(url)


@pytest.fixture
def connect(place: tuple[str, int]) -> Iterator[Connect]:
    opened: list[socket.socket] = []

    def connection() -> socket.socket:
        opened.append(socket.create_connection(place, timeout=5))
        return opened[-1]

    yield connection
    for one in opened:
        one.close()


def closed_after_s(connection: socket.socket) -> float:
    """How long it takes until the other side has ended a connection, whatever it says before."""
    began = time.monotonic()
    with suppress(ConnectionError):
        while connection.recv(65536):
            pass
    return time.monotonic() - began


@pytest.mark.parametrize(
    "begun", [b"", b"GET", ASK, b"\r\n", b"POST /a.txt HTTP/1.1\r\nContent-Length: 9\r\nX"]
)
def test_a_request_that_does_not_end_is_ended(connect: Connect, begun: bytes) -> None:
    connection = connect()
    connection.sendall(begun)
    assert closed_after_s(connection) < 2


@pytest.mark.parametrize("trickle", [b"X", b"\r\n"], ids=["header", "empty lines"])
def test_a_request_that_trickles_in_is_ended(connect: Connect, trickle: bytes) -> None:
    connection = connect()
    began = time.monotonic()
    with pytest.raises(ConnectionError):
        connection.sendall(ASK if trickle == b"X" else b"")
        while time.monotonic() - began < 4:
            connection.sendall(trickle)
            time.sleep(0.05)
    assert time.monotonic() - began < 2


def test_a_body_that_trickles_in_behind_the_answer_is_ended(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"POST /a.txt HTTP/1.1\r\nHost: here\r\nContent-Length: 100000\r\n\r\n")
    assert connection.recv(1000).startswith(b"HTTP/1.1 405 ")
    began = time.monotonic()
    with pytest.raises(ConnectionError):
        while time.monotonic() - began < 4:
            connection.sendall(b"x")
            time.sleep(0.05)


def test_headers_without_end_are_ended_before_they_fill_the_memory(connect: Connect) -> None:
    connection = connect()
    sent = 0
    with pytest.raises(ConnectionError):
        connection.sendall(ASK)
        while sent < 50 << 20:
            connection.sendall(b"X-Much: " + b"x" * 1000 + b"\r\n")
            sent += 1000
    assert sent < 10 << 20  # what the kernel takes in between


def test_a_connection_without_another_request_is_closed_after_a_while(connect: Connect) -> None:
    connection = connect()
    connection.sendall(ASK + b"\r\n")
    assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert 0.5 < closed_after_s(connection) < 3


@pytest.mark.parametrize("name", ["big.mp4", "huge.mp4"])
def test_an_answer_that_nobody_takes_is_ended(place: tuple[str, int], name: str) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(place)
        connection.sendall(f"GET /{name} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        time.sleep(1.3)
        connection.settimeout(5)
        got = 0
        with suppress(ConnectionError):
            while piece := connection.recv(1 << 20):
                got += len(piece)
    assert got < 8 << 20


def test_a_client_that_takes_its_time_and_takes_all_is_served(place: tuple[str, int]) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.connect(place)
        connection.settimeout(5)
        connection.sendall(b"GET /big.mp4 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        began, got = time.monotonic(), 0
        while piece := connection.recv(1 << 18):
            got += len(piece)
            if time.monotonic() - began < 1.5:
                time.sleep(0.02)
    assert time.monotonic() - began > 1.2  # longer than any of its pieces may take
    assert got > 8 << 20


def test_too_many_connections_are_told_so_and_far_too_many_are_dropped(place: tuple[str, int]) -> None:
    idle = [socket.create_connection(place, timeout=5) for _ in range(19)]
    try:
        with socket.create_connection(place, timeout=5) as one_more:
            one_more.sendall(ASK + b"\r\n")
            assert one_more.recv(1000).startswith(b"HTTP/1.1 503 ")
        idle += [socket.create_connection(place, timeout=5) for _ in range(10)]
        assert closed_after_s(idle[-1]) < 0.3
    finally:
        for connection in idle:
            connection.close()


def test_requests_that_come_together_are_answered_in_turn(connect: Connect) -> None:
    connection = connect()
    last = b"GET /none HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
    connection.sendall((ASK + b"\r\n") * 50 + last)
    got = b""
    while piece := connection.recv(65536):
        got += piece
    assert (got.count(b"HTTP/1.1 200 OK"), got.count(b"HTTP/1.1 404 Not Found")) == (50, 1)


def test_a_server_that_is_told_to_stop_does_not_wait_for_slow_clients(
    tmp_path: Path, running: Running
) -> None:
    (tmp_path / "huge.mp4").write_bytes(bytes(20 << 20))
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with running(application(tmp_path), Patience(goodbye_s=0.5)) as url:
            slow.connect(address_of(url))
            slow.sendall(b"GET /huge.mp4 HTTP/1.1\r\nHost: here\r\n\r\n")
            slow.recv(10)
            began = time.monotonic()
    assert time.monotonic() - began < 3
