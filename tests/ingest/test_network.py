from __future__ import annotations

import socket
import threading
import time
from typing import Any

import httpcore
import pytest

from feedsvc.ingest import network
from feedsvc.ingest.network import Network, PrivateAddress, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::",
        "2002:a00:1::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_told(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_a_public_address_is_one(address: str) -> None:
    assert is_public(address)


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let each look-up of a name bring the next of these lists of addresses."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, *rest: Any, **more: Any) -> Any:
        if host.replace(".", "").isdigit():
            return real(host, *rest, **more)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 0)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(PrivateAddress, match=r"news\.example, the private address 10\.0\.0\.1"):
        Network(allow_private=False).connect_tcp("news.example", 80, timeout=1)


def test_a_name_is_looked_up_once_and_that_address_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when it is checked and private when it is used (DNS rebinding)."""
    asked = resolve_to(monkeypatch, ["93.184.215.14"], ["127.0.0.1"])
    connected: list[str] = []

    def connect(self: object, host: str, *_: object, **__: object) -> httpcore.NetworkStream:
        connected.append(host)
        return httpcore.NetworkStream()

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    Network(allow_private=False).connect_tcp("news.example", 80, timeout=1)
    assert (asked, connected) == (["news.example"], ["93.184.215.14"])


def test_a_host_whose_first_address_does_not_answer_is_reached_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        resolve_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])
        stream = Network(allow_private=True).connect_tcp("news.example", port, timeout=2)
        assert stream.get_extra_info("socket").getpeername() == ("127.0.0.1", port)
        stream.close()


def test_a_name_without_an_address_cannot_be_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(httpcore.ConnectError, match=r"^news\.example has no address: Name or service"):
        Network(allow_private=True).connect_tcp("news.example", 80)


def test_no_wait_goes_beyond_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                while not stop.wait(0.02):
                    connection.sendall(b".")

        thread = threading.Thread(target=drip)
        thread.start()
        stream = Network(allow_private=True).connect_tcp("127.0.0.1", server.getsockname()[1])
        began = time.monotonic()
        with network.deadline(began + 0.2), pytest.raises(httpcore.ReadTimeout):
            while stream.read(1, timeout=60):
                assert not network.is_overdue()
        assert time.monotonic() - began < 5
        assert not network.is_overdue()
        stop.set()
        thread.join()
        stream.close()
