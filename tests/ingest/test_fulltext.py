from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import NOW
from fakes import Answer, WebServer

from feedsvc.ingest import read_source
from feedsvc.ingest.fetch import Fetcher
from feedsvc.ingest.fulltext import MAX_PAGES, add_full_text, feed_hash
from feedsvc.model import Access, Entry, Fetched, Known, Limits, NotModified, Page, ParsedFeed, Secret, Source

PAGES = Path(__file__).parents[1] / "data" / "pages"
HTML = {"Content-Type": "text/html"}
#: the words of an article, longer than what a feed says of it
ARTICLE = "<h1>Title</h1>" + "".join(
    f"<p>Paragraph {n} of the article that stands behind the link of an entry.</p>" for n in range(9)
)

Add = Callable[..., ParsedFeed]


def page(content: str = ARTICLE, **headers: str) -> Answer:
    return Answer(f"<html><body><article>{content}</article></body></html>".encode(), headers=HTML | headers)


@pytest.fixture
def source(web: WebServer, make_source: Callable[..., Source]) -> Source:
    return make_source(kind="feed", location=f"{web.url}/feed", full_text=True)


@pytest.fixture
def entry(web: WebServer, make_entry: Callable[..., Entry]) -> Callable[..., Entry]:
    def make(path: str = "/1", **changes: object) -> Entry:
        link = path if "://" in path else web.url + path
        return make_entry(
            **({"guid": path, "link": link, "title": "Title", "body_html": "<p>Teaser.</p>"} | changes)
        )

    return make


@pytest.fixture
def add(source: Source) -> Iterator[Add]:
    """Adds full texts in a run of its own."""

    def run(
        *entries: Entry,
        pages: Mapping[str, Page] | None = None,
        after: timedelta = timedelta(),
        **changes: object,
    ) -> ParsedFeed:
        force = bool(changes.pop("force", False))
        feed = ParsedFeed(entries=entries, etag='"feed"', body_hash="hash")
        with Fetcher(Limits(host_delay_s=0)) as fetcher:
            return add_full_text(
                feed,
                replace(source, **changes),
                fetcher,
                pages or {},
                now=NOW + after,
                force=force,  # type: ignore[arg-type]
            )

    yield run


def known(feed: ParsedFeed, before: Mapping[str, Page] | None = None) -> dict[str, Page]:
    """What the store would give back."""
    return {**(before or {}), **{p.guid: p for p in feed.pages}}


def asked(web: WebServer) -> list[str]:
    return [path for path, _ in web.requests if path != "/robots.txt"]


