"""Stage 4: entries and translations → feeds and pages. A pure function of the database, but for the writing."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from feedsvc.config import Config
from feedsvc.model import (
    Access,
    Article,
    FetchState,
    Layout,
    OutputFeed,
    Source,
    TitleLayout,
    Translation,
    Verdict,
)
from feedsvc.publish import layout, media, opml, pages
from feedsvc.publish.files import prepare_folder, remove_others, write_if_changed
from feedsvc.publish.items import Channel, Item, Origin
from feedsvc.publish.render import render

__all__ = ["NAME", "publish", "subscriptions"]

#: of all the feeds together
NAME = "Translated news feeds"
_NAMES = uuid.UUID("2f7a9f0e-3c1b-5d49-8f2a-6d1c0f5e7b90")
_PAGES = "articles"
_IRI_SCHEMES = frozenset({"http", "https", "tag", "urn"})
_NEWEST_SHOWN = 5


def publish(config: Config, articles: Iterable[Article], states: Mapping[str, FetchState]) -> tuple[str, ...]:
    """Write every file whose content has changed, and remove the pages and media of articles that are no more.

    Returns the names of the files written, relative to the output folder.

    `articles` are all that may be published, newest first; `states` are those of their sources.

    Raises: PublishError.
    """
    prepare_folder(config.output_dir)
    present, written = set(), []
    for name, content in render_files(config, articles, states):
        path = config.output_dir / name
        present.add(path)
        if media.put(content, path) if isinstance(content, Path) else write_if_changed(path, content):
            written.append(name)
    remove_others(config.output_dir / _PAGES, present)
    remove_others(config.output_dir / media.FOLDER, present, pattern=media.PATTERN)
    return tuple(written)


def render_files(
    config: Config, articles: Iterable[Article], states: Mapping[str, FetchState]
) -> Iterator[tuple[str, bytes | Path]]:
    """Name and content of every file, or where it lies; none for an output whose sources have never been read.

    Media and pages come first: a feed never links to what is not there yet.
    """
    outputs = _published(config, states)
    chosen: dict[str, dict[str, Item]] = {output.slug: {} for output in outputs}
    for article in articles:
        source_id = article.entry.source_id
        for name in media.names(article.entry):
            yield f"{media.FOLDER}/{name}", config.data_dir / media.FOLDER / name
        yield _page_name(article), _page(article, config, states)
        for output in outputs:
            by_id = chosen[output.slug]
            if source_id in output.source_ids and len(by_id) < output.max_entries:
                item = _item(article, output.layout, output.title_layout, config, states)
                by_id.setdefault(item.id, item)
    yield pages.FEED_STYLE, pages.feed_style(config.target_language)
    feeds = []
    for output in outputs:
        items = list(chosen[output.slug].values())
        channel = _channel(output, items, config, states)
        for suffix, content in render(channel, items).items():
            yield f"{output.slug}.{suffix}", content
        feeds.append((output.slug, channel, items))
    yield "feeds.opml", opml.render(NAME, subscriptions(config, states))
    yield (
        "index.html",
        pages.index_page(
            [_listed(*feed) for feed in feeds],
            name=NAME,
            base_url=config.base_url,
            language=config.target_language,
        ),
    )


def _listed(slug: str, channel: Channel, items: Sequence[Item]) -> pages.Listed:
    return pages.Listed(
        slug=slug,
        title=channel.title,
        entries=len(items),
        updated=channel.updated if items else None,
        newest=tuple(items[:_NEWEST_SHOWN]),
    )


def subscriptions(config: Config, states: Mapping[str, FetchState]) -> list[opml.Subscription]:
    """The feeds that are published, for readers to subscribe to; `states` are those of their sources."""
    return [_subscription(output, config, states) for output in _published(config, states)]


def _published(config: Config, states: Mapping[str, FetchState]) -> list[OutputFeed]:
    return [o for o in config.outputs if any(states[source_id].added_at for source_id in o.source_ids)]


def _subscription(output: OutputFeed, config: Config, states: Mapping[str, FetchState]) -> opml.Subscription:
    title, link = _name_and_link(output, config, states)
    return opml.Subscription(
        title=title,
        language=config.target_language,
        feed_url=f"{config.base_url}{output.slug}.rss",
        page_url=link,
    )


def _name_and_link(output: OutputFeed, config: Config, states: Mapping[str, FetchState]) -> tuple[str, str]:
    """What a feed is called, and the page that it belongs to: those of its source where it has only one."""
    ids = output.source_ids
    only = states[ids[0]] if len(ids) == 1 else FetchState()
    return output.title or only.title or output.slug, only.link or config.base_url


def _item(
    article: Article,
    body: Layout,
    title: TitleLayout,
    config: Config,
    states: Mapping[str, FetchState],
) -> Item:
    made = article.translation
    entry = article.entry
    page_url = config.base_url + quote(_page_name(article))
    content = layout.body(entry, article.translation, body, with_credit=config.credit)
    return Item(
        id=_item_id(article),
        title=layout.title(article, title),
        summary=layout.summary(article),
        content_html=media.with_addresses(content, config.base_url),
        link=entry.link or page_url,
        link_language=entry.language if entry.link else None,
        page_url=page_url if entry.link else None,
        language=config.target_language if article.translation else entry.language or "und",
        published=article.published,
        updated=article.updated,
        authors=entry.authors,
        categories=layout.categories(article),
        enclosures=entry.enclosures,
        image_url=media.address(entry.image_url, config.base_url),
        origin=_origin(entry.source_id, config, states),
        source_language=entry.language,
        translated_title=layout.title(article, TitleLayout.TRANSLATION)
        if made and made.title.is_translated
        else None,
        original_title=layout.title(article, TitleLayout.ORIGINAL),
        verdicts=_verdicts(made),
        engine=made.engine if made else "",
    )


def _origin(source_id: str, config: Config, states: Mapping[str, FetchState]) -> Origin:
    state = states[source_id]
    source = next((s for s in config.sources if s.id == source_id), None)
    return Origin(
        id=source_id,
        title=state.title or source_id,
        link=state.link,
        feed_url=_public_url(source) if source else None,
    )


def _public_url(source: Source) -> str | None:
    """The address of a feed that everybody may know: what is for subscribers alone often has a key in its query."""
    is_open = source.kind == "feed" and "?" not in source.location and source.access == Access()
    return source.location if is_open else None


def _verdicts(made: Translation | None) -> tuple[tuple[Verdict, int], ...]:
    if made is None:
        return ()
    counts = Counter(s.verdict for passage in made.passages for s in passage.segments)
    return tuple((verdict, counts[verdict]) for verdict in Verdict if counts[verdict])


def _item_id(article: Article) -> str:
    """The source's guid where it can be an atom:id, else a URN made of it (RFC 4287 4.2.6: an absolute IRI)."""
    guid = article.entry.guid
    return guid if _is_iri(guid) else f"urn:uuid:{uuid.uuid5(_NAMES, f'{article.entry.source_id}/{guid}')}"


