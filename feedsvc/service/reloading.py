"""The configuration file of a running service: whether it has changed, and what of it can be changed now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from feedsvc.config import Config, load_config

#: what is in use from the start to the end of a process
_FIXED = ("data_dir", "database", "beam_size", "listen")
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

    def load(self, old: Config) -> tuple[Config, list[str]]:
        """The configuration as it is now; and the keys that only count at the next start, with their old values in it.

        Raises: ConfigError; the same file is then not taken for a changed one again.
        """
        assert self._path is not None, "a configuration without file does not change"
        self._loaded = self._seen = self._stamp()
        new = load_config(self._path)
        later = [key for key in _FIXED if getattr(new, key) != getattr(old, key)]
        return replace(new, **{key: getattr(old, key) for key in later}), later

    def _stamp(self) -> _Stamp | None:
        try:
            stat = self._path.stat() if self._path else None
        except OSError:  # it is being replaced, or comes back later
            return None
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino) if stat else None
