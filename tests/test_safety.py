"""What happens to disks, files, clocks and databases: it is said in one sentence, and the next run makes it good.

A process that is killed is in test_crash, a database of an older version in store/test_schema.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from conftest import Disk
from fakes import Answer, FakeTranslator, WebServer

from feedsvc import alarms, pipeline, schedule
from feedsvc.config import Config, load_config
from feedsvc.errors import FeedsvcError, PublishError, SchemaTooNew, StoreError
from feedsvc.ingest import Fetcher
from feedsvc.model import RunReport
from feedsvc.publish import Folder
from feedsvc.store import Store, opening, schema

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 80
ARTICLE = """---
title: 标题{n}
date: 2026-11-1{n}
lang: {language}
---
<p>第一段{text}。</p><p><img src="picture.png" alt=""></p>
"""
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """How full the little disks are is told elsewhere: here it would be one more difference."""
    monkeypatch.setattr(alarms, "_disk", lambda folder: alarms.Disk(folder, 100, 100))


class Service:
    """An installation of its own, whose folders may lie on other disks."""

    def __init__(self, root: Path, now: datetime, *, data: Path | None = None, public: Path | None = None):
        self.root, self.now = root, now
        self.articles = root / "articles"
        self.articles.mkdir(parents=True)
        (self.articles / "picture.png").write_bytes(PICTURE)
        self.translator = FakeTranslator()
        self.data, self.public = data or root / "data", public or root / "public"
        self.database = self.data / "feedsvc.sqlite"
        self.sources = '[[sources]]\nid = "articles"\nfolder = "articles"\n'
        for number in range(3):
            self.write(number)

    def write(self, number: int, *, text: str = "", language: str = "zh") -> None:
        article = ARTICLE.format(n=number, text=text, language=language)
        (self.articles / f"{number}.md").write_text(article, encoding="utf-8")

    @property
    def config(self) -> Config:
        path = self.root / "feedsvc.toml"
        path.write_text(f'[service]\ndata_dir = "{self.data}"\noutput_dir = "{self.public}"\n{self.sources}')
        return load_config(path)

    def refresh(self, *, now: datetime | None = None, only: tuple[str, ...] = ()) -> RunReport:
        config = self.config
        with Store(config.database) as store, Fetcher(config.limits) as fetcher:
            return pipeline.refresh(config, store, fetcher, self.translator, now=now or self.now, only=only)

    def complaint(self, kind: type[FeedsvcError]) -> str:
        """What a refresh says that cannot be done."""
        with pytest.raises(kind) as caught:
            self.refresh()
        return str(caught.value)

    def published(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.public)): path.read_bytes()
            for path in self.public.rglob("*")
            if path.is_file()
        }

    def feed(self) -> dict[str, feedparser.FeedParserDict]:
        """The entries that readers have, by title."""
        parsed = feedparser.parse(str(self.public / "articles.atom"))
        assert parsed.bozo == 0
        return {entry.title.rpartition(" · ")[2]: entry for entry in parsed.entries}


@pytest.fixture
def undisturbed(tmp_path: Path, now: datetime) -> dict[str, bytes]:
    """What is published where nothing happens."""
    service = Service(tmp_path / "undisturbed", now)
    service.refresh()
    return service.published()


@pytest.fixture
def service(tmp_path: Path, now: datetime) -> Service:
    return Service(tmp_path / "service", now)


@contextmanager
def other_program(database: Path) -> Iterator[sqlite3.Connection]:
    """Has begun to write to a database."""
    connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def mark(database: Path, revision: str) -> None:
    """Let a database be of another version."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()


def complaints_until_there_is_room(
    service: Service, disk: Disk, kind: type[FeedsvcError], *, most: int
) -> Iterator[str]:
    """What each refresh says while a disk has a little more room each time, until one is done without a failure."""
    for room in range(0, most, 4_096):
        disk.leave(room)
        try:
            report = service.refresh()
        except kind as error:
            yield str(error)
        else:
            assert report.failures == ()
            return


def test_a_full_disk_under_the_database_is_said_and_nothing_is_lost(
    tmp_path: Path, now: datetime, disk: Disk, undisturbed: dict[str, bytes]
) -> None:
    service = Service(tmp_path / "service", now, data=disk.path / "data")
    complaints = list(complaints_until_there_is_room(service, disk, StoreError, most=2_000_000))
    assert len(complaints) > 2
    for said in complaints:
        assert str(disk.path) in said and "\n" not in said
        assert "disk is full" in said or "No space left on device" in said
    assert service.published() == undisturbed


def test_a_disk_that_becomes_full_keeps_what_was_saved(
    tmp_path: Path, now: datetime, disk: Disk, undisturbed: dict[str, bytes]
) -> None:
    service = Service(tmp_path / "service", now, data=disk.path / "data")
    service.refresh()
    for number in range(3):
        service.write(number, text="改了" * 30_000)
    disk.leave(0)
    assert "disk is full" in service.complaint(StoreError)
    assert service.published() == undisturbed
    disk.empty()
    assert service.refresh().changed_entries == 3


