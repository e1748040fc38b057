from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import Answer, WebServer, serve_site

from feedsvc.ingest import Fetcher
from feedsvc.ingest.find import Search, find_feeds, web_address
from feedsvc.model import Limits

SITES = Path(__file__).resolve().parents[1] / "data" / "sites"
FEED = (SITES / "ghost" / "rss.xml").read_bytes()
HTML = {"Content-Type": "text/html"}


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(Limits(host_delay_s=0)) as opened:
        yield opened


def locations(search: Search, web: WebServer) -> list[str]:
    return [found.location.removeprefix(web.url) for found in search.feeds]


def asked(web: WebServer) -> list[str]:
    return [path for path, _ in web.requests]


@pytest.mark.parametrize(
    ("site", "expected", "requests"),
    [
        ("wordpress", ["/feed/", "/comments/feed/"], ["/", "/feed/", "/comments/feed/"]),
        ("ghost", ["/rss/"], ["/", "/rss/"]),
        ("hugo", ["/en/index.xml"], ["/", "/en/", "/en/feed/", "/en/index.xml"]),
    ],
)
def test_the_feed_of_a_site_is_found_with_few_requests(
    web: WebServer, fetcher: Fetcher, site: str, expected: list[str], requests: list[str]
) -> None:
    search = find_feeds(serve_site(web, site), fetcher)
    assert (locations(search, web), asked(web)) == (expected, requests)


def test_what_is_said_of_a_feed_comes_from_reading_it(web: WebServer, fetcher: Fetcher) -> None:
    (found,) = find_feeds(serve_site(web, "ghost"), fetcher).feeds
    assert (found.title, found.language, found.entries) == ("Werkstattbrief", "de", 3)
    assert found.newest is not None and found.newest.isoformat() == "2026-11-19T07:30:00+00:00"
    assert found.is_language_unsaid


def test_a_feed_whose_text_is_in_another_script_than_it_says_is_in_the_language_of_its_text(
    web: WebServer, fetcher: Fetcher
) -> None:
    main, comments = find_feeds(serve_site(web, "wordpress"), fetcher).feeds
    assert (main.language, main.is_language_unsaid, main.is_of_comments) == ("zh", True, False)
    assert comments.is_of_comments


def test_every_feed_that_a_page_names_is_found_once_whatever_its_format(
    web: WebServer, fetcher: Fetcher
) -> None:
    search = find_feeds(serve_site(web, "three"), fetcher)
    expected = ["/flux/monde.rss", "/flux/culture.rss?lang=fr&n=20", "/flux/sport.rss"]
    assert locations(search, web) == expected
    assert [line.split(": ", 1)[1] for line in search.tried[1:]] == ["the server answered 404 Not Found"]


def test_a_page_without_feed_says_what_was_tried(web: WebServer, fetcher: Fetcher) -> None:
    search = find_feeds(serve_site(web, "none"), fetcher)
    assert search.feeds == ()
    assert 'an HTML page titled "Bakery at the bridge"' in search.tried[0]
    assert len(search.tried) == len(web.requests) == len(set(asked(web))) <= 12
    assert "/sitemap.xml" not in asked(web)


def test_the_address_of_a_feed_is_that_of_the_feed(web: WebServer, fetcher: Fetcher) -> None:
    serve_site(web, "ghost")
    told: list[str] = []
    search = find_feeds(f"{web.url}/rss/#latest", fetcher, on_ask=told.append)
    assert (locations(search, web), told) == (["/rss/"], [f"{web.url}/rss/"])


def test_a_bare_host_is_asked_over_https_first_then_over_http(web: WebServer, fetcher: Fetcher) -> None:
    serve_site(web, "ghost")
    told: list[str] = []
    search = find_feeds(web.url.removeprefix("http://"), fetcher, on_ask=told.append)
    assert locations(search, web) == ["/rss/"]
    assert told[0] == web.url.replace("http://", "https://")


