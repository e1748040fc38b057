"""What a reader without scripts would miss comes through; what only counts readers does not."""

from __future__ import annotations

import pytest

from feedsvc import markup
from feedsvc.ingest.sanitize import read_body, sanitise, text_of

BASE = "https://news.example/world/story"
REAL = "https://news.example/world/real.jpg"
INLINE = f"data:image/png;base64,{'A' * 300}"


def clean(fragment: str) -> str:
    """The sanitised fragment without the `rel` that every link gets."""
    return sanitise(fragment, base_url=BASE).replace(' rel="noopener noreferrer"', "")


def pictures(fragment: str) -> list[str | None]:
    return [image.get("src") for image in markup.parse(clean(fragment)).iter("img")]


@pytest.mark.parametrize(
    "fragment",
    [
        "<img data-lazy='real.jpg' src='data:image/gif;base64,R0lGOD'>",
        "<img data-lazyload='real.jpg'>",
        "<img data-hi-res-src='real.jpg' src='small.jpg'>",
        "<img data-orig-src='real.jpg'>",
        "<img data-cfsrc='real.jpg' style='display:none'>",
        "<img data-lazy-srcset='real.jpg 1x, large.jpg 2x'>",
        "<img file='real.jpg' src='static/image/common/none.gif'>",
        "<img src='blank.gif' srcset='real.jpg 1x'>",
        "<img src='/assets/1x1.png' data-srcset='data:image/gif;base64,R0 1w, real.jpg 2w'>",
        "<img src='https://x.example/loading.gif?v=1' data-src='real.jpg'>",
        "<img srcset='data:image/gif;base64,R0lGOD 1x, real.jpg 2x'>",
        "<image src='real.jpg'>",
        "<amp-img src='real.jpg' width=2 height=2 layout=responsive></amp-img>",
        "<amp-img src='real.jpg'><noscript><img src='real.jpg'></noscript></amp-img>",
        "<picture><source srcset='real.jpg 1x, large.jpg 2x' type='image/webp'></picture>",
        "<picture><source srcset='real.jpg'><img></picture>",
        "<picture><source data-srcset='real.jpg'><img src='blank.gif'></picture>",
        "<picture><source srcset='large.webp'><img src='real.jpg'></picture>",
        "<img data-src='real.jpg'><noscript><img src='real.jpg'></noscript>",
        "<noscript><img src='real.jpg'></noscript><img data-src='real.jpg'>",
        "<img src='data:image/gif;base64,R0lGOD'><noscript><img src='real.jpg' /></noscript>",
        "<noscript><p>Switch scripts on!<IMG alt='a > b' SRC=real.jpg></p></noscript>",
        "<noscript><img src='real.jpg'></noscript><noscript><img src='real.jpg'></noscript>",
        "<noscript><img src='real.jpg'>",
        "<img src='java\nscript:alert(1)' srcset='real.jpg'>",
    ],
)
def test_a_picture_is_shown_once_with_its_address(fragment: str) -> None:
    assert pictures(f"<p>one</p>{fragment}") == [REAL]


def test_a_picture_that_is_part_of_the_article_stays() -> None:
    assert pictures(f"<img src='{INLINE}'>") == [INLINE]
    assert pictures(f"<img src='{INLINE}' data-src='real.jpg'>") == [REAL]


def test_a_picture_without_address_is_its_text_or_nothing() -> None:
    assert clean("<p>one</p><img src='javascript:x'><img>") == "<p>one</p>"
    assert clean("<img alt='one'>") == '<img alt="one">'


@pytest.mark.parametrize(
    "attributes",
    [
        "width=1 height=1 src=https://x.example/a",
        "width='1px' height='0' src=https://x.example/a",
        "height=1 src=https://x.example/a",
        "style='border:0;display: none' src=https://x.example/a",
        "src='https://feeds.feedburner.com/~r/news/~4/abc'",
        "src='//pixel.wp.com/b.gif?host=x'",
        "src='https://ad.doubleclick.net/ddm/trackimp/x'",
        "src='https://www.facebook.com/tr?id=1'",
        "src='https://hm.baidu.com/hm.gif?si=1'",
    ],
)
def test_a_picture_that_only_counts_readers_goes(attributes: str) -> None:
    assert clean(f"<p>one<img {attributes}></p><noscript><img {attributes}></noscript>") == "<p>one</p>"


