"""Articles → the bytes of pages, feeds, index and list. Pure: the same configuration and articles, the same bytes."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from feedsvc import __version__
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
from feedsvc.publish.clean import without_keys
from feedsvc.publish.items import Channel, Item, Origin
from feedsvc.publish.render import render
from feedsvc.publish.texts import Texts, count, texts

#: of all the feeds together
NAME = "Translated news feeds"
#: folder of the pages
PAGES = "articles"
INDEX = "index.html"
LIST = "feeds.opml"
_NAMES = uuid.UUID("2f7a9f0e-3c1b-5d49-8f2a-6d1c0f5e7b90")
#: what every reader and validator takes for an absolute URI that names something (RFC 3986, 4151, 4122, 2141)
_URI = re.compile(
    r"(?i:https?)://(?!/)[\w;/?:@&=+$.!~*'()%,#-]+"
    r"|tag:([a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(-\d\d){0,2}:[\w;/?:@&=+$.!~*'()%,#-]*"
    r"|(?i:urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?i:urn:(?!uuid:)[a-z0-9][a-z0-9-]{1,31}:([\w()+,.:=@;$!*'-]|%[0-9a-f]{2})+)",
    re.ASCII,
)
_NEWEST_SHOWN = 5
_PROBLEMS_SHOWN = 5
#: name of the file of an archive
ARCHIVE = re.compile(r".+-archive-\d{4}-\d\d-\d\d\.(rss|atom)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The feed of an output in each format, by file name, and what the index says of it."""

    files: Mapping[str, bytes]
    listed: pages.Listed


