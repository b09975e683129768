"""Imports what takes long before somebody has to wait for it, in threads of their own: what is typed in the meantime is judged
all the same."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Ahead:
    """One module. `is_there` tells that it is imported, `failed` that it cannot be; `done` is called in the thread when one of
    them has become true."""

    def __init__(self, module: str, done: Callable[[], None] = lambda: None) -> None:
        self.is_there = False
        self.failed = False
        self._module = module
        self._done = done
        self._thread: threading.Thread | None = None

    @property
    def is_begun(self) -> bool:
        """Whether it was asked for."""
        return self._thread is not None

    def begin(self) -> None:
        """Begins with it, unless that was done."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"import {self._module}", daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Waits for its end, where it was begun: a process that is forked in the midst of an import would wait for that module
        for ever."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            importlib.import_module(self._module)
            self.is_there = True
        except Exception:
            logger.exception("%s cannot be imported", self._module)
            self.failed = True
        self._done()
