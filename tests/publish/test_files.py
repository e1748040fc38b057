from __future__ import annotations

import gzip
import os
from pathlib import Path

import brotli
import pytest

from feedsvc.errors import PublishError
from feedsvc.publish.files import (
    prepare_folder,
    remove,
    remove_others,
    remove_unfinished,
    write_if_changed,
)


def test_a_new_file_is_written_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "articles" / "news" / "1.html"
    assert write_if_changed(path, b"content")
    assert path.read_bytes() == b"content"
    assert [p.name for p in path.parent.iterdir()] == ["1.html"]


def test_a_file_with_the_same_content_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "news.rss"
    write_if_changed(path, b"content")
    before = path.stat()
    assert not write_if_changed(path, b"content")
    after = path.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "news.rss"
    write_if_changed(path, b"a long first version")
    with path.open("rb") as reader:
        assert write_if_changed(path, b"second")
        assert reader.read() == b"a long first version"
    assert path.read_bytes() == b"second"
    assert [p.name for p in tmp_path.iterdir()] == ["news.rss"]


def test_what_was_left_half_written_of_an_unchanged_file_goes(tmp_path: Path) -> None:
    write_if_changed(tmp_path / "news.rss", b"content")
    (tmp_path / ".news.rss.unfinished").write_bytes(b"half")
    assert not write_if_changed(tmp_path / "news.rss", b"content")
    assert [p.name for p in tmp_path.iterdir()] == ["news.rss"]


def test_an_empty_file_is_content_too(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    assert write_if_changed(path, b"")
    assert not write_if_changed(path, b"")


def test_the_output_folder_is_made(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "a" / "public")
    assert (tmp_path / "a" / "public").is_dir()


def test_unfinished_files_are_removed_and_all_others_stay(tmp_path: Path) -> None:
    pages = tmp_path / "articles" / "news"
    pages.mkdir(parents=True)
    for path in (tmp_path / ".news.rss.unfinished", pages / ".1.html.unfinished"):
        path.write_bytes(b"half")
    others = {tmp_path / "news.rss", tmp_path / ".htaccess", pages / "unfinished"}
    for path in others:
        path.write_bytes(b"whole")
    remove_unfinished(tmp_path)
    assert {p for p in tmp_path.rglob("*") if p.is_file()} == others


def test_only_pages_that_should_not_be_there_are_removed(tmp_path: Path) -> None:
    wanted, other, text = (tmp_path / "news" / name for name in ("1.html", "2.html", "notes.txt"))
    for path in (wanted, other, text):
        write_if_changed(path, b"content")
    remove_others(tmp_path, {wanted})
    assert {p for p in tmp_path.rglob("*") if p.is_file()} == {wanted, text}


def test_there_may_be_no_pages_at_all(tmp_path: Path) -> None:
    remove_others(tmp_path / "articles", set())
    assert not (tmp_path / "articles").exists()


def test_a_page_that_cannot_be_removed_is_named(tmp_path: Path) -> None:
    (tmp_path / "1.html").mkdir()
    with pytest.raises(PublishError, match=r"1\.html: cannot be removed"):
        remove_others(tmp_path, set())


def test_a_file_that_cannot_be_replaced_is_named_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "news.rss"
    (path / "inside").mkdir(parents=True)
    with pytest.raises(PublishError, match=r"news\.rss: cannot be written: Is a directory") as caught:
        write_if_changed(path, b"content")
    assert caught.value.path == path
    assert (path / "inside").is_dir()


def test_a_file_that_cannot_be_written_beside_the_old_one_leaves_that_alone(tmp_path: Path) -> None:
    path = tmp_path / "news.rss"
    path.write_bytes(b"old")
    (tmp_path / ".news.rss.unfinished").mkdir()
    with pytest.raises(PublishError, match="Is a directory"):
        write_if_changed(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_file_in_place_of_the_folder_is_named_and_stays(tmp_path: Path) -> None:
    blocker = tmp_path / "public"
    blocker.write_bytes(b"old")
    with pytest.raises(PublishError, match="public: cannot be written: File exists"):
        prepare_folder(blocker)
    with pytest.raises(PublishError, match=r"public/news\.rss: cannot be written"):
        write_if_changed(blocker / "news.rss", b"new")
    assert blocker.read_bytes() == b"old"


def variants(path: Path) -> list[bytes]:
    """What the packed variants of a file hold; they are of the same time as the file."""
    packed = [path.with_name(f"{path.name}.{suffix}") for suffix in ("gz", "br")]
    assert {p.stat().st_mtime_ns for p in packed} == {path.stat().st_mtime_ns}
    return [gzip.decompress(packed[0].read_bytes()), brotli.decompress(packed[1].read_bytes())]


def test_packed_variants_follow_their_file(tmp_path: Path) -> None:
    path = tmp_path / "news.rss"
    for content in (b"first" * 99, b"second" * 99):
        assert write_if_changed(path, content, precompress=True)
        assert variants(path) == [content, content]
    assert len(list(tmp_path.iterdir())) == 3
    remove(path)
    assert list(tmp_path.iterdir()) == []


def test_the_same_content_is_packed_into_the_same_bytes_and_not_again(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for path in (one, other):
        write_if_changed(path, b"content" * 99, precompress=True)
    for suffix in (".gz", ".br"):
        packed, again = (tmp_path / f"{name}{suffix}" for name in ("one", "other"))
        assert packed.read_bytes() == again.read_bytes()
        before = packed.stat()
        assert not write_if_changed(one, b"content" * 99, precompress=True)
        assert packed.stat().st_ino == before.st_ino


def test_variants_are_made_good_where_a_run_was_killed_between_them_and_the_file(tmp_path: Path) -> None:
    path = tmp_path / "news.rss"
    write_if_changed(path, b"content", precompress=True)
    write_if_changed(tmp_path / "other", b"newer", precompress=True)
    (tmp_path / "other.gz").replace(tmp_path / "news.rss.gz")
    (tmp_path / "news.rss.br").unlink()
    os.utime(tmp_path / "news.rss.gz", ns=(0, path.stat().st_mtime_ns + 1))
    assert not write_if_changed(path, b"content", precompress=True)
    assert variants(path) == [b"content", b"content"]


def test_variants_are_there_before_the_file_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "news.rss"
    write_if_changed(path, b"old", precompress=True)
    replaced: list[str] = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda self, to: replaced.append(Path(to).name) or replace(self, to))
    write_if_changed(path, b"new", precompress=True)
    assert replaced == ["news.rss.gz", "news.rss.br", "news.rss"]


def test_without_variants_old_ones_go(tmp_path: Path) -> None:
    path = tmp_path / "news.rss"
    write_if_changed(path, b"content", precompress=True)
    assert not write_if_changed(path, b"content")
    assert list(tmp_path.iterdir()) == [path]
