from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from feedsvc import markup
from feedsvc.errors import ParseError
from feedsvc.ingest.extract import article
from feedsvc.ingest.sanitize import sanitise
from feedsvc.ingest.webpage import parse_page
from feedsvc.model import Fetched

PAGES = Path(__file__).parents[1] / "data" / "pages"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is on a sample page.

    Addresses in its article have `in-` in the last part of their path, all others `out-`.
    """

    title: str = ""
    #: how many elements of a kind the article has
    counts: dict[str, int]
    #: words of the article, and of what stands beside it
    words: tuple[str, ...]
    other_words: tuple[str, ...]
    #: addresses of the same pictures in another size
    sizes: tuple[str, ...] = ()


FACTS = {
    "wordpress": Facts(
        title="Harbour wall to be rebuilt after storm",
        counts={"li": 6, "ul": 1, "ol": 1, "h1": 0, "h2": 1, "h3": 1, "figcaption": 2, "blockquote": 1, "img": 2},
        words=("The wall on the morning after", "a loan from the regional bank", "Ann Pascoe, mayor", "by March."),
        other_words=("Skip to content", "Posted on", "Share", "Related", "Tagged", "About time", "cookies", "Copyright"),
    ),
    "ghost": Facts(
        title="Why we moved our notes to plain text",
        counts={"pre": 1, "h1": 0, "h2": 2, "dt": 2, "dd": 2, "img": 3, "figure": 2, "hr": 1, "sup": 1, "code": 2},
        words=("Ten years of notes", "git commit --allow-empty", "A tool for plain notes", "with history", "still miss"),
        other_words=("Jo Marsh", "7 min read", "Sign up", "The backup that worked", "Powered by", "Tools"),
    ),
    "portal-zh": Facts(
        title="三大铁路线年底通车",
        counts={"td": 8, "th": 3, "tr": 4, "li": 3, "img": 4, "strong": 1, "h1": 0, "h3": 0},
        words=("省铁路建设办公室获悉", "张明 摄", "南湖线（一百二十公里）", "工人正在铺设钢轨", "拿出方案。"),
        other_words=("首页", "您的位置", "责任编辑", "分享到", "相关阅读", "票价问题", "热门新闻", "版权所有", "来源："),
    ),
    "liveblog": Facts(
        title="Election night: live",
        counts={"article": 5, "h2": 5, "td": 4, "th": 2, "li": 3, "figcaption": 1, "blockquote": 1, "time": 5},
        words=("until the last district is counted", "Northtown", "41", "bring something to eat", "noon: a third"),
        other_words=("Share", "Most read", "The price of bread", "Contact us", "Sections"),
    ),
    "listicle": Facts(
        title="Zehn Wanderungen für den Herbst",
        counts={"li": 9, "ol": 1, "ul": 2, "h1": 0, "h2": 1, "b": 4},
        words=("Wenn die Blätter fallen", "Über den Kamm.", "kein Wasser unterwegs", "um fünf ist es dunkel"),
        other_words=("Startseite", "Anzeige", "Lesen Sie auch", "Skitouren", "Impressum"),
    ),
    "gallery": Facts(
        title="Le marché couvert rouvre ses portes",
        counts={"figure": 5, "figcaption": 4, "img": 2, "video": 1, "audio": 1, "td": 6, "th": 3, "caption": 1, "summary": 1},
        words=("La halle restaurée", "« C'est plus clair", "Visite en une minute", "Horaires", "Onze millions", "fin de l'année"),
        other_words=("Accueil", "À lire aussi", "Sponsorisé"),
        sizes=("in-halle-1600.webp", "in-halle-800.webp", "in-verre.avif", "in-verre-400.jpg"),
    ),
    "amp": Facts(
        title="Robots pick the first apples",
        counts={"img": 3, "p": 4, "h1": 0},
        words=("Four machines on wheels", "A study", "two years ago."),
        other_words=("Lee Orchard", "Advertisement", "Menu", "Terms"),
    ),
}  # fmt: skip


def fetched(
    body: str | bytes, url: str = "https://site.example/news/page", kind: str = "text/html"
) -> Fetched:
    return Fetched(body=body.encode() if isinstance(body, str) else body, final_url=url, content_type=kind)


def cut(body: str | bytes, title: str = "", **changes: str) -> str:
    return article(parse_page(fetched(body, **changes)), title=title)


def of(name: str) -> str:
    return cut((PAGES / f"{name}.html").read_bytes(), FACTS[name].title)


def addresses(html: str, mark: str) -> set[str]:
    return set(re.findall(rf"""(?<=[/="']){mark}-[\w.-]+(?=[/"' ?])""", html))


@pytest.mark.parametrize("name", FACTS)
def test_every_picture_and_link_of_an_article_is_there_and_no_other(name: str) -> None:
    page = (PAGES / f"{name}.html").read_bytes().decode("latin-1")
    expected = addresses(page, "in") - set(FACTS[name].sizes)
    found = of(name)

    assert expected, "the page has some"
    assert {a for a in expected if a not in found} == set()
    assert "out-" not in found


@pytest.mark.parametrize("name", FACTS)
def test_every_element_of_an_article_is_there(name: str) -> None:
    root = markup.parse(of(name))

    assert {tag: sum(1 for _ in root.iter(tag)) for tag in FACTS[name].counts} == FACTS[name].counts


@pytest.mark.parametrize("name", FACTS)
def test_the_words_of_an_article_are_there_and_no_others(name: str) -> None:
    text = markup.text(markup.parse(of(name)))

    assert [w for w in FACTS[name].words if w not in text] == []
    assert [w for w in FACTS[name].other_words if w in text] == []


@pytest.mark.parametrize("name", FACTS)
def test_an_article_is_sanitised_already(name: str) -> None:
    assert sanitise(of(name), base_url=None).strip() == of(name)


def paragraphs(number: int = 4) -> str:
    return "".join(
        f"<p>Paragraph {n} of an article about the long and winding road that leads to the house of number {n}.</p>"
        for n in range(number)
    )


def test_a_headline_that_is_not_the_title_stays() -> None:
    page = f"<title>Site</title><article><h1>Another headline</h1>{paragraphs()}</article>"

    assert "<h1>Another headline</h1>" in cut(page, "The title of the feed")
    assert "<h1>" not in cut(page, "“Another headline”")


def test_relative_addresses_are_those_of_the_base_or_the_page() -> None:
    content = f'<article><h1>T</h1>{paragraphs()}<p><a href="x">a link in the text</a><img src="/y.jpg"></p></article>'

    assert 'href="https://site.example/news/x"' in cut(content)
    with_base = cut(f'<head><base href="https://base.example/a/"></head>{content}')
    assert 'href="https://base.example/a/x"' in with_base
    assert 'src="https://base.example/y.jpg"' in with_base


@pytest.mark.parametrize(
    ("image", "source"),
    [
        ('<img data-src="/real.jpg" src="data:image/gif;base64,R0lGOD">', "real.jpg"),
        ('<img src="/img/placeholder.png" srcset="/s.jpg 300w, /real.jpg 1200w">', "real.jpg"),
        ('<img src="/real.jpg" srcset="/other.jpg 2x">', "real.jpg"),
        ('<img data-unheard-of="/real.jpg?w=1">', "real.jpg?w=1"),
        ('<img class="lazy"><noscript><img src="/real.jpg"></noscript>', "real.jpg"),
        ('<picture><source data-srcset="/real.webp 1x"><img src="data:,"></picture>', "real.webp"),
        ('<a href="/big"><picture><source srcset="/real.webp"><img></picture></a>', "real.webp"),
    ],
)  # fmt: skip
def test_a_picture_that_waits_for_a_script_is_shown_once(image: str, source: str) -> None:
    found = cut(f"<article><h1>T</h1>{paragraphs()}<figure>{image}</figure></article>")

    assert re.findall(r'<img src="([^"]*)"', found) == [f"https://site.example/{source}"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('<h2 id="related">Support</h2><p>It came late.</p>', id="heading with such an id"),
        pytest.param("<h2>Related work</h2><p>There is some.</p>", id="heading of a chapter"),
        pytest.param("<p>Mehr Geld für die Schulen</p>", id="short paragraph"),
        pytest.param("<p><strong>Advertisement</strong> was his trade.</p>", id="word in a sentence"),
        pytest.param('<figure class="banner"><img src="https://a.example/b.jpg"></figure>', id="figure"),
        pytest.param('<table class="social"><tbody><tr><td>a</td><td></td></tr></tbody></table>', id="table"),
        pytest.param("<blockquote><p>It works.</p><footer>Jo</footer></blockquote>", id="source of a quote"),
        pytest.param('<p>As <img src="https://a.example/x2.png" alt="x²" width="18" height="9"> shows.</p>', id="formula"),
        pytest.param("<aside><p>The town was founded in 1203 and has a wall.</p></aside>", id="box"),
    ],
)  # fmt: skip
def test_what_only_looks_like_something_else_stays(content: str) -> None:
    found = cut(f"<article><h1>T</h1>{paragraphs()}{content}{paragraphs()}</article>")

    assert re.sub(' (id|class)="[^"]*"', "", content) in found


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("<button><img src='/1.jpg'></button>", id="that opens when it is clicked"),
        pytest.param(
            '<ul class="slides"><li style="display:none"><img src="/1.jpg"></li></ul>', id="of a slide show"
        ),
        pytest.param('<a href="/big.jpg"><img src="/1.jpg"></a>', id="that is a link"),
    ],
)
def test_a_picture_stays(content: str) -> None:
    assert '<img src="https://site.example/1.jpg">' in cut(
        f"<article><h1>T</h1>{paragraphs()}{content}</article>"
    )


