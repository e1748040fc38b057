"""Opens what commands work with: the configuration, the store, models. Imports heavy libraries only when asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from feedsvc.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime

    from feedsvc.config import Config
    from feedsvc.store import Store
    from feedsvc.translate import ArgosTranslator, Models

Json = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


def complete_source(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Ids of sources, with where each is, for the completion of a shell; none where the configuration is not TOML."""
    import tomllib
    from pathlib import Path

    from feedsvc.config import find_config

    given = context.find_root().params.get("config")
    try:
        path = find_config(Path(given) if given else None)
        sources = tomllib.loads(path.read_text(encoding="utf-8-sig"))["sources"]
        known = [(str(s["id"]), str(s.get("url") or s.get("file") or s.get("folder") or "")) for s in sources]
    except (ConfigError, OSError, ValueError, LookupError, TypeError):
        return []
    taken = context.params.get("sources") or ()
    return [(i, place) for i, place in known if i.startswith(incomplete) and i not in taken]


def open_config(context: typer.Context) -> Config:
    """The configuration. Raises: ConfigError."""
    from feedsvc.config import find_config, load_config

    return load_config(find_config(context.obj))


def config_if_any(context: typer.Context) -> Config | None:
    """The configuration, where there is one: models and plain translation work without."""
    from feedsvc.config import find_config, load_config

    try:
        path = find_config(context.obj)
    except ConfigError:
        if context.obj:
            raise
        return None
    return load_config(path)


def open_models(config: Config | None) -> Models:
    """The models of a configuration, or of the user. Raises: ConfigError for root beside another user's service."""
    from feedsvc.config import default_data_dir
    from feedsvc.service.user import refuse_root
    from feedsvc.translate import Models

    if config:
        refuse_root(config)
    return Models((config.data_dir if config else default_data_dir()) / "models")


def open_translator(config: Config | None) -> ArgosTranslator:
    """What translates with these models."""
    from feedsvc.translate import ArgosTranslator
    from feedsvc.translate.translator import BEAM_SIZE

    return ArgosTranslator(open_models(config), beam_size=config.beam_size if config else BEAM_SIZE)


@contextmanager
def open_store(config: Config) -> Iterator[Store]:
    """The database, until the end of the block. Raises: ConfigError for root beside another user's service."""
    from feedsvc.service.user import refuse_root
    from feedsvc.store import Store

    refuse_root(config)
    with Store(config.database) as store:
        yield store


def read_clock() -> datetime:
    """The time that a command passes on as `now`."""
    from datetime import UTC, datetime

    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - commands read the clock here
