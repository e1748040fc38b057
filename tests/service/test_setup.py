"""`feedsvc init`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from feedsvc.config import load_config
from feedsvc.errors import SetupError
from feedsvc.service import setup

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., tuple[int, str, str]]


def test_a_fresh_folder_gets_the_annotated_example_and_its_folders(run: Run, tmp_path: Path) -> None:
    code, out, err = run("init")
    path = tmp_path / "config" / "feedsvc.toml"
    assert (code, err) == (0, "")
    assert path.read_bytes() == (ROOT / "config" / "feedsvc.toml").read_bytes()
    config = load_config(path)
    assert config.data_dir.is_dir() and config.output_dir.is_dir()
    assert f"made  {path}\n" in out
    assert "feedsvc doctor" in out.partition("Next:")[2]
    assert run("status")[0] == 0, "the next command finds it"


def test_what_to_do_next_names_a_configuration_that_is_elsewhere(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("init", "my news")
    assert code == 0
    assert f"feedsvc --config '{tmp_path}/my news/config/feedsvc.toml' doctor" in out


def test_a_configuration_that_is_there_stays(run: Run, tmp_path: Path) -> None:
    run("init")
    path = tmp_path / "config" / "feedsvc.toml"
    path.write_text("# mine\n", encoding="utf-8")
    code, out, err = run("init")
    assert (code, out) == (2, "")
    assert err == f"{path}: is there already; --force puts it aside and writes another\n"
    assert path.read_text(encoding="utf-8") == "# mine\n"


def test_force_puts_the_former_configuration_aside_and_leaves_glossaries(run: Run, tmp_path: Path) -> None:
    run("init")
    path, glossary = tmp_path / "config" / "feedsvc.toml", tmp_path / "config/glossaries/zh-en-news.tsv"
    path.write_text("# mine\n", encoding="utf-8")
    glossary.write_text("布林肯\tBlinken\n", encoding="utf-8")
    code, out, _ = run("init", "--force")
    assert code == 0
    assert f"kept  {path}.old" in out
    assert path.with_name("feedsvc.toml.old").read_text(encoding="utf-8") == "# mine\n"
    assert load_config(path).sources
    assert glossary.read_text(encoding="utf-8") == "布林肯\tBlinken\n"


def test_on_a_server_data_and_feeds_are_where_the_units_expect_them(tmp_path: Path) -> None:
    layout = setup.Layout(config=tmp_path / "etc" / "feedsvc.toml", var=tmp_path / "lib")
    made = setup.init(layout)
    config = load_config(made.path)
    assert (config.data_dir, config.output_dir) == (tmp_path / "lib" / "data", tmp_path / "lib" / "public")
    assert made.path.read_text(encoding="utf-8").count("\n") == len(
        (ROOT / "config" / "feedsvc.toml").read_text(encoding="utf-8").splitlines()
    )
    assert "  # feeds and pages: point any web server here\n" in made.path.read_text(encoding="utf-8")


def test_the_units_and_init_agree_on_the_folders() -> None:
    unit = (ROOT / "systemd" / "feedsvc.service").read_text(encoding="utf-8")
    assert f"--config {setup.SYSTEM.config} " in unit
    assert f"StateDirectory={(setup.SYSTEM.var or Path()).name}" in unit


def test_what_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file", encoding="utf-8")
    with pytest.raises(SetupError, match="config: "):
        setup.init(setup.below(tmp_path))


def test_an_installation_without_the_example_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "_EXAMPLES", (tmp_path,))
    with pytest.raises(SetupError, match="not part of this installation"):
        setup.init(setup.below(tmp_path / "new"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["init", "--system", "here"], "leave FOLDER out"),
        (["--config", "x.toml", "init"], "init takes a FOLDER"),
    ],
)
def test_what_does_not_go_together_is_bad_usage(run: Run, arguments: list[str], message: str) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert message in " ".join(err.split())
