from __future__ import annotations

import hashlib
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import Answer, WebServer

from feedsvc.service import console
from feedsvc.translate import models

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "a.md").write_text(
        "---\ntitle: 天气\ndate: 2026-11-19\nlang: zh\n---\n<p>今天下雨。</p>\n", encoding="utf-8"
    )
    path = tmp_path / "feedsvc.toml"
    path.write_text(
        '[service]\ndata_dir = "data"\noutput_dir = "public"\n[[sources]]\nid = "articles"\nfolder = "articles"\n'
    )
    return path


Run = Callable[..., tuple[int, str, str]]


def test_refresh_publishes_and_a_second_one_says_that_nothing_is_new(run: Run, config: Path) -> None:
    code, out, err = run("--config", config, "refresh")
    assert (code, err) == (0, "")
    assert "1 source looked at: 1 new entry, 0 changed." in out
    assert (config.parent / "public" / "articles.rss").is_file()
    assert run("--config", config, "refresh") == (
        0,
        "Nothing new in 1 source: nothing translated, no file written.\n",
        "",
    )


def test_refresh_as_json_holds_every_figure(run: Run, config: Path) -> None:
    code, out, _ = run("--config", config, "refresh", "--json")
    report = json.loads(out)
    assert code == 0
    assert report["new_entries"] == report["translated_entries"] == 1
    assert report["sentences"] == 2
    assert "articles.rss" in report["files"]


def test_a_failure_is_named_and_makes_the_exit_code_1(run: Run, config: Path) -> None:
    broken = config.parent / "articles" / "broken.md"
    broken.write_text("---\ntitle: [\n---\n", encoding="utf-8")
    code, _, err = run("--config", config, "refresh")
    assert code == 1
    assert err.startswith(f"failed: articles: {broken}: broken front matter")
    code, out, _ = run("--config", config, "status", "--json")
    assert str(broken) in json.loads(out)["sources"][0]["problems"][0]
    assert code == 0


def test_status_shows_sources_outputs_and_verdicts(run: Run, config: Path) -> None:
    run("--config", config, "refresh")
    code, out, _ = run("--config", config, "status")
    assert code == 0
    assert "articles" in out
    assert f"published in {config.parent / 'public'}:\n" in out
    assert "http://127.0.0.1:8080/articles.rss .atom .json\n" in out
    assert "sentences: 2 good" in out


def test_status_before_the_first_refresh_is_no_error(run: Run, config: Path) -> None:
    code, out, _ = run("--config", config, "status")
    assert code == 0
    assert "not read yet" in out


def test_an_unknown_source_is_bad_usage(run: Run, config: Path) -> None:
    code, _, err = run("--config", config, "refresh", "nowhere")
    assert code == 2
    assert 'there is no source "nowhere"; there are: articles' in err


def test_every_problem_of_a_configuration_is_listed_without_traceback(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('[service]\nbase_ulr = "x"\n[defaults]\ninterval = "soon"\n')
    code, _, err = run("--config", path, "refresh")
    assert code == 2
    assert "service.base_ulr: unknown key" in err
    assert "defaults.interval: must be a number with a unit" in err
    assert "Traceback" not in err


def test_without_a_configuration_the_places_are_named(run: Run) -> None:
    code, _, err = run("refresh")
    assert code == 2
    assert "looked for config/feedsvc.toml, /etc/feedsvc/feedsvc.toml" in err


def test_translate_lines_gives_one_line_for_each_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("今天下雨。\n\n拜登和Macron将在Davos会面。\r\nOK\n", encoding="utf-8")
    code, out, err = run("translate", "--from", "zh", "--lines", tmp_path / "in.txt")
    lines = out.split("\n")
    assert (code, err) == (0, "")
    assert len(lines) == 5 and lines[1] == lines[4] == ""
    assert "Macron" in lines[2] and lines[3] == "OK"


def test_translate_html_keeps_the_markup(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.html").write_text('<p>今天<a href="https://x.example/">下雨</a>。</p>', encoding="utf-8")
    code, out, _ = run("translate", "--html", tmp_path / "in.html")
    assert code == 0
    assert out.startswith('<p lang="en" dir="ltr"><a href="https://x.example/"')


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--from", "tlh"], 1, "no model translates from tlh to en"),
        (["--from", "not a language"], 2, '"not a language" is not a language tag'),
        (["--from", "zh", "--html", "--lines"], 2, "--html and --lines exclude each other"),
        (["--from", "zh", "missing.txt"], 2, "missing.txt: cannot be read: No such file or directory"),
    ],
)
def test_translate_says_what_is_wrong(
    run: Run, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "in.txt").write_text("今天下雨。\n", encoding="utf-8")
    given = arguments if "missing.txt" in arguments else [*arguments, "in.txt"]
    found, _, err = run("translate", *given)
    assert found == code
    assert message in " ".join(err.split())