class Renderer:
    """Makes bytes of articles; `states` are those of every configured source."""

    def __init__(self, config: Config, states: Mapping[str, FetchState]) -> None:
        self._config = config
        self._states = states
        self._feed_urls = {s.id: _public_url(s) for s in config.sources}
        everywhere = self._everywhere()
        self._source_digests = {i: _digest(everywhere, self._origin(i)) for i in states}
        #: outputs of which at least one source has been read
        self.outputs = [o for o in config.outputs if any(states[i].added_at for i in o.source_ids)]
        self._output_digests = {o.slug: self._digest_of(o) for o in self.outputs}

    def source_digest(self, source_id: str) -> str:
        """Of all that decides the pages of a source, but for its articles."""
        return self._source_digests[source_id]

    def output_digest(self, output: OutputFeed) -> str:
        """Of all that decides the feeds of an output, but for its articles."""
        return self._output_digests[output.slug]

    def index_digest(self, waiting: Mapping[str, int]) -> str:
        """Of all that decides index and list, but for what the index says of the entries of each output."""
        return _digest(self._everywhere(), list(self._output_digests.values()), self._listed_sources(waiting))

    def page(self, article: Article, before: Article | None = None, after: Article | None = None) -> bytes:
        """The reading page of an article; `before` and `after` are those next to it in time."""
        return pages.article_page(
            self._item(article, Layout.INTERLEAVED, TitleLayout.TRANSLATION_FIRST),
            previous=self._item(before, None, TitleLayout.TRANSLATION_FIRST) if before else None,
            next=self._item(after, None, TitleLayout.TRANSLATION_FIRST) if after else None,
        )

    def output(
        self, output: OutputFeed, articles: Sequence[Article], *, newest_archive: str | None = None
    ) -> Rendered:
        """The feeds of an output, of its articles in their order; archives are named by their day."""
        items = self._items(output, articles)
        channel = self._channel(output, items)
        if newest_archive:
            channel = replace(channel, previous_archive=archive_name(output.slug, newest_archive))
        return Rendered(
            files={f"{output.slug}.{suffix}": content for suffix, content in render(channel, items).items()},
            listed=pages.listed(
                output.slug,
                channel.title,
                entries=len(items),
                updated=channel.updated if items else None,
                newest=items[:_NEWEST_SHOWN],
                base_url=self._config.base_url,
                language=self._config.target_language,
            ),
        )

    def archive(
        self,
        output: OutputFeed,
        articles: Sequence[Article],
        day: str,
        *,
        previous: str | None,
        next: str | None,
    ) -> dict[str, bytes]:
        """What an output held in a day and holds no longer, in each format, by file name. Spec: RFC 5005 4."""
        name = archive_name(output.slug, day)
        items = self._items(output, articles)
        channel = replace(
            self._channel(output, items),
            self_url=f"{self._config.base_url}{name}",
            hubs=(),
            is_archive=True,
            previous_archive=archive_name(output.slug, previous) if previous else None,
            next_archive=archive_name(output.slug, next) if next else None,
            current=output.slug,
        )
        return {f"{name}.{suffix}": content for suffix, content in render(channel, items).items()}

    def index(self, listed: Mapping[str, pages.Listed], waiting: Mapping[str, int]) -> bytes:
        """The page that says what there is to subscribe to; `waiting` is how many entries of a source do."""
        sources = self._listed_sources(waiting)
        return pages.index_page(
            [self._with_sources(listed[o.slug], o.source_ids, sources) for o in self.outputs],
            name=NAME,
            language=self._config.target_language,
            sources=list(sources.values()),
            has_status=True,
        )

    def subscriptions(self) -> list[opml.Subscription]:
        """The feeds that are published, for readers to subscribe to."""
        return [self._subscription(output) for output in self.outputs]

    def _listed_sources(self, waiting: Mapping[str, int]) -> dict[str, pages.ListedSource]:
        say = texts(self._config.target_language)
        found = {}
        for source in self._config.sources:
            state, origin = self._states[source.id], self._origin(source.id)
            found[source.id] = pages.ListedSource(
                title=origin.title,
                state=_how_it_fares(state),
                link=origin.link,
                feed_url=origin.feed_url,
                language=source.language,
                waiting=waiting.get(source.id, 0),
                problems=tuple(_problems(state, say)),
            )
        return found

    def _with_sources(
        self, listed: pages.Listed, ids: Sequence[str], sources: Mapping[str, pages.ListedSource]
    ) -> pages.Listed:
        own = [sources[i] for i in ids]
        return replace(
            listed,
            sources=tuple(source.title for source in own),
            waiting=sum(source.waiting for source in own),
            problems=tuple(
                f"{source.title}: {problem}" if len(own) > 1 else problem
                for source in own
                for problem in source.problems
            ),
        )

    def _digest_of(self, output: OutputFeed) -> str:
        added = [self._states[source_id].added_at for source_id in output.source_ids]
        return _digest(output, [self._source_digests[i] for i in output.source_ids], added)

    def _everywhere(self) -> str:
        """Of what decides the bytes of every file."""
        config = self._config
        place = (str(config.output_dir), config.base_url, config.precompress)
        return _digest(_program(), place, config.target_language, config.credit, config.hubs)

    def _subscription(self, output: OutputFeed) -> opml.Subscription:
        title, link = self._name_and_link(output)
        return opml.Subscription(
            title=title,
            language=self._config.target_language,
            feed_url=f"{self._config.base_url}{output.slug}.rss",
            page_url=link,
        )

    def _name_and_link(self, output: OutputFeed) -> tuple[str, str]:
        """What a feed is called, and the page that it belongs to: those of its source where it has only one."""
        ids = output.source_ids
        only = self._states[ids[0]] if len(ids) == 1 else FetchState()
        return output.title or only.title or output.slug, only.link or self._config.base_url

    def _items(self, output: OutputFeed, articles: Sequence[Article]) -> list[Item]:
        by_id: dict[str, Item] = {}
        for article in articles:
            item = self._item(article, output.layout, output.title_layout)
            by_id.setdefault(item.id, item)
        return list(by_id.values())

    def _item(self, article: Article, body: Layout | None, title: TitleLayout) -> Item:
        """An article in a layout; None where only its title and address are needed."""
        made = article.translation
        entry = article.entry
        base_url = self._config.base_url
        page_url = base_url + quote(page_name(entry.source_id, entry.guid))
        content = layout.body(entry, made, body, with_credit=self._config.credit) if body else ""
        return Item(
            id=_item_id(article),
            title=layout.title(article, title),
            summary=layout.summary(article) if body else "",
            content_html=media.with_addresses(content, base_url),
            link=entry.link or page_url,
            link_language=entry.language if entry.link else None,
            page_url=page_url if entry.link else None,
            language=self._config.target_language if made else entry.language or "und",
            published=article.published,
            updated=article.updated,
            authors=entry.authors,
            categories=layout.categories(article),
            enclosures=entry.enclosures,
            image_url=media.address(entry.image_url, base_url),
            origin=self._origin(entry.source_id),
            source_language=entry.language,
            translated_title=layout.title(article, TitleLayout.TRANSLATION)
            if made and made.title.is_translated
            else None,
            original_title=layout.title(article, TitleLayout.ORIGINAL),
            verdicts=_verdicts(made),
            engine=made.engine if made else "",
            rights=entry.rights,
        )

    def _origin(self, source_id: str) -> Origin:
        state = self._states[source_id]
        return Origin(
            id=source_id,
            title=state.title or source_id,
            link=state.link,
            feed_url=self._feed_urls.get(source_id),
        )

    def _channel(self, output: OutputFeed, items: Sequence[Item]) -> Channel:
        own = [self._states[source_id] for source_id in output.source_ids]
        title, link = self._name_and_link(output)
        return Channel(
            id=f"urn:uuid:{uuid.uuid5(_NAMES, f'output/{output.slug}')}",
            title=title,
            description=f"{title}, translated on the reader's own machine",
            language=self._config.target_language,
            link=link,
            self_url=f"{self._config.base_url}{output.slug}",
            updated=_last_change(items, own),
            ttl_minutes=60,
            hubs=self._config.hubs,
            style_sheet=pages.FEED_STYLE,
        )


