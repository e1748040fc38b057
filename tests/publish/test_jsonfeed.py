from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from publish.samples import CHANNEL, FULL, ITEM, REPRINT, documents

from feedsvc.model import Verdict
from feedsvc.publish.items import Channel, Item
from feedsvc.publish.render import render

DOCUMENTS = dict(documents("json"))
OF_FEED = set("version title home_page_url feed_url description language hubs items _feedsvc".split())
OF_ITEM = set(
    "id url title content_html summary image date_published date_modified authors tags language attachments "
    "_feedsvc".split()
)


def feed(*items: Item, channel: Channel = CHANNEL) -> dict[str, Any]:
    return dict(json.loads(render(channel, items)["json"]))


@pytest.fixture(params=DOCUMENTS)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(json.loads(DOCUMENTS[request.param]))


def is_uri(url: str) -> bool:
    return bool(urlsplit(url).netloc and re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", url))


def test_a_feed_has_what_it_must_have_and_nothing_unknown(document: dict[str, Any]) -> None:
    assert set(document) <= OF_FEED
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["title"].strip()
    assert is_uri(document["feed_url"])
    assert is_uri(document["home_page_url"])


def test_an_item_has_what_it_must_have_and_nothing_unknown(document: dict[str, Any]) -> None:
    for item in document["items"]:
        assert (
            {"id", "url", "title", "content_html", "date_published", "date_modified"} <= set(item) <= OF_ITEM
        )
        assert isinstance(item["id"], str)
        assert item["title"].strip()
        assert is_uri(item["url"])
    ids = [item["id"] for item in document["items"]]
    assert len(set(ids)) == len(ids)


def test_dates_are_those_of_rfc_3339(document: dict[str, Any]) -> None:
    for item in document["items"]:
        for name in ("date_published", "date_modified"):
            assert datetime.fromisoformat(item[name]).tzinfo
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", item[name])


def test_authors_tags_and_attachments_say_something(document: dict[str, Any]) -> None:
    for item in document["items"]:
        assert all(author["name"].strip() for author in item.get("authors", []))
        assert all(tag.strip() for tag in item.get("tags", []))
        for attachment in item.get("attachments", []):
            assert is_uri(attachment["url"])
            assert "/" in attachment["mime_type"]
            assert attachment.get("size_in_bytes", 0) >= 0


def test_nothing_unknown_is_stated(document: dict[str, Any]) -> None:
    values = [document, *document["items"], *(item.get("_feedsvc", {}) for item in document["items"])]
    for value in values:
        stated = {name: v for name, v in value.items() if name not in ("items", "content_html")}
        assert not [name for name, v in stated.items() if v is None or v in ("", [], {})]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_bytes_are_utf_8_without_escapes_and_end_with_a_line(name: str) -> None:
    text = DOCUMENTS[name].decode("utf-8")
    assert text.endswith("}\n")
    assert not re.search(r"\\u[0-9a-f]{4}", text)
    assert ":secret@" not in text


def test_an_archive_is_none() -> None:
    assert "archive.json" not in DOCUMENTS


def test_an_item_says_all_that_it_knows() -> None:
    item = replace(
        REPRINT,
        source_language="zh",
        original_title="标题",
        translated_title="Headline",
        verdicts=((Verdict.GOOD, 5), (Verdict.LOOP, 1)),
        engine="argos zh_en 1.9",
        rights="© 2026",
    )
    (stated,) = feed(item)["items"]
    assert stated["image"] == "https://i.example/lead.jpg"
    assert stated["authors"] == [{"name": "李明"}, {"name": "A. O'Neil"}]
    assert stated["tags"] == ["World", "COP31", "国际"]
    assert stated["language"] == "en"
    assert stated["attachments"] == [
        {"url": "https://news.example/1.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12345},
        {"url": "https://news.example/1.mp4", "mime_type": "video/mp4"},
    ]
    assert stated["_feedsvc"] == {
        "source": {
            "id": "xinhua",
            "title": "新华 & Co",
            "url": "https://xinhua.example/",
            "feed_url": "https://xinhua.example/rss",
        },
        "source_language": "zh",
        "original_title": "标题",
        "translated_title": "Headline",
        "engine": "argos zh_en 1.9",
        "verdicts": {"good": 5, "repeats itself": 1},
        "page_url": "https://feeds.example/articles/news/1.html",
        "categories": [{"term": "国际", "label": "World"}, {"term": "COP31", "label": "COP31"}],
        "rights": "© 2026",
    }


def test_hubs_are_named() -> None:
    assert feed(channel=FULL)["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]
    assert "hubs" not in feed(ITEM)


def test_a_feed_names_no_author_that_its_items_would_take_over() -> None:
    assert "authors" not in feed(ITEM)
    assert "authors" not in feed(replace(ITEM, authors=()))["items"][0]


def test_an_unknown_language_is_not_stated() -> None:
    assert "language" not in feed(replace(ITEM, language="und"))["items"][0]