def test_a_full_disk_under_the_output_folder_is_said_and_readers_see_whole_files(
    tmp_path: Path, now: datetime, disk: Disk, undisturbed: dict[str, bytes]
) -> None:
    service = Service(tmp_path / "service", now, public=disk.path / "public")
    complaints = []
    for said in complaints_until_there_is_room(service, disk, PublishError, most=1_000_000):
        complaints.append(said)
        whole = {n: content for n, content in service.published().items() if not n.endswith(".unfinished")}
        assert whole.items() <= undisturbed.items()
    assert len(complaints) > 2
    assert all(c.endswith(": cannot be written: No space left on device") for c in complaints)
    assert service.published() == undisturbed


def test_a_read_only_output_folder_is_said_and_what_is_published_stays(
    tmp_path: Path, now: datetime, disk: Disk, undisturbed: dict[str, bytes]
) -> None:
    service = Service(tmp_path / "service", now, public=disk.path)
    service.refresh()
    disk.remount("ro")
    assert service.refresh().files == ()
    service.write(1, text="改了")
    said = service.complaint(PublishError)
    assert said.startswith(str(disk.path)) and said.endswith("cannot be written: Read-only file system")
    assert service.published() == undisturbed
    disk.remount("rw")
    assert "articles.rss" in service.refresh().files
    assert "改了" in service.feed()["标题1"].content[0].value


def test_a_read_only_folder_of_the_database_is_said(tmp_path: Path, now: datetime, disk: Disk) -> None:
    service = Service(tmp_path / "service", now, data=disk.path)
    service.refresh()
    disk.remount("ro")
    said = service.complaint(StoreError)
    assert "the user that runs feedsvc must be able to write it" in said
    disk.remount("rw")
    assert service.refresh().failures == ()


def test_a_locked_database_is_waited_for(service: Service, undisturbed: dict[str, bytes]) -> None:
    service.refresh()
    with other_program(service.database) as connection:
        letting_go = threading.Timer(0.2, connection.rollback)
        letting_go.start()
        service.write(1, text="改了")
        assert service.refresh().changed_entries == 1
        letting_go.join()


