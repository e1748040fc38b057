from __future__ import annotations

import locale
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from lxml import etree

from feedsvc.model import Enclosure
from feedsvc.publish.items import Channel, Item
from feedsvc.publish.render import render

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
PUBLISHED = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
UPDATED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
CHANNEL = Channel(
    id="urn:uuid:2f7a9f0e-3c1b-5d49-8f2a-6d1c0f5e7b90",
    title="World & <news> 新闻",
    description="A description",
    language="en",
    link="https://news.example/",
    self_url="https://feeds.example/world",
    updated=UPDATED,
    ttl_minutes=60,
)
ITEM = Item(
    id="https://news.example/1",
    title="Headline · 标题",
    summary="In short.",
    content_html='<p lang="en">First &amp; last.</p><p><img src="https://i.example/1.png"></p>',
    link="https://news.example/1",
    link_language="zh",
    page_url="https://feeds.example/articles/news/1.html",
    language="en",
    published=PUBLISHED,
    updated=UPDATED,
    authors=("李明", "A. O'Neil"),
    categories=(("国际", "World"), ("COP31", "COP31")),
    enclosures=(
        Enclosure(url="https://news.example/1.mp3", mime_type="audio/mpeg", length_bytes=12345),
        Enclosure(url="https://news.example/1.mp4", mime_type="video/mp4"),
    ),
    image_url="https://i.example/lead.jpg",
)


def rss(*items: Item, channel: Channel = CHANNEL) -> etree._Element:
    return etree.fromstring(render(channel, items)["rss"])[0]


def atom(*items: Item, channel: Channel = CHANNEL) -> etree._Element:
    return etree.fromstring(render(channel, items)["atom"])


def links(element: etree._Element) -> list[dict[str, str]]:
    return [{str(k): str(v) for k, v in link.attrib.items()} for link in element.findall(f"{ATOM}link")]


def test_both_formats_are_accepted_and_say_the_same() -> None:
    items = [replace(ITEM, id=f"https://news.example/{n}", title=f"Title {n}") for n in range(3)]
    parsed = [feedparser.parse(document) for document in render(CHANNEL, items).values()]
    assert [(p.bozo, p.version) for p in parsed] == [(0, "rss20"), (0, "atom10")]
    for key in ("id", "title", "link", "summary", "published_parsed", "author"):
        assert [e[key] for e in parsed[0].entries] == [e[key] for e in parsed[1].entries], key
    assert parsed[0].entries[0].content[0].value == parsed[1].entries[0].content[0].value
    assert parsed[0].feed.title == parsed[1].feed.title == CHANNEL.title


def test_a_feed_without_items_is_accepted() -> None:
    for document in render(CHANNEL, []).values():
        parsed = feedparser.parse(document)
        assert (parsed.bozo, parsed.entries, parsed.feed.title) == (0, [], CHANNEL.title)


def test_items_keep_their_order() -> None:
    items = [replace(ITEM, id=f"urn:x:{n}", published=PUBLISHED + timedelta(n % 2)) for n in range(5)]
    for document in render(CHANNEL, items).values():
        assert [e.id for e in feedparser.parse(document).entries] == [i.id for i in items]


def test_the_same_data_gives_the_same_bytes() -> None:
    assert render(CHANNEL, [ITEM]) == render(CHANNEL, [ITEM])


def test_all_times_are_those_of_the_data() -> None:
    channel = rss(ITEM)
    assert channel.findtext("lastBuildDate") == "Fri, 20 Nov 2026 09:30:00 +0000"
    assert channel.findtext("item/pubDate") == "Thu, 19 Nov 2026 08:00:00 +0000"
    feed = atom(ITEM)
    assert feed.findtext(f"{ATOM}updated") == "2026-11-20T09:30:00+00:00"
    assert feed.findtext(f"{ATOM}entry/{ATOM}updated") == "2026-11-20T09:30:00+00:00"
    assert feed.findtext(f"{ATOM}entry/{ATOM}published") == "2026-11-19T08:00:00+00:00"


def test_rendering_leaves_the_locale_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    monkeypatch.setattr(locale, "setlocale", lambda *arguments: calls.append(arguments) or "C")
    render(CHANNEL, [ITEM])
    assert calls == []


def test_the_rss_channel_links_to_its_page_and_names_itself_apart() -> None:
    channel = rss(ITEM)
    assert channel.findtext("link") == "https://news.example/"
    assert links(channel) == [
        {"href": "https://feeds.example/world.rss", "rel": "self", "type": "application/rss+xml"}
    ]
    assert (channel.findtext("language"), channel.findtext("ttl")) == ("en", "60")
    assert channel.findtext("generator") == "feedsvc"


def test_the_atom_feed_links_to_its_page_and_itself() -> None:
    assert links(atom(ITEM)) == [
        {"href": "https://feeds.example/world.atom", "rel": "self", "type": "application/atom+xml"},
        {"href": "https://news.example/", "rel": "alternate", "type": "text/html"},
    ]


def test_languages_are_declared_in_atom() -> None:
    feed = atom(replace(ITEM, language="fr"))
    assert feed.get(LANG) == "en"
    assert [e.get(LANG) for e in feed.findall(f"{ATOM}entry")] == ["fr"]


