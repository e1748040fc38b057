from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from lxml import html
from lxml.html import HtmlElement

from feedsvc.model import Enclosure
from feedsvc.publish.items import Item, Origin
from feedsvc.publish.pages import Listed, article_page, index_page

HOSTILE = '</title><script>alert("1")</script>&amp;"><img src=x onerror=alert(1)>'
ITEM = Item(
    id="https://news.example/1",
    title="Headline · 标题",
    summary="In short.",
    content_html='<p lang="en">First.</p><p lang="zh"><small>第一。</small></p>',
    link="https://news.example/1?a=1&b=2",
    link_language="zh",
    page_url="https://feeds.example/articles/news/1.html",
    language="en",
    published=datetime(2026, 11, 9, 8, 5, tzinfo=UTC),
    updated=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    authors=("李明", "A. O'Neil"),
    categories=(("国际", "World"), ("COP31", "COP31")),
    enclosures=(Enclosure(url="https://news.example/1.mp3", mime_type="audio/mpeg", length_bytes=5),),
    image_url="https://i.example/lead.jpg",
)
LISTED = Listed(slug="world", title="World", entries=1, updated=ITEM.updated, newest=(ITEM,))


def article(
    item: Item = ITEM,
    titles: tuple[str | None, str] = ("Headline", "标题"),
    source_title: str = "通讯社",
    source_language: str | None = "zh",
) -> HtmlElement:
    told = replace(
        item,
        translated_title=titles[0],
        original_title=titles[1],
        origin=Origin(id="news", title=source_title),
        source_language=source_language,
    )
    page = article_page(told)
    return html.document_fromstring(page.decode())


def index(*outputs: Listed, name: str = "My feeds") -> HtmlElement:
    page = index_page(outputs, name=name, base_url="https://feeds.example/", language="en")
    return html.document_fromstring(page.decode())


def meta(root: HtmlElement) -> dict[str, str]:
    return {
        e.get("property") or e.get("name") or "": e.get("content", "") for e in root.xpath("//meta[@content]")
    }


def links(root: HtmlElement) -> list[tuple[str, str]]:
    return [(e.text_content(), e.get("href", "")) for e in root.xpath("//body//a")]


def flat(root: HtmlElement) -> str:
    return " ".join(root.text_content().split())


def test_an_article_shows_both_titles_each_in_its_language() -> None:
    root = article()
    assert (root.get("lang"), root.get("dir")) == ("en", "ltr")
    assert [e.text for e in root.xpath("//h1")] == ["Headline"]
    assert [(e.text, e.get("lang"), e.get("dir")) for e in root.xpath('//p[@class="original-title"]')] == [
        ("标题", "zh", "ltr")
    ]


def test_a_title_without_translation_is_shown_once_in_its_language() -> None:
    root = article(titles=(None, "عنوان"), source_language="ar")
    assert [(e.text, e.get("lang"), e.get("dir")) for e in root.xpath("//h1")] == [("عنوان", "ar", "rtl")]
    assert root.xpath('//p[@class="original-title"]') == []
    assert root.findtext("head/title") == "عنوان"


def test_an_article_in_an_unknown_language_claims_none() -> None:
    root = article(titles=(None, "?"), source_language=None)
    assert root.xpath("//h1/@lang") == []
    assert ("original", "https://news.example/1?a=1&b=2") in links(root)


def test_an_article_holds_its_body_as_it_is() -> None:
    page = article_page(replace(ITEM, origin=Origin(id="news", title="s")))
    assert ITEM.content_html.encode() in page


def test_an_article_says_who_wrote_what_when_and_where() -> None:
    root = article()
    assert "9 November 2026, 08:05 UTC · 通讯社 · 李明, A. O'Neil" in flat(root)
    assert "World (国际), COP31" in flat(root)
    assert root.xpath("//time/@datetime") == ["2026-11-09T08:05:00+00:00"]


def test_an_article_links_back_to_the_index_and_to_its_original() -> None:
    found = links(article())
    assert found[0] == ("All feeds", "../../index.html")
    assert ("original in Chinese", "https://news.example/1?a=1&b=2") in found


