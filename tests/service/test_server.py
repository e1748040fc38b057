from __future__ import annotations

import asyncio
import base64
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from feedsvc.errors import PublishError, ServeError
from feedsvc.publish import pages
from feedsvc.service.server import Application, application, serve
from feedsvc.service.serving.observation import Done, Observation
from feedsvc.service.serving.triggers import Asked

Running = Callable[..., AbstractContextManager[str]]
INDEX = "<!DOCTYPE html><title>Feeds</title>" + "<p>A line that repeats itself.</p>" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    public = tmp_path / "public"
    pages = public / "articles" / "news"
    pages.mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (public / "index.html").write_text(INDEX, encoding="utf-8")
    (public / "news.rss").write_text("<rss/>")
    (public / "news.atom").write_text("<feed/>")
    (public / "feeds.opml").write_text("<opml/>")
    (pages / "1.html").write_text("<p>新闻</p>", encoding="utf-8")
    (public / ".news.rss.unfinished").write_text("half")
    (pages / ".hidden.html").write_text("hidden")
    (public / "out.txt").symlink_to(tmp_path / "secret.txt")
    return public


def ask(what: Path | Application, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    """The answer of the server to one request, without a network."""

    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(app=application(what) if isinstance(what, Path) else what)
        async with httpx.AsyncClient(transport=transport, base_url="http://feeds.example") as client:
            sent = {"accept-encoding": "identity"} | {k.replace("_", "-"): v for k, v in headers.items()}
            return await client.request(method, path, headers=sent)

    return asyncio.run(request())


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/news.rss", "application/rss+xml"),
        ("/news.atom", "application/atom+xml"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/articles/news/1.html", "text/html; charset=utf-8"),
    ],
)
def test_every_file_has_its_media_type(folder: Path, path: str, media_type: str) -> None:
    answer = ask(folder, path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [
        ("png", "image/png"),
        ("jpg", "image/jpeg"),
        ("gif", "image/gif"),
        ("webp", "image/webp"),
        ("avif", "image/avif"),
        ("mp3", "audio/mpeg"),
        ("m4a", "audio/mp4"),
        ("mp4", "video/mp4"),
        ("ogg", "audio/ogg"),
        ("webm", "video/webm"),
    ],
)
def test_media_of_articles_have_their_media_type(folder: Path, suffix: str, media_type: str) -> None:
    (folder / "media").mkdir()
    (folder / "media" / f"a.{suffix}").touch()
    assert ask(folder, f"/media/a.{suffix}").headers["content-type"] == media_type


@pytest.mark.parametrize("path", ["/news.rss", "/news.atom"])
def test_a_browser_gets_a_feed_as_a_document_that_it_can_show(folder: Path, path: str) -> None:
    answer = ask(folder, path, accept="text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    assert "Accept" in answer.headers["vary"]
    assert answer.content == ask(folder, path).content


@pytest.mark.parametrize("accept", ["*/*", "application/rss+xml, application/xml;q=0.9", ""])
def test_a_reader_gets_a_feed_under_its_own_type(folder: Path, accept: str) -> None:
    answer = ask(folder, "/news.rss", accept=accept)
    assert answer.headers["content-type"] == "application/rss+xml"
    assert "Accept" in answer.headers["vary"]


def test_pages_and_feeds_may_be_styled_from_where_they_lie(folder: Path) -> None:
    assert "style-src 'self' 'unsafe-inline'" in ask(folder, "/").headers["content-security-policy"]


def test_files_come_as_they_are(folder: Path) -> None:
    assert ask(folder, "/news.rss").content == (folder / "news.rss").read_bytes()
    assert ask(folder, "/articles/news/1.html").text == "<p>新闻</p>"


def test_the_index_is_at_the_root(folder: Path) -> None:
    assert ask(folder, "/").text == INDEX


def test_an_unchanged_file_is_not_sent_again(folder: Path) -> None:
    first = ask(folder, "/news.rss")
    for condition in (
        {"if_none_match": first.headers["etag"]},
        {"if_modified_since": first.headers["last-modified"]},
    ):
        again = ask(folder, "/news.rss", **condition)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]


