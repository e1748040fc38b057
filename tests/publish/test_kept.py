"""Whatever an item says, a reader of the feed can tell: rendered and parsed, it is what it was."""

from __future__ import annotations

import json
from calendar import timegm
from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from publish.samples import CHANNEL, ITEM, TROUBLED

from feedsvc.model import Enclosure
from feedsvc.publish.clean import clean_item
from feedsvc.publish.items import Item, Origin
from feedsvc.publish.render import render

SNIPPETS = [
    "]]>",
    "<![CDATA[",
    "&amp;",
    "&#0;",
    "<b>",
    "</item>",
    "😀",
    "\ud83d",
    "\x00",
    "עברית",
    "\u202e",
    "\r\n",
    "\u2028",
]
#: without the half of Latin-1 in which the parser sees broken UTF-8 and repairs it
CHARACTERS = st.characters(max_codepoint=0x7F) | st.characters(min_codepoint=0x100)
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=20),
    st.lists(st.sampled_from(SNIPPETS) | st.text(CHARACTERS, max_size=3), max_size=6).map("".join),
)
#: without what the parser takes for a mistake in the link of RSS
URLS = st.one_of(TEXTS, TEXTS.map(lambda text: f"https://a.example/{text.replace('&amp;', '&')}"))
DATES = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ITEMS = st.builds(
    Item,
    id=st.one_of(TEXTS, TEXTS.map(lambda text: f"urn:x:{text}")),
    title=TEXTS,
    summary=TEXTS,
    content_html=TEXTS,
    link=URLS,
    link_language=st.sampled_from([None, "zh"]),
    page_url=st.just("https://feeds.example/articles/1.html"),
    language=st.sampled_from(["en", "zh-Hant", "und"]),
    published=DATES,
    updated=DATES,
    authors=st.lists(TEXTS, max_size=3).map(tuple),
    categories=st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple),
    enclosures=st.lists(
        st.builds(
            Enclosure,
            url=URLS,
            mime_type=st.sampled_from(["audio/mpeg", "image/png", "application/pdf"]) | TEXTS,
            length_bytes=st.none() | st.integers(-1, 2**40),
        ),
        max_size=3,
    ).map(tuple),
    image_url=st.none() | URLS,
    origin=st.none() | st.builds(Origin, id=TEXTS, title=TEXTS, link=URLS, feed_url=URLS),
    original_title=TEXTS,
    engine=TEXTS,
    rights=TEXTS,
)


@settings(max_examples=100, deadline=None)
@given(ITEMS)
@example(TROUBLED)
@example(ITEM)
def test_a_reader_of_the_feed_learns_what_the_item_says(item: Item) -> None:
    said = clean_item(item)
    assert said
    documents = render(CHANNEL, [item])
    learnt = {
        "rss": _of_xml(documents["rss"]),
        "atom": _of_xml(documents["atom"]),
        "json": _of_json(documents["json"]),
    }
    for suffix, facts in learnt.items():
        assert facts["id"] == said.id, suffix
        assert facts["title"] == said.title, suffix
        assert facts["link"] == said.link, suffix
        assert facts["published"] == said.published, suffix
        assert facts["updated"] == said.updated, suffix
        assert facts["authors"] == list(said.authors), suffix
        assert facts["categories"] == {
            *(t for t, _ in said.categories),
            *(label for _, label in said.categories),
        }, suffix
        assert facts["enclosures"] == {e.url: e.mime_type for e in said.enclosures}, suffix


@settings(max_examples=20, deadline=None)
@given(st.lists(ITEMS, max_size=3))
def test_one_item_costs_no_other(items: list[Item]) -> None:
    documents = render(CHANNEL, [*items, ITEM])
    for suffix in ("rss", "atom"):
        parsed = feedparser.parse(documents[suffix])
        assert parsed.bozo == 0
        assert len(parsed.entries) == len(items) + 1
        assert parsed.entries[-1].id == ITEM.id
    assert len(json.loads(documents["json"])["items"]) == len(items) + 1


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_lengths_of_enclosures_are_kept(suffix: str) -> None:
    (entry,) = feedparser.parse(render(CHANNEL, [ITEM])[suffix]).entries
    assert entry.enclosures[0].length == "12345"


def _of_xml(document: bytes) -> dict[str, Any]:
    parsed = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    assert parsed.bozo == 0
    (entry,) = parsed.entries
    media = [m for m in entry.get("media_content", []) if "type" in m]
    return {
        "id": entry.id,
        "title": entry.title,
        "link": entry.link,
        "published": _when(entry.published_parsed),
        "updated": _when(dict.get(entry, "updated_parsed") or entry.published_parsed),
        "authors": [a.name for a in entry.get("authors", []) if a.get("name")],
        "categories": {
            tag[name] for tag in entry.get("tags", []) for name in ("term", "label") if tag.get(name)
        },
        "enclosures": {**{e.href: e.type for e in entry.enclosures}, **{m["url"]: m["type"] for m in media}},
    }


def _of_json(document: bytes) -> dict[str, Any]:
    (item,) = json.loads(document)["items"]
    return {
        "id": item["id"],
        "title": item["title"],
        "link": item["url"],
        "published": datetime.fromisoformat(item["date_published"]),
        "updated": datetime.fromisoformat(item["date_modified"]),
        "authors": [author["name"] for author in item.get("authors", [])],
        "categories": set(item.get("tags", [])),
        "enclosures": {a["url"]: a["mime_type"] for a in item.get("attachments", [])},
    }


def _when(parsed: Any) -> datetime:
    return datetime.fromtimestamp(timegm(parsed), UTC)
