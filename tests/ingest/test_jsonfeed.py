from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.errors import ParseError
from feedsvc.ingest.jsonfeed import read_json_feed
from feedsvc.ingest.said import MAX_ENTRIES, Feed, Said

VERSION = "https://jsonfeed.org/version/1.1"


def read(*items: object, **head: object) -> Feed:
    document = {"version": VERSION, "items": list(items)} | head
    return read_json_feed(json.dumps(document), base_url="https://news.example/feed.json")


def said(item: object, **head: object) -> Said:
    return read(item, **head).items[0]()


@pytest.mark.parametrize(
    "version", [VERSION, "https://jsonfeed.org/version/1", "http://www.jsonfeed.org/version/1/"]
)
def test_both_versions_are_read(version: str) -> None:
    assert read(version=version).items == []


@pytest.mark.parametrize("version", ["https://jsonfeed.org/version/2", "", 1, None, "1.1"])
def test_another_version_is_no_feed(version: object) -> None:
    with pytest.raises(ParseError, match="not a feed: JSON, but no JSON Feed"):
        read(version=version)


def test_a_document_that_is_nested_deeper_than_any_feed_is_none() -> None:
    deep = f'{{"version": "{VERSION}", "items": {"[" * 100_000}{"]" * 100_000}}}'
    with pytest.raises(ParseError, match="not a feed: it is nested deeper than any"):
        read_json_feed(deep, base_url="https://news.example/feed.json")


def test_html_comes_before_text_and_text_before_the_summary() -> None:
    item = {"content_html": "<b>h</b>", "content_text": "t", "summary": "s"}
    assert said(item).body == "<b>h</b>"
    assert said(item | {"content_html": ""}).body == "<p>t</p>"
    assert said({"summary": "s"}).body == "<p>s</p>"


def test_numbers_stay_as_they_are_written() -> None:
    text = f'{{"version": "{VERSION}", "items": [{{"id": 1.50}}, {{"id": {"9" * 5000}}}]}}'
    first, second = read_json_feed(text, base_url="https://news.example/").items
    assert first().guid == "1.50"
    assert second().guid == "9" * 5000


def test_authors_of_the_feed_are_those_of_entries_without() -> None:
    assert said({"id": "1"}, authors=[{"name": "Ann"}]).authors == ("Ann",)
    assert said({"id": "1", "author": {"name": "Bob"}}, author={"name": "Ann"}).authors == ("Bob",)


def test_more_entries_than_any_feed_has_are_named() -> None:
    feed = read(*({"id": str(n)} for n in range(MAX_ENTRIES + 1)))
    assert len(feed.items) == MAX_ENTRIES
    assert feed.problems == ("only the first 2,000 entries are read",)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = (
    "id url external_url title content_html content_text summary image banner_image date_published date_modified "
    "author authors tags language attachments"
).split()


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_whatever_types_an_item_has_it_is_read(item: dict[str, object]) -> None:
    assert isinstance(said(item), Said)
