from __future__ import annotations

import json
import locale
import timeit
from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from lxml import etree
from publish.samples import CHANNEL, ITEM, PUBLISHED, REPRINT

from feedsvc.model import Enclosure
from feedsvc.publish.items import Channel, Item, Origin
from feedsvc.publish.render import render

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
MEDIA = "{http://search.yahoo.com/mrss/}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def rss(*items: Item, channel: Channel = CHANNEL) -> etree._Element:
    return etree.fromstring(render(channel, items)["rss"])[0]


def atom(*items: Item, channel: Channel = CHANNEL) -> etree._Element:
    return etree.fromstring(render(channel, items)["atom"])


def xml(*items: Item, channel: Channel = CHANNEL) -> list[bytes]:
    documents = render(channel, items)
    return [documents["rss"], documents["atom"]]


def links(element: etree._Element) -> list[dict[str, str]]:
    return [{str(k): str(v) for k, v in link.attrib.items()} for link in element.findall(f"{ATOM}link")]


def test_both_formats_are_accepted_and_say_the_same() -> None:
    items = [replace(ITEM, id=f"https://news.example/{n}", title=f"Title {n}") for n in range(3)]
    parsed = [feedparser.parse(document) for document in xml(*items)]
    assert [(p.bozo, p.version) for p in parsed] == [(0, "rss20"), (0, "atom10")]
    for key in ("id", "title", "link", "summary", "published_parsed", "author"):
        assert [e[key] for e in parsed[0].entries] == [e[key] for e in parsed[1].entries], key
    assert parsed[0].entries[0].content[0].value == parsed[1].entries[0].content[0].value
    assert parsed[0].feed.title == parsed[1].feed.title == CHANNEL.title


def test_a_feed_without_items_is_accepted() -> None:
    for document in xml():
        parsed = feedparser.parse(document)
        assert (parsed.bozo, parsed.entries, parsed.feed.title) == (0, [], CHANNEL.title)


def test_items_keep_their_order() -> None:
    items = [replace(ITEM, id=f"urn:x:{n}", published=PUBLISHED + timedelta(n % 2)) for n in range(5)]
    for document in xml(*items):
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
        {"url": "https://news.example/1.mp4", "type": "video/mp4", "medium": "video"},
        {"url": "https://i.example/lead.jpg", "medium": "image"},
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
    assert [e.text for e in rss(ITEM).iter("category")] == ["World", "国际", "COP31"]
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


def test_plain_text_is_written_so_that_nobody_takes_it_for_markup() -> None:
    title = "The <video> & &amp; > elements </b>"
    for document in xml(replace(ITEM, title=title, rights="A & B"), channel=replace(CHANNEL, title="R&D")):
        assert b"<title>R&#x26;D</title>" in document
        assert (
            b"<title>The &#x3C;video&#x3E; &#x26; &#x26;amp; &#x3E; elements &#x3C;/b&#x3E;</title>"
            in document
        )
        assert b"rights>A &#x26; B</" in document
        assert b'&lt;p lang="en"&gt;First &amp;amp; last.&lt;/p&gt;' in document
        assert feedparser.parse(document, sanitize_html=False).feed.title == "R&D"
    assert [rss(replace(ITEM, title=title)).findtext("item/title")] == [title]


def test_an_item_without_text_is_summarised_by_its_title() -> None:
    item = replace(ITEM, summary="", content_html="")
    assert rss(item).findtext("item/description") == ITEM.title
    assert atom(item).findtext(f"{ATOM}entry/{ATOM}summary") == ITEM.title
    assert atom(item).find(f"{ATOM}entry/{ATOM}content") is None
    assert [feedparser.parse(d).bozo for d in xml(item)] == [0, 0]


def test_namespaces_are_declared_once_and_only_where_they_are_used() -> None:
    documents = render(CHANNEL, [ITEM, replace(ITEM, id="urn:x:2")])
    assert documents["rss"].count(b"xmlns:dc=") == documents["rss"].count(b"xmlns:media=") == 1
    assert documents["atom"].count(b"xmlns:media=") == 1
    for prefix in (b"xmlns:dc", b"xmlns:at", b"xmlns:fh"):
        assert prefix not in documents["atom"]


def test_an_enclosure_to_hear_goes_before_one_to_read() -> None:
    paper = Enclosure(url="https://news.example/1.pdf", mime_type="application/pdf", length_bytes=5)
    (item,) = rss(replace(ITEM, enclosures=(paper, *ITEM.enclosures), image_url=None)).findall("item")
    assert [e.get("url") for e in item.findall("enclosure")] == ["https://news.example/1.mp3"]
    assert [dict(e.attrib) for e in item.findall(f"{MEDIA}content")] == [
        {"url": "https://news.example/1.mp4", "type": "video/mp4", "medium": "video"},
        {"url": "https://news.example/1.pdf", "type": "application/pdf", "fileSize": "5"},
    ]


def test_a_lead_picture_that_is_enclosed_stands_once_among_the_media() -> None:
    picture = Enclosure(url="https://i.example/lead.jpg", mime_type="image/jpeg", length_bytes=99)
    for document in (rss(replace(ITEM, enclosures=(picture,))), atom(replace(ITEM, enclosures=(picture,)))):
        assert list(document.iter(f"{MEDIA}content")) == []
        assert [e.get("url") for e in document.iter(f"{MEDIA}thumbnail")] == [picture.url]


def test_an_edit_is_dated_in_rss_too() -> None:
    assert rss(ITEM).findtext(f"item/{ATOM}updated") == "2026-11-20T09:30:00+00:00"
    assert rss(replace(ITEM, updated=PUBLISHED)).find(f"item/{ATOM}updated") is None


