from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedsvc.errors import ParseError
from feedsvc.ingest.parse import parse_feed
from feedsvc.model import Enclosure, Entry, Fetched, ParsedFeed, Source

URL = "https://news.example/feeds/world.xml"
NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom"'
)

Parse = Callable[..., ParsedFeed]


@pytest.fixture
def parse(make_source: Callable[..., Source]) -> Parse:
    def of(
        body: str | bytes, url: str = URL, content_type: str = "application/xml", **changes: object
    ) -> ParsedFeed:
        data = body.encode() if isinstance(body, str) else body
        fetched = Fetched(
            body=data, final_url=url, content_type=content_type, etag='"e"', last_modified="then"
        )
        return parse_feed(fetched, make_source(kind="feed", location=URL, **changes))

    return of


def rss(*items: str, channel: str = "") -> str:
    return (
        f'<?xml version="1.0"?><rss version="2.0" {NAMESPACES}><channel><title>World</title>'
        f"<link>https://news.example/</link><description>d</description>{channel}"
        f"{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>"
    )


def atom(*entries: str, feed: str = "", attributes: str = "") -> str:
    return (
        f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" {attributes}><id>urn:feed</id>'
        f"<updated>2020-03-10T00:00:00Z</updated>{feed}"
        f"{''.join(f'<entry>{entry}</entry>' for entry in entries)}</feed>"
    )


def only(feed: ParsedFeed) -> Entry:
    assert feed.problems == ()
    (entry,) = feed.entries
    return entry


def test_rss_2_is_read_whole(parse: Parse) -> None:
    feed = parse(
        rss(
            '<guid isPermaLink="false">a-1</guid><title>One &amp;amp; &lt;b&gt;two&lt;/b&gt;</title>'
            "<link>https://news.example/1?a=b&amp;c=d</link><description>In short.</description>"
            '<content:encoded><![CDATA[<p>At <a href="/x">length</a>.</p>]]></content:encoded>'
            "<pubDate>Tue, 10 Mar 2020 12:48:03 +0800</pubDate><dc:creator>Ann</dc:creator>"
            "<category>World</category><category>News</category><category>World</category>"
            '<enclosure url="/a.mp3" length="123" type="audio/mpeg"/>'
            '<media:thumbnail url="https://i.example/t.jpg"/>',
            channel="<language>en-us</language>",
        )
    )
    assert (feed.title, feed.link, feed.problems) == ("World", "https://news.example/", ())
    assert (feed.etag, feed.last_modified) == ('"e"', "then")
    assert only(feed) == Entry(
        source_id="news",
        guid="a-1",
        title="One & two",
        link="https://news.example/1?a=b&c=d",
        summary="In short.",
        body_html='<p><img src="https://i.example/t.jpg" alt=""></p>'
        '<p>At <a href="https://news.example/x" rel="noopener noreferrer">length</a>.</p>',
        language="en-US",
        published=datetime(2020, 3, 10, 4, 48, 3, tzinfo=UTC),
        updated=None,
        authors=("Ann",),
        categories=("World", "News"),
        enclosures=(Enclosure(url="https://news.example/a.mp3", mime_type="audio/mpeg", length_bytes=123),),
        image_url="https://i.example/t.jpg",
    )


def test_rss_0_91_is_read(parse: Parse) -> None:
    feed = parse(
        '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
        '"http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>Old</title>'
        "<link>http://old.example/</link><language>fr</language><item><title>Un</title>"
        "<link>http://old.example/1</link><description>Deux.</description></item></channel></rss>"
    )
    assert feed.title == "Old"
    assert only(feed) == Entry(
        source_id="news",
        guid="http://old.example/1",
        title="Un",
        link="http://old.example/1",
        body_html="<p>Deux.</p>",
        language="fr",
    )


def test_rdf_is_read(parse: Parse) -> None:
    feed = parse(
        '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns="http://purl.org/rss/1.0/" {NAMESPACES}>'
        '<channel rdf:about="http://old.example/"><title>Old</title><link>http://old.example/</link>'
        "<description>d</description><dc:language>ja</dc:language></channel>"
        '<item rdf:about="http://old.example/1"><title>一</title><link>http://old.example/1</link>'
        "<description>二。</description><dc:date>2022-01-02T03:04:05+02:00</dc:date><dc:creator>Ann</dc:creator>"
        "<dc:subject>World</dc:subject></item></rdf:RDF>"
    )
    entry = only(feed)
    assert (feed.title, feed.link) == ("Old", "http://old.example/")
    assert (entry.guid, entry.title, entry.body_html) == ("http://old.example/1", "一", "<p>二。</p>")
    assert (entry.language, entry.authors, entry.categories) == ("ja", ("Ann",), ("World",))
    assert entry.published == datetime(2022, 1, 2, 1, 4, 5, tzinfo=UTC)


