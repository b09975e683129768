"""How the server learns of files that change on disk: the client watches them, or a sweep looks at them now and then."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

logger = logging.getLogger(__name__)

PATTERNS = ("**/*.py", "**/*.toml", "**/*.ini", "**/*.cfg", "**/.gitignore")
"""Everything that a finding may depend on: code, configuration, and what is left out of the project."""

_INTERVAL = 1.0
"""Seconds between two sweeps."""

_WATCHED_INTERVAL = 60.0
"""The same for folders that the client watches: it may tell of a folder that was deleted, but not of what lay in it."""


async def watch(server: LanguageServer) -> bool:
    """Asks the client to watch the project's files; False where it cannot (Neovim on Linux says so itself)."""
    workspace = server.client_capabilities.workspace
    dynamic = workspace and workspace.did_change_watched_files and workspace.did_change_watched_files.dynamic_registration
    if not dynamic:
        return False
    watchers = [types.FileSystemWatcher(pattern) for pattern in PATTERNS]
    registration = types.Registration(
        "sqla-lsp-files",
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
        types.DidChangeWatchedFilesRegistrationOptions(watchers),
    )
    try:
        await server.client_register_capability_async(types.RegistrationParams([registration]))
    except JsonRpcException as error:
        logger.info("the client does not watch files: %s", error)
        return False
    return True


class _Sweep(Protocol):
    def __call__(self, *, everywhere: bool) -> None: ...


class Sweeper:
    """Asks for sweeps, no more often than need be: one that comes too early is put off. Runs on the event loop."""

    def __init__(self, sweep: _Sweep) -> None:
        self.client_watches = False
        self._sweep = sweep
        self._loop = asyncio.get_running_loop()
        self._last = self._last_everywhere = self._loop.time()
        self._waiting = False

    def request(self) -> None:
        """A document was opened or saved: other files may have changed as well."""
        if not self._waiting:
            self._waiting = True
            self._loop.call_later(max(0.0, self._last + _INTERVAL - self._loop.time()), self._now)

    def _now(self) -> None:
        self._waiting = False
        self._last = self._loop.time()
        everywhere = not self.client_watches or self._last - self._last_everywhere >= _WATCHED_INTERVAL
        if everywhere:
            self._last_everywhere = self._last
        self._sweep(everywhere=everywhere)
