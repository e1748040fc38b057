"""Fetches documents over HTTP: conditional, capped, timed, polite, and honest about who asks."""

from __future__ import annotations

import re
import ssl
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from feedsvc import __version__
from feedsvc.errors import FetchError
from feedsvc.ingest import answers, network
from feedsvc.ingest.secrets import access_headers
from feedsvc.ingest.turns import Turns
from feedsvc.ingest.unpack import ACCEPT_ENCODING, PackingError, TooLarge, unpack
from feedsvc.model import Access, Answered, Fetched, FetchState, Limits, NotModified, Source

#: what a feed may be, and a page
ACCEPT_FEED = "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
MAX_BODY_BYTES = 10_000_000  # packed, and unpacked
MAX_REDIRECTS = 5
DEADLINE_S = 60.0  # for one document, redirects included
#: runs in a row in which a server must say that a document has moved for good before we believe it
MOVED_AFTER = 3
NO_ACCESS = Access()
NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)
_TIMEOUT = httpx.Timeout(connect=10.0, read=20.0, write=10.0, pool=60.0)
_PERMANENT = frozenset({httpx.codes.MOVED_PERMANENTLY, httpx.codes.PERMANENT_REDIRECT})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """What is the same for every request on the way to a document."""

    own: str | None
    access: Access
    allow_private: bool
    headers: Mapping[str, str]
    now: datetime

    def is_own(self, url: str) -> bool:
        """A URL is on the server that the user himself wrote down."""
        return self.own is not None and _place(urlsplit(url)) == _place(urlsplit(self.own))


class Fetcher:
    """What a run asks of the network, for all its threads; a context manager.

    `transport` replaces the network in tests.
    """

    def __init__(self, limits: Limits | None = None, transport: httpx.BaseTransport | None = None) -> None:
        self._limits = limits or Limits()
        self._turns = Turns(self._limits)
        self._transport = transport
        self._proxies = urllib.request.getproxies_environment()
        self._lock = threading.Lock()
        #: by proxy, and whether private addresses may be connected to: else a connection that one source may
        #: use would be there for another that may not
        self._ways: dict[tuple[str | None, bool], httpx.BaseTransport] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for way in self._ways.values():
            way.close()

    def fetch(
        self, source: Source, state: FetchState, *, now: datetime = NO_DATE, force: bool = False
    ) -> Fetched | NotModified:
        """The document of a feed source, or the news that it has not changed.

        It is asked for where it has moved to, once that has been said often enough. The validators of the last
        good parse are sent back unless force is set.

        Raises: FetchError with the reason.
        Spec: RFC 9110 13.1 (conditional requests), 15.4 (redirection).
        """
        has_moved = state.moved_to is not None and state.moved_times >= MOVED_AFTER
        return self.get(
            state.moved_to if has_moved and state.moved_to else source.location,
            own=source.location,
            access=source.access,
            allow_private=source.allow_private,
            etag=None if force else state.etag,
            last_modified=None if force else state.last_modified,
            now=now,
        )

    def get(
        self,
        url: str,
        *,
        own: str | None = None,
        access: Access = NO_ACCESS,
        allow_private: bool = False,
        accept: str = ACCEPT_FEED,
        etag: str | None = None,
        last_modified: str | None = None,
        now: datetime = NO_DATE,
    ) -> Fetched | NotModified:
        """A document of the web, or the news that it is still the one with these validators.

        `own` is an address that the user himself wrote down: its host may be private, and `access` is sent to
        that host alone. Every other host, whether a redirect or the content of a feed leads there, must be
        public unless allow_private is set. `now` matters where a server gives dates and not its own time.

        Raises: FetchError with the reason.
        """
        headers = {"Accept": accept, **_validators(etag, last_modified)}
        asking = _Asking(own=own, access=access, allow_private=allow_private, headers=headers, now=now)
        first, left_s, moved_to, has_moved = url, DEADLINE_S, None, True
        cookies = httpx.Cookies()
        for _ in range(MAX_REDIRECTS + 1):
            with self._turns.turn(_host(url)):
                began = time.monotonic()
                with network.deadline(began + left_s):
                    outcome = self._ask(url, asking, cookies)
                left_s -= time.monotonic() - began
            if not isinstance(outcome, _Redirect):
                return replace(outcome, answered=replace(outcome.answered, moved_to=moved_to))
            url = outcome.target
            has_moved = has_moved and outcome.is_permanent
            moved_to = url if has_moved else moved_to
        raise FetchError(first, f"more than {MAX_REDIRECTS} redirects")

    def _ask(self, url: str, asking: _Asking, cookies: httpx.Cookies) -> Fetched | NotModified | _Redirect:
        """One request and its answer."""
        try:
            request = self._request(url, asking, cookies)
            response = self._way(url, asking).handle_request(request)
            response.request = request
            try:
                if "set-cookie" in response.headers:
                    cookies.extract_cookies(response)
                if response.has_redirect_location:
                    return _redirect(url, response)
                return _outcome(response, asking)
            finally:
                response.close()
        except network.PrivateAddress as error:
            refusal = f"leads to {error}, and the source does not say allow_private = true"
            raise FetchError(url, refusal) from error
        except PackingError as error:
            raise FetchError(url, f"the document is broken: {error}") from error
        except TooLarge as error:
            raise FetchError(url, f"the document is larger than {MAX_BODY_BYTES // 1_000_000} MB") from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # the last for impossible hosts
            raise FetchError(url, _reason(error)) from error

    def _request(self, url: str, asking: _Asking, cookies: httpx.Cookies) -> httpx.Request:
        contact = f"; {self._limits.contact}" if self._limits.contact else ""
        headers = httpx.Headers(
            {
                "User-Agent": f"feedsvc/{__version__} (reads and translates feeds for its user{contact})",
                "Accept-Encoding": ACCEPT_ENCODING,
                **asking.headers,
            }
        )
        if asking.is_own(url):
            headers.update(access_headers(asking.access, url))
        request = httpx.Request("GET", url, headers=headers, extensions={"timeout": _TIMEOUT.as_dict()})
        if cookies and "cookie" not in headers:
            cookies.set_cookie_header(request)
        return request

    def _way(self, url: str, asking: _Asking) -> httpx.BaseTransport:
        """The connections to use. An `httpx.Client` around them would do nothing here but take time."""
        proxy = _proxy(url, asking.access, self._proxies)
        may_be_private = asking.allow_private or asking.is_own(url)
        if proxy and not may_be_private:
            _refuse_private_literal(url)  # all that can be known here of where a proxy will connect to
        key = (proxy, may_be_private)
        with self._lock:
            if key not in self._ways:
                self._ways[key] = self._transport or self._new_way(*key)
            return self._ways[key]

    def _new_way(self, proxy: str | None, allow_private: bool) -> httpx.BaseTransport:
        way = httpx.HTTPTransport(
            verify=_tls(),
            http2=True,
            proxy=proxy,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=self._limits.connections),
        )
        # httpx has no way to hand this on to the pool that it makes
        way._pool._network_backend = network.Network(allow_private=allow_private or proxy is not None)
        return way


