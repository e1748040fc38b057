"""What servers do, played by a real one, and what `feedsvc status --json` says of it."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from fakes import Answer, WebServer

from feedsvc.service import cli

FEED = (
    b"<rss version='2.0'><channel><title>News</title><item><title>Weather</title><guid>1</guid>"
    b"<description>It rains today, and it will rain tomorrow.</description></item></channel></rss>"
)
ETAG = {"ETag": '"1"'}
Look = Callable[..., dict[str, Any]]


@pytest.fixture
def look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Look]:
    """Refreshes a source so many times and says what the status says of it."""
    path = tmp_path / "feedsvc.toml"

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["feedsvc", "--config", str(path), *arguments])
        with pytest.raises(SystemExit):
            cli.main()
        return capsys.readouterr().out

    def of(url: str, *arguments: str, times: int = 1, more: str = "") -> dict[str, Any]:
        path.write_text(
            '[service]\ndata_dir = "data"\noutput_dir = "public"\n[fetch]\nhost_delay = "0s"\n'
            f'[[sources]]\nid = "news"\nlanguage = "en"\nurl = "{url}"\n{more}\n',
            encoding="utf-8",
        )
        for _ in range(times):
            run("refresh", *arguments)
        (source,) = json.loads(run("status", "--json"))["sources"]
        assert source["id"] == "news"
        return dict(source)

    yield of


def asked(web: WebServer, path: str) -> int:
    return sum(p == path for p, _ in web.requests)


def test_a_feed_that_is_there_is_ok(web: WebServer, look: Look) -> None:
    web.answers["/feed"] = Answer(FEED)
    found = look(f"{web.url}/feed")
    assert (found["state"], found["http_status"], found["failures"]) == ("ok", 200, 0)
    assert (found["entries"], found["title"], found["problems"]) == (1, "News", [])


def test_304_is_ok_and_no_body_is_asked_for_again(web: WebServer, look: Look) -> None:
    web.answers["/feed"] = Answer(FEED, headers=ETAG)
    found = look(f"{web.url}/feed", times=2)
    assert (found["state"], found["http_status"], found["entries"]) == ("ok", 304, 1)
    assert [headers.get("if-none-match") for _, headers in web.requests] == [None, '"1"']


def test_301_is_believed_after_three_runs_and_410_ends_asking(web: WebServer, look: Look) -> None:
    web.answers["/old"] = Answer(status=301, headers={"Location": "/new"})
    web.answers["/new"] = Answer(FEED)
    found = look(f"{web.url}/old", times=2)
    assert (found["state"], found["moved_to"]) == ("ok", f"{web.url}/new")
    assert (asked(web, "/old"), asked(web, "/new")) == (2, 2)
    look(f"{web.url}/old", times=2)
    assert (asked(web, "/old"), asked(web, "/new")) == (3, 4)
    web.answers["/new"] = Answer(status=410)
    found = look(f"{web.url}/old")
    assert (found["state"], found["http_status"], found["next_check_at"]) == ("gone", 410, None)
    assert found["gone_at"] is not None
    assert found["problems"] == [f"{web.url}/new: the server answered 410 Gone; it is not asked again"]
    look(f"{web.url}/old", times=2)
    assert asked(web, "/new") == 5
    look(f"{web.url}/old", "news")
    assert asked(web, "/new") == 6
    web.answers["/new"] = Answer(FEED)
    assert look(f"{web.url}/old", "--force")["state"] == "ok"


def test_a_place_that_a_feed_had_moved_to_may_be_wrong_later(web: WebServer, look: Look) -> None:
    web.answers["/old"] = [*[Answer(status=308, headers={"Location": "/new"})] * 3, Answer(FEED)]
    web.answers["/new"] = [*[Answer(FEED)] * 3, Answer(status=404)]
    assert look(f"{web.url}/old", times=3)["moved_to"] == f"{web.url}/new"
    assert look(f"{web.url}/old")["state"] == "failing"
    found = look(f"{web.url}/old")
    assert (found["state"], found["moved_to"]) == ("ok", None)


def test_302_is_followed_and_forgotten(web: WebServer, look: Look) -> None:
    web.answers["/old"] = Answer(status=302, headers={"Location": "/new"})
    web.answers["/new"] = Answer(FEED)
    found = look(f"{web.url}/old", times=5)
    assert (found["state"], found["moved_to"], asked(web, "/old")) == ("ok", None, 5)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_server_that_wants_to_wait_is_left_alone_until_then(
    status: int, form: str, web: WebServer, look: Look
) -> None:
    began = datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), UTC)
    then = began + timedelta(hours=5)
    after = "18000" if form == "seconds" else format_datetime(then, usegmt=True)
    web.answers["/feed"] = Answer(status=status, headers={"Retry-After": after})
    found = look(f"{web.url}/feed")
    assert (found["state"], found["http_status"]) == ("waiting", status)
    until = datetime.fromisoformat(found["not_before"])
    assert abs(until - then) < timedelta(minutes=1)
    assert datetime.fromisoformat(found["next_check_at"]) > until
    assert found["next_check_reason"] == "the server wants us to wait"
    assert "asked us to wait until" in found["problems"][0]
    look(f"{web.url}/feed", times=2)
    assert asked(web, "/feed") == 1
    web.answers["/feed"] = Answer(FEED)
    found = look(f"{web.url}/feed", "--force")
    assert (found["state"], found["not_before"]) == ("ok", None)


def test_a_server_that_fails_is_asked_more_and_more_seldom(web: WebServer, look: Look) -> None:
    web.answers["/feed"] = Answer(status=500)
    waits = []
    for _ in range(4):
        found = look(f"{web.url}/feed")
        waits.append(
            datetime.fromisoformat(found["next_check_at"]) - datetime.fromisoformat(found["checked_at"])
        )
    assert (found["state"], found["failures"]) == ("failing", 4)
    for wait, hours in zip(waits, (1, 2, 4, 8), strict=True):
        assert timedelta(hours=hours) <= wait <= timedelta(hours=hours * 1.1)


def test_how_long_an_answer_is_fresh_stretches_the_interval(web: WebServer, look: Look) -> None:
    web.answers["/feed"] = Answer(FEED, headers={"Cache-Control": "max-age=36000"})
    found = look(f"{web.url}/feed")
    wait = datetime.fromisoformat(found["next_check_at"]) - datetime.fromisoformat(found["checked_at"])
    assert timedelta(hours=10) <= wait <= timedelta(hours=11)
    assert found["next_check_reason"] == "fresh until then"


def write(connection: socket.socket, headers: str, body: bytes, *, pause_s: float = 0.0) -> None:
    """An answer as some server would write it, byte after byte where there is a pause."""
    connection.sendall(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode())
    try:
        for start in range(0, len(body), 1 if pause_s else len(body)):
            connection.sendall(body[start : start + (1 if pause_s else len(body))])
            time.sleep(pause_s)
    except OSError:  # whoever has heard enough hangs up
        return


def test_a_body_that_breaks_off_is_an_error_and_nothing_of_it_is_taken(web: WebServer, look: Look) -> None:
    web.answers["/feed"] = lambda c: write(c, f"Content-Length: {len(FEED)}", FEED[:-100])
    found = look(f"{web.url}/feed")
    assert (found["state"], found["entries"]) == ("failing", 0)
    assert found["problems"] == [f"{web.url}/feed: the document came only in part"]


def test_a_body_that_is_longer_than_it_says_ends_where_it_said(web: WebServer, look: Look) -> None:
    web.answers["/feed"] = lambda c: write(c, f"Content-Length: {len(FEED)}", FEED + b"<rss>more")
    found = look(f"{web.url}/feed")
    assert (found["state"], found["entries"]) == ("ok", 1)


def test_a_body_that_is_packed_and_cut_short_is_an_error(web: WebServer, look: Look) -> None:
    packed = gzip.compress(FEED)[:-20]
    web.answers["/feed"] = Answer(packed, headers={"Content-Encoding": "gzip"})
    found = look(f"{web.url}/feed")
    assert found["state"] == "failing"
    assert found["problems"] == [f"{web.url}/feed: the document is broken: it is cut short"]


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_slow_drip_ends_at_the_deadline(
    part: str, web: WebServer, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedsvc.ingest.fetch.DEADLINE_S", 0.4)
    if part == "body":
        web.answers["/feed"] = lambda c: write(c, f"Content-Length: {len(FEED)}", FEED, pause_s=0.05)
    else:
        web.answers["/feed"] = lambda c: write(c, "X: y", b"Z: z\r\n" * 99, pause_s=0.05)
    began = time.monotonic()
    found = look(f"{web.url}/feed")
    assert time.monotonic() - began < 4
    assert found["state"] == "failing"
    assert found["problems"] == [f"{web.url}/feed: the document did not arrive within 0 s"]


def test_a_small_document_that_would_fill_the_memory_is_refused(web: WebServer, look: Look) -> None:
    bomb = gzip.compress(bytes(200_000_000), compresslevel=9)
    assert len(bomb) < 300_000
    web.answers["/feed"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    found = look(f"{web.url}/feed")
    assert found["problems"] == [f"{web.url}/feed: the document is larger than 10 MB"]


def test_a_redirect_does_not_lead_to_this_machine(web: WebServer, look: Look) -> None:
    with WebServer() as secret:
        secret.answers["/admin"] = Answer(FEED)
        web.answers["/feed"] = Answer(status=302, headers={"Location": f"{secret.url}/admin"})
        found = look(f"{web.url}/feed")
        assert found["state"] == "failing"
        (problem,) = found["problems"]
        assert problem.startswith(f"{secret.url}/admin: leads to the private address 127.0.0.1, and")
        assert secret.requests == []
        assert look(f"{web.url}/feed", more="allow_private = true")["state"] == "ok"


def test_a_certificate_that_cannot_be_trusted_is_an_error(look: Look) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with WebServer(tls) as web:
        found = look(f"{web.url}/feed")
    assert found["state"] == "failing"
    assert found["problems"][0].startswith(f"{web.url}/feed: its certificate cannot be trusted: ")


def test_a_server_that_is_not_there_is_an_error(look: Look) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = look(f"http://127.0.0.1:{free.getsockname()[1]}/feed")
    assert (found["state"], found["http_status"]) == ("failing", None)
    assert "cannot connect" in found["problems"][0]


def test_what_is_no_feed_is_an_error_that_says_what_it_is(web: WebServer, look: Look) -> None:
    web.answers["/feed"] = Answer(b"<!doctype html><title>Welcome</title>")
    found = look(f"{web.url}/feed")
    assert found["problems"] == ['not a feed but an HTML page titled "Welcome"']


def test_another_address_in_the_configuration_is_another_document(web: WebServer, look: Look) -> None:
    web.answers["/one"] = web.answers["/two"] = Answer(FEED, headers=ETAG)
    look(f"{web.url}/one")
    assert look(f"{web.url}/two")["http_status"] == 200
    assert "if-none-match" not in web.requests[-1][1]