def test_links_that_look_like_feeds_are_tried_where_a_page_names_none(
    web: WebServer, fetcher: Fetcher
) -> None:
    page = b"""<a href="/about">About</a> <a href="/blog.rss?x=1">subscribe</a> <a href="/sub"> RSS </a>
        <a href="http://[broken">x</a> <a href="javascript:alert(1)">RSS</a> <a>RSS</a>"""
    web.answers["/"] = Answer(page, headers=HTML)
    web.answers["/blog.rss?x=1"] = Answer(FEED)
    search = find_feeds(f"{web.url}/", fetcher)
    assert locations(search, web) == ["/blog.rss?x=1"]
    assert asked(web) == ["/", "/blog.rss?x=1", "/sub"]


def test_the_usual_places_are_asked_until_one_has_a_feed(web: WebServer, fetcher: Fetcher) -> None:
    web.answers["/news"] = Answer(b"<p>nothing", headers=HTML)
    web.answers["/rss.xml"] = Answer(FEED)
    search = find_feeds(f"{web.url}/news", fetcher)
    assert locations(search, web) == ["/rss.xml"]
    assert asked(web)[:4] == ["/news", "/news/feed/", "/news/index.xml", "/news/rss/"]
    assert asked(web)[-1] == "/rss.xml"


def test_a_site_whose_page_is_missing_may_still_have_a_feed(web: WebServer, fetcher: Fetcher) -> None:
    web.answers["/feed"] = Answer(FEED)
    assert locations(find_feeds(f"{web.url}/gone.html", fetcher), web) == ["/feed"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_wants_rest_is_not_asked_further(web: WebServer, fetcher: Fetcher, status: int) -> None:
    web.answers["/"] = Answer(b"<p>nothing", headers=HTML)
    web.answers["/feed"] = Answer(b"", status=status)
    search = find_feeds(f"{web.url}/", fetcher)
    assert (search.feeds, asked(web)) == ((), ["/", "/feed"])


def test_where_no_server_answers_nothing_else_is_tried(fetcher: Fetcher) -> None:
    search = find_feeds("http://127.0.0.1:9/", fetcher)
    assert len(search.tried) == 1
    assert "127.0.0.1:9" in search.tried[0]


def test_a_feed_that_a_page_names_on_a_private_host_is_not_asked_for(
    web: WebServer, fetcher: Fetcher
) -> None:
    with WebServer() as other:
        other.answers["/feed"] = Answer(FEED)
        page = f'<link rel="alternate" type="application/rss+xml" href="{other.url}/feed">'
        web.answers["/"] = Answer(page.encode(), headers=HTML)
        search = find_feeds(f"{web.url}/", fetcher)
        assert (search.feeds, other.requests) == ((), [])
    assert "private address" in search.tried[1]


def test_only_the_first_feeds_of_a_page_that_names_hundreds_are_asked_for(
    web: WebServer, fetcher: Fetcher
) -> None:
    links = "".join(
        f'<link rel="alternate" type="application/atom+xml" href="/{n}.atom">' for n in range(300)
    )
    web.answers["/"] = Answer(links.encode(), headers=HTML)
    find_feeds(f"{web.url}/", fetcher)
    assert sum(path.endswith(".atom") and path != "/atom.xml" for path in asked(web)) == 12


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"\0\0<link rel=alternate",
        b"<base href='http://[x'><meta http-equiv=refresh content='5'><a href=/feed>",
        b"<div>" * 5000,
        "<title>新闻</title><a href='/新闻'>RSS</a>".encode("gb18030"),
        b'<meta http-equiv="refresh" content="0;url=/">',
        b"%PDF-1.7 \xff\xfe",
    ],
    ids=["empty", "NUL", "broken", "deep", "GB18030", "leads to itself", "no page"],
)
def test_no_page_is_too_strange(web: WebServer, fetcher: Fetcher, page: bytes) -> None:
    web.answers["/"] = Answer(page, headers=HTML)
    web.answers["/feed"] = Answer(FEED)
    assert locations(find_feeds(f"{web.url}/", fetcher), web) == ["/feed"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("feed://news.example/rss", "https://news.example/rss"),
        ("feed:https://news.example/rss", "https://news.example/rss"),
        ("FEED://http://news.example/rss", "http://news.example/rss"),
        ("itpc://pod.example/x", "https://pod.example/x"),
        (" news.example ", "news.example"),
        ("http://news.example/", "http://news.example/"),
    ],
)
def test_addresses_that_programs_hand_out_become_those_of_the_web(given: str, expected: str) -> None:
    assert web_address(given) == expected
