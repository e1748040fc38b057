"""Fetches documents over HTTP: conditional, capped, timed, and honest about who asks."""

from __future__ import annotations

import ipaddress
import socket
import time
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from feedsvc import __version__
from feedsvc.errors import FetchError
from feedsvc.model import Access, Fetched, FetchState, NotModified, Source

USER_AGENT = f"feedsvc/{__version__} (reads and translates feeds for its user)"
#: what a feed may be, and a page
ACCEPT_FEED = "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
MAX_BODY_BYTES = 10_000_000  # after decompression
MAX_REDIRECTS = 5
DEADLINE_S = 60.0  # for one document, redirects included
NO_ACCESS = Access()
_TIMEOUT = httpx.Timeout(connect=10.0, read=20.0, write=10.0, pool=60.0)


class Fetcher:
    """One HTTP client for a run; a context manager. `transport` replaces the network in tests."""

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(
            http2=transport is None,
            transport=transport,
            timeout=_TIMEOUT,
            follow_redirects=False,
            headers={"User-Agent": USER_AGENT, "Accept": ACCEPT_FEED},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def fetch(self, source: Source, state: FetchState, *, force: bool = False) -> Fetched | NotModified:
        """The document of a feed source, or the news that it has not changed.

        The validators of the last good parse are sent back unless force is set. A redirect may not lead to a
        private address, unless the source allows that or names that host itself.

        Raises: FetchError with the reason.
        Spec: RFC 9110 13.1 (conditional requests), 15.4 (redirection).
        """
        return self.get(
            source.location,
            own=source.location,
            access=source.access,
            allow_private=source.allow_private,
            etag=None if force else state.etag,
            last_modified=None if force else state.last_modified,
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
    ) -> Fetched | NotModified:
        """A document of the web, or the news that it is still the one with these validators.

        `own` is an address that the user himself wrote down: its host may be private, and `access` is sent to
        that host alone. Every other host, whether a redirect or the content of a feed leads there, must be
        public unless allow_private is set.

        Raises: FetchError with the reason.
        """
        headers, deadline = (
            _validators(etag, last_modified) | {"Accept": accept},
            time.monotonic() + DEADLINE_S,
        )
        first = url
        if own is None:
            _check(url, url, own, allow_private)
        for _ in range(MAX_REDIRECTS + 1):
            try:
                with self._client.stream("GET", url, headers=headers) as response:
                    if not response.has_redirect_location:
                        return _outcome(response, deadline)
                    url = _redirected(url, response.headers["location"], own, allow_private)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # the last for impossible hosts
                raise FetchError(url, _reason(error)) from error
        raise FetchError(first, f"more than {MAX_REDIRECTS} redirects")


def _validators(etag: str | None, last_modified: str | None) -> dict[str, str]:
    headers = {}
    if etag and etag.isascii():  # others cannot be sent back as they came
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    return headers


def _outcome(response: httpx.Response, deadline: float) -> Fetched | NotModified:
    url = str(response.url)
    if response.status_code == httpx.codes.NOT_MODIFIED:
        return NotModified()
    if not response.is_success:
        said = f"the server answered {response.status_code} {response.reason_phrase}".rstrip()
        raise FetchError(url, said, status=response.status_code)
    return Fetched(
        body=_read(response, url, deadline),
        final_url=url,
        content_type=response.headers.get("content-type", ""),
        etag=response.headers.get("etag"),
        last_modified=response.headers.get("last-modified"),
    )


def _read(response: httpx.Response, url: str, deadline: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes(65536):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise FetchError(url, f"the document is larger than {MAX_BODY_BYTES // 1_000_000} MB")
        if time.monotonic() > deadline:
            raise FetchError(url, f"the document did not arrive within {DEADLINE_S:.0f} s")
    return bytes(body)


def _redirected(url: str, location: str, own: str | None, allow_private: bool) -> str:
    """Where a redirect leads, if it may be followed."""
    target = urljoin(url, location)
    parts = urlsplit(target)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchError(url, f"redirects to {target[:200]}, which is not on the web")
    _check(url, target, own, allow_private)
    return target


def _check(url: str, target: str, own: str | None, allow_private: bool) -> None:
    parts = urlsplit(target)
    allowed = allow_private or (own is not None and _place(parts) == _place(urlsplit(own)))
    if not allowed and parts.hostname and (address := _private_address(parts.hostname)):
        verb = "redirects to" if url != target else "leads to"
        raise FetchError(url, f"{verb} {parts.hostname}, the private address {address}")


def _place(parts: SplitResult) -> tuple[str | None, int]:
    """Host and port of a URL."""
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _private_address(host: str) -> str | None:
    """The first address of a host that is not a public one."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return None  # the request itself will say that the host has no address
    addresses = [str(info[4][0]).split("%")[0] for info in found]
    return next((a for a in addresses if not ipaddress.ip_address(a).is_global), None)


def _reason(error: Exception) -> str:
    match error:
        case httpx.ConnectTimeout():
            return "no connection within 10 s"
        case httpx.TimeoutException():
            return "the server stopped answering"
        case httpx.ConnectError():
            return f"cannot connect: {error}"
        case _:
            return f"{error}" or type(error).__name__
