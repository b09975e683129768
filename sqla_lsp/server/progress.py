"""Progress in the editor while the project is read, for clients that show it."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

logger = logging.getLogger(__name__)

_INTERVAL = 0.1
"""Seconds between two reports."""


class Progress:
    """One progress bar. `report` may be called from any thread and as often as one likes."""

    def __init__(self, server: LanguageServer, title: str) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._title = title
        self._token: str | None = None
        self._ended = False
        self._last = 0.0

    async def begin(self) -> None:
        """Asks the client for a bar; without one nothing is reported."""
        window = self._server.client_capabilities.window
        if window is None or not window.work_done_progress:
            return
        token = str(uuid.uuid4())
        try:
            await asyncio.wait_for(self._server.work_done_progress.create_async(token), timeout=5)
        except (JsonRpcException, TimeoutError) as error:
            logger.info("the client shows no progress: %s", error)
            return
        self._server.work_done_progress.begin(token, types.WorkDoneProgressBegin(self._title, percentage=0))
        self._token = token
        if self._ended:
            self.end()

    def report(self, done: int, total: int) -> None:
        """`done` of `total` files are read."""
        now = time.monotonic()
        if self._token is not None and now - self._last >= _INTERVAL:
            self._last = now
            self._loop.call_soon_threadsafe(self._report, done, total)

    def _report(self, done: int, total: int) -> None:
        if self._token is not None:
            percentage = 100 * done // max(total, 1)
            report = types.WorkDoneProgressReport(message=f"{done} of {total} files", percentage=percentage)
            self._server.work_done_progress.report(self._token, report)

    def end(self) -> None:
        """Takes the bar away, also one that is only just coming."""
        self._ended = True
        if self._token is not None:
            self._server.work_done_progress.end(self._token, types.WorkDoneProgressEnd())
            self._token = None
