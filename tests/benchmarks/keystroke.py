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
_STATEMENTS = """    op.create_table(
        "state_{n}",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_state_{n}")),
        sa.UniqueConstraint("name", name=op.f("uq_state_{n}_name")),
    )
    op.create_index(op.f("ix_state_{n}_created_at"), "state_{n}", ["created_at"], unique=False)
    op.add_column("orders", sa.Column("state_{n}_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_orders_state_{n}_id"), "orders", ["state_{n}_id"], unique=False)
    op.create_foreign_key(op.f("fk_orders_state_{n}_id"), "orders", "state_{n}", ["state_{n}_id"], ["id"])
    op.alter_column("orders", "note_{n}", existing_type=sa.String(length=100), type_=sa.Text())
"""
"""Thirteen lines as autogenerate writes them."""


def keystrokes() -> Iterator[tuple[str, list[float]]]:
    """Labels and sorted seconds for each kind of file, as it parses and while it does not."""
    for lines in (100, 1000):
        statements = "".join(_STATEMENTS.format(n=n) for n in range((lines - 14) // 13))
        text = _HEADER + statements + "\n\ndef downgrade():\n    pass\n"
        yield f"{lines} lines, typing in a name", _typed(text, 'add_column("orders', "x")
        yield f"{lines} lines, typing after an unclosed bracket", _typed(text, 'add_column("orders', "x", first="(")


def _typed(text: str, before: str, key: str, first: str = "") -> list[float]:
    """Types `key` many times behind the first `before` of a document; `first` once in front of that."""
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
            start = {"line": line, "character": column - len(before)}
            client.change(uri, 2, {"range": {"start": start, "end": start}, "text": first})
            client.diagnostics(uri, version=2)
            position["character"] += len(first)
            times = []
            for version in range(3, KEYSTROKES + 3):
                started = time.perf_counter()
                client.change(uri, version, {"range": {"start": position, "end": position}, "text": key})
                client.diagnostics(uri, version=version)
                times.append(time.perf_counter() - started)
            client.shutdown()
        finally:
            client.kill()
    return sorted(times)