@pytest.mark.parametrize(
    "attributes",
    [
        "src='https://x.example/a.png' width=600 height=1",
        "src='https://x.example/pixel-art.png'",
        "src='https://x.example/doubleclick.net/a.png'",
        "src='https://feeds.example/a/~r/b.png'",
        "src='https://x.example/a.png' width='100%' style='display:block'",
    ],
)
def test_any_other_picture_stays(attributes: str) -> None:
    assert len(pictures(f"<img {attributes}>")) == 1


def link(url: str) -> str:
    return f'<a href="{url}">{url}</a>'


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("<p><iframe src='https://v.example/1'></iframe></p>", f"<p>{link('https://v.example/1')}</p>"),
        ("<h2>one<iframe src='//v.example/1'></iframe></h2>", f"<h2>one{link('https://v.example/1')}</h2>"),
        (
            "<a href='u'><iframe src='https://v.example/1'></iframe>one</a>",
            f'<p><a href="https://news.example/world/u">one</a>{link("https://v.example/1")}</p>',
        ),
        (
            "<ul><li><iframe src='https://v.example/1'></iframe></li></ul>",
            f"<ul><li><p>{link('https://v.example/1')}</p></li></ul>",
        ),
        ("<object data='https://v.example/1.pdf'></object>", f"<p>{link('https://v.example/1.pdf')}</p>"),
        ("<object data='https://v.example/1.pdf'>one</object>", "<p>one</p>"),
        ("<amp-iframe src='https://v.example/1'></amp-iframe>", f"<p>{link('https://v.example/1')}</p>"),
        (
            "<amp-youtube data-videoid='abc' width=1></amp-youtube>",
            f"<p>{link('https://www.youtube.com/watch?v=abc')}</p>",
        ),
        ("<amp-vimeo data-videoid='12'></amp-vimeo>", f"<p>{link('https://vimeo.com/12')}</p>"),
        (
            "<noscript>Scripts! <a href='https://p.example/1'>Vote</a></noscript>",
            '<p><a href="https://p.example/1">Vote</a></p>',
        ),
        ("<video data-src='v.mp4'></video>", '<video src="https://news.example/world/v.mp4"></video>'),
        (
            "<amp-video><source data-src='v.mp4'></amp-video>",
            '<video><source src="https://news.example/world/v.mp4"></video>',
        ),
        ("<math alttext='x^2'><msup><mi>x</mi><mn>2</mn></msup></math>", "<p><code>x^2</code></p>"),
        (
            "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>\\xi</annotation></semantics></math>",
            "<p><code>\\xi</code></p>",
        ),
        ("a<math><mi>x</mi><mo>=</mo><mn>1</mn></math>", "<p>a<code>x=1</code></p>"),
        ("<math><mi>x<p>one <a href='//l.example/'>two</a>", '<p>x</p><p>one <a href="https://l.example/">'),
        ("<menu><li>one</menu><dir><li>two</dir>", "<ul><li>one</li></ul><ul><li>two</li></ul>"),
        ("<listing>one\n two</listing>", "<pre>one\n two</pre>"),
        ("<p>one<sup><a href='#fn1'>1</a></sup></p>", f'<p>one<sup><a href="{BASE}#fn1">1</a></sup></p>'),
        (
            "<p><figure><img src='i'><figcaption>one</figcaption></figure></p>",
            '<figure><img src="https://news.example/world/i"><figcaption>one</figcaption></figure>',
        ),
        (
            "<a href='https://x.example/?utm_source=rss&amp;id=1'>one</a>",
            '<p><a href="https://x.example/?utm_source=rss&amp;id=1">one</a></p>',
        ),
    ],
)
def test_what_readers_cannot_show_becomes_what_they_can(fragment: str, expected: str) -> None:
    assert expected in clean(fragment)


def test_the_text_of_a_title_is_that_of_its_formula() -> None:
    assert text_of("On <math alttext='x^2'><mi>x</mi></math> and &amp; more") == "On x^2 and & more"


def test_html_text_and_lead_picture_are_read_at_once() -> None:
    body = read_body("<p>one <b>two</b></p>", base_url=BASE, image_url="https://i.example/a.jpg")
    assert body.html == '<p><img src="https://i.example/a.jpg" alt=""></p><p>one <b>two</b></p>'
    assert body.text == "one two"
    shown = read_body(
        "<img src='https://i.example/a.jpg?w=1'>", base_url=BASE, image_url="https://i.example/a.jpg"
    )
    assert shown.html == '<img src="https://i.example/a.jpg?w=1">'
