from __future__ import annotations

import gzip
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest
from conftest import NOW
from fakes import Answer, WebServer

from feedsvc import __version__
from feedsvc.errors import FetchError
from feedsvc.ingest import fetch
from feedsvc.ingest.fetch import Fetcher
from feedsvc.model import Answered, Fetched, FetchState, Limits, NotModified, Source

Get = Callable[..., Fetched | NotModified]
Reason = Callable[..., str]
HASTY = Limits(host_delay_s=0)


@pytest.fixture
def answers() -> list[Answered]:
    """What `get` was told beside each document."""
    return []


@pytest.fixture
def get(web: WebServer, make_source: Callable[..., Source], answers: list[Answered]) -> Iterator[Get]:
    """Fetches a path of the web server."""
    with Fetcher(HASTY) as fetcher:

        def of(
            path: str, state: FetchState | None = None, force: bool = False, **changes: object
        ) -> Fetched | NotModified:
            url = path if "://" in path else web.url + path
            source = make_source(kind="feed", location=url, **changes)
            outcome = fetcher.fetch(source, state or FetchState(), now=NOW, force=force)
            answers.append(outcome.answered)
            return replace(outcome, answered=Answered())

        yield of


@pytest.fixture
def reason(get: Get) -> Reason:
    """Fetches what cannot be fetched, and says why."""

    def of(path: str, **options: object) -> str:
        with pytest.raises(FetchError) as caught:
            get(path, **options)
        assert str(caught.value) == f"{caught.value.url}: {caught.value.reason}"
        return caught.value.reason

    return of


def test_a_document_comes_with_what_is_said_of_it(web: WebServer, get: Get) -> None:
    web.answers["/feed"] = Answer(
        b"<rss/>",
        headers={"ETag": '"1"', "Last-Modified": "Tue, 10 Mar 2020 04:48:03 GMT", "Content-Type": "text/xml"},
    )
    assert get("/feed") == Fetched(
        body=b"<rss/>",
        final_url=f"{web.url}/feed",
        content_type="text/xml",
        etag='"1"',
        last_modified="Tue, 10 Mar 2020 04:48:03 GMT",
    )


def test_a_document_may_come_without_anything_said(web: WebServer, get: Get) -> None:
    web.answers["/feed"] = Answer(b"<rss/>")
    assert get("/feed") == Fetched(body=b"<rss/>", final_url=f"{web.url}/feed")


def test_an_unchanged_document_does_not_come_again(web: WebServer, get: Get) -> None:
    web.answers["/feed"] = Answer(b"<rss/>", headers={"ETag": '"1"'})
    assert get("/feed", FetchState(etag='"1"')) == NotModified()
    assert isinstance(get("/feed", FetchState(etag='"0"')), Fetched)


def sent(web: WebServer) -> dict[str, str]:
    return web.requests[-1][1]


def test_the_validators_of_the_last_parse_are_sent(web: WebServer, get: Get) -> None:
    web.answers["/feed"] = Answer()
    get("/feed", FetchState(etag='"1"', last_modified="Tue, 10 Mar 2020 04:48:03 GMT"))
    assert sent(web)["if-none-match"] == '"1"'
    assert sent(web)["if-modified-since"] == "Tue, 10 Mar 2020 04:48:03 GMT"


@pytest.mark.parametrize(
    ("state", "force"), [(FetchState(), False), (FetchState(etag='"1"', last_modified="then"), True)]
)
def test_without_validators_or_by_force_the_document_comes_whole(
    state: FetchState, force: bool, web: WebServer, get: Get
) -> None:
    web.answers["/feed"] = Answer(b"<rss/>", headers={"ETag": '"1"'})
    assert isinstance(get("/feed", state, force), Fetched)
    assert not {"if-none-match", "if-modified-since"} & sent(web).keys()


def test_a_validator_that_cannot_be_sent_is_not(web: WebServer, get: Get) -> None:
    web.answers["/feed"] = Answer(b"<rss/>", headers={"ETag": '"\xe9"'})
    first = get("/feed")
    assert isinstance(first, Fetched)
    assert isinstance(get("/feed", FetchState(etag=first.etag)), Fetched)
    assert "if-none-match" not in sent(web)


