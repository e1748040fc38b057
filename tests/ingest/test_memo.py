from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from feedsvc.ingest import parse
from feedsvc.ingest.parse import parse_feed
from feedsvc.ingest.pieces import pieces
from feedsvc.model import Entry, Fetched, ParsedFeed, Source

DATE = "<pubDate>Fri, 20 Nov 2026 12:00:00 GMT</pubDate>"
Read = Callable[..., ParsedFeed]


def item(number: int, text: str = "text", guid: str = "", link: str = "") -> str:
    name = guid or f"https://news.example/{number}"
    return (
        f"<item><title>Title {number}</title><guid>{name}</guid>"
        f"<link>{link or f'https://news.example/{number}'}</link>{DATE}<description>{text}</description></item>"
    )


@pytest.fixture
def read(make_source: Callable[..., Source]) -> Read:
    """Reads a feed of some items after another one."""

    def of(*items: str, after: ParsedFeed | None = None, head: str = "", **changes: object) -> ParsedFeed:
        body = f"<rss version='2.0'><channel><title>x</title>{head}{''.join(items)}</channel></rss>".encode()
        source = make_source(kind="feed", location="https://news.example/rss", **changes)
        fetched = Fetched(body=body, final_url=source.location)
        return parse_feed(fetched, source, memo=after.memo if after else "")

    return of


def numbers(feed: ParsedFeed) -> list[str]:
    return [entry.title.removeprefix("Title ") for entry in feed.entries]


def test_entries_that_say_the_same_are_present_and_not_read_again(read: Read) -> None:
    first = read(item(1), item(2))
    second = read(item(3), item(1), item(2, "changed"), after=first, head="<ttl>60</ttl>")
    assert numbers(second) == ["3", "2"]
    assert {guid for guid, _ in second.present} == {f"https://news.example/{n}" for n in (1, 2, 3)}
    assert {date for _, date in second.present} == {datetime(2026, 11, 20, 12, tzinfo=UTC)}
    third = read(item(3), item(1), item(2, "changed"), after=second)
    assert (third.entries, set(third.present)) == ((), set(second.present))


def test_what_is_read_is_what_would_have_been_read_without_a_memo(read: Read) -> None:
    first = read(item(1), item(2))
    documents = [(item(2), item(3)), (item(1, "new"),), (item(1), item(1)), ()]
    for items in documents:
        alone = {entry.guid: entry for entry in read(*items).entries}
        known = {entry.guid: entry for entry in first.entries}
        after = read(*items, after=first)
        assert {guid: known.get(guid) or alone[guid] for guid, _ in after.present} | {
            entry.guid: entry for entry in after.entries
        } == alone


@pytest.mark.parametrize(
    "changes", [{"language": "ja"}, {"id": "other"}, {"head": "<language>fr</language>"}]
)
def test_a_memo_holds_only_while_nothing_else_decides_what_an_entry_becomes(
    changes: dict[str, str], read: Read
) -> None:
    first = read(item(1), item(2))
    assert numbers(read(item(1), item(2), after=first, **changes)) == ["1", "2"]


def test_an_entry_that_could_not_be_read_is_tried_and_named_again(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = parse.make_entry

    def make(said: object, source: Source) -> Entry:
        entry = real(said, source)  # type: ignore[arg-type]
        if entry.title == "Title 2":
            raise ValueError("no")
        return entry

    monkeypatch.setattr(parse, "make_entry", make)
    first = read(item(1), item(2))
    second = read(item(1), item(2), after=first)
    assert first.problems == second.problems == ("entry 2 left out: no",)
    monkeypatch.setattr(parse, "make_entry", real)
    assert numbers(read(item(1), item(2), after=second)) == ["2"]


def test_a_new_entry_with_the_guid_of_another_one_has_all_read_again(read: Read) -> None:
    first = read(item(1, guid="same"))
    second = read(item(2, guid="same"), item(1, guid="same"), after=first)
    assert [entry.guid for entry in second.entries] == ["https://news.example/2", "https://news.example/1"]
    third = read(item(3, guid="same"), item(2, guid="same"), item(1, guid="same"), after=second)
    assert len(third.entries) == 3


def test_a_document_that_is_cut_short_leaves_no_memo(make_source: Callable[..., Source]) -> None:
    body = f"<rss version='2.0'><channel><title>x</title>{item(1)}<item><title>".encode()
    feed = parse_feed(Fetched(body=body, final_url="https://news.example/"), make_source(kind="feed"))
    assert (len(feed.entries), feed.memo) == (1, "")


@pytest.mark.parametrize(
    "odd",
    [
        "<!-- <item></item> -->",
        "<item/>",
        "<item><title>CDATA</title><description><![CDATA[</item><item>]]></description></item>",
        "<item><title>a</title></item >",
    ],
)
def test_what_only_looks_like_an_entry_makes_no_difference(odd: str, read: Read) -> None:
    first = read(item(1), odd, item(2))
    again = read(item(3), item(1), odd, item(2), after=first)
    alone = read(item(3), item(1), odd, item(2))
    assert {guid for guid, _ in again.present} == {guid for guid, _ in alone.present}
    assert set(again.entries) <= set(alone.entries)
    assert "3" in numbers(again)


def test_a_document_that_breaks_off_in_an_entry_takes_no_time(make_source: Callable[..., Source]) -> None:
    assert pieces("<item>" * 1_000_000) == []
    assert len(pieces("<item></item>" * 100_000)) == 100_000
