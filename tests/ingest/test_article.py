from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import NOW, SEEDS

from feedsvc import markup
from feedsvc.ingest.folder import read_folder
from feedsvc.model import Entry, ParsedFeed, Source

MakeSource = Callable[..., Source]
Read = Callable[..., Entry]


def look(source: Source) -> ParsedFeed:
    feed = read_folder(source, {}, now=NOW)
    assert isinstance(feed, ParsedFeed)
    return feed


@pytest.fixture
def read(tmp_path: Path, make_source: MakeSource) -> Read:
    """Writes one article and reads it back."""

    def of(content: str | bytes, name: str = "a.md", **changes: object) -> Entry:
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(data)
        feed = look(make_source(**changes))
        assert feed.problems == ()
        (entry,) = feed.entries
        return entry

    return of


@pytest.fixture
def problem(tmp_path: Path, make_source: MakeSource) -> Callable[[str | bytes], str]:
    """Writes one article between two others, and says what is wrong with it."""

    def of(content: str | bytes) -> str:
        path = tmp_path / "b.md"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        for name in ("a.md", "c.md"):
            (tmp_path / name).write_text("fine", encoding="utf-8")
        feed = look(make_source())
        assert [e.body_html for e in feed.entries] == ["<p>fine</p>\n"] * 2
        (found,) = feed.problems
        assert found.startswith(f"{path}: ")
        return found.removeprefix(f"{path}: ")

    return of


Problem = Callable[[str | bytes], str]


def article(**meta: str) -> str:
    lines = "".join(f"{key}: {value}\n" for key, value in meta.items())
    return f"---\ntitle: One\n{lines}---\nBody.\n"


@pytest.mark.parametrize("start", ["", "\n", "\n\n  \n", "\ufeff", "\ufeff\r\n\n"])
def test_front_matter_may_follow_a_bom_and_blank_lines(start: str, read: Read) -> None:
    entry = read(f"{start}---\ntitle: One\n---\nBody.\n")
    assert entry.title == "One"
    assert entry.body_html == "<p>Body.</p>\n"


def test_windows_line_ends_are_line_ends(read: Read) -> None:
    entry = read(b"---\r\ntitle: One\r\n---\r\nBody.\r\n\r\nMore.\r\n")
    assert entry.title == "One"
    assert entry.body_html == "<p>Body.</p>\n<p>More.</p>\n"


def test_a_file_needs_no_front_matter(read: Read) -> None:
    entry = read("Body.\n")
    assert entry.title == ""
    assert entry.body_html == "<p>Body.</p>\n"


def test_a_title_alone_is_an_article(read: Read) -> None:
    entry = read("---\ntitle: 0\n---\n")
    assert (entry.title, entry.body_html) == ("0", "")


@pytest.mark.parametrize(
    ("content", "html"),
    [
        ("---\n\nIntro.\n\nMore.\n", "<hr>\n<p>Intro.</p>\n<p>More.</p>\n"),
        ("---\n\nIntro.\n\n---\n\nMore.\n", "<hr>\n<p>Intro.</p>\n<hr>\n<p>More.</p>\n"),
        ("---\n---\nBody.\n", "<p>Body.</p>\n"),
    ],
)
def test_a_line_across_the_top_is_no_front_matter(content: str, html: str, read: Read) -> None:
    assert read(content).body_html == html


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Tue, 10 Mar 2020 04:48:03 GMT", datetime(2020, 3, 10, 4, 48, 3, tzinfo=UTC)),
        ("Tue, 10 Mar 2020 12:48:03 +0800", datetime(2020, 3, 10, 4, 48, 3, tzinfo=UTC)),
        ("Tue, 10 Mar 2020 04:48:03", datetime(2020, 3, 10, 4, 48, 3, tzinfo=UTC)),
        ("2020-03-10T12:48:03+08:00", datetime(2020, 3, 10, 4, 48, 3, tzinfo=UTC)),
        ("'2020-03-10T12:48:03+08:00'", datetime(2020, 3, 10, 4, 48, 3, tzinfo=UTC)),
        ("'2020-03-10T04:48:03Z'", datetime(2020, 3, 10, 4, 48, 3, tzinfo=UTC)),
        ("2020-03-10 04:48:03", datetime(2020, 3, 10, 4, 48, 3, tzinfo=UTC)),
        ("2020-03-10 12:48:03 +08:00", datetime(2020, 3, 10, 4, 48, 3, tzinfo=UTC)),
        ("2020-03-10", datetime(2020, 3, 10, tzinfo=UTC)),
        ("'2020-03-10'", datetime(2020, 3, 10, tzinfo=UTC)),
        ("", None),
    ],
)
def test_dates_of_every_kind_are_in_utc(written: str, expected: datetime | None, read: Read) -> None:
    entry = read(article(date=written, updated=written))
    assert entry.published == entry.updated == expected
    assert entry.published is None or entry.published.tzinfo is UTC