@pytest.mark.parametrize(
    "content",
    [
        '<img src="/pixel" width="1" height="1">',
        '<img src="https://ad.doubleclick.example/x">',
        '<iframe src="https://www.googletagmanager.example/ns"></iframe>',
        "<h3>Related articles</h3><ul><li><a href=/a>One</a></li><li><a href=/b>Two</a></li></ul>",
        "<p>Read also: <a href=/a>Something else altogether</a></p>",
        '<div class="newsletter-box"><p>Our letter comes on Fridays.</p><form><input></form></div>',
        '<div style="display:none"><p>Not to be seen.</p></div>',
        "<p>广告</p>",
    ],
)  # fmt: skip
def test_what_is_not_the_article_goes(content: str) -> None:
    assert cut(f"<article><h1>T</h1>{paragraphs()}{content}</article>", "T") == paragraphs()


def test_bare_text_beside_the_body_is_the_article_too() -> None:
    first = "These are the first words of the article, which stand in no paragraph."
    page = f"<article><h1>T</h1>{first}<div>{paragraphs(12)}</div>Home</article>"

    found = cut(page, "T")

    assert first in found
    assert "Home" not in found


def test_a_link_in_the_text_with_a_block_in_it_keeps_its_target() -> None:
    page = f'<article>{paragraphs()}<a href="/x"><div><p>A whole paragraph that is a link to there.</p></div></a></article>'

    assert 'href="https://site.example/x"' in cut(page)


