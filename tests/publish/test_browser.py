"""The pages in a real browser, served as `feedsvc serve` does: what they look like is what their readers get.

Needs Playwright for Python and Debian's chromium.
"""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn

from feedsvc.model import Enclosure
from feedsvc.publish import pages
from feedsvc.publish.items import Item, Origin
from feedsvc.publish.texts import texts
from feedsvc.service.server import application

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")
CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("chromium is not installed", allow_module_level=True)

AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js"
#: nothing that would make the browser talk to anyone but us
QUIET = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"
).split()
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="300"><rect width="900" height="300" fill="teal"/></svg>'
ADDRESS = "http://127.0.0.1:8080/"
CHINESE = """<p lang="en" dir="ltr" class="feedsvc-translation">The trains run <em>again</em>.<img src="../../media/a.svg" alt="A train"></p>
<p lang="zh" dir="ltr" class="feedsvc-original"><small>列车<em>恢复</em>运行。</small></p>
<h2><span lang="en" dir="ltr" class="feedsvc-translation">What is next</span><br><small lang="zh" dir="ltr" class="feedsvc-original">接下来</small></h2>
<ul><li><span lang="en" dir="ltr" class="feedsvc-translation">First item</span><br><small lang="zh" dir="ltr" class="feedsvc-original">第一项</small></li></ul>
<p lang="zh" dir="ltr">[not translated] 未译的一段。</p>
<figure><img src="../../media/a.svg" alt=""><figcaption><span lang="en" dir="ltr" class="feedsvc-translation">A caption</span><br><small lang="zh" dir="ltr" class="feedsvc-original">图说</small></figcaption></figure>
<table><caption><span lang="en" dir="ltr" class="feedsvc-translation">Numbers</span></caption><tr><th>Year</th><th>Passengers in thousands</th><th>Kilometres of track</th><th>Averageverylongword</th></tr><tr><td>2026</td><td>1,204,000</td><td>39,000</td><td>7</td></tr></table>
<pre>a_long_line_of_code_that_does_not_fit = "on a phone" + "at all, whatever the size of its letters"</pre>
<p lang="en" dir="ltr"><small>Machine-translated from Chinese by starter zh_en 0.3, 5 of 6 paragraphs.</small></p>"""
ARABIC = """<p lang="en" dir="ltr" class="feedsvc-translation">Hello, world.</p>
<p lang="ar" dir="rtl" class="feedsvc-original"><small>مرحبا بالعالم.</small></p>
<ul><li><span lang="en" dir="ltr" class="feedsvc-translation">One</span><br><small lang="ar" dir="rtl" class="feedsvc-original">واحد</small></li></ul>"""
WAITING = """<p lang="en" dir="ltr"><small>[not translated] This article is still in Persian.</small></p>
<p lang="fa" dir="rtl">سلام دنیا.</p><ul dir="rtl"><li lang="fa" dir="rtl">یک</li></ul>"""
FEED = """<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/css" href="feeds.css"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>World 世界</title>
<link>http://127.0.0.1:8080/</link><description>News</description><item><title>Headline · 标题</title>
<link>https://news.example/1</link><description>In short.</description><content:encoded>&lt;p&gt;Hidden&lt;/p&gt;</content:encoded>
<pubDate>Thu, 19 Nov 2026 08:00:00 +0000</pubDate></item></channel></rss>"""
ITEM = Item(
    id="https://news.example/1",
    title="The trains run again after the storm · 风暴过后列车恢复运行",
    translated_title="The trains run again after the storm",
    original_title="风暴过后列车恢复运行",
    summary="In short.",
    content_html=CHINESE,
    link="https://news.example/1",
    link_language="zh",
    page_url=f"{ADDRESS}articles/news/1.html",
    language="en",
    source_language="zh",
    published=datetime(2026, 11, 19, 8, 0, tzinfo=UTC),
    updated=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    authors=("李明",),
    categories=(("国际", "World"), ("COP31", "COP31")),
    enclosures=(Enclosure(url="../../media/a.mp3", mime_type="audio/mpeg", length_bytes=5),),
    image_url=None,
    origin=Origin(id="news", title="通讯社"),
)
IN_ARABIC = replace(
    ITEM,
    translated_title="Hello",
    original_title="مرحبا",
    content_html=ARABIC,
    source_language="ar",
    page_url=f"{ADDRESS}articles/news/2.html",
    enclosures=(),
)
NOT_YET = replace(
    IN_ARABIC,
    translated_title=None,
    original_title="سلام",
    content_html=WAITING,
    language="fa",
    source_language="fa",
    page_url=f"{ADDRESS}articles/news/3.html",
)
LISTED = replace(
    pages.listed(
        "world",
        "World news in English and Chinese",
        entries=17,
        updated=ITEM.updated,
        newest=(ITEM, IN_ARABIC, replace(NOT_YET, title="سلام")),
        base_url=ADDRESS,
        language="en",
    ),
    sources=("Wire", "通讯社"),
    waiting=3,
    problems=("wire: the server did not answer within 20 s",),
)
SOURCES = (
    pages.ListedSource(title="通讯社", state="fine", link="https://news.example/", language="zh"),
    pages.ListedSource(
        title="Wire", state="failing", feed_url="https://wire.example/rss", problems=("no answer",)
    ),
)
PATHS = (
    "index.html",
    "empty.html",
    "articles/news/1.html",
    "articles/news/2.html",
    "articles/news/3.html",
)


