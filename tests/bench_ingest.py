"""Speed and memory of asking many feeds, beside the library `reader` doing the same in the same run.

    python tests/bench_ingest.py [FEEDS]            default: 1000 feeds of 50 entries, servers 50 ms away
    python tests/bench_ingest.py FEEDS --alone      without reader
    python tests/bench_ingest.py FEEDS --small      feeds of one entry, to see what a feed as such costs

Each feed has a host of its own: one server, in a process of its own, listens at all of 127.0.0.0/8. Three times
are measured, each in a new process: the first look; a look at which nothing has changed; one at which a tenth of
the feeds has a new and a changed entry. Compare ratios, not seconds.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

THREADS = 100
ENTRIES = 50
LATENCY_S = 0.05
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
PARAGRAPH = (
    "<p>第{n}篇报道说，<a href='/story/{n}'>各方代表</a>今天在日内瓦举行了第{n}轮会谈，讨论了<b>停火</b>、"
    "人道主义援助和边境口岸的问题，会谈将在下周继续举行。</p><p><img src='/pictures/{n}.jpg' alt='会场'></p>"
    "<p>Observers said that round {n} was calmer than the one before it, and that the text is nearly ready.</p>"
)


def document(feed: int, version: int, entries: int = ENTRIES) -> bytes:
    """A feed; with each version one entry more, and another text in the newest of the first one."""
    items = []
    for number in range(version + entries, version, -1):
        body = PARAGRAPH.format(n=number) * 3 + (f"<p>修订{version}</p>" if number == entries else "")
        date = (BEGAN + timedelta(hours=number)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        items.append(
            f"<item><title>第{number}篇报道</title><link>https://news{feed}.example/{number}</link>"
            f"<guid>https://news{feed}.example/{number}</guid><pubDate>{date}</pubDate>"
            f"<description><![CDATA[{body}]]></description></item>"
        )
    head = f"<title>News {feed}</title><link>https://news{feed}.example/</link><language>zh</language>"
    return f"<rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>".encode()


def serve(port: int, changed: object, entries: int) -> None:
    """Answer `/FEED` after the latency; a tenth of the feeds has another version when `changed` is set."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                feed = int(head.split(b" ", 2)[1][1:])
                version = int(changed.is_set() and feed % 10 == 0)  # type: ignore[attr-defined]
                await asyncio.sleep(LATENCY_S)
                if f'"{version}"'.encode() in head:
                    writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "%d"\r\n\r\n' % version)
                else:
                    body = document(feed, version, entries)
                    writer.write(
                        b'HTTP/1.1 200 OK\r\nETag: "%d"\r\nContent-Type: application/rss+xml\r\n'
                        b"Content-Length: %d\r\n\r\n" % (version, len(body))
                    )
                    writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def listen() -> None:
        server = await asyncio.start_server(answer, "0.0.0.0", port, backlog=1000)
        await server.serve_forever()

    asyncio.run(listen())


def urls(feeds: int, port: int) -> list[str]:
    return [f"http://127.{1 + n // 65025}.{n // 255 % 255}.{n % 255 + 1}:{port}/{n}" for n in range(feeds)]


def ours(folder: Path, feeds: int, port: int, look: int) -> tuple[float, str]:
    """Our stages 1 and 2."""
    from feedsvc.config import load_config
    from feedsvc.ingest import Fetcher
    from feedsvc.polling import poll
    from feedsvc.store import Store

    path = folder / "feedsvc.toml"
    sources = "".join(f'[[sources]]\nid = "s{n}"\nurl = "{url}"\n' for n, url in enumerate(urls(feeds, port)))
    path.write_text(f'[service]\ndata_dir = "data"\n[fetch]\nconnections = {THREADS}\n{sources}', "utf-8")
    config = load_config(path)
    with Store(config.database) as store, Fetcher(config.limits) as fetcher:
        began = time.perf_counter()
        now = BEGAN + timedelta(days=10 + look)
        done = poll(config.sources, store, fetcher, config.limits, media_folder=folder / "media", now=now)
        took = time.perf_counter() - began
    assert not done.failures, done.failures[:3]
    return took, f"{done.new_entries} new, {done.changed_entries} changed, {done.unchanged} unchanged"


def theirs(folder: Path, feeds: int, port: int, look: int) -> tuple[float, str]:
    """The same with reader, as its documentation says."""
    from reader import make_reader

    reader = make_reader(str(folder / "reader.sqlite"))
    if look == 0:
        for url in urls(feeds, port):
            reader.add_feed(url)
    began = time.perf_counter()
    reader.update_feeds(scheduled=False, workers=THREADS)
    took = time.perf_counter() - began
    counts = reader.get_entry_counts()
    return took, f"{counts.total} entries"


TOOLS: dict[str, Callable[[Path, int, int, int], tuple[float, str]]] = {"feedsvc": ours, "reader": theirs}
LOOKS = ("first look", "nothing changed", "a tenth changed")


def measure(tool: str, folder: Path, feeds: int, port: int, look: int) -> None:
    """Print what one look took, in this process."""
    took, what = TOOLS[tool](folder, feeds, port, look)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1e3
    print(f"{LOOKS[look]:16} {tool:8} {took:8.2f} s {peak:6.0f} MB   {what}", flush=True)


def main() -> None:
    """What the arguments ask for."""
    if sys.argv[1:2] == ["--one"]:
        tool, folder, *numbers = sys.argv[2:]
        measure(tool, Path(folder), *map(int, numbers))
        return
    feeds = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    tools = ["feedsvc"] if "--alone" in sys.argv else list(TOOLS)
    with socket.socket() as free:
        free.bind(("0.0.0.0", 0))
        port = free.getsockname()[1]
    changed = multiprocessing.Event()
    entries = 1 if "--small" in sys.argv else ENTRIES
    server = multiprocessing.Process(target=serve, args=(port, changed, entries), daemon=True)
    server.start()
    time.sleep(0.5)
    print(
        f"{feeds} feeds of {entries} entries ({len(document(0, 0, entries)) // 1000} KB), {THREADS} threads",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as scratch:
        for look in range(len(LOOKS)):
            if look == len(LOOKS) - 1:
                changed.set()
            for tool in tools:
                command = [sys.executable, __file__, "--one", tool, scratch, str(feeds), str(port), str(look)]
                subprocess.run(command, check=True, env=os.environ | {"HOME": scratch})
    server.terminate()


if __name__ == "__main__":
    main()
