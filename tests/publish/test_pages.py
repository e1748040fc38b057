from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise

import pytest
from lxml import html
from lxml.html import HtmlElement

from feedsvc.model import Enclosure
from feedsvc.publish.items import Item, Origin
from feedsvc.publish.pages import Listed, ListedSource, article_page, feed_style, index_page, listed
from feedsvc.publish.texts import texts

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


def world(
    *newest: Item,
    slug: str = "world",
    title: str = "World",
    entries: int = 1,
    updated: datetime | None = ITEM.updated,
) -> Listed:
    return listed(
        slug,
        title,
        entries=entries,
        updated=updated,
        newest=newest,
        base_url="https://feeds.example/",
        language="en",
    )


LISTED = world(ITEM)


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
    page = index_page(outputs, name=name, language="en")
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
    assert [(e.text, e.get("lang"), e.get("dir")) for e in root.xpath("//h1/span")] == [
        ("Headline", "en", "ltr"),
        ("标题", "zh", "ltr"),
    ]


def test_a_title_without_translation_is_shown_once_in_its_language() -> None:
    root = article(titles=(None, "عنوان"), source_language="ar")
    assert [(e.text, e.get("lang"), e.get("dir")) for e in root.xpath("//h1")] == [("عنوان", "ar", "rtl")]
    assert root.xpath("//h1/*") == []
    assert root.findtext("head/title") == "عنوان"


def test_an_article_in_an_unknown_language_claims_none() -> None:
    root = article(titles=(None, "?"), source_language=None)
    assert root.xpath("//h1/@lang") == []
    assert ("Read the original", "https://news.example/1?a=1&b=2") in links(root)


def test_an_article_holds_its_body_as_it_is() -> None:
    page = article_page(replace(ITEM, origin=Origin(id="news", title="s")))
    assert ITEM.content_html.encode() in page


def test_an_article_says_who_wrote_what_when_and_where() -> None:
    root = article()
    assert "By 李明, A. O'Neil 9 November 2026, 08:05 UTC, updated 20 November 2026, 09:30 UTC" in flat(root)
    assert [e.text for e in root.find_class("from")] == ["通讯社"]
    assert [flat(e) for e in root.xpath('//footer[@class="topics"]//li')] == ["World 国际", "COP31"]
    assert root.xpath("//time/@datetime") == ["2026-11-09T08:05:00+00:00", "2026-11-20T09:30:00+00:00"]


def test_an_article_that_never_changed_has_one_date() -> None:
    root = article(replace(ITEM, updated=ITEM.published))
    assert root.xpath("//time/@datetime") == ["2026-11-09T08:05:00+00:00"]


def test_an_article_links_back_to_the_index_and_to_its_original() -> None:
    found = links(article())
    assert found[:2] == [("Skip to the text", "#text"), ("All feeds", "../../index.html")]
    assert ("Read the original in Chinese", "https://news.example/1?a=1&b=2") in found


