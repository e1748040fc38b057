from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from feedsvc.ingest.sanitize import sanitise
from feedsvc.model import Enclosure, Entry
from feedsvc.revision import is_same

MakeEntry = Callable[..., Entry]
PROSE = "<p>今天下雨，明天也会下雨。</p>"


@pytest.fixture
def same(make_entry: MakeEntry) -> Callable[[str, str], bool]:
    """Two bodies, as they come in, say the same to a reader."""

    def of(one: str, other: str) -> bool:
        bodies = [sanitise(body, base_url="https://news.example/") for body in (one, other)]
        first, second = (make_entry(body_html=body) for body in bodies)
        assert is_same(first, second) == is_same(second, first)
        return is_same(first, second)

    return of


Same = Callable[[str, str], bool]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>one  two</p>", "<p>one two</p>\n\n"),
        ("<p>one\ntwo</p>", "<p>one two </p>"),
        (f"{PROSE}<p>1,024 views</p>", f"{PROSE}<p>2,048 views</p>"),
        (f"{PROSE}<p>1,024 views</p>", PROSE),
        (f"{PROSE}<div>12 comments · 3 likes</div>", f"{PROSE}<div>13 comments · 4 likes</div>"),
        (f"{PROSE}<p>Comments (12)</p>", f"{PROSE}<p>Comments (13)</p>"),
        (f"{PROSE}<p>阅读 1.2万</p>", f"{PROSE}<p>阅读 1.3万</p>"),
        (f"{PROSE}<p>阅读：1024 评论：5</p>", f"{PROSE}<p>阅读：1025 评论：6</p>"),
        (f"{PROSE}<p>1024人阅读</p>", f"{PROSE}<p>1099人阅读</p>"),
        (f"{PROSE}<p>3 hours ago</p>", f"{PROSE}<p>4 hours ago</p>"),
        (f"{PROSE}<p>5分钟前</p>", f"{PROSE}<p>2小时前</p>"),
        (f"{PROSE}<ul><li>7 shares</li></ul>", f"{PROSE}<ul><li>8 shares</li></ul>"),
        (f"{PROSE}<p>Advertisement</p>", PROSE),
        (f"{PROSE}<p>广告</p>", PROSE),
        (
            f'{PROSE}<p><a href="https://ad.doubleclick.net/1"><img src="https://ad.doubleclick.net/a.gif"></a></p>',
            f'{PROSE}<p><a href="https://ad.doubleclick.net/2"><img src="https://ad.doubleclick.net/b.gif"></a></p>',
        ),
        (f'{PROSE}<img src="/a.jpg?w=640">', f'{PROSE}<img src="/a.jpg?w=800" width="800">'),
        (f'{PROSE}<a href="/b?id=1&utm_source=rss">b</a>', f'{PROSE}<a href="/b?id=1">b</a>'),
        (f'{PROSE}<a href="/b?_=17">b</a>', f'{PROSE}<a href="/b?_=18">b</a>'),
        (f'{PROSE}<a href="/b?t=17#top">b</a>', f'{PROSE}<a href="/b?t=18#top">b</a>'),
    ],
)
def test_noise_makes_no_revision(one: str, other: str, same: Same) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>one two</p>", "<p>one three</p>"),
        ("<p>one two</p>", "<p>onetwo</p>"),
        (PROSE, f"{PROSE}<p>It also snows.</p>"),
        ("<p>Twelve people died.</p>", "<p>Thirteen people died.</p>"),
        ("<p>12 people died.</p>", "<p>13 people died.</p>"),
        ("<p>The film has 12 views of Paris.</p>", "<p>The film has 13 views of Paris.</p>"),
        ("<p>The vote: 5 votes for, 4 against.</p>", "<p>The vote: 6 votes for, 3 against.</p>"),
        ("<table><tr><td>12</td></tr></table>", "<table><tr><td>13</td></tr></table>"),
        (f"{PROSE}<p>2026</p>", f"{PROSE}<p>2027</p>"),
        ("<p>one</p>", "<h2>one</h2>"),
        ("<p>one</p>", "<p><b>one</b></p>"),
        (f'{PROSE}<img src="/a.jpg">', f'{PROSE}<img src="/b.jpg">'),
        (f'{PROSE}<img src="/a.jpg">', PROSE),
        (f'{PROSE}<img src="/a.jpg" alt="rain">', f'{PROSE}<img src="/a.jpg" alt="snow">'),
        (f'{PROSE}<a href="/b?id=1">b</a>', f'{PROSE}<a href="/b?id=2">b</a>'),
        (f'{PROSE}<a href="/b">b</a>', f"{PROSE}b"),
        ("<pre>a  b</pre>", "<pre>a b</pre>"),
        (
            f'{PROSE}<p><a href="https://news.example/ad">12 comments</a><img src="/a.png"></p>',
            f'{PROSE}<p><a href="https://news.example/ad">12 comments</a></p>',
        ),
    ],
)
def test_what_a_reader_sees_makes_one(one: str, other: str, same: Same) -> None:
    assert not same(one, other)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"published": datetime(2020, 1, 1, tzinfo=UTC)}, True),
        ({"updated": datetime(2020, 1, 1, tzinfo=UTC)}, True),
        ({"title": "标题 "}, True),
        ({"title": "另一个标题"}, False),
        ({"summary": "摘要"}, False),
        ({"authors": ("李",)}, False),
        ({"categories": ("天气",)}, False),
        ({"language": "ja"}, False),
        ({"link": "https://news.example/1?utm_medium=rss"}, True),
        ({"link": "https://news.example/2"}, False),
        ({"image_url": "https://news.example/a.jpg"}, False),
        ({"enclosures": (Enclosure(url="https://news.example/a.mp3", mime_type="audio/mpeg"),)}, False),
    ],
)
def test_what_else_belongs_to_an_entry(
    changes: dict[str, object], expected: bool, make_entry: MakeEntry
) -> None:
    entry = make_entry(link="https://news.example/1")
    assert is_same(entry, make_entry(**({"link": "https://news.example/1"} | changes))) is expected


def test_the_order_of_categories_does_not_matter(make_entry: MakeEntry) -> None:
    assert is_same(make_entry(categories=("a", "b")), make_entry(categories=("b", "a")))


def test_a_long_line_of_numbers_takes_no_time(same: Same) -> None:
    hostile = "1 " * 38 + "x"
    assert not same(f"<p>{hostile}</p>", f"<p>{hostile}y</p>")
    assert not same("<p>" + "12 views " * 8 + "!x</p>", "<p>" + "13 views " * 8 + "!x</p>")
