from __future__ import annotations

import http.client
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fakes import Answer, FakeTranslator, WebServer

from feedsvc.config import Config, load_config
from feedsvc.service import logs, reporting
from feedsvc.service import worker as module
from feedsvc.service.worker import Worker
from feedsvc.store import Store

ARTICLE = "---\ntitle: 天气{0}\ndate: 2026-11-{0:02}\nlang: zh\n---\n<p>第{0}天下雨。</p>\n"
HOLDER = """
import sys, time
from feedsvc.store import Store
with Store(sys.argv[1]) as store, store.exclusive():
    print("held", flush=True)
    time.sleep(0.5)
    while not store.is_wanted():
        time.sleep(0.1)
"""


def write(folder: Path, *numbers: int) -> None:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number}.md").write_text(ARTICLE.format(number), encoding="utf-8")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    write(tmp_path / "articles", 1)
    path = tmp_path / "feedsvc.toml"
    path.write_text(
        '[service]\ndata_dir = "data"\noutput_dir = "public"\n[[sources]]\nid = "articles"\nfolder = "articles"\n'
    )
    return load_config(path)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []

    def say(level: int, event: str, **fields: object) -> None:
        lines.append(" ".join([event, *(f"{k}={v}" for k, v in fields.items())]))

    monkeypatch.setattr(module, "say", say)
    monkeypatch.setattr(reporting, "say", say)
    return lines


def settle(worker: Worker) -> None:
    """Everything that is due now, and what follows from it."""
    worker.look()
    worker.work()


def until(happened: Callable[[], bool], patience_s: float = 10) -> None:
    end = time.monotonic() + patience_s
    while not happened():
        assert time.monotonic() < end, "it has not happened"
        time.sleep(0.02)


