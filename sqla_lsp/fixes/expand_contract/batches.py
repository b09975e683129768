"""Filling a column batch by batch: a DO block that commits in between, for an autocommit block.

Rows are walked along the primary key, however its values lie: each batch ends at the key that so many rows further on stands.
Rows that come, or whose key changes, meanwhile were written by somebody, and so by the trigger.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqla_lsp.fixes.expand_contract.names import Names
from sqla_lsp.postgres.identifiers import quote

ROWS = 10000
"""Rows in a batch."""
BLOCKS = 1000
"""Blocks in a batch of a table without a primary key."""


def fill(table: str, assignment: str, condition: str, key: Sequence[str], taken: set[str]) -> tuple[str, ...]:
    """`UPDATE table SET assignment WHERE condition`, batch by batch; `taken` are the names of the table's columns."""
    names = Names(taken)
    return _along_key(table, assignment, condition, key, names) if key else _by_block(table, assignment, condition, names)


def _along_key(table: str, assignment: str, condition: str, key: Sequence[str], names: Names) -> tuple[str, ...]:
    single = len(key) == 1
    first = [names.new("first", "" if single else f"_{column}") for column in key]
    last = [names.new("last", "" if single else f"_{column}") for column in key]
    columns, from_, to = (_list(part) for part in (key, first, last))
    backwards = ", ".join(f"{quote(column)} DESC" for column in key)
    row, row_from, row_to = (part if single else f"({part})" for part in (columns, from_, to))
    span = f"{row} BETWEEN {row_from} AND {row_to}" if single else f"{row} >= {row_from} AND {row} <= {row_to}"
    return (
        "DO $$",
        "DECLARE",
        *(f"  {quote(name)} {table}.{quote(column)}%TYPE;" for name, column in zip(first + last, [*key, *key], strict=True)),
        "BEGIN",
        f"  SELECT {columns} INTO {from_} FROM {table} ORDER BY {columns} LIMIT 1;",
        "  WHILE FOUND LOOP",
        f"    SELECT {columns} INTO {to}",
        f"      FROM (SELECT {columns} FROM {table} WHERE {row} >= {row_from} ORDER BY {columns} LIMIT {ROWS}) AS batch",
        f"      ORDER BY {backwards} LIMIT 1;",
        f"    UPDATE {table} SET {assignment}",
        f"      WHERE {span}",
        f"        AND {condition};",
        "    COMMIT;",
        f"    SELECT {columns} INTO {from_} FROM {table} WHERE {row} > {row_to} ORDER BY {columns} LIMIT 1;",
        "  END LOOP;",
        "END $$",
    )


def _by_block(table: str, assignment: str, condition: str, names: Names) -> tuple[str, ...]:
    """Without a primary key: by where rows lie. What is written meanwhile goes behind the last block, or was written."""
    low, blocks = names.new("low", ""), names.new("blocks", "")
    literal = "'" + table.replace("'", "''") + "'"
    return (
        "DO $$",
        "DECLARE",
        f"  {low} bigint := 0;",
        f"  {blocks} bigint := pg_relation_size({literal}) / current_setting('block_size')::bigint;",
        "BEGIN",
        f"  WHILE {low} < {blocks} LOOP",
        f"    UPDATE {table} SET {assignment}",
        f"      WHERE ctid >= format('(%s,0)', {low})::tid AND ctid < format('(%s,0)', {low} + {BLOCKS})::tid",
        f"        AND {condition};",
        "    COMMIT;",
        f"    {low} := {low} + {BLOCKS};",
        "  END LOOP;",
        "END $$",
    )


def _list(names: Sequence[str]) -> str:
    return ", ".join(map(quote, names))
