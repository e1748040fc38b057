"""`feedsvc doctor`."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.config import load_config
from feedsvc.errors import LanguagePairMissing, SchemaTooNew, StoreError
from feedsvc.model import FetchState
from feedsvc.service import doctor, texts
from feedsvc.service.doctor import Trial
from feedsvc.service.offline import NetworkRefused, no_network
from feedsvc.store import Store
from feedsvc.store.looking import Look, look
from feedsvc.translate import Models

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "feedsvc.toml"
    path.write_text(
        '[service]\ndata_dir = "data"\noutput_dir = "public"\n'
        '[[sources]]\nid = "articles"\nfolder = "articles"\nlanguage = "zh"\n'
    )
    return path


def of(checks: list[doctor.Check], name: str) -> doctor.Check:
    (found,) = [c for c in checks if c.name == name]
    return found


def test_a_new_installation_translates_without_network(run: Run, config: Path) -> None:
    code, out, err = run("--config", config, "doctor")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert all(line.startswith(("ok    ", "warn  ")) for line in lines)
    assert any(
        line.startswith("ok    translation from zh without network: 今天下雨。 → ") and "rain" in line
        for line in lines
    )
    assert any(line.startswith("warn  model for zh: starter zh_en") for line in lines)
    assert lines[0] == f"ok    configuration: {config} is without mistakes"
    assert not (config.parent / "data" / "feedsvc.sqlite").exists(), "looking makes no database"


def test_languages_that_go_the_same_way_are_tried_once(config: Path) -> None:
    config.write_text(config.read_text() + '[[sources]]\nid = "more"\nfolder = "more"\nlanguage = "zh-CN"\n')
    checks = doctor.examine(load_config(config), now=NOW)
    assert [c.name for c in checks if "zh" in c.name] == [
        "model for zh",
        "translation from zh without network",
    ]


def test_as_json_every_check_has_its_verdict_and_cure(run: Run, config: Path) -> None:
    code, out, _ = run("--config", config, "doctor", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["is_well"] is True
    assert {frozenset(check) for check in told["checks"]} == {frozenset({"name", "verdict", "found", "cure"})}


def test_a_language_without_model_fails_and_says_what_to_install(run: Run, config: Path) -> None:
    config.write_text(config.read_text().replace('"zh"', '"tlh"'))
    code, out, _ = run("--config", config, "doctor")
    assert code == 1
    assert (
        "fail  model for tlh: no model translates from tlh to en (there are models into en from zh); "
        "install one with: feedsvc models install tlh en\n"
    ) in out


def test_a_translation_that_wants_the_network_fails(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: object, **__: object) -> list[str]:
        urllib.request.urlopen("http://192.0.2.1/model")
        return []

    monkeypatch.setattr(texts, "translate", download)
    checks = doctor.examine(load_config(config), now=NOW)
    found = of(checks, "translation from zh without network")
    assert found.verdict == "fail"
    assert "it wanted the network (socket.getaddrinfo" in found.found


def test_a_translation_that_swallows_the_refusal_fails_too(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(lines: object, out: object, *_: object, **__: object) -> list[str]:
        with pytest.raises(NetworkRefused):
            socket.socket()
        out.write("It rains today.\n")  # type: ignore[attr-defined]
        return []

    monkeypatch.setattr(texts, "translate", ask)
    checks = doctor.examine(load_config(config), now=NOW)
    assert of(checks, "translation from zh without network").verdict == "fail"


def test_no_socket_can_be_had_while_the_network_is_away() -> None:
    import _socket

    with no_network() as asked:
        for attempt in (
            socket.socket,
            _socket.socket,
            lambda: socket.create_connection(("127.0.0.1", 9)),
            lambda: socket.getaddrinfo("localhost", 80),
        ):
            with pytest.raises(NetworkRefused):
                attempt()
    assert asked == ["socket.__new__", "socket.__new__", "socket.getaddrinfo", "socket.getaddrinfo"]
    socket.socket().close()


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody can write, root neither."""
    yield Path("/proc/self/fd")