def test_atom_is_read_whole(parse: Parse) -> None:
    feed = parse(
        atom(
            '<id>urn:1</id><title>One</title><link href="1"/>'
            "<published>2022-01-02T00:00:00Z</published><updated>2022-01-03T00:00:00+01:00</updated>"
            '<author><name>Ann</name></author><author><name>Bob</name></author><category term="w" label="World"/>'
            "<category term='news'/><summary>In short.</summary>"
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>At <a href="../x">length</a>.'
            '<img src="i.png" alt="two"/></p></div></content>'
            '<link rel="enclosure" href="m.mp3" type="audio/mpeg" length="5"/>',
            feed='<title type="html">World &lt;i&gt;news&lt;/i&gt;</title><link href="/home"/>',
            attributes='xml:base="https://base.example/d/" xml:lang="de"',
        )
    )
    assert (feed.title, feed.link) == ("World news", "https://base.example/home")
    assert only(feed) == Entry(
        source_id="news",
        guid="urn:1",
        title="One",
        link="https://base.example/d/1",
        summary="In short.",
        body_html='<p><span>At <a href="https://base.example/x" rel="noopener noreferrer">length</a>.</span>'
        '<img src="https://base.example/d/i.png" alt="two"></p>',
        language="de",
        published=datetime(2022, 1, 2, tzinfo=UTC),
        updated=datetime(2022, 1, 2, 23, tzinfo=UTC),
        authors=("Ann", "Bob"),
        categories=("World", "news"),
        enclosures=(Enclosure(url="https://base.example/d/m.mp3", mime_type="audio/mpeg", length_bytes=5),),
    )


def test_each_content_of_atom_has_its_own_base(parse: Parse) -> None:
    entry = only(
        parse(
            atom(
                '<id>urn:1</id><content type="html" xml:base="b/">&lt;img src="i.png"&gt;</content>',
                attributes='xml:base="https://base.example/a/"',
            )
        )
    )
    assert entry.body_html == '<img src="https://base.example/a/b/i.png">'


@pytest.mark.parametrize("body", ['<a href="x">1</a>', '<a href="/d/x">1</a>'])
def test_what_a_body_in_a_file_refers_to_is_relative_to_its_page(body: str, parse: Parse) -> None:
    link = "https://x.example/d/1"
    for document in (
        rss(f"<link>{link}</link><description><![CDATA[{body}]]></description>"),
        atom(f'<id>urn:1</id><link href="{link}"/><content type="html"><![CDATA[{body}]]></content>'),
    ):
        entry = only(parse(document, url="file:///var/feeds/a.xml"))
        assert 'href="https://x.example/d/x"' in entry.body_html


def test_text_of_atom_is_not_markup(parse: Parse) -> None:
    entry = only(
        parse(
            atom(
                "<id>urn:1</id><title>The &lt;video&gt; element</title><summary>All of &lt;b&gt;</summary>"
                "<content>1 &lt; 2\n\nand &lt;b&gt;</content>"
            )
        )
    )
    assert entry.title == "The <video> element"
    assert entry.summary == "All of <b>"
    assert entry.body_html == "<p>1 &lt; 2</p><p>and &lt;b&gt;</p>"


def test_html_of_atom_is_decoded_once(parse: Parse) -> None:
    entry = only(
        parse(atom('<id>urn:1</id><title type="html">&amp;lt;b&amp;gt; &lt;i&gt;one&lt;/i&gt;</title>'))
    )
    assert entry.title == "<b> one"


def test_a_guid_is_kept_as_it_is_wherever_the_feed_is(parse: Parse) -> None:
    feed = rss("<guid>1</guid>", '<guid isPermaLink="false">b/2</guid>', "<guid>tag:x,2022:3</guid>")
    for url in (URL, "http://elsewhere.example/"):
        assert [e.guid for e in parse(feed, url).entries] == ["1", "b/2", "tag:x,2022:3"]
        assert [e.guid for e in parse(atom("<id>1</id>"), url).entries] == ["1"]


