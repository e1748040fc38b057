from __future__ import annotations

from lxml import etree

from feedsvc.publish.opml import Subscription, render

WORLD = Subscription(
    title='World & <"news"> 新闻',
    language="en",
    feed_url="https://feeds.example/world.rss",
    page_url="https://news.example/?a=1&b=2",
)


def test_each_subscription_is_an_outline_that_readers_can_import() -> None:
    second = Subscription(
        title="Second", language="de", feed_url="https://f.example/2", page_url="https://p.example/"
    )
    root = etree.fromstring(render("My feeds", [WORLD, second]))
    assert (root.tag, root.get("version"), root.findtext("head/title")) == ("opml", "2.0", "My feeds")
    outlines = root.findall("body/outline")
    assert [o.get("xmlUrl") for o in outlines] == ["https://feeds.example/world.rss", "https://f.example/2"]
    assert dict(outlines[0].attrib) == {
        "type": "rss",
        "text": 'World & <"news"> 新闻',
        "title": 'World & <"news"> 新闻',
        "language": "en",
        "xmlUrl": "https://feeds.example/world.rss",
        "htmlUrl": "https://news.example/?a=1&b=2",
    }


def test_a_list_without_subscriptions_has_an_empty_body() -> None:
    body = etree.fromstring(render("My feeds", [])).find("body")
    assert body is not None
    assert len(body) == 0


def test_it_is_utf_8_and_the_same_each_time() -> None:
    document = render("订阅", [WORLD])
    assert document.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    assert "订阅".encode() in document
    assert document == render("订阅", [WORLD])


def test_what_is_not_known_of_a_feed_is_not_said() -> None:
    feed = Subscription(title="A", language=None, feed_url="https://f.example/", page_url=None)
    (outline,) = etree.fromstring(render("My feeds", [feed])).iter("outline")
    assert dict(outline.attrib) == {
        "type": "rss",
        "text": "A",
        "title": "A",
        "xmlUrl": "https://f.example/",
    }
