"""JSON Feed 1.1 documents: items → bytes, the same bytes each time.

What the format has no place for stands in the extension `_feedsvc` of an item: `source` (id, title, url,
feed_url), `source_language`, `original_title` and `translated_title`, `engine`, `verdicts` (how many sentences
fared how), `page_url` of our bilingual page, `categories` as (term, label), `rights`. What is not known is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import urljoin

from feedsvc.model import Enclosure
from feedsvc.publish.items import Channel, Item, Origin

VERSION = "https://jsonfeed.org/version/1.1"


def render(channel: Channel, items: Sequence[Item]) -> bytes:
    """The feed as JSON Feed, items in the given order.

    A feed names no author of its own: the authors of a feed count as those of every item that names none.

    Spec: JSON Feed 1.1.
    """
    document = {
        "version": VERSION,
        "title": channel.title,
        "home_page_url": channel.link,
        "feed_url": f"{channel.self_url}.json",
        "description": channel.description,
        "language": channel.language,
        "hubs": [{"type": "WebSub", "url": hub} for hub in channel.hubs],
        "_feedsvc": {"about": urljoin(channel.self_url, ".")},
    }
    known = {**_known(document), "items": [_item(item) for item in items]}
    return f"{json.dumps(known, ensure_ascii=False, indent=1)}\n".encode()


def _item(item: Item) -> dict[str, object]:
    labels = [label for _, label in item.categories]
    terms = [term for term, _ in item.categories]
    stated = {
        "summary": item.summary,
        "image": item.image_url,
        "date_published": item.published.isoformat(),
        "date_modified": item.updated.isoformat(),
        "authors": [{"name": name} for name in item.authors],
        "tags": list(dict.fromkeys(labels + terms)),
        "language": None if item.language == "und" else item.language,
        "attachments": [_attachment(enclosure) for enclosure in item.enclosures],
        "_feedsvc": _extension(item),
    }
    required = {"id": item.id, "url": item.link, "title": item.title, "content_html": item.content_html}
    return {**required, **_known(stated)}


def _attachment(enclosure: Enclosure) -> dict[str, object]:
    return _known(
        {"url": enclosure.url, "mime_type": enclosure.mime_type, "size_in_bytes": enclosure.length_bytes}
    )


def _extension(item: Item) -> dict[str, object]:
    return _known(
        {
            "source": _source(item.origin) if item.origin else None,
            "source_language": item.source_language,
            "original_title": item.original_title,
            "translated_title": item.translated_title,
            "engine": item.engine,
            "verdicts": {verdict.value: count for verdict, count in item.verdicts},
            "page_url": item.page_url,
            "categories": [{"term": term, "label": label} for term, label in item.categories],
            "rights": item.rights,
        }
    )


def _source(origin: Origin) -> dict[str, object]:
    return _known({"id": origin.id, "title": origin.title, "url": origin.link, "feed_url": origin.feed_url})


def _known(values: Mapping[str, object]) -> dict[str, object]:
    """What there is to say."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", [], {})}
