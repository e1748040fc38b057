from __future__ import annotations

from urllib.parse import parse_qs

from fakes import Answer, WebServer

from feedsvc.publish.websub import tell

FEEDS = ["https://feeds.example/news.rss", "https://feeds.example/news.atom"]


def test_a_hub_is_told_of_each_feed(web: WebServer) -> None:
    web.answers["/hub"] = Answer(status=204)
    assert tell([f"{web.url}/hub"], FEEDS) == []
    assert [(path, parse_qs(body)) for path, body in web.posted] == [
        ("/hub", {"hub.mode": ["publish"], "hub.url": [url]}) for url in FEEDS
    ]
    assert {headers["content-type"] for _, headers in web.requests} == {"application/x-www-form-urlencoded"}


def test_nothing_is_asked_where_nothing_has_changed(web: WebServer) -> None:
    assert tell([f"{web.url}/hub"], []) == []
    assert tell([], FEEDS) == []
    assert web.posted == []


def test_a_hub_that_fails_is_named_and_the_next_one_is_told(web: WebServer) -> None:
    web.answers["/good"] = Answer(status=202)
    web.answers["/bad"] = Answer(status=500)
    failures = tell([f"{web.url}/bad", "http://127.0.0.1:9/hub", f"{web.url}/good"], FEEDS)
    assert (
        failures[0]
        == f"{web.url}/bad: the server answered 500 Internal Server Error; it has not heard of 2 feeds"
    )
    assert failures[1].startswith("http://127.0.0.1:9/hub: cannot be reached: ")
    assert [path for path, _ in web.posted] == ["/bad", "/good", "/good"]
