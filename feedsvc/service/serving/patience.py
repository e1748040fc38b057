"""How long the web server waits for its clients: uvicorn's protocol, and a look at each connection now and then.

uvicorn alone waits for ever for the end of a request that has begun, and for a client that takes no answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What a client may take its time for."""

    #: from the connection, or the first byte, to the end of the headers; also for what comes behind an answer
    head_s: float = 10
    max_head_bytes: int = 32768
    #: between two requests
    keep_alive_s: int = 20
    #: to take a piece of an answer
    piece_s: float = 60
    #: to take the rest of an answer when the server stops
    goodbye_s: float = 2
    #: more connections get a 503, and a tenth above that nothing at all
    max_connections: int = 500


def protocol(patience: Patience) -> type[asyncio.Protocol]:
    """The protocol of connections to patient, but not too patient, a server; for uvicorn's `http`."""
    return type("Patient", (_Patient,), {"patience": patience})


class _Patient(HttpToolsProtocol):
    patience: Patience
    #: since when the rest of a head is waited for
    _head_since: float | None = None
    _head_bytes = 0
    #: when what there was to send had gone, all or most of it
    _taken_at = 0.0
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) > 1.1 * self.patience.max_connections:
            transport.abort()
            return
        super().connection_made(transport)
        self._head_since = self._taken_at = self.loop.time()
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._look is None:  # refused at once
            return
        self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._look is None:
            return
        if self._head_since is None and (self.cycle is None or self.cycle.response_complete):
            self._head_since = self.loop.time()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_since is not None and self._head_bytes > self.patience.max_head_bytes:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        self._head_since = None
        self._head_bytes = 0
        super().on_headers_complete()

    def resume_writing(self) -> None:
        self._taken_at = self.loop.time()
        super().resume_writing()

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(self.patience.goodbye_s, self.transport.abort)

    def _look_later(self) -> None:
        soon = min(self.patience.head_s, self.patience.piece_s) / 4
        self._look = self.loop.call_later(soon, self._look_at)

    def _look_at(self) -> None:
        now = self.loop.time()
        if self.transport.get_write_buffer_size() == 0:
            self._taken_at = now
        is_late = self._head_since is not None and now - self._head_since > self.patience.head_s
        if is_late or now - self._taken_at > self.patience.piece_s:
            self.transport.abort()
        else:
            self._look_later()


def settings(patience: Patience) -> dict[str, Any]:
    """What uvicorn is told of it."""
    return {
        "http": protocol(patience),
        "timeout_keep_alive": patience.keep_alive_s,
        "limit_concurrency": patience.max_connections,
        "timeout_graceful_shutdown": round(patience.goodbye_s) + 1,
    }
