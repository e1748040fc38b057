"""What RFC 4287 asks of an Atom document: the grammar of its Appendix B, and what that cannot say."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree
from publish.samples import documents

A = "{http://www.w3.org/2005/Atom}"
GRAMMAR = etree.RelaxNG(etree.parse(Path(__file__).resolve().parents[1] / "data" / "atom.rng"))
DOCUMENTS = dict(documents("atom"))


@pytest.fixture(params=DOCUMENTS)
def feed(request: pytest.FixtureRequest) -> etree._Element:
    return etree.fromstring(DOCUMENTS[request.param])


def test_a_document_follows_the_grammar(feed: etree._Element) -> None:
    GRAMMAR.validate(feed)
    assert [str(error) for error in GRAMMAR.error_log] == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b"<updated>2026-11-20T", b"<updated>20 November, "),
        (b"<id>https://news.example/1</id>", b""),
        (b'type="html"', b'type="CDATA"'),
        (b'xml:lang="en"', b'xml:lang=""'),
        (b"<generator>", b"<language>en</language><generator>"),
        (b'<link href="', b'<link to="'),
        (b' type="audio/mpeg"', b' type="audio"'),
    ],
)
def test_the_grammar_refuses_what_is_wrong(right: bytes, wrong: bytes) -> None:
    document = DOCUMENTS["interleaved.atom"]
    assert right in document
    assert not GRAMMAR.validate(etree.fromstring(document.replace(right, wrong, 1)))


def test_every_id_is_absolute_and_there_once(feed: etree._Element) -> None:
    ids = [str(e.text) for e in feed.findall(f"{A}entry/{A}id")]
    assert len(set(ids)) == len(ids)
    for name in [*ids, *(str(e.text) for e in feed.iter(f"{A}id"))]:
        assert urlsplit(name).scheme, name
        assert re.fullmatch(r"[!#$%&'()*+,./0-9:;=?@A-Z_a-z~-]+", name), name


def test_every_entry_has_an_author_of_its_own_of_its_source_or_of_the_feed(feed: etree._Element) -> None:
    assert feed.findtext(f"{A}author/{A}name")
    assert all(e.text and e.text.strip() for e in feed.iter(f"{A}name"))


def test_no_two_alternates_have_the_same_type_and_language(feed: etree._Element) -> None:
    for element in [feed, *feed.iter(f"{A}entry", f"{A}source")]:
        alternates = [
            (e.get("type"), e.get("hreflang"))
            for e in element.findall(f"{A}link")
            if e.get("rel") == "alternate"
        ]
        assert max(Counter(alternates).values(), default=1) == 1


def test_a_feed_leads_to_itself(feed: etree._Element) -> None:
    (own,) = (e for e in feed.findall(f"{A}link") if e.get("rel") == "self")
    assert urlsplit(str(own.get("href"))).netloc
    assert own.get("type") == "application/atom+xml"


def test_every_link_is_a_uri(feed: etree._Element) -> None:
    for link in feed.iter(f"{A}link"):
        href = str(link.get("href"))
        assert urlsplit(href).scheme in ("http", "https"), href
        assert href.isascii(), href
        assert not set(href) & set(' <>"{}|\\^`'), href


def test_lengths_are_those_of_enclosures_and_numbers(feed: etree._Element) -> None:
    for link in feed.iter(f"{A}link"):
        length = link.get("length")
        assert length is None or (length.isdigit() and link.get("rel") == "enclosure")


def test_relations_among_documents_stand_at_the_feed_alone(feed: etree._Element) -> None:
    relations = {e.get("rel") for e in feed.findall(f"{A}entry/{A}link")}
    assert relations <= {"alternate", "related", "via", "enclosure"}


def test_titles_and_categories_say_something(feed: etree._Element) -> None:
    assert all(e.text and e.text.strip() for e in feed.iter(f"{A}title"))
    assert all((e.get("term") or "").strip() and e.get("label") for e in feed.iter(f"{A}category"))


def test_a_source_says_which_feed_it_is(feed: etree._Element) -> None:
    for source in feed.iter(f"{A}source"):
        assert all(source.findtext(f"{A}{name}") for name in ("id", "title", "updated"))


def test_nothing_is_told_that_opens_a_source(feed: etree._Element) -> None:
    assert b":secret@" not in etree.tostring(feed)


def test_what_an_entry_has_is_not_empty(feed: etree._Element) -> None:
    for entry in feed.iter(f"{A}entry"):
        assert all((e.text or "").strip() for e in entry.iter(f"{A}content", f"{A}summary", f"{A}rights"))
        assert entry.find(f"{A}summary") is not None or entry.find(f"{A}content") is not None


def test_nobody_is_named_with_an_address(feed: etree._Element) -> None:
    assert [e.text for e in feed.iter(f"{A}name") if re.search(r"<\S+@\S+>", e.text or "")] == []


def test_all_about_the_feed_stands_before_its_entries(feed: etree._Element) -> None:
    of_atom = [child.tag == f"{A}entry" for child in feed if str(child.tag).startswith(A)]
    assert of_atom == sorted(of_atom)


def test_relations_are_registered(feed: etree._Element) -> None:
    known = set("alternate current enclosure hub next-archive prev-archive related self via".split())
    assert {str(link.get("rel")) for link in feed.iter(f"{A}link")} <= known


def test_namespaces_are_known_and_atom_needs_no_prefix(feed: etree._Element) -> None:
    known = {
        None: A.strip("{}"),
        "fh": "http://purl.org/syndication/history/1.0",
        "media": "http://search.yahoo.com/mrss/",
    }
    assert feed.nsmap.items() <= known.items()


def test_an_archive_leads_to_others_and_to_the_newest_document() -> None:
    archive = etree.fromstring(DOCUMENTS["archive.atom"])
    relations = {link.get("rel") for link in archive.findall(f"{A}link")}
    assert relations >= {"current", "prev-archive", "next-archive"}