@pytest.mark.parametrize(
    ("given", "options", "expected"),
    [
        (b"\n\n", ["--lines"], (0, "\n\n", "")),
        (b"", ["--html"], (0, "\n", "")),
        (b"\xc4\xe3", ["--from", "zh"], (2, "", "-: is not UTF-8: invalid continuation byte\n")),
        ("今天下雨".encode(), ["--lines"], (0, 1, "")),
    ],
    ids=["blank lines", "nothing", "not UTF-8", "no line end"],
)
def test_standard_input_is_taken_as_it_comes(
    given: bytes, options: list[str], expected: tuple[int, str | int, str]
) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "feedsvc", "translate", *options], input=given, capture_output=True
    )
    out: str | int = ran.stdout.decode()
    if isinstance(expected[1], int):
        out = str(out).count("\n")
    assert (ran.returncode, out, ran.stderr.decode()) == expected


def test_a_terminal_without_these_letters_gets_their_numbers(run: Run, config: Path) -> None:
    assert run("--config", config, "refresh")[0] == 0

    def explained(*options: str) -> str:
        command = [sys.executable, "-m", "feedsvc", "--config", str(config), "explain", "articles", *options]
        environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True, text=True)
        return ran.stdout

    assert explained("天气").startswith(r"\u5929\u6c14")
    assert json.loads(explained("--json"))["entries"][0]["title"] == "天气"


def test_an_address_that_is_taken_is_named(run: Run, config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = run("--config", config, "serve", "--listen", f"127.0.0.1:{port}")
    assert code == 1
    assert err == (
        "Nothing is published yet; do it, here or in another terminal, with: feedsvc refresh\n"
        f"feedsvc: cannot listen at 127.0.0.1:{port}: Address already in use; "
        "choose another place with listen in [server], or with --listen\n"
    )


@pytest.fixture(scope="module")
def archives() -> dict[tuple[str, str], bytes]:
    """The bundled model as packages for other languages."""
    (bundled,) = models.BUNDLED.glob("*.argosmodel")
    made = {}
    with zipfile.ZipFile(bundled) as real:
        members = {name: real.read(name) for name in real.namelist()}
    for pair in ("zh", "en"), ("zt", "en"), ("en", "de"), ("fr", "ja"):
        metadata = json.dumps(
            dict(zip(("from_code", "to_code"), pair, strict=True)) | {"package_version": "1.9"}
        )
        with zipfile.ZipFile(archive := io.BytesIO(), "w") as packed:
            for name, content in members.items():
                packed.writestr(name, metadata if name.endswith("metadata.json") else content)
        made[pair] = archive.getvalue()
    return made


@pytest.fixture
def web_index(
    web: WebServer, archives: dict[tuple[str, str], bytes], monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, object]]:
    """An index of packages on a web server; its entries."""
    entries: list[dict[str, object]] = []
    for (source, target), content in archives.items():
        web.answers[f"/{source}_{target}.argosmodel"] = Answer(content)
        entries.append(
            {
                "from_code": source,
                "to_code": target,
                "package_version": "1.9",
                "links": [f"{web.url}/{source}_{target}.argosmodel"],
                "sha256": hashlib.sha256(content).hexdigest(),
                "size": len(content),
            }
        )
    web.answers["/index.json"] = Answer(json.dumps(entries).encode(), headers={"ETag": '"1"'})
    monkeypatch.setenv("FEEDSVC_MODEL_INDEX", f"{web.url}/index.json")
    return entries


def test_models_are_installed_from_a_file_and_removed(run: Run, config: Path) -> None:
    (archive,) = models.BUNDLED.glob("*.argosmodel")
    code, out, _ = run("--config", config, "models", "install", archive)
    assert (code, out.startswith("Installed argos zh_en")) == (0, True)
    assert "installed" in run("--config", config, "models", "list", "--offline")[1]
    assert run("--config", config, "models", "remove", "zh", "en")[0] == 0
    code, _, err = run("--config", config, "models", "remove", "zh", "en")
    assert code == 1
    assert "no such package was installed" in err


def test_the_list_shows_what_is_here_and_what_can_be_had(
    run: Run,
    config: Path,
    web: WebServer,
    web_index: list[dict[str, object]],
    archives: dict[tuple[str, str], bytes],
) -> None:
    code, out, err = run("--config", config, "models", "list")
    here, offers = out.split("\n\nTo be had with: feedsvc models install FROM TO\n")
    assert (code, err) == (0, "")
    assert here.split("  ")[0] == "zh → en" and "bundled" in here
    size = f"{len(archives['zh', 'en']) / 1e6:.0f} MB"
    assert [" ".join(line.split()) for line in offers.splitlines()] == [
        f"en → de English → German 1.9 {size}",
        f"fr → ja French → Japanese 1.9 {size}",
        f"zh → en Chinese → English 1.9 {size}, here: bundled {here.split()[6]}",
        f"zh-Hant → en Chinese (Traditional) → English 1.9 {size}",
    ]
    assert run("--config", config, "models", "list")[1] == out
    assert web.requests[-1][1]["if-none-match"] == '"1"'


