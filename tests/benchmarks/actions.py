"""How long an editor waits for code actions on a migration of 300 lines: for the list without edits, for the edit of the action
that is chosen, and for a list with edits where the client resolves none.

The time is taken by a client on the same machine, from sending the request to receiving its answer, with the cursor on one
finding after the other.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from tests.benchmarks.migration import migration, opened

LINES = 300
_CREATES = {"workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]}}
_RESOLVES = {"codeAction": {"dataSupport": True, "resolveSupport": {"properties": ["edit"]}}}


def actions() -> Iterator[tuple[str, list[float]]]:
    """Labels and sorted seconds."""
    listed, resolved = _asked({"workspace": _CREATES, "textDocument": _RESOLVES})
    yield "code actions, 300 lines: list without edits", listed
    yield "code actions, 300 lines: edit of the chosen one", resolved
    yield "code actions, 300 lines: list with edits, on the cursor's move", _asked({"workspace": _CREATES})[0]


def _asked(capabilities: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Seconds for the lists at each finding, and for the edit of the first action of each."""
    with opened(migration(LINES), capabilities) as (client, uri, found):
        client.silence(2)  # it gets ready for fixes when nobody waits
        listed, resolved = [], []
        for diagnostic in found:
            context = {"diagnostics": [diagnostic], "triggerKind": 2}
            params = {"textDocument": {"uri": uri}, "range": diagnostic["range"], "context": context}
            started = time.perf_counter()
            offered = client.request("textDocument/codeAction", params)["result"]
            listed.append(time.perf_counter() - started)
            if "edit" not in offered[0]:
                started = time.perf_counter()
                client.request("codeAction/resolve", offered[0])
                resolved.append(time.perf_counter() - started)
    return sorted(listed), sorted(resolved)