def test_without_a_guid_the_link_is_the_guid(parse: Parse) -> None:
    entry = only(parse(rss("<link>https://news.example/1</link><title>One</title>")))
    assert entry.guid == entry.link == "https://news.example/1"


@pytest.mark.parametrize(
    "guid", ["<guid>https://news.example/1</guid>", '<guid isPermaLink="true">https://news.example/1</guid>']
)
def test_a_guid_that_is_a_url_is_the_link(guid: str, parse: Parse) -> None:
    assert only(parse(rss(guid))).link == "https://news.example/1"


@pytest.mark.parametrize(
    "guid",
    ["<guid>17</guid>", '<guid isPermaLink="false">https://news.example/1</guid>', "<guid>urn:1</guid>"],
)
def test_a_guid_that_is_none_is_no_link(guid: str, parse: Parse) -> None:
    assert only(parse(rss(guid))).link is None


def test_the_link_of_an_entry_comes_before_its_guid(parse: Parse) -> None:
    for item in (
        "<guid>https://news.example/1</guid><link>/2</link>",
        "<link>/2</link><guid>https://news.example/1</guid>",
    ):
        assert only(parse(rss(item))).link == "https://news.example/2"


def test_without_guid_and_link_the_guid_is_made_of_title_and_date(parse: Parse) -> None:
    first, second, third = parse(
        rss("<title>One</title>", "<title>Two</title>", "<title>One</title><pubDate>2020-03-10</pubDate>")
    ).entries
    again, _ = parse(rss("<title>Two</title>", "<title>One</title><description>Edited</description>")).entries
    assert len({first.guid, second.guid, third.guid}) == 3
    assert second.guid == again.guid
    assert second.guid.startswith("urn:uuid:")


def test_an_entry_with_nothing_to_call_it_by_is_named(parse: Parse) -> None:
    feed = parse(rss("<guid>1</guid>", "", "<description>Only a text.</description>"))
    assert [e.guid.partition(":")[0] for e in feed.entries] == ["1", "urn"]
    assert feed.problems == ("entry 2 left out: it has no guid, link, title, date or text",)


def test_entries_keep_their_order(parse: Parse) -> None:
    assert [e.guid for e in parse(rss("<guid>2</guid>", "<guid>3</guid>", "<guid>1</guid>")).entries] == [
        "2",
        "3",
        "1",
    ]


def test_a_repeated_guid_is_kept_once(parse: Parse) -> None:
    feed = parse(
        rss("<guid>1</guid><title>One</title>", "<guid>2</guid>", "<guid>1</guid><title>Again</title>")
    )
    assert [(e.guid, e.title) for e in feed.entries] == [("1", "One"), ("2", "")]
    assert feed.problems == ()


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("<pubDate>Tue, 10 Mar 2020 12:48:03 +0800</pubDate>", datetime(2020, 3, 10, 4, 48, 3, tzinfo=UTC)),
        ("<pubDate>Tue, 10 Mar 2020 04:48:03 EST</pubDate>", datetime(2020, 3, 10, 9, 48, 3, tzinfo=UTC)),
        ("<pubDate>2020-03-10T12:48:03+08:00</pubDate>", datetime(2020, 3, 10, 4, 48, 3, tzinfo=UTC)),
        ("<dc:date>2020-03-10T12:48:03+08:00</dc:date>", datetime(2020, 3, 10, 4, 48, 3, tzinfo=UTC)),
        ("<pubDate>yesterday</pubDate>", None),
        ("<pubDate>Fri, 31 Dec 9999 23:59:59 -1200</pubDate>", None),
        ("<pubDate></pubDate>", None),
        ("", None),
    ],
)
def test_dates_are_in_utc_and_absent_ones_none(
    written: str, published: datetime | None, parse: Parse
) -> None:
    entry = only(parse(rss(f"<guid>1</guid>{written}")))
    assert entry.published == published
    assert published is None or entry.published.tzinfo is UTC


def test_a_published_entry_was_not_updated(parse: Parse) -> None:
    assert only(parse(rss("<guid>1</guid><pubDate>Tue, 10 Mar 2020 04:48:03 GMT</pubDate>"))).updated is None


def test_an_updated_entry_of_atom_need_not_say_when_it_was_published(parse: Parse) -> None:
    entry = only(parse(atom("<id>1</id><updated>2020-03-10T00:00:00Z</updated>")))
    assert entry.published is None
    assert entry.updated == datetime(2020, 3, 10, tzinfo=UTC)


