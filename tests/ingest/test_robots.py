from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import NOW
from fakes import Answer, WebServer

from feedsvc.ingest.fetch import Fetcher
from feedsvc.ingest.robots import Robots
from feedsvc.model import Limits, Source


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(Limits(host_delay_s=0)) as opened:
        yield opened


@pytest.fixture
def source(web: WebServer, make_source: Callable[..., Source]) -> Source:
    return make_source(kind="feed", location=f"{web.url}/feed")


@pytest.fixture
def ask(web: WebServer, source: Source, fetcher: Fetcher) -> Callable[[str], str | None]:
    return lambda path: Robots.of(fetcher).refusal(web.url + path, source, fetcher, now=NOW)


RULES = b"""
User-agent: *
Disallow: /

User-agent: FeedSvc
Crawl-delay: 3600
Disallow: /private/
Allow: /private/open
Disallow: /*.print$
"""


@pytest.mark.parametrize(
    ("path", "is_allowed"),
    [
        ("/a", True),
        ("/private/a", False),
        ("/private/open/a", True),
        ("/a.print", False),
        ("/a.print/b", True),
    ],
)
def test_the_rules_for_us_come_before_those_for_all(
    web: WebServer, ask: Callable[[str], str | None], path: str, is_allowed: bool
) -> None:
    web.answers["/robots.txt"] = Answer(RULES)
    host = web.url.removeprefix("http://")

    assert ask(path) == (None if is_allowed else f"robots.txt of {host} does not allow it")


def test_without_rules_for_us_those_for_all_hold(web: WebServer, ask: Callable[[str], str | None]) -> None:
    web.answers["/robots.txt"] = Answer(b"User-agent: other\nDisallow: /\n\nUser-agent: *\nDisallow: /x\n")

    assert ask("/x") is not None
    assert ask("/y") is None


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_server_without_rules_allows_everything(
    web: WebServer, ask: Callable[[str], str | None], status: int
) -> None:
    web.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /", status)

    assert ask("/a") is None


def test_a_server_that_fails_allows_nothing(web: WebServer, ask: Callable[[str], str | None]) -> None:
    web.answers["/robots.txt"] = Answer(b"", 503)

    assert "robots.txt cannot be read, so nothing is fetched there" in (ask("/a") or "")


def test_a_server_that_does_not_answer_allows_nothing(
    fetcher: Fetcher, make_source: Callable[..., Source]
) -> None:
    source = make_source(kind="feed", location="http://127.0.0.1:1/feed")

    refusal = Robots.of(fetcher).refusal("http://127.0.0.1:1/a", source, fetcher, now=NOW)

    assert "robots.txt cannot be read, so nothing is fetched there" in (refusal or "")


def test_a_server_is_asked_once_by_all_threads_of_a_run(
    web: WebServer, ask: Callable[[str], str | None], source: Source
) -> None:
    web.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /x")

    with ThreadPoolExecutor(10) as pool:
        refusals = list(pool.map(ask, ["/x", "/y"] * 20))

    assert [r is None for r in refusals] == [False, True] * 20
    assert [path for path, _ in web.requests] == ["/robots.txt"]


def test_the_next_run_asks_again(
    web: WebServer, ask: Callable[[str], str | None], source: Source, make_source: Callable[..., Source]
) -> None:
    web.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /x")
    ask("/x")
    web.answers["/robots.txt"] = Answer(b"")

    with Fetcher(Limits(host_delay_s=0)) as fetcher:
        assert Robots.of(fetcher).refusal(f"{web.url}/x", source, fetcher, now=NOW) is None


def test_what_one_source_may_not_ask_another_may(
    web: WebServer, fetcher: Fetcher, make_source: Callable[..., Source]
) -> None:
    web.answers["/robots.txt"] = Answer(b"")
    public = make_source(kind="feed", location="https://feeds.example/feed")
    trusted = make_source(kind="feed", location="https://feeds.example/feed", allow_private=True)
    robots = Robots.of(fetcher)

    assert "private address" in (robots.refusal(f"{web.url}/a", public, fetcher, now=NOW) or "")
    assert robots.refusal(f"{web.url}/a", trusted, fetcher, now=NOW) is None


def test_of_endless_rules_the_first_500_kib_count(web: WebServer, ask: Callable[[str], str | None]) -> None:
    lines = b"Disallow: /never/heard/of\n" * 20_000
    web.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /x\n" + lines + b"Disallow: /y\n")

    assert ask("/x") is not None
    assert ask("/y") is None