def test_we_say_who_asks(web: WebServer, get: Get) -> None:
    web.answers["/feed"] = Answer()
    get("/feed")
    assert sent(web)["user-agent"].startswith(f"feedsvc/{__version__} ")
    assert not re.search("mozilla|chrome|safari|bot", sent(web)["user-agent"], re.IGNORECASE)
    assert "application/rss+xml" in sent(web)["accept"]
    assert "cookie" not in sent(web)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, "the server answered 404 Not Found"),
        (410, "the server answered 410 Gone"),
        (429, "the server answered 429 Too Many Requests"),
        (500, "the server answered 500 Internal Server Error"),
        (503, "the server answered 503 Service Unavailable"),
        (599, "the server answered 599"),
        (300, "the server answered 300 Multiple Choices"),
    ],
)
def test_a_refusal_is_named(status: int, expected: str, web: WebServer, reason: Reason) -> None:
    web.answers["/feed"] = Answer(b"sorry", status)
    assert reason("/feed") == expected


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/new", "new", "{url}/new"])
def test_a_redirect_is_followed(status: int, location: str, web: WebServer, get: Get) -> None:
    web.answers["/old"] = Answer(status=status, headers={"Location": location.format(url=web.url)})
    web.answers["/new"] = Answer(b"<rss/>")
    assert get("/old") == Fetched(body=b"<rss/>", final_url=f"{web.url}/new")


def test_validators_are_sent_on_to_where_a_redirect_leads(web: WebServer, get: Get) -> None:
    web.answers["/old"] = Answer(status=301, headers={"Location": "/new"})
    web.answers["/new"] = Answer(b"<rss/>", headers={"ETag": '"1"'})
    assert get("/old", FetchState(etag='"1"')) == NotModified()


def test_the_error_of_a_redirect_names_where_it_led(web: WebServer, get: Get) -> None:
    web.answers["/old"] = Answer(status=301, headers={"Location": "/new"})
    with pytest.raises(FetchError) as caught:
        get("/old")
    assert caught.value.url == f"{web.url}/new"


def test_redirects_come_to_an_end(web: WebServer, get: Get, reason: Reason) -> None:
    web.answers["/loop"] = Answer(status=302, headers={"Location": "/loop"})
    assert reason("/loop") == f"more than {fetch.MAX_REDIRECTS} redirects"
    assert len(web.requests) == fetch.MAX_REDIRECTS + 1
    for step in range(fetch.MAX_REDIRECTS):
        web.answers[f"/{step}"] = Answer(status=302, headers={"Location": f"/{step + 1}"})
    web.answers[f"/{fetch.MAX_REDIRECTS}"] = Answer(b"<rss/>")
    assert isinstance(get("/0"), Fetched)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.1",
        "2130706433",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "169.254.169.254",
    ],
)
def test_a_redirect_does_not_lead_into_a_private_network(host: str, web: WebServer, reason: Reason) -> None:
    port = web.url.rpartition(":")[2]
    web.answers["/feed"] = Answer(status=302, headers={"Location": f"http://{host}:{port}/secret"})
    said = r"leads to (\S+, )?the private address \S+, and the source does not say allow_private = true"
    told = reason("/feed")
    assert re.fullmatch(said, told)
    assert host.strip("[]") in told
    assert [path for path, _ in web.requests] == ["/feed"]


def test_a_source_may_allow_a_redirect_into_a_private_network(web: WebServer, get: Get) -> None:
    place = web.url.replace("127.0.0.1", "localhost")
    web.answers["/feed"] = Answer(status=302, headers={"Location": f"{place}/new"})
    web.answers["/new"] = Answer(b"<rss/>")
    assert get("/feed", allow_private=True) == Fetched(body=b"<rss/>", final_url=f"{place}/new")


