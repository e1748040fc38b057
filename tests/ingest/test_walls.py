from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.ingest.extract import article
from feedsvc.ingest.walls import size, why_no_article
from feedsvc.ingest.webpage import parse_page
from feedsvc.model import Fetched

PAGES = Path(__file__).parents[1] / "data" / "pages"
ASKED = "https://site.example/news/page"


def why(body: bytes, url: str = ASKED, feed_size: int = 0) -> str | None:
    page = parse_page(Fetched(body=body, final_url=url, content_type="text/html"))
    return why_no_article(page, ASKED, article(page, title=""), feed_size=feed_size)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("paywall-en", "only subscribers can read it whole"),
        ("paywall-de", "only subscribers can read it whole"),
        ("paywall-zh", "only subscribers can read it whole"),
        ("consent-wall", "the site asks for consent first"),
        ("consent-fr", "the site asks for consent first"),
        ("javascript", "the page shows nothing without JavaScript"),
        ("not-found", 'the page is an error page ("404 - Page not found | Daily Planet")'),
        ("login", "the site asks to log in first"),
        ("robot-check", "the site wants to be sure that a person asks"),
    ],
)
def test_a_page_that_is_no_article_is_known(name: str, reason: str) -> None:
    assert why((PAGES / f"{name}.html").read_bytes()) == reason


@pytest.mark.parametrize(
    "name", ["wordpress", "ghost", "portal-zh", "liveblog", "listicle", "gallery", "amp"]
)
def test_an_article_is_no_wall(name: str) -> None:
    assert why((PAGES / f"{name}.html").read_bytes()) is None


@pytest.mark.parametrize(
    "text",
    [
        "The council has banned cookies with nuts from the school canteen. Parents gave their consent on Monday.",
        "Partners of the club can now sign up for the newsletter. Members read it first, and everybody a week later.",
        "The new rules on personal data apply from May. Consent must be given, and privacy respected, says the office.",
        "市政府昨日宣布，新的登记办法自下月起施行，市民可以在网上办理，不必再到窗口排队等候。",
        "An error of 404 votes was found in the second count, the returning officer said; it changes nothing.",
    ],
)
def test_short_news_are_no_wall(text: str) -> None:
    page = f"""<title>Short news</title><nav><a href=/login>Log in</a> <a href=/abo>Subscribe</a></nav>
      <article><h1>Short news</h1><p>{text}</p></article><footer>Already a subscriber? Log in</footer>"""

    assert why(page.encode()) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://consent.site.example/?back=1", "the site asks for consent first (at consent.site.example)"),
        ("https://site.example/privacy-gate?x", "the site asks for consent first (at site.example)"),
        ("https://site.example/account/login?next=/a", "the site asks to log in first (at site.example)"),
        ("https://site.example/", "it leads to the front page of the site"),
        ("https://site.example/2026/consent-of-the-governed", None),
        ("https://www.site.example/news/page", None),
    ],
)
def test_where_a_page_was_found_tells_what_it_is(url: str, reason: str | None) -> None:
    assert why((PAGES / "wordpress.html").read_bytes(), url) == reason


def test_a_page_with_less_than_the_feed_is_not_the_article() -> None:
    body = (PAGES / "amp.html").read_bytes()

    assert why(body, feed_size=1500) == "the page shows less of it than the feed"
    assert why(body, feed_size=500) is None


def test_a_page_without_words_or_pictures_has_no_article() -> None:
    assert why(b"<p>Hm.</p>") == "no article could be found on the page"


def test_an_ideograph_weighs_more_than_a_letter() -> None:
    assert size("新闻") == size("newses")
