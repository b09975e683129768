"""Indexes that are not unique have at most three key columns.

## What it does
Reports an index with more key columns and expressions than `max-index-columns` (three) in `op.create_index`, in an
`Index` inside of `op.create_table`, and as raw SQL. Columns in `postgresql_include` do not count.

## Why is this bad?
Every INSERT and most UPDATEs write each index, and a wide one is slow to write and seldom in memory. A query gains from
the fourth column of a btree only when it binds the first three by equality.

## Example
```python
op.create_index("ix_orders_search", "orders", ["customer_id", "state", "placed_at", "total"])
```

## Use instead
```python
op.create_index("ix_orders_search", "orders", ["customer_id", "state", "placed_at"])
```

## Decisions
- Silent on unique indexes, on other methods than btree, and in downgrades: they restore what was.
- An index of which it is not known whether it is unique, or which method it has, is not reported.

## Configuration
`max-index-columns` is the limit.

## References
- [Multicolumn Indexes](https://www.postgresql.org/docs/current/indexes-multicolumn.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.project.history import Step
from sqla_lsp.rules.rule import Context, Report, again, named, text_of
from sqla_lsp.schema.operations import CreateIndex

NAME = "limit-non-unique-index"
PRIORITY = 3
SEVERITY = "information"
KINDS = (CreateIndex,)


def check(step: Step, context: Context) -> Iterator[Report]:
    """Judges one operation."""
    operation = step.operation
    if not isinstance(operation, CreateIndex) or step.history.direction == "downgrade":
        return
    index, limit = operation.index, context.settings.max_index_columns
    if index.unique is not False or index.method != "btree" or not isinstance(index.keys, tuple) or len(index.keys) <= limit:
        return
    on, name = text_of(operation.table), named(index.name, "The index")
    first, columns = ("first", "first column") if limit == 1 else (f"first {limit}", f"first {limit} columns")
    yield Report(
        operation,
        f"{name} on {on} has {len(index.keys)} key columns: every INSERT into {again(operation.table)} writes all of them, "
        f"and only queries that bind the {first} by equality gain from the rest.",
        "",
        f"Keep the {columns}, or move the rest to postgresql_include.",
        name,
    )