def test_the_list_works_without_network(
    run: Run, config: Path, web: WebServer, web_index: list[dict[str, object]]
) -> None:
    code, out, err = run("--config", config, "models", "list", "--offline")
    assert (code, web.requests) == (0, [])
    assert "bundled" in out and "The index has not been read yet" in err
    run("--config", config, "models", "list")
    kept = config.parent / "data" / "models" / ".index.json"
    kept.write_text(re.sub(r'"read_at": "[^"]+"', '"read_at": "2026-11-17T12:00:00+00:00"', kept.read_text()))
    asked = len(web.requests)
    code, out, err = run("--config", config, "models", "list", "--offline")
    assert (code, err, len(web.requests)) == (0, "", asked)
    assert "en → de" in out and re.search(r"The index is as it was \d+ days ago", out)
    web.answers["/index.json"] = Answer(b"<html>")
    code, out, err = run("--config", config, "models", "list")
    assert code == 0 and "en → de" in out
    assert err.startswith("The index could not be read: it is no list of packages; it is shown as it was")
    assert err.count("\n") == 1


def test_the_list_as_json_is_complete(
    run: Run, config: Path, web: WebServer, web_index: list[dict[str, object]]
) -> None:
    found = json.loads(run("--config", config, "models", "list", "--json")[1])
    assert [m["origin"] for m in found["models"]] == ["bundled"]
    assert found["models"][0]["source_name"] == "Chinese"
    assert found["available"][0] == {
        "source_language": "en",
        "target_language": "de",
        "version": "1.9",
        "links": [f"{web.url}/en_de.argosmodel"],
        "size_bytes": web_index[2]["size"],
        "sha256": web_index[2]["sha256"],
        "source_name": "English",
        "target_name": "German",
    }
    assert found["index"]["address"] == f"{web.url}/index.json"
    assert found["index"]["problem"] is None and found["index"]["read_at"]


def test_two_languages_are_installed_from_the_index(
    run: Run, config: Path, web: WebServer, web_index: list[dict[str, object]]
) -> None:
    code, out, err = run("--config", config, "models", "install", "zh", "en")
    assert (code, err) == (0, "")
    assert out.startswith(f"Installed argos zh_en 1.9: {config.parent / 'data' / 'models'}")
    asked = len(web.requests)
    assert run("--config", config, "models", "install", "zh", "en")[1].startswith(
        "Here already: argos zh_en 1.9"
    )
    assert [path for path, _ in web.requests[asked:]] == ["/index.json"]
    assert "zh → en" not in run("--config", config, "models", "list")[1].split("To be had")[1]


def test_a_way_through_another_language_is_installed_and_said(
    run: Run, config: Path, web_index: list[dict[str, object]]
) -> None:
    code, out, err = run("--config", config, "models", "install", "zh-TW", "de", "--json")
    assert code == 0
    assert err == "The index has no package for zh-Hant → de; zh-Hant → en and en → de do it.\n"
    assert [(m["engine"], m["is_new"]) for m in json.loads(out)] == [
        ("argos zh-Hant_en 1.9", True),
        ("argos en_de 1.9", True),
    ]


