from __future__ import annotations

import pytest

from feedsvc.errors import ParseError
from feedsvc.ingest.opml import read_opml


def test_every_outline_with_a_feed_is_read_at_whatever_depth_and_in_any_case() -> None:
    first, second, third = read_opml(
        b"""<?xml version="1.0"?><!-- a --><OPML version="1.1"><head><title>x</title></head><body>
        <outline text="Folder"><?pi?><Outline text="Sea" title=" The  sea " XMLURL="https://a.example/" language="zh-cn"/>
        <outline text="Deeper"><outline text="B &amp; C" type="rss" xmlUrl="https://b.example/?a=1&amp;b=2" language="unknown"/></outline>
        </outline><outline text="A page" type="link" url="https://c.example/"/><outline xmlurl=""/></body></OPML>"""
    )
    assert (first.url, first.title, first.language) == ("https://a.example/", "The sea", "zh-CN")
    assert (second.url, second.title, second.language) == ("https://b.example/?a=1&b=2", "B & C", None)
    assert (third.url, third.title) == ("", None)


def test_its_encoding_is_the_one_it_declares() -> None:
    text = '<?xml version="1.0" encoding="GB18030"?><opml><body><outline text="新闻" xmlUrl="https://a.example/"/></body></opml>'
    assert read_opml(text.encode("gb18030"))[0].title == "新闻"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not OPML: Document is empty"),
        (b"hello", "not OPML: Start tag expected"),
        (b"<opml><body><outline xmlUrl='https://a.example/'>", "not OPML: "),
        (b"<rss version='2.0'/>", "not OPML but a document of <rss>"),
    ],
)
def test_what_is_no_opml_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ParseError) as caught:
        read_opml(content)
    assert str(caught.value).startswith(reason)


def test_entities_neither_grow_nor_read_files() -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    document = f'<!DOCTYPE opml [<!ENTITY e0 "boom">{bomb}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    with pytest.raises(ParseError):
        read_opml(f'{document}<opml><body><outline xmlUrl="&e11;"/></body></opml>'.encode())
    with pytest.raises(ParseError):
        read_opml(f'{document}<opml><body><outline xmlUrl="&f;"/></body></opml>'.encode())
    outline = '<outline text="a" xmlUrl="https://a.example/"/>'
    (read,) = read_opml(f"{document}<opml><body>&f;&e2;{outline}</body></opml>".encode())
    assert read.title == "a"
