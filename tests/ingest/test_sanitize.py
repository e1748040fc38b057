from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feedsvc import markup
from feedsvc.ingest.sanitize import clean_text, safe_url, sanitise, text_of, with_lead_image

BASE = "https://news.example/world/story"
steady = settings(derandomize=True, deadline=None)


def clean(fragment: str) -> str:
    """The sanitised fragment without the `rel` that every link gets."""
    return sanitise(fragment, base_url=BASE).replace(' rel="noopener noreferrer"', "")


@pytest.mark.parametrize(
    "fragment",
    [
        "<script>alert(1)</script>",
        "<SCRIPT SRC='https://evil.example/x.js'></SCRIPT>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<style>body{background:url(javascript:alert(1))}</style>",
        "<p style='background:url(javascript:alert(1))'>x</p>",
        "<img src=x onerror=alert(1)>",
        "<img src='javascript:alert(1)'>",
        "<img data-src='javascript:alert(1)'>",
        "<img srcset='javascript:alert(1) 1x'>",
        "<body onload=alert(1)>x",
        "<div onclick='alert(1)' onmouseover=alert(1)>x</div>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' JaVaScRiPt:alert(1)'>x</a>",
        "<a href='java\tscript:alert(1)'>x</a>",
        "<a href='java&#10;script:alert(1)'>x</a>",
        "<a href='java&#1;script:alert(1)'>x</a>",
        "<a href='java\x01script:alert(1)'>x</a>",
        "<a href='&#106;avascript:alert(1)'>x</a>",
        "<a href='vbscript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
        "<a href=x xlink:href='javascript:alert(1)'>x</a>",
        "<iframe src='javascript:alert(1)'></iframe>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<iframe src=x srcdoc=\"<img src=x onerror='alert(1)'>\"></iframe>",
        "<embed src='javascript:alert(1)'>",
        "<object data='javascript:alert(1)'>x</object>",
        "<form action='javascript:alert(1)'><button formaction='javascript:alert(1)'>x</button></form>",
        "<base href='javascript:alert(1)//'>x",
        "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
        "<link rel=stylesheet href='javascript:alert(1)'>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<template><img src=x onerror=alert(1)></template>",
        "<textarea><img src=x onerror=alert(1)></textarea>",
        "<!--[if IE]><script>alert(1)</script><![endif]-->",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<scr&#1;ipt>alert(1)</script>",
        "<video src=x onerror=alert(1) poster='javascript:alert(1)'></video>",
        "<img alt='`><script>alert(1)</script>'>",
        "<a href='https://x/' style='position:fixed' target=_top>x</a>",
    ],
)
def test_nothing_that_runs_or_paints_gets_through(fragment: str) -> None:
    root = markup.parse(sanitise(fragment, base_url=BASE))
    for element in root.iter():
        assert element.tag not in (
            "script",
            "style",
            "svg",
            "math",
            "iframe",
            "form",
            "button",
            "base",
            "object",
        )
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name not in ("style", "srcdoc", "formaction", "target", "xlink:href")
            if name in ("href", "src", "poster", "cite"):
                assert re.match(r"https?://", value)


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("one <script>two</script>three", "<p>one three</p>"),
        ("<style>p { color: red }</style>one", "<p>one</p>"),
        ("<svg><title>icon</title><text>two</text></svg>one", "<p>one</p>"),
        ("one<!-- two -->", "<p>one</p>"),
        ("<font color=red>one</font> <blink>two</blink>", "<p>one two</p>"),
        ("<form>one <b>two</b></form>", "<p>one <b>two</b></p>"),
        ("<object data='f.swf'>one</object>", "<p>one</p>"),
        ("<p class=a id=b lang=zh dir=ltr>one</p>", '<p lang="zh" dir="ltr">one</p>'),
        ("1 < 2 &amp; 3", "<p>1 &lt; 2 &amp; 3</p>"),
        ("<b>one", "<p><b>one</b></p>"),
        ("<u><p>one</p>two</u>", "<u><p>one</p><span>two</span></u>"),
    ],
)
def test_what_is_harmless_stays(fragment: str, expected: str) -> None:
    assert clean(fragment) == expected


