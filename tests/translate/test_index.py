from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import shutil
import threading
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fakes import Answer, WebServer

from feedsvc.errors import ModelError
from feedsvc.translate import download as subject
from feedsvc.translate.download import TRIES
from feedsvc.translate.index import Index, Offer, parse

CONTENT = bytes(range(256)) * 2000
PART = "translate-zh_en-1_9.argosmodel.part"
PACKAGE = {"from_code": "zh", "to_code": "en", "package_version": "1.9", "links": ["https://x.example/zh_en"]}


@dataclass
class Served:
    """A file of the mirror. Each answer takes one from `breaks`: after so many bytes the connection breaks off."""

    content: bytes = CONTENT
    headers: dict[str, str] = field(default_factory=lambda: {"ETag": '"1"'})
    breaks: list[int] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    knows_ranges: bool = True
    #: said once instead of the true Content-Range
    odd_range: str | None = None


class Mirror:
    """A real web server that knows ranges, and fails as it is told; `asked` records path, Range and If-Range."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.asked: list[tuple[str, str | None, str | None]] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append((self.path, self.headers["Range"], self.headers["If-Range"]))
                served = mirror.files[self.path]
                if served.failures:
                    self.send_error(served.failures.pop(0))
                    return
                begins = self._begins(served)
                if begins >= len(served.content):
                    self.send_error(416)
                    return
                body = served.content[begins:]
                self.send_response(206 if begins else 200)
                if begins:
                    whole = len(served.content)
                    said = served.odd_range
                    served.odd_range = None
                    self.send_header(
                        "Content-Range", f"bytes {begins}-{whole - 1}/{whole}" if said is None else said
                    )
                for name, value in ({"Content-Length": str(len(body))} | served.headers).items():
                    if value:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body[: served.breaks.pop(0)] if served.breaks else body)

            def _begins(self, served: Served) -> int:
                known = served.headers.get("ETag") or served.headers.get("Last-Modified")
                asked = self.headers["Range"]
                if not asked or not served.knows_ranges or self.headers["If-Range"] != known:
                    return 0
                return int(asked.removeprefix("bytes=").removesuffix("-"))

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    mirror = Mirror()
    thread = threading.Thread(target=mirror.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield mirror
    mirror.server.shutdown()
    thread.join()
    mirror.server.server_close()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def index(tmp_path: Path, web: WebServer, pauses: list[float]) -> Index:
    return Index(tmp_path / "models", f"{web.url}/index.json", pause=pauses.append)


def offer(*links: str, **changes: Any) -> Offer:
    values = {
        "source_language": "zh",
        "target_language": "en",
        "version": "1.9",
        "size_bytes": None,
        "sha256": None,
    }
    return Offer(links=links, **(values | changes))


def listed(*packages: object, **headers: str) -> Answer:
    return Answer(json.dumps(packages).encode(), headers=headers)


def left(folder: Path) -> list[str]:
    return sorted(p.name for p in (folder / "models").iterdir())


def test_an_index_lists_the_newest_package_of_each_pair_with_language_tags() -> None:
    text = json.dumps(
        [
            PACKAGE | {"package_version": "1.9"},
            PACKAGE | {"package_version": "1.10", "size": 5, "sha256": "AB"},
            PACKAGE | {"from_code": "pb", "to_code": "zt", "links": ["ipfs://x", "ifps://y", "HTTP://z/"]},
        ]
    )
    assert parse(text) == (
        offer("HTTP://z/", source_language="pt-BR", target_language="zh-Hant"),
        offer("https://x.example/zh_en", version="1.10", size_bytes=5, sha256="ab"),
    )


@pytest.mark.parametrize(
    "entry",
    [
        {"from_code": "zh"},
        PACKAGE | {"from_code": None},
        PACKAGE | {"from_code": "../../x"},
        PACKAGE | {"to_code": "no language"},
        PACKAGE | {"package_version": "../1"},
        PACKAGE | {"links": "https://x.example/"},
        PACKAGE | {"type": "sbd"},
        "a text",
        None,
        [],
    ],
    ids=str,
)
def test_an_entry_that_is_no_package_is_left_out(entry: object) -> None:
    assert [o.pair for o in parse(json.dumps([entry, PACKAGE]))] == [("zh", "en")]


def test_an_index_that_has_not_changed_is_not_sent_again(index: Index, web: WebServer, now: datetime) -> None:
    web.answers["/index.json"] = listed(PACKAGE, ETag='"7"')
    first = index.read(now)
    later = index.read(now + timedelta(hours=1))
    assert web.requests[1][1]["if-none-match"] == '"7"'
    assert first.offers == later.offers == parse(json.dumps([PACKAGE]))
    assert (first.read_at, later.read_at, later.problem) == (now, now + timedelta(hours=1), None)
    assert index.kept() == later


def test_a_server_without_etags_is_asked_by_date(index: Index, web: WebServer, now: datetime) -> None:
    date = "Fri, 20 Nov 2026 12:00:00 GMT"
    web.answers["/index.json"] = listed(PACKAGE, **{"Last-Modified": date})
    index.read(now)
    index.read(now)
    assert web.requests[1][1]["if-modified-since"] == date


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(b"<!doctype html><p>Sign in"), "it is no list of packages"),
        (Answer(json.dumps([PACKAGE]).encode()[:-9]), "it is no list of packages"),
        (Answer(b"\xff\xfe"), "it is no list of packages"),
        (Answer(b"[" * 100_000), "it is no list of packages"),
        (Answer(b'{"message": "no"}'), "it is no list of packages"),
        (Answer(b"[]"), "it lists no package"),
        (Answer(b"[{}]"), "it lists no package"),
        (Answer(b"", 404), "the server answered 404 Not Found"),
        (Answer(b"", 304), "the server answered 304 Not Modified"),
        (Answer(b"", 302, {"Location": "ftp://x.example/"}), "unsupported protocol"),
        (Answer(b" " * 10_000_001), "it is larger than 10 MB"),
    ],
    ids=lambda value: None if isinstance(value, str) else str(value)[:60],
)
def test_what_cannot_be_read_leaves_what_was_read_before(
    index: Index, web: WebServer, now: datetime, answer: Answer, problem: str
) -> None:
    web.answers["/index.json"] = answer
    never = index.read(now)
    assert (never.offers, never.read_at) == ((), None)
    web.answers["/index.json"] = listed(PACKAGE)
    before = index.read(now)
    web.answers["/index.json"] = answer
    found = index.read(now + timedelta(days=3))
    assert (found.offers, found.read_at) == (before.offers, now)
    assert problem in (never.problem or "") and problem in (found.problem or "")


def test_a_server_that_is_not_there_is_a_problem(tmp_path: Path, now: datetime) -> None:
    assert "cannot connect" in str(Index(tmp_path, "http://127.0.0.1:1/index.json").read(now).problem)
    assert Index(tmp_path, "http://[/").read(now).problem


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"address": 1}'])
def test_a_damaged_copy_is_none(
    index: Index, web: WebServer, now: datetime, tmp_path: Path, damage: str
) -> None:
    web.answers["/index.json"] = listed(PACKAGE, ETag='"7"')
    index.read(now)
    (tmp_path / "models" / ".index.json").write_text(damage)
    assert index.kept().read_at is None
    assert index.read(now).offers
    assert left(tmp_path) == [".index.json"]


def test_the_copy_of_another_index_is_none(
    index: Index, web: WebServer, now: datetime, tmp_path: Path
) -> None:
    web.answers["/index.json"] = listed(PACKAGE)
    index.read(now)
    assert Index(tmp_path / "models", f"{web.url}/other.json").kept().offers == ()


def test_a_folder_that_cannot_be_written_costs_only_the_copy(
    web: WebServer, now: datetime, tmp_path: Path
) -> None:
    web.answers["/index.json"] = listed(PACKAGE)
    (tmp_path / "file").touch()
    assert Index(tmp_path / "file" / "models", f"{web.url}/index.json").read(now).offers


def test_argos_says_where_its_index_is(tmp_path: Path) -> None:
    assert Index(tmp_path).address.endswith("/index.json")


def test_a_download_reports_its_progress_and_leaves_nothing(
    index: Index, mirror: Mirror, tmp_path: Path
) -> None:
    mirror.files["/a"] = Served()
    seen: list[tuple[int, int | None]] = []
    assert index.download(offer(f"{mirror.url}/a"), Path.read_bytes, lambda *at: seen.append(at)) == CONTENT
    assert seen[0] == (0, len(CONTENT)) and seen[-1] == (len(CONTENT), len(CONTENT))
    assert left(tmp_path) == []


def test_a_download_goes_on_where_it_broke_off(index: Index, mirror: Mirror, pauses: list[float]) -> None:
    mirror.files["/a"] = Served(breaks=[100_000, 200_000])
    assert index.download(offer(f"{mirror.url}/a"), Path.read_bytes) == CONTENT
    assert mirror.asked == [
        ("/a", None, None),
        ("/a", "bytes=100000-", '"1"'),
        ("/a", "bytes=300000-", '"1"'),
    ]
    assert pauses == [1.0, 1.0]


def test_a_later_call_goes_on_with_what_is_there(index: Index, mirror: Mirror, tmp_path: Path) -> None:
    mirror.files["/a"] = Served()

    def stop(done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.download(offer(f"{mirror.url}/a"), Path.read_bytes, stop)
    assert left(tmp_path) == [PART, f"{PART}.json"]
    size = (tmp_path / "models" / PART).stat().st_size
    assert index.download(offer(f"{mirror.url}/a"), Path.read_bytes) == CONTENT
    assert mirror.asked[-1] == ("/a", f"bytes={size}-", '"1"')
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"Last-Modified": "Fri, 20 Nov 2026 12:00:00 GMT"}, "Fri, 20 Nov 2026 12:00:00 GMT"),
        ({"ETag": 'W/"1"'}, None),
        ({}, None),
    ],
)
def test_only_what_is_surely_the_same_is_resumed(
    index: Index, mirror: Mirror, headers: dict[str, str], validator: str | None
) -> None:
    mirror.files["/a"] = Served(headers=headers, breaks=[1000])
    assert index.download(offer(f"{mirror.url}/a"), Path.read_bytes) == CONTENT
    assert mirror.asked[1] == ("/a", validator and "bytes=1000-", validator)


def test_what_a_server_packs_on_the_way_is_unpacked_and_not_resumed(index: Index, mirror: Mirror) -> None:
    packed = gzip.compress(CONTENT, mtime=0)
    mirror.files["/a"] = Served(packed, {"ETag": '"1"', "Content-Encoding": "gzip"}, breaks=[500])
    assert index.download(offer(f"{mirror.url}/a"), Path.read_bytes) == CONTENT
    assert mirror.asked == [("/a", None, None)] * 2


def test_a_file_that_changed_between_starts_anew(index: Index, mirror: Mirror) -> None:
    mirror.files["/a"] = Served(breaks=[100_000])

    def change(seconds: float) -> None:
        mirror.files["/a"] = Served(content=b"new" * 100_000, headers={"ETag": '"2"'})

    index._pause = change
    assert index.download(offer(f"{mirror.url}/a"), Path.read_bytes) == b"new" * 100_000
    assert mirror.asked[1] == ("/a", "bytes=100000-", '"1"')


def test_a_server_that_ignores_ranges_sends_all_again(index: Index, mirror: Mirror) -> None:
    mirror.files["/a"] = Served(breaks=[1000], knows_ranges=False)
    assert index.download(offer(f"{mirror.url}/a"), Path.read_bytes) == CONTENT


@pytest.mark.parametrize("odd", ["", "bytes 5-9/10", "bytes */10", "lines 1000-2/3"])
def test_a_range_other_than_asked_for_is_not_taken(index: Index, mirror: Mirror, odd: str) -> None:
    mirror.files["/a"] = Served(breaks=[1000], odd_range=odd)
    assert index.download(offer(f"{mirror.url}/a"), Path.read_bytes) == CONTENT
    assert [asked[1] for asked in mirror.asked] == [None, "bytes=1000-", None]


def test_more_than_there_is_starts_anew(index: Index, mirror: Mirror, tmp_path: Path) -> None:
    mirror.files["/a"] = Served()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / PART).write_bytes(CONTENT + b"x")
    (tmp_path / "models" / f"{PART}.json").write_text(
        json.dumps({"link": f"{mirror.url}/a", "validator": '"1"'})
    )
    assert index.download(offer(f"{mirror.url}/a"), Path.read_bytes) == CONTENT


@pytest.mark.parametrize("origin", [None, "{", "[]", '{"link": "http://x.example/", "validator": "1"}'])
def test_a_part_of_unknown_origin_is_not_continued(
    index: Index, mirror: Mirror, tmp_path: Path, origin: str | None
) -> None:
    mirror.files["/a"] = Served()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / PART).write_bytes(b"something")
    if origin is not None:
        (tmp_path / "models" / f"{PART}.json").write_text(origin)
    assert index.download(offer(f"{mirror.url}/a"), Path.read_bytes) == CONTENT
    assert mirror.asked == [("/a", None, None)]


def test_a_server_in_trouble_is_tried_again(index: Index, mirror: Mirror, pauses: list[float]) -> None:
    mirror.files["/a"] = Served(failures=[500, 503, 429])
    assert index.download(offer(f"{mirror.url}/a"), Path.read_bytes) == CONTENT
    assert pauses == [1.0, 2.0, 4.0]


def test_patience_ends(index: Index, mirror: Mirror, pauses: list[float], tmp_path: Path) -> None:
    mirror.files["/a"] = Served(failures=[503] * 99)
    with pytest.raises(ModelError, match=r"zh → en: http.*/a: the server answered 503"):
        index.download(offer(f"{mirror.url}/a"), Path.read_bytes)
    assert len(mirror.asked) == TRIES and len(pauses) == TRIES - 1
    assert left(tmp_path) == []


def test_a_server_that_is_not_there_is_tried_again(index: Index, pauses: list[float]) -> None:
    with pytest.raises(ModelError, match="cannot connect"):
        index.download(offer("http://127.0.0.1:1/a"), Path.read_bytes)
    assert len(pauses) == TRIES - 1


def test_the_next_link_has_its_turn(index: Index, mirror: Mirror, pauses: list[float]) -> None:
    mirror.files = {
        "/gone": Served(failures=[404]),
        "/junk": Served(content=b"<html>"),
        "/good": Served(),
    }

    def use(part: Path) -> bytes:
        if part.read_bytes() == b"<html>":
            raise ModelError(part, "is no package")
        return part.read_bytes()

    links = [f"{mirror.url}/{name}" for name in ("gone", "junk", "good")]
    assert index.download(offer(*links), use) == CONTENT
    assert pauses == []
    mirror.files["/gone"].failures = [404]
    with pytest.raises(ModelError) as caught:
        index.download(offer(*links[:2]), use)
    assert (
        str(caught.value)
        == f"zh → en: {links[0]}: the server answered 404 Not Found; {links[1]}: is no package"
    )


def test_a_package_without_a_link_on_the_web_is_named(index: Index) -> None:
    with pytest.raises(ModelError, match="it has no link on the web"):
        index.download(offer(), Path.read_bytes)


def test_redirects_are_followed_on_the_web_only(index: Index, web: WebServer, mirror: Mirror) -> None:
    mirror.files["/a"] = Served()
    for name, target in {"good": f"{mirror.url}/a", "bad": "file:///etc/passwd", "loop": "/loop"}.items():
        web.answers[f"/{name}"] = Answer(b"", 302, {"Location": target})
    assert index.download(offer(f"{web.url}/good"), Path.read_bytes) == CONTENT
    with pytest.raises(ModelError, match="redirects to what is not on the web"):
        index.download(offer(f"{web.url}/bad"), Path.read_bytes)
    with pytest.raises(ModelError, match="maximum allowed redirects"):
        index.download(offer(f"{web.url}/loop"), Path.read_bytes)
    with pytest.raises(ModelError):
        index.download(offer("http://[/"), Path.read_bytes)


def test_the_checksum_and_the_size_of_the_index_count(index: Index, mirror: Mirror, tmp_path: Path) -> None:
    mirror.files["/a"] = Served()
    link, checksum = f"{mirror.url}/a", hashlib.sha256(CONTENT).hexdigest()
    right = offer(link, sha256=checksum, size_bytes=len(CONTENT))
    assert index.download(right, Path.read_bytes) == CONTENT
    with pytest.raises(ModelError, match="its checksum is not the one in the index"):
        index.download(offer(link, sha256="0" * 64), Path.read_bytes)
    with pytest.raises(ModelError, match="does not have the 5 bytes"):
        index.download(offer(link, size_bytes=5), Path.read_bytes)
    assert left(tmp_path) == []


def test_what_is_too_large_is_not_fetched(
    index: Index, mirror: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mirror.files = {"/a": Served(), "/unsaid": Served(headers={"Content-Length": ""})}
    monkeypatch.setattr(subject, "MAX_PACKAGE_BYTES", 1000)
    with pytest.raises(ModelError, match="is larger than"):
        index.download(offer(f"{mirror.url}/a"), Path.read_bytes)
    with pytest.raises(ModelError, match="is larger than"):
        index.download(offer(f"{mirror.url}/unsaid"), Path.read_bytes)
    asked = len(mirror.asked)
    with pytest.raises(ModelError, match="is larger than"):
        index.download(offer(f"{mirror.url}/a", size_bytes=1001), Path.read_bytes)
    assert len(mirror.asked) == asked


def test_what_the_disk_has_no_room_for_is_not_fetched(
    index: Index, mirror: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mirror.files["/a"] = Served()
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(400_000))
    with pytest.raises(ModelError, match="needs 1 MB, but only 0 MB are free"):
        index.download(offer(f"{mirror.url}/a"), Path.read_bytes)
    assert left(tmp_path) == []


def test_a_download_that_another_process_is_at_is_left_to_it(
    index: Index, mirror: Mirror, tmp_path: Path
) -> None:
    mirror.files["/a"] = Served()
    (tmp_path / "models").mkdir()
    with (tmp_path / "models" / PART).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ModelError, match="another process is downloading it"):
            index.download(offer(f"{mirror.url}/a"), Path.read_bytes)
    assert mirror.asked == []


def test_a_folder_that_cannot_be_made_is_named(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="cannot be written"):
        Index(tmp_path / "file" / "models", "http://x/").download(offer(f"{mirror.url}/a"), Path.read_bytes)
