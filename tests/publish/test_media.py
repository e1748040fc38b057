from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from feedsvc.errors import PublishError
from feedsvc.model import Entry
from feedsvc.publish.media import address, names, put, with_addresses

A, B = f"{'a' * 64}.png", f"{'b' * 64}.webm"
BASE = "https://feeds.example/"
BODY = f'<p><img src="media:{A}"></p><video poster="media:{A}" src="media:{B}"></video>'


def test_the_media_of_an_entry_are_named_once(make_entry: Callable[..., Entry]) -> None:
    assert names(make_entry(body_html=BODY)) == [A, B]
    assert names(make_entry(image_url=f"media:{B}", body_html=f'<img src="media:{A}">')) == [B, A]
    assert names(make_entry(image_url="https://x.example/a.png")) == []


def test_references_become_addresses() -> None:
    assert with_addresses(BODY, BASE) == (
        f'<p><img src="{BASE}media/{A}"></p><video poster="{BASE}media/{A}" src="{BASE}media/{B}"></video>'
    )
    assert address(f"media:{A}", BASE) == f"{BASE}media/{A}"
    assert address("https://x.example/a.png", BASE) == "https://x.example/a.png"
    assert address(None, BASE) is None


@pytest.mark.parametrize(
    "text", [f"<p>media:{A}</p>", '<p>"media:x.png"</p>', f'<p title="see media:{A}">x</p>']
)
def test_words_are_no_references(text: str, make_entry: Callable[..., Entry]) -> None:
    assert with_addresses(text, BASE) == text
    assert names(make_entry(body_html=text)) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", f"{'a' * 64}.png/../../x", f"{'A' * 64}.png", "a.png"])
def test_only_names_of_ours_are_names(name: str, make_entry: Callable[..., Entry]) -> None:
    assert names(make_entry(body_html=f'<img src="media:{name}">', image_url=f"media:{name}")) == []


def test_a_medium_is_put_in_place_once(tmp_path: Path) -> None:
    source, path = tmp_path / "kept.png", tmp_path / "public" / "media" / A
    source.write_bytes(b"picture")
    assert put(source, path)
    assert path.read_bytes() == b"picture"
    assert path.samefile(source)
    assert not put(source, path)


def test_a_medium_is_copied_to_another_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    source, path = tmp_path / "kept.png", tmp_path / "public" / A
    source.write_bytes(b"picture")
    assert put(source, path)
    assert path.read_bytes() == b"picture"
    assert [p.name for p in path.parent.iterdir()] == [A]


def test_a_medium_that_is_not_kept_is_not_put(tmp_path: Path) -> None:
    assert not put(tmp_path / "missing.png", tmp_path / A)
    assert list(tmp_path.iterdir()) == []


def test_a_medium_that_cannot_be_put_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "kept.png").touch()
    (tmp_path / "public").touch()
    with pytest.raises(PublishError, match="cannot be written"):
        put(tmp_path / "kept.png", tmp_path / "public" / A)
