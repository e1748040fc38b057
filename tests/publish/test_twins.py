from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from feedsvc.model import Article, Entry
from feedsvc.publish.twins import canonical, twins

SEEN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LONG = "外交部发言人就中东局势答记者问时表示"
LATIN = "Ministers of forty countries meet again to speak of a truce"


def made(source_id: str, number: int = 1, *, hours: int = 0, seen: int = 0, **said: str) -> Article:
    published = SEEN + timedelta(hours=hours)
    said = {"guid": f"{source_id}-{number}", "title": str(number)} | said
    entry = Entry(source_id=source_id, published=published, **said)  # type: ignore[arg-type]
    first_seen_at = SEEN + timedelta(hours=seen)
    return Article(
        entry=entry, translation=None, dated_at=published, changed_at=None, first_seen_at=first_seen_at
    )


def found(*articles: Article) -> dict[str, str]:
    """The guids that are not listed, and those that stay instead, in whatever order the articles come."""
    mixed = list(articles)
    random.shuffle(mixed)
    return {guid: twin.entry.guid for (_, guid), twin in twins(mixed).items()}


@pytest.mark.parametrize(
    "link",
    [
        "https://News.example/a/1?utm_source=rss&id=2&utm_medium=x",
        "http://news.example/a/1/?id=2#top",
        "HTTPS://news.example:443/a/1?id=2&fbclid=abc",
    ],
)
def test_the_addresses_of_one_page_are_the_same(link: str) -> None:
    assert canonical(link) == "//news.example/a/1?id=2"


@pytest.mark.parametrize(
    "link",
    [
        None,
        "",
        "https://news.example",
        "https://news.example/?utm_source=x",
        "https://[",
        "https://a:x/1",
        "mailto:a@b.example",
        "urn:x",
    ],
)
def test_what_leads_to_no_page_of_its_own_is_no_address_of_one(link: str | None) -> None:
    assert canonical(link) is None


def test_the_one_that_was_seen_first_stays() -> None:
    link = "https://wire.example/1"
    first = made("b", seen=0, hours=5, link=link)
    assert found(first, made("a", seen=1, link=link + "#x"), made("c", seen=2, link=link + "?gclid=1")) == {
        "a-1": "b-1",
        "c-1": "b-1",
    }


@pytest.mark.parametrize("title", [LONG, LATIN])
def test_a_long_title_is_the_same_article_within_three_days(title: str) -> None:
    other = f" {title.upper()}! "
    assert found(made("a", title=title), made("b", title=other, hours=72)) == {"b-1": "a-1"}
    assert found(made("a", title=title), made("b", title=other, hours=73)) == {}


@pytest.mark.parametrize("title", ["一周要闻", "The week in pictures", "", "！！！！！！！！！！！！！！！"])
def test_a_short_title_may_come_twice(title: str) -> None:
    assert found(made("a", title=title), made("b", title=title)) == {}


def test_articles_of_one_source_are_no_twins() -> None:
    assert found(made("a", 1, title=LONG), made("a", 2, title=LONG)) == {}


def test_a_page_that_several_entries_lead_to_is_none_of_theirs() -> None:
    section = "https://wire.example/world/"
    assert found(made("a", 1, link=section), made("a", 2, link=section), made("b", link=section)) == {}


def test_a_guid_that_is_one_for_the_whole_world_tells_twins() -> None:
    assert found(
        made("a", guid="tag:wire.example,2026:1"), made("b", seen=1, guid="tag:wire.example,2026:1")
    ) == {"tag:wire.example,2026:1": "tag:wire.example,2026:1"}
    assert found(made("a", guid="12345"), made("b", guid="12345")) == {}
