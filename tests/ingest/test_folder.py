"""Folders: which files are looked at, and what is known of them afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import NOW

from feedsvc import markup
from feedsvc.errors import SourceError
from feedsvc.ingest import folder as module
from feedsvc.ingest.disk import UNSURE, open_plain
from feedsvc.ingest.folder import read_folder
from feedsvc.model import KnownFile, NotModified, ParsedFeed, Source

MakeSource = Callable[..., Source]
PNG = b"\x89PNG\r\n\x1a\n and so on"
LONG_AGO = NOW - timedelta(days=1)


def look(source: Source) -> ParsedFeed:
    feed = read_folder(source, {}, now=NOW)
    assert isinstance(feed, ParsedFeed)
    return feed


class Folder:
    """A folder that is looked at again and again, as a service does; files are old unless they are not."""

    def __init__(self, root: Path, make_source: MakeSource) -> None:
        self.root, self.make_source = root, make_source
        self.source = make_source(location=str(root))
        self.known: dict[str, KnownFile] = {}
        self.opened: list[str] = []
        self._minutes = 0

    def write(self, name: str, content: str | bytes, *, settled: bool = True) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self._minutes += 1
        when = (LONG_AGO + timedelta(minutes=self._minutes) if settled else NOW).timestamp()
        os.utime(path, (when, when))
        return path

    def look(self) -> ParsedFeed | NotModified:
        self.opened.clear()
        feed = read_folder(self.source, self.known, now=NOW)
        if isinstance(feed, ParsedFeed):
            self.known = {file.path: file for file in feed.files}
        return feed

    def read(self) -> list[str]:
        """The titles of the entries that the next look brings."""
        feed = self.look()
        return [entry.title for entry in feed.entries] if isinstance(feed, ParsedFeed) else []

    def problems(self) -> list[str]:
        feed = self.look()
        assert isinstance(feed, ParsedFeed)
        return [problem.removeprefix(f"{self.root}/") for problem in feed.problems]


@pytest.fixture
def folder(tmp_path: Path, make_source: MakeSource, monkeypatch: pytest.MonkeyPatch) -> Folder:
    (tmp_path / "articles").mkdir()
    made = Folder(tmp_path / "articles", make_source)

    def opening(place: str) -> object:
        made.opened.append(Path(place).name)
        return open_plain(place)

    for name in ("folder", "media"):
        monkeypatch.setattr(f"feedsvc.ingest.{name}.open_plain", opening)
    return made


def article(title: str, body: str = "Body.", **meta: str) -> str:
    lines = "".join(f"{key}: {value}\n" for key, value in meta.items())
    return f"---\ntitle: {title}\n{lines}---\n{body}\n"


def test_files_that_are_as_they_were_are_not_opened(folder: Folder) -> None:
    for name in ("a.md", "sub/b.md"):
        folder.write(name, article(name, "![](p.png)"))
    folder.write("p.png", PNG)
    assert folder.read() == ["a.md", "sub/b.md"]
    assert folder.problems() == ["sub/b.md: shows sub/p.png, which is not in the folder"]
    assert folder.opened == []
    folder.write("sub/p.png", PNG)
    folder.look()
    assert folder.look() == NotModified()
    assert folder.opened == []


def test_a_new_file_is_read_and_no_other(folder: Folder) -> None:
    folder.write("a.md", article("One"))
    folder.look()
    folder.write("b.md", article("Two"))
    assert folder.read() == ["Two"]
    assert folder.opened == ["b.md"]
    assert sorted(folder.known) == ["a.md", "b.md"]


def test_a_changed_file_is_read_again(folder: Folder) -> None:
    folder.write("a.md", article("One"))
    folder.write("b.md", article("Two"))
    folder.look()
    folder.write("b.md", article("Three"))
    assert folder.read() == ["Three"]
    assert folder.look() == NotModified()


def test_a_file_that_was_only_touched_makes_no_entry(folder: Folder) -> None:
    folder.write("a.md", article("One"))
    folder.look()
    folder.write("a.md", article("One"))
    assert folder.read() == []
    assert folder.opened == ["a.md"]
    assert folder.look() == NotModified()
    assert folder.opened == []


def test_a_file_that_changed_just_now_is_not_trusted_to_stay(folder: Folder) -> None:
    path = folder.write("a.md", article("One"), settled=False)
    folder.look()
    assert folder.known["a.md"].mtime_ns == UNSURE
    folder.write("a.md", article("Two"), settled=False)
    assert path.stat().st_size == folder.known["a.md"].size_bytes
    assert folder.read() == ["Two"]
    assert folder.look() == NotModified()
    assert folder.opened == ["a.md"]


def test_a_file_that_has_gone_is_forgotten(folder: Folder) -> None:
    folder.write("a.md", article("One"))
    folder.write("b.md", article("Two"))
    folder.look()
    (folder.root / "b.md").unlink()
    assert folder.read() == []
    assert list(folder.known) == ["a.md"]


def test_files_are_read_again_for_another_language_of_the_source(folder: Folder) -> None:
    folder.write("a.md", article("One"))
    folder.look()
    folder.source = folder.make_source(location=str(folder.root), language="ja")
    feed = folder.look()
    assert isinstance(feed, ParsedFeed)
    assert [entry.language for entry in feed.entries] == ["ja"]
    assert folder.look() == NotModified()


def test_files_are_read_again_by_other_rules(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("a.md", article("One"))
    folder.look()
    monkeypatch.setattr(module, "_RULES", 1000)
    assert folder.read() == ["One"]


def test_digests_fit_into_the_database(folder: Folder) -> None:
    folder.write("a.md", article("One", "![](p.png)"))
    folder.write("p.png", PNG)
    folder.look()
    assert [len(file.digest) for file in folder.known.values()] == [64, 64]


def test_a_problem_stays_named_while_its_file_stays(folder: Folder) -> None:
    folder.write("a.md", article("One", date="tomorrow"))
    folder.write("b.md", article("Two"))
    named = ['a.md: the date "tomorrow" is neither RFC 822 nor ISO 8601']
    assert folder.problems() == named
    assert folder.problems() == named
    assert folder.opened == []
    folder.write("a.md", article("One"))
    assert folder.read() == ["One"]
    assert folder.look() == NotModified()


def test_a_file_that_may_not_be_read_is_tried_again(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(place: str) -> None:
        raise PermissionError(13, "Permission denied")

    folder.write("a.md", article("One"))
    with monkeypatch.context() as patch:
        patch.setattr(module, "open_plain", refuse)
        assert folder.problems() == ["a.md: cannot be read: Permission denied"]
    assert folder.read() == ["One"]


def test_of_files_with_one_guid_the_first_counts_even_if_the_other_came_earlier(folder: Folder) -> None:
    folder.write("b.md", article("Second", guid="same"))
    folder.look()
    folder.write("a.md", article("First", guid="same"))
    feed = folder.look()
    assert isinstance(feed, ParsedFeed)
    assert [entry.title for entry in feed.entries] == ["First"]
    assert folder.opened == ["a.md"]
    named = ["b.md: has the same guid as another file, same"]
    assert folder.problems() == named
    assert folder.opened == []


def test_the_next_file_with_a_guid_takes_the_place_of_one_that_has_gone(folder: Folder) -> None:
    first = folder.write("a.md", article("First", guid="same"))
    folder.write("b.md", article("Second", guid="same"))
    folder.write("c.md", article("Third", guid="same"))
    assert folder.read() == ["First"]
    first.unlink()
    assert folder.read() == ["Second"]
    assert folder.problems() == ["c.md: has the same guid as another file, same"]


def test_a_file_that_gives_up_its_guid_leaves_it_to_the_next(folder: Folder) -> None:
    folder.write("a.md", article("First", guid="same"))
    folder.write("b.md", article("Second", guid="same"))
    folder.look()
    folder.write("a.md", article("First", guid="own"))
    assert folder.read() == ["First", "Second"]


def test_a_changed_picture_changes_those_that_show_it(folder: Folder) -> None:
    folder.write("a.md", article("One", "![](p.png)"))
    folder.write("b.md", article("Two", "![](p.png)"))
    folder.write("c.md", article("Three"))
    folder.write("p.png", PNG)
    folder.look()
    folder.write("p.png", PNG + b"!")
    assert folder.read() == ["One", "Two"]
    assert folder.opened.count("p.png") == 2  # once for its hash, once for its kind


def test_a_picture_that_was_only_touched_changes_nothing(folder: Folder) -> None:
    folder.write("a.md", article("One", "![](p.png)"))
    folder.write("p.png", PNG)
    folder.look()
    folder.write("p.png", PNG)
    assert folder.read() == []
    assert folder.opened == ["p.png"]
    assert folder.look() == NotModified()


def test_a_picture_that_comes_later_is_shown_then(folder: Folder) -> None:
    folder.write("a.md", article("One", "![](p.png)"))
    assert folder.problems() == ["a.md: shows p.png, which is not in the folder"]
    folder.write("p.png", PNG)
    feed = folder.look()
    assert isinstance(feed, ParsedFeed)
    assert 'src="media:' in feed.entries[0].body_html
    assert [Path(medium.path).name for medium in feed.media] == ["p.png"]
    assert feed.problems == ()


def test_a_picture_that_goes_is_missed(folder: Folder) -> None:
    folder.write("a.md", article("One", "![](p.png)"))
    path = folder.write("p.png", PNG)
    folder.look()
    path.unlink()
    assert folder.problems() == ["a.md: shows p.png, which is not in the folder"]


def test_a_picture_may_come_later_where_the_article_has_a_link(folder: Folder) -> None:
    folder.write("a.md", article("One", "![](p.png)", link="https://news.example/1"))
    feed = folder.look()
    assert isinstance(feed, ParsedFeed)
    assert feed.problems == ()
    assert 'src="https://news.example/p.png"' in feed.entries[0].body_html
    folder.write("p.png", PNG)
    assert folder.read() == ["One"]


def test_a_file_that_goes_between_listing_and_reading_is_not_there(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("a.md", article("One"))
    folder.write("b.md", article("Two"))
    listed = module.list_files

    def then_gone(*args: object, **kwargs: object) -> object:
        found = listed(*args, **kwargs)  # type: ignore[arg-type]
        (folder.root / "a.md").unlink()
        return found

    monkeypatch.setattr(module, "list_files", then_gone)
    feed = folder.look()
    assert isinstance(feed, ParsedFeed)
    assert [entry.title for entry in feed.entries] == ["Two"]
    assert feed.problems == ()
    assert list(folder.known) == ["b.md"]


def test_a_file_that_grows_while_it_is_read_is_too_large(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 10)
    folder.write("a.md", "Much too long a text.")
    assert folder.problems() == ["a.md: is larger than 0 MB"]
    folder.look()
    assert folder.opened == []


def test_pipes_and_sockets_are_never_opened(folder: Folder) -> None:
    os.mkfifo(folder.root / "a.md")
    folder.write("b.md", article("One"))
    (folder.root / "c.md").symlink_to("a.md")
    (folder.root / "d.md").symlink_to("/dev/zero")
    (folder.root / "e.md").mkdir()
    assert folder.read() == ["One"]
    assert folder.opened == ["b.md"]


def test_a_file_that_becomes_a_pipe_is_not_waited_for(folder: Folder) -> None:
    os.mkfifo(folder.root / "pipe")
    with pytest.raises(OSError, match="is no plain file"):
        open_plain(str(folder.root / "pipe"))


def test_folders_that_lead_in_a_circle_are_read_once(folder: Folder) -> None:
    folder.write("sub/a.md", article("One"))
    (folder.root / "sub" / "up").symlink_to("..")
    (folder.root / "sub" / "self").symlink_to("self")
    (folder.root / "sub" / "root").symlink_to("/")
    assert folder.read() == ["One"]


def test_a_folder_below_that_cannot_be_read_is_named_and_the_rest_is_read(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("a.md", article("One"))
    folder.write("shut/b.md", article("Two"))
    scan = os.scandir

    def refuse(place: str) -> Iterator[os.DirEntry[str]]:
        if str(place).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return scan(place)

    monkeypatch.setattr("feedsvc.ingest.disk.os.scandir", refuse)
    feed = folder.look()
    assert isinstance(feed, ParsedFeed)
    assert [entry.title for entry in feed.entries] == ["One"]
    assert feed.problems == (f"{folder.root / 'shut'}: cannot be read: Permission denied",)


def test_a_file_that_cannot_be_looked_at_is_named_and_the_rest_is_read(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Entry:
        name, path = "a.md", str(folder.root / "a.md")

        def is_dir(self, *, follow_symlinks: bool) -> bool:
            return False

        def is_symlink(self) -> bool:
            return False

        def stat(self) -> None:
            raise PermissionError(13, "Permission denied")

    @contextmanager
    def scan(place: str) -> Iterator[Iterable[object]]:
        with os.scandir(place) as entries:
            yield [Entry(), *entries]

    folder.write("b.md", article("Two"))
    monkeypatch.setattr("feedsvc.ingest.disk.os", SimpleNamespace(**{**vars(os), "scandir": scan}))
    assert folder.problems() == ["a.md: cannot be read: Permission denied"]
    assert list(folder.known) == ["b.md"]


def test_a_folder_that_cannot_be_read_is_an_error(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(place: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("feedsvc.ingest.disk.os.scandir", refuse)
    with pytest.raises(SourceError, match="cannot be read: Permission denied"):
        folder.look()


def test_a_name_that_is_not_utf8_can_be_read_and_stored(folder: Folder) -> None:
    (folder.root / os.fsdecode(b"caf\xe9.md")).write_text("One.", encoding="utf-8")
    feed = folder.look()
    assert isinstance(feed, ParsedFeed)
    assert list(folder.known) == ["caf\\udce9.md"]
    assert feed.entries[0].guid.startswith("urn:uuid:")


def test_files_are_read_by_name_below_the_folder(tmp_path: Path, make_source: MakeSource) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for name in ("c.txt", "a.md", "b/deep/x.html", "b/a.markdown", "d.HTML", "note.pdf", "noext"):
        (tmp_path / name).write_text(f"<p>{name}</p>", encoding="utf-8")
    feed = look(make_source())
    texts = [markup.text(markup.parse(e.body_html)) for e in feed.entries]
    assert texts == ["a.md", "b/a.markdown", "b/deep/x.html", "c.txt", "d.HTML"]
    assert feed.problems == ()


def test_hidden_files_and_folders_are_not_read(tmp_path: Path, make_source: MakeSource) -> None:
    (tmp_path / ".git").mkdir()
    for name in (".draft.md", ".git/a.md", "seen.md"):
        (tmp_path / name).write_text("One.", encoding="utf-8")
    assert len(look(make_source()).entries) == 1


def test_a_hidden_folder_may_be_a_source(tmp_path: Path, make_source: MakeSource) -> None:
    (tmp_path / ".articles").mkdir()
    (tmp_path / ".articles" / "a.md").write_text("One.", encoding="utf-8")
    assert len(look(make_source(location=str(tmp_path / ".articles"))).entries) == 1


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path, make_source: MakeSource) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.md").write_text("Secret.", encoding="utf-8")
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "inside.md").write_text("Inside.", encoding="utf-8")
    (folder / "file.md").symlink_to(tmp_path / "secret" / "a.md")
    (folder / "folder").symlink_to(tmp_path / "secret")
    (folder / "up.md").symlink_to("../secret/a.md")
    (folder / "alias.md").symlink_to("inside.md")
    (folder / "nowhere.md").symlink_to("missing.md")
    (folder / "itself.md").symlink_to("itself.md")
    feed = look(make_source(location=str(folder)))
    assert [e.body_html for e in feed.entries] == ["<p>Inside.</p>\n"] * 2
    assert feed.problems == ()


def test_a_source_may_be_a_link_to_a_folder(tmp_path: Path, make_source: MakeSource) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.md").write_text("One.", encoding="utf-8")
    (tmp_path / "link").symlink_to("real")
    assert len(look(make_source(location=str(tmp_path / "link"))).entries) == 1


def test_a_second_file_with_the_same_guid_is_named(tmp_path: Path, make_source: MakeSource) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(f"---\nguid: same\ntitle: {name}\n---\n", encoding="utf-8")
    feed = look(make_source())
    assert [e.title for e in feed.entries] == ["a.md"]
    assert feed.problems == (f"{tmp_path / 'b.md'}: has the same guid as another file, same",)


def test_an_empty_folder_has_no_entries(make_source: MakeSource) -> None:
    assert look(make_source()).entries == ()


def test_a_missing_folder_is_an_error(tmp_path: Path, make_source: MakeSource) -> None:
    with pytest.raises(SourceError, match="there is no such folder"):
        look(make_source(location=str(tmp_path / "missing")))


def test_a_file_is_no_folder(tmp_path: Path, make_source: MakeSource) -> None:
    (tmp_path / "a.md").touch()
    with pytest.raises(SourceError, match="there is no such folder"):
        look(make_source(location=str(tmp_path / "a.md")))