def test_the_content_comes_before_the_description(parse: Parse) -> None:
    short, long = (
        "<content:encoded>Short.</content:encoded>",
        "<description>Much longer a text.</description>",
    )
    for item in (short + long, long + short):
        entry = only(parse(rss(f"<guid>1</guid>{item}")))
        assert entry.body_html == "<p>Short.</p>"
        assert entry.summary == "Much longer a text."


def test_the_fullest_of_several_contents_is_the_body(parse: Parse) -> None:
    entry = only(parse(atom("<id>1</id><content>Short.</content><content>Much longer a text.</content>")))
    assert entry.body_html == "<p>Much longer a text.</p>"


def test_without_content_the_description_is_the_body_and_no_summary(parse: Parse) -> None:
    entry = only(
        parse(rss("<guid>1</guid><description>&lt;p&gt;One &lt;b&gt;two&lt;/b&gt;&lt;/p&gt;</description>"))
    )
    assert entry.body_html == "<p>One <b>two</b></p>"
    assert entry.summary == ""


def test_a_description_without_markup_is_plain_text(parse: Parse) -> None:
    entry = only(parse(rss("<guid>1</guid><description>1 &lt; 2 and 3</description>")))
    assert entry.body_html == "<p>1 &lt; 2 and 3</p>"


@pytest.mark.parametrize(
    ("item", "image_url"),
    [
        ('<media:thumbnail url="https://i.example/t.jpg"/>', "https://i.example/t.jpg"),
        ('<media:content url="/c.jpg" medium="image"/>', "https://news.example/c.jpg"),
        ('<media:content url="https://i.example/c" type="image/webp"/>', "https://i.example/c"),
        (
            '<media:group><media:content url="https://i.example/g.jpg"/></media:group>',
            "https://i.example/g.jpg",
        ),
        (
            '<media:content url="https://i.example/v.mp4" type="video/mp4"/>'
            '<media:thumbnail url="https://i.example/t.jpg"/>',
            "https://i.example/t.jpg",
        ),
        ('<media:content url="https://i.example/v.mp4" medium="video"/>', None),
        ('<media:thumbnail url="javascript:alert(1)"/>', None),
        ('<media:thumbnail url=""/>', None),
        ("", None),
    ],
)
def test_a_picture_for_readers_stands_in_the_body(item: str, image_url: str | None, parse: Parse) -> None:
    entry = only(parse(rss(f"<guid>1</guid><description>One.</description>{item}")))
    assert entry.image_url == image_url
    assert entry.body_html.count("<img") == (image_url is not None)


def test_a_picture_that_the_body_shows_is_not_shown_again(parse: Parse) -> None:
    entry = only(
        parse(
            rss(
                "<guid>1</guid><description>&lt;img src='https://i.example/t.jpg?w=9'/&gt; One.</description>"
                '<media:thumbnail url="https://i.example/t.jpg?w=1"/>'
            )
        )
    )
    assert entry.body_html.count("<img") == 1


@pytest.mark.parametrize(
    ("attributes", "enclosures"),
    [
        ('url="/a.mp3" length="1" type="audio/mpeg"', [("https://news.example/a.mp3", "audio/mpeg", 1)]),
        (
            'url="https://x.example/a" length="" type=""',
            [("https://x.example/a", "application/octet-stream", None)],
        ),
        (
            'url="https://x.example/a" length="-1"',
            [("https://x.example/a", "application/octet-stream", None)],
        ),
        ('url="https://x.example/a" length="٣"', [("https://x.example/a", "application/octet-stream", None)]),
        ('url="javascript:alert(1)" length="1" type="a/b"', []),
        ('length="1" type="a/b"', []),
    ],
)
def test_enclosures_are_media_on_the_web(
    attributes: str, enclosures: list[tuple[str, str, int | None]], parse: Parse
) -> None:
    entry = only(parse(rss(f"<guid>1</guid><enclosure {attributes}/>")))
    assert [(e.url, e.mime_type, e.length_bytes) for e in entry.enclosures] == enclosures


def test_every_enclosure_is_kept(parse: Parse) -> None:
    item = '<enclosure url="https://x.example/1" type="a/b" length="1"/><enclosure url="https://x.example/2" type="a/b" length="2"/>'
    assert len(only(parse(rss(f"<guid>1</guid>{item}"))).enclosures) == 2


CHINESE = "<guid>1</guid><description>安理会将于三十一日召开会议。</description>"


