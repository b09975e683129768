"""Indexes that are not unique have at most three key columns.

## What it does
Reports an index with more key columns and expressions than `max-index-columns` (three): in models, in `op.create_index`, in an
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
- Nor is one that a query of the project needs: that filters by equality on all of its columns, or on all but the last, which it
  compares otherwise or orders by.

## Configuration
`max-index-columns` is the limit.

## References
- [Multicolumn Indexes](https://www.postgresql.org/docs/current/indexes-multicolumn.html)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqla_lsp.project.catalog import ResolvedQuery, TableEntry
from sqla_lsp.project.history import Step
from sqla_lsp.project.use import binds_all
from sqla_lsp.rules.rule import Context, Remark, Report, again, named, text_of
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.operations import CreateIndex
from sqla_lsp.schema.tables import Index

NAME = "limit-non-unique-index"
PRIORITY = 3
SEVERITY = "information"
KINDS = (CreateIndex,)


def check(step: Step, context: Context) -> Iterator[Report]:
    """Judges one operation."""
    operation = step.operation
    if not isinstance(operation, CreateIndex) or step.history.direction == "downgrade":
        return
    index = operation.index
    if not _is_wide(index, context) or _is_needed(index, context.entries_of(operation.table)):
        return
    message, advice = _words(index, operation.table, context)
    yield Report(operation, message, "", advice, named(index.name, "The index"))


def check_tables(entries: Sequence[TableEntry], context: Context) -> Iterator[Remark]:
    """Judges the indexes that models declare; `entries` are all tables that a file has a part in."""
    for entry in entries:
        for path in entry.access:
            if path.origin != "index" or path.place is None or path.statement is None:
                continue
            if _is_wide(path.index, context) and not _is_needed(path.index, [entry]):
                message, advice = _words(path.index, entry.name, context)
                yield Remark(path.place, path.statement, message, "", advice)


def _is_wide(index: Index, context: Context) -> bool:
    is_btree = index.unique is False and index.method == "btree"
    return is_btree and isinstance(index.keys, tuple) and len(index.keys) > context.settings.max_index_columns


def _is_needed(index: Index, entries: Sequence[TableEntry]) -> bool:
    return any(_needs(query, index, entry) for entry in entries for query in entry.queries)


def _needs(query: ResolvedQuery, index: Index, entry: TableEntry) -> bool:
    return isinstance(index.keys, tuple) and binds_all(query, index.keys, entry)


def _words(index: Index, table: TableName, context: Context) -> tuple[str, str]:
    """What is said of a wide index, and what to do about it."""
    limit = context.settings.max_index_columns
    on, name = text_of(table), named(index.name, "The index")
    first, columns = ("first", "first column") if limit == 1 else (f"first {limit}", f"first {limit} columns")
    count = len(index.keys) if isinstance(index.keys, tuple) else 0
    message = (
        f"{name} on {on} has {count} key columns: every INSERT into {again(table)} writes all of them, "
        f"and only queries that bind the {first} by equality gain from the rest."
    )
    return message, f"Keep the {columns}, or move the rest to postgresql_include."
