"""Secrets of the configuration: none is ever shown, whatever goes wrong with what it is for."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feedsvc.config import Config, load_config
from feedsvc.service import doctor, logs
from feedsvc.service.secrecy import check_secrets

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port at which nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@pytest.mark.parametrize(
    "command", [["refresh"], ["status"], ["status", "--json"], ["doctor"], ["doctor", "--json"], ["run"]]
)
def test_the_password_of_a_database_that_cannot_be_reached_is_not_shown(
    command: list[str], run: Run, tmp_path: Path, nobody: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "feedsvc.toml"
    path.write_text(f'[service]\ndatabase = "postgresql://me:s3cret%21@127.0.0.1:{nobody}/news"\n')
    code, out, err = run("--config", path, *command)
    assert code == 1
    assert f"postgresql://me:***@127.0.0.1:{nobody}/news" in out + err
    assert "s3cret" not in out + err + caplog.text


def test_log_lines_do_not_show_it_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logs.LOGGER, "level", logging.NOTSET)
    for as_json in (False, True):
        logs.set_up(as_json=as_json)
        logs.say(
            40, "failed", reason="postgresql+psycopg://me:s3cret%21@db.example/news?password=s3cret: gone"
        )
        logging.getLogger("sqlalchemy").warning("postgresql://me:s3cret@db.example/news")
    said = capsys.readouterr().err
    assert said.count("db.example/news") == 4
    assert "s3cret" not in said


TOKEN = "t0ken" * 8


@pytest.fixture
def shut() -> Iterator[Path]:
    """A folder that everyone can look into, as those of pytest are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def configure(folder: Path, *lines: str, server: str = "") -> Config:
    path = folder / "feedsvc.toml"
    source = '[[sources]]\nid = "news"\nurl = "https://news.example/rss"\n'
    path.write_text(source + "".join(f"{line}\n" for line in lines) + server)
    path.chmod(0o644)
    return load_config(path)


def secret(folder: Path, name: str, content: str, mode: int = 0o640) -> Path:
    path = folder / name
    path.write_text(content)
    path.chmod(mode)
    return path


def verdicts(config: Config) -> list[tuple[str, str]]:
    return [(check.name, check.verdict) for check in check_secrets(config)]


def said(config: Config) -> str:
    (check,) = check_secrets(config)
    assert TOKEN not in repr(check)
    return doctor.line(check)


def test_secrets_that_are_where_they_should_be_are_counted(
    shut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWS_KEY", TOKEN)
    secret(shut, "password", TOKEN)
    secret(shut, "token", TOKEN)
    config = configure(
        shut,
        'headers = { X-Key = { env = "NEWS_KEY" }, Accept-Language = "zh" }',
        'auth = { username = "me", password = { file = "password" } }',
        server='[server]\nrefresh_token_file = "token"\n',
    )
    assert said(config) == "ok    secrets: 3 can be read"
    assert said(configure(shut)) == "ok    secrets: none is needed"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "is not there: {path} cannot be read: No such file or directory"),
        ("", "cannot be sent: it is empty"),
        ("\n \n", "cannot be sent: it is empty"),
        (f"{TOKEN}\n{TOKEN}", "cannot be sent: it must be one line"),
    ],
)
def test_a_file_that_holds_no_secret_fails(content: str | None, reason: str, shut: Path) -> None:
    path = shut / "secret"
    if content is not None:
        secret(shut, "secret", content)
    for line, what in (
        ('headers = { X-Key = { file = "secret" } }', "the header X-Key"),
        ('cookies = { session = { file = "secret" } }', "the cookie session"),
        ('auth = { username = "me", password = { file = "secret" } }', "the password"),
    ):
        assert said(configure(shut, line)) == (
            f"fail  secret of news: {what} {reason.format(path=path)}; "
            f"have it in {path}, which the user that feedsvc runs as must be able to read"
        )


def test_a_file_that_may_not_be_read_fails(shut: Path) -> None:
    (shut / "secret").mkdir()
    assert "cannot be read: Is a directory" in said(configure(shut, 'cookies = { a = { file = "secret" } }'))


