from __future__ import annotations

import pytest

from feedsvc import markup
from feedsvc.errors import ParseError
from feedsvc.ingest.webpage import decode, parse_page
from feedsvc.model import Fetched

TEXT = "新闻：三条铁路线同时通车，记者昨日从铁路部门获悉。"


def fetched(body: bytes, kind: str = "text/html", url: str = "https://www.site.example/a") -> Fetched:
    return Fetched(body=body, final_url=url, content_type=kind)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(TEXT.encode("utf-8"), "text/html", id="nothing said"),
        pytest.param(TEXT.encode("utf-8-sig"), "text/html; charset=gbk", id="BOM"),
        pytest.param(TEXT.encode("utf-16"), "text/html", id="BOM of UTF-16"),
        pytest.param(TEXT.encode("utf-16-le"), "text/html; charset=utf-16le", id="header says UTF-16"),
        pytest.param(TEXT.encode("utf-8"), "text/html; charset=iso-8859-1", id="server is wrong"),
        pytest.param(TEXT.encode("gb18030"), 'text/html; charset="GB2312"', id="header"),
        pytest.param(b"<meta charset=gbk>" + TEXT.encode("gb18030"), "text/html", id="meta"),
        pytest.param(b'<meta content="text/html; charset=gbk">' + TEXT.encode("gbk"), "", id="old meta"),
        pytest.param(b"<meta charset=big5>" + TEXT.encode("gb18030"), "text/html; charset=gbk", id="both"),
        pytest.param(TEXT.encode("gb18030"), "text/html; charset=no-such-thing", id="unknown label"),
    ],
)
def test_a_page_is_read_in_its_own_encoding(body: bytes, kind: str) -> None:
    assert decode(fetched(body, kind)).endswith(TEXT)


def test_latin_1_is_what_the_web_takes_it_for() -> None:
    assert decode(fetched("“déjà vu”".encode("cp1252"), "text/html; charset=ISO-8859-1")) == "“déjà vu”"


def test_one_broken_character_breaks_no_page() -> None:
    body = "字".encode("gbk") * 5000 + b"\xff" + b" end"

    assert decode(fetched(body, "text/html; charset=gbk")).endswith(" end")


def test_what_is_no_page_is_refused() -> None:
    with pytest.raises(ParseError, match="is application/pdf, not a page"):
        decode(fetched(b"%PDF-1.7", ""))
    with pytest.raises(ParseError, match="is image/png, not a page"):
        decode(fetched(b"...", "image/PNG; x=y"))
    with pytest.raises(ParseError, match="the encoding of the page cannot be told"):
        decode(fetched(bytes(range(256)) * 4, "text/html; charset=utf-8"))


@pytest.mark.parametrize(
    ("link", "canonical"),
    [
        ("https://site.example/canonical", "https://site.example/canonical"),
        ("/canonical", "https://www.site.example/canonical"),
        ("https://elsewhere.example/a", None),
        ("javascript:alert(1)", None),
    ],
)
def test_the_canonical_address_is_one_of_the_same_site(link: str, canonical: str | None) -> None:
    page = parse_page(fetched(f'<link rel="canonical" href="{link}"><p>text</p>'.encode()))

    assert page.canonical_url == canonical


def test_a_page_says_its_title_and_base() -> None:
    page = parse_page(fetched(b"<title>A &amp; B</title><base href='/x/'><p data-a:b=1>text</p>"))

    assert (page.title, page.base_url) == ("A & B", "https://www.site.example/x/")
    assert markup.inner_html(page.root) == "<p>text</p>"


def test_an_element_stands_where_a_browser_puts_it() -> None:
    page = parse_page(
        fetched(b'<a href="/x"><div><p>one<p>two</div></a><p>three<div>four</div><embed src=y>')
    )

    assert [e.tag for e in page.root] == ["a", "p", "div", "embed"]
    assert [e.tag for e in page.root[0].iter()] == ["a", "div", "p", "p"]