@pytest.mark.parametrize(
    ("body", "configured", "language"),
    [
        (rss(f"{CHINESE}<dc:language>fr</dc:language>", channel="<language>de</language>"), "ja", "ja"),
        (rss(f"{CHINESE}<dc:language>fr</dc:language>", channel="<language>de</language>"), None, "fr"),
        (rss(CHINESE, channel="<language>zh_tw</language>"), None, "zh-TW"),
        (rss(CHINESE, channel="<language>Chinese!</language>"), None, "zh"),
        (rss(CHINESE), None, "zh"),
        (rss("<guid>1</guid><title>One</title>"), None, None),
        (atom('<id>1</id><content xml:lang="fr">Un</content>', attributes='xml:lang="de"'), None, "fr"),
        (atom("<id>1</id><content>Eins</content>", attributes='xml:lang="de"'), None, "de"),
    ],
)
def test_the_language_is_the_sources_the_entrys_the_feeds_or_detected(
    body: str, configured: str | None, language: str | None, parse: Parse
) -> None:
    assert only(parse(body, language=configured)).language == language


@pytest.mark.parametrize("declared", ["gb2312", "gbk", "utf-8", "utf-16", "big5"])
def test_every_declared_encoding_is_read(declared: str, parse: Parse) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?><rss version="2.0"><channel><item><guid>1</guid><title>中文</title></item></channel></rss>'
    assert only(parse(text.encode(declared))).title == "中文"


@pytest.mark.parametrize(
    "content_type", ["", "text/xml", "text/html", "text/plain; charset=utf-8", "application/rss+xml"]
)
def test_the_content_type_does_not_matter(content_type: str, parse: Parse) -> None:
    assert only(parse(rss("<guid>1</guid><title>中文</title>"), content_type=content_type)).title == "中文"


@pytest.mark.parametrize("start", ["\ufeff", "\n\n", " \r\n"])
def test_a_bom_or_white_space_may_stand_before_the_feed(start: str, parse: Parse) -> None:
    assert only(parse(start + rss("<guid>1</guid><title>中文</title>"))).title == "中文"


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ("<title>a&nbsp;b &copy;</title>", "a b ©"),
        ("<title>1 < 2 & 3</title>", "1 < 2 & 3"),
        ("<title>a\x08b</title>", "ab"),
        ("<title>a&#1;b</title>", "ab"),
        ("<title>a<b>b</title>", "a<b>b"),
    ],
)
def test_a_feed_that_is_not_well_formed_is_read_as_far_as_possible(
    item: str, title: str, parse: Parse
) -> None:
    feed = parse(rss(f"<guid>1</guid>{item}", "<guid>2</guid>"))
    assert feed.entries[0].title == title
    assert feed.entries[-1].guid == "2"


def test_entities_from_outside_are_not_fetched(parse: Parse) -> None:
    body = rss("<guid>1</guid><title>a&x;b</title>").replace(
        "<rss", '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss', 1
    )
    assert "root:" not in only(parse(body)).title


def test_a_feed_may_have_no_entries(parse: Parse) -> None:
    for body in (rss(), atom()):
        assert parse(body, content_type="").entries == ()


def test_bodies_are_sanitised(parse: Parse) -> None:
    entry = only(
        parse(
            rss(
                "<guid>1</guid><content:encoded><![CDATA[<p onclick='a()'>One&#1;</p><script>alert(1)</script>"
                "<iframe src='//v.example/1'></iframe><img data-src='i.jpg' src='p.gif'><figure></figure>]]>"
                "</content:encoded>"
            )
        )
    )
    assert entry.body_html == (
        '<p>One</p><p><a href="https://v.example/1" rel="noopener noreferrer">https://v.example/1</a></p>'
        '<img src="https://news.example/i.jpg"><figure></figure>'
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not a feed: the document is empty"),
        (b" \n", "not a feed: the document is empty"),
        (
            b"<!DOCTYPE html><html><head><title> Log\n in </title></head></html>",
            'not a feed but an HTML page titled "Log in"',
        ),
        (b"<html><body>One</body></html>", "not a feed but an HTML page"),
        (b"<opml version='2.0'><body/></opml>", "not a feed: neither RSS nor Atom"),
        (b"hello", "not a feed: "),
        (b'{"items": []}', "not a feed: "),
        (b"\x00\x01\xff", "not a feed: "),
    ],
)
def test_what_is_no_feed_says_what_it_is(body: bytes, reason: str, parse: Parse) -> None:
    with pytest.raises(ParseError) as caught:
        parse(body)
    assert str(caught.value).startswith(reason)