def test_an_article_without_a_date_has_none(read: Read) -> None:
    entry = read(article())
    assert entry.published is entry.updated is None


@pytest.mark.parametrize("key", ["categories", "tags"])
@pytest.mark.parametrize(
    ("written", "categories"),
    [
        ("World News", ("World News",)),
        ("[World, News, World]", ("World", "News")),
        ("\n - 新媒体\n - Aljazeera 半岛网", ("新媒体", "Aljazeera 半岛网")),
        ("\n -\n - World", ("World",)),
        ("2022", ("2022",)),
        ("[]", ()),
        ("", ()),
    ],
)
def test_categories_are_a_text_or_a_list(
    key: str, written: str, categories: tuple[str, ...], read: Read
) -> None:
    assert read(article(**{key: written})).categories == categories


@pytest.mark.parametrize(
    ("meta", "authors"),
    [
        ({"author": "Ann Bee"}, ("Ann Bee",)),
        ({"author": "[Ann, Bob]"}, ("Ann", "Bob")),
        ({"authors": "[{name: Ann}, {name: Bob}]"}, ("Ann", "Bob")),
        ({}, ()),
    ],
)
def test_authors_are_named(meta: dict[str, str], authors: tuple[str, ...], read: Read) -> None:
    assert read(article(**meta)).authors == authors


@pytest.mark.parametrize("key", ["headimg", "thumbnail", "image"])
@pytest.mark.parametrize(
    "written",
    [
        "'https://i.example/a.jpg?w=7'",
        "['https://i.example/a.jpg?w=7']",
        "{url: 'https://i.example/a.jpg?w=7'}",
    ],
)
def test_the_lead_picture_stands_in_the_body(key: str, written: str, read: Read) -> None:
    entry = read(article(**{key: written}))
    assert entry.image_url == "https://i.example/a.jpg?w=7"
    assert entry.body_html.startswith('<p><img src="https://i.example/a.jpg?w=7" alt=""></p>')


def test_a_lead_picture_that_the_body_shows_is_not_shown_again(read: Read) -> None:
    entry = read(
        '---\nheadimg: https://i.example/a.jpg?w=770\n---\n<p>One</p><img src="https://i.example/a.jpg">\n'
    )
    assert entry.image_url == "https://i.example/a.jpg?w=770"
    assert entry.body_html.count("<img") == 1


def test_a_relative_lead_picture_belongs_to_the_link(read: Read) -> None:
    entry = read(article(link="https://news.example/world/1", image="a.jpg"))
    assert entry.image_url == "https://news.example/world/a.jpg"


@pytest.mark.parametrize("meta", [{}, {"link": "https://news.example/1"}, {"image": ""}])
def test_without_an_address_there_is_no_lead_picture(meta: dict[str, str], read: Read) -> None:
    entry = read(article(**meta))
    assert entry.image_url is None
    assert entry.body_html == "<p>Body.</p>\n"


@pytest.mark.parametrize("key", ["link", "url", "source_url"])
def test_an_article_has_a_link(key: str, read: Read) -> None:
    entry = read(f"---\n{key}: https://news.example/world/1\n---\n[two](2)\n")
    assert entry.link == entry.guid == "https://news.example/world/1"
    assert 'href="https://news.example/world/2"' in entry.body_html


@pytest.mark.parametrize("link", ["javascript:alert(1)", "/world/1", "[1]", "12"])
def test_a_link_that_leads_nowhere_is_none(link: str, read: Read) -> None:
    assert read(article(link=link)).link is None


@pytest.mark.parametrize("key", ["guid", "id"])
def test_a_guid_of_its_own_comes_before_the_link(key: str, read: Read) -> None:
    assert read(article(**{key: "a-1", "link": "https://news.example/1"})).guid == "a-1"
    assert read(article(**{key: "0"})).guid == "0"


def test_a_guid_is_made_of_source_and_file_name_not_of_content(
    tmp_path: Path, make_source: MakeSource, read: Read
) -> None:
    guid = read("One.").guid
    assert guid.startswith("urn:uuid:")
    assert read(article(date="2020-03-10")).guid == guid
    assert read("One.", id="other").guid != guid
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.md").rename(tmp_path / "sub" / "a.md")
    (moved,) = look(make_source()).entries
    assert moved.guid != guid


def test_the_guid_of_a_file_never_changes_between_versions(read: Read) -> None:
    assert read("One.").guid == "urn:uuid:0855b26e-2871-5683-a970-e3e768f9ea10"