def test_a_page_that_is_itself_the_link_does_not_link_to_itself() -> None:
    assert [text for text, _ in links(article(replace(ITEM, page_url=None)))] == [
        "All feeds",
        "https://news.example/1.mp3",
    ]


def test_sound_can_be_heard_and_every_enclosure_followed() -> None:
    film = Enclosure(url="https://news.example/1.mp4", mime_type="video/mp4")
    root = article(replace(ITEM, enclosures=(*ITEM.enclosures, film)))
    assert root.xpath("//audio/@src") == ["https://news.example/1.mp3"]
    assert [href for _, href in links(root)][-2:] == [
        "https://news.example/1.mp3",
        "https://news.example/1.mp4",
    ]


def test_an_article_can_be_shared_with_title_summary_and_picture() -> None:
    found = meta(article())
    assert found["og:type"] == "article"
    assert found["og:title"] == "Headline"
    assert found["og:image"] == "https://i.example/lead.jpg"
    assert found["description"] == "In short."
    assert "og:image" not in meta(article(replace(ITEM, image_url=None)))


def hostile_article() -> HtmlElement:
    item = replace(ITEM, summary=HOSTILE, authors=(HOSTILE,), categories=((HOSTILE, HOSTILE + "!"),))
    return article(item, titles=(HOSTILE, HOSTILE), source_title=HOSTILE)


def hostile_index() -> HtmlElement:
    listed = replace(LISTED, title=HOSTILE, newest=(replace(ITEM, title=HOSTILE),))
    return index(listed, name=HOSTILE)


@pytest.mark.parametrize("page", [hostile_article, hostile_index])
def test_hostile_texts_are_shown_as_they_are_and_do_nothing(page: Callable[[], HtmlElement]) -> None:
    root = page()
    assert root.xpath("//script | //img | //@onerror") == []
    assert root.findtext("head/title") == HOSTILE
    assert flat(root.find("body")).count(HOSTILE) >= 3


@pytest.mark.parametrize("page", [article, partial(index, LISTED)], ids=["article", "index"])
def test_pages_need_no_script_and_nothing_from_outside(page: Callable[[], HtmlElement]) -> None:
    root = page()
    assert root.xpath("//script | //link[@rel='stylesheet'] | //iframe | //@onclick") == []
    assert not any("url(" in style or "@import" in style for style in root.xpath("//style/text()"))
    assert meta(root)["referrer"] == "no-referrer"
    assert meta(root)["viewport"]


def test_the_index_lists_each_output_with_its_feeds_and_newest_articles() -> None:
    second = replace(LISTED, slug="second", title="Second", entries=2, newest=())
    root = index(LISTED, second)
    assert [e.text for e in root.xpath("//h2")] == ["World", "Second"]
    found = links(root)
    for slug in ("world", "second"):
        for kind in ("rss", "atom"):
            assert (f"https://feeds.example/{slug}.{kind}", f"{slug}.{kind}") in found
    assert ("all of them (OPML)", "feeds.opml") in found
    assert ("Headline · 标题", "https://feeds.example/articles/news/1.html") in found
    assert "1 article, last changed 20 November 2026, 09:30 UTC:" in flat(root)
    assert "2 articles, last changed" in flat(root)


def test_the_index_leads_to_the_article_where_there_is_no_page_beside_it() -> None:
    listed = replace(LISTED, newest=(replace(ITEM, page_url=None),))
    assert ("Headline · 标题", ITEM.link) in links(index(listed))


def test_feed_readers_find_every_feed_of_the_index() -> None:
    found = index(LISTED).xpath('/html/head/link[@rel="alternate"]')
    assert [(e.get("type"), e.get("title"), e.get("href")) for e in found] == [
        ("application/rss+xml", "World (RSS)", "world.rss"),
        ("application/atom+xml", "World (Atom)", "world.atom"),
        ("application/feed+json", "World (JSON Feed)", "world.json"),
    ]


def test_an_output_without_articles_says_so() -> None:
    root = index(replace(LISTED, entries=0, updated=None, newest=()))
    assert "Nothing yet." in flat(root)
    assert root.xpath("//time") == []


def test_an_index_without_outputs_says_what_to_do() -> None:
    assert "No output is configured yet: add a source to the configuration." in flat(index())
