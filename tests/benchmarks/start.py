"""How long an editor waits from starting the server to the first diagnostics of the document that it opens: a client that says
`initialize`, `initialized` and `didOpen` at once, in the example project, with and without a cache."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.server.client import Client

STARTS = 10
EXAMPLE = Path(__file__).parents[1] / "example"
DOCUMENT = EXAMPLE / "migrations" / "versions" / "2025_03_11_orders_belong_to_customers.py"


def starts() -> Iterator[tuple[str, list[float]]]:
    """Labels and sorted seconds."""
    with tempfile.TemporaryDirectory() as cache:
        yield "from the start of the server to the first diagnostics, warm", sorted(_start(cache) for _ in range(STARTS + 1))[:-1]
    cold = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(_start(cache))
    yield "from the start of the server to the first diagnostics, cold", sorted(cold)


def _start(cache: str) -> float:
    folder = {"uri": EXAMPLE.as_uri(), "name": "example"}
    params = {"processId": None, "rootUri": folder["uri"], "workspaceFolders": [folder], "capabilities": {}}
    started = time.perf_counter()
    client = Client(environment={**os.environ, "XDG_CACHE_HOME": cache})
    try:
        client.send({"id": 1, "method": "initialize", "params": params})
        client.notify("initialized", {})
        client.diagnostics(client.open(DOCUMENT))
        return time.perf_counter() - started
    finally:
        client.kill()
