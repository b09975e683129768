"""Filling a column batch by batch: a DO block that commits in between, for an autocommit block.

Rows are walked along the primary key, however its values lie: each batch ends at the key that so many rows further on stands.
Rows that come, or whose key changes, meanwhile were written by somebody, and so by the trigger.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqla_lsp.fixes.expand_contract.names import Names
from sqla_lsp.postgres.identifiers import quote, quote_literal

ROWS = 10000
"""Rows in a batch."""
BLOCKS = 1000
"""Blocks in a batch of a table without a primary key."""


def fill(table: str, assignment: str, condition: str, key: Sequence[str], taken: set[str]) -> tuple[str, ...]:
    """`UPDATE table SET assignment WHERE condition`, batch by batch; `taken` are the names of the table's columns."""
    names = Names(taken)
    return _along_key(table, assignment, condition, key, names) if key else _by_block(table, assignment, condition, names)


def _along_key(table: str, assignment: str, condition: str, key: Sequence[str], names: Names) -> tuple[str, ...]:
    first, last = names.new("first", ""), names.new("last", "")
    columns = ", ".join(map(quote, key))
    backwards = ", ".join(f"{quote(column)} DESC" for column in key)
    row, from_, to = columns, *(", ".join(f"{record}.{quote(column)}" for column in key) for record in (first, last))
    if len(key) > 1:
        row, from_, to = f"({row})", f"({from_})", f"({to})"
    return (
        "DO $$",
        "DECLARE",
        f"  {first} record;",
        f"  {last} record;",
        "BEGIN",
        f"  SELECT {columns} INTO {first} FROM {table} ORDER BY {columns} LIMIT 1;",
        "  WHILE FOUND LOOP",
        f"    SELECT {columns} INTO {last} FROM (",
        f"      SELECT {columns} FROM {table} WHERE {row} >= {from_}",
        f"      ORDER BY {columns} LIMIT {ROWS}",
        f"    ) AS batch ORDER BY {backwards} LIMIT 1;",
        f"    UPDATE {table} SET {assignment}",
        f"      WHERE {row} >= {from_} AND {row} <= {to}",
        f"        AND {condition};",
        "    COMMIT;",
        f"    SELECT {columns} INTO {first} FROM {table} WHERE {row} > {to}",
        f"      ORDER BY {columns} LIMIT 1;",
        "  END LOOP;",
        "END $$",
    )


def _by_block(table: str, assignment: str, condition: str, names: Names) -> tuple[str, ...]:
    """Without a primary key: by where rows lie. What is written meanwhile goes behind the last block, or was written."""
    low, blocks = names.new("low", ""), names.new("blocks", "")
    literal = quote_literal(table)
    return (
        "DO $$",
        "DECLARE",
        f"  {low} bigint := 0;",
        f"  {blocks} bigint := pg_relation_size({literal})",
        "    / current_setting('block_size')::bigint;",
        "BEGIN",
        f"  WHILE {low} < {blocks} LOOP",
        f"    UPDATE {table} SET {assignment}",
        f"      WHERE ctid >= ('(' || {low} || ',0)')::tid",
        f"        AND ctid < ('(' || {low} + {BLOCKS} || ',0)')::tid",
        f"        AND {condition};",
        "    COMMIT;",
        f"    {low} := {low} + {BLOCKS};",
        "  END LOOP;",
        "END $$",
    )