def test_a_changed_file_is_sent_again(folder: Path) -> None:
    etag = ask(folder, "/news.rss").headers["etag"]
    (folder / "news.rss").write_text("<rss>changed</rss>")
    again = ask(folder, "/news.rss", if_none_match=etag)
    assert (again.status_code, again.text) == (200, "<rss>changed</rss>")


def test_head_says_what_get_would_send(folder: Path) -> None:
    get, head = ask(folder, "/news.rss"), ask(folder, "/news.rss", "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "last-modified"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("path", ["/.news.rss.unfinished", "/articles/news/.hidden.html", "/articles/./.x/1"])
def test_hidden_files_are_not_there(folder: Path, path: str) -> None:
    answer = ask(folder, path)
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/%2e%2e/secret.txt",
        "/articles/%2e%2e/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/articles/news/..%2f..%2f..%2fsecret.txt",
        "//secret.txt",
        "/out.txt",
    ],
)
def test_nothing_outside_the_folder_is_served(folder: Path, path: str) -> None:
    answer = ask(folder, f"http://feeds.example{path}")
    assert answer.status_code == 404
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/none.rss", "/articles/", "/articles/news"])
def test_what_is_not_there_is_a_404(folder: Path, path: str) -> None:
    assert ask(folder, path).status_code == 404


def digest_of_the_script() -> str:
    """Of what the index runs. Spec: Content Security Policy 3, hash-source."""
    listed = pages.listed(
        "news", "News", entries=0, updated=None, newest=(), base_url="http://a.example/", language="en"
    )
    page = pages.index_page([listed], name="Feeds", language="en").decode()
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return f"sha256-{base64.b64encode(sha256(script.encode()).digest()).decode()}"


def test_the_readme_lets_other_servers_allow_the_script_that_copies() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert readme.count(digest_of_the_script()) == 2