def test_the_article_takes_the_place_of_a_shorter_body(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    web.answers["/1"] = Answer(
        (PAGES / "amp.html").read_bytes(), headers=HTML | {"ETag": '"1"', "Last-Modified": "then"}
    )

    feed = add(entry(title="Robots pick the first apples"))

    (found,), (kept,) = feed.entries, feed.pages
    assert "Four machines on wheels" in found.body_html
    assert f'<img src="{web.url}/in-robot.jpg"' in found.body_html
    assert (found.guid, found.link, found.summary) == ("/1", f"{web.url}/1", "Teaser.")
    assert kept.body_html == found.body_html
    assert (kept.guid, kept.url, kept.fetched_at, kept.etag, kept.last_modified) == (
        "/1",
        found.link,
        NOW,
        '"1"',
        "then",
    )
    assert (kept.problem, kept.failures, feed.problems, feed.etag, feed.body_hash) == (
        None,
        0,
        (),
        '"feed"',
        "hash",
    )


def test_a_page_says_where_it_lives(web: WebServer, add: Add, entry: Callable[..., Entry]) -> None:
    web.answers["/1?from=feed"] = page(f'<link rel="canonical" href="/1">{ARTICLE}')

    feed = add(entry("/1?from=feed"))

    assert feed.pages[0].canonical_url == f"{web.url}/1"
    assert feed.entries[0].link == f"{web.url}/1?from=feed"


def test_a_longer_body_of_the_feed_stays(web: WebServer, add: Add, entry: Callable[..., Entry]) -> None:
    web.answers["/1"] = page()
    long = f"<p>{'The feed says more than the page. ' * 30}</p>"

    feed = add(entry(body_html=long))

    assert feed.entries[0].body_html == long
    assert feed.problems == ()


def test_what_the_feed_says_is_the_summary_if_the_article_does_not_say_it(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    web.answers["/1"] = page()
    body = "<p>Paragraph 0 of the article that stands […]</p>"

    assert add(entry()).entries[0].summary == "Teaser."
    assert add(entry(summary="Its own.")).entries[0].summary == "Its own."
    assert add(entry(body_html=body)).entries[0].summary == ""


def test_a_picture_of_the_feed_stays_if_the_page_has_none(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    web.answers["/1"], web.answers["/2"] = page(), page(f'{ARTICLE}<img src="/page.jpg">')
    body = '<p><img src="https://news.example/feed.jpg" alt=""></p><p>Teaser.</p>'

    one, two = add(entry("/1", body_html=body), entry("/2", body_html=body)).entries

    assert one.body_html.startswith('<p><img src="https://news.example/feed.jpg" alt=""></p>')
    assert ("feed.jpg" in two.body_html, "page.jpg" in two.body_html) == (False, True)


def test_a_page_is_fetched_once(web: WebServer, add: Add, entry: Callable[..., Entry]) -> None:
    web.answers["/1"] = page()
    first = add(entry())

    second = add(entry(), pages=known(first), after=timedelta(days=30))

    assert asked(web) == ["/1"]
    assert second.entries == first.entries
    assert second.pages == ()


def test_an_entry_without_a_link_is_as_it_was(web: WebServer, add: Add, entry: Callable[..., Entry]) -> None:
    feed = add(entry(link=None))

    assert feed.entries == (entry(link=None),)
    assert web.requests == []


@pytest.mark.parametrize("change", [{"title": "Other"}, {"body_html": "<p>Other.</p>"}])
def test_a_page_is_asked_for_conditionally_when_the_feed_says_something_else(
    web: WebServer, add: Add, entry: Callable[..., Entry], change: dict[str, str]
) -> None:
    web.answers["/1"] = page(ETag='"1"')
    first = add(entry())

    second = add(entry(**change), pages=known(first), after=timedelta(hours=2))

    assert web.requests[-1][1]["if-none-match"] == '"1"'
    assert second.entries[0].body_html == first.entries[0].body_html
    (again,) = second.pages
    assert (again.fetched_at, again.feed_hash) == (NOW + timedelta(hours=2), feed_hash(entry(**change)))
    assert add(entry(**change), pages=known(second)).pages == ()


def test_a_changed_page_takes_the_place_of_the_old_one(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    web.answers["/1"] = page(ETag='"1"')
    first = add(entry())
    web.answers["/1"] = page(ARTICLE.replace("Paragraph", "Section"), ETag='"2"')

    second = add(entry(body_html="<p>Corrected.</p>"), pages=known(first))

    assert "Section 0" in second.entries[0].body_html
    assert second.pages[0].etag == '"2"'


def test_validators_of_one_address_are_not_sent_to_another(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    web.answers["/1"] = web.answers["/2"] = page(ETag='"1"')
    first = add(entry())

    second = add(entry(link=f"{web.url}/2"), pages=known(first))

    assert "if-none-match" not in web.requests[-1][1]
    assert second.pages[0].url == f"{web.url}/2"


def test_by_force_every_page_is_fetched_whole(web: WebServer, add: Add, entry: Callable[..., Entry]) -> None:
    web.answers["/1"] = page(ETag='"1"')

    add(entry(), pages=known(add(entry())), force=True)

    assert asked(web) == ["/1", "/1"]
    assert "if-none-match" not in web.requests[-1][1]


def test_a_failed_page_is_tried_again_later_and_later_four_times_in_all(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    web.answers["/1"] = Answer(b"", 500)
    pages: dict[str, Page] = {}
    tried = []
    for hour in range(200):
        feed = add(entry(), pages=pages, after=timedelta(hours=hour))
        pages = known(feed, pages)
        tried += [hour] * len(feed.pages)

    assert tried == [0, 1, 7, 31]
    assert (pages["/1"].failures, pages["/1"].problem) == (4, "the server answered 500 Internal Server Error")
    assert feed.problems == (
        f"1 article could not be fetched whole and shows what the feed has of it: {web.url}/1: "
        "the server answered 500 Internal Server Error",
    )
    web.answers["/1"] = page()
    changed = add(entry(title="New"), pages=pages)
    assert (changed.pages[0].failures, changed.problems) == (0, ())


def test_failures_are_counted_anew_when_the_feed_says_something_else(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    first = add(entry())

    assert add(entry(title="New"), pages=known(first)).pages[0].failures == 1
    assert add(entry(), pages=known(first), after=timedelta(hours=1)).pages[0].failures == 2


def test_a_failed_page_is_tried_again_when_the_clock_has_been_put_back(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    web.answers["/1"] = Answer(b"", 500)
    first = known(add(entry(), after=timedelta(days=1000)))

    assert add(entry(), pages=first).pages[0].failures == 2


def test_an_article_that_was_there_stays_when_its_page_fails(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    web.answers["/1"] = page(ETag='"1"')
    first = add(entry())
    web.answers["/1"] = Answer(b"", 503)

    second = add(entry(title="New"), pages=known(first))

    assert second.entries[0].body_html == first.entries[0].body_html
    assert (second.pages[0].failures, second.pages[0].etag) == (1, '"1"')
    assert second.problems == ()


def test_many_failures_are_one_problem(web: WebServer, add: Add, entry: Callable[..., Entry]) -> None:
    web.answers["/ok"] = page()
    web.answers["/paid"] = Answer((PAGES / "paywall-de.html").read_bytes(), headers=HTML)
    web.answers["/pdf"] = Answer(b"%PDF-1.4", headers={"Content-Type": "application/pdf"})

    feed = add(entry("/paid"), entry("/ok"), entry("/pdf"), entry("/gone"))

    assert feed.problems == (
        "3 articles could not be fetched whole and show what the feed has of them; "
        f"the first: {web.url}/paid: only subscribers can read it whole",
    )
    assert {p.guid: p.problem for p in feed.pages} == {
        "/paid": "only subscribers can read it whole",
        "/ok": None,
        "/pdf": "is application/pdf, not a page",
        "/gone": "the server answered 404 Not Found",
    }
    assert [e.body_html for e in feed.entries if e.guid != "/ok"] == ["<p>Teaser.</p>"] * 3


def test_a_redirect_to_a_consent_page_is_a_failure(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    web.answers["/1"] = Answer(b"", 302, {"Location": "/consent/?back=1"})
    web.answers["/consent/?back=1"] = page()

    assert "the site asks for consent first" in (add(entry()).pages[0].problem or "")


def test_one_run_fetches_so_many_pages_and_the_rest_gets_its_turn(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    entries = [entry(f"/{n}", published=NOW - timedelta(hours=n)) for n in reversed(range(MAX_PAGES + 5))]
    for one in entries:
        web.answers[one.guid] = page()

    first = add(*entries)

    assert asked(web) == [f"/{n}" for n in range(MAX_PAGES)]
    assert [e.guid for e in first.entries] == [e.guid for e in entries]
    assert first.entries[0].body_html == "<p>Teaser.</p>"
    assert (first.etag, first.body_hash, first.problems) == (None, None, ())
    second = add(*entries, pages=known(first))
    assert all("Paragraph" in e.body_html for e in second.entries)
    assert (second.etag, second.body_hash, len(second.pages)) == ('"feed"', "hash", 5)


def test_a_host_that_does_not_answer_is_soon_left_alone(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    entries = [entry(f"/{n}") for n in range(9)]
    for one in entries:
        web.answers[one.guid] = Answer(b"", 503)

    feed = add(*entries)

    assert asked(web) == ["/0", "/1", "/2"]
    assert (len(feed.pages), feed.etag) == (3, None)


def test_robots_txt_is_obeyed(web: WebServer, add: Add, entry: Callable[..., Entry]) -> None:
    web.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /1")
    web.answers["/2"] = page()

    feed = add(entry("/1"), entry("/2"))

    assert [path for path, _ in web.requests] == ["/robots.txt", "/2"]
    host = web.url.removeprefix("http://")
    assert [p.problem for p in feed.pages] == [f"robots.txt of {host} does not allow it", None]


def test_robots_txt_holds_for_where_a_link_leads_too(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    web.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /private")
    web.answers["/1"] = Answer(b"", 302, {"Location": "/private"})
    web.answers["/private"] = page()

    assert "does not allow it" in (add(entry()).pages[0].problem or "")


def test_a_link_to_a_private_address_is_not_followed(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    web.answers["/1"] = page()

    feed = add(entry(), location="https://feeds.example/feed")

    assert "private address" in (feed.pages[0].problem or "")
    assert web.requests == []
    allowed = add(entry(), location="https://feeds.example/feed", allow_private=True)
    assert "Paragraph 0" in allowed.entries[0].body_html


def test_what_gives_access_to_a_source_is_sent_to_its_own_host_alone(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    access = Access(headers=(("X-Token", Secret("text", "hush")),))
    with WebServer() as other:
        web.answers["/1"] = other.answers["/2"] = page()

        feed = add(entry("/1"), entry(f"{other.url}/2"), access=access, allow_private=True)

        assert [p.problem for p in feed.pages] == [None, None]
        assert [headers["x-token"] for _, headers in web.requests] == ["hush", "hush"]
        assert ["x-token" in headers for _, headers in other.requests] == [False, False]


def test_a_page_that_nobody_foresaw_costs_no_other(
    web: WebServer, add: Add, entry: Callable[..., Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    from feedsvc.ingest import fulltext

    def parse(answer: Fetched) -> object:
        if answer.final_url.endswith("/1"):
            raise RecursionError("too deep")
        return original(answer)

    original = fulltext.parse_page
    monkeypatch.setattr(fulltext, "parse_page", parse)
    web.answers["/1"] = web.answers["/2"] = page()

    feed = add(entry("/1"), entry("/2"))

    assert [p.problem for p in feed.pages] == ["unexpected RecursionError: too deep", None]


def test_what_the_feed_says_is_in_the_hash_of_an_entry_and_noise_is_not(
    entry: Callable[..., Entry],
) -> None:
    assert feed_hash(entry()) == feed_hash(entry(published=NOW, updated=NOW))
    counted = [entry(body_html=f"<p>Teaser.</p><p>{n} views</p>") for n in (12, 13)]
    assert feed_hash(counted[0]) == feed_hash(counted[1])
    for changes in ({"title": "Other"}, {"body_html": "<p>Other.</p>"}, {"path": "/2"}):
        assert feed_hash(entry()) != feed_hash(entry(**changes))


def test_the_page_of_an_entry_with_another_guid_at_each_look_is_fetched_once(
    web: WebServer, add: Add, entry: Callable[..., Entry]
) -> None:
    web.answers["/1"] = page()
    first = add(entry(guid="a"))
    second = add(entry(guid="b"), pages=known(first))
    assert second.entries[0].body_html == first.entries[0].body_html
    assert second.pages == ()


FEED = """<rss version="2.0"><channel><title>Feed</title><item><guid>1</guid><title>Title</title><link>{}/1</link>
<description>Teaser.</description></item></channel></rss>"""


@pytest.mark.parametrize(("full_text", "word"), [(True, "Paragraph 0"), (False, "Teaser.")])
def test_a_source_is_read_with_or_without_full_text(
    web: WebServer, source: Source, full_text: bool, word: str
) -> None:
    web.answers["/feed"] = Answer(
        FEED.format(web.url).encode(), headers={"Content-Type": "application/rss+xml"}
    )
    web.answers["/1"] = page()

    with Fetcher(Limits(host_delay_s=0)) as fetcher:
        feed = read_source(replace(source, full_text=full_text), fetcher, Known(), now=NOW)

    assert not isinstance(feed, NotModified)
    assert word in feed.entries[0].body_html


def test_a_feed_on_disk_may_have_full_text_too(web: WebServer, source: Source, tmp_path: Path) -> None:
    web.answers["/1"] = page()
    (tmp_path / "feed.xml").write_text(FEED.format(web.url), encoding="utf-8")
    on_disk = replace(source, kind="file", location=str(tmp_path / "feed.xml"), allow_private=True)

    with Fetcher(Limits(host_delay_s=0)) as fetcher:
        feed = read_source(on_disk, fetcher, Known(), now=NOW)

    assert not isinstance(feed, NotModified)
    assert "Paragraph 0" in feed.entries[0].body_html
