"""Stage 4 for what has changed: reads the log of changes, renders what they concern, writes it, and strikes them off.

A part of the output folder (the pages of a source, the feeds of an output) is made anew where something of its
entries has changed, or anything else that decides its bytes: settings, titles of sources, the program. Changes are
struck off when the files are safely in place, so a publishing that is killed is done again by the next one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from feedsvc.archives import Archives, bounds, plan
from feedsvc.config import Config, load_config
from feedsvc.errors import ConfigError, PublishError
from feedsvc.model import Article, Failure, OutputFeed
from feedsvc.publish import NAME, Folder, Renderer, media, opml, websub
from feedsvc.publish.files import remove_others, remove_unfinished
from feedsvc.publish.outputs import ARCHIVE, INDEX, LIST, PAGES, archive_name, page_name
from feedsvc.publish.pages import FEED_STYLE, Listed, feed_style
from feedsvc.selection import mark, select
from feedsvc.store import Key, Place, Publication, Store

_SOURCE, _OUTPUT, _FRONT = "source", "output", "front"
_INDEX: Key = (_FRONT, INDEX)
#: pages that are made together, of articles here and there
_AT_ONCE = 100
#: an article, the one before it in time, and the one after it
_InARow = tuple[Article, Article | None, Article | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feeds:
    """What is remembered of the feeds of an output: their files, and what the index says of them."""

    files: tuple[str, ...]
    #: None where another version of feedsvc remembered something else
    listed: Listed | None
    #: marks of articles that the filters refuse, so that they need not be read again
    refused: tuple[str, ...] = ()
    archives: Archives = field(default_factory=Archives)


_FEEDS = TypeAdapter(_Feeds)


def publish(config: Config, store: Store, *, force: bool = False) -> tuple[str, ...]:
    """Bring the output folder in line with the database; the names of the files that had to be written.

    `force` makes everything anew, and removes pages and media that nobody knows of.

    Raises: PublishError.
    """
    return _Publishing(config, store, force=force).run()


def tell_hubs(config: Config, files: Sequence[str]) -> tuple[Failure, ...]:
    """Tell the hubs of the feeds among the files that were written; what went wrong."""
    others = (INDEX, LIST, FEED_STYLE)
    feeds = [n for n in files if "/" not in n and n not in others and not ARCHIVE.fullmatch(n)]
    failures = websub.tell(config.hubs, [config.base_url + name for name in feeds])
    return tuple(Failure(source_id="websub", reason=reason) for reason in failures)


class _Publishing:
    """One time that the output folder is brought in line."""

    def __init__(self, config: Config, store: Store, *, force: bool) -> None:
        self._config = config
        self._store = store
        self._folder = Folder(config.output_dir, precompress=config.precompress)
        _take(self._folder, config)
        self._renderer = Renderer(config, store.states([source.id for source in config.sources]))
        self._changes = store.changes()
        #: the same, by source
        self._changed: defaultdict[str, set[Place]] = defaultdict(set)
        for place in self._changes.values():
            self._changed[place.source_id].add(place)
        self._known = store.publications()
        self._present = self._folder.names()
        self._feeds = {
            name: _remembered(name, known.data)
            for (kind, name), known in self._known.items()
            if kind == _OUTPUT
        }
        self._digests = {(_SOURCE, s.id): self._renderer.source_digest(s.id) for s in config.sources}
        self._digests |= {(_OUTPUT, o.slug): self._renderer.output_digest(o) for o in self._renderer.outputs}
        self._gone = self._known.keys() - {*self._digests, _INDEX}
        self._is_full = force or self._is_unknown()
        self._stale = {key for key, digest in self._digests.items() if not self._is_as_known(key, digest)}
        #: entries of each source that are not translated yet
        self._waiting = self._count_waiting()
        self._digests[_INDEX] = self._renderer.index_digest(self._waiting)
        if not self._is_as_known(_INDEX, self._digests[_INDEX]):
            self._stale.add(_INDEX)
        #: outputs whose feeds are written
        self._rendered: set[str] = set()
        #: what the articles show whose pages are written
        self._media: dict[Key, tuple[str, ...]] = {}

    def run(self) -> tuple[str, ...]:
        """A feed never links to what is not there yet: media come first, then pages, feeds, the index."""
        if self._is_full:
            remove_unfinished(self._folder.path)
        for article, before, after in self._articles():
            self._write_page(article, before, after)
        if _INDEX in self._stale:
            self._folder.write(FEED_STYLE, feed_style(self._config.target_language))
        for output in self._renderer.outputs:
            if (_OUTPUT, output.slug) in self._stale or not self._changed.keys().isdisjoint(
                output.source_ids
            ):
                self._write_feeds(output)
        if self._rendered or _INDEX in self._stale:
            self._write_front()
        self._remove()
        self._folder.settle()
        self._settle()
        return tuple(self._folder.written)

    def _is_unknown(self) -> bool:
        """Files are missing, a source is no more, or another version was here: what lies in the folder must be looked through."""
        files = {INDEX, LIST, FEED_STYLE, *(name for feeds in self._feeds.values() for name in feeds.files)}
        is_source_gone = any(kind == _SOURCE for kind, _ in self._gone)
        is_other = any(feeds.listed is None for feeds in self._feeds.values())
        if is_source_gone or is_other or _INDEX not in self._known or not files <= self._present:
            return True
        return self._known[_INDEX].data != self._folder.stamp(media.FOLDER)

    def _is_as_known(self, key: Key, digest: str) -> bool:
        known = self._known.get(key)
        if self._is_full or known is None or known.digest != digest:
            return False
        return key[0] != _SOURCE or known.data.partition(" ")[0] == self._stamp(key)

    def _stamp(self, key: Key) -> str:
        """Changes when files come into or leave the folder of a source's pages, or that of all media."""
        return self._folder.stamp(media.FOLDER if key == _INDEX else f"{PAGES}/{key[1]}")

    def _count_waiting(self) -> dict[str, int]:
        """Counted only where something has happened."""
        ours = {source.id for source in self._config.sources}
        quiet = ours - self._changed.keys()
        known = {name: self._known.get((_SOURCE, name), Publication(digest="")) for name in quiet}
        counts = {name: publication.data.partition(" ")[2] for name, publication in known.items()}
        as_known = {name: int(n) for name, n in counts.items() if n and (_SOURCE, name) not in self._stale}
        return as_known | self._store.waiting(ours - as_known.keys(), self._config.target_language)

    def _articles(self) -> Iterator[_InARow]:
        """Those whose pages must be made anew: what has changed, and what leads to it."""
        whole = {source.id for source in self._config.sources if (_SOURCE, source.id) in self._stale}
        for source_id in sorted(whole):
            yield from _in_a_row(self._store.articles([source_id], self._config.target_language))
        changed = {p for p in self._changes.values() if p.source_id not in whole and self._is_ours(p.key)}
        around = self._around(changed)
        beside = {place for both in around.values() for place in both if place}
        around |= self._around(beside - around.keys())
        places = sorted(around)
        for start in range(0, len(places), _AT_ONCE):
            yield from self._in_their_rows(places[start : start + _AT_ONCE], around)

    def _around(self, places: Iterable[Place]) -> dict[Place, tuple[Place | None, Place | None]]:
        target = self._config.target_language
        return {place: self._store.neighbours(place, target) for place in places}

    def _in_their_rows(
        self, places: Sequence[Place], around: Mapping[Place, tuple[Place | None, Place | None]]
    ) -> Iterator[_InARow]:
        needed = {p.key for place in places for p in (place, *around[place]) if p}
        found = self._store.articles_of(needed, self._config.target_language)
        for place in places:
            before, after = (found.get(p.key) if p else None for p in around[place])
            if article := found.get(place.key):
                yield article, before, after

    def _is_ours(self, key: Key) -> bool:
        return (_SOURCE, key[0]) in self._digests

    def _write_page(self, article: Article, before: Article | None, after: Article | None) -> None:
        entry = article.entry
        names = tuple(media.names(entry))
        for name in names:
            place = f"{media.FOLDER}/{name}"
            if media.put(self._config.data_dir / media.FOLDER / name, self._folder.path / place):
                self._folder.note(place)
        self._media[entry.source_id, entry.guid] = names
        self._folder.write(
            page_name(entry.source_id, entry.guid), self._renderer.page(article, before, after)
        )

    def _write_feeds(self, output: OutputFeed) -> None:
        changed = [p for source_id in output.source_ids for p in self._changed.get(source_id, ())]
        refused, archives = set[str](), Archives()
        if (_OUTPUT, output.slug) not in self._stale:
            refused, archives = set(self._feeds[output.slug].refused), self._feeds[output.slug].archives
            refused.difference_update(mark(place.key) for place in changed)
        target = self._config.target_language
        archives, stale = plan(output, self._store, target, known=archives, changed=changed)
        for day in stale:
            self._write_archive(output, archives, day)
        selection = select(output, self._store, target, known=refused)
        newest = archives.days[-1] if archives.days else None
        rendered = self._renderer.output(output, selection.articles, newest_archive=newest)
        for name, content in rendered.files.items():
            self._folder.write(name, content)
        self._rendered.add(output.slug)
        names = [archive_name(output.slug, day) for day in archives.days]
        files = (*rendered.files, *(f"{name}.{suffix}" for name in names for suffix in ("atom", "rss")))
        self._feeds[output.slug] = _Feeds(
            files=files, listed=rendered.listed, refused=selection.known, archives=archives
        )

    def _write_archive(self, output: OutputFeed, archives: Archives, day: str) -> None:
        assert archives.oldest is not None, "no archive while everything stands in the feed"
        target = self._config.target_language
        end = Place(output.source_ids[0], *archives.oldest)
        places = self._store.older(end, target, **bounds(day))
        found = self._store.articles_of([place.key for place in places], target)
        articles = [found[place.key] for place in places]
        previous, following = archives.beside(day)
        made = self._renderer.archive(output, articles, day, previous=previous, next=following)
        for name, content in made.items():
            self._folder.write(name, content)

    def _write_front(self) -> None:
        self._folder.write(LIST, opml.render(NAME, self._renderer.subscriptions()))
        listed = {slug: feeds.listed for slug, feeds in self._feeds.items() if feeds.listed}
        self._folder.write(INDEX, self._renderer.index(listed, self._waiting))

    def _remove(self) -> None:
        """Remove the pages and media of articles that are no more, and the feeds of such outputs."""
        needed = {name for output in self._renderer.outputs for name in self._feeds[output.slug].files}
        for kind, slug in self._gone:
            if kind == _OUTPUT:
                for name in set(self._feeds[slug].files) - needed:
                    self._folder.remove(name)
        for name in self._present - needed:
            if ARCHIVE.fullmatch(name):
                self._folder.remove(name)
        shown = {name for names in self._media.values() for name in names}
        if self._is_full:
            path = self._folder.path
            remove_others(path / PAGES, {path / page_name(*key) for key in self._media})
            remove_others(
                path / media.FOLDER, {path / media.FOLDER / n for n in shown}, pattern=media.PATTERN
            )
            return
        for key in {place.key for place in self._changes.values()} - self._media.keys():
            if self._is_ours(key):
                self._folder.remove(page_name(*key))
                self._media[key] = ()
        before = self._store.media_of(self._media.keys())
        for name in before - shown - self._store.media_of_others(before, self._media.keys()):
            self._folder.remove(f"{media.FOLDER}/{name}")

    def _data(self, key: Key) -> str:
        """What is remembered of a part: an output's feeds; of a source, its pages and how many entries wait."""
        match key:
            case (kind, name) if kind == _OUTPUT:
                return _FEEDS.dump_json(self._feeds[name]).decode()
            case (kind, name) if kind == _SOURCE:
                return f"{self._stamp(key)} {self._waiting[name]}"
            case _:
                return self._stamp(key)

    def _settle(self) -> None:
        """Only now are the changes published."""
        publications = {}
        touched = {_OUTPUT: self._rendered, _SOURCE: self._changed.keys(), _FRONT: {INDEX}}
        for key, digest in self._digests.items():
            if key not in self._stale and key[1] not in touched[key[0]]:
                continue
            publication = Publication(digest=digest, data=self._data(key))
            if publication != self._known.get(key):
                publications[key] = publication
        self._store.settle(
            self._changes,
            publications,
            gone=self._gone,
            media=self._media,
            only_these_media=self._is_full,
        )


