"""Entries, made of what a document says of them: sanitised, in a language, each under a guid of its own."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from feedsvc import languages
from feedsvc.detect import detect
from feedsvc.errors import ParseError
from feedsvc.ingest.said import Said
from feedsvc.ingest.sanitize import read_body
from feedsvc.ingest.titles import MAX_TITLE, paragraphs
from feedsvc.model import Enclosure, Entry, Source

#: for guids that are made here
_GUIDS = uuid.UUID("0b2b7c52-6a3e-5d0f-8f0e-3f6f5a0c9d21")
#: more than servers take for an address
_MAX_GUID = 8_000
#: problems that are named one by one
MAX_NAMED = 20


def make_entry(said: Said, source: Source) -> Entry:
    """An entry: its body sanitised, its language found, its guid the stated one, else its link, else made.

    Raises: ParseError if there is nothing that it could be called by.
    """
    if len(said.guid or said.link or "") > _MAX_GUID:
        raise ParseError(f"its guid or link has more than {_MAX_GUID:,} characters")
    image_url = said.image_url or _picture(said.enclosures)
    body = said.body
    if not body and len(said.full_title) > MAX_TITLE:
        body = paragraphs(said.full_title, keep_lines=True)
    read = read_body(body, base_url=said.base_url, image_url=image_url)
    language = source.language or first_language(said.languages)
    return Entry(
        source_id=source.id,
        guid=said.guid or said.link or _made_guid(said, source, read.text),
        link=said.link,
        title=said.title,
        summary=said.summary if said.summary != read.text else "",
        body_html=read.html,
        language=language or detect(f"{said.title} {read.text}"),
        published=said.published,
        updated=said.updated,
        authors=said.authors,
        categories=said.categories,
        enclosures=said.enclosures,
        image_url=image_url,
        rights=said.rights,
    )


def told_apart(entries: Sequence[Entry]) -> list[Entry]:
    """The entries of a document, each under a guid of its own; the same guid twice is the same entry.

    But a guid with which several links are called names nothing: there the links are the guids.
    """
    links: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.link:
            links[entry.guid].add(entry.link)
    return [replace(e, guid=e.link) if e.link and len(links[e.guid]) > 1 else e for e in entries]


def first_language(tags: Iterable[str | None]) -> str | None:
    """The first of some language tags that is one, in canonical form."""
    return next((tag for t in tags if t and (tag := languages.normalise(t))), None)


def _picture(enclosures: Iterable[Enclosure]) -> str | None:
    return next((e.url for e in enclosures if e.mime_type.startswith("image/")), None)


def _made_guid(said: Said, source: Source, text: str) -> str:
    """The same for the same title and date, wherever the entry stands; of the text, where it has neither."""
    date = said.published or said.updated
    called = f"{said.title}\n{date.isoformat() if date else ''}".strip() or text
    if not called:
        raise ParseError("it has no guid, link, title, date or text")
    return uuid.uuid5(_GUIDS, f"{source.id}\n{called}").urn


def named(problems: Sequence[str]) -> tuple[str, ...]:
    """Problems as they are told: the first ones, and how many more."""
    if len(problems) <= MAX_NAMED:
        return tuple(problems)
    return (*problems[:MAX_NAMED], f"and {len(problems) - MAX_NAMED:,} more like these")