def test_a_database_that_stays_locked_is_said_and_nothing_is_lost(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.refresh()
    service.write(1, text="改了")
    monkeypatch.setattr(opening, "_PATIENCE_S", 0.1)
    with other_program(service.database):
        said = service.complaint(StoreError)
    assert said.endswith("database is locked; another program works on it; try again when that has ended")
    assert service.refresh().changed_entries == 1
    assert "改了" in service.feed()["标题1"].content[0].value


@pytest.mark.parametrize("back", [timedelta(minutes=1), 2 * DAY, 3000 * DAY])
def test_a_clock_that_jumps_back_delays_nothing_and_no_date_goes_back(
    service: Service, back: timedelta
) -> None:
    service.refresh()
    first = service.feed()
    earlier = service.now - back
    service.write(1, text="改了")
    service.refresh(now=earlier)
    edited = service.feed()
    service.write(1, text="又改了")
    service.write(3)
    service.refresh(now=earlier + timedelta(seconds=30))
    again = service.feed()
    assert again.keys() == {"标题0", "标题1", "标题2", "标题3"}
    changes = [feed["标题1"].updated_parsed for feed in (first, edited, again)]
    assert changes[0] < changes[1] < changes[2]
    for title, entry in first.items():
        assert (entry.id, entry.published) == (again[title].id, again[title].published)
    assert service.refresh(now=earlier + timedelta(minutes=1)).files == ()


def test_each_source_is_due_when_the_clock_has_jumped_back(service: Service) -> None:
    service.refresh()
    with Store(service.config.database) as store:
        state = store.state("articles")
    assert not schedule.is_due(state, now=service.now)
    assert not schedule.is_due(state, now=service.now - timedelta(seconds=1))
    assert schedule.is_due(state, now=service.now - DAY)


def test_a_server_that_wanted_us_to_wait_is_asked_when_the_clock_has_jumped_back(
    service: Service, web: WebServer
) -> None:
    web.answers["/feed"] = Answer(b"later", 503, {"Retry-After": "86400"})
    service.sources += f'[[sources]]\nid = "web"\nurl = "{web.url}/feed"\nallow_private = true\n'
    for back in (timedelta(0), timedelta(0), -timedelta(hours=1), 30 * DAY):
        service.refresh(now=service.now - back)
    assert len(web.requests) == 2


def test_an_entry_is_not_held_for_longer_because_the_clock_has_jumped_back(service: Service) -> None:
    service.translator.missing.add("ja")
    service.write(1, language="ja")
    service.refresh()
    assert service.feed().keys() == {"标题0", "标题2"}
    service.refresh(now=service.now - timedelta(hours=1))
    assert service.feed().keys() == {"标题0", "标题2"}
    service.refresh(now=service.now - DAY)
    assert service.feed().keys() == {"标题0", "标题1", "标题2"}


@pytest.mark.parametrize(
    "pattern",
    [
        "articles.rss",
        "articles.atom",
        "*.json",
        "index.html",
        "feeds.opml",
        "*.css",
        "**/*.html",
        "media/*",
        "**/*",
    ],
)
def test_files_deleted_by_hand_from_the_output_folder_come_back(
    service: Service, undisturbed: dict[str, bytes], pattern: str
) -> None:
    service.refresh()
    doomed = [path for path in service.public.glob(pattern) if path.is_file()]
    assert doomed
    for path in doomed:
        path.unlink()
    service.refresh()
    assert service.published() == undisturbed


@pytest.mark.parametrize("folder", ["", "articles", "media"])
def test_a_folder_deleted_by_hand_comes_back(
    service: Service, undisturbed: dict[str, bytes], folder: str
) -> None:
    service.refresh()
    shutil.rmtree(service.public / folder)
    service.refresh()
    assert service.published() == undisturbed


def test_the_database_of_a_newer_program_is_refused_and_left_alone(
    service: Service, undisturbed: dict[str, bytes]
) -> None:
    service.refresh()
    mark(service.database, "9999")
    before = service.database.read_bytes()
    assert service.complaint(SchemaTooNew).endswith("which this feedsvc does not know; use a newer feedsvc")
    assert (service.database.read_bytes(), service.published()) == (before, undisturbed)
    mark(service.database, schema.HEAD)
    assert service.refresh().files == ()


@pytest.mark.parametrize("start", [0, 4096, 20_000], ids=["header", "first table", "middle"])
def test_a_damaged_database_is_said_and_without_it_everything_comes_back(
    service: Service, undisturbed: dict[str, bytes], start: int
) -> None:
    service.refresh()
    content = service.database.read_bytes()
    service.database.write_bytes(content[:start] + b"\xa5" * (len(content) - start))
    said = service.complaint(StoreError)
    assert str(service.database) in said and "\n" not in said
    assert said.endswith("move it away to begin anew with what the sources have now")
    assert service.published() == undisturbed
    service.database.rename(service.database.with_suffix(".damaged"))
    service.refresh()
    assert service.published() == undisturbed


def test_two_configurations_do_not_publish_into_one_folder(tmp_path: Path, now: datetime) -> None:
    """Each would remove the pages of the other, again and again."""
    one = Service(tmp_path / "one", now, public=tmp_path / "public")
    one.refresh()
    before = one.published()
    (tmp_path / "link").symlink_to("public")
    over_link = Service(tmp_path / "third", now, public=tmp_path / "link")
    other = Service(tmp_path / "other", now, public=tmp_path / "public")
    if not Folder(one.public).owner:
        pytest.skip("this file system has no extended attributes")
    said = other.complaint(PublishError)
    assert said == (
        f"{one.public}: is the output_dir of {one.root}/feedsvc.toml too; give each configuration its own"
    )
    assert over_link.complaint(PublishError).startswith(
        f"{over_link.public}: is the output_dir of {one.root}/"
    )
    assert one.published() == before
    one.write(1, text="改了")
    assert "articles.rss" in one.refresh().files
    (one.root / "feedsvc.toml").rename(one.root / "old.toml")
    assert "articles.rss" in other.refresh().files, "nobody else has it any longer"
    assert "is the output_dir of" in one.complaint(PublishError)


def test_a_folder_that_another_configuration_has_given_up_may_be_taken(tmp_path: Path, now: datetime) -> None:
    one = Service(tmp_path / "one", now, public=tmp_path / "public")
    one.refresh()
    one.public = tmp_path / "elsewhere"
    one.refresh()
    other = Service(tmp_path / "other", now, public=tmp_path / "public")
    other.write(1, text="别的")
    assert "articles.rss" in other.refresh().files


def test_two_configurations_with_one_database_publish_all_of_it_each_into_its_own_folder(
    tmp_path: Path, now: datetime
) -> None:
    one = Service(tmp_path / "one", now, data=tmp_path / "data")
    other = Service(tmp_path / "other", now, data=tmp_path / "data")
    for service in (one, other, one, other):
        service.refresh()
    assert one.published() == other.published()
    for number, services in enumerate([(one, other), (other, one), (one, other)]):
        for service in services:
            service.write(number, text="改了")
        for service in services:
            service.refresh()
        for service in services:
            assert f"标题{number}" in service.feed()
            page = service.feed()[f"标题{number}"]
            assert "改了" in page.content[0].value
        services[0].refresh()
        assert one.published() == other.published()
