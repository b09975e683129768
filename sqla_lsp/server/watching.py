"""How the server learns of files that change on disk: the client watches them, or a sweep looks at them now and then."""

from __future__ import annotations

import logging

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

logger = logging.getLogger(__name__)

PATTERNS = ("**/*.py", "**/*.toml", "**/*.ini", "**/*.cfg", "**/.gitignore")
"""Everything that a finding may depend on: code, configuration, and what is left out of the project."""


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
