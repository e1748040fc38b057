"""Stage 4: entries and translations → feeds and pages. A pure function of the database, but for the writing."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, urlsplit

from feedsvc.config import Config
from feedsvc.model import Article, FetchState, Layout, OutputFeed, TitleLayout
from feedsvc.publish import layout, opml, pages
from feedsvc.publish.files import prepare_folder, remove_others, write_if_changed
from feedsvc.publish.render import Channel, Item, render

__all__ = ["publish"]

_NAMES = uuid.UUID("2f7a9f0e-3c1b-5d49-8f2a-6d1c0f5e7b90")
_PAGES = "articles"
_NAME = "Translated news feeds"
_IRI_SCHEMES = frozenset({"http", "https", "tag", "urn"})
_NEWEST_SHOWN = 5


def publish(config: Config, articles: Iterable[Article], states: Mapping[str, FetchState]) -> tuple[str, ...]:
    """Write every file whose content has changed, and remove the pages of articles that are no more.

    Returns the names of the files written, relative to the output folder.

    `articles` are all that may be published, newest first; `states` are those of their sources.

    Raises: PublishError.
    """
    prepare_folder(config.output_dir)
    present, written = set(), []
    for name, content in render_files(config, articles, states):
        present.add(config.output_dir / name)
        if write_if_changed(config.output_dir / name, content):
            written.append(name)
    remove_others(config.output_dir / _PAGES, present)
    return tuple(written)


def render_files(
    config: Config, articles: Iterable[Article], states: Mapping[str, FetchState]
) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file; none for an output whose sources have never been read.

    Pages come first: a feed never links to what is not there yet.
    """
    outputs = [o for o in config.outputs if any(states[source_id].added_at for source_id in o.source_ids)]
    chosen: dict[str, dict[str, Item]] = {output.slug: {} for output in outputs}
    for article in articles:
        source_id = article.entry.source_id
        yield _page_name(article), _page(article, config, states[source_id].title or source_id)
        for output in outputs:
            by_id = chosen[output.slug]
            if source_id in output.source_ids and len(by_id) < output.max_entries:
                item = _item(article, output.layout, output.title_layout, config)
                by_id.setdefault(item.id, item)
    feeds = []
    for output in outputs:
        items = list(chosen[output.slug].values())
        channel = _channel(output, items, config, states)
        rss, atom = render(channel, items)
        yield f"{output.slug}.rss", rss
        yield f"{output.slug}.atom", atom
        feeds.append((output.slug, channel, items))
    yield "feeds.opml", opml.render(_NAME, [_subscription(channel) for _, channel, _ in feeds])
    yield (
        "index.html",
        pages.index_page(
            [_listed(*feed) for feed in feeds],
            name=_NAME,
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


def _subscription(channel: Channel) -> opml.Subscription:
    return opml.Subscription(
        title=channel.title,
        language=channel.language,
        feed_url=f"{channel.self_url}.rss",
        page_url=channel.link,
    )


def _item(article: Article, body: Layout, title: TitleLayout, config: Config) -> Item:
    entry = article.entry
    page_url = config.base_url + quote(_page_name(article))
    return Item(
        id=_item_id(article),
        title=layout.title(article, title),
        summary=layout.summary(article),
        content_html=layout.body(entry, article.translation, body, with_credit=config.credit),
        link=entry.link or page_url,
        link_language=entry.language if entry.link else None,
        page_url=page_url if entry.link else None,
        language=config.target_language if article.translation else entry.language or "und",
        published=article.published,
        updated=article.updated,
        authors=entry.authors,
        categories=layout.categories(article),
        enclosures=entry.enclosures,
        image_url=entry.image_url,
    )


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


def _page(article: Article, config: Config, source_title: str) -> bytes:
    item = _item(article, Layout.INTERLEAVED, TitleLayout.TRANSLATION_FIRST, config)
    made = article.translation
    translated = layout.title(article, TitleLayout.TRANSLATION) if made and made.title.is_translated else None
    return pages.article_page(
        item,
        titles=(translated, layout.title(article, TitleLayout.ORIGINAL)),
        source_title=source_title,
        source_language=article.entry.language,
    )


def _channel(
    output: OutputFeed, items: Sequence[Item], config: Config, states: Mapping[str, FetchState]
) -> Channel:
    own = [states[source_id] for source_id in output.source_ids]
    only = own[0] if len(own) == 1 else FetchState()
    title = output.title or only.title or output.slug
    return Channel(
        id=f"urn:uuid:{uuid.uuid5(_NAMES, f'output/{output.slug}')}",
        title=title,
        description=f"{title}, translated on the reader's own machine",
        language=config.target_language,
        link=only.link or config.base_url,
        self_url=f"{config.base_url}{output.slug}",
        updated=_last_change(items, own),
        ttl_minutes=60,
    )


def _last_change(items: Sequence[Item], states: Sequence[FetchState]) -> datetime:
    """When the newest item changed; of a feed without any, when its first source was added."""
    return max((item.updated for item in items), default=min(s.added_at for s in states if s.added_at))
