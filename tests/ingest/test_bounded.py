"""No body costs much more than its length, and what is made simpler keeps its words, links and pictures."""

from __future__ import annotations

import re
import time

import pytest

from feedsvc import markup
from feedsvc.ingest.bounded import bounded, flattened
from feedsvc.ingest.sanitize import sanitise, text_of

BASE = "https://news.example/world/story"
ENDLESS = [
    *["<", "<div>", "<b>", "<p>", "<p><b>", "<b><p>", "<a href=x>", "<a b=", "<a b='<a c=\"", "<h1><a href=x>"],
    *["<table>", "<table><td>", "<ul><li>", "<nobr><div>", "<button><p>", "</p>", "</br>", "<font color=1>x<p>"],
    *["<!--", "<![CDATA[", "<?", "&#1;", "&amp", "\x00", "\ud800", "\U0001f600", "。\n", "<x-iframe>a", "<math>a"],
    *["<iframe ", "<iframe>", "<iframe src=x>", "<noscript>", '<noscript a="', "<script>", "<svg>", "<select>"],
    *["<img ", '<img a="', "<img a='", "<img src=x srcset='a,a 1x,'>", "<img width=1 src=x>a", "<picture><source>"],
    *["<embed src=x>", "<object data=x></object>", "<video><source>", "<figure>a", "<br><br>a", '<p a=">" ', "x<y "],
]  # fmt: skip
CROWDED = {
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(20_000)) + ">one</p>",
    "attributes after a stray quote": '<p ="x><p a=' + " ".join(f'">" b{n}=' for n in range(20_000)) + ">one",
    "formats left open": "<p>" + "".join(f"<b title={n}>" for n in range(3000)) + "<p>one</p>" * 3000,
    "pictures to choose from": f"<img srcset='{'a, ' * 60_000}'>one",
    "a long way up": f"<a href='{'a/../' * 40_000}'>one</a>",
    "a long host": f"<a href='//{'a' * 200_000}[/'>one</a>",
}


def took(fragment: str) -> float:
    began = time.process_time()
    sanitise(fragment, base_url=BASE)
    return time.process_time() - began


@pytest.mark.parametrize("piece", ENDLESS)
def test_the_same_over_and_over_comes_to_an_end(piece: str) -> None:
    assert took(piece * (60_000 // len(piece))) < 5


@pytest.mark.slow
@pytest.mark.parametrize("piece", ENDLESS)
def test_megabytes_of_the_same_come_to_an_end(piece: str) -> None:
    assert took(piece * (2_000_000 // len(piece))) < 30


@pytest.mark.parametrize("fragment", CROWDED.values(), ids=CROWDED.keys())
def test_what_would_keep_a_parser_busy_comes_to_an_end(fragment: str) -> None:
    assert took(fragment) < 10


def test_a_text_longer_than_ten_megabytes_is_read() -> None:
    assert len(sanitise("<p>one</p>" + "a" * 11_000_000, base_url=BASE)) > 11_000_000


@pytest.mark.parametrize(
    "fragment",
    [
        "<p>one <b>two</b></p>" * 2000,
        "<div>" * 50 + "one" + "</div>" * 50,
        "<ul>" + "<li>one<br><img src='i'></li>" * 10_000 + "</ul>",
        "<p>one<p>two" * 4000,
        "<p title='a > b'>1 &lt; 2</p>" * 3000,
    ],
)
def test_a_long_article_stays_as_it_is(fragment: str) -> None:
    assert bounded(fragment) == fragment


@pytest.mark.parametrize(
    "fragment",
    [
        "<div><p>one <a href='u'>two</a>" * 5000,
        "<table><td></div><p>one <a href='u'>two</a></table>" * 5000,
        "<p>" + "".join(f"<b title={n}>" for n in range(3000)) + "<p>one <a href='u'>two</a></p>" * 3000,
    ],
)
def test_words_and_links_stay_where_order_does_not(fragment: str) -> None:
    simple = bounded(fragment)
    assert set(re.findall(r"<(\w+)", simple)) == {"p", "a"}
    assert markup.text(markup.parse(sanitise(simple, base_url=None))) == text_of(fragment)
    assert simple.count("<a ") == fragment.count("<a ")


def test_a_tag_with_very_many_attributes_is_text() -> None:
    assert bounded(CROWDED["attributes"]).startswith("&lt;p a0=1")


def test_scripts_are_no_words_where_markup_goes() -> None:
    fragment = (
        "<!-- <b> --><script>if (1<2) '<b>'</script><h2>one</h2><style>p {}</style><div>two<img src=i></div>"
    )
    assert flattened(fragment) == "<p>one<p>two<img src=i><p>"


def test_far_too_many_tags_leave_nothing_but_words() -> None:
    assert set(bounded("<p>one <a href=u><i>t</i>wo</a></p>" * 40_000).split()) == {"one", "two"}