def test_a_name_that_leads_into_a_private_network_is_refused(
    web: WebServer, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", ("93.184.215.14", 0)), (0, 0, 0, "", ("192.168.0.1", 0))]

    web.answers["/feed"] = Answer(status=302, headers={"Location": "https://public.example/"})
    monkeypatch.setattr("feedsvc.ingest.network.socket.getaddrinfo", resolve_unless_ours(resolve))
    assert reason("/feed").startswith("leads to public.example, the private address 192.168.0.1, and")


def resolve_unless_ours(resolve: Callable[..., object]) -> Callable[..., object]:
    real = socket.getaddrinfo
    return lambda host, *rest, **more: (real if host == "127.0.0.1" else resolve)(host, *rest, **more)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://x.example/", "gopher://x.example/"])
def test_a_redirect_does_not_leave_the_web(location: str, web: WebServer, reason: Reason) -> None:
    web.answers["/feed"] = Answer(status=302, headers={"Location": location})
    assert reason("/feed") == f"redirects to {location}, which is not on the web"


@pytest.mark.parametrize(
    "location",
    [
        "http://[bad/",
        "http://a..b/",
        f"http://{'a' * 70}.example/",
        "http://xn--a/",
        "data:,x",
        "javascript:1",
        "http://127.0.0.1:port/",
    ],
)
def test_a_redirect_to_an_impossible_address_is_named(location: str, web: WebServer, reason: Reason) -> None:
    web.answers["/feed"] = Answer(status=302, headers={"Location": location})
    assert reason("/feed")


@pytest.mark.parametrize("url", ["http://a..b/", "http://[bad", f"http://{'a' * 70}.example/", "http://"])
def test_an_impossible_address_is_named(url: str, reason: Reason) -> None:
    assert reason(url)


def test_a_document_may_not_be_endless(
    web: WebServer, get: Get, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedsvc.ingest.fetch.MAX_BODY_BYTES", 1_000_000)
    web.answers["/feed"] = Answer(b"x" * 1_000_000)
    assert isinstance(get("/feed"), Fetched)
    web.answers["/feed"] = Answer(b"x" * 1_000_001)
    assert reason("/feed") == "the document is larger than 1 MB"


def test_a_packed_document_is_unpacked(web: WebServer, get: Get) -> None:
    web.answers["/feed"] = Answer(gzip.compress(b"<rss/>"), headers={"Content-Encoding": "gzip"})
    fetched = get("/feed")
    assert isinstance(fetched, Fetched)
    assert fetched.body == b"<rss/>"
    assert "gzip" in sent(web)["accept-encoding"]


def test_a_packed_document_may_not_be_endless_unpacked(
    web: WebServer, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedsvc.ingest.fetch.MAX_BODY_BYTES", 1_000_000)
    web.answers["/feed"] = Answer(gzip.compress(bytes(2_000_000)), headers={"Content-Encoding": "gzip"})
    assert reason("/feed") == "the document is larger than 1 MB"


def test_a_badly_packed_document_is_named(web: WebServer, reason: Reason) -> None:
    web.answers["/feed"] = Answer(b"<rss/>", headers={"Content-Encoding": "gzip"})
    assert reason("/feed").startswith("the document is broken: it cannot be unpacked: ")


def test_a_document_may_not_take_for_ever(
    web: WebServer, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedsvc.ingest.fetch.DEADLINE_S", 0.0)
    web.answers["/feed"] = Answer(b"<rss/>")
    assert reason("/feed") == "the document did not arrive within 0 s"


def test_a_server_that_is_not_there_is_named(reason: Reason) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert reason(f"http://127.0.0.1:{free.getsockname()[1]}/").startswith("cannot connect: ")


def test_a_server_that_hangs_up_is_named(reason: Reason) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert reason(f"http://127.0.0.1:{port}/")
        thread.join()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectTimeout("slow"), "no connection within 10 s"),
        (httpx.ReadTimeout("slow"), "the server stopped answering"),
        (
            httpx.ConnectError("[Errno -2] Name or service not known"),
            "cannot connect: Name or service not known",
        ),
        (httpx.RemoteProtocolError("hung up"), "hung up"),
        (httpx.ReadError(""), "ReadError"),
    ],
)
def test_what_the_network_does_is_named(
    error: httpx.TransportError, expected: str, make_source: Callable[..., Source]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    source = make_source(kind="feed", location="https://news.example/feed")
    with Fetcher(HASTY, httpx.MockTransport(fail)) as fetcher, pytest.raises(FetchError) as caught:
        fetcher.fetch(source, FetchState())
    assert caught.value.reason == expected
    assert caught.value.url == "https://news.example/feed"
