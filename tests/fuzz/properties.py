"""What must hold of whatever a source sends, however broken or hostile."""

from __future__ import annotations

import time

from fuzz.offences import UNWANTED, offences

from feedsvc import markup
from feedsvc.errors import ParseError
from feedsvc.ingest.parse import parse_feed
from feedsvc.ingest.sanitize import read_body, sanitise, text_of
from feedsvc.model import Fetched, Source

BASE = "https://news.example/world/story"
SOURCE = Source(id="fuzz", kind="feed", location="https://news.example/feed", language="en")
#: far more than any input takes here, far less than one whose time grows with its square
SECONDS = 2.0
SECONDS_PER_CHARACTER = 20e-6


def check_fragment(fragment: str) -> None:
    """What comes out is safe, stays as it is, and came in good time."""
    began = time.process_time()
    shown = sanitise(fragment, base_url=BASE)
    took = time.process_time() - began
    assert took < SECONDS + SECONDS_PER_CHARACTER * len(fragment), f"{took:.1f} s"
    assert not offences(shown), (offences(shown), shown)
    assert sanitise(shown, base_url=BASE) == shown
    assert markup.inner_html(markup.canonical(markup.parse(shown))) == shown
    body = read_body(fragment, base_url=None, image_url="https://i.example/lead.jpg")
    assert not offences(body.html), (offences(body.html), body.html)
    assert not UNWANTED.search(body.text)
    assert not offences(markup.escape(text_of(fragment)))


def check_feed(document: bytes, content_type: str = "application/xml") -> None:
    """The feed is read or refused, and nothing in it gets through that may not."""
    fetched = Fetched(
        body=document, final_url=SOURCE.location, content_type=content_type, etag=None, last_modified=None
    )
    began = time.process_time()
    try:
        feed = parse_feed(fetched, SOURCE)
    except ParseError:
        return
    took = time.process_time() - began
    assert took < SECONDS + 2 * SECONDS_PER_CHARACTER * len(document), f"{took:.1f} s"
    for entry in feed.entries:
        assert entry.guid
        assert not offences(entry.body_html), (offences(entry.body_html), entry.body_html)
        for text in (entry.title, entry.summary, entry.guid, *entry.authors, *entry.categories):
            assert not UNWANTED.search(text), text
        for url in (entry.link, entry.image_url, *(e.url for e in entry.enclosures)):
            assert url is None or url.startswith(("http://", "https://")), url