@pytest.mark.parametrize(
    "fragment",
    [
        "<h2>one</h2>",
        "<ul><li>one</li></ul>",
        '<ol start="3" reversed=""><li value="7">one</li></ol>',
        '<table><tbody><tr><th scope="col">one</th><td colspan="2">two</td></tr></tbody></table>',
        "<blockquote><p>one</p></blockquote>",
        "<dl><dt>one</dt><dd>two</dd></dl>",
        "<pre>one\n  two</pre>",
        "<p><ruby>漢<rp>(</rp><rt>han</rt></ruby></p>",
        "<details><summary>one</summary><p>two</p></details>",
        '<p><abbr title="two">one</abbr> H<sub>2</sub>O <time datetime="2020-03-10">now</time></p>',
        '<video src="https://v.example/a.mp4" poster="https://v.example/a.jpg" controls="">one</video>',
        '<audio controls=""><source src="https://v.example/a.mp3" type="audio/mpeg"></audio>',
        '<p><a href="mailto:a@news.example">one</a> <a href="tel:+15550100">two</a></p>',
    ],
)
def test_the_markup_of_articles_stays(fragment: str) -> None:
    assert clean(fragment) == fragment


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ('<img src="i.jpg">', '<img src="https://news.example/world/i.jpg">'),
        ('<img src="/i.jpg">', '<img src="https://news.example/i.jpg">'),
        ('<img src="//cdn.example/i.jpg">', '<img src="https://cdn.example/i.jpg">'),
        ('<a href="../x?y=1&amp;z=2">one</a>', '<p><a href="https://news.example/x?y=1&amp;z=2">one</a></p>'),
        ('<a href="#note">one</a>', '<p><a href="https://news.example/world/story#note">one</a></p>'),
        ('<a href=" https://x.example/ ">one</a>', '<p><a href="https://x.example/">one</a></p>'),
        ('<a href="http://[bad">one</a>', "<p><a>one</a></p>"),
        (
            '<video poster="p.jpg"><source src="v.mp4"></video>',
            '<video poster="https://news.example/world/p.jpg"><source src="https://news.example/world/v.mp4"></video>',
        ),
        ('<p><q cite="/s">one</q></p>', '<p><q cite="https://news.example/s">one</q></p>'),
    ],
)
def test_urls_become_absolute(fragment: str, expected: str) -> None:
    assert clean(fragment) == expected


def test_urls_stay_relative_where_nothing_says_to_what() -> None:
    assert sanitise('<img src="i.jpg">', base_url=None) == '<img src="i.jpg">'


@pytest.mark.parametrize(
    "attributes",
    [
        'src="p.gif" data-src="real.jpg"',
        "data-original='real.jpg' src=data:image/gif;base64,R0lGOD",
        "src=p.gif data-src=real.jpg",
        "data-lazy-src = real.jpg",
        'data-actualsrc="https://news.example/world/real.jpg" SRC="p.gif"',
        'alt="a > b" data-src="real.jpg" src="p.gif"',
        'srcset="real.jpg 1x, large.jpg 2x"',
        'src="data:image/gif;base64,R0lGOD" data-srcset="real.jpg 320w, large.jpg 640w"',
        'src="real.jpg" srcset="large.jpg 2x"',
        'data-src="javascript:alert(1)" src="real.jpg"',
        'data-src="" src="real.jpg"',
    ],
)
def test_a_lazy_picture_gets_its_address(attributes: str) -> None:
    root = markup.parse(clean(f"<img {attributes}>"))
    assert [i.get("src") for i in root.iter("img")] == ["https://news.example/world/real.jpg"]


def test_the_address_of_a_lazy_picture_keeps_its_query() -> None:
    shown = clean('<img data-src="i?a=1&copy=2&amp;b=3" src="p.gif" alt="one">')
    assert shown == '<img src="https://news.example/world/i?a=1&amp;copy=2&amp;b=3" alt="one">'