def test_folders_that_cannot_be_written_fail(config: Path, read_only: Path) -> None:
    config.write_text(
        config.read_text()
        .replace('data_dir = "data"', f'data_dir = "{read_only}/x"')
        .replace('output_dir = "public"', f'output_dir = "{read_only}"')
    )
    checks = doctor.examine(load_config(config), now=NOW)
    assert of(checks, "data_dir").verdict == of(checks, "output_dir").verdict == "fail"
    assert "give it to the user that feedsvc runs as" in of(checks, "output_dir").cure
    assert not [c for c in checks if c.name.startswith("translation")]


def test_looking_leaves_no_files_in_the_folders(config: Path) -> None:
    (config.parent / "public").mkdir()
    doctor.examine(load_config(config), now=NOW)
    assert list((config.parent / "public").iterdir()) == []


def test_a_database_that_was_written_later_than_now_means_a_wrong_clock(config: Path) -> None:
    with Store(load_config(config).database) as store:
        store.save_feeds([("articles", None, FetchState(checked_at=NOW + timedelta(hours=1)))], now=NOW)
    found = of(doctor.examine(load_config(config), now=NOW), "clock")
    assert found.verdict == "fail"
    assert "which is before 2026-11-28 13:00, when the database was written" in found.found
    assert of(doctor.examine(load_config(config), now=NOW + timedelta(hours=1)), "clock").verdict == "ok"


def test_the_database_of_a_newer_program_fails_and_stays_as_it_is(config: Path) -> None:
    loaded = load_config(config)
    with Store(loaded.database):
        pass
    _sql(config, "UPDATE alembic_version SET version_num = '9999'")
    found = of(doctor.examine(loaded, now=NOW), "database")
    assert found.verdict == "fail"
    assert "has schema 9999, which this feedsvc does not know; use a newer feedsvc" in found.found
    with pytest.raises(SchemaTooNew):
        look(loaded.database)


def test_an_older_database_is_looked_at_and_not_migrated(config: Path) -> None:
    loaded = load_config(config)
    with Store(loaded.database):
        pass
    _sql(config, "UPDATE alembic_version SET version_num = '0003'")
    found = of(doctor.examine(loaded, now=NOW), "database")
    assert (found.verdict, found.found) == ("warn", "has the older schema 0003")
    assert look(loaded.database).revision == "0003"


def test_a_damaged_database_fails(config: Path) -> None:
    loaded = load_config(config)
    with Store(loaded.database):
        pass
    path = config.parent / "data" / "feedsvc.sqlite"
    path.write_bytes(path.read_bytes()[:4096] + os.urandom(8192))
    assert of(doctor.examine(loaded, now=NOW), "database").verdict == "fail"
    path.write_bytes(b"no database" * 500)
    found = of(doctor.examine(loaded, now=NOW), "database")
    assert found.verdict == "fail"
    assert "file is not a database" in found.found


def test_a_sound_database_is_said_to_be_sound(config: Path) -> None:
    loaded = load_config(config)
    with Store(loaded.database):
        pass
    assert "is whole, with schema" in of(doctor.examine(loaded, now=NOW), "database").found


def test_languages_that_were_found_in_entries_need_models_too(
    config: Path, make_entry: Callable[..., object]
) -> None:
    from feedsvc.model import ParsedFeed

    loaded = load_config(config)
    feed = ParsedFeed(entries=(make_entry(source_id="articles", language="ja"),))  # type: ignore[arg-type]
    with Store(loaded.database) as store:
        store.save_feed("articles", feed, FetchState(), now=NOW)
    assert of(doctor.examine(loaded, now=NOW), "model for ja").verdict == "fail"


def test_root_is_told_to_be_the_user_that_owns_the_data() -> None:
    found = doctor.check_user(0, 65534, "/var/lib/feedsvc")
    assert found.verdict == "fail"
    assert "sudo -u " in found.cure
    assert doctor.check_user(0, 0, "/srv").verdict == "ok"
    assert doctor.check_user(1000, 1000, "/srv").verdict == "ok"


