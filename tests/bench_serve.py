"""How many answers a second `feedsvc serve` gives, beside nginx with the same files in the same run.

    python tests/bench_serve.py [SECONDS]     default: 5 for each figure

Needs wrk and nginx (Debian has both); says so where they are missing. The feed has 200 KB, and compresses as news
does. Both servers and wrk share the machine; nginx has a worker for each core, feedsvc is one process. Goal: 2,000
answers a second, full and conditional.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

FEED_BYTES = 200 << 10
GOAL = 2000
CONNECTIONS = 64
NGINX = """
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    open_file_cache max=1000;
    types {{ application/rss+xml rss; }}
    gzip on;
    gzip_types application/rss+xml;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/public;
    }}
}}
"""


def feed() -> bytes:
    """A feed of random words, most of them frequent."""
    chance = random.Random(1)
    words = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 9))) for _ in range(4000)]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    items = []
    while sum(map(len, items)) < FEED_BYTES:
        text = " ".join(chance.choices(words, weights, k=80))
        items.append(f"<item><title>{text[:60]}</title><description>{text}</description></item>")
    return f"<rss><channel>{''.join(items)}".encode()[: FEED_BYTES - 16] + b"</channel></rss>"


@contextmanager
def serving(name: str, command: Callable[[int], list[str]]) -> Iterator[str]:
    """A server in a process of its own, and the address of its feed."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    url = f"http://127.0.0.1:{port}/news.rss"
    with subprocess.Popen(command(port), stdout=subprocess.DEVNULL) as server:
        try:
            for _ in range(200):
                try:
                    httpx.get(url).raise_for_status()
                    break
                except httpx.TransportError:
                    time.sleep(0.05)
            else:
                raise SystemExit(f"{name} does not answer")
            yield url
        finally:
            server.terminate()


def measure(url: str, seconds: int, *headers: str) -> tuple[float, str]:
    """Answers a second, and what wrk says of errors."""
    given = [part for header in headers for part in ("-H", header)]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--latency", *given, url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    slowest = re.search(r"99%\s+(\S+)", said)
    assert rate, said
    errors = [line.strip() for line in said.splitlines() if "Non-2xx" in line or "Socket errors" in line]
    return float(rate[1]), "; ".join([f"99 % within {slowest[1] if slowest else '?'}", *errors])


def main() -> None:
    """Print a table."""
    if missing := [
        name for name in ("wrk", "nginx") if not shutil.which(name, path=f"{os.defpath}:/usr/sbin")
    ]:
        print(
            f"serving: not measured, as {' and '.join(missing)} cannot be found (Debian: apt install wrk nginx)"
        )
        return
    seconds = int(sys.argv[1]) if sys.argv[1:] else 5
    with tempfile.TemporaryDirectory() as scratch:
        compare(Path(scratch), seconds)


def compare(folder: Path, seconds: int) -> None:
    """Measure both servers in turn, for each kind of request."""
    (folder / "public").mkdir()
    folder.chmod(0o755)  # nginx's workers are another user's
    (folder / "public" / "news.rss").write_bytes(feed())
    (folder / "feedsvc.toml").write_text('[service]\ndata_dir = "data"\noutput_dir = "public"\n')

    def own(port: int) -> list[str]:
        config = ["--config", str(folder / "feedsvc.toml")]
        return [sys.executable, "-m", "feedsvc", *config, "serve", "--listen", f"127.0.0.1:{port}"]

    def nginx(port: int) -> list[str]:
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        program = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin") or "nginx"
        return [program, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]

    print(f"a feed of {FEED_BYTES >> 10} KB, {len(os.sched_getaffinity(0))} cores, {CONNECTIONS} connections")
    with serving("feedsvc", own) as ours, serving("nginx", nginx) as theirs:
        for what, accepted, is_conditional in (
            ("full", "identity", False),
            ("full, gzip", "gzip", False),
            ("conditional", "identity", True),
        ):
            rates = []
            for name, url in (("feedsvc", ours), ("nginx", theirs)):
                headers = [f"Accept-Encoding: {accepted}"]
                first = httpx.get(url, headers={"accept-encoding": accepted})
                if is_conditional:
                    headers.append(f"If-None-Match: {first.headers['etag']}")
                rate, remarks = measure(url, seconds, *headers)
                rates.append(rate)
                print(f"  {what:12} {name:8} {rate:9,.0f}/s   {remarks}", flush=True)
            verdict = "" if rates[0] >= GOAL else f"   below the goal of {GOAL:,}/s"
            print(f"  {what:12} feedsvc / nginx = {rates[0] / rates[1]:.2f}{verdict}", flush=True)


if __name__ == "__main__":
    main()