@pytest.mark.parametrize("path", ["/", "/news.rss", "/articles/news/1.html"])
def test_pages_may_load_pictures_and_media_and_run_nothing_but_the_script_that_copies(
    folder: Path, path: str
) -> None:
    headers = ask(folder, path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["img-src"] == "* data:"
    assert policy["media-src"] == "*"
    assert policy["script-src"].split() == [f"'{digest_of_the_script()}'"]
    assert not {"connect-src", "frame-src"} & set(policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "public, max-age=300"


def test_large_files_are_compressed_for_those_who_can_read_it(folder: Path) -> None:
    plain, packed = ask(folder, "/"), ask(folder, "/", accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 5
    assert packed.text == plain.text == INDEX
    assert "content-encoding" not in plain.headers
    assert "accept-encoding" in packed.headers["vary"].lower()


def test_small_files_are_not_compressed(folder: Path) -> None:
    (folder / "news.rss").write_text("<rss/>" * 100)
    assert "content-encoding" not in ask(folder, "/news.rss", accept_encoding="gzip").headers


def test_each_encoding_is_asked_for_by_an_etag_of_its_own(folder: Path) -> None:
    answers = {e: ask(folder, "/", accept_encoding=e) for e in ("identity", "gzip", "br")}
    assert len({a.headers["etag"] for a in answers.values()}) == 3
    assert {a.text for a in answers.values()} == {INDEX}
    for encoding in answers:
        for other, known in answers.items():
            again = ask(folder, "/", accept_encoding=encoding, if_none_match=known.headers["etag"])
            assert again.status_code == (304 if other == encoding else 200)
            assert "accept-encoding" in again.headers["vary"].lower()


def test_a_feed_under_another_type_has_another_etag(folder: Path) -> None:
    etags = {ask(folder, "/news.rss", accept=a).headers["etag"] for a in ("*/*", "text/html")}
    assert len(etags) == 2


def test_a_part_of_a_file_can_be_had(folder: Path) -> None:
    etag = ask(folder, "/").headers["etag"]
    part = ask(folder, "/", range="bytes=10-19", if_range=etag)
    assert (part.status_code, part.text) == (206, INDEX[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(INDEX)}"
    assert part.headers["etag"] == etag
    whole = ask(folder, "/", range="bytes=10-19", if_range='"older"')
    assert (whole.status_code, whole.text) == (200, INDEX)


def test_a_part_that_is_not_there_is_refused_with_the_size(folder: Path) -> None:
    answer = ask(folder, "/", range=f"bytes={len(INDEX)}-")
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{len(INDEX)}"


def test_parts_of_big_files_come_from_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedsvc.service.serving.representations.MAX_KEPT_BYTES", 100)
    monkeypatch.setattr("feedsvc.service.serving.files.PIECE_BYTES", 1000)
    assert ask(folder, "/", accept_encoding="gzip").text == INDEX
    part = ask(folder, "/", range="bytes=-2500")
    assert (part.status_code, part.text) == (206, INDEX[-2500:])
    assert ask(folder, "/", "HEAD").headers["content-length"] == str(len(INDEX))


def test_an_empty_file_is_sent(folder: Path) -> None:
    (folder / "empty.txt").touch()
    answer = ask(folder, "/empty.txt")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


def test_nothing_can_be_written(folder: Path) -> None:
    assert ask(folder, "/news.rss", "POST").status_code == 405
    assert ask(folder, "/news.rss", "DELETE").status_code == 405
    assert (folder / "news.rss").exists()


def test_what_is_published_while_it_serves_is_there_at_once(tmp_path: Path) -> None:
    assert ask(tmp_path, "/").status_code == 404
    (tmp_path / "index.html").write_text("published")
    assert ask(tmp_path, "/").text == "published"


def test_a_hot_file_is_the_new_one_as_soon_as_it_is_replaced(folder: Path, running: Running) -> None:
    with running(application(folder)) as url, httpx.Client(base_url=url) as client:
        for turn in range(10):
            (folder / ".news.rss.unfinished").write_text(f"<rss>{turn:04}</rss>")
            (folder / ".news.rss.unfinished").replace(folder / "news.rss")
            assert client.get("/news.rss").text == f"<rss>{turn:04}</rss>"
        (folder / "news.rss").unlink()
        assert client.get("/news.rss").status_code == 404


def test_many_at_once_get_the_same(folder: Path, running: Running) -> None:
    with (
        running(application(folder)) as url,
        httpx.Client(base_url=url) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        answers = list(pool.map(lambda _: client.get("/"), range(40)))
    assert {(a.status_code, a.text) for a in answers} == {(200, INDEX)}
    assert len({a.headers["etag"] for a in answers}) == 1


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/.%2E/secret.txt",
        "/articles/../../secret.txt",
        "/articles/..%5c..%5csecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/%252e%252e/secret.txt",
        "//secret.txt",
        "/./secret.txt",
        "/out.txt",
        "/out%2Etxt",
        "/articles/out/secret.txt",
        "/news.rss/../../secret.txt",
        "/news.rss%00.html",
        "/%00",
        "/%ff%fe",
        "/%c0%ae%c0%ae/secret.txt",
        "http://feeds.example/../secret.txt",
        "/" + "a/" * 2000,
        "*",
        "/healthz/../../secret.txt",
        "/refresh/..%2f..%2fsecret.txt",
    ],
)
def test_no_spelling_leads_out_of_the_folder(folder: Path, running: Running, target: str) -> None:
    (folder / "articles" / "out").symlink_to(folder.parent)
    with running(application(folder)) as url:
        parsed = httpx.URL(url)
        with socket.create_connection((parsed.host, parsed.port or 80), timeout=5) as connection:
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split()[1] in (b"404", b"400")
    assert b"secret" not in answer


def test_a_service_that_has_published_nothing_is_not_ready(tmp_path: Path) -> None:
    answer = ask(tmp_path, "/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "problems": ["nothing has been published yet"], "warnings": []}
    assert answer.headers["cache-control"] == "no-store"


def test_health_and_figures_are_what_the_service_says(folder: Path) -> None:
    seen = Observation(problems=("the database is locked",), done=Done(fetches={"new": 4}))
    app = application(folder, observe=lambda: seen)
    health = ask(app, "/healthz")
    assert (health.status_code, health.json()["problems"]) == (503, ["the database is locked"])
    figures = ask(app, "/metrics")
    assert figures.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "feedsvc_ready 0\n" in figures.text
    assert 'feedsvc_fetches_total{outcome="new"} 4\n' in figures.text
    assert ask(folder, "/healthz").status_code == 200


def test_answers_are_counted(folder: Path, running: Running) -> None:
    with running(application(folder)) as url, httpx.Client(base_url=url) as client:
        for path in ("/", "/news.rss", "/none"):
            client.get(path)
        lines = client.get("/metrics").text.splitlines()
    assert 'feedsvc_http_responses_total{status="200"} 2' in lines
    assert 'feedsvc_http_responses_total{status="404"} 1' in lines


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("0123456789abcdef\n")
    return tmp_path / "token"


def test_a_refresh_is_for_those_who_have_the_token(folder: Path, token_file: Path) -> None:
    asked: list[str] = []

    def refresh(source_id: str) -> Asked:
        asked.append(source_id)
        return {"news": Asked.ACCEPTED, "busy": Asked.BUSY}.get(source_id, Asked.UNKNOWN)

    app = application(folder, refresh=refresh, token_file=token_file)
    right = {"authorization": "Bearer 0123456789abcdef"}
    answers = {
        (path, bool(headers)): ask(app, f"/refresh/{path}", "POST", **headers).status_code
        for path in ("news", "busy", "none")
        for headers in ({}, right)
    }
    assert answers == {
        ("news", False): 401,
        ("news", True): 202,
        ("busy", False): 401,
        ("busy", True): 409,
        ("none", False): 401,
        ("none", True): 404,
    }
    assert asked == ["news", "busy", "none"]
    refused = ask(app, "/refresh/news", "POST", authorization="Bearer wrong")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert ask(app, "/refresh/news", **right).status_code == 405
    assert ask(app, "/refresh/..%2f", "POST", **right).status_code == 404


def test_who_asks_for_refreshes_too_often_is_told_when_to_come_again(folder: Path, token_file: Path) -> None:
    app = application(folder, refresh=lambda source_id: Asked.ACCEPTED, token_file=token_file)
    for _ in range(10):
        assert ask(app, "/refresh/a", "POST", authorization="Bearer 0123456789abcdef").status_code == 202
    answer = ask(app, "/refresh/a", "POST", authorization="Bearer 0123456789abcdef")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "6")


def test_a_token_that_is_lost_refuses_everyone_and_is_said(folder: Path, token_file: Path) -> None:
    app = application(folder, refresh=lambda source_id: Asked.ACCEPTED, token_file=token_file)
    token_file.unlink()
    answer = ask(app, "/refresh/a", "POST", authorization="Bearer 0123456789abcdef")
    assert answer.status_code == 503
    assert "server.refresh_token_file" in answer.text


def test_without_a_token_nobody_can_ask_for_a_refresh(folder: Path) -> None:
    app = application(folder, refresh=lambda source_id: Asked.ACCEPTED)
    assert ask(app, "/refresh/news", "POST", authorization="Bearer ").status_code == 404


def test_an_address_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServeError, match=rf"127\.0\.0\.1:{port}.*Address already in use"):
            serve(tmp_path, "127.0.0.1", port)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "public").write_text("a file")
    with pytest.raises(PublishError, match="public: cannot be written: File exists"):
        serve(tmp_path / "public", "127.0.0.1", 0)
