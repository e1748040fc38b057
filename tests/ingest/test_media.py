"""Pictures, sounds and films beside the articles of a folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import NOW

from feedsvc.errors import StoreError
from feedsvc.ingest import media as module
from feedsvc.ingest.folder import read_folder
from feedsvc.ingest.media import keep_media, kind
from feedsvc.ingest.parse import parse_feed
from feedsvc.model import Entry, Fetched, Medium, ParsedFeed, Source

PNG = b"\x89PNG\r\n\x1a\n and so on"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
NAME = f"media:{hashlib.sha256(PNG).hexdigest()}.png"
KINDS = "PNG, JPEG, GIF, WebP, AVIF, MP3, MP4, Ogg or WebM"


@pytest.fixture
def read(tmp_path: Path, make_source: Callable[..., Source]) -> Callable[..., tuple[Entry, list[str]]]:
    """Writes `sub/a.md`, and reads it: the entry, and what is amiss."""

    def of(body: str, **meta: str) -> tuple[Entry, list[str]]:
        path = tmp_path / "sub" / "a.md"
        path.parent.mkdir(exist_ok=True)
        lines = "".join(f"{key}: {value}\n" for key, value in meta.items())
        path.write_text(f"---\ntitle: One\n{lines}---\n{body}\n", encoding="utf-8")
        feed = read_folder(make_source(), {}, now=NOW)
        assert isinstance(feed, ParsedFeed)
        (entry,) = feed.entries
        return entry, [problem.removeprefix(f"{path}: ") for problem in feed.problems]

    return of


Read = Callable[..., tuple[Entry, list[str]]]


def put(root: Path, name: str, content: bytes = PNG) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("sub/p.png", "p.png"),
        ("sub/p.png", "./x/../p.png"),
        ("sub/p.png", "p.png?raw=true#top"),
        ("sub/p.png", "/sub/p.png"),
        ("pics/p.png", "../pics/p.png"),
        ("pics/p.png", "../sub/../pics/p.png"),
        ("sub/a b.png", "a b.png"),
        ("sub/a b.png", "a%20b.png"),
        ("sub/a%20b.png", "a%20b.png"),
        ("sub/100%.png", "100%.png"),
        ("sub/图 片.png", "图 片.png"),
        ("sub/图片.png", "%E5%9B%BE%E7%89%87.png"),
        ("sub/no-suffix", "no-suffix"),
    ],
)
def test_a_picture_beside_an_article_is_known_by_its_content(
    name: str, reference: str, tmp_path: Path, read: Read
) -> None:
    put(tmp_path, name)
    entry, problems = read(f'<img src="{reference}" alt="x">')
    assert entry.body_html == f'<img src="{NAME}" alt="x">'
    assert problems == []


def test_markdown_shows_pictures_with_chinese_names(tmp_path: Path, read: Read) -> None:
    put(tmp_path, "sub/图片.png")
    assert read("![二](图片.png)")[0].body_html == f'<p><img src="{NAME}" alt="二"></p>\n'


def test_whatever_is_seen_or_heard_may_lie_beside_the_article(tmp_path: Path, read: Read) -> None:
    put(tmp_path, "sub/p.png")
    put(tmp_path, "sub/s.mp3", b"ID3 and so on")
    put(tmp_path, "sub/f.webm", b"\x1a\x45\xdf\xa3....webm")
    entry, problems = read(
        '<video src="f.webm" poster="p.png"></video><audio><source src="s.mp3"></audio><a href="p.png">large</a>'
    )
    assert problems == []
    assert entry.body_html.count("media:") == 4
    assert entry.body_html.count(NAME) == 2


@pytest.mark.parametrize("key", ["headimg", "thumbnail", "image"])
def test_the_lead_picture_may_lie_beside_the_article(key: str, tmp_path: Path, read: Read) -> None:
    put(tmp_path, "sub/p.png")
    entry, problems = read("Body.", **{key: "p.png"})
    assert (entry.image_url, problems) == (NAME, [])
    assert entry.body_html == f'<p><img src="{NAME}" alt=""></p><p>Body.</p>\n'
    assert read("![](p.png)", **{key: "p.png"})[0].body_html.count("<img") == 1


def test_media_are_listed_once(tmp_path: Path, make_source: Callable[..., Source], read: Read) -> None:
    path = put(tmp_path, "sub/p.png")
    put(tmp_path, "sub/b.md", b"![](p.png)")
    read("![](p.png) ![](p.png)")
    feed = read_folder(make_source(), {}, now=NOW)
    assert isinstance(feed, ParsedFeed)
    assert feed.media == (Medium(name=NAME.removeprefix("media:"), path=str(path)),)


def test_a_picture_that_is_missing_is_named_and_the_article_is_read(read: Read) -> None:
    entry, problems = read("![](p.png)", image="q.png")
    assert entry.body_html == '<p><img alt=""></p>\n'
    assert entry.image_url is None
    assert problems == [f"shows sub/{name}.png, which is not in the folder" for name in "qp"]


def test_with_a_link_a_missing_picture_is_on_the_web(read: Read) -> None:
    entry, problems = read("![](../p.png) [x](y)", link="https://news.example/world/1", image="/q.png")
    assert 'src="https://news.example/p.png"' in entry.body_html
    assert 'href="https://news.example/world/y"' in entry.body_html
    assert entry.image_url == "https://news.example/q.png"
    assert problems == []


def test_a_picture_beside_the_article_comes_before_one_on_the_web(tmp_path: Path, read: Read) -> None:
    put(tmp_path, "sub/p.png")
    assert NAME in read("![](p.png)", link="https://news.example/1")[0].body_html


@pytest.mark.parametrize(
    "content", [SVG, b"", b"MZ", b"RIFF....WAVE", b"\0\0\0\x18ftypheic\0\0\0\0mif1", b"<html>"]
)
def test_what_a_file_is_its_content_says(content: bytes, tmp_path: Path, read: Read) -> None:
    put(tmp_path, "sub/p.png", content)
    entry, problems = read("![](p.png)", link="https://news.example/1")
    assert "media:" not in entry.body_html
    assert problems == [f"shows sub/p.png, which is no {KINDS} file"]


@pytest.mark.parametrize(
    ("head", "suffix"),
    [
        (b"\x89PNG\r\n\x1a\n", ".png"),
        (b"\xff\xd8\xff\xe0", ".jpg"),
        (b"GIF89a", ".gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", ".webp"),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1miaf", ".avif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", ".avif"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", ".mp4"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0mp42isom", ".m4a"),
        (b"ID3\x04", ".mp3"),
        (b"\xff\xfb\x90", ".mp3"),
        (b"OggS\0", ".ogg"),
        (b"\x1a\x45\xdf\xa3\x01\0\0\x42\x82\x84webm", ".webm"),
        (b"\x1a\x45\xdf\xa3\x01\0\0\x42\x82\x88matroska", None),
        (b"\xff", None),
        (b"\xff\xfe<\0s\0", None),
        (b"\0\0\0\x08ftyp", None),
    ],
)
def test_kinds_are_told_by_their_first_bytes(head: bytes, suffix: str | None) -> None:
    assert kind(head) == suffix


def test_what_is_too_large_is_named(tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MEDIUM_BYTES", 10)
    put(tmp_path, "sub/p.png")
    assert read("![](p.png)")[1] == ["shows sub/p.png, which is larger than 0 MB"]


@pytest.mark.parametrize(
    "reference",
    [
        "../../secret.png",
        "/../secret.png",
        "..%2F..%2Fsecret.png",
        "link.png",
        "out/secret.png",
        ".hidden.png",
        "../.git/x.png",
    ],
)
def test_nothing_outside_the_folder_or_hidden_is_shown(
    reference: str, tmp_path: Path, make_source: Callable[..., Source]
) -> None:
    folder = tmp_path / "articles"
    secret = put(tmp_path, "secret.png")
    put(folder, "sub/a.md", f"Body. ![]({reference})".encode())
    put(folder, "sub/.hidden.png")
    put(folder, ".git/x.png")
    (folder / "sub" / "link.png").symlink_to(secret)
    (folder / "sub" / "out").symlink_to(tmp_path)
    feed = read_folder(make_source(location=str(folder)), {}, now=NOW)
    assert isinstance(feed, ParsedFeed)
    assert feed.media == ()
    assert "media:" not in feed.entries[0].body_html
    (problem,) = feed.problems
    assert problem.endswith("which is not in the folder")


def test_links_within_the_folder_may_be_followed(tmp_path: Path, read: Read) -> None:
    put(tmp_path, "pics/p.png")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "near").symlink_to("../pics")
    (tmp_path / "sub" / "q.png").symlink_to("../pics/p.png")
    entry, problems = read("![](near/p.png) ![](q.png)")
    assert entry.body_html.count(NAME) == 2
    assert problems == []


@pytest.mark.parametrize("reference", ["%00", "a%00.png", "x" * 2000, "//[", "?", "#", ""])
def test_references_that_can_mean_no_file_are_left(reference: str, read: Read) -> None:
    _, problems = read(f'<img src="{reference}">')
    assert [p for p in problems if "not in the folder" not in p] == []


@pytest.mark.parametrize(
    "content", ["![]({0})", '<img src="{0}">', '<video poster="{0}"></video>', "[x]({0})"]
)
def test_no_file_can_name_a_medium_itself(content: str, read: Read) -> None:
    entry, _ = read(content.format(NAME), image=NAME, link="https://news.example/1")
    assert "media:" not in entry.body_html
    assert entry.image_url is None


def test_no_feed_can_name_a_medium(make_source: Callable[..., Source]) -> None:
    body = f"""<rss version="2.0"><channel><title>t</title><item><guid>1</guid><link>{NAME}</link>
    <description>&lt;img src="{NAME}"&gt;&lt;a href="Media:{NAME[6:]}"&gt;x&lt;/a&gt;&lt;img src="&amp;#109;edia:x"&gt;</description>
    <enclosure url="{NAME}" type="image/png"/></item></channel></rss>"""
    feed = parse_feed(Fetched(body=body.encode(), final_url="https://x.example/"), make_source())
    assert not re.search(r"(?<![/\w])media:", str(feed), re.IGNORECASE)


def test_media_are_kept_by_name_once(tmp_path: Path) -> None:
    medium = Medium(name=NAME[6:], path=str(put(tmp_path, "p.png")))
    kept = tmp_path / "data" / "media" / medium.name
    keep_media([medium, medium], kept.parent)
    assert kept.read_bytes() == PNG
    assert [p.name for p in kept.parent.iterdir()] == [medium.name]
    before = kept.stat().st_mtime_ns
    Path(medium.path).unlink()
    keep_media([medium], kept.parent)
    assert kept.stat().st_mtime_ns == before


def test_what_has_gone_or_changed_since_it_was_read_is_not_kept(tmp_path: Path) -> None:
    changed = Medium(name=NAME[6:], path=str(put(tmp_path, "p.png", PNG + b"!")))
    gone = Medium(name=NAME[6:], path=str(tmp_path / "gone.png"))
    keep_media([changed, gone], tmp_path / "media")
    assert list((tmp_path / "media").iterdir()) == []


def test_media_that_cannot_be_kept_are_an_error(tmp_path: Path) -> None:
    medium = Medium(name=NAME[6:], path=str(put(tmp_path, "p.png")))
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        keep_media([medium], tmp_path / "data" / "media")
