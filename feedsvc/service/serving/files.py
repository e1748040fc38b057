"""The ASGI application that sends the files of a folder. One small function after another, as every request runs them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, BinaryIO

from feedsvc.service.serving.flights import Flights
from feedsvc.service.serving.negotiation import accepted_encodings, is_unchanged, wanted_range
from feedsvc.service.serving.representations import (
    COMMON,
    Folder,
    Headers,
    Representation,
    Variant,
    may_be_compressed,
    varies_with_browser,
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: a client that takes no such piece in the time it is given is too slow
PIECE_BYTES = 256 << 10


class Files:
    """Answers GET and HEAD for the visible files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = Folder(folder)
        self._loads: Flights[Representation | None] = Flights()
        #: answers by their status
        self.answers: dict[int, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in ("GET", "HEAD"):
            await self._refuse(send, 405, [(b"allow", b"GET, HEAD")])
            return
        headers = read_headers(scope)
        found = await self._find(scope["path"], headers)
        if found is None:
            await self._refuse(send, 404, [(b"cache-control", b"no-cache")])
        elif is_unchanged(headers, found.etag, found.modified_s):
            await self._begin(send, 304, found.short)
            await send({"type": "http.response.body"})
        else:
            await self._send(send, found, headers, is_head=scope["method"] == "HEAD")

    async def _find(self, address: str, headers: dict[bytes, bytes]) -> Representation | None:
        if address.endswith("/"):
            address += "index.html"
        stamp = self._folder.stamp(address)
        if stamp is None:
            return None
        encodings = accepted_encodings(headers.get(b"accept-encoding", b""))
        variant = Variant(
            address,
            encodings[0] if encodings and may_be_compressed(address) else "",
            varies_with_browser(address) and b"text/html" in headers.get(b"accept", b""),
        )
        found = self._folder.kept(variant, stamp)
        if found is None:
            found = await self._loads.join((variant, stamp), lambda: self._folder.load(variant))
            if found is not None:
                self._folder.keep(variant, found)
        return found

    async def _send(
        self, send: Send, found: Representation, headers: dict[bytes, bytes], *, is_head: bool
    ) -> None:
        wanted = None
        if not is_head and b"range" in headers:
            wanted = wanted_range(headers, found.size_bytes, found.etag, found.modified_s)
        if wanted == (0, 0):
            nothing = f"bytes */{found.size_bytes}".encode()
            await self._refuse(send, 416, [*found.short, (b"content-range", nothing)])
            return
        first, behind = wanted or (0, found.size_bytes)
        length: Headers = [(b"content-length", str(behind - first).encode())]
        if wanted:
            length.append((b"content-range", f"bytes {first}-{behind - 1}/{found.size_bytes}".encode()))
        if is_head:
            await self._begin(send, 200, found.headers + length)
            await send({"type": "http.response.body"})
        elif found.body is not None:
            await self._begin(send, 206 if wanted else 200, found.headers + length)
            await _send_bytes(send, found.body, first, behind)
        else:
            await self._send_from_disk(send, found, 206 if wanted else 200, length, first, behind)

    async def _send_from_disk(
        self, send: Send, found: Representation, status: int, length: Headers, first: int, behind: int
    ) -> None:
        try:
            file = await asyncio.to_thread(Path(found.path).open, "rb")
        except OSError:
            await self._refuse(send, 404, [])
            return
        with file:
            await self._begin(send, status, found.headers + length)
            while first < behind:
                piece = await asyncio.to_thread(_read, file, first, min(PIECE_BYTES, behind - first))
                if not piece:  # shortened under our hands: the client sees that it is not complete
                    return
                first += len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": first < behind})

    async def _refuse(self, send: Send, status: int, headers: Headers) -> None:
        extra = [header for header in COMMON if header not in headers]
        await self._begin(send, status, [*headers, *extra, (b"content-length", b"0")])
        await send({"type": "http.response.body"})

    async def _begin(self, send: Send, status: int, headers: Headers) -> None:
        self.answers[status] = self.answers.get(status, 0) + 1
        await send({"type": "http.response.start", "status": status, "headers": headers})


def read_headers(scope: Scope) -> dict[bytes, bytes]:
    """The headers of a request; the lines of one that comes several times are one list."""
    lines = scope["headers"]
    headers = dict(lines)
    if len(headers) < len(lines):
        headers = {}
        for name, value in lines:
            headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


async def _send_bytes(send: Send, body: bytes, first: int, behind: int) -> None:
    if first == 0 and behind == len(body) <= PIECE_BYTES:
        await send({"type": "http.response.body", "body": body})
        return
    while True:
        piece = body[first : min(behind, first + PIECE_BYTES)]
        first += len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": first < behind})
        if first >= behind:
            return


def _read(file: BinaryIO, first: int, count: int) -> bytes:
    file.seek(first)
    return file.read(count)