def test_a_package_that_is_not_what_the_index_says_is_refused(
    run: Run, config: Path, web: WebServer, web_index: list[dict[str, object]]
) -> None:
    (links,) = [e["links"] for e in web_index if e["from_code"] == "zt"]
    entries = [
        {"from_code": "ko", "to_code": "en", "package_version": "1", "links": links},
        {"from_code": "uk", "to_code": "en", "package_version": "1", "links": links, "sha256": "00"},
    ]
    web.answers["/index.json"] = Answer(json.dumps(entries).encode())
    code, _, err = run("--config", config, "models", "install", "ko", "en")
    assert (code, "is a package for zh-Hant → en" in err) == (1, True)
    code, _, err = run("--config", config, "models", "install", "uk", "en")
    assert (code, "its checksum is not the one in the index" in err) == (1, True)
    assert sorted(p.name for p in (config.parent / "data" / "models").iterdir()) == [
        ".bundled",
        ".index.json",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ja", "zh"], 1, "ja → zh: the index has no package for it, and no way through other languages"),
        (["zh"], 2, "name two languages, such as: zh en, or one file that is there"),
        (["zh", "en", "de"], 2, "name two languages"),
        (["not a language", "en"], 2, '"not a language" is not a language tag'),
        (["missing.argosmodel"], 1, "missing.argosmodel: cannot be read: No such file or directory"),
        (["--index", "http://127.0.0.1:1/", "zh", "en"], 1, "the index cannot be read: cannot connect"),
        (
            ["--index", "http://127.0.0.1:1/", "zh", "en"],
            1,
            "without it: feedsvc models install FILE.argosmodel",
        ),
    ],
)
def test_models_install_says_what_is_wrong(
    run: Run,
    config: Path,
    web_index: list[dict[str, object]],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    found, _, err = run("--config", config, "models", "install", *arguments)
    assert found == code
    assert message in " ".join(err.split())


def test_a_download_shows_a_bar_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with console.download_bar("zh → en") as on_progress:
        on_progress(50_000_000, 100_000_000)
        on_progress(75_000_000, 100_000_000)
    assert "zh → en" in (shown := capsys.readouterr().err) and "75.0/100.0 MB" in shown


def test_a_file_that_is_no_package_is_refused_by_name(run: Run, config: Path) -> None:
    code, _, err = run("--config", config, "models", "install", config)
    assert code == 1
    assert f"{config}: is no package" in err


def test_help_and_version_answer_without_loading_the_heavy_libraries() -> None:
    for option in (["--help"], ["--version"], ["refresh", "--help"]):
        ran = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "feedsvc", *option],
            capture_output=True,
            text=True,
            check=True,
        )
        imported = {
            line.rsplit("|", 1)[1].strip().split(".")[0] for line in ran.stderr.splitlines() if "|" in line
        }
        heavy = {
            "ctranslate2",
            "sqlalchemy",
            "alembic",
            "httpx",
            "lxml",
            "feedparser",
            "numpy",
            "starlette",
        }
        assert not imported & heavy
        # Typer itself needs pydantic for the options of a command
        assert "pydantic" not in imported or len(option) > 1
        assert "feedsvc" in ran.stdout


def test_translate_is_at_home_in_a_pipe() -> None:
    shell = f"yes 今天下雨。 | head -2000 | {sys.executable} -m feedsvc translate --from zh --lines | head -1"
    ran = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, timeout=60, cwd="/")
    assert ran.stdout.count("\n") == 1
    assert ran.stderr == ""


def test_the_demo_publishes_every_sample_article(run: Run, tmp_path: Path) -> None:
    text = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8").replace("../var/demo", str(tmp_path))
    path = tmp_path / "demo.toml"
    text = text.replace('"demo/', f'"{ROOT}/config/demo/').replace(
        '"glossaries/', f'"{ROOT}/config/glossaries/'
    )
    path.write_text(text, encoding="utf-8")
    code, out, err = run("--config", path, "demo", "--no-serve")
    assert (code, err) == (0, "")
    assert "http://127.0.0.1:8080/world.rss" in out
    assert len(list((tmp_path / "public" / "articles").rglob("*.html"))) == 17
    _, out, _ = run("--config", path, "demo", "--no-serve", "--listen", "127.0.0.1:8099")
    assert "http://127.0.0.1:8099/world.rss" in out
    assert "http://127.0.0.1:8099/world.rss" in (tmp_path / "public" / "index.html").read_text()


def test_the_demo_publishes_nothing_for_an_address_that_cannot_be_one(run: Run, config: Path) -> None:
    code, _, err = run("--config", config, "demo", "--no-serve", "--listen", "nowhere")
    assert code == 2
    assert '--listen must be "host:port"' in " ".join(err.split())
    assert not (config.parent / "public").exists()


def test_serve_answers_until_it_is_stopped(run: Run, config: Path) -> None:
    run("--config", config, "refresh")
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "feedsvc", "--config", str(config), "serve", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("Serving ")
        time.sleep(0.5)
        assert server.poll() is None
        server.terminate()
        assert server.wait(10) in (0, -15)


HOLDER = """
import sys, time
from feedsvc.store import Store
with Store(sys.argv[1]) as store, store.exclusive():
    print("held", flush=True)
    sys.stdin.readline()
    while not store.is_wanted():
        time.sleep(0.1)
    time.sleep(0.5)
"""


def test_a_refresh_waits_for_who_is_at_work_unless_it_is_told_not_to(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "feedsvc.toml"
    path.write_text('[service]\ndata_dir = "data"\noutput_dir = "public"\n')
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path}/data/feedsvc.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        busy = f"feedsvc: another refresh is running (process {holder.pid}); try again when it has ended\n"
        assert run("--config", path, "refresh", "--no-wait") == (1, "", busy)
        holder.stdin.write(b"\n")
        holder.stdin.flush()
        code, _, err = run("--config", path, "refresh")
    waiting = f"Waiting for process {holder.pid}, which works on the same database (--no-wait does not).\n"
    assert (code, err) == (0, waiting)