def test_a_variable_that_is_not_set_here_may_be_set_where_the_service_runs(
    shut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(shut, 'headers = { X-Key = { env = "NEWS_KEY" } }')
    monkeypatch.delenv("NEWS_KEY", raising=False)
    found = said(config)
    assert found.startswith(
        "warn  secret of news: the header X-Key is not there: the variable NEWS_KEY is not set here; set it where"
    )
    monkeypatch.setenv("NEWS_KEY", "")
    assert said(config).startswith("fail  secret of news: the header X-Key cannot be sent: it is empty")


@pytest.mark.parametrize(("mode", "is_said"), [(0o644, True), (0o604, True), (0o640, False), (0o600, False)])
def test_a_secret_that_everyone_can_read_is_said(mode: int, is_said: bool, shut: Path) -> None:
    path = secret(shut, "secret", TOKEN, mode)
    told = f"every user of this machine can read {path}; chmod o= {path}"
    for config in (
        configure(shut, 'headers = { X-Key = { file = "secret" } }'),
        configure(shut, server='[server]\nrefresh_token_file = "secret"\n'),
    ):
        assert said(config).endswith(told if is_said else "1 can be read")


def test_a_secret_of_root_stays_one_that_the_user_of_the_service_can_read(
    shut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedsvc.service.secrecy.owner_of", lambda path: os.geteuid() + 1)
    monkeypatch.setattr("feedsvc.service.secrecy.group_name", lambda group: "readers")
    path = secret(shut, "secret", TOKEN, 0o604)
    config = configure(shut, 'headers = { X-Key = { file = "secret" } }')
    assert said(config).endswith(f"; chgrp readers {path} && chmod g=r,o= {path}")
    path.chmod(0o644)
    assert said(config).endswith(f"; chmod o= {path}")
    monkeypatch.setattr("feedsvc.service.secrecy.group_of", lambda path: os.getegid() + 1)
    assert said(config).endswith(f"; chgrp readers {path} && chmod g=r,o= {path}")


def test_a_secret_in_a_folder_that_only_its_owner_can_enter_is_secret(shut: Path) -> None:
    (shut / "private").mkdir(mode=0o700)
    secret(shut / "private", "secret", TOKEN, 0o644)
    config = configure(shut, 'headers = { X-Key = { file = "private/secret" } }')
    assert verdicts(config) == [("secrets", "ok")]
    (shut / "way").symlink_to(shut / "private")
    config = configure(shut, 'headers = { X-Key = { file = "way/secret" } }')
    assert verdicts(config) == [("secrets", "ok")]


@pytest.mark.parametrize(
    "line",
    [
        'headers = { Authorization = "Bearer x" }',
        'cookies = { a = "b" }',
        'proxy = "http://me:s3cret@proxy.example/"',
        '[service]\ndatabase = "postgresql://me:s3cret@db.example/x"',
    ],
)
def test_a_configuration_that_holds_secrets_is_for_few_eyes(line: str, shut: Path) -> None:
    config = configure(shut, line)
    assert said(config).startswith("warn  secrets in the configuration: every user of this machine can read ")
    assert "s3cret" not in said(config) + repr(config)
    assert config.path is not None
    config.path.chmod(0o640)
    assert verdicts(config) == [("secrets", "ok")]


def test_a_token_that_is_too_short_fails_and_is_not_shown(shut: Path) -> None:
    secret(shut, "token", "s3cret")
    found = said(configure(shut, server='[server]\nrefresh_token_file = "token"\n'))
    assert found.startswith("fail  refresh token: server.refresh_token_file: ")
    assert "s3cret" not in found


def test_doctor_looks_at_secrets_too(shut: Path, run: Run) -> None:
    config = configure(shut, 'cookies = { a = { file = "secret" } }')
    code, out, _ = run("--config", config.path or "", "doctor")
    assert code == 1
    assert "fail  secret of news: the cookie a is not there: " in out