def _is_iri(guid: str) -> bool:
    try:
        scheme = urlsplit(guid).scheme
    except ValueError:
        return False
    return scheme in _IRI_SCHEMES and not any(c.isspace() or c in '<>"{}|\\^`' for c in guid)


def _page_name(article: Article) -> str:
    digest = hashlib.sha256(article.entry.guid.encode()).hexdigest()[:16]
    return f"{_PAGES}/{article.entry.source_id}/{digest}.html"


def _page(article: Article, config: Config, states: Mapping[str, FetchState]) -> bytes:
    return pages.article_page(
        _item(article, Layout.INTERLEAVED, TitleLayout.TRANSLATION_FIRST, config, states)
    )


def _channel(
    output: OutputFeed, items: Sequence[Item], config: Config, states: Mapping[str, FetchState]
) -> Channel:
    own = [states[source_id] for source_id in output.source_ids]
    title, link = _name_and_link(output, config, states)
    return Channel(
        id=f"urn:uuid:{uuid.uuid5(_NAMES, f'output/{output.slug}')}",
        title=title,
        description=f"{title}, translated on the reader's own machine",
        language=config.target_language,
        link=link,
        self_url=f"{config.base_url}{output.slug}",
        updated=_last_change(items, own),
        ttl_minutes=60,
        style_sheet=pages.FEED_STYLE,
    )


def _last_change(items: Sequence[Item], states: Sequence[FetchState]) -> datetime:
    """When the newest item changed; of a feed without any, when its first source was added."""
    return max((item.updated for item in items), default=min(s.added_at for s in states if s.added_at))
