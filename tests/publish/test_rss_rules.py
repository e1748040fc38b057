"""What RSS 2.0 and the RSS Advisory Board's best practices ask of a document, one rule each."""

from __future__ import annotations

import email.utils
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree, html
from publish.samples import GOLDEN, documents

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
MEDIA = "{http://search.yahoo.com/mrss/}"
DOCUMENTS = dict(documents("rss"))
#: what browser-based readers are said to be safe from; players need `controls`
SAFE = set(
    "alt cellpadding class colspan controls dir height href hreflang lang poster rel rowspan scope span src start title type valign "
    "value width".split()
)
OF_CHANNEL = set(
    "title link description language copyright managingEditor webMaster pubDate lastBuildDate category generator docs "
    "cloud ttl image rating textInput skipHours skipDays item".split()
)
OF_ITEM = set("title link description author category comments enclosure guid pubDate source".split())
MANY = {"item", "category", f"{ATOM}link", f"{DC}creator", f"{MEDIA}content"}
ATTRIBUTES = {
    "category": {"domain"},
    "enclosure": {"url", "length", "type"},
    "guid": {"isPermaLink"},
    "source": {"url"},
}
RULES: list[Callable[[etree._Element], None]] = []


def rule(check: Callable[[etree._Element], None]) -> Callable[[etree._Element], None]:
    """One rule, checked on every channel."""
    RULES.append(check)
    return check


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("check", RULES, ids=lambda check: check.__name__)
def test_documents_follow_every_rule(name: str, check: Callable[[etree._Element], None]) -> None:
    root = etree.fromstring(DOCUMENTS[name])
    assert (root.tag, root.get("version"), [child.tag for child in root]) == ("rss", "2.0", ["channel"])
    check(root[0])


def test_documents_are_declared_as_utf_8() -> None:
    assert all(re.match(rb"<\?xml version=.1\.0. encoding=.UTF-8.\?>\n", d) for d in DOCUMENTS.values())


def is_uri(url: str | None) -> bool:
    return bool(
        url and urlsplit(url).netloc and re.fullmatch(r"https?://[!#$%&'()*+,./0-9:;=?@A-Z_a-z~-]+", url)
    )


@rule
def a_channel_has_title_link_and_description(channel: etree._Element) -> None:
    assert all((channel.findtext(name) or "").strip() for name in ("title", "link", "description"))


@rule
def elements_without_a_namespace_are_those_of_rss(channel: etree._Element) -> None:
    assert {str(e.tag) for e in channel if "{" not in str(e.tag)} <= OF_CHANNEL
    assert {str(e.tag) for e in channel.findall("item/*") if "{" not in str(e.tag)} <= OF_ITEM


@rule
def elements_of_rss_have_its_attributes_alone(channel: etree._Element) -> None:
    for element in channel.iter():
        if "{" not in str(element.tag):
            assert set(element.attrib) <= ATTRIBUTES.get(str(element.tag), set())


@rule
def an_element_is_there_once_unless_it_may_be_more_often(channel: etree._Element) -> None:
    for parent in (channel, *channel.findall("item")):
        counts = Counter(str(child.tag) for child in parent)
        assert {tag for tag, count in counts.items() if count > 1} <= MANY


@rule
def items_come_after_everything_else(channel: etree._Element) -> None:
    tags = [child.tag == "item" for child in channel]
    assert tags == sorted(tags)


@rule
def dates_are_those_of_rfc_822_with_a_whole_year_and_a_zone(channel: etree._Element) -> None:
    stated = [str(e.text) for e in channel.iter("pubDate", "lastBuildDate")]
    for date in stated:
        assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000", date), date
        assert email.utils.format_datetime(email.utils.parsedate_to_datetime(date)) == date
    assert len(stated) == 1 + len(channel.findall("item"))


@rule
def a_language_is_stated(channel: etree._Element) -> None:
    assert re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", channel.findtext("language") or "")


@rule
def the_time_to_live_is_a_number_of_minutes(channel: etree._Element) -> None:
    assert int(channel.findtext("ttl") or 0) > 0


@rule
def a_channel_says_where_it_lies(channel: etree._Element) -> None:
    (own,) = (link for link in channel.findall(f"{ATOM}link") if link.get("rel") == "self")
    assert own.get("type") == "application/rss+xml"
    assert is_uri(own.get("href"))


@rule
def every_address_is_a_uri(channel: etree._Element) -> None:
    urls = [e.text for e in channel.iter("link", "docs")]
    urls += [
        e.get("url") for e in channel.iter("enclosure", "source", f"{MEDIA}content", f"{MEDIA}thumbnail")
    ]
    urls += [e.get("href") for e in channel.iter(f"{ATOM}link")]
    assert [url for url in urls if not is_uri(url)] == []