def test_a_guid_does_not_depend_on_where_the_folder_is(tmp_path: Path, make_source: MakeSource) -> None:
    guids = set()
    for place in ("one", "two"):
        (tmp_path / place / "sub").mkdir(parents=True)
        (tmp_path / place / "sub" / "a.md").write_text("One.", encoding="utf-8")
        guids |= {e.guid for e in look(make_source(location=str(tmp_path / place))).entries}
    assert len(guids) == 1


HTML = '<div>\n<p>One</p>\n\n<p>Two <a href="https://x.example/">three</a></p>\n</div>'


def test_markdown_may_be_html(read: Read) -> None:
    entry = read(f"---\ntitle: One\n---\n{HTML}\n")
    root = markup.parse(entry.body_html)
    assert [markup.text(b) for b in markup.blocks(root)] == ["One", "Two three"]
    assert "&lt;" not in entry.body_html


def test_markdown_has_tables_and_strikethrough(read: Read) -> None:
    html = read("# One\n\n| a | b |\n|---|---|\n| c | ~~d~~ |\n\n* e\n* f\n", "a.markdown").body_html
    texts = [markup.text(b) for b in markup.blocks(markup.parse(html))]
    assert texts == ["One", "a", "b", "c", "d", "e", "f"]
    assert "<table>" in html
    assert "<s>d</s>" in html


def test_markdown_nests_as_deep_as_letters_quote(read: Read) -> None:
    assert "One" in read(f"{'> ' * 40}One\n").body_html


def test_html_files_are_html(read: Read) -> None:
    assert read("# One\n<p>Two</p>", "a.html").body_html == "<p># One\n</p><p>Two</p>"


def test_text_files_are_paragraphs(read: Read) -> None:
    entry = read("One <b>two</b> &amp;\nthree\n\n\n第一行\n第二行\n", "a.txt")
    assert entry.body_html == "<p>One &lt;b&gt;two&lt;/b&gt; &amp;amp; three</p><p>第一行第二行</p>"


def test_text_files_with_blocks_of_html_are_html(read: Read) -> None:
    assert read("<p>One</p>", "a.TXT").body_html == "<p>One</p>"


def test_bodies_are_sanitised(read: Read) -> None:
    assert read("One <img src=https://x.example/ onerror=alert(1)><script>alert(1)</script>").body_html == (
        '<p><span>One </span><img src="https://x.example/"></p>\n'
    )


@pytest.mark.parametrize(
    ("meta", "configured", "language"),
    [
        ({"lang": "zh_tw"}, None, "zh-TW"),
        ({"language": "PT-br"}, None, "pt-BR"),
        ({"lang": "no"}, None, "no"),
        ({"lang": "zh"}, "ja", "ja"),
        ({"summary": "ignored"}, None, None),
    ],
)
def test_the_language_is_the_sources_else_the_files(
    meta: dict[str, str], configured: str | None, language: str | None, read: Read
) -> None:
    assert read(article(**meta), language=configured).language == language


def test_the_language_is_detected_where_nobody_says_it(read: Read) -> None:
    assert read("---\ntitle: 安理会\n---\n安理会将于三十一日召开会议。\n").language == "zh"


def test_titles_and_summaries_are_plain_text(read: Read) -> None:
    entry = read("---\ntitle: One &amp; <b>two</b>\ndescription: three<br>four\n---\nBody.\n")
    assert (entry.title, entry.summary) == ("One & two", "three four")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("---\ntitle: a: b\n---\nBody.\n", "broken front matter: mapping values are not allowed"),
        ("---\ntitle: [a\n---\nBody.\n", "broken front matter: "),
        ("---\ntitle: One\nBody.\n", 'broken front matter: the closing "---" is missing'),
        ("---\ndate: 2022-02-31\n---\nBody.\n", "broken front matter: "),
        ("---\ndate: tomorrow\n---\nBody.\n", 'the date "tomorrow" is neither RFC 822 nor ISO 8601'),
        (
            "---\ndate: 0001-01-01T00:00:00+05:00\n---\nBody.\n",
            'the date "0001-01-01 00:00:00+05:00" is beyond',
        ),
        ("---\nlang: english\n---\nBody.\n", '"english" is not a language tag such as zh or pt-BR'),
        (b"---\ntitle: caf\xe9\n---\nBody.\n", "is not UTF-8 (byte 14)"),
        ("---\ntitle: !!python/object:os.system a\n---\nBody.\n", "broken front matter: "),
        ("", "has neither a title nor a body"),
        ("---\nauthor: Ann\n---\n<script>alert(1)</script>\n", "has neither a title nor a body"),
    ],
)
def test_a_bad_file_is_named_with_its_reason_and_the_others_are_read(
    content: str | bytes, reason: str, problem: Problem
) -> None:
    assert problem(content).startswith(reason)


