"""The units: as systemd checks them, and what they run, run for real."""

from __future__ import annotations

import contextlib
import os
import platform
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import confined
import pytest
import typer

from feedsvc.service import cli

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "systemd"
SERVICES = sorted(FOLDER.glob("*.service"))
UNITS = sorted([*SERVICES, *FOLDER.glob("*.timer")])
FEEDSVC = Path(sys.executable).with_name("feedsvc")

by_name = pytest.mark.parametrize("unit", SERVICES, ids=lambda p: p.name)
needs = lambda program: pytest.mark.skipif(  # noqa: E731
    shutil.which(program) is None, reason=f"{program} is not installed (Debian: systemd)"
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "a.md").write_text("---\ntitle: 天气\nlang: zh\n---\n今天下雨。\n", encoding="utf-8")
    path = tmp_path / "feedsvc.toml"
    path.write_text(
        '[service]\ndata_dir = "data"\noutput_dir = "public"\n[[sources]]\nid = "archive"\nfolder = "articles"\n'
    )
    return path


def command(unit: Path, config: Path) -> list[str]:
    """What the unit starts, from the environment of these tests, with a configuration of theirs."""
    (line,) = confined.settings(unit)["ExecStart"]
    program, *arguments = shlex.split(line)
    assert program == "/opt/feedsvc/.venv/bin/feedsvc"
    put = {"/etc/feedsvc/feedsvc.toml": str(config), "%i": "archive"}
    return [str(FEEDSVC), *(put.get(argument, argument) for argument in arguments)]


def environment(unit: Path, home: Path) -> dict[str, str]:
    (line,) = confined.settings(unit)["Environment"]
    given = dict(setting.split("=", 1) for setting in shlex.split(line))
    assert given["HOME"] == "/var/lib/feedsvc"
    return {**os.environ, **given, "HOME": str(home), "PYTHONPATH": str(ROOT)}


@by_name
def test_each_unit_runs_a_command_that_exists(unit: Path) -> None:
    arguments = command(unit, Path("/etc/feedsvc/feedsvc.toml"))[1:]
    assert arguments[:2] == ["--config", "/etc/feedsvc/feedsvc.toml"]
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]
    assert arguments[2] in commands


@needs("systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/feedsvc/.venv/bin/feedsvc", str(FEEDSVC))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)],
        capture_output=True,
        text=True,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@needs("systemd-analyze")
@by_name
def test_little_is_open_to_a_service_that_has_been_broken_into(unit: Path) -> None:
    checked = subprocess.run(
        ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout


def test_both_services_are_confined_alike() -> None:
    apart = {"Type", "ExecStart", "Description"}
    service, refresh = (
        confined.settings(FOLDER / n) for n in ("feedsvc.service", "feedsvc-refresh@.service")
    )
    for key in refresh.keys() - apart - {"TimeoutStartSec"}:
        assert refresh[key] == service[key]


@needs("systemd-analyze")
def test_a_refresh_does_all_its_work_under_what_its_unit_forbids(config: Path, tmp_path: Path) -> None:
    unit = FOLDER / "feedsvc-refresh@.service"
    ran = subprocess.run(
        [sys.executable, confined.__file__, str(unit), *command(unit, config)],
        env=environment(unit, tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )
    if ran.returncode == confined.CANNOT:
        pytest.skip("libseccomp is not installed, or the kernel has no filters")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "1 source looked at: 1 new entry" in ran.stdout
    assert "It rains today." in (tmp_path / "public" / "archive.atom").read_text(encoding="utf-8")


@needs("systemd-analyze")
def test_the_service_works_under_what_its_unit_forbids_and_tells_systemd_how_it_fares(
    config: Path, tmp_path: Path
) -> None:
    unit = FOLDER / "feedsvc.service"
    assert confined.settings(unit)["Type"] == ["notify"]
    published = tmp_path / "public" / "archive.atom"
    told: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        given = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
        with subprocess.Popen(
            [sys.executable, confined.__file__, str(unit), *command(unit, config)],
            env=environment(unit, tmp_path) | given,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as service:

            def heard(state: str) -> bool:
                with contextlib.suppress(BlockingIOError):
                    while True:
                        told.extend(manager.recv(4096).decode().splitlines())
                return state in told or service.poll() is not None

            wait_for(lambda: heard("READY=1"))
            if service.poll() == confined.CANNOT:
                pytest.skip("libseccomp is not installed, or the kernel has no filters")
            wait_for(lambda: published.exists() and heard("WATCHDOG=1"))
            service.send_signal(signal.SIGHUP)
            wait_for(lambda: heard("RELOADING=1"))
            service.send_signal(signal.SIGTERM)
            assert service.wait(30) == 0
            heard("STOPPING=1")
    assert {"READY=1", "WATCHDOG=1", "RELOADING=1", "STOPPING=1"} <= set(told)
    assert "It rains today." in published.read_text(encoding="utf-8")


@needs("systemd-analyze")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="oneDNN compiles its loops on x86 alone")
def test_where_no_code_may_be_made_nothing_is_translated_into_garbage(config: Path, tmp_path: Path) -> None:
    """Why the units have no MemoryDenyWriteExecute=."""
    unit = tmp_path / "strict.service"
    lines = (FOLDER / "feedsvc-refresh@.service").read_text(encoding="utf-8")
    unit.write_text(lines.replace("MemoryDenyWriteExecute=no", "MemoryDenyWriteExecute=yes"))
    ran = subprocess.run(
        [sys.executable, confined.__file__, str(unit), *command(FOLDER / "feedsvc-refresh@.service", config)],
        env={**environment(unit, tmp_path), "CT2_USE_MKL": "0"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    if ran.returncode == confined.CANNOT:
        pytest.skip("the kernel has no PR_SET_MDWE (it came with Linux 6.3), or no filters")
    assert ran.returncode == 1
    assert "set MemoryDenyWriteExecute=no in its systemd unit" in ran.stderr


@needs("systemd-sysusers")
def test_user_and_folders_are_made_as_the_units_expect(tmp_path: Path) -> None:
    for name in ("sysusers.d", "tmpfiles.d"):
        shutil.copytree(FOLDER / name, tmp_path / "etc" / name)
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}"], check=True, capture_output=True)
    (line,) = [
        entry
        for entry in (tmp_path / "etc" / "passwd").read_text(encoding="utf-8").splitlines()
        if entry.startswith("feedsvc:")
    ]
    _, _, user, _, _, home, shell = line.split(":")
    assert (home, shell) == ("/var/lib/feedsvc", "/usr/sbin/nologin")
    assert confined.settings(FOLDER / "feedsvc.service")["User"] == ["feedsvc"]
    if os.geteuid() == 0:
        subprocess.run(
            ["systemd-tmpfiles", f"--root={tmp_path}", "--create", "feedsvc.conf"],
            check=True,
            capture_output=True,
        )
        modes = {"": 0o755, "data": 0o750, "public": 0o755}
        for name, mode in modes.items():
            made = (tmp_path / "var/lib/feedsvc" / name).stat()
            assert (made.st_uid, made.st_mode & 0o777) == (int(user), mode)


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
