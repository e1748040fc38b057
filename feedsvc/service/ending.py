"""The end of a service that was asked to stop: within seconds, whatever it is at."""

from __future__ import annotations

import logging
import os
import threading
import time
from queue import SimpleQueue

from feedsvc.service.logs import say


class Ending:
    """Ends this process some time after `begin`, if it has not ended by then; what it has not saved is due again."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        #: may be put into by a signal handler, whatever that interrupts
        self._begun: SimpleQueue[None] = SimpleQueue()

    def watch(self) -> None:
        """Wait for the beginning of the end, in a thread."""
        threading.Thread(target=self._end, name="end", daemon=True).start()

    def begin(self) -> None:
        """The process was asked to stop; from anywhere."""
        self._begun.put(None)

    def _end(self) -> None:
        self._begun.get()
        time.sleep(self._within_s)
        say(logging.WARNING, "stopped at once", after_s=self._within_s)
        os._exit(0)
