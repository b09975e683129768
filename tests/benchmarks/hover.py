"""How long an editor waits for a hover over a migration of 300 lines: when something was shown of this text before, and right
after a key was typed; and for its code lenses after a key.

The time is taken by a client on the same machine, from sending the request to receiving its answer, for one call after the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.benchmarks.migration import migration, opened
from tests.server.client import Client

LINES = 300


def hovers() -> Iterator[tuple[str, list[float]]]:
    """Labels and sorted seconds."""
    text = migration(LINES)
    calls = [row for row, line in enumerate(text.splitlines()) if line.startswith("    op.")]
    with opened(text) as (client, uri, _):
        document = {"textDocument": {"uri": uri}}
        client.request("textDocument/codeLens", document)  # answered when all is imported
        over = [{**document, "position": {"line": row, "character": 8}} for row in calls]
        typed = _typing(client, uri)
        shown = [_seconds(client, "textDocument/hover", one) for one in over]
        anew = [_seconds(client, "textDocument/hover", one, typed) for one in over]
        above = [_seconds(client, "textDocument/codeLens", document, typed) for _ in over]
        yield f"hover, {LINES} lines", sorted(shown)
        yield f"hover, {LINES} lines, after a key", sorted(anew)
        yield f"code lenses, {LINES} lines, after a key", sorted(above)


def _typing(client: Client, uri: str) -> Callable[[], None]:
    """Types one key into the docstring whenever it is called, and waits for what is then found."""
    versions = iter(range(2, 10_000))

    def typed() -> None:
        version = next(versions)
        at = {"line": 0, "character": 3}
        client.change(uri, version, {"range": {"start": at, "end": at}, "text": "x"})
        client.diagnostics(uri, version=version)

    return typed


def _seconds(client: Client, method: str, params: Any, before: Callable[[], None] = lambda: None) -> float:
    before()
    started = time.perf_counter()
    assert client.request(method, params)["result"]
    return time.perf_counter() - started
