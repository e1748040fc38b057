"""Stage 4 for what has changed: reads the log of changes, renders what they concern, writes it, and strikes them off.

A part of the output folder (the pages of a source, the feeds of an output) is made anew where something of its
entries has changed, or anything else that decides its bytes: settings, titles of sources, the program. Changes are
struck off when the files are safely in place, so a publishing that is killed is done again by the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from feedsvc.config import Config
from feedsvc.model import Article, Failure, OutputFeed
from feedsvc.publish import NAME, Folder, Renderer, media, opml, websub
from feedsvc.publish.files import remove_others, remove_unfinished
from feedsvc.publish.outputs import INDEX, LIST, PAGES, page_name
from feedsvc.publish.pages import FEED_STYLE, Listed, feed_style
from feedsvc.store import Key, Publication, Store

#: an article, the one before it in its source, and the one after it
_Neighbours = tuple[Article, Article | None, Article | None]
_SOURCE, _OUTPUT, _FRONT = "source", "output", "front"
_INDEX: Key = (_FRONT, INDEX)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feeds:
    """What is remembered of the feeds of an output: their files, and what the index says of them."""

    files: tuple[str, ...]
    listed: Listed


_FEEDS = TypeAdapter(_Feeds)


def publish(config: Config, store: Store, *, force: bool = False) -> tuple[str, ...]:
    """Bring the output folder in line with the database; the names of the files that had to be written.

    `force` makes everything anew, and removes pages and media that nobody knows of.

    Raises: PublishError.
    """
    return _Publishing(config, store, force=force).run()


def tell_hubs(config: Config, files: Sequence[str]) -> tuple[Failure, ...]:
    """Tell the hubs of the feeds among the files that were written; what went wrong."""
    feeds = [name for name in files if "/" not in name and name not in (INDEX, LIST, FEED_STYLE)]
    failures = websub.tell(config.hubs, [config.base_url + name for name in feeds])
    return tuple(Failure(source_id="websub", reason=reason) for reason in failures)


class _Publishing:
    """One time that the output folder is brought in line."""

    def __init__(self, config: Config, store: Store, *, force: bool) -> None:
        self._config = config
        self._store = store
        self._folder = Folder(config.output_dir)
        self._renderer = Renderer(config, store.states([source.id for source in config.sources]))
        self._changes = store.changes()
        self._known = store.publications()
        self._feeds = {
            name: _FEEDS.validate_json(known.data)
            for (kind, name), known in self._known.items()
            if kind == _OUTPUT
        }
        self._digests = {(_SOURCE, s.id): self._renderer.source_digest(s.id) for s in config.sources}
        self._digests |= {(_OUTPUT, o.slug): self._renderer.output_digest(o) for o in self._renderer.outputs}
        self._waiting = store.waiting(config.target_language)
        self._digests[_INDEX] = self._renderer.index_digest(self._waiting)
        self._gone = self._known.keys() - self._digests.keys()
        self._is_full = force or self._is_unknown()
        self._stale = {key for key, digest in self._digests.items() if not self._is_as_known(key, digest)}
        #: outputs whose feeds are written
        self._rendered: set[str] = set()
        #: what the articles show whose pages are written
        self._media: dict[Key, tuple[str, ...]] = {}

    def run(self) -> tuple[str, ...]:
        """A feed never links to what is not there yet: media come first, then pages, feeds, the index."""
        if self._is_full:
            remove_unfinished(self._folder.path)
        for article, older, newer in self._articles():
            self._write_page(article, older, newer)
        if _INDEX in self._stale:
            self._folder.write(FEED_STYLE, feed_style(self._config.target_language))
        changed = {source_id for source_id, _ in self._changes.values()}
        for output in self._renderer.outputs:
            if (_OUTPUT, output.slug) in self._stale or changed.intersection(output.source_ids):
                self._write_feeds(output)
        if self._rendered or _INDEX in self._stale:
            self._write_front()
        self._remove()
        self._folder.settle()
        self._settle()
        return tuple(self._folder.written)

    def _is_unknown(self) -> bool:
        """Files are missing, or a source is no more: what lies in the folder must be looked through."""
        files = {INDEX, LIST, FEED_STYLE, *(name for feeds in self._feeds.values() for name in feeds.files)}
        is_source_gone = any(kind == _SOURCE for kind, _ in self._gone)
        if is_source_gone or _INDEX not in self._known or not files <= self._folder.names():
            return True
        return self._known[_INDEX].data != self._folder.stamp(media.FOLDER)

    def _is_as_known(self, key: Key, digest: str) -> bool:
        known = self._known.get(key)
        if self._is_full or known is None or known.digest != digest:
            return False
        return key[0] != _SOURCE or known.data == self._stamp(key)

    def _stamp(self, key: Key) -> str:
        """Changes when files come into or leave the folder of a source's pages, or that of all media."""
        return self._folder.stamp(media.FOLDER if key == _INDEX else f"{PAGES}/{key[1]}")

    def _articles(self) -> Iterator[_Neighbours]:
        """Those whose pages must be made anew, each with the one before and after it in its source."""
        target = self._config.target_language
        whole = {source.id for source in self._config.sources if (_SOURCE, source.id) in self._stale}
        for source_id in sorted(whole):
            yield from _with_neighbours(self._store.articles([source_id], target))
        changed = {key for key in self._changes.values() if key[0] not in whole and self._is_ours(key)}
        yield from self._store.changed_articles(changed, target)

    def _is_ours(self, key: Key) -> bool:
        return (_SOURCE, key[0]) in self._digests

    def _write_page(self, article: Article, older: Article | None, newer: Article | None) -> None:
        entry = article.entry
        names = tuple(media.names(entry))
        for name in names:
            place = f"{media.FOLDER}/{name}"
            if media.put(self._config.data_dir / media.FOLDER / name, self._folder.path / place):
                self._folder.note(place)
        self._media[entry.source_id, entry.guid] = names
        page = self._renderer.page(article, older=older, newer=newer)
        self._folder.write(page_name(entry.source_id, entry.guid), page)

    def _write_feeds(self, output: OutputFeed) -> None:
        newest = self._store.articles(
            output.source_ids, self._config.target_language, limit=output.max_entries
        )
        rendered = self._renderer.output(output, list(newest))
        for name, content in rendered.files.items():
            self._folder.write(name, content)
        self._rendered.add(output.slug)
        self._feeds[output.slug] = _Feeds(files=tuple(rendered.files), listed=rendered.listed)

    def _write_front(self) -> None:
        self._folder.write(LIST, opml.render(NAME, self._renderer.subscriptions()))
        listed = [self._feeds[output.slug].listed for output in self._renderer.outputs]
        self._folder.write(INDEX, self._renderer.index(listed, self._waiting))

    def _remove(self) -> None:
        """Remove the pages and media of articles that are no more, and the feeds of such outputs."""
        needed = {name for output in self._renderer.outputs for name in self._feeds[output.slug].files}
        for kind, slug in self._gone:
            if kind == _OUTPUT:
                for name in set(self._feeds[slug].files) - needed:
                    self._folder.remove(name)
        shown = {name for names in self._media.values() for name in names}
        if self._is_full:
            path = self._folder.path
            remove_others(path / PAGES, {path / page_name(*key) for key in self._media})
            remove_others(
                path / media.FOLDER, {path / media.FOLDER / n for n in shown}, pattern=media.PATTERN
            )
            return
        for key in set(self._changes.values()) - self._media.keys():
            if self._is_ours(key):
                self._folder.remove(page_name(*key))
                self._media[key] = ()
        before = self._store.media_of(self._media.keys())
        for name in before - shown - self._store.media_of_others(before, self._media.keys()):
            self._folder.remove(f"{media.FOLDER}/{name}")

    def _settle(self) -> None:
        """Only now are the changes published."""
        publications = {}
        for key, digest in self._digests.items():
            is_output = key[0] == _OUTPUT
            if is_output and key not in self._stale and key[1] not in self._rendered:
                continue
            data = _FEEDS.dump_json(self._feeds[key[1]]).decode() if is_output else self._stamp(key)
            publication = Publication(digest=digest, data=data)
            if publication != self._known.get(key):
                publications[key] = publication
        self._store.settle(
            self._changes,
            publications,
            gone=self._gone,
            media=self._media,
            only_these_media=self._is_full,
        )


def _with_neighbours(newest_first: Iterable[Article]) -> Iterator[_Neighbours]:
    newer = article = None
    for older in newest_first:
        if article:
            yield article, older, newer
        newer, article = article, older
    if article:
        yield article, None, newer