@contextmanager
def service(config: Config, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """`feedsvc run` over this configuration, from its first publishing on."""
    command = [sys.executable, "-m", "feedsvc", "--config", str(config.path), "run"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    ) as process:
        try:
            until((config.output_dir / "index.html").is_file)
            yield process
        finally:
            process.kill()


def test_a_source_is_read_when_it_is_due_and_not_before(
    config: Config, translator: FakeTranslator, said: list[str]
) -> None:
    with Worker(config, translator) as worker:
        settle(worker)
        settle(worker)
        assert [line for line in said if line.startswith("read")] == [
            "read sources=articles unchanged=0 new=1 changed=0"
        ]
        assert (config.output_dir / "articles.rss").is_file()
        worker.ask("articles")
        settle(worker)
    assert [line.split()[0] for line in said].count("read") == 2


def test_a_backlog_of_one_source_keeps_no_other_waiting(
    config: Config, translator: FakeTranslator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert config.path is not None
    monkeypatch.setattr("feedsvc.translate.article.GROUP_CHARS", 40)
    write(tmp_path / "articles", *range(1, 20))
    write(tmp_path / "other", 25)
    config.path.write_text(config.path.read_text() + '[[sources]]\nid = "other"\nfolder = "other"\n')
    with Worker(load_config(config.path), translator) as worker:
        settle(worker)
    first = [sentences for _, sentences in translator.calls][:2]  # which source is read first is chance
    assert "天气25" in {sentence for sentences in first for sentence in sentences}
    assert len(translator.asked) == 2 * 20


def test_a_refresh_by_hand_is_waited_for(config: Config, translator: FakeTranslator, said: list[str]) -> None:
    with (
        Worker(config, translator) as worker,
        subprocess.Popen([sys.executable, "-c", HOLDER, config.database], stdout=subprocess.PIPE) as holder,
    ):
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        settle(worker)
    assert said[0] == f"waiting holder=process {holder.pid}"
    assert (config.output_dir / "articles.rss").is_file()


def test_between_refreshes_a_better_model_translates_what_is_in_the_feeds(
    config: Config, translator: FakeTranslator, said: list[str]
) -> None:
    with Worker(config, translator) as worker:
        settle(worker)
        before = (config.output_dir / "articles.rss").read_bytes()
        translator.version = "2"
        settle(worker)
        settle(worker)
    assert [line for line in said if "improved" in line] == ["improved entries=1 sentences=2"]
    after = (config.output_dir / "articles.rss").read_bytes()
    assert (b"zh_en 1" in before, b"zh_en 2" in after) == (True, True)


def test_what_cannot_be_translated_is_said_once_and_tried_at_every_look(
    config: Config, translator: FakeTranslator, said: list[str]
) -> None:
    translator.missing = {"zh"}
    with Worker(config, translator) as worker:
        settle(worker)
        settle(worker)
        assert len([line for line in said if line.startswith("not translated source=articles")]) == 1
        translator.missing = set()
        settle(worker)
    assert (config.output_dir / "articles.rss").read_text().count("<item>") == 1


def test_models_leave_the_memory_after_a_while_without_work(
    config: Config, translator: FakeTranslator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Worker(config, translator) as worker:
        settle(worker)
        worker.rest()
        assert translator.unloaded == 0
        monkeypatch.setattr(module, "IDLE_S", 0)
        worker.rest()
        worker.rest()
    assert translator.unloaded == 1


def test_a_failure_of_the_database_is_said_and_recovered_from(
    config: Config, translator: FakeTranslator, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = config.data_dir / "feedsvc.sqlite.lock"
    with Worker(config, translator) as worker:
        lock.mkdir()
        settle(worker)
        assert said == [f"failed reason={lock}: cannot be opened: Is a directory pause_s=30"]
        lock.rmdir()
        worker.work()
        assert len(said) == 1
        monkeypatch.setattr(module, "_monotonic", lambda: time.monotonic() + 31)
        worker.work()
    assert (config.output_dir / "articles.rss").is_file()


@pytest.mark.parametrize("server", ["", '[server]\nlisten = "127.0.0.1:0"\n'], ids=["alone", "serving"])
def test_the_service_publishes_at_once_and_stops_when_it_is_told(config: Config, server: str) -> None:
    assert config.path is not None
    config.path.write_text(config.path.read_text() + server)
    with service(config) as process:
        until((config.output_dir / "articles.rss").is_file)
        process.terminate()
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, "")
    events = [line.split()[2] for line in err.splitlines()]
    begun = ["serving", "started"] if server else ["started"]
    assert (events[: len(begun)], events[-1]) == (begun, "stopped")
    assert {"read", "translated", "published"} <= set(events)


def test_a_server_that_does_not_answer_holds_nobody_up(config: Config, web: WebServer) -> None:
    assert config.path is not None
    silent = []

    def say_nothing(connection: socket.socket) -> None:
        silent.append(connection)
        time.sleep(3)

    web.answers["/feed"] = say_nothing
    config.path.write_text(config.path.read_text() + f'[[sources]]\nid = "slow"\nurl = "{web.url}/feed"\n')
    with service(config) as process:
        until(lambda: bool(silent))
        began = time.monotonic()
        process.terminate()
        _, err = process.communicate(timeout=10)
    assert time.monotonic() - began < 3
    assert err.splitlines()[-1].endswith("stopped unfinished=1")
    with Store(config.database) as store:
        assert store.state("slow").checked_at is None  # so that it is due


STUCK = """
import sys, time
from feedsvc.service import cli, worker
worker.STOP_WITHIN_S = 0.3
worker.publish = lambda config, store: print("stuck", flush=True) or time.sleep(60)
sys.argv = ["feedsvc", "--config", sys.argv[1], "run"]
cli.main()
"""


def test_nothing_holds_up_the_end(config: Config) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUCK, str(config.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        process.terminate()
        _, err = process.communicate(timeout=10)
    assert (process.returncode, err.split()[-3:]) == (0, ["at", "once", "after_s=0.3"])


def test_a_changed_configuration_is_loaded_and_a_broken_one_refused(config: Config, web: WebServer) -> None:
    assert config.path is not None
    web.answers["/feed"] = Answer(b"<rss><channel><title>T</title></channel></rss>")
    good = config.path.read_text()
    with service(config) as process:
        config.path.write_text(good + "[[sources]]\nid = 7\n")
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        line = next(line for line in process.stderr if "configuration" in line)
        assert 'configuration refused problem="sources[1].id: must be text in quotes" file=' in line
        assert re.search(r"feedsvc\.toml:\d+$", line.strip())
        config.path.write_text(good + f'[[sources]]\nid = "more"\nurl = "{web.url}/feed"\n')
        line = next(line for line in process.stderr if "configuration" in line)  # without a signal
        assert line.endswith("configuration reloaded sources=2\n")
        until((config.output_dir / "more.rss").is_file)


def test_systemd_is_told_of_everything_it_wants_to_know(config: Config, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        told = []
        with service(config, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="400000") as process:
            while told.count("WATCHDOG=1") < 3:
                told.append(manager.recv(1000).decode())
            process.send_signal(signal.SIGHUP)
            while not told[-1].startswith("RELOADING=1\nMONOTONIC_USEC="):
                told.append(manager.recv(1000).decode())
            process.terminate()
            while told[-1] != "STOPPING=1":
                told.append(manager.recv(1000).decode())
            process.wait(10)
    assert told[0] == "READY=1"
    assert told.count("READY=1") == 2


def test_who_has_the_token_may_ask_for_a_refresh_and_figures_tell_of_it(
    config: Config, tmp_path: Path
) -> None:
    assert config.path is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "token").write_text("0123456789abcdef\n")
    config.path.write_text(
        config.path.read_text() + f'[server]\nlisten = "127.0.0.1:{port}"\nrefresh_token_file = "token"\n'
    )

    def answer(method: str, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(method, path, headers={"Authorization": "Bearer 0123456789abcdef"})
        response = connection.getresponse()
        said = response.status, response.read().decode()
        connection.close()
        return said

    with service(config):
        until((config.output_dir / "articles.rss").is_file)
        assert answer("POST", "/refresh/nobody")[0] == 404
        write(tmp_path / "articles", 2)
        assert answer("POST", "/refresh/articles")[0] == 202
        until(
            lambda: "2 articles" in (config.output_dir / "index.html").read_text(encoding="utf-8")
        )  # the last file
        assert answer("GET", "/healthz")[0] == 200
        (config.output_dir / "feeds.opml").unlink()
        (config.output_dir / "feeds.opml").mkdir()
        write(tmp_path / "articles", 3)
        assert answer("POST", "/refresh/articles")[0] == 202
        until(lambda: "feeds.opml: cannot be written" in answer("GET", "/healthz")[1], 60)
        assert answer("GET", "/healthz")[0] == 503
        # figures are remembered for a while, on a slow machine for longer
        until(lambda: 'feedsvc_fetches_total{outcome="new"} 3' in answer("GET", "/metrics")[1], 60)


def test_log_lines_are_single_and_hold_no_keys(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logging.getLogger(), "level", logging.WARNING)
    monkeypatch.setattr(logs.LOGGER, "level", logging.NOTSET)
    logs.set_up(level="info")
    logs.say(
        20, "read", source="a", new=3, reason='https://me:pw@a.example/?key=1234&page=2: it said "no"\nreally'
    )
    logs.say(10, "quiet")
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert line.split(" ", 1)[1] == (
        'INFO read source=a new=3 reason="https://***@a.example/?key=***&page=2: it said \\"no\\"\\nreally"\n'
    )


def test_once_a_day_it_is_tidied_up(config: Config, translator: FakeTranslator, said: list[str]) -> None:
    assert config.path is not None
    config.path.write_text(config.path.read_text() + "keep_days = 1\n")
    write(config.path.parent / "articles", 3)
    with Worker(config, translator) as worker:
        settle(worker)
        assert len(list(config.output_dir.glob("articles/*/*.html"))) == 2
    with Worker(load_config(config.path), translator) as worker:
        worker.tidy()
        worker.work()
    assert "tidied entries=1 sentences=0 media=0" in said
    assert len(list(config.output_dir.glob("articles/*/*.html"))) == 1


def test_log_lines_may_be_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logging.getLogger(), "level", logging.WARNING)
    monkeypatch.setattr(logs.LOGGER, "level", logging.NOTSET)
    logs.set_up(as_json=True)
    logs.say(30, "failed", source="a", times=3, reason="https://a.example/?token=x&n=2")
    logging.getLogger("other").warning("two\nlines")
    ours, others = map(json.loads, capsys.readouterr().err.splitlines())
    assert ours.pop("time").endswith("Z")
    assert ours == {
        "level": "WARNING",
        "event": "failed",
        "source": "a",
        "times": 3,
        "reason": "https://a.example/?token=***&n=2",
    }
    assert (others["event"], others["message"]) == ("other", "two\nlines")
