"""Fetches the article behind the link of each entry, where the feed has only a part of it.

What is fetched when is decided here; what a page is and where its article is, is not known here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from feedsvc import markup, revision
from feedsvc.errors import FetchError, ParseError
from feedsvc.ingest import walls
from feedsvc.ingest.extract import article
from feedsvc.ingest.fetch import ACCEPT_PAGE, Fetcher
from feedsvc.ingest.robots import Robots
from feedsvc.ingest.sanitize import text_of, with_lead_image
from feedsvc.ingest.webpage import parse_page
from feedsvc.model import Entry, Fetched, NotModified, Page, ParsedFeed, Source

#: pages fetched for one source in one run, newest entries first
MAX_PAGES = 30
#: after the first failure, the second, …: how long a page is left alone; after the last, until its entry changes
BACK_OFF = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
#: a host that did not answer so often in a row is not asked again in the same run
_GIVE_UP = 3
#: what a feed says of an article may stand as its summary up to this length
_SUMMARY_MAX = 1000


def add_full_text(
    feed: ParsedFeed,
    source: Source,
    fetcher: Fetcher,
    pages: Mapping[str, Page],
    *,
    now: datetime,
    force: bool = False,
) -> ParsedFeed:
    """The feed with the article behind each link in place of a shorter body; `pages`: what was fetched for it.

    A page is fetched for a new entry, for one of which the feed says something else than before, and again when
    it failed: up to four times in all, later and later, when the feed has changed. Otherwise what is known of it
    is used, so a page whose advertisements or counters always differ changes nothing. `force` fetches every page.

    One run fetches 30 pages, the newest first, and leaves a host alone that does not answer. Entries whose turn
    has not come show what the feed has of them; the feed then keeps no validators, so that it is read again and
    they get their turn. Whatever keeps an article from being had whole is that entry's alone: the feed's own
    body stays, and `problems` says in one line how many those are.
    """
    run = _Run(source=source, fetcher=fetcher, known=pages, now=now, force=force)
    for entry in sorted(feed.entries, key=_age):
        run.look_at(entry)
    if not run.has_all:
        feed = replace(feed, etag=None, last_modified=None, body_hash=None)
    return replace(
        feed,
        entries=tuple(_with_page(entry, run.pages.get(entry.guid)) for entry in feed.entries),
        pages=tuple(run.fetched.values()),
        problems=(*feed.problems, *_problems(feed.entries, run.pages)),
    )


def feed_hash(entry: Entry) -> str:
    """A hash of what the feed itself says of an entry, but for noise such as counters."""
    return hashlib.sha256(repr(revision.essence(entry)).encode()).hexdigest()


def _age(entry: Entry) -> float:
    """Newest first, and before them, in the order of the feed, those without a date."""
    date = entry.published or entry.updated
    return -date.timestamp() if date else float("-inf")


def _is_due(page: Page | None, digest: str, *, now: datetime) -> bool:
    """Whether the page of an entry must be fetched."""
    if page is None or page.feed_hash != digest:
        return True
    if page.problem is None or page.failures > len(BACK_OFF):
        return False
    # a time that is still to come was another clock's
    return abs(now - page.fetched_at) >= BACK_OFF[max(page.failures, 1) - 1]


@dataclass(slots=True, kw_only=True)
class _Run:
    """One look at the pages of one source."""

    source: Source
    fetcher: Fetcher
    known: Mapping[str, Page]
    now: datetime
    force: bool
    #: what is known of the pages now, by guid
    pages: dict[str, Page] = field(default_factory=dict)
    #: of these, what was learnt in this run
    fetched: dict[str, Page] = field(default_factory=dict)
    has_all: bool = True
    _requests: int = 0
    #: by host: requests in a row that got no answer
    _silent: dict[str, int] = field(default_factory=dict)

    def look_at(self, entry: Entry) -> None:
        """Fetch the page of an entry if it must be, or use what is known of it."""
        if entry.link is None:
            return
        page, digest = self._known(entry), feed_hash(entry)
        if page is not None:
            self.pages[entry.guid] = page
        if not (self.force or _is_due(page, digest, now=self.now)):
            return
        host = urlsplit(entry.link).netloc
        if self._requests >= MAX_PAGES or self._silent.get(host, 0) >= _GIVE_UP:
            # an older failure waits for the next change; an article must not
            self.has_all = self.has_all and page is not None and page.feed_hash == digest
            return
        self.pages[entry.guid] = self.fetched[entry.guid] = self._fetch(entry, entry.link, host, page, digest)

    def _known(self, entry: Entry) -> Page | None:
        """What is known of the page of an entry, also where that has another guid at each look."""
        page = self.known.get(entry.guid)
        if page is None:
            page = next((p for p in self.known.values() if p.url == entry.link), None)
        return page and replace(page, guid=entry.guid)

    def _fetch(self, entry: Entry, link: str, host: str, known: Page | None, digest: str) -> Page:
        page = Page(guid=entry.guid, url=link, feed_hash=digest, fetched_at=self.now)
        if refusal := self._refusal(link):
            return _failed(page, refusal, known)
        # validators hold for one address, and only for an article that is there
        same = known if known and known.url == link and known.body_html and not self.force else None
        self._requests += 1
        try:
            answer = self.fetcher.get(
                link,
                own=self.source.location,
                access=self.source.access,
                allow_private=self.source.allow_private,
                accept=ACCEPT_PAGE,
                etag=same.etag if same else None,
                last_modified=same.last_modified if same else None,
                now=self.now,
            )
        except FetchError as error:
            is_silent = error.status is None or error.status == 429 or error.status >= 500
            self._silent[host] = self._silent.get(host, 0) + 1 if is_silent else 0
            return _failed(page, error.reason, known)
        self._silent[host] = 0
        if isinstance(answer, NotModified):
            assert same is not None, "nothing is unmodified that was not known"
            return replace(same, feed_hash=digest, fetched_at=self.now, problem=None, failures=0)
        if answer.final_url != link and (refusal := self._refusal(answer.final_url)):
            return _failed(page, refusal, known)  # where a link leads to is seen only by following it
        return _read(page, answer, entry, known)

    def _refusal(self, url: str) -> str | None:
        return Robots.of(self.fetcher).refusal(url, self.source, self.fetcher, now=self.now)


def _read(page: Page, answer: Fetched, entry: Entry, known: Page | None) -> Page:
    """What a page brought: the article, or why there is none."""
    try:
        web_page = parse_page(answer)
        body_html = article(web_page, title=entry.title)
        own = walls.size(max(text_of(entry.body_html), entry.summary, key=len))
        reason = walls.why_no_article(web_page, page.url, body_html, feed_size=own)
    except ParseError as error:
        return _failed(page, str(error), known)
    except Exception as error:  # noqa: BLE001 - whatever one page brings out must not cost the others
        return _failed(page, f"unexpected {type(error).__name__}: {error}", known)
    if reason:
        return _failed(page, reason, known)
    return replace(
        page,
        etag=answer.etag,
        last_modified=answer.last_modified,
        body_html=body_html,
        canonical_url=web_page.canonical_url,
    )


def _failed(page: Page, reason: str, known: Page | None) -> Page:
    """A page that brought no article this time; one that it brought before stays.

    Failures are counted anew when the feed says something else.
    """
    failures = known.failures if known and known.feed_hash == page.feed_hash else 0
    failed = replace(page, problem=reason, failures=failures + 1)
    if known is None or known.body_html is None:
        return failed
    failed = replace(failed, body_html=known.body_html, canonical_url=known.canonical_url)
    if known.url != page.url:
        return failed
    return replace(failed, etag=known.etag, last_modified=known.last_modified)


def _with_page(entry: Entry, page: Page | None) -> Entry:
    """The entry with the article of its page, if that has more of it than the feed.

    What the feed says is then its summary, unless it has one or the article says it too.
    """
    if page is None or not page.body_html:
        return entry
    own, whole = text_of(entry.body_html), text_of(page.body_html)
    if len(own) > len(whole):
        return entry
    summary = entry.summary
    if not summary and own.rstrip(" .…[]") not in whole and len(own) <= _SUMMARY_MAX:
        summary = own
    body_html = page.body_html
    if not _pictures(body_html):
        body_html = with_lead_image(body_html, next(iter(_pictures(entry.body_html)), entry.image_url))
    return replace(entry, body_html=body_html, summary=summary)


def _pictures(body_html: str) -> list[str]:
    return [source for image in markup.parse(body_html).iter("img") if (source := image.get("src"))]


def _problems(entries: Iterable[Entry], pages: Mapping[str, Page]) -> Iterable[str]:
    """One line for all articles that could not be had, with the first reason."""
    failed = [
        page
        for entry in entries
        if (page := pages.get(entry.guid)) and page.problem and page.body_html is None
    ]
    if not failed:
        return []
    url, why = failed[0].url, failed[0].problem
    if len(failed) == 1:
        return [f"1 article could not be fetched whole and shows what the feed has of it: {url}: {why}"]
    return [
        f"{len(failed)} articles could not be fetched whole and show what the feed has of them; "
        f"the first: {url}: {why}"
    ]