def test_an_item_names_the_feed_that_it_comes_from() -> None:
    (source,) = rss(REPRINT).iter("source")
    assert (source.text, source.get("url")) == ("新华 & Co", "https://xinhua.example/rss")
    (source,) = atom(REPRINT).iter(f"{ATOM}source")
    assert source.findtext(f"{ATOM}id") == "https://xinhua.example/rss"
    assert source.findtext(f"{ATOM}title") == "新华 & Co"
    assert source.findtext(f"{ATOM}updated") == "2026-11-20T09:30:00+00:00"
    assert links(source) == [
        {"rel": "self", "href": "https://xinhua.example/rss"},
        {"rel": "alternate", "type": "text/html", "href": "https://xinhua.example/"},
    ]
    (entry,) = atom(REPRINT).findall(f"{ATOM}entry")
    assert [(link["href"], link["title"]) for link in links(entry) if link["rel"] == "via"] == [
        ("https://news.example/1", "新华 & Co")
    ]


def test_the_source_is_the_author_of_what_names_none() -> None:
    item = replace(REPRINT, authors=())
    (source,) = atom(item).iter(f"{ATOM}source")
    assert source.findtext(f"{ATOM}author/{ATOM}name") == "新华 & Co"
    (source,) = atom(REPRINT).iter(f"{ATOM}source")
    assert source.find(f"{ATOM}author") is None


def test_an_item_of_a_folder_names_it_by_an_id_that_stays() -> None:
    item = replace(ITEM, origin=Origin(id="archive", title="Archive"))
    ids = {document.findtext(f".//{ATOM}source/{ATOM}id") for document in (atom(item), atom(item))}
    assert [name.startswith("urn:uuid:") for name in ids if name] == [True]
    assert list(rss(item).iter("source")) == []


def test_the_taxonomy_of_an_original_category_is_that_of_its_source() -> None:
    assert [(e.text, e.get("domain")) for e in rss(REPRINT).iter("category")] == [
        ("World", None),
        ("国际", "https://xinhua.example/rss"),
        ("COP31", None),
    ]


def test_rights_are_stated_where_there_are_any() -> None:
    item = replace(ITEM, rights="© 2026 News & Co")
    assert rss(item).findtext(f"item/{DC}rights") == item.rights
    assert atom(item).findtext(f"{ATOM}entry/{ATOM}rights") == item.rights
    assert rss(ITEM).find(f"item/{DC}rights") is None


def test_hubs_and_archives_are_linked_in_both_formats() -> None:
    channel = replace(CHANNEL, hubs=("https://hub.example/",), previous_archive="world-2")
    for document, suffix, mime_type in (
        (rss(channel=channel), "rss", "application/rss+xml"),
        (atom(channel=channel), "atom", "application/atom+xml"),
    ):
        assert [link for link in links(document) if link["rel"] not in ("self", "alternate")] == [
            {"href": "https://hub.example/", "rel": "hub"},
            {"href": f"https://feeds.example/world-2.{suffix}", "rel": "prev-archive", "type": mime_type},
        ]
        assert document.find(f"{HISTORY}archive") is None


def test_an_archive_says_so_and_leads_to_its_neighbours_and_the_current_document() -> None:
    channel = replace(
        CHANNEL,
        self_url="https://feeds.example/world-2",
        previous_archive="world-1",
        next_archive="world-3",
        is_archive=True,
        current="world",
    )
    assert set(render(channel, [ITEM])) == {"rss", "atom"}
    for document in (rss(ITEM, channel=channel), atom(ITEM, channel=channel)):
        assert len(document.findall(f"{HISTORY}archive")) == 1
        names = {link["rel"]: link["href"].rsplit("/")[-1].split(".")[0] for link in links(document)}
        assert {rel: name for rel, name in names.items() if rel not in ("self", "alternate")} == {
            "prev-archive": "world-1",
            "next-archive": "world-3",
            "current": "world",
        }


def test_a_style_sheet_for_browsers_goes_before_the_feed() -> None:
    for document in xml(ITEM, channel=replace(CHANNEL, style_sheet="/feed.css?a&b")):
        instruction = document.split(b"\n")[1]
        assert instruction == b'<?xml-stylesheet type="text/css" href="/feed.css?a&amp;b"?>'
        assert feedparser.parse(document).bozo == 0


def test_one_item_that_leads_nowhere_costs_itself() -> None:
    lost = replace(ITEM, id="urn:x:lost", link="http://[::1", page_url=None)
    documents = render(CHANNEL, [ITEM, lost, replace(ITEM, id="urn:x:2")])
    for suffix in ("rss", "atom"):
        ids = [e.id for e in feedparser.parse(documents[suffix]).entries]
        assert ids == [ITEM.id, "urn:x:2"]
    assert [i["id"] for i in json.loads(documents["json"])["items"]] == [ITEM.id, "urn:x:2"]


def test_an_impossible_link_gives_way_to_our_page() -> None:
    item = replace(ITEM, link="https://news example/1")
    (entry,) = atom(item).findall(f"{ATOM}entry")
    assert links(entry)[0]["href"] == "https://feeds.example/articles/news/1.html"
    assert "related" not in [link["rel"] for link in links(entry)]


def test_fifty_entries_take_less_than_a_tenth_of_a_second_in_all_formats_together() -> None:
    items = [replace(ITEM, id=f"urn:x:{n}", content_html=f"<p>{'字' * 9000}</p>") for n in range(50)]
    took = min(timeit.repeat(lambda: render(CHANNEL, items), number=1, repeat=5))
    assert took < 0.1
