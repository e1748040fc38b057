"""The configuration file of a running service: whether it has changed, and what of it can be changed now."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from feedsvc.config import Config, find_config, load_config
from feedsvc.errors import ConfigError
from feedsvc.service.logs import say
from feedsvc.service.notify import notify

#: what is in use from the start to the end of a process
_FIXED = ("data_dir", "output_dir", "database", "beam_size", "listen", "refresh_token_file")
_Stamp = tuple[int, int, int]


class ConfigFile:
    """The file of a configuration, looked at now and then."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._loaded = self._seen = self._stamp()

    def has_changed(self) -> bool:
        """It is another one than at the last loading, and has been left alone since the look before."""
        before, self._seen = self._seen, self._stamp()
        return self._seen is not None and self._seen == before and self._seen != self._loaded

    def reload(self, old: Config) -> Config | None:
        """The configuration as it is now, but for what counts from the next start only; None where it is broken.

        What comes of it is logged, and told to the service manager.
        """
        notify("RELOADING=1")
        self._loaded = self._seen = self._stamp()
        try:
            new = self._load(old)
        except ConfigError as error:
            for problem, line in zip(error.problems, error.lines, strict=True):
                place = f"{error.path}:{line}" if line else str(error.path)
                say(logging.ERROR, "configuration refused", problem=problem, file=place)
            new = None
        notify("READY=1")
        return new

    def _load(self, old: Config) -> Config:
        new = load_config(find_config(self._path))
        say(logging.INFO, "configuration reloaded", sources=len(new.sources))
        later = [key for key in _FIXED if getattr(new, key) != getattr(old, key)]
        if later:
            say(logging.WARNING, "restart needed", keys=",".join(later))
        return replace(new, **{key: getattr(old, key) for key in later})

    def _stamp(self) -> _Stamp | None:
        try:
            stat = self._path.stat() if self._path else None
        except OSError:  # it is being replaced, or comes back later
            return None
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino) if stat else None