def link(url: str) -> str:
    return f'<p><a href="{url}">{url}</a></p>'


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ('<iframe src="https://v.example/1"></iframe>', link("https://v.example/1")),
        ("<iframe src=//v.example/1></iframe>", link("https://v.example/1")),
        ("<iframe src='/embed/1'></iframe>", link("https://news.example/embed/1")),
        ("<iframe src='https://v.example/1?a=1&amp;b=2'/></iframe>", link("https://v.example/1?a=1&amp;b=2")),
        ("<iframe src='about:blank' data-src='https://v.example/1'></iframe>", link("https://v.example/1")),
        ("<iframe srcdoc='<p>x</p>' src='https://v.example/1'></iframe>", link("https://v.example/1")),
        (
            "<iframe src='https://v.example/1'><p>no frames</p></iframe>one",
            f"{link('https://v.example/1')}<p>one</p>",
        ),
        ("<embed src='https://v.example/1.swf'>one", f"{link('https://v.example/1.swf')}<p>one</p>"),
        (
            "<embed src='https://v.example/1'>one<iframe src='https://v.example/2'></iframe>two",
            f"{link('https://v.example/1')}<p>one</p>{link('https://v.example/2')}<p>two</p>",
        ),
        (
            "<object><param name=a><embed src='https://v.example/1'></object>",
            link("https://v.example/1"),
        ),
        ("<iframe src='https://v.example/1'>one", f"{link('https://v.example/1')}<p>one</p>"),
        ("<iframe></iframe>one", "<p>one</p>"),
    ],
)
def test_an_embedded_frame_becomes_a_link(fragment: str, expected: str) -> None:
    assert clean(fragment) == expected


def test_a_frame_of_nowhere_keeps_its_relative_address() -> None:
    assert 'href="embed/1"' in sanitise('<iframe src="embed/1"></iframe>', base_url=None)


@pytest.mark.parametrize(
    "fragment",
    [
        "a\x00b\x08c\x1fd\x7f",
        "a&#0;b&#8;c&#x1f;d&#127;",
        "a\u202eb\u2066c\ufeffd",
        "a&#x202e;b&#x2066;c&#xfeff;d",
    ],
)
def test_control_characters_go(fragment: str) -> None:
    shown = clean(f'<p title="{fragment}">{fragment}</p>').replace("\ufffd", "")
    assert shown == '<p title="abcd">abcd</p>'


@steady
@given(st.text(max_size=30).map(lambda t: f"<p title='{t}'>{t}</p><a href='{t}'>{t}</a>{t}"))
def test_whatever_comes_can_stand_in_xml(fragment: str) -> None:
    for root in (
        markup.parse(sanitise(fragment, base_url=BASE)),
        markup.parse(sanitise(fragment, base_url=None)),
    ):
        assert etree.fromstring(etree.tostring(root)) is not None
    assert etree.Element("a", title=text_of(fragment)) is not None


PIECES = st.sampled_from(
    "one|<p>|</p>|<b>|</b>|<ul>|<li>|</ul>|<br>|<figure>|</figure>|<img src=i>|<a href=u>|</a>|<table>|<td>|"
    "</table>|<pre>|</pre>|<iframe src=f>|</iframe>|<h2>|</h2>|<video src=v>|</video>|&lt;|&#1;|<wbr>|<|>|\"|'".split(
        "|"
    )
)


@steady
@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_was_sanitised_is_clean(fragment: str) -> None:
    once = sanitise(fragment, base_url=BASE)
    again = sanitise(once, base_url=BASE)
    assert markup.text(markup.parse(again)) == markup.text(markup.parse(once))
    assert once.count("<img") == again.count("<img")
    assert markup.inner_html(markup.canonical(markup.parse(once))) == once


