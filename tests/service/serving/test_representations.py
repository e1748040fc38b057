from __future__ import annotations

import gzip
import os
from pathlib import Path

import brotli
import pytest

from feedsvc.service.serving import representations
from feedsvc.service.serving.representations import Folder, Representation, Variant

TEXT = b"A line that repeats itself.\n" * 200


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "public").mkdir()
    return tmp_path / "public"


def put(path: Path, content: bytes, age_s: int = 60) -> None:
    """A file that was written a while ago."""
    path.write_bytes(content)
    changed = path.stat().st_ctime - age_s
    os.utime(path, (changed, changed))


def load(place: Path, address: str, encoding: str = "", *, as_document: bool = False) -> Representation:
    found = Folder(place).load(Variant(address, encoding, as_document))
    assert found is not None
    return found


def test_each_encoding_has_an_etag_of_its_own(place: Path) -> None:
    put(place / "a.rss", TEXT)
    plain, packed, better = (load(place, "/a.rss", e) for e in ("", "gzip", "br"))
    assert plain.body == TEXT
    assert gzip.decompress(packed.body or b"") == TEXT
    assert brotli.decompress(better.body or b"") == TEXT
    assert len({plain.etag, packed.etag, better.etag, load(place, "/a.rss", as_document=True).etag}) == 4


def test_an_etag_is_of_the_content_and_of_nothing_else(place: Path) -> None:
    put(place / "a.rss", TEXT, age_s=60)
    put(place / "b.rss", TEXT, age_s=90)
    put(place / "c.rss", TEXT + b".", age_s=60)
    for encoding in ("", "gzip", "br"):
        a, b, c = (load(place, f"/{name}.rss", encoding).etag for name in "abc")
        assert a == b != c


@pytest.mark.parametrize(("encoding", "suffix"), [("gzip", ".gz"), ("br", ".br")])
def test_a_compressed_file_beside_is_sent_unless_it_is_older(place: Path, encoding: str, suffix: str) -> None:
    put(place / "a.rss", TEXT, age_s=60)
    put(place / f"a.rss{suffix}", b"packed before", age_s=60)
    assert load(place, "/a.rss", encoding).body == b"packed before"
    put(place / f"a.rss{suffix}", b"packed before", age_s=61)
    assert load(place, "/a.rss", encoding).body != b"packed before"


def test_a_compressed_link_beside_is_not_followed(place: Path) -> None:
    put(place / "a.rss", TEXT)
    (place.parent / "secret").write_bytes(b"secret")
    (place / "a.rss.gz").symlink_to(place.parent / "secret")
    assert gzip.decompress(load(place, "/a.rss", "gzip").body or b"") == TEXT


@pytest.mark.parametrize("name", ["a.png", "a.mp4", "a.rss.gz", "a.unknown"])
def test_what_is_compressed_already_is_sent_as_it_is(place: Path, name: str) -> None:
    put(place / name, TEXT)
    found = load(place, f"/{name}", "gzip")
    assert found.body == TEXT
    assert not {b"content-encoding", b"vary"} & {key for key, _ in found.headers}


def test_the_files_of_articles_never_change(place: Path) -> None:
    (place / "media").mkdir()
    name = f"{'0a' * 32}.png"
    put(place / "media" / name, b"")
    put(place / "media" / "other.png", b"")
    headers = {n: dict(load(place, f"/media/{n}").headers)[b"cache-control"] for n in (name, "other.png")}
    assert headers == {name: b"public, max-age=31536000, immutable", "other.png": b"public, max-age=300"}


def test_memory_is_bounded_and_keeps_what_was_asked_for_last(place: Path) -> None:
    folder = Folder(place, memory_bytes=10_000, clock=lambda: 0)
    variants = []
    for name in "abc":
        put(place / name, bytes(2000))
        variants.append(Variant(f"/{name}", "", False))
    stamps = [folder.stamp(variant.address) for variant in variants]
    for variant in (*variants[:2], variants[0], variants[2]):
        if not folder.kept(variant, stamps[variants.index(variant)] or (0, 0, 0, 0, 0)):
            folder.keep(variant, load(place, variant.address))
    kept = [folder.kept(v, s or (0, 0, 0, 0, 0)) is not None for v, s in zip(variants, stamps, strict=True)]
    assert kept == [True, False, True]


def test_a_file_that_changed_a_moment_ago_is_not_kept(place: Path) -> None:
    put(place / "a", b"a")
    variant, found = Variant("/a", "", False), load(place, "/a")
    for age_ns, kept in ((50_000_000, False), (200_000_000, True)):
        folder = Folder(place, clock=lambda age_ns=age_ns: found.stamp[4] + age_ns)  # type: ignore[misc]
        folder.keep(variant, found)
        assert (folder.kept(variant, found.stamp) is not None) is kept


def test_big_files_stay_on_the_disk(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(representations, "MAX_KEPT_BYTES", 100)
    put(place / "a.mp4", TEXT)
    put(place / "b.mp4", TEXT)
    put(place / "c.mp4", TEXT[:-1] + b"!")
    a, b, c = (load(place, f"/{name}.mp4") for name in "abc")
    assert (a.body, a.size_bytes, a.etag == b.etag, a.etag == c.etag) == (None, len(TEXT), True, False)


@pytest.mark.parametrize("target", ["../secret.txt", "../public.old/a.txt", "/etc/hostname", ".hidden", "."])
def test_a_link_to_what_is_not_to_be_seen_leads_nowhere(place: Path, target: str) -> None:
    (place.parent / "secret.txt").write_text("secret")
    (place.parent / "public.old").mkdir()
    (place.parent / "public.old" / "a.txt").write_text("secret")
    (place / ".hidden").write_text("secret")
    (place / "out.txt").symlink_to(target)
    assert Folder(place).load(Variant("/out.txt", "", False)) is None


def test_a_link_to_a_visible_file_of_the_folder_is_that_file(place: Path) -> None:
    put(place / "a.txt", b"visible")
    (place / "b.txt").symlink_to("a.txt")
    assert load(place, "/b.txt").body == b"visible"


def test_what_is_no_file_is_not_there(place: Path) -> None:
    os.mkfifo(place / "pipe")
    (place / "folder").mkdir()
    folder = Folder(place)
    for address in ("/pipe", "/folder", "/folder/", "", "/", "/\0", "/\udc80", "/" + "a" * 5000):
        assert folder.stamp(address) is None


def test_a_folder_that_is_a_link_is_served(place: Path) -> None:
    put(place / "a.txt", b"visible")
    (place.parent / "link").symlink_to(place)
    assert load(place.parent / "link", "/a.txt").body == b"visible"
