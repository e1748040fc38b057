"""The user that runs feedsvc, and the one whose data it is."""

from __future__ import annotations

import grp
import os
import pwd
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from feedsvc.errors import ConfigError

if TYPE_CHECKING:
    from feedsvc.config import Config


def refuse_root(config: Config) -> None:
    """What root makes for a service of another user, that user may not change any more.

    Raises: ConfigError.
    """
    if why := amiss(os.geteuid(), owner_of(config.data_dir), str(config.data_dir)):
        raise ConfigError(None, ["; ".join(why)])


def is_root_beside_another(config: Config) -> bool:
    """Root works on the configuration of a service that another user runs."""
    return amiss(os.geteuid(), owner_of(config.data_dir), "") is not None


def amiss(user: int, owner: int, place: str) -> tuple[str, str] | None:
    """Why this user should not work with what belongs to that one, and what to do; None if nothing is amiss."""
    if user == 0 and owner != 0:
        found = f"you are root, and {place} belongs to {name_of(owner)}"
        return found, f"run feedsvc as that user: sudo -u {name_of(owner)} feedsvc …"
    return None


def owner_of(path: Path) -> int:
    """To whom a folder belongs, or the one that it would be made in."""
    return there(path).stat().st_uid


def group_of(path: Path) -> int:
    """To which group a folder belongs, or the one that it would be made in."""
    return there(path).stat().st_gid


def there(path: Path) -> Path:
    """The folder, or the nearest one above it that there is."""
    return next(p for p in (path, *path.parents) if os.path.exists(p))  # noqa: PTH110 - no error where it may not look


def name_of(user: int) -> str:
    """What a user is called, its number where it has no name."""
    with suppress(KeyError):
        return pwd.getpwuid(user).pw_name
    return str(user)


def group_name(group: int) -> str:
    """What a group is called, its number where it has no name."""
    with suppress(KeyError):
        return grp.getgrgid(group).gr_name
    return str(group)
