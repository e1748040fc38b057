"""Where a configuration is found, and how it is read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from configurations import ONE_SOURCE, Load, Write

from feedsvc.config import default_data_dir, find_config, load_config
from feedsvc.errors import ConfigError

SHIPPED = sorted((Path(__file__).resolve().parents[2] / "config").glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_every_configuration_that_ships_can_be_used(path: Path) -> None:
    config = load_config(path)
    assert config.sources
    assert all(Path(s.location).exists() for s in config.sources if s.kind != "feed")
    assert config.data_dir.is_relative_to(path.parents[1])
    assert config.output_dir.is_relative_to(path.parents[1])


def test_configurations_ship() -> None:
    assert {"feedsvc.toml", "demo.toml"} <= {p.name for p in SHIPPED}


def test_an_empty_file_means_defaults(load: Load) -> None:
    config = load("")
    assert config.sources == config.outputs == ()
    assert config.target_language == "en"
    assert config.base_url == "http://127.0.0.1:8080/"
    assert config.publish_after == timedelta(hours=6)
    assert config.credit
    assert config.listen is None


def test_a_bom_is_no_part_of_the_file(load: Load) -> None:
    assert load("\ufeff" + ONE_SOURCE).sources[0].id == "news"


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "feedsvc.toml"
    path.write_bytes(b'[service]\ndata_dir = "caf\xe9"\n')
    with pytest.raises(ConfigError, match=f"{path}:2: is not TOML: it is not UTF-8"):
        load_config(path)


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)


def test_relative_paths_are_relative_to_the_file(load: Load, tmp_path: Path) -> None:
    config = load(
        '[service]\ndata_dir = "data"\noutput_dir = "../public"\n'
        '[[sources]]\nid = "a"\nfolder = "in/articles"\n[[sources]]\nid = "b"\nfile = "./in/../feed.rss"\n'
    )
    assert config.data_dir == tmp_path / "data"
    assert config.output_dir == tmp_path.parent / "public"
    assert config.database == f"sqlite:///{tmp_path}/data/feedsvc.sqlite"
    assert [s.location for s in config.sources] == [f"{tmp_path}/in/articles", f"{tmp_path}/feed.rss"]


def test_relative_paths_do_not_depend_on_the_working_directory(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('[service]\ndata_dir = "data"\n')
    monkeypatch.chdir(tmp_path)
    here = load_config(Path("feedsvc.toml"))
    monkeypatch.chdir("/")
    assert load_config(tmp_path / "feedsvc.toml").data_dir == here.data_dir == tmp_path / "data"


def test_absolute_paths_and_the_home_directory_are_kept(load: Load) -> None:
    config = load('[service]\ndata_dir = "/srv/data"\noutput_dir = "~/public"\n')
    assert config.data_dir == Path("/srv/data")
    assert config.output_dir == Path.home() / "public"


def test_the_given_configuration_comes_first(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDSVC_CONFIG", str(tmp_path / "other.toml"))
    assert find_config(write("")) == tmp_path / "feedsvc.toml"


def test_the_environment_names_a_configuration(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("")
    monkeypatch.setenv("FEEDSVC_CONFIG", str(path))
    assert find_config(None) == path


def test_a_configuration_lies_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "feedsvc.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert find_config(None) == Path("config/feedsvc.toml")


def test_a_configuration_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no configuration file: looked for .*missing\.toml; make one"):
        find_config(tmp_path / "missing.toml")


def test_a_configuration_that_may_not_be_looked_for_is_named_too() -> None:
    with pytest.raises(ConfigError, match="no configuration file"):
        find_config(Path("x" * 5000))


def test_models_live_below_the_home_directory_without_a_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert default_data_dir() == Path.home() / ".local" / "share" / "feedsvc"
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/share")
    assert default_data_dir() == Path("/srv/share/feedsvc")