def _remembered(slug: str, data: str) -> _Feeds:
    """What is remembered of an output; only what its feeds are called where that cannot be read."""
    try:
        return _FEEDS.validate_json(data)
    except ValidationError:
        return _Feeds(files=tuple(f"{slug}.{suffix}" for suffix in ("rss", "atom", "json")), listed=None)


def _take(folder: Folder, config: Config) -> None:
    """Have a folder for one configuration alone: each would remove the pages of the other.

    Raises: PublishError where another one publishes the articles of another database into it.
    """
    owner = folder.owner
    if config.path is None or owner == (path := config.path.resolve()):
        return
    other = _config_if_any(owner) if owner else None
    if other and other.output_dir.resolve() == folder.path.resolve() and other.database != config.database:
        raise PublishError(folder.path, f"is the output_dir of {owner} too; give each configuration its own")
    folder.owner = path


def _config_if_any(path: Path) -> Config | None:
    """Another configuration, if it is still there."""
    try:
        return load_config(path)
    except ConfigError:
        return None


def _in_a_row(newest_first: Iterable[Article]) -> Iterator[_InARow]:
    article: Article | None = None
    after: Article | None = None
    for before in newest_first:
        if article:
            yield article, before, after
        article, after = before, article
    if article:
        yield article, None, after
