"""Serves the output folder over HTTP, tells how the service is, and takes requests to refresh a source."""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from feedsvc.errors import ConfigError, ServeError
from feedsvc.publish.files import prepare_folder
from feedsvc.service.serving.files import Files, Receive, Scope, Send
from feedsvc.service.serving.flights import Flights
from feedsvc.service.serving.observation import Observation, health, metrics
from feedsvc.service.serving.patience import Patience, settings
from feedsvc.service.serving.triggers import Asked, Gate

Observe = Callable[[], Observation]
Refresh = Callable[[str], Asked]
Application = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]

_ADDRESSES = ("/healthz", "/metrics", "/refresh/")
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_SAID = {
    Asked.ACCEPTED: "will be refreshed",
    Asked.UNKNOWN: "there is no such source",
    Asked.BUSY: "is being refreshed",
    401: "show the token: Authorization: Bearer …",
    429: "too many requests",
}


def application(
    folder: Path,
    *,
    observe: Observe = Observation,
    refresh: Refresh | None = None,
    token_file: Path | None = None,
) -> Application:
    """The ASGI application that serves a folder.

    `observe` tells how the service is; it runs in a thread, and may take its time. `refresh` asks for a refresh of a
    source, by its id, for those who show the token in `token_file`; it runs in a thread and does not wait for the
    refresh. Without both of the two there is no `/refresh`.

    Raises: ConfigError if there is no token in that file.
    """
    files = Files(folder)
    routes = _watched(folder, files, observe)
    if refresh and token_file:
        routes.append(Route("/refresh/{source}", _trigger(refresh, Gate(token_file)), methods=["POST"]))
    service = Starlette(routes=routes)
    service.router.redirect_slashes = False

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        # files do without routes, which would take as long as all the rest
        if scope["type"] == "http" and not scope["path"].startswith(_ADDRESSES):
            await files(scope, receive, send)
        else:
            await service(scope, receive, send)

    return answer


def _watched(folder: Path, files: Files, observe: Observe) -> list[Route]:
    looks: Flights[Observation] = Flights()

    def look() -> Observation:
        seen = observe()
        if (folder / "index.html").is_file():
            return seen
        return replace(seen, problems=(*seen.problems, "nothing has been published yet"))

    async def healthz(request: Request) -> Response:
        told = health(await looks.join("look", look))
        return JSONResponse(told, 200 if told["ready"] else 503, _HEADERS)

    async def figures(request: Request) -> Response:
        text = metrics(await looks.join("look", look), files.answers)
        return Response(text, headers={**_HEADERS, "Content-Type": _PROMETHEUS})

    return [Route("/healthz", healthz), Route("/metrics", figures)]


def _trigger(refresh: Refresh, gate: Gate) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def trigger(request: Request) -> Response:
        try:
            status = gate.refusal(request.headers.get("authorization", ""))
        except ConfigError as error:
            return PlainTextResponse(f"{error}\n", 503, _HEADERS)
        if status is None:
            status = await run_in_threadpool(refresh, request.path_params["source"])
        headers = dict(_HEADERS)
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if status == 429:
            headers["Retry-After"] = str(gate.wait_s)
        return PlainTextResponse(f"{_SAID[status]}\n", status, headers)

    return trigger


class Server:
    """A web server that listens from the beginning, and answers while it runs.

    Raises: ServeError if the address is taken.
    """

    def __init__(self, app: Application, host: str, port: int, *, patience: Patience | None = None) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._listening = socket.create_server((host, port), family=family)
        except OSError as error:
            why = (error.strerror or str(error)).partition(" (while ")[0]  # Python repeats the address
            raise ServeError(f"{host}:{port}", why) from error
        # connections inherit it; asyncio sets it itself, but not for sockets that come from `create_server`. Without
        # it the system holds the end of an answer back for 40 ms
        self._listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        place = f"[{host}]" if ":" in host else host
        self.url = f"http://{place}:{self._listening.getsockname()[1]}/"
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_level="error",  # what clients do wrong is no business of ours
                access_log=False,
                server_header=False,
                proxy_headers=False,
                loop="asyncio",  # everywhere the same, whatever else is installed
                lifespan="off",
                ws="none",
                **settings(_affordable(patience or Patience())),
            )
        )

    def run(self) -> None:
        """Answer until `stop`, or in the main thread also until SIGTERM or SIGINT."""
        with self._listening:
            self._server.run(sockets=[self._listening])

    def stop(self) -> None:
        """Have `run` come back within seconds; from any thread."""
        self._server.should_exit = True


def _affordable(patience: Patience) -> Patience:
    """Leave half of the files that this process may open to others than connections."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return replace(patience, max_connections=max(1, min(patience.max_connections, limit // 2)))


def serve(
    folder: Path,
    host: str,
    port: int,
    *,
    observe: Observe = Observation,
    refresh: Refresh | None = None,
    token_file: Path | None = None,
    ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve a folder until interrupted; `ready` hears the address. See `application` for the others.

    Raises: PublishError if there is no such folder and none can be made; ServeError if the address is taken;
    ConfigError if there is no token.
    """
    prepare_folder(folder)
    server = Server(application(folder, observe=observe, refresh=refresh, token_file=token_file), host, port)
    ready(server.url)
    server.run()