@pytest.mark.parametrize(
    "text",
    ["<iframe ", "<iframe>", "<img ", '<img a="', "<embed a='", "<img x=1>", "<img " + "a" * 9, "<", "&#1;"],
)
def test_endless_broken_tags_come_to_an_end(text: str) -> None:
    shown = sanitise(text * 20_000, base_url=BASE)
    assert not {"iframe", "embed"} & {e.tag for e in markup.parse(shown).iter()}


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "ul><li"])
def test_no_text_is_lost_however_deep_it_lies(tag: str) -> None:
    for depth in (50, 199, 255, 300, 3000):
        root = markup.parse(sanitise(f"<{tag}>" * depth + "one", base_url=None))
        assert markup.text(root) == "one"


def test_a_deep_article_keeps_links_and_pictures() -> None:
    shown = clean("<div>" * 500 + '<a href="u">one</a><img src="i" alt="two">' + "</div>" * 500)
    assert '<a href="https://news.example/world/u">one</a>' in shown
    assert '<img src="https://news.example/world/i" alt="two">' in shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("one &amp; two", "one & two"),
        ("one &amp;amp; two", "one &amp; two"),
        ("&lt;b&gt; one", "<b> one"),
        ("<b>one</b> two", "one two"),
        ("one<br>two", "one two"),
        ("<p>one</p><p>two</p>", "one two"),
        ("<script>alert(1)</script>one", "one"),
        ("  one\n two ", "one two"),
        ("AT&T", "AT&T"),
        ("1 < 2", "1 < 2"),
        ("a&#0;b", "a\ufffdb"),
        ("a\x08b&#8;c", "abc"),
        ("", ""),
    ],
)
def test_a_title_is_plain_text(value: str, text: str) -> None:
    assert text_of(value) == text


def test_plain_text_is_not_decoded() -> None:
    assert clean_text(" a\x00 &amp; <b>\n") == "a &amp; <b>"


@pytest.mark.parametrize(
    ("value", "base_url", "url"),
    [
        ("https://x.example/a", None, "https://x.example/a"),
        (" https://x.example/a b\n", None, "https://x.example/a%20b"),
        ("a", BASE, "https://news.example/world/a"),
        ("//x.example/", BASE, "https://x.example/"),
        ("?a=1&b=2", BASE, "https://news.example/world/story?a=1&b=2"),
        ("a", None, None),
        ("", BASE, None),
        (" ", BASE, None),
        (None, BASE, None),
        ("javascript:alert(1)", BASE, None),
        ("mailto:a@x.example", BASE, None),
        ("ftp://x.example/", BASE, None),
        ("file:///etc/passwd", BASE, None),
        ("https:///a", None, None),
        ("http://[bad", BASE, None),
    ],
)
def test_a_link_leads_to_the_web_or_nowhere(value: str | None, base_url: str | None, url: str | None) -> None:
    assert safe_url(value, base_url=base_url) == url


PICTURE = "https://i.example/a.jpg?w=770&h=2"


def test_the_lead_picture_heads_the_body() -> None:
    assert with_lead_image("<p>one</p>", PICTURE) == (
        '<p><img src="https://i.example/a.jpg?w=770&amp;h=2" alt=""></p><p>one</p>'
    )


@pytest.mark.parametrize("shown", [PICTURE, "https://i.example/a.jpg", "https://i.example/a.jpg?w=100"])
def test_the_lead_picture_is_shown_once_in_whatever_size(shown: str) -> None:
    body = clean(f'<p>one</p><p><a href="u"><img src="{shown}"></a></p>')
    assert with_lead_image(body, PICTURE) == body


@pytest.mark.parametrize("shown", ["https://i.example/b.jpg?w=770&h=2", "https://j.example/a.jpg?w=770&h=2"])
def test_another_picture_does_not_hide_the_lead(shown: str) -> None:
    body = clean(f'<img src="{shown}">')
    assert with_lead_image(body, PICTURE).count("<img") == 2


def test_without_a_lead_picture_the_body_is_as_it_was() -> None:
    assert with_lead_image("<p>one</p>", None) == "<p>one</p>"


def test_an_empty_body_is_headed_too() -> None:
    assert (
        with_lead_image("", "https://i.example/a.jpg") == '<p><img src="https://i.example/a.jpg" alt=""></p>'
    )