def index(*outputs: pages.Listed, sources: tuple[pages.ListedSource, ...] = ()) -> bytes:
    return pages.index_page(outputs, name="Translated news feeds", language="en", sources=sources)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server of pages of all kinds."""
    folder = tmp_path_factory.mktemp("public")
    (folder / "articles" / "news").mkdir(parents=True)
    (folder / "media").mkdir()
    (folder / "media" / "a.svg").write_text(PICTURE)
    (folder / "index.html").write_bytes(index(LISTED, sources=SOURCES))
    (folder / "empty.html").write_bytes(index())
    (folder / "world.rss").write_text(FEED, encoding="utf-8")
    (folder / pages.FEED_STYLE).write_bytes(pages.feed_style("en"))
    for number, item in enumerate((ITEM, IN_ARABIC, NOT_YET), 1):
        page = pages.article_page(item, previous=IN_ARABIC, next=ITEM)
        (folder / "articles" / "news" / f"{number}.html").write_bytes(page)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(application(folder), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@dataclass
class Seen:
    """A page in a browser, with what it said and asked for."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser: Any, site: str) -> Iterator[Any]:
    contexts = []

    def go(path: str, **options: Any) -> Seen:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        seen = Seen(page)
        page.on("console", lambda message: seen.said.append(message.text))
        page.on("pageerror", lambda error: seen.said.append(str(error)))
        page.on("request", lambda request: seen.asked.append(request.url))
        page.goto(site + path)
        return seen

    yield go
    for context in contexts:
        context.close()


