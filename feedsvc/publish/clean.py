"""What every format can hold: channels and items, made fit before they are rendered.

One character that XML forbids, or one address that no URI can be, would cost a whole feed. Here it costs at
most what it stands in.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote, urlsplit

import idna

from feedsvc import languages
from feedsvc.model import Enclosure
from feedsvc.publish.items import Channel, Item, Origin

#: what XML 1.0 cannot hold
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: that, what readers take for Windows-1252, and what is no character (XML 1.0 2.2 advises against both)
_UNWANTED = re.compile(
    "[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]"
    f"|[{''.join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(1, 17))}]"
)
_NO_HOST = re.compile(r'[\s<>"{}|\\^`%]')
#: all that may stand in a URI (RFC 3986 2), but for what only a host may hold
_URI = "%:/?#@!$&'()*+,;=-._~"
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
#: with its parameters, as far as they are some
_MIME_TYPE = re.compile(
    r"""[\w!#$&^.+-]+/[\w!#$&^.+-]+(?=\s*(?:;|$))(?:\s*;\s*[\w!#$&^.+-]+=(?:"[^"\\]*"|[\w!#$&^.+-]+))*""",
    re.ASCII,
)
_ANY_TYPE = "application/octet-stream"
#: an address behind a name
_MAIL = re.compile(r"(?<=\S)\s*<[^<>\s@]+@[^<>\s@]+>")
#: the query of an address in a text
_QUERY = re.compile(r"(https?://[^\s?]*)\?\S*?(?=[:,;.)]?(?:\s|$))")
_TITLE_CHARS = 80
_NAMES = uuid.UUID("6c0e8a52-7c8b-5e0c-9d64-1f4d6c1f7a31")


def clean_item(item: Item) -> Item | None:
    """An item that every format can hold, with a title; None for one that leads nowhere."""
    page_url = address(item.page_url)
    link = address(item.link) or page_url
    if link is None:
        return None
    summary = _line(item.summary)
    return replace(
        item,
        id=_id(item.id),
        title=_line(item.title) or summary[:_TITLE_CHARS] or link,
        summary=summary,
        content_html=text(item.content_html),
        link=link,
        page_url=page_url if page_url != link else None,
        authors=_each_once(_MAIL.sub("", _line(name)) for name in item.authors),
        categories=_categories(item.categories),
        enclosures=_enclosures(item.enclosures),
        image_url=address(item.image_url),
        origin=item.origin and _origin(item.origin),
        translated_title=item.translated_title and _line(item.translated_title),
        original_title=_line(item.original_title),
        engine=_line(item.engine),
        rights=_line(item.rights),
    )


def clean_channel(channel: Channel) -> Channel:
    """A channel that every format can hold, with a title and a description."""
    title = _line(channel.title) or channel.self_url
    return replace(
        channel,
        title=title,
        description=_line(channel.description) or title,
        link=address(channel.link) or channel.self_url,
        hubs=tuple(filter(None, map(address, channel.hubs))),
    )


def text(value: str) -> str:
    """Text without what XML 1.0 cannot hold or readers take for something else."""
    return _UNWANTED.sub("", value)


def address(url: str | None) -> str | None:
    """An http(s) URL in the characters that a URI may have; None for what leads nowhere.

    Spec: RFC 3986; RFC 3987 3.1; RFC 5891 4.4.
    """
    try:
        parts = urlsplit(text(url or "").strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or _NO_HOST.search(parts.netloc):
        return None
    rest = quote(
        f"{parts.path}{parts.query and '?' + parts.query}{parts.fragment and '#' + parts.fragment}", safe=_URI
    )
    return f"{parts.scheme}://{_in_ascii(parts.netloc)}{_STRAY_PERCENT.sub('%25', rest)}"


def without_keys(message: str) -> str:
    """A message without the queries of the addresses in it: those of feeds for subscribers hold a key."""
    return _QUERY.sub(r"\1", message)


def _in_ascii(netloc: str) -> str:
    """The host as the DNS has it; as it is if it has no such form."""
    if netloc.isascii():
        return netloc
    user, at, place = netloc.rpartition("@")
    host, colon, port = place.partition(":")
    try:
        return f"{user}{at}{idna.encode(host, uts46=True).decode()}{colon}{port}"
    except idna.IDNAError:
        return netloc


def _line(value: str) -> str:
    return languages.collapse(text(value))


def _id(value: str) -> str:
    """The id, or where it has what no id may have, one made of it: never the same for two."""
    if value and not _NOT_XML.search(value) and not any(c.isspace() for c in value):
        return value
    digest = uuid.uuid5(_NAMES, value.encode("utf-8", "surrogatepass").hex())
    return f"urn:uuid:{digest}"


def _each_once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, values)))


def _categories(categories: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    labels = {_line(term): _line(label) for term, label in reversed(tuple(categories))}
    return tuple((term, label or term) for term, label in reversed(labels.items()) if term)


def _enclosures(enclosures: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    by_url: dict[str, Enclosure] = {}
    for enclosure in enclosures:
        if url := address(enclosure.url):
            stated = _MIME_TYPE.match(text(enclosure.mime_type).strip())
            known = enclosure.length_bytes is not None and enclosure.length_bytes >= 0
            by_url.setdefault(
                url,
                Enclosure(
                    url=url,
                    mime_type=stated[0] if stated else _ANY_TYPE,
                    length_bytes=enclosure.length_bytes if known else None,
                ),
            )
    return tuple(by_url.values())


def _origin(origin: Origin) -> Origin:
    return replace(
        origin,
        id=_line(origin.id),
        title=_line(origin.title) or _line(origin.id),
        link=address(origin.link),
        feed_url=_without_credentials(address(origin.feed_url)),
    )


def _without_credentials(url: str | None) -> str | None:
    """The URL without a name and password: what opens a source to us is nothing to tell readers."""
    if url is None:
        return None
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
