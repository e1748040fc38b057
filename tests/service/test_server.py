from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import pytest

from feedsvc.errors import PublishError, ServeError
from feedsvc.service.server import application, serve

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


def ask(folder: Path, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    """The answer of the server to one request, without a network."""

    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(app=application(folder))
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


@pytest.mark.parametrize("path", ["/", "/news.rss", "/articles/news/1.html"])
def test_pages_may_load_pictures_and_media_and_run_nothing(folder: Path, path: str) -> None:
    headers = ask(folder, path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["img-src"] == "* data:"
    assert policy["media-src"] == "*"
    assert not {"script-src", "connect-src", "frame-src"} & set(policy)
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


def test_nothing_can_be_written(folder: Path) -> None:
    assert ask(folder, "/news.rss", "POST").status_code == 405
    assert ask(folder, "/news.rss", "DELETE").status_code == 405
    assert (folder / "news.rss").exists()


def test_what_is_published_while_it_serves_is_there_at_once(tmp_path: Path) -> None:
    assert ask(tmp_path, "/").status_code == 404
    (tmp_path / "index.html").write_text("published")
    assert ask(tmp_path, "/").text == "published"


def test_an_address_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServeError, match=rf"127\.0\.0\.1:{port}.*Address already in use"):
            serve(tmp_path, "127.0.0.1", port)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "public").write_text("a file")
    with pytest.raises(PublishError, match="public: cannot be written: File exists"):
        serve(tmp_path / "public", "127.0.0.1", 0)
