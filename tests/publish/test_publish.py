from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from lxml import html

from feedsvc.config import Config
from feedsvc.errors import PublishError
from feedsvc.model import (
    Article,
    Entry,
    FetchState,
    Layout,
    Limits,
    OutputFeed,
    ParsedFeed,
    Passage,
    Pending,
    Segment,
    Source,
    TitleLayout,
    Translation,
    Verdict,
)
from feedsvc.publishing import publish
from feedsvc.store import Store

SEEN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PUBLISHED = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
STATES = {"news": FetchState(added_at=SEEN, title="通讯社", link="https://news.example/")}
NONE = Passage(text="", segments=())


def good(text: str, source: str = "原文。") -> Passage:
    return Passage(text=text, segments=(Segment(source=source, target=text, verdict=Verdict.GOOD),))


def failed(source: str) -> Passage:
    return Passage(text=source, segments=(Segment(source=source, target=source, verdict=Verdict.LOOP),))


def kept(source: str) -> Passage:
    return Passage(text=source, segments=(Segment(source=source, target=source, verdict=Verdict.KEPT),))


HEADLINE = good("Headline")
PARAGRAPH = good("First paragraph.")


def article(
    guid: str = "https://news.example/1",
    *,
    body: str = "<p>第一段。</p>",
    headline: Passage = HEADLINE,
    blocks: tuple[Passage, ...] = (PARAGRAPH,),
    attributes: tuple[Passage, ...] = (),
    labels: tuple[Passage, ...] = (),
    is_translated: bool = True,
    changed_at: datetime | None = None,
    **changes: object,
) -> Article:
    values: dict[str, object] = {
        "source_id": "news",
        "title": "标题",
        "language": "zh",
        "published": PUBLISHED,
        "link": "https://news.example/1",
    }
    entry = Entry(guid=guid, body_html=body, **(values | changes))  # type: ignore[arg-type]
    made = Translation(
        entry=entry,
        target_language="en",
        engine=f"argos {entry.language}_en 1.9",
        title=headline,
        summary=NONE,
        categories=labels,
        blocks=blocks,
        attributes=attributes,
    )
    return Article(
        entry=entry,
        translation=made if is_translated else None,
        dated_at=SEEN,
        changed_at=changed_at,
    )


def output(slug: str = "news", *source_ids: str, **changes: object) -> OutputFeed:
    values: dict[str, object] = {
        "title": None,
        "layout": Layout.INTERLEAVED,
        "title_layout": TitleLayout.TRANSLATION_FIRST,
        "max_entries": 50,
    }
    return OutputFeed(slug=slug, source_ids=source_ids or ("news",), **(values | changes))  # type: ignore[arg-type]


def source(source_id: str) -> Source:
    return Source(id=source_id, kind="folder", location="/nowhere")


def fill(store: Store, articles: Sequence[Article], states: Mapping[str, FetchState]) -> None:
    """Have the articles in a database, as if they had been read and translated."""
    for source_id, state in states.items():
        if state.added_at:
            own = tuple(a.entry for a in articles if a.entry.source_id == source_id)
            store.save_feed(source_id, ParsedFeed(entries=own), state, now=SEEN)
    for one in articles:
        if one.translation:
            pending = Pending(entry=one.entry, content_hash="", changed_at=one.changed_at, previous=None)
            store.save_group([(pending, one.translation)], {}, now=SEEN)
    store.release_overdue("en", publish_after=timedelta(0), now=SEEN)