def test_a_file_that_is_too_large_is_named(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedsvc.ingest.folder.MAX_FILE_BYTES", 10)
    assert problem("Much too long a text.").startswith("is larger than")


SENTENCE = "安理会将于三十一日召开会议。"


@pytest.mark.parametrize(
    ("encoding", "start"),
    [("utf-8-sig", ""), ("utf-16", ""), ("utf-16-le", "\ufeff"), ("utf-16-be", "\ufeff"), ("utf-32", "")],
)
def test_a_byte_order_mark_says_the_encoding(encoding: str, start: str, read: Read) -> None:
    entry = read(f"{start}---\ntitle: 标题\n---\n{SENTENCE}\n".encode(encoding))
    assert (entry.title, entry.body_html) == ("标题", f"<p>{SENTENCE}</p>\n")


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ('<meta charset="gb2312">', "gb18030"),
        ("<META charset=GBK>", "gb18030"),
        ("<meta charset='Big5'>", "big5hkscs"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=gb18030">', "gb18030"),
    ],
)
def test_a_page_may_say_its_encoding(declared: str, encoding: str, read: Read) -> None:
    page = f"<html><head>{declared}<title>會議</title></head><body><p>安理會召開會議。</p></body></html>"
    entry = read(page.encode(encoding), "a.html")
    assert (entry.title, entry.body_html) == ("會議", "<p>安理會召開會議。</p>")


def test_a_page_that_is_utf8_is_no_other_thing_whatever_it_says(read: Read) -> None:
    entry = read(f'<meta charset="gbk"><p>{SENTENCE}</p>', "a.html")
    assert entry.body_html == f"<p>{SENTENCE}</p>"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (SENTENCE.encode("gb18030"), "is not UTF-8 (byte 0)"),
        (b"<meta charset=utf-8>\xff", "is not UTF-8 (byte 20)"),
        (b"<meta charset=utf-16>\xff", "is not UTF-8 (byte 21)"),
        (b"<meta charset=big5>\xff\xff", "is not the big5hkscs that it says it is (byte 19)"),
        (b"<meta charset=klingon>\xff", 'says that it is in "klingon", an encoding that is not known'),
        (b"<meta charset=rot13>\xff", 'says that it is in "rot13", an encoding that is not known'),
        (b"\xff\xfe\x00\xd8", "is not the utf-16"),
    ],
)
def test_an_encoding_is_never_guessed(content: bytes, reason: str, problem: Problem) -> None:
    assert problem(content).startswith(reason)


def test_of_a_whole_page_the_body_is_read_and_the_title(read: Read) -> None:
    page = "<!DOCTYPE html><html><head><title>One &amp; two</title></head>\n<body class=x><p>Three</p></body></html>"
    assert read(page, "a.html").title == "One & two"
    assert read(page, "a.html").body_html == "<p>Three</p>"
    assert read(f"---\ntitle: Own\n---\n{page}", "a.html").title == "Own"
    assert read("<title>One</title><p>Two", "a.html").body_html == "<p>Two</p>"


def test_a_reference_to_no_file_leads_nowhere_without_a_link(read: Read) -> None:
    body = '[one](other.md) [two](?q) [three](mailto:a@x.example) <q cite="x">4</q>'
    html = read(body + ' <img src="//i.example/5.png" alt="">').body_html
    assert html == (
        '<p><span>one two <a href="mailto:a@x.example" rel="noopener noreferrer">three</a> <q>4</q></span> '
        '<img src="https://i.example/5.png" alt=""></p>\n'
    )
    linked = read(f"---\nlink: https://x.example/a/b\n---\n{body}").body_html
    assert 'href="https://x.example/a/other.md"' in linked
    assert 'cite="https://x.example/a/x"' in linked


def test_links_within_the_page_lead_nowhere_and_are_text(read: Read) -> None:
    html = read('[Up](#top) and [away](https://x.example/#top) <a name="top" href="#a">on</a>').body_html
    assert html == ('<p>Up and <a href="https://x.example/#top" rel="noopener noreferrer">away</a> on</p>\n')


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed articles are not part of the package")
def test_the_seed_articles_are_read_whole(make_source: MakeSource) -> None:
    feed = look(make_source(location=str(SEEDS)))
    roots = [markup.parse(e.body_html) for e in feed.entries]
    assert feed.problems == ()
    assert [len(markup.blocks(root)) + 1 for root in roots] == [33, 31, 35, 43, 25]
    assert [len(root.findall(".//img")) for root in roots] == [5, 2, 4, 3, 3]
    for entry, root in zip(feed.entries, roots, strict=True):
        assert entry.language == "zh"
        assert entry.authors == ("Aljazeera 半岛网",)
        assert entry.categories == ("新媒体", "Aljazeera 半岛网", "新闻")
        assert entry.published is not None
        assert entry.image_url in [i.get("src") for i in root.iter("img")]
        assert len(entry.title) > 20