def page_name(source_id: str, guid: str) -> str:
    """Where the page of an entry lies in the output folder."""
    return f"{PAGES}/{source_id}/{hashlib.sha256(guid.encode()).hexdigest()[:16]}.html"


def archive_name(slug: str, day: str) -> str:
    """What the archive of a day of an output is called, without suffix."""
    return f"{slug}-archive-{day}"


def _how_it_fares(state: FetchState) -> Literal["fine", "new", "failing", "gone"]:
    if state.gone_at is not None:
        return "gone"
    if state.failures or state.problems:
        return "failing"
    return "fine" if state.checked_at else "new"


def _problems(state: FetchState, say: Texts) -> Iterator[str]:
    """What is wrong with a source, in the same words as long as it is; addresses without what may be a key."""
    if state.failures and state.http_status is not None:
        yield say.source_answers.format(status=state.http_status)
        return
    for problem in state.problems[:_PROBLEMS_SHOWN]:
        yield without_keys(problem)
    if more := len(state.problems[_PROBLEMS_SHOWN:]):
        yield count(more, say.more_problems)


@cache
def _program() -> str:
    """Of the program that renders: another one may make other bytes."""
    package = Path(__file__).parents[1]
    folders = [p for name in ("model", "publish") for p in (package / name).rglob("*")]
    files = sorted(p for p in folders if p.suffix in (".py", ".html", ".css", ".js"))
    shared = [package / name for name in ("languages.py", "markup.py", "archives.py", "selection.py")]
    return _digest(__version__, [path.read_bytes() for path in (*files, *shared)])


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


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
    """The source's guid where it can be an atom:id (RFC 4287 4.2.6), else a URN made of it.

    An IRI might be one too, but validators refuse those with other characters than ASCII.
    """
    guid = article.entry.guid
    if _URI.fullmatch(guid):
        return guid
    return f"urn:uuid:{uuid.uuid5(_NAMES, f'{article.entry.source_id}/{guid}')}"


def _last_change(items: Sequence[Item], states: Sequence[FetchState]) -> datetime:
    """When the newest item changed; of a feed without any, when its first source was added."""
    return max((item.updated for item in items), default=min(s.added_at for s in states if s.added_at))
