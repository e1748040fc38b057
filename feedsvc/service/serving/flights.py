"""Work that several requests wait for, done once, in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_Result = TypeVar("_Result")


class Flights(Generic[_Result]):
    """Runs functions in threads, the same one never twice at a time; belongs to one event loop."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[_Result]] = {}

    async def join(self, key: Hashable, work: Callable[[], _Result]) -> _Result:
        """The result of `work`, or of the work with that key that is under way."""
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(asyncio.to_thread(work))
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)
