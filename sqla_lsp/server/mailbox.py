"""Calls from other threads, run one after the other in the main thread: at first between the first messages, later on an event
loop. Their order is the order in which they were posted."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

logger = logging.getLogger(__name__)

_Call = tuple[Callable[..., None], tuple[object, ...]]


class Mailbox:
    """`post` may be called from any thread, everything else from the main thread."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[_Call] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None

    def post(self, function: Callable[..., None], *arguments: object) -> None:
        """Has a function called in the main thread, unless that has come to its end."""
        self._calls.put((function, arguments))
        if self._loop is not None:
            self._wake(self._loop)

    def run(self, seconds: float | None) -> None:
        """Makes the next call, if one comes in so many seconds; None waits for ever."""
        try:
            function, arguments = self._calls.get(timeout=seconds)
        except queue.Empty:
            return
        try:
            function(*arguments)
        except Exception:
            logger.exception("a call failed")

    def move(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on calls are made on an event loop; those that wait come first."""
        self._loop = loop
        self._wake(loop)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.call_soon_threadsafe(self._run_all)
        except RuntimeError:
            logger.debug("the session has ended")

    def _run_all(self) -> None:
        while not self._calls.empty():
            self.run(0)