@rule
def a_document_names_its_specification_and_what_made_it(channel: etree._Element) -> None:
    assert channel.findtext("docs") == "https://www.rssboard.org/rss-specification"
    assert channel.findtext("generator") == "feedsvc"


@rule
def every_item_has_a_guid_of_its_own_that_is_no_permalink(channel: etree._Element) -> None:
    guids = [(e.text, e.get("isPermaLink")) for e in channel.findall("item/guid")]
    assert len(set(guids)) == len(guids) == len(channel.findall("item"))
    assert all(text and text.split() == [text] and permalink == "false" for text, permalink in guids)


@rule
def every_item_has_a_title_a_link_and_a_description(channel: etree._Element) -> None:
    for item in channel.findall("item"):
        assert all((item.findtext(name) or "").strip() for name in ("title", "link", "description"))


@rule
def a_description_is_plain_text_and_stands_before_the_content(channel: etree._Element) -> None:
    for item in channel.findall("item"):
        tags = [child.tag for child in item if child.tag in ("description", f"{CONTENT}encoded")]
        assert tags in (["description"], ["description", f"{CONTENT}encoded"])
        assert "<" not in (item.findtext("description") or "")


@rule
def nothing_in_the_content_is_relative(channel: etree._Element) -> None:
    for content in channel.iter(f"{CONTENT}encoded"):
        root = html.fragment_fromstring(content.text or "", create_parent=True)
        assert all(urlsplit(url).scheme for _, _, url, _ in root.iterlinks())


@rule
def links_of_atom_say_something_else_each(channel: etree._Element) -> None:
    links = [(e.get("rel"), e.get("href")) for e in channel.findall(f"{ATOM}link")]
    assert len(set(links)) == len(links)
    assert {rel for rel, _ in links} <= {"self", "hub", "prev-archive", "next-archive", "current"}


@rule
def namespaces_are_known_and_have_their_usual_prefix(channel: etree._Element) -> None:
    usual = {"atom": ATOM, "content": CONTENT, "dc": DC, "fh": HISTORY, "media": MEDIA}
    for prefix, uri in channel.nsmap.items():
        assert usual[str(prefix)] == f"{{{uri}}}"


@rule
def an_enclosure_has_address_length_and_type(channel: etree._Element) -> None:
    for enclosure in channel.iter("enclosure"):
        assert (enclosure.get("length") or "").isdigit()
        assert re.fullmatch(r"[\w.+-]+/[\w.+-]+", enclosure.get("type") or "")


@rule
def authors_are_named_without_an_address(channel: etree._Element) -> None:
    assert list(channel.iter("author", "managingEditor", "webMaster")) == []
    assert all(e.text and e.text.strip() for e in channel.iter(f"{DC}creator"))


@rule
def categories_and_sources_say_something(channel: etree._Element) -> None:
    assert all(e.text and e.text.strip() for e in channel.iter("category", "source"))


@rule
def media_are_of_a_kind_that_there_is(channel: etree._Element) -> None:
    for content in channel.iter(f"{MEDIA}content"):
        assert content.get("medium") in (None, "image", "audio", "video")
        assert int(content.get("fileSize", "1")) > 0


@rule
def nothing_is_told_that_opens_a_source(channel: etree._Element) -> None:
    assert b":secret@" not in etree.tostring(channel)


@rule
def what_an_item_has_is_not_empty(channel: etree._Element) -> None:
    for item in channel.iter("item"):
        assert all((child.text or "").strip() or child.attrib for child in item)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_plain_text_is_written_with_hexadecimal_references(name: str) -> None:
    written = re.findall(rb"<(title|category|source|dc:rights)\b[^>]*>([^<]*)<", DOCUMENTS[name])
    assert [text for _, text in written if re.search(rb"&(?!#x[0-9A-F]+;)", text)] == []


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.rss")), ids=lambda path: path.stem)
def test_content_as_agreed_has_elements_and_attributes_that_are_safe_alone(path: Path) -> None:
    contents = list(etree.parse(path).iter(f"{CONTENT}encoded"))
    for content in contents:
        root = html.fragment_fromstring(content.text or "", create_parent=True)
        assert {str(name) for element in root.iter() for name in element.attrib} <= SAFE
        assert not {str(e.tag) for e in root.iter()} & set(
            "embed form iframe object script style svg".split()
        )
    assert len(contents) > 3