def test_links_of_an_atom_entry_keep_relation_type_language_and_length() -> None:
    (entry,) = atom(ITEM).findall(f"{ATOM}entry")
    assert links(entry) == [
        {"rel": "alternate", "type": "text/html", "href": "https://news.example/1", "hreflang": "zh"},
        {
            "rel": "related",
            "type": "text/html",
            "href": "https://feeds.example/articles/news/1.html",
            "hreflang": "en",
        },
        {
            "rel": "enclosure",
            "type": "audio/mpeg",
            "href": "https://news.example/1.mp3",
            "length": "12345",
        },
        {"rel": "enclosure", "type": "video/mp4", "href": "https://news.example/1.mp4"},
    ]


def test_what_is_not_known_of_a_link_is_not_said() -> None:
    (entry,) = atom(replace(ITEM, link_language=None, page_url=None, enclosures=())).findall(f"{ATOM}entry")
    assert links(entry) == [{"rel": "alternate", "type": "text/html", "href": "https://news.example/1"}]


def test_rss_has_the_first_enclosure_and_the_others_as_media() -> None:
    (item,) = rss(ITEM).findall("item")
    assert [dict(e.attrib) for e in item.findall("enclosure")] == [
        {"url": "https://news.example/1.mp3", "length": "12345", "type": "audio/mpeg"}
    ]
    assert [dict(e.attrib) for e in item.findall(f"{MEDIA}content")] == [
        {"url": "https://news.example/1.mp4", "type": "video/mp4"}
    ]


def test_an_enclosure_of_unknown_length_has_length_0_in_rss() -> None:
    (item,) = rss(replace(ITEM, enclosures=ITEM.enclosures[1:])).findall("item")
    assert [e.get("length") for e in item.findall("enclosure")] == ["0"]


def test_every_author_is_named_in_both_formats() -> None:
    assert [e.text for e in rss(ITEM).iter(f"{DC}creator")] == ["李明", "A. O'Neil"]
    (entry,) = atom(ITEM).findall(f"{ATOM}entry")
    assert [e.text for e in entry.iter(f"{ATOM}name")] == ["李明", "A. O'Neil"]


def test_an_item_without_authors_names_none() -> None:
    item = replace(ITEM, authors=())
    assert list(rss(item).iter(f"{DC}creator")) == []
    assert atom(item).findall(f"{ATOM}entry/{ATOM}author") == []


def test_categories_show_their_label_and_keep_their_term() -> None:
    assert [e.text for e in rss(ITEM).iter("category")] == ["World", "COP31"]
    assert [(e.get("term"), e.get("label")) for e in atom(ITEM).iter(f"{ATOM}category")] == [
        ("国际", "World"),
        ("COP31", "COP31"),
    ]


def test_the_lead_picture_is_the_thumbnail_in_both_formats() -> None:
    for document in (rss(ITEM), atom(ITEM)):
        assert [e.get("url") for e in document.iter(f"{MEDIA}thumbnail")] == ["https://i.example/lead.jpg"]
    for document in (rss(replace(ITEM, image_url=None)), atom(replace(ITEM, image_url=None))):
        assert list(document.iter(f"{MEDIA}thumbnail")) == []


def test_a_guid_is_no_permalink() -> None:
    (guid,) = rss(ITEM).iter("guid")
    assert (guid.text, guid.get("isPermaLink")) == ("https://news.example/1", "false")


def test_the_body_comes_through_unchanged() -> None:
    assert rss(ITEM).findtext(f"item/{CONTENT}encoded") == ITEM.content_html
    content = atom(ITEM).find(f"{ATOM}entry/{ATOM}content")
    assert content is not None
    assert (content.text, content.get("type")) == (ITEM.content_html, "html")


def test_a_cdata_end_in_the_body_does_no_harm() -> None:
    item = replace(ITEM, content_html="<pre>a[b[0]]&gt;1 ]]> </pre>")
    assert rss(item).findtext(f"item/{CONTENT}encoded") == item.content_html
    assert atom(item).findtext(f"{ATOM}entry/{ATOM}content") == item.content_html


def test_a_plain_summary_is_escaped_where_html_is_expected() -> None:
    item = replace(ITEM, summary="1 < 2 & <script>alert(1)</script>")
    assert rss(item).findtext("item/description") == "1 &lt; 2 &amp; &lt;script&gt;alert(1)&lt;/script&gt;"
    assert atom(item).findtext(f"{ATOM}entry/{ATOM}summary") == item.summary


def test_an_item_without_text_is_summarised_by_its_title() -> None:
    item = replace(ITEM, summary="", content_html="")
    assert rss(item).findtext("item/description") == ITEM.title
    assert atom(item).findtext(f"{ATOM}entry/{ATOM}summary") == ITEM.title
    assert [feedparser.parse(d).bozo for d in render(CHANNEL, [item]).values()] == [0, 0]


def test_characters_that_xml_cannot_hold_are_removed() -> None:
    bad = "a\x00\x0b\x1f\ud800\ufffe\uffffb\t\n😀"
    item = replace(
        ITEM,
        title=bad,
        summary=bad,
        content_html=bad,
        authors=(bad,),
        categories=((bad, bad),),
        enclosures=(),
    )
    channel = replace(CHANNEL, title=bad, description=bad)
    for document in render(channel, [item]).values():
        parsed = feedparser.parse(document)
        assert parsed.bozo == 0
        assert parsed.entries[0].content[0].value == "ab\t\n😀"
        assert parsed.entries[0].title.split() == parsed.feed.title.split() == ["ab", "😀"]
        assert parsed.entries[0].tags[0].term.split() == ["ab", "😀"]


def test_namespaces_are_declared_once() -> None:
    for document in render(CHANNEL, [ITEM, replace(ITEM, id="urn:x:2")]).values():
        assert document.count(b"xmlns:dc=") == document.count(b"xmlns:media=") == 1