class Site:
    """An output folder and what is published in it."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "public"
        self.sources: tuple[Source, ...] = ()
        self.outputs = (output(),)
        self.states: Mapping[str, FetchState] = STATES
        self.base_url = "https://feeds.example/"

    @property
    def config(self) -> Config:
        return Config(
            path=None,
            data_dir=self.folder.parent / "data",
            output_dir=self.folder,
            base_url=self.base_url,
            target_language="en",
            database="sqlite://",
            publish_after=timedelta(hours=6),
            credit=True,
            beam_size=2,
            limits=Limits(),
            sources=self.sources or tuple(source(source_id) for source_id in self.states),
            outputs=self.outputs,
            listen=None,
        )

    def publish(self, *articles: Article) -> tuple[str, ...]:
        with Store("sqlite://") as store:
            fill(store, articles, self.states)
            return publish(self.config, store)

    def feed(self, name: str = "news.atom") -> feedparser.FeedParserDict:
        parsed = feedparser.parse((self.folder / name).read_bytes())
        assert parsed.bozo == 0
        return parsed

    def ids(self, name: str = "news.atom") -> list[str]:
        return [entry.id for entry in self.feed(name).entries]

    def page(self, name: str) -> html.HtmlElement:
        return html.document_fromstring((self.folder / name).read_text(encoding="utf-8"))

    def pages(self) -> list[Path]:
        return sorted((self.folder / "articles").rglob("*.html"))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_feeds_pages_index_and_list_are_written_the_pages_first(site: Site) -> None:
    written = site.publish(article())
    assert written[1:] == ("feeds.css", "news.rss", "news.atom", "news.json", "feeds.opml", "index.html")
    assert written[0].startswith("articles/news/")
    assert {str(p.relative_to(site.folder)) for p in site.folder.rglob("*") if p.is_file()} == set(written)


def test_a_second_time_nothing_is_written(site: Site) -> None:
    site.publish(article())
    before = {p: p.stat().st_mtime_ns for p in site.folder.rglob("*")}
    assert site.publish(article()) == ()
    assert {p: p.stat().st_mtime_ns for p in site.folder.rglob("*")} == before


def test_only_what_an_article_changes_is_written_again(site: Site) -> None:
    site.outputs = (output(), output("other", "other"))
    site.states = {**STATES, "other": FetchState(added_at=SEEN)}
    site.publish(article(), article("https://other.example/1", source_id="other"))
    written = site.publish(
        article(blocks=(good("Better."),)), article("https://other.example/1", source_id="other")
    )
    assert len(written) == 4
    assert written[0].startswith("articles/news/")
    assert written[1:] == ("news.rss", "news.atom", "news.json")


@pytest.mark.parametrize(
    "guid",
    [
        "https://news.example/1?a=b&c=d#e",
        "http://news.example/%e4%b8%80?p=1",
        "HTTPS://News.example",
        "tag:news.example,2026:1",
        "tag:me@news.example,2026-11:a/b?c#d",
        "urn:uuid:6a3d1c0e-7b90-4d49-8f2a-2f7a9f0e3c1b",
        "urn:isbn:0451450523",
    ],
)
def test_a_guid_that_is_a_uri_is_kept(site: Site, guid: str) -> None:
    site.publish(article(guid))
    assert site.ids("news.atom") == site.ids("news.rss") == [guid]


@pytest.mark.parametrize(
    "guid",
    [
        "12345",
        "article one",
        "https://news.example/a b",
        "javascript:alert(1)",
        "https://[broken/",
        "https:///no-host",
        "https://news.example/#a[1]",
        "http://新闻.example/一",
        "tag:news.example:1",
        "tag:News.example,2026:1",
        "urn:uuid:1",
        "urn:x:1",
        "urn:1",
        "标题",
        "http",
    ],
)
def test_any_other_guid_becomes_a_urn_that_never_changes(site: Site, guid: str) -> None:
    site.publish(article(guid))
    before = site.ids()
    site.base_url = "https://elsewhere.example/feeds/"
    site.publish(article(guid, headline=good("Another headline"), body="", blocks=()))
    assert site.ids() == site.ids("news.rss") == before
    assert before[0].startswith("urn:uuid:")


def test_the_urn_of_a_guid_is_the_same_on_every_machine(site: Site) -> None:
    site.publish(article("12345"))
    assert site.ids() == ["urn:uuid:7cae198f-966a-5f36-b371-022d0a68bfc7"]


def test_the_same_short_guid_of_two_sources_is_two_items(site: Site) -> None:
    site.outputs = (output("world", "news", "other"),)
    site.states = {**STATES, "other": FetchState(added_at=SEEN)}
    site.publish(article("12345"), article("12345", source_id="other", link="https://other.example/1"))
    assert len(set(site.ids("world.atom"))) == 2
    assert len(site.pages()) == 2


def test_an_article_leads_to_its_source_and_to_its_page(site: Site) -> None:
    site.publish(article())
    (page,) = site.pages()
    (entry,) = site.feed().entries
    assert [(link.rel, link.href, link.get("hreflang")) for link in entry.links] == [
        ("alternate", "https://news.example/1", "zh"),
        ("related", f"https://feeds.example/{page.relative_to(site.folder)}", "en"),
        ("via", "https://news.example/1", None),
    ]
    assert ("Read the original in Chinese", "https://news.example/1") in [
        (a.text, a.get("href")) for a in site.page(str(page)).iter("a")
    ]


def test_an_article_without_a_link_leads_to_its_page(site: Site) -> None:
    site.publish(article("12345", link=None))
    (page,) = site.pages()
    (entry,) = site.feed().entries
    assert [(link.rel, link.href) for link in entry.links] == [
        ("alternate", f"https://feeds.example/{page.relative_to(site.folder)}")
    ]
    assert site.feed("news.rss").entries[0].link == entry.link


def test_a_combined_output_lists_an_article_of_two_sources_once(site: Site) -> None:
    site.outputs = (output("world", "news", "copy", title="World"), output("copy", "copy"))
    site.states = {**STATES, "copy": FetchState(added_at=SEEN)}
    site.publish(article(), article(source_id="copy"), article("https://news.example/2", source_id="copy"))
    assert site.ids("world.atom") == ["https://news.example/1", "https://news.example/2"]
    assert site.ids("copy.atom") == ["https://news.example/1", "https://news.example/2"]
    assert site.feed("world.rss").feed.title == "World"


def test_a_title_of_its_own_goes_before_that_of_the_source(site: Site) -> None:
    site.outputs = (output(title="My news"),)
    site.publish()
    assert site.feed("news.rss").feed.title == site.feed("news.atom").feed.title == "My news"


def test_each_output_has_its_own_layouts(site: Site) -> None:
    site.outputs = (
        output("both"),
        output("english", layout=Layout.TRANSLATION, title_layout=TitleLayout.TRANSLATION),
    )
    site.publish(article())
    (both,), (english,) = site.feed("both.rss").entries, site.feed("english.rss").entries
    assert (both.title, english.title) == ("Headline · 标题", "Headline")
    assert "第一段。" in both.content[0].value
    assert "第一段。" not in english.content[0].value


def test_an_output_without_articles_is_a_valid_empty_feed(site: Site) -> None:
    assert site.publish() == (
        "feeds.css",
        "news.rss",
        "news.atom",
        "news.json",
        "feeds.opml",
        "index.html",
    )
    for name in ("news.rss", "news.atom"):
        assert site.ids(name) == []
        assert site.feed(name).feed.title == "通讯社"
    assert site.feed("news.atom").feed.updated == "2026-11-20T12:00:00+00:00"
    assert "No article yet." in site.page("index.html").text_content()


def test_an_output_whose_sources_were_never_read_is_not_written(site: Site) -> None:
    site.outputs = (output(), output("later", "later"))
    site.states = {**STATES, "later": FetchState()}
    site.publish(article())
    assert not (site.folder / "later.rss").exists()
    assert 'id="later"' not in (site.folder / "index.html").read_text(encoding="utf-8")


def test_a_feed_holds_no_more_than_its_newest_articles(site: Site) -> None:
    site.outputs = (output(max_entries=2),)
    site.publish(*(article(f"https://news.example/{n}") for n in range(4)))
    assert site.ids() == ["https://news.example/0", "https://news.example/1"]
    assert len(site.pages()) == 4


def test_an_edit_moves_updated_and_nothing_else_of_an_items_identity(site: Site) -> None:
    site.publish(article())
    (before,) = site.feed().entries
    edited = SEEN + timedelta(hours=1)
    site.publish(article(body="<p>改了。</p>", blocks=(good("Edited."),), changed_at=edited))
    (after,) = site.feed().entries
    assert (after.id, after.link, after.published) == (before.id, before.link, before.published)
    assert (before.updated, after.updated) == ("2026-11-19T08:00:00+00:00", "2026-11-20T13:00:00+00:00")
    assert "Edited." in after.content[0].value
    assert site.feed().feed.updated == "2026-11-20T13:00:00+00:00"


def test_an_article_without_a_date_has_that_of_its_first_sight(site: Site) -> None:
    site.publish(article(published=None))
    (entry,) = site.feed().entries
    assert entry.published == entry.updated == "2026-11-20T12:00:00+00:00"


def test_a_feed_changed_when_the_latest_of_its_articles_did(site: Site) -> None:
    site.publish(article("https://news.example/2"), article(updated=PUBLISHED + timedelta(minutes=5)))
    assert site.feed().feed.updated == "2026-11-19T08:05:00+00:00"
    assert site.feed("news.rss").feed.updated == "Thu, 19 Nov 2026 08:05:00 +0000"


def test_a_channel_leads_to_its_only_source_and_a_combined_one_to_us(site: Site) -> None:
    site.outputs = (output(), output("world", "news", "other"))
    site.states = {**STATES, "other": FetchState(added_at=SEEN, link="https://other.example/")}
    site.publish()
    assert site.feed("news.rss").feed.link == "https://news.example/"
    assert site.feed("world.rss").feed.link == "https://feeds.example/"
    assert site.feed("world.rss").feed.title == "world"
    assert site.feed("world.atom").feed.id != site.feed("news.atom").feed.id


def test_a_page_without_a_translated_title_shows_the_original_as_such(site: Site) -> None:
    site.publish(article(headline=kept("COP31"), title="COP31"))
    (page,) = site.pages()
    assert [(e.text, e.get("lang")) for e in site.page(str(page)).iter("h1")] == [("COP31", "zh")]


def test_a_page_of_an_article_without_a_title_is_headed_in_the_language_it_claims(site: Site) -> None:
    site.publish(article(title="", headline=NONE))
    (page,) = site.pages()
    assert [(e.text, e.get("lang")) for e in site.page(str(page)).iter("h1")] == [("第一段。", "zh")]
    assert site.feed().entries[0].title == "First paragraph."


def test_the_page_of_an_article_that_is_no_more_goes(site: Site) -> None:
    site.publish(article(), article("https://news.example/2"))
    assert len(site.pages()) == 2
    site.publish(article("https://news.example/2"))
    assert len(site.pages()) == 1
    assert site.ids() == ["https://news.example/2"]


def test_the_index_lists_the_five_newest_articles(site: Site) -> None:
    site.publish(*(article(f"https://news.example/{n}", headline=good(f"Headline {n}")) for n in range(7)))
    listed = [e.text_content() for e in site.page("index.html").xpath("//ul[@class='newest']/li/a")]
    assert listed == [f"Headline {n}" for n in range(5)]
    assert "7 articles" in site.page("index.html").text_content()


def test_every_output_can_be_subscribed_to_through_the_list(site: Site) -> None:
    site.outputs = (output(), output("world", "news", title="World"))
    site.publish()
    opml = html.fromstring((site.folder / "feeds.opml").read_bytes())
    assert [o.get("xmlurl") for o in opml.iter("outline")] == [
        "https://feeds.example/news.rss",
        "https://feeds.example/world.rss",
    ]


def test_what_a_killed_run_left_unfinished_is_removed(site: Site) -> None:
    site.publish(article())
    left = site.folder / ".news.rss.unfinished"
    left.write_bytes(b"half")
    assert site.publish(article()) == ()
    assert not left.exists()


def test_a_file_that_cannot_be_written_is_named(site: Site) -> None:
    (site.folder / "news.atom").mkdir(parents=True)
    with pytest.raises(PublishError, match=r"public/news\.atom: cannot be written"):
        site.publish(article())
    assert site.ids("news.rss") == ["https://news.example/1"]


def test_the_rights_of_an_article_stand_in_every_format(site: Site) -> None:
    site.publish(article(rights="© 2026 通讯社"))
    for suffix in ("rss", "atom", "json"):
        assert "© 2026 通讯社" in (site.folder / f"news.{suffix}").read_text(encoding="utf-8")
