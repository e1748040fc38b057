from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import Answer, WebServer

from feedsvc.errors import FetchError
from feedsvc.ingest.fetch import Fetcher
from feedsvc.ingest.secrets import access_headers
from feedsvc.model import Access, FetchState, Limits, Secret, Source

URL = "https://news.example/rss"


def headers(**access: object) -> dict[str, str]:
    return access_headers(Access(**access), URL)  # type: ignore[arg-type]


def test_values_come_from_where_they_are_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "session").write_text("s3cret\n", encoding="utf-8")
    monkeypatch.setenv("TOKEN", "t0ken")
    monkeypatch.setenv("PASSWORD", "öffne")
    assert headers(
        headers=(("X-Token", Secret("env", "TOKEN")), ("X-Plain", Secret("text", "plain"))),
        cookies=(("session", Secret("file", str(tmp_path / "session"))), ("a", Secret("text", "b"))),
        username="me",
        password=Secret("env", "PASSWORD"),
    ) == {
        "X-Token": "t0ken",
        "X-Plain": "plain",
        "Cookie": "session=s3cret; a=b",
        "Authorization": "Basic bWU6w7ZmZm5l",
    }
    assert headers() == {}


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        (Secret("env", "NOT_SET"), "the header X is not there: the variable NOT_SET is not set"),
        (Secret("file", "/nowhere/x"), "the header X is not there: /nowhere/x cannot be read: No such file"),
        (Secret("text", "hush\nhush"), "the header X cannot be sent: it must be one line"),
        (Secret("text", "hüsh"), "the header X cannot be sent: it is not in ASCII"),
        (Secret("text", " "), "the header X cannot be sent: it is empty"),
    ],
)
def test_what_cannot_be_sent_is_named_but_not_shown(secret: Secret, reason: str) -> None:
    with pytest.raises(FetchError) as caught:
        headers(headers=(("X", secret),))
    assert caught.value.reason.startswith(reason)
    assert "hush" not in str(caught.value)
    assert "hüsh" not in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe")
    with pytest.raises(FetchError, match=r"the password cannot be sent: .*secret is not text"):
        headers(username="me", password=Secret("file", str(tmp_path / "secret")))


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(Limits(host_delay_s=0, contact="me@news.example")) as opened:
        yield opened


ACCESS = Access(
    headers=(("X-Token", Secret("text", "t0ken")), ("User-Agent", Secret("text", "Other/1"))),
    cookies=(("session", Secret("text", "s3cret")),),
    username="me",
    password=Secret("text", "pass"),
)


def test_what_a_server_wants_to_know_goes_to_no_other(
    web: WebServer, fetcher: Fetcher, make_source: Callable[..., Source]
) -> None:
    with WebServer() as other:
        web.answers["/rss"] = Answer(status=302, headers={"Location": f"{other.url}/rss"})
        other.answers["/rss"] = Answer(b"<rss/>")
        source = make_source(kind="feed", location=f"{web.url}/rss", access=ACCESS, allow_private=True)
        fetcher.fetch(source, FetchState())
        (_, sent), (_, leaked) = web.requests[0], other.requests[0]
    assert sent["x-token"] == "t0ken"
    assert sent["cookie"] == "session=s3cret"
    assert sent["authorization"] == "Basic bWU6cGFzcw=="
    assert sent["user-agent"] == "Other/1"
    assert not {"x-token", "cookie", "authorization"} & leaked.keys()
    assert "me@news.example" in leaked["user-agent"]


def test_a_cookie_lives_as_long_as_the_way_to_a_document(web: WebServer, fetcher: Fetcher) -> None:
    web.answers["/rss"] = Answer(status=302, headers={"Location": "/in", "Set-Cookie": "seen=1; Path=/"})
    web.answers["/in"] = Answer(b"<rss/>", headers={"Set-Cookie": "more=2; Path=/"})
    for _ in range(2):
        fetcher.get(f"{web.url}/rss", own=web.url)
    assert [sent.get("cookie") for _, sent in web.requests] == [None, "seen=1", None, "seen=1"]


def test_a_password_in_a_redirect_is_not_sent(web: WebServer, fetcher: Fetcher) -> None:
    place = web.url.replace("http://", "http://me:pass@")
    web.answers["/rss"] = Answer(status=302, headers={"Location": f"{place}/in"})
    web.answers["/in"] = Answer(b"<rss/>")
    fetcher.get(f"{web.url}/rss", own=web.url)
    assert "authorization" not in web.requests[-1][1]


@pytest.mark.parametrize("by", ["source", "environment"])
def test_a_proxy_is_asked_instead_of_the_server(
    by: str, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers["http://news.example/rss"] = Answer(b"<rss/>")
    if by == "environment":
        monkeypatch.setenv("http_proxy", web.url)
    access = Access(proxy=web.url if by == "source" else None)
    with Fetcher() as fetcher:
        found = fetcher.get("http://news.example/rss", access=access)
    assert web.requests[0][0] == "http://news.example/rss"
    assert found.answered.status == 200


def test_a_proxy_of_the_environment_can_be_refused(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    web.answers["/rss"] = Answer(b"<rss/>")
    with Fetcher(Limits(host_delay_s=0)) as fetcher:
        fetcher.get(f"{web.url}/rss", own=web.url, access=Access(proxy="direct"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Fetcher(Limits(host_delay_s=0)) as fetcher:
        fetcher.get(f"{web.url}/rss", own=web.url)
    assert [path for path, _ in web.requests] == ["/rss", "/rss"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "a.localhost"])
def test_a_proxy_is_not_asked_for_private_addresses_either(
    host: str, web: WebServer, fetcher: Fetcher
) -> None:
    with pytest.raises(FetchError, match="the private address"):
        fetcher.get(f"http://{host}/secret", access=Access(proxy=web.url))
    assert web.requests == []