def test_a_page_without_text_has_no_article() -> None:
    assert cut("<html><body><div id=root></div></body></html>") == ""
    assert cut("") == ""


def test_nothing_that_runs_comes_through() -> None:
    page = f"""<article onclick="evil()"><h1>T</h1>{paragraphs()}<script>evil()</script><p onmouseover="evil()">Words <a
      href="javascript:evil()">of a link</a><img src="x" onerror="evil()"><svg onload="evil()"></svg></p>
      <iframe srcdoc="<script>evil()</script>"></iframe><p>More <b>words</p></article>"""

    found = cut(page)

    assert "More <b>words" in found
    assert "evil" not in found


LARGE = (
    "<article>" + "<p class='x'>Some words of it <a href='/a'>link</a> and more.</p>" * 80_000 + "</article>"
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<div>" * 10_000 + paragraphs() + "</div>" * 10_000, id="deep"),
        pytest.param("<div><span>a text of some words</span>" * 5_000, id="deep and wide"),
        pytest.param("<b>" * 9_000 + "x", id="open"),
        pytest.param(LARGE[:5_000_000], id="large"),
        pytest.param("<p>" + "word " * 1_000_000, id="one text"),
        pytest.param("<" * 2_000_000, id="brackets"),
        pytest.param("<table><tr><td>" * 3_000 + paragraphs(), id="tables"),
        pytest.param(f"<article>{paragraphs(3_000)}</article>", id="long"),
        pytest.param("<meta content='" + '"' * 1_000_000, id="quotes"),
        pytest.param("<img srcset='" + "a 1w, " * 200_000 + "'>", id="srcset"),
    ],
)  # fmt: skip
def test_a_hostile_page_costs_little(body: str) -> None:
    began = time.process_time()
    try:
        found = cut(body)
    except ParseError:
        found = ""

    assert time.process_time() - began < 2
    assert "<script" not in found


def test_a_page_with_too_many_elements_is_refused() -> None:
    with pytest.raises(ParseError, match="more than 10,000 elements"):
        cut(LARGE)
