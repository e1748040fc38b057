"""The network below HTTP: who may be connected to, and until when. Knows nothing of HTTP itself.

Addresses are checked when the connection is made, on the very address that is connected to: a name that is
resolved a second time, to somewhere else (DNS rebinding), gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from typing import Any

import httpcore

#: when what this thread is doing on the network must have ended, on the monotonic clock
_DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddress(Exception):
    """A name, or an address itself, leads to a host that is not on the public internet."""

    def __init__(self, host: str, address: str) -> None:
        self.host = host
        self.address = address
        name = "" if host == address else f"{host}, "
        super().__init__(f"{name}the private address {address}")


@contextmanager
def deadline(at: float) -> Iterator[None]:
    """Let every wait of this thread on the network end at a time of the monotonic clock."""
    token = _DEADLINE.set(at)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def is_overdue() -> bool:
    """The deadline of this thread has passed."""
    at = _DEADLINE.get()
    return at is not None and time.monotonic() >= at


def is_public(address: str) -> bool:
    """An IP address belongs to the public internet: it is neither private, loopback, link-local nor multicast.

    IPv6 addresses that stand for an IPv4 address (mapped, 6to4, Teredo, NAT64) are judged by that.
    """
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


class Network(httpcore.NetworkBackend):
    """Connects to hosts; to public ones only, unless `allow_private` is set."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that answers.

        Raises: PrivateAddress if any of its addresses is not public; httpcore.ConnectError, ConnectTimeout.
        """
        addresses = _resolve(host, port)
        if not self._allow_private:
            for address in addresses:
                if not is_public(address):
                    raise PrivateAddress(host, address)
        for address in addresses[:-1]:
            try:
                return _Timed(self._sockets.connect_tcp(address, port, _left(timeout), local_address))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # another address may answer; the error of the last one is told
        return _Timed(self._sockets.connect_tcp(addresses[-1], port, _left(timeout), local_address))

    def sleep(self, seconds: float) -> None:
        """Wait, as httpcore does before it connects again."""
        time.sleep(seconds)


class _Timed(httpcore.NetworkStream):
    """A connection on which no wait goes beyond the deadline, however slowly the bytes drip."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order in which they should be tried."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise httpcore.ConnectError(f"{host} has no address: {why}") from error
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def _left(timeout: float | None) -> float | None:
    """A timeout, cut short by the deadline."""
    at = _DEADLINE.get()
    if at is None:
        return timeout
    left = at - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left if timeout is None else min(timeout, left)
