"""A short run over hostile input, the same each time; `make fuzz` runs for longer, and elsewhere each time."""

from __future__ import annotations

import itertools
import re

import pytest
from fuzz.properties import BASE, check_feed, check_fragment
from fuzz.strategies import articles, feeds, fragments
from hypothesis import HealthCheck, given, settings

from feedsvc import markup
from feedsvc.ingest.sanitize import sanitise

briefly = settings(
    derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck), database=None
)


@briefly
@given(fragments)
def test_whatever_a_body_holds_it_comes_out_clean(fragment: str) -> None:
    check_fragment(fragment)


@briefly
@given(articles)
def test_each_picture_and_link_comes_out_once(article: str) -> None:
    numbers = itertools.count()
    article = re.sub("PICTURE", lambda _: f"<img src='https://i.example/{next(numbers)}'>", article)
    article = re.sub("LINK", lambda _: f"<a href='https://l.example/{next(numbers)}'>two</a>", article)
    root = markup.parse(sanitise(article, base_url=BASE))
    shown = [e.get("src") or e.get("href") for e in root.iter("img", "a")]
    meant = re.findall(r"https://[il]\.example/\d+", article)
    assert sorted(url for url in shown if url) == sorted(meant)


@briefly
@given(feeds())
def test_a_feed_is_read_or_refused(document: bytes) -> None:
    check_feed(document)


#: found by longer runs
FRAGMENTS: dict[str, str] = {
    "a heading in an unknown element in a heading": "<h1><x-y><h2>one</h2></x-y></h1>",
    "a heading in an object in a heading": "<h1><object><h2>one</h2></object></h1>",
    "a frame of a port that there cannot be": "<iframe data-src=https://x.example:99999999/></iframe>",
    "a host that there cannot be": "<a href='//1.2.3.999/'>one</a><img src=//xn--/>",
    "a line break that is first in a listing once a frame is gone": "<pre><x-iframe>\n</x-iframe></pre>",
    "two line breaks that are first in a listing": "<pre>\n\none</pre>",
    "links in a table that is in a link": "<a><table></a><a></a>",
    "a frame at an impossible port": "<embed data-src=https://x.example:99999999/>",
    "a form feed between name and attribute": "<H1><a\x0chref href></a><h1></h1>",
}
FEEDS: dict[str, bytes] = {
    "a day to skip that only ends": b"<rss version='2.0'><channel><skipHours><hour>3</hl></day>"
    b"<item><guid>1</guid></item></channel></rss>",
}


@pytest.mark.parametrize("fragment", FRAGMENTS.values(), ids=FRAGMENTS.keys())
def test_what_a_longer_run_found_in_bodies_is_mended(fragment: str) -> None:
    check_fragment(fragment)


@pytest.mark.parametrize("document", FEEDS.values(), ids=FEEDS.keys())
def test_what_a_longer_run_found_in_feeds_is_mended(document: bytes) -> None:
    check_feed(document)
