"""Stand-ins for what tests must control: the engine, its model, and a web server that really listens."""

from __future__ import annotations

import io
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import numpy as np

from feedsvc.errors import LanguagePairMissing
from feedsvc.model import Pending, Spent
from feedsvc.store import Store
from feedsvc.translate import engine
from feedsvc.translate.align import Alignment


def to_translate(
    store: Store, source_ids: Sequence[str], target_language: str, *, again: bool = False
) -> list[Pending]:
    """The entries that wait for their translation, newest first."""
    queue = store.queue(source_ids, target_language, again=again)
    return store.pending_of([waiting.key for waiting in queue], target_language)


class FakeTranslator:
    """Answers `中文` with an English sentence made of its length and hash; records what it was asked.

    `answers` overrides the answer for a sentence, `careful_answers` that of the second try, and pairs in
    `missing` have no model. An answer may be several. `words` of translations, with those of the source that
    they come from, make the alignments; without them, position does.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.asked_carefully: list[str] = []
        self.unloaded = 0
        self.aligned: list[tuple[str, str]] = []
        #: every call in turn: whether it was careful, and the sentences
        self.calls: list[tuple[bool, list[str]]] = []
        self.answers: dict[str, str | list[engine.Answer]] = {}
        self.careful_answers: dict[str, str | list[engine.Answer]] = {}
        self.words: dict[str, str] = {}
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
        self.calls.append((careful, list(sentences)))
        for index, text in reversed(list(enumerate(sentences))):
            answers = self.careful_answers if careful else self.answers
            answer = answers.get(text, fake_translation(text))
            yield index, [engine.Answer(text=answer)] if isinstance(answer, str) else answer

    def options(self) -> str:
        return "fake"

    def unload(self) -> None:
        self.unloaded += 1

    def spent(self) -> Spent:
        return Spent(sentences=len(self.asked) + len(self.asked_carefully))

    def align(
        self, pairs: Sequence[tuple[str, str]], *, source_language: str, target_language: str
    ) -> list[Alignment]:
        self.aligned.extend(pairs)
        return [self._alignment(source, target) for source, target in pairs]

    def _alignment(self, source: str, target: str) -> Alignment:
        target_spans, source_spans = [], []
        for words, of in self.words.items():
            if words in target and of in source:
                begin = target.index(words)
                for word in re.finditer(r"\S+", words):
                    target_spans.append((begin + word.start(), begin + word.end()))
                    source_spans.append((source.index(of), source.index(of) + len(of)))
        if not target_spans:
            return Alignment.by_position(source, target)
        rows = [[float(i == j) for j in range(len(source_spans))] for i in range(len(target_spans))]
        return Alignment.of_pieces(source_spans, target_spans, rows)


def fake_translation(text: str) -> str:
    """An English sentence that differs for each text, passes every check and keeps the figures."""
    digits = "".join(c if c.isdigit() or c in ".," else " " for c in text).split()
    words = " ".join(f"w{chr(97 + ord(c) % 26)}{chr(97 + ord(c) // 26 % 26)}x" for c in text if c.isalpha())
    return " ".join(["English", words, *(d.strip(".,") for d in digits if d.strip(".,"))])


def handmade_model(
    folder: Path,
    next_pieces: Mapping[str, Mapping[str, float]],
    *,
    letters: str = "",
    positions: int = 1000,
    target_prefix: str = "",
) -> Path:
    """A package whose model CTranslate2 loads and runs, without any training: it says what it is made to say.

    `next_pieces` has for each piece of a translation, beginning with `<s>`, the pieces that may follow and how
    likely each is; `▁` begins a word. The source does not matter, but for the `letters` that are known in it, and
    for its length, which `positions` limits.
    """
    import sentencepiece
    from ctranslate2.specs import TransformerSpec

    words = {piece for before, after in next_pieces.items() for piece in (before, *after)}
    words -= {"<s>", "</s>", "<unk>", target_prefix}
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(letters or "字"),
        model_writer=trained,
        model_type="char",
        vocab_size=1000,
        hard_vocab_limit=False,
        character_coverage=1.0,
        user_defined_symbols=sorted(words | ({target_prefix} if target_prefix else set())),
        minloglevel=2,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=trained.getvalue())
    pieces = [processor.id_to_piece(index) for index in range(processor.get_piece_size())]
    (folder / "model").mkdir(parents=True)
    (folder / "sentencepiece.model").write_bytes(trained.getvalue())
    metadata = {"from_code": "zh", "to_code": "en", "package_version": "1", "target_prefix": target_prefix}
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    spec = TransformerSpec.from_config(1, 1)
    _fill(spec, pieces, next_pieces, positions)
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.config.add_source_eos = True
    spec.validate()
    spec.save(str(folder / "model"))
    return folder


def _fill(
    spec: Any, pieces: list[str], next_pieces: Mapping[str, Mapping[str, float]], positions: int
) -> None:
    """Weights of a Transformer that passes the last piece on, and makes of it the chances of the next one."""
    size, rare = 64, -30.0
    assert len(next_pieces) < size, "a model made by hand has few pieces"
    embeddings = np.zeros((len(pieces), size), np.float32)
    projection = np.zeros((len(pieces), size), np.float32)
    for state, (before, after) in enumerate(next_pieces.items()):
        embeddings[pieces.index(before), state] = 1
        for piece, chance in after.items():
            projection[pieces.index(piece), state] = np.log(chance) - rare
    # the last layer makes of a 1 among zeros a high value among low ones
    low = -1 / np.sqrt(size - 1)
    projection /= np.sqrt(size - 1) - low
    for side in (spec.encoder, spec.decoder):
        side.scale_embeddings = False
        side.position_encodings.encodings = np.zeros((positions, size), np.float32)
        side.position_encodings.encodings[:, -1] = 1e-6
        _fill_layers(side, size)
    spec.encoder.embeddings[0].weight = np.zeros_like(embeddings)
    spec.decoder.embeddings.weight = embeddings
    spec.decoder.projection.weight = projection
    spec.decoder.projection.bias = (rare - projection.sum(axis=1) * low).astype(np.float32)


def _fill_layers(side: Any, size: int) -> None:
    """Layers that change nothing."""
    (layer,) = side.layer
    parts = [layer.self_attention, layer.ffn, *([layer.attention] if hasattr(layer, "attention") else [])]
    for norm in (side.layer_norm, *(part.layer_norm for part in parts)):
        norm.gamma, norm.beta = np.ones(size, np.float32), np.zeros(size, np.float32)
    linear = [
        (one, 3 * size if index == 0 else size) for index, one in enumerate(layer.self_attention.linear)
    ]
    linear += [(layer.ffn.linear_0, size), (layer.ffn.linear_1, size)]
    if hasattr(layer, "attention"):
        linear += zip(layer.attention.linear, (size, 2 * size, size), strict=True)
    for one, rows in linear:
        one.weight, one.bias = np.zeros((rows, size), np.float32), np.zeros(rows, np.float32)


@dataclass
class Answer:
    """What the web server says to a request."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class WebServer:
    """A real HTTP server on this machine; `requests` records headers by path, `posted` the
    bodies of POST requests.

    `answers` maps paths to answers. Several answers are given in turn, the last one again and again. A function
    is given the connection, to write on it what it likes. `tls` makes it an HTTPS server.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answer | list[Answer] | Callable[[socket.socket], None]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.posted: list[tuple[str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                server.posted.append(
                    (self.path, self.rfile.read(int(self.headers["Content-Length"])).decode())
                )
                self.do_GET()

            def do_GET(self) -> None:
                server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                answer = server.answers.get(self.path, Answer(b"not here", 404))
                if callable(answer):
                    self.close_connection = True
                    return answer(self.connection)
                if isinstance(answer, list):
                    answer = answer.pop(0) if len(answer) > 1 else answer[0]
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

        self._scheme = "https" if tls else "http"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Where the server listens, without a slash at the end."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


#: pages and feeds below data/sites, by the path that each has on its site
SITES = {
    "wordpress": {"/": "index.html", "/feed/": "feed.xml", "/comments/feed/": "comments/feed.xml"},
    "ghost": {"/": "index.html", "/rss/": "rss.xml"},
    "hugo": {"/": "index.html", "/en/": "en/index.html", "/en/index.xml": "en/index.xml"},
    "three": {
        "/": "index.html",
        "/flux/monde.rss": "monde.rss",
        "/flux/monde.atom": "monde.atom",
        "/flux/culture.rss?lang=fr&n=20": "culture.rss",
        "/flux/sport.rss": "sport.rss",
    },
    "none": {"/": "index.html"},
}


def serve_site(web: WebServer, name: str) -> str:
    """Let a web server be one of these sites; the address of its front page. `{site}` in a page is the server."""
    folder = Path(__file__).parent / "data" / "sites" / name
    for path, file in SITES[name].items():
        kind = "text/html; charset=utf-8" if file.endswith(".html") else "application/xml"
        body = (folder / file).read_bytes().replace(b"{site}", web.url.encode())
        web.answers[path] = Answer(body, headers={"Content-Type": kind})
    return f"{web.url}/"
