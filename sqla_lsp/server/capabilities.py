"""What the server can do, as it answers `initialize`: written down, because it is told before pygls, which gathers it from the
handlers in `server`, is imported. A test holds it against what pygls says."""

from __future__ import annotations

from typing import Any

from sqla_lsp import __version__
from sqla_lsp.text.lines import Encoding


def answer(encoding: Encoding) -> dict[str, Any]:
    """The result of `initialize` for a client that counts in an encoding."""
    return {
        "capabilities": {
            "positionEncoding": encoding.value,
            "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
            "codeActionProvider": {
                "codeActionKinds": ["quickfix", "refactor.rewrite", "source.fixAll.sqla-lsp"],
                "resolveProvider": True,
            },
            "hoverProvider": True,
            "codeLensProvider": {"resolveProvider": False},
            "inlayHintProvider": {"resolveProvider": False},
            "executeCommandProvider": {"commands": ["sqla-lsp.sql"]},
            "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}, "fileOperations": {}},
        },
        "serverInfo": {"name": "sqla-lsp", "version": __version__},
    }
