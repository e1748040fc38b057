"""What runs beside the worker, in threads of its own: the web server, and telling hubs of what is new."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from feedsvc.config import Config
from feedsvc.publish.files import prepare_folder
from feedsvc.publishing import tell_hubs
from feedsvc.service.logs import say
from feedsvc.service.observing import observer
from feedsvc.service.server import Refresh, Server, application
from feedsvc.service.serving.observation import Observation, Tally

#: for answers that are under way when the service ends
_STOP_WITHIN_S = 3.0


class Beside:
    """The web server, with what the worker tells of itself; serves where `[server]` is configured; a context manager.

    Raises: PublishError, ServeError, ConfigError.
    """

    def __init__(
        self, config: Config, tally: Tally, refresh: Refresh, problem: Callable[[], str | None]
    ) -> None:
        self._tally = tally
        self._problem = problem
        self._server: Server | None = None
        self.reload(config)
        if config.listen:
            prepare_folder(config.output_dir)
            app = application(
                config.output_dir,
                observe=self._look,
                refresh=refresh,
                token_file=config.refresh_token_file,
            )
            self._server = Server(app, *config.listen)

    def __enter__(self) -> Self:
        if self._server:
            self._thread = threading.Thread(target=self._server.run, name="server", daemon=True)
            self._thread.start()
            say(logging.INFO, "serving", url=self._server.url)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.stop()
            self._thread.join(_STOP_WITHIN_S)

    def reload(self, config: Config) -> None:
        """Tell of these sources from now on."""
        self._observe = observer(config, self._tally.done)

    def _look(self) -> Observation:
        seen, problem = self._observe(), self._problem()
        return replace(seen, problems=(*seen.problems, problem)) if problem else seen


def tell_hubs_beside(config: Config, files: Sequence[str]) -> None:
    """Tell the configured hubs of the feeds among the files that were written; they may take their time."""
    if config.hubs:
        threading.Thread(target=_tell_hubs, args=(config, files), daemon=True).start()


def _tell_hubs(config: Config, files: Sequence[str]) -> None:
    for failure in tell_hubs(config, files):
        say(logging.WARNING, "hub failed", reason=failure.reason)