@pytest.mark.parametrize(
    ("free_bytes", "verdict"), [(5_000_000_000, "ok"), (500_000_000, "warn"), (50_000_000, "fail")]
)
def test_a_disk_that_gets_full_is_said_before_it_is(free_bytes: int, verdict: str) -> None:
    found = doctor.check_space("data_dir", free_bytes)
    assert found.verdict == verdict
    assert bool(found.cure) == (verdict != "ok")


@pytest.mark.parametrize(
    ("now", "newest", "verdict"),
    [
        (NOW, None, "ok"),
        (NOW, NOW, "ok"),
        (NOW, NOW + timedelta(minutes=4), "ok"),
        (NOW, NOW + timedelta(minutes=6), "fail"),
        (datetime(1970, 1, 1, tzinfo=UTC), None, "fail"),
    ],
)
def test_the_clock_is_not_before_what_has_happened(
    now: datetime, newest: datetime | None, verdict: str
) -> None:
    assert doctor.check_clock(now, newest).verdict == verdict


@pytest.mark.parametrize(
    ("base_url", "verdict"),
    [
        ("https://news.example/feeds/", "ok"),
        ("http://127.0.0.1:8080/", "ok"),
        ("http://[2001:db8::1]/", "ok"),
        ("https://münchen.example/", "ok"),
        ("https://news.example:99999/", "fail"),
        ("https://[::1/", "fail"),
        ("https://:8080/", "fail"),
        ("https://a..example/", "fail"),
        ("news.example", "fail"),
    ],
)
def test_the_base_url_is_one_that_can_be(base_url: str, verdict: str) -> None:
    assert doctor.check_base_url(base_url).verdict == verdict


def test_readers_on_other_machines_are_thought_of() -> None:
    assert "for readers on this machine only" in doctor.check_base_url("http://localhost:8080/").found


@pytest.mark.parametrize(
    ("trial", "verdict"),
    [
        (Trial(sentence="今天下雨。", answer="It rains."), "ok"),
        (Trial(sentence="今天下雨。", answer="It rains.", asked=("socket.connect",)), "fail"),
        (Trial(sentence="今天下雨。", error="zh_en: is broken"), "fail"),
        (Trial(sentence="今天下雨。", answer="mon mon", faults=("line 1: repeated",)), "fail"),
        (Trial(sentence="今天下雨。"), "fail"),
    ],
)
def test_a_translation_has_to_come_out_right(trial: Trial, verdict: str) -> None:
    found = doctor.check_translation("zh", trial)
    assert found.verdict == verdict
    assert bool(found.cure) == (verdict == "fail")


def test_an_installed_model_is_preferred_to_the_starter(bundled_models: Models) -> None:
    from dataclasses import replace

    (starter,) = bundled_models.route("zh", "en")
    assert doctor.check_model("zh", "en", [starter]).verdict == "warn"
    assert doctor.check_model("zh", "en", [replace(starter, origin="installed")]).verdict == "ok"
    assert doctor.check_model("xx", "en", LanguagePairMissing("xx", "en")).verdict == "fail"


def test_a_database_that_cannot_be_opened_is_named() -> None:
    found = doctor.check_database(StoreError("/srv/x.sqlite: unable to open database file"))
    assert found.verdict == "fail"
    assert "/srv/x.sqlite" in found.found
    assert found.cure == "go back to a backup, or to a copy beside it"
    advised = StoreError("/srv/x.sqlite: it is read-only; give it to the user")
    assert doctor.check_database(advised).cure == "", "one advice is enough"
    assert doctor.check_database(Look(revision=None, is_current=False, newest=None)).verdict == "ok"


def test_a_database_that_cannot_be_reached_is_named_without_its_password() -> None:
    with pytest.raises(StoreError) as caught:
        look("postgresql+nothing://me:secret@db.example/feedsvc")
    assert "secret" not in str(caught.value)


def _sql(config: Path, statement: str) -> None:
    connection = sqlite3.connect(config.parent / "data" / "feedsvc.sqlite")
    with connection:
        connection.execute(statement)
    connection.close()
