"""Everything that feedsvc raises on purpose. Imports nothing from feedsvc.

    FeedsvcError
    ├ ConfigError(path, problems)          the configuration; lists every problem, exit code 2
    ├ SourceError                          one source failed, the run goes on
    │  ├ FetchError(url, reason, …)
    │  ├ ParseError(reason)
    │  └ FrontMatterError(reason)          one file of a folder, named by who reads it
    ├ TranslationError                     entries stay pending, the run goes on
    │  ├ LanguagePairMissing(source_language, target_language)
    │  └ ModelError(path, reason)          a package that cannot be read, downloaded, installed or removed
    ├ StoreError                           the run stops
    │  ├ SchemaTooNew(found)
    │  └ StoreBusy(holder)
    ├ PublishError(path, reason)           the file that is there stays
    ├ ServeError(address, reason)          nothing can be served there
    └ SetupError(path, reason)             something cannot be made

The text of an error is one sentence for a person: what failed, and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class FeedsvcError(Exception):
    """Base of every error that feedsvc raises on purpose."""


class ConfigError(FeedsvcError):
    """The configuration cannot be used; `problems` holds every reason, one line each.

    `lines`: for each problem the line of the file that it is in, None where it is in none.
    """

    def __init__(
        self, path: Path | None, problems: Sequence[str], *, lines: Sequence[int | None] | None = None
    ) -> None:
        self.path = path
        self.problems = tuple(problems)
        self.lines = tuple(lines or [None] * len(self.problems))
        places = [f"{path or ''}:{line}" if line else str(path or "") for line in self.lines]
        super().__init__(
            "\n".join(f"{place}: {p}" if place else p for place, p in zip(places, self.problems, strict=True))
        )


class SourceError(FeedsvcError):
    """One source could not be read."""


class FetchError(SourceError):
    """A URL could not be fetched.

    `status`: what the server answered, None where it did not. `retry_after_s`: how long it wants not to be asked.
    """

    def __init__(
        self, url: str, reason: str, *, status: int | None = None, retry_after_s: int | None = None
    ) -> None:
        self.url = url
        self.reason = reason
        self.status = status
        self.retry_after_s = retry_after_s
        super().__init__(f"{url}: {reason}")


class ParseError(SourceError):
    """A document is not what it should be."""


class FrontMatterError(SourceError):
    """A file of a folder source cannot be read; the reason is said after its name."""


class TranslationError(FeedsvcError):
    """Something could not be translated."""


class LanguagePairMissing(TranslationError):
    """No model for a pair of languages (BCP 47 tags) is installed.

    `from_source` and `into_target`: the languages that there are models for on the other side of each.
    """

    def __init__(
        self,
        source_language: str,
        target_language: str,
        *,
        from_source: Sequence[str] = (),
        into_target: Sequence[str] = (),
    ) -> None:
        self.source_language = source_language
        self.target_language = target_language
        near = [
            *([f"from {source_language} into {', '.join(from_source)}"] if from_source else []),
            *([f"into {target_language} from {', '.join(into_target)}"] if into_target else []),
        ]
        super().__init__(
            f"no model translates from {source_language} to {target_language}"
            + (f" (there are models {'; '.join(near)})" if near else "")
            + f"; install one with: feedsvc models install {source_language} {target_language}"
        )


class ModelError(TranslationError):
    """A model package cannot be read, downloaded, installed or removed."""

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class StoreError(FeedsvcError):
    """The database cannot be used."""


class SchemaTooNew(StoreError):
    """The database was written by a newer feedsvc."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(
            f"the database has schema {found}, which this feedsvc does not know; use a newer feedsvc"
        )


class StoreBusy(StoreError):
    """Another process is refreshing the same database."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        super().__init__(f"another refresh is running ({holder}); try again when it has ended")


class PublishError(FeedsvcError):
    """An output file could not be written."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class ServeError(FeedsvcError):
    """The web server cannot listen where it should."""

    def __init__(self, address: str, reason: str) -> None:
        self.address = address
        self.reason = reason
        super().__init__(
            f"cannot listen at {address}: {reason}; choose another place with listen in [server], or with --listen"
        )


class SetupError(FeedsvcError):
    """A file or folder of an installation could not be made."""

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")