def luminance(page: Any) -> float:
    """How bright the paper of a page is, 0 to 255."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_is_quiet_and_asks_nobody_else(visit: Any, path: str) -> None:
    seen = visit(path)
    for scheme, width in product(("light", "dark"), (360, 1000)):
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.set_viewport_size({"width": width, "height": 740})
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert (luminance(seen.page) > 128) is (scheme == "light")
    assert seen.said == []
    assert {urlsplit(url).hostname for url in seen.asked if not url.startswith("data:")} == {"127.0.0.1"}


@pytest.mark.parametrize("path", PATHS)
def test_nothing_serious_stands_in_the_way_of_anyone(visit: Any, path: str) -> None:
    page = visit(path, bypass_csp=True).page
    page.add_script_tag(path=AXE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("async () => (await axe.run()).violations")
        serious = [v for v in found if v["impact"] in ("serious", "critical")]
        assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == []


def shown(page: Any, *texts_sought: str) -> list[bool]:
    return [page.get_by_text(text, exact=True).first.is_visible() for text in texts_sought]


WORDS = (
    "First item",
    "第一项",
    "What is next",
    "接下来",
    "The trains run again after the storm",
    "风暴过后列车恢复运行",
)


def test_the_switch_needs_a_keyboard_only_and_no_script(visit: Any) -> None:
    page = visit("articles/news/1.html", java_script_enabled=False).page
    assert shown(page, *WORDS) == [True] * 6
    both = page.get_by_label(texts("en").show_both, exact=True)
    for _ in range(10):
        page.keyboard.press("Tab")
        if both.evaluate("e => e === document.activeElement"):
            break
    page.keyboard.press("ArrowRight")
    assert shown(page, *WORDS) == [True, False] * 3
    page.keyboard.press("ArrowRight")
    assert shown(page, *WORDS) == [False, True] * 3


def test_where_one_looks_with_the_keyboard_is_seen(visit: Any) -> None:
    page = visit("articles/news/1.html").page
    label = page.locator("label", has_text="Translation")
    style = "e => getComputedStyle(e).outlineStyle"
    assert label.evaluate(style) == "none"
    page.get_by_label("Both", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert label.evaluate(style) == "solid"


def test_pictures_and_what_is_not_translated_are_always_shown(visit: Any) -> None:
    page = visit("articles/news/1.html").page
    for choice in ("Original", "Both", "Translation"):
        page.get_by_label(choice, exact=True).check()
        assert [picture.is_visible() for picture in page.locator("article img").all()] == [True, True]
        assert shown(page, "[not translated] 未译的一段。") == [True]


def test_in_the_original_alone_the_words_around_a_picture_take_no_room(visit: Any) -> None:
    page = visit("articles/news/1.html").page
    assert page.locator("em:lang(en)").bounding_box()["width"] > 0
    page.get_by_label("Original", exact=True).check()
    assert page.locator("em:lang(en)").bounding_box()["width"] == 0


def test_the_first_key_leads_to_the_text(visit: Any) -> None:
    page = visit("articles/news/1.html").page
    page.keyboard.press("Tab")
    skip = page.get_by_text(texts("en").skip)
    assert skip.evaluate("e => e === document.activeElement")
    assert skip.bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#text")


def test_chinese_is_stressed_with_dots_and_never_slanted(visit: Any) -> None:
    page = visit("articles/news/1.html").page
    styles = [
        page.locator(f"em:lang({tag})").first.evaluate(
            "e => [getComputedStyle(e).fontStyle, getComputedStyle(e).textEmphasisStyle]"
        )
        for tag in ("en", "zh")
    ]
    assert styles == [["italic", "none"], ["normal", "dot"]]


def test_arabic_stands_on_the_right_and_its_translation_on_the_left(visit: Any) -> None:
    page = visit("articles/news/2.html").page
    side = "e => getComputedStyle(e).textAlign + ' ' + getComputedStyle(e).direction"
    assert page.locator("p.feedsvc-original").evaluate(side) == "start rtl"
    assert page.locator("p.feedsvc-translation").evaluate(side) == "start ltr"


def test_articles_lead_to_each_other_and_back(visit: Any, site: str) -> None:
    page = visit("index.html").page
    page.get_by_role("link", name="The trains run again").click()
    assert page.url == f"{site}articles/news/1.html"
    page.get_by_role("link", name="Older").click()
    assert page.url == f"{site}articles/news/2.html"
    page.get_by_role("link", name="All feeds").click()
    assert page.url == f"{site}index.html"


def test_a_click_selects_an_address_where_no_script_runs(visit: Any) -> None:
    page = visit("index.html", java_script_enabled=False).page
    assert page.get_by_role("button").count() == 0
    page.locator("code", has_text="world.atom").click()
    assert page.evaluate("getSelection().toString()") == f"{ADDRESS}world.atom"


@pytest.mark.parametrize("has_clipboard", [True, False])
def test_a_button_copies_an_address(visit: Any, has_clipboard: bool) -> None:
    seen = visit("index.html", permissions=["clipboard-read", "clipboard-write"])
    page = seen.page
    page.evaluate("window.clipboard = navigator.clipboard")
    if not has_clipboard:
        page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    button = page.locator("div", has_text="world.atom").get_by_role("button", name="Copy").last
    assert button.evaluate(
        "e => document.getElementById(e.getAttribute('aria-describedby')).textContent"
    ) == (f"{ADDRESS}world.atom")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("getSelection().toString()") == f"{ADDRESS}world.atom"
    assert seen.said == []
    assert page.evaluate("clipboard.readText()") == f"{ADDRESS}world.atom"
    page.get_by_role("button", name="Copied").wait_for(state="detached")


def test_on_paper_there_is_the_text_alone(visit: Any) -> None:
    page = visit("articles/news/1.html", color_scheme="dark").page
    page.emulate_media(media="print")
    assert luminance(page) == 255
    assert shown(page, *WORDS) == [True] * 6
    assert not page.locator("fieldset").is_visible()
    assert [nav.is_visible() for nav in page.locator("nav").all()] == [False, False]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_feed_in_a_browser_is_readable_and_says_what_it_is(visit: Any, scheme: str) -> None:
    seen = visit("world.rss", color_scheme=scheme, viewport={"width": 360, "height": 740})
    boxes = "(s) => document.querySelector(s).getClientRects().length"
    assert seen.page.evaluate("document.contentType") == "application/xml"
    for there in ("channel > title", "item > title", "item > description"):
        assert seen.page.evaluate(boxes, there) == 1
    for hidden in ("channel > link", "item > link", "encoded"):
        assert seen.page.evaluate(boxes, hidden) == 0
    hint = seen.page.evaluate("getComputedStyle(document.documentElement, '::before').content")
    assert texts("en").feed_hint in hint
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360
    # Chromium asks for an icon, which a document of XML cannot name
    assert [line for line in seen.said if "404" not in line] == []
