"""How long an editor waits from a keystroke to the diagnostics of the new text, on migrations of 100 and 1,000 lines.

The time is taken by a client on the same machine, from sending `didChange` to receiving `publishDiagnostics` of that version:
the server's own time and both pipes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.server.client import Client

KEYSTROKES = 60

_HEADER = '''"""orders"""
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
'''
_STATEMENT = '    op.add_column("orders", sa.Column("c{n}", sa.String(50), sa.ForeignKey("states.id"), nullable=True, index=True))\n'


def keystrokes() -> Iterator[tuple[str, list[float]]]:
    """Labels and sorted seconds for each kind of file, as it parses and while it does not."""
    for lines in (100, 1000):
        text = _HEADER + "".join(_STATEMENT.format(n=n) for n in range(lines - 14)) + "\n\ndef downgrade():\n    pass\n"
        yield f"{lines} lines, typing in a name", _typed(text, 'op.add_column("orders', "x")
        yield f"{lines} lines, after an unclosed bracket", _typed(text.replace('"c0"', '"c0", (', 1), 'op.add_column("orders', "x")


def _typed(text: str, before: str, key: str) -> list[float]:
    """Types `key` many times behind the first `before` of a document."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder).resolve() / "migrations" / "versions" / "0001_orders.py"
        path.parent.mkdir(parents=True)
        (path.parent.parent / "env.py").write_text("from alembic import context\n")
        path.write_text(text)
        client = Client()
        try:
            client.initialize(Path(folder).resolve())
            uri = client.open(path, text)
            client.diagnostics(uri)
            offset = text.index(before) + len(before)
            line, column = text.count("\n", 0, offset), offset - text.rfind("\n", 0, offset) - 1
            position = {"line": line, "character": column}
            times = []
            for version in range(2, KEYSTROKES + 2):
                started = time.perf_counter()
                client.change(uri, version, {"range": {"start": position, "end": position}, "text": key})
                client.diagnostics(uri, version=version)
                times.append(time.perf_counter() - started)
            client.shutdown()
        finally:
            client.kill()
    return sorted(times)
