"""Channels and items for tests of the formats: an ordinary one, and one that gives as much trouble as it can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from feedsvc.model import Enclosure, Verdict
from feedsvc.publish.items import Channel, Item, Origin
from feedsvc.publish.render import render

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden"
PUBLISHED = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
UPDATED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
CHANNEL = Channel(
    id="urn:uuid:2f7a9f0e-3c1b-5d49-8f2a-6d1c0f5e7b90",
    title="World & <news> 新闻",
    description="A description",
    language="en",
    link="https://news.example/",
    self_url="https://feeds.example/world",
    updated=UPDATED,
    ttl_minutes=60,
)
ITEM = Item(
    id="https://news.example/1",
    title="Headline · 标题",
    summary="In short.",
    content_html='<p lang="en">First &amp; last.</p><p><img src="https://i.example/1.png"></p>',
    link="https://news.example/1",
    link_language="zh",
    page_url="https://feeds.example/articles/news/1.html",
    language="en",
    published=PUBLISHED,
    updated=UPDATED,
    authors=("李明", "A. O'Neil"),
    categories=(("国际", "World"), ("COP31", "COP31")),
    enclosures=(
        Enclosure(url="https://news.example/1.mp3", mime_type="audio/mpeg", length_bytes=12345),
        Enclosure(url="https://news.example/1.mp4", mime_type="video/mp4"),
    ),
    image_url="https://i.example/lead.jpg",
)

REPRINT = replace(
    ITEM,
    origin=Origin(
        id="xinhua", title="新华 & Co", link="https://xinhua.example/", feed_url="https://xinhua.example/rss"
    ),
)
#: a title and a link, and nothing else
BARE = replace(
    ITEM,
    id="urn:example:1",
    summary="",
    content_html="",
    page_url=None,
    authors=(),
    categories=(),
    enclosures=(),
)
FULL = replace(
    CHANNEL,
    hubs=("https://hub.example/",),
    previous_archive="world-2",
    style_sheet="/feed.css",
)
ARCHIVE = replace(
    CHANNEL,
    self_url="https://feeds.example/world-2",
    previous_archive="world-1",
    next_archive="world-3",
    is_archive=True,
    current="world",
)
TROUBLE = "a\x00\x0b\x1f\ud800\ufdd0\ufffe\uffff\U0001fffeb ]]> <script> &amp; &#0; \u202eعنوان 😀"
TROUBLED = Item(
    id=f"two words {TROUBLE}",
    title=TROUBLE,
    summary=TROUBLE,
    content_html=f"<p>{TROUBLE}</p>",
    link="http://新闻.example/一 二?q=[1]#100%",
    link_language=None,
    page_url="https://feeds.example/articles/news/2.html",
    language="und",
    published=UPDATED,
    updated=UPDATED,
    authors=(TROUBLE, "", TROUBLE, "B <b@news.example>"),
    categories=((TROUBLE, ""), ("", "label"), (TROUBLE, TROUBLE)),
    enclosures=(
        Enclosure(url="https://i.example/图 1.mp3", mime_type="no type", length_bytes=-1),
        Enclosure(url="https://i.example/图 1.mp3", mime_type="audio/mpeg"),
        Enclosure(url="javascript:alert(1)", mime_type="audio/mpeg"),
    ),
    image_url="data:image/png;base64,AAAA",
    origin=Origin(
        id="archive", title=TROUBLE, link="nowhere", feed_url="https://me:secret@news.example/rss?a[]=1"
    ),
    original_title=TROUBLE,
    verdicts=((Verdict.GOOD, 3), (Verdict.LOOP, 1)),
    engine=TROUBLE,
    rights=TROUBLE,
)


def documents(suffix: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of documents of a format: those agreed upon, and one of each kind of channel."""
    for path in sorted(GOLDEN.glob(f"*.{suffix}")):
        yield path.name, path.read_bytes()
    for name, channel in {"full": FULL, "archive": ARCHIVE, "plain": CHANNEL}.items():
        rendered = render(channel, [ITEM, replace(REPRINT, id="urn:example:2"), BARE, TROUBLED])
        if suffix in rendered:
            yield f"{name}.{suffix}", rendered[suffix]
    yield f"empty.{suffix}", render(CHANNEL, [])[suffix]
