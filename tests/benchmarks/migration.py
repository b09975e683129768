"""A migration as long as is wanted, open in a client, for the benchmarks."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.server.client import Client

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


def migration(lines: int) -> str:
    """The text of a migration of so many lines."""
    statements = "".join(_STATEMENTS.format(n=n) for n in range((lines - 14) // 13))
    return _HEADER + statements + "\n\ndef downgrade():\n    pass\n"


@contextlib.contextmanager
def opened(text: str, capabilities: dict[str, Any] | None = None) -> Iterator[tuple[Client, str, list[dict[str, Any]]]]:
    """A client in a project of one migration, which it has open; the migration's URI, and what was found in it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        path = root / "migrations" / "versions" / "0001_orders.py"
        path.parent.mkdir(parents=True)
        (path.parent.parent / "env.py").write_text("from alembic import context\n")
        path.write_text(text)
        client = Client()
        try:
            client.initialize(root, capabilities)
            uri = client.open(path, text)
            yield client, uri, client.diagnostics(uri)
            client.shutdown()
        finally:
            client.kill()
