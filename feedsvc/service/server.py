"""Serves the output folder over HTTP, for those who have no web server."""

from __future__ import annotations

import mimetypes
import socket
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from feedsvc.errors import ServeError
from feedsvc.publish.files import prepare_folder

_TYPES = {
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".json": "application/feed+json",
    ".opml": "text/x-opml",
    ".avif": "image/avif",
    ".webp": "image/webp",
    ".webm": "video/webm",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
}
_FEEDS = frozenset({".rss", ".atom"})
#: under their own types, browsers show feeds as plain text in the wrong characters (Chromium) or save them (Firefox)
_FOR_BROWSERS = "application/xml; charset=utf-8"
_HEADERS = {
    # pictures and media of the articles come from their publishers, or lie beside them; nothing else comes from outside.
    # Pages have their style inside, feeds have it beside them; what a page says to search engines is no script to run
    "Content-Security-Policy": "default-src 'none'; img-src * data:; media-src *; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "public, max-age=300",
}


class _Output(StaticFiles):
    """Only visible files of one folder; ETag, 304, HEAD and ranges come with StaticFiles."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if any(part.startswith(".") and part != "." for part in Path(path).parts):
            return Response(status_code=404)
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        if Path(path).suffix in _FEEDS:
            response.headers.add_vary_header("Accept")
            if "text/html" in Headers(scope=scope).get("accept", ""):
                response.headers["Content-Type"] = _FOR_BROWSERS
        return response


def application(folder: Path) -> Starlette:
    """The web application that serves a folder."""
    for suffix, mime_type in _TYPES.items():
        mimetypes.add_type(mime_type, suffix)
    return Starlette(
        routes=[Mount("/", _Output(directory=folder, html=True))],
        middleware=[Middleware(GZipMiddleware, minimum_size=1000)],
    )


def serve(folder: Path, host: str, port: int, *, ready: Callable[[str], None] = lambda url: None) -> None:
    """Serve a folder until interrupted; `ready` hears the address.

    Raises: PublishError if there is no such folder and none can be made; ServeError if the address is taken.
    """
    import uvicorn

    prepare_folder(folder)
    try:
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        raise ServeError(f"{host}:{port}", error.strerror or str(error)) from error
    with listening:
        ready(f"http://{host}:{listening.getsockname()[1]}/")
        uvicorn.Server(uvicorn.Config(application(folder), log_level="warning", server_header=False)).run(
            sockets=[listening]
        )
