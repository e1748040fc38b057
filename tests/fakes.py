"""Stand-ins for what tests must control: the engine, and a web server that really listens."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from feedsvc.errors import LanguagePairMissing
from feedsvc.translate import engine
from feedsvc.translate.align import Alignment


class FakeTranslator:
    """Answers `中文` with an English sentence made of its length and hash; records what it was asked.

    `answers` overrides the answer for a sentence, `careful_answers` that of the second try, and pairs in
    `missing` have no model.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.asked_carefully: list[str] = []
        self.aligned: list[tuple[str, str]] = []
        self.answers: dict[str, str] = {}
        self.careful_answers: dict[str, str] = {}
        self.missing: set[str] = set()
        self.version = "1"

    def engine(self, source_language: str, target_language: str) -> str:
        if source_language in self.missing:
            raise LanguagePairMissing(source_language, target_language)
        return f"fake {source_language}_{target_language} {self.version}"

    def translate(
        self, sentences: Sequence[str], *, source_language: str, target_language: str, careful: bool = False
    ) -> Iterator[tuple[int, list[engine.Answer]]]:
        self.engine(source_language, target_language)
        (self.asked_carefully if careful else self.asked).extend(sentences)
        for index, text in reversed(list(enumerate(sentences))):
            answers = self.careful_answers if careful else self.answers
            yield index, [engine.Answer(text=answers.get(text, fake_translation(text)))]

    def options(self) -> str:
        return "fake"

    def align(
        self, pairs: Sequence[tuple[str, str]], *, source_language: str, target_language: str
    ) -> list[Alignment]:
        self.aligned.extend(pairs)
        return [Alignment.by_position(source, target) for source, target in pairs]


def fake_translation(text: str) -> str:
    """An English sentence that differs for each text, passes every check and keeps the figures."""
    digits = "".join(c if c.isdigit() or c in ".," else " " for c in text).split()
    words = " ".join(f"w{chr(97 + ord(c) % 26)}{chr(97 + ord(c) // 26 % 26)}x" for c in text if c.isalpha())
    return " ".join(["English", words, *(d.strip(".,") for d in digits if d.strip(".,"))])


@dataclass
class Answer:
    """What the web server says to a request."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class WebServer:
    """A real HTTP server on this machine. `answers` maps paths to answers; `requests` records headers by path."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                answer = server.answers.get(self.path, Answer(b"not here", 404))
                etag = answer.headers.get("ETag")
                unchanged = etag is not None and self.headers.get("If-None-Match") == etag
                self.send_response(304 if unchanged else answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0" if unchanged else str(len(answer.body)))
                self.end_headers()
                if not unchanged:
                    self.wfile.write(answer.body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Where the server listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
