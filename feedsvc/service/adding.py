"""From an address, or a list of subscriptions, to the sources that the configuration lacks; and back to a list."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from feedsvc.config import Config
from feedsvc.document import http_url
from feedsvc.errors import SourceError
from feedsvc.ingest import Fetcher, read_source
from feedsvc.ingest.find import Found, Search, candidate, describe, find_feeds, web_address
from feedsvc.ingest.opml import Outline
from feedsvc.model import FetchState, Known, ParsedFeed, Source
from feedsvc.publish.opml import Subscription
from feedsvc.service.sources import NewSource, free_id, place_key, taken_ids

_WEB = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)
_PATH = re.compile(r"[/~]|\.\.?(?:/|$)|file://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user says of a source, rather than its feed."""

    id: str | None = None
    language: str | None = None
    full_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be written into the configuration, and what not."""

    new: tuple[NewSource, ...] = ()
    #: ids of sources that are there already
    present: tuple[str, ...] = ()
    #: why others are left out, one sentence each
    refused: tuple[str, ...] = ()


def locate(address: str) -> str:
    """An address as the user typed it → an absolute path of a file or folder that is there, else a URL or host.

    Raises: ValueError if it cannot be that of a feed.
    """
    named = unquote(urlsplit(address).path) if address.startswith("file://") else address
    path = Path(os.path.normpath(Path.cwd() / Path(named).expanduser()))
    if "://" not in named and path.exists():
        return str(path)
    if _PATH.match(address):
        raise ValueError(f"{named}: there is no such file or folder")
    url = urldefrag(web_address(address)).url
    _checked(url if "://" in url else f"https://{url}")
    return url


def look(
    place: str, fetcher: Fetcher, *, now: datetime, on_ask: Callable[[str], None] = lambda url: None
) -> Search:
    """What is to be read at a place that `locate` made out.

    Raises: SourceError if a file or folder cannot be read.
    """
    path = Path(place)
    if not path.is_absolute():
        return find_feeds(place, fetcher, on_ask=on_ask)
    source = candidate("folder" if path.is_dir() else "file", place)
    try:
        feed = read_source(source, fetcher, Known(), now=now)
    except SourceError as error:
        hint = "" if path.is_dir() else "; of articles, add the folder that they are in"
        raise SourceError(f"{place}: {str(error).removeprefix(f'{place}: ')}{hint}") from error
    assert isinstance(feed, ParsedFeed), "nothing is known of it that could be unchanged"
    return Search(feeds=(describe(feed, kind=source.kind, location=place),), tried=())


def configured(config: Config | None, place: str) -> Source | None:
    """The source that is configured for a place already, be it with another scheme or slash."""
    sources = config.sources if config else ()
    wanted = place_key(place if "://" in place or Path(place).is_absolute() else f"https://{place}")
    return next((s for s in sources if place_key(s.location) == wanted), None)


def main_feeds(feeds: Sequence[Found]) -> list[Found]:
    """The feeds that somebody may mean who gives the address of a site: none of comments, none without entries."""
    return [f for f in feeds if f.entries and not f.is_of_comments] or list(feeds)


def plan_found(chosen: Iterable[Found], config: Config | None, wishes: Wishes) -> Plan:
    """The sources to write for feeds that were found."""
    plan, taken = Plan(), taken_ids(config)
    for found in chosen:
        if source := configured(config, found.location):
            plan = replace(plan, present=(*plan.present, source.id))
            continue
        new = NewSource(
            id=wishes.id or free_id(found.title, found.location, taken),
            kind=found.kind,
            location=found.location,
            language=wishes.language or (found.language if found.is_language_unsaid else None),
            full_text=wishes.full_text,
        )
        taken.add(new.id)
        plan = replace(plan, new=(*plan.new, new))
    return plan


def plan_import(outlines: Iterable[Outline], config: Config | None) -> Plan:
    """The sources to write for a list of subscriptions, each feed once."""
    taken = taken_ids(config)
    known = {place_key(s.location): s.id for s in config.sources} if config else {}
    new: dict[str, NewSource] = {}
    present, refused = [], []
    for outline in outlines:
        url = urldefrag(web_address(outline.url)).url
        try:
            key = place_key(_checked(url))
        except ValueError as error:
            refused.append(f"{outline.title or 'an outline without title'}: {error}")
            continue
        if key in known:
            present.append(known[key])
        elif key not in new:
            new[key] = NewSource(
                id=free_id(outline.title, url, taken), kind="feed", location=url, language=outline.language
            )
            taken.add(new[key].id)
    return Plan(new=tuple(new.values()), present=tuple(dict.fromkeys(present)), refused=tuple(refused))


def exported(config: Config, states: Mapping[str, FetchState]) -> tuple[list[Subscription], list[str]]:
    """The sources that are feeds of the web, and the ids of the others."""
    outlines = [
        Subscription(
            title=states[s.id].title or s.id,
            language=s.language,
            feed_url=s.location,
            page_url=states[s.id].link,
        )
        for s in config.sources
        if s.kind == "feed"
    ]
    return outlines, [s.id for s in config.sources if s.kind != "feed"]


def _checked(url: str) -> str:
    """A URL that may stand in the configuration. Raises: ValueError."""
    if not _WEB.fullmatch(url):
        raise ValueError(
            f'"{url}" is no address of the web (http:// or https://), file or folder that is there'
        )
    return http_url(url)
