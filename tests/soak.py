"""Months of mishaps in minutes: the service is killed again and again while it works, and readers look on.

    python tests/soak.py [MINUTES] [SOURCES]      default: 30 minutes, 50 sources

Sources on a server of this script publish, edit, fail and come back. In the first two thirds of the time the
service is killed at random, about 115 times, and sources are refreshed by hand beside it; in the last third it is
left alone, and its memory and file descriptors are watched. All the while readers check every file that they find
in the output folder, and what they get over HTTP. In the end nothing may be lost or doubled, and every byte must be
that of an undisturbed run over the same content. Only the translator is a fake.
"""

from __future__ import annotations

import http.client
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from statistics import median
from urllib.request import urlopen
from xml.sax.saxutils import escape

from lxml import etree

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

KILLS = 115
CALM_PART = 1 / 3


# --- the sources


@dataclass
class Article:
    guid: str
    title: str
    body: str
    published: datetime


@dataclass
class Publisher:
    """One source, and how it is just now."""

    articles: list[Article] = field(default_factory=list)
    fails_until: float = 0
    failure: str = ""


class Site:
    """All sources, on one server."""

    def __init__(self, count: int, seed: int) -> None:
        self.publishers = {f"s{number:02}": Publisher() for number in range(count)}
        self.lock = threading.Lock()
        self.chance = random.Random(seed)
        self.done: Counter[str] = Counter()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, body = site.answer(self.path.strip("/"))
                tag = f'"{sha256(body).hexdigest()}"'
                if status == 200 and self.headers.get("If-None-Match") == tag:
                    status, body = 304, b""
                self.send_response(status)
                self.send_header("ETag", tag)
                self.send_header("Content-Type", "application/rss+xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """The other side was killed."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, source_id: str) -> tuple[int, bytes]:
        with self.lock:
            publisher = self.publishers[source_id]
            failure = publisher.failure if time.monotonic() < publisher.fails_until else ""
            feed = _feed(source_id, publisher.articles)
        match failure:
            case "status":
                return 503, b"not now"
            case "slow":
                time.sleep(5)
                return 500, b"too late"
            case "broken":
                return 200, feed[: len(feed) // 2].replace(b"<channel>", b"<chan")
            case _:
                return 200, feed

    def live(self, ended: threading.Event) -> None:
        """Publish, edit and fail until the end: about two new articles for each source a minute."""
        while not ended.wait(0.5):
            with self.lock:
                for _ in range(len(self.publishers)):
                    if self.chance.random() < 1 / 60:
                        self._publish(self.chance.choice(list(self.publishers)))
                if self.chance.random() < 0.25:
                    self._edit(self.chance.choice(list(self.publishers)))
                if self.chance.random() < 0.1:
                    self._fail(self.chance.choice(list(self.publishers)))

    def _publish(self, source_id: str) -> None:
        articles, number_of_all = self.publishers[source_id].articles, self.done["published"]
        self.done["published"] += 1
        number = len(articles)
        articles.append(
            Article(
                f"urn:{source_id}:{number}",
                f"第{number_of_all}号新闻",
                f"<p>来源{source_id}的第{number}篇文章。今天下雨，气温{number_of_all % 40}度。</p><p>大家好，这是第{number_of_all}段。</p>",
                _now(),
            )
        )

    def _edit(self, source_id: str) -> None:
        if articles := self.publishers[source_id].articles[-10:]:
            self.done["edited"] += 1
            article = self.chance.choice(articles)
            article.body += f"<p>更正{self.done['edited']}：情况有变化。</p>"

    def _fail(self, source_id: str) -> None:
        self.done["failed"] += 1
        publisher = self.publishers[source_id]
        publisher.failure = self.chance.choice(["status", "slow", "broken"])
        publisher.fails_until = time.monotonic() + self.chance.uniform(5, 60)

    def heal(self) -> None:
        with self.lock:
            for publisher in self.publishers.values():
                publisher.fails_until = 0


def _feed(source_id: str, articles: Sequence[Article]) -> bytes:
    items = "".join(
        f"<item><guid isPermaLink='false'>{a.guid}</guid><link>https://news.example/{a.guid}</link>"
        f"<title>{escape(a.title)}</title><description>{escape(a.body)}</description>"
        f"<pubDate>{format_datetime(a.published)}</pubDate></item>"
        for a in reversed(articles)
    )
    return f"<rss version='2.0'><channel><title>{source_id}</title><link>https://news.example/</link><description>d</description>{items}</channel></rss>".encode()


# --- the service


def configure(folder: Path, site: Site, port: int) -> Path:
    sources = "".join(
        f'[[sources]]\nid = "{i}"\nurl = "{site.url}/{i}"\nlanguage = "zh"\n' for i in site.publishers
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "feedsvc.toml"
    path.write_text(
        '[service]\ndata_dir = "data"\noutput_dir = "public"\n'
        '[fetch]\nconnections_per_host = 20\nhost_delay = "0s"\n'
        '[defaults]\ninterval = "30s"\nmax_interval = "30s"\n'
        f'[server]\nlisten = "127.0.0.1:{port}"\n'
        '[[outputs]]\nslug = "all"\ntitle = "All"\n' + sources,
        encoding="utf-8",
    )
    return path


def command(config: Path, *arguments: str) -> list[str]:
    return [sys.executable, __file__, "--feedsvc", "--config", str(config), *arguments]


def feedsvc(arguments: list[str]) -> None:
    """The command `feedsvc`, whose only fake is the translator."""
    from fakes import FakeTranslator, fake_translation

    from feedsvc.service import cli
    from feedsvc.translate.engine import Answer

    class Forgetful(FakeTranslator):
        """Remembers nothing of what it was asked: its memory is what is measured."""

        def translate(
            self,
            sentences: Sequence[str],
            *,
            source_language: str,
            target_language: str,
            careful: bool = False,
        ) -> Iterator[tuple[int, list[Answer]]]:
            for index, text in enumerate(sentences):
                time.sleep(0.002)
                yield index, [Answer(text=fake_translation(text))]

    cli.open_translator = lambda config: Forgetful()  # type: ignore[assignment, return-value]
    sys.argv = ["feedsvc", *arguments]
    cli.main()


# --- the readers


class Readers:
    """Look at what is published all the time, and remember everything that is amiss."""

    def __init__(self, public: Path, port: int) -> None:
        self.public, self.port = public, port
        self.looked: Counter[str] = Counter()
        self.problems: list[str] = []
        self.chance = random.Random(7)

    def read_files(self, ended: threading.Event) -> None:
        while not ended.wait(0.3):
            for path in self._some_files():
                try:
                    content = path.read_bytes()
                except FileNotFoundError:
                    self.problems.append(f"{path.name} has vanished")
                    continue
                self._check("file", path.name, content)

    def read_pages_over_http(self, ended: threading.Event) -> None:
        while not ended.wait(0.2):
            # all articles here are of one day, so archives grow and grow, and so would what the server keeps of them
            for path in [p for p in self._some_files() if "-archive-" not in p.name][:5]:
                name = path.relative_to(self.public).as_posix()
                try:
                    with urlopen(f"http://127.0.0.1:{self.port}/{name}", timeout=10) as answer:
                        content = answer.read()
                except http.client.IncompleteRead:
                    self.looked["cut short over HTTP by a kill"] += 1
                    continue
                except OSError as error:
                    is_answer = getattr(error, "code", None) is not None
                    self.looked["not served, as the service was down"] += not is_answer
                    if is_answer:
                        self.problems.append(f"{name}: {error}")
                    continue
                self._check("HTTP", path.name, content)

    def _some_files(self) -> list[Path]:
        top = [p for p in self.public.glob("*.*") if not p.name.startswith(".")]
        pages = [p for p in self.public.glob("articles/*/*.html") if not p.name.startswith(".")]
        return self.chance.sample(top, len(top)) + self.chance.sample(pages, min(len(pages), 30))

    def _check(self, how: str, name: str, content: bytes) -> None:
        self.looked[f"{how} {name.rpartition('.')[2]}"] += 1
        try:
            _check(name, content)
        except (ValueError, AssertionError, etree.XMLSyntaxError) as error:
            self.problems.append(f"{how} {name} ({len(content)} bytes): {error}")


def _check(name: str, content: bytes) -> None:
    """Raises: ValueError, AssertionError, XMLSyntaxError for what is not whole and valid."""
    match name.rpartition(".")[2]:
        case "json":
            guids = [item["id"] for item in json.loads(content)["items"]]
        case "rss":
            guids = etree.fromstring(content).xpath("//item/guid/text()")
        case "atom":
            guids = etree.fromstring(content).xpath("//*[local-name()='entry']/*[local-name()='id']/text()")
        case "html":
            assert content.rstrip().endswith(b"</html>"), "is torn"
            return
        case "css":
            assert content.rstrip().endswith(b"}"), "is torn"
            return
        case _:
            etree.fromstring(content)
            return
    assert len(set(guids)) == len(guids), "has an entry twice"


# --- what is done to the service


class Soak:
    def __init__(self, folder: Path, minutes: float, sources: int) -> None:
        self.site = Site(sources, seed=20261128)
        with create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.config = configure(folder / "service", self.site, port)
        self.folder, self.seconds = folder, minutes * 60
        self.readers = Readers(self.config.parent / "public", port)
        self.ended = threading.Event()
        self.chance = random.Random(11)
        self.problems: list[str] = []
        self.kills = self.by_hand = self.kept_waiting = 0
        self.samples: list[tuple[int, int]] = []

    def run(self) -> bool:
        calm_s = self.seconds * CALM_PART
        public = self.config.parent / "public"
        threads = [self._thread(self.site.live)]
        self._say(f"sources at {self.site.url}, output in {public}")
        self._kill_again_and_again(until=time.monotonic() + self.seconds - calm_s, threads=threads)
        self._leave_alone(until=time.monotonic() + calm_s)
        self.ended.set()
        for thread in threads:
            thread.join()
        self._catch_up()
        self._compare_with_sources()
        self._compare_with_undisturbed()
        return self._report()

    def _thread(self, target: Callable[[threading.Event], None]) -> threading.Thread:
        thread = threading.Thread(target=target, args=(self.ended,))
        thread.start()
        return thread

    def _start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "service.log").open("ab") as log:
            return subprocess.Popen(command(self.config, "run"), stdout=log, stderr=log)

    def _kill_again_and_again(self, until: float, threads: list[threading.Thread]) -> None:
        mean = max((until - time.monotonic()) / KILLS, 3)
        while time.monotonic() < until:
            process = self._start()
            time.sleep(min(self.chance.uniform(0.2, 2 * mean - 0.2), max(until - time.monotonic(), 0)))
            if len(threads) == 1 and (self.readers.public / "index.html").is_file():
                threads += map(self._thread, (self.readers.read_files, self.readers.read_pages_over_http))
                threads.append(self._thread(self._refresh_by_hand))
            if (code := process.poll()) is not None:
                self.problems.append(f"the service ended by itself, with {code}")
            process.kill()
            process.wait()
            self.kills += 1
            if self.kills % 10 == 0:
                self._say(
                    f"{self.kills} kills, {dict(self.site.done)}, {len(self.readers.problems)} problems"
                )

    def _refresh_by_hand(self, ended: threading.Event) -> None:
        while not ended.wait(self.chance.uniform(10, 40)):
            some = self.chance.sample(list(self.site.publishers), 3)
            done = subprocess.run(command(self.config, "refresh", *some), capture_output=True, text=True)
            self.by_hand += 1
            self.kept_waiting += "Waiting for" in done.stderr
            wrong = [
                line for line in done.stderr.splitlines() if not line.startswith(("failed: s", "Waiting"))
            ]
            self.problems += [f"by hand: {line}" for line in wrong]

    def _leave_alone(self, until: float) -> None:
        self._say(f"{self.kills} kills; now it is left alone")
        process = self._start()
        while time.monotonic() < until:
            time.sleep(min(5, max(until - time.monotonic(), 0)))
            if process.poll() is not None:
                self.problems.append(f"the service ended by itself, with {process.returncode}")
                return
            self.samples.append(_used(process.pid))
            if len(self.samples) % 12 == 0:
                self._say(f"{self.samples[-1][0]} KB, {self.samples[-1][1]} descriptors")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        self._say(f"stopped with {code} after {time.monotonic() - began:.1f} s")
        if code:
            self.problems.append(f"SIGTERM ended the service with {code}")

    def _catch_up(self) -> None:
        self.site.heal()
        for _ in range(3):
            done = subprocess.run(command(self.config, "refresh"), capture_output=True, text=True)
        if done.returncode:
            self.problems.append(f"the last refresh: {done.stderr}")

    def _compare_with_sources(self) -> None:
        """Every article is there, once, in its last revision, translated."""
        from feedsvc.config import load_config
        from feedsvc.store import Store

        with Store(load_config(self.config).database) as store:
            for source_id, publisher in self.site.publishers.items():
                records = {r.entry.guid: r for r in store.records(source_id, "en")}
                expected = {a.guid: a for a in publisher.articles}
                for guid in expected.keys() - records.keys():
                    self.problems.append(f"{guid} is lost")
                for guid in records.keys() - expected.keys():
                    self.problems.append(f"{guid} is nobody's")
                for guid, record in records.items():
                    if guid in expected and record.entry.body_html.count("更正") != expected[guid].body.count(
                        "更正"
                    ):
                        self.problems.append(f"{guid} is not the last revision")
                    if not record.is_current:
                        self.problems.append(f"{guid} is not translated")
                page_count = len(list((self.readers.public / "articles" / source_id).glob("*.html")))
                if page_count != len(expected):
                    self.problems.append(f"{source_id} has {page_count} pages for {len(expected)} articles")

    def _compare_with_undisturbed(self) -> None:
        """What is translated and published anew of the same entries is the same, byte for byte."""
        other = configure(self.folder / "undisturbed", self.site, self.readers.port)
        (other.parent / "data").mkdir()
        with (
            sqlite3.connect(self.config.parent / "data" / "feedsvc.sqlite") as ours,
            sqlite3.connect(other.parent / "data" / "feedsvc.sqlite") as copy,
        ):
            ours.backup(copy)
            for table in ("translations", "memory", "published", "shown_media", "changes"):
                copy.execute(f"DELETE FROM {table}")
        subprocess.run(command(other, "refresh"), capture_output=True, check=True)
        found, wanted = _contents(self.readers.public), _contents(other.parent / "public")
        for name in sorted(found.keys() | wanted.keys()):
            if found.get(name) != wanted.get(name):
                self.problems.append(f"{name} is another than that of an undisturbed run")
        self._say(f"{len(wanted)} files compared")

    def _report(self) -> bool:
        quarter = max(len(self.samples) // 4, 1)
        early, late = self.samples[quarter : 2 * quarter] or self.samples, self.samples[-quarter:]
        if early and late:
            memory = [int(median(kilobytes for kilobytes, _ in some)) for some in (early, late)]
            descriptors = [int(median(count for _, count in some)) for some in (early, late)]
            self._say(f"memory: {memory[0]} KB, later {memory[1]} KB ({memory[1] / memory[0] - 1:+.1%})")
            self._say(f"descriptors: {descriptors[0]}, later {descriptors[1]}")
            if self.seconds >= 1800 and memory[1] > 1.05 * memory[0]:
                self.problems.append("its memory grows")
            if descriptors[1] > descriptors[0] + 3:
                self.problems.append("its descriptors grow")
        self._say(f"sources: {dict(self.site.done)}")
        self._say(f"{self.kills} kills; {self.by_hand} refreshes by hand, {self.kept_waiting} of them waited")
        self._say(f"readers looked at: {dict(self.readers.looked)}")
        problems = [*self.readers.problems, *self.problems]
        for problem in problems[:50]:
            self._say(f"PROBLEM: {problem}")
        self._say(f"{len(problems)} problems" if problems else "no article lost, none doubled, no file torn")
        return not problems

    def _say(self, line: str) -> None:
        print(f"{_now():%H:%M:%S} {line}", flush=True)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - what sources say of themselves


def _used(pid: int) -> tuple[int, int]:
    """Memory of a process in kilobytes, and its open files."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]), len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def main() -> int:
    minutes, sources = ([*map(float, sys.argv[1:]), *(30, 50)[len(sys.argv) - 1 :]])[:2]
    folder = Path(tempfile.mkdtemp(prefix="feedsvc-soak-"))
    is_well = Soak(folder, minutes, int(sources)).run()
    if is_well:
        shutil.rmtree(folder)
    else:
        print(f"everything is left in {folder}")
    return 0 if is_well else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--feedsvc"]:
        feedsvc(sys.argv[2:])
    else:
        sys.exit(main())