@cache
def _tls() -> ssl.SSLContext:
    """Whom to trust; reading that takes longer than many a request."""
    return httpx.create_ssl_context()


@dataclass(frozen=True, slots=True)
class _Redirect:
    target: str
    is_permanent: bool


def _validators(etag: str | None, last_modified: str | None) -> dict[str, str]:
    headers = {}
    if etag and etag.isascii():  # others cannot be sent back as they came
        headers["If-None-Match"] = etag
    if last_modified and last_modified.isascii():
        headers["If-Modified-Since"] = last_modified
    return headers


def _outcome(response: httpx.Response, asking: _Asking) -> Fetched | NotModified:
    url, status, headers = str(response.url), response.status_code, response.headers
    answered = Answered(status=status, fresh_s=answers.fresh_s(headers, now=asking.now))
    if status == httpx.codes.NOT_MODIFIED and not {"If-None-Match", "If-Modified-Since"}.isdisjoint(
        asking.headers
    ):
        return NotModified(answered=answered)
    if not response.is_success:
        said = f"the server answered {status} {response.reason_phrase}".rstrip()
        after_s = answers.retry_after_s(headers, now=asking.now)
        raise FetchError(url, said, status=status, retry_after_s=after_s)
    return Fetched(
        body=unpack(response.iter_raw(65536), headers.get("content-encoding", ""), limit=MAX_BODY_BYTES),
        final_url=url,
        content_type=headers.get("content-type", ""),
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
        answered=answered,
    )


def _redirect(url: str, response: httpx.Response) -> _Redirect:
    """Where an answer leads, if that is on the web."""
    target = urljoin(url, response.headers["location"])
    parts = urlsplit(target)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise FetchError(url, f"redirects to {target[:200]}, which is not on the web")
    without_name = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return _Redirect(without_name, response.status_code in _PERMANENT)


def _host(url: str) -> str:
    """Whose turn it is; an impossible URL has no host, which the request itself will say."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _place(parts: SplitResult) -> tuple[str | None, int]:
    """Host and port of a URL."""
    return parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


def _proxy(url: str, access: Access, proxies: dict[str, str]) -> str | None:
    """The proxy to go through: that of the source, else that of the environment."""
    if access.proxy is not None:
        return None if access.proxy == "direct" else access.proxy
    parts = urlsplit(url)
    if not proxies or urllib.request.proxy_bypass(parts.hostname or "", proxies):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


def _refuse_private_literal(url: str) -> None:
    host = urlsplit(url).hostname or ""
    try:
        is_public = network.is_public(host)
    except ValueError:
        is_public = host != "localhost" and not host.endswith(".localhost")
    if not is_public:
        raise network.PrivateAddress(host, host)


def _reason(error: Exception) -> str:
    text = str(error)
    match error:
        case httpx.TimeoutException() if network.is_overdue():
            return f"the document did not arrive within {DEADLINE_S:.0f} s"
        case httpx.ConnectTimeout():
            return "no connection within 10 s"
        case httpx.TimeoutException():
            return "the server stopped answering"
        case httpx.ConnectError() if "CERTIFICATE_VERIFY_FAILED" in text:
            why = text.partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
            return f"its certificate cannot be trusted: {why or text}"
        case httpx.ConnectError():
            return f"cannot connect: {_ERRNO.sub('', text)}"
        case httpx.RemoteProtocolError() if "complete message body" in text:
            return "the document came only in part"
        case _:
            return text or type(error).__name__
