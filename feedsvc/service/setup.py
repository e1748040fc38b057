"""What `feedsvc init` makes: a configuration with comments, and the folders that it names."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from feedsvc.config import load_config
from feedsvc.errors import ConfigError, SetupError

_PACKAGE = Path(__file__).resolve().parents[1]
#: where the annotated example is: in an installed package, and beside the package in a checkout
_EXAMPLES = (_PACKAGE / "example", _PACKAGE.parent / "config")
_NAME = "feedsvc.toml"
#: folders of the example that are elsewhere on a server
_VAR = '"../var/'


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where an installation has its things."""

    config: Path
    #: for data and public; None: where the example has them, beside the folder of the configuration
    var: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made."""

    path: Path
    #: files and folders that were not there before
    new: tuple[Path, ...]
    #: the former configuration
    kept: Path | None


#: what the units in systemd/ expect
SYSTEM = Layout(config=Path("/etc/feedsvc") / _NAME, var=Path("/var/lib/feedsvc"))


def below(folder: Path) -> Layout:
    """Everything in one folder: `config/` and `var/`."""
    return Layout(config=folder / "config" / _NAME, var=None)


def init(layout: Layout, *, force: bool = False) -> Made:
    """Write the configuration and its glossaries, and make the folders for data and public.

    A glossary that is there already stays. With `force` a configuration that is there is kept as `feedsvc.toml.old`.

    Raises: ConfigError if there is one already; SetupError if something cannot be written.
    """
    path = layout.config
    example = _example()
    try:
        if path.exists() and not force:
            raise ConfigError(path, ["is there already; --force puts it aside and writes another"])
        made = [*_folders(path.parent), *_glossaries(example / "glossaries", path.parent / "glossaries")]
        kept = _aside(path)
        path.write_text(_adapted((example / _NAME).read_text(encoding="utf-8"), layout), encoding="utf-8")
        config = load_config(path)
        made += [path, *_folders(config.data_dir), *_folders(config.output_dir)]
    except OSError as error:
        why = f"cannot be made: {error.strerror or 'no reason given'}"
        raise SetupError(error.filename or path, why) from error
    return Made(path=path, new=tuple(made), kept=kept)


def _example() -> Path:
    for folder in _EXAMPLES:
        if (folder / _NAME).is_file():
            return folder
    raise SetupError(_EXAMPLES[0], "the example configuration is not part of this installation")


def _adapted(text: str, layout: Layout) -> str:
    """The example with the folders of another layout; its columns stay where they are."""
    if layout.var is None:
        return text
    lines = text.splitlines(keepends=True)
    return "".join(_moved(line, layout.var) if _VAR in line else line for line in lines)


def _moved(line: str, var: Path) -> str:
    setting, gap, comment = line.partition("  #")
    width = len(setting)
    return setting.replace(_VAR, f'"{var}/').rstrip().ljust(width) + gap + comment


def _folders(path: Path) -> Sequence[Path]:
    """Make a folder; in what is given back, if it was not there."""
    if path.is_dir():
        return ()
    path.mkdir(parents=True)
    return (path,)


def _glossaries(source: Path, target: Path) -> Sequence[Path]:
    made = [*_folders(target)]
    for glossary in sorted(source.glob("*.tsv")):
        place = target / glossary.name
        if not place.exists():
            shutil.copyfile(glossary, place)
            made.append(place)
    return made


def _aside(path: Path) -> Path | None:
    if not path.exists():
        return None
    return path.replace(path.with_name(f"{path.name}.old"))