def test_a_page_that_is_itself_the_link_does_not_link_to_itself() -> None:
    assert [text for text, _ in links(article(replace(ITEM, page_url=None)))] == [
        "Skip to the text",
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


def test_search_engines_are_led_to_the_original() -> None:
    root = article()
    assert root.xpath('//link[@rel="canonical"]/@href') == [ITEM.link]
    assert [(e.get("hreflang"), e.get("href")) for e in root.xpath('//link[@rel="alternate"]')] == [
        ("zh", ITEM.link)
    ]


def structured(root: HtmlElement) -> dict[str, object]:
    (block,) = root.xpath("//script")
    assert block.get("type") == "application/ld+json"
    found: dict[str, object] = json.loads(block.text)
    return found


def test_an_article_says_what_it_is_in_the_words_of_schema_org() -> None:
    assert structured(article()) == {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": "Headline",
        "description": "In short.",
        "inLanguage": "en",
        "url": "https://feeds.example/articles/news/1.html",
        "datePublished": "2026-11-09T08:05:00+00:00",
        "dateModified": "2026-11-20T09:30:00+00:00",
        "author": [{"@type": "Person", "name": "李明"}, {"@type": "Person", "name": "A. O'Neil"}],
        "image": "https://i.example/lead.jpg",
        "keywords": ["World", "COP31"],
        "publisher": {"@type": "Organization", "name": "通讯社"},
        "translationOfWork": {
            "@type": "NewsArticle",
            "headline": "标题",
            "inLanguage": "zh",
            "url": ITEM.link,
        },
    }


def test_an_article_without_translation_is_the_translation_of_nothing() -> None:
    assert "translationOfWork" not in structured(article(titles=(None, "标题")))


def test_a_bilingual_article_has_a_switch_between_its_languages() -> None:
    root = article()
    assert [flat(e) for e in root.xpath("//fieldset/label")] == ["Original", "Both", "Translation"]
    assert root.xpath("//input[@checked]/@value") == ["both"]
    assert root.xpath("//form") == []


def test_an_article_in_one_language_has_nothing_to_switch() -> None:
    assert article(titles=(None, "标题")).xpath("//fieldset") == []


@pytest.mark.parametrize(
    ("address", "href"),
    [
        ("https://feeds.example/articles/news/2.html", "2.html"),
        ("https://feeds.example/articles/other/2.html", "../other/2.html"),
        ("https://elsewhere.example/2.html", "https://elsewhere.example/2.html"),
    ],
)
def test_an_article_leads_to_those_before_and_after_it(address: str, href: str) -> None:
    other = replace(ITEM, page_url=address, translated_title="Other")
    page = article_page(replace(ITEM, original_title="标题"), previous=other, next=other)
    root = html.document_fromstring(page.decode())
    assert [(e.get("rel"), e.get("href"), flat(e)) for e in root.xpath('//nav[@class="neighbours"]/a')] == [
        ("next", href, "Newer Other"),
        ("prev", href, "Older Other"),
    ]
    assert [(e.get("rel"), e.get("href")) for e in root.xpath("//head/link")][-2:] == [
        ("next", href),
        ("prev", href),
    ]


def test_an_article_without_neighbours_leads_to_none() -> None:
    assert article().find_class("neighbours") == []


@pytest.mark.parametrize("title", ["Headline", None])
def test_headings_come_in_order(title: str | None) -> None:
    index_root = index(replace(LISTED, problems=("no answer",)))
    for root in (article(titles=(title, "标题")), index_root):
        levels = [int(e.tag[1]) for e in root.xpath("//h1 | //h2 | //h3 | //h4")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def hostile_article() -> HtmlElement:
    item = replace(ITEM, summary=HOSTILE, authors=(HOSTILE,), categories=((HOSTILE, HOSTILE + "!"),))
    return article(item, titles=(HOSTILE, HOSTILE), source_title=HOSTILE)


def hostile_index() -> HtmlElement:
    return index(world(replace(ITEM, title=HOSTILE), title=HOSTILE), name=HOSTILE)


@pytest.mark.parametrize("page", [hostile_article, hostile_index])
def test_hostile_texts_are_shown_as_they_are_and_do_nothing(page: Callable[[], HtmlElement]) -> None:
    root = page()
    assert root.xpath("//img | //@onerror") == []
    assert len(root.xpath("//script")) == 1
    assert "alert" not in "".join(root.xpath("//script[not(@type)]/text()"))
    assert root.findtext("head/title") == HOSTILE
    assert flat(root.find("body")).count(HOSTILE) >= 3


@pytest.mark.parametrize("page", [article, partial(index, LISTED)], ids=["article", "index"])
def test_pages_need_no_script_and_nothing_from_outside(page: Callable[[], HtmlElement]) -> None:
    root = page()
    assert (
        root.xpath("//link[@rel='stylesheet'] | //iframe | //@onclick | //@src[not(ancestor::article)]") == []
    )
    assert root.xpath("//script[not(@type='application/ld+json')] | //button") == root.xpath(
        "//main/following::script"
    )
    assert not any("url(" in style or "@import" in style for style in root.xpath("//style/text()"))
    assert meta(root)["referrer"] == "no-referrer"
    assert meta(root)["viewport"]


def test_the_index_lists_each_output_with_its_feeds_and_newest_articles() -> None:
    root = index(LISTED, world(slug="second", title="Second", entries=2))
    assert [e.text for e in root.xpath("//h3")] == ["World", "Second"]
    found = links(root)
    addresses = [e.text for e in root.xpath("//dl//code")]
    for slug in ("world", "second"):
        for name, kind in (("RSS", "rss"), ("Atom", "atom"), ("JSON", "json")):
            assert (name, f"{slug}.{kind}") in found
            assert f"https://feeds.example/{slug}.{kind}" in addresses
    assert ("Import all feeds (OPML)", "feeds.opml") in found
    assert ("Headline · 标题", "articles/news/1.html") in found
    assert "1 article, last changed 20 November 2026, 09:30 UTC" in flat(root)
    assert "2 articles, last changed" in flat(root)


def test_the_index_shows_the_two_titles_of_an_article_each_in_its_language() -> None:
    item = replace(ITEM, translated_title="Headline", original_title="标题", source_language="zh")
    (line,) = index(world(item)).xpath('//ul[@class="newest"]/li')
    assert [(e.text, e.get("lang")) for e in line.iter("span")] == [("Headline", "en"), ("标题", "zh")]
    alone = index(world(replace(item, title="Headline")))
    assert [flat(e) for e in alone.xpath('//ul[@class="newest"]/li')] == ["Headline"]


def test_the_index_says_what_waits_and_what_is_wrong() -> None:
    root = index(replace(LISTED, waiting=1204, problems=("wire: no answer",), sources=("Wire", "通讯社")))
    assert "1,204 articles wait for their translation" in flat(root)
    assert [e.text for e in root.xpath('//ul[@class="problems"]/li')] == ["wire: no answer"]
    assert "From Wire, 通讯社" in flat(root)


def test_the_index_lists_the_sources_with_their_state() -> None:
    fine = ListedSource(title="通讯社", state="fine", link="https://news.example/", language="zh")
    gone = ListedSource(
        title="Wire", state="gone", feed_url="https://wire.example/rss", problems=("410 Gone",), waiting=1
    )
    page = index_page([LISTED], name="N", language="en", sources=[fine, gone])
    root = html.document_fromstring(page.decode())
    assert [flat(e) for e in root.xpath('//section[@class="sources"]/ul/li')] == [
        "通讯社 Chinese · in order",
        "Wire gone for good · 1 article waits for its translation · its own feed 410 Gone",
    ]
    assert ("通讯社", "https://news.example/") in links(root)
    assert ("its own feed", "https://wire.example/rss") in links(root)


def test_the_index_leads_to_the_health_of_the_service_where_it_is_published() -> None:
    page = index_page([LISTED], name="N", language="en", has_status=True)
    root = html.document_fromstring(page.decode())
    assert ("Health of this service", "status.atom") in links(root)
    assert "status.atom" in root.xpath("/html/head/link/@href")
    assert "status.atom" not in index(LISTED).xpath("//@href")


def test_the_index_leads_to_the_article_where_there_is_no_page_beside_it() -> None:
    assert ("Headline · 标题", ITEM.link) in links(index(world(replace(ITEM, page_url=None))))


def test_feed_readers_find_every_feed_of_the_index() -> None:
    found = index(LISTED).xpath('/html/head/link[@rel="alternate"]')
    assert [(e.get("type"), e.get("title"), e.get("href")) for e in found] == [
        ("application/rss+xml", "World (RSS)", "world.rss"),
        ("application/atom+xml", "World (Atom)", "world.atom"),
        ("application/feed+json", "World (JSON)", "world.json"),
    ]


def test_an_output_without_articles_says_so() -> None:
    root = index(world(entries=0, updated=None))
    assert "No article yet." in flat(root)
    assert root.xpath("//time") == []


def test_an_index_without_outputs_says_what_to_do() -> None:
    assert "feedsvc add" in flat(index())
    assert "feedsvc refresh" in flat(index())


def test_the_words_of_a_page_are_english_whatever_the_language_of_its_article() -> None:
    root = article(replace(ITEM, language="ar"))
    assert (root.get("lang"), root.get("dir")) == ("en", "ltr")
    (text,) = root.find_class("text")
    assert (text.get("lang"), text.get("dir")) == ("ar", "rtl")


def test_the_style_of_feeds_tells_what_a_feed_is() -> None:
    style = feed_style("en").decode()
    assert texts("en").feed_hint in style
    assert "url(" not in style
    assert "@import" not in style


def test_every_text_of_a_page_has_its_values_filled_in() -> None:
    for root in (article(), index(replace(LISTED, waiting=2, sources=("a", "b")))):
        assert "{" not in "".join(root.xpath("//body//text()[not(parent::script)]"))