def test_a_feed_that_breaks_before_its_first_entry_is_an_error(parse: Parse) -> None:
    with pytest.raises(ParseError, match="the feed is broken"):
        parse('<?xml version="1.0"?><rss version="2.0"><channel><title>World</title>')


def test_a_feed_that_feedparser_stumbles_over_is_an_error(parse: Parse) -> None:
    with pytest.raises(ParseError, match="the feed is too broken to be read"):
        parse(b"<item<category</item>1</category<", content_type="")


SCRAPS = [
    "<![CDATA[", "]]>", "<item>", "</item>", "</title>", "<", ">", "&", "&#0;", '"', "\x00", "é", "http://[",
    ' xml:base="http://[x"', ' mode="base64"', "<!--", "<?", "<://a b", "\r",
]  # fmt: skip
SAMPLES = [
    rss(
        "<guid>1</guid><title>One</title><link>/1</link><description>Two</description>"
        "<content:encoded><![CDATA[<p>Three</p>]]></content:encoded><pubDate>Tue, 10 Mar 2020 12:48:03 GMT</pubDate>"
        '<enclosure url="/a.mp3" length="1" type="audio/mpeg"/><media:thumbnail url="/t.jpg"/>'
    ),
    atom(
        "<id>1</id><title>One</title><link href='/1'/><summary>Two</summary>"
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Three</p></div></content>',
        attributes='xml:base="https://base.example/" xml:lang="de"',
    ),
]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["", *SCRAPS])) + text[at + draw(st.integers(0, 25)) :]
    return text


@settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damaged())
def test_a_damaged_feed_is_read_or_refused(parse: Parse, text: str) -> None:
    try:
        feed = parse(text)
    except ParseError as error:
        assert str(error)
    else:
        assert len({e.guid for e in feed.entries}) == len(feed.entries)


MANY = 1_000_000
VAST = {
    "entries": f"<rss version='2.0'><channel>{'<item/>' * MANY}</channel></rss>",
    "elements": f"<rss version='2.0'><channel>{'<a/>' * MANY}</channel></rss>",
    "open elements": "<rss version='2.0'><channel>" + "<a>" * MANY,
    "half tags": "<rss version='2.0'><channel><item><title>" + "<" * MANY * 3,
    "half CDATA": "<rss version='2.0'><channel>" + "<![CDATA[" * MANY,
    "attributes": "<rss version='2.0' " + " ".join(f"a{n}='1'" for n in range(MANY // 5)) + "/>",
    "entities": f"<!DOCTYPE r [<!ENTITY a '{'a' * 1900}'>]><rss version='2.0'>{'&a;' * MANY}</rss>",
    "white space": "<?xml version='1.0'?>" + "\n" * MANY * 5 + "<rss version='2.0'/>",
    "categories": rss("<guid>1</guid>" + "".join(f"<category>{n}</category>" for n in range(MANY // 20))),
    "arrays": '{"version": "https://jsonfeed.org/version/1.1", "items": ' + "[" * MANY,
    "braces": "{" * MANY,
}


@pytest.mark.parametrize("kind", VAST)
def test_vast_documents_end_soon(kind: str, parse: Parse) -> None:
    begin = time.process_time()
    try:
        found = len(parse(VAST[kind]).entries)
    except ParseError as error:
        assert str(error)
    else:
        assert found <= 2_000
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    ("document", "rights"),
    [
        (
            rss("<guid>1</guid><dc:rights>© 2026 A &amp;amp; B &lt;b&gt;Ltd&lt;/b&gt;</dc:rights>"),
            "© 2026 A & B Ltd",
        ),
        (atom("<id>urn:1</id><title>t</title><rights>A &lt;b&gt;\n B</rights>"), "A <b> B"),
        (atom('<id>urn:1</id><title>t</title><rights type="html">&lt;i&gt;A&lt;/i&gt; B</rights>'), "A B"),
        (rss(f"<guid>1</guid><dc:rights>{'版' * 5000}</dc:rights>"), "版" * 1000),
        (rss("<guid>1</guid>", channel="<copyright>of the feed</copyright>"), ""),
    ],
)
def test_the_rights_of_an_entry_are_plain_text_of_some_length(
    parse: Parse, document: str, rights: str
) -> None:
    assert only(parse(document)).rights == rights
