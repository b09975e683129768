"""Indexes that are not unique have at most three key columns.

## What it does
Reports an index with more key columns and expressions than `max-index-columns` (three) in models, in `op.create_index`, in
an `Index` inside of `op.create_table`, and as raw SQL. Columns in `postgresql_include` do not count.

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
- Silent where a query of the project needs the whole index: it binds every key by equality (or IS NULL) in one AND, or all
  but the last, and the last by a list, a range or the order of its rows. An index that a mixin declares is needed where one
  of its tables has such a query.

## Configuration
`max-index-columns` is the limit.

## References
- [Multicolumn Indexes](https://www.postgresql.org/docs/current/indexes-multicolumn.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.postgres.index_use import needs_whole
from sqla_lsp.project.catalog import TableEntry
from sqla_lsp.project.history import Step
from sqla_lsp.rules.declarations import Declaration
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
    if _is_wide(index, context) and not any(_is_needed(index, entry) for entry in context.entries_of(operation.table)):
        message, advice = _words(operation.table, index, context)
        yield Report(operation, message, "", advice, named(index.name, "The index"))


def check_declaration(declaration: Declaration, context: Context) -> Iterator[Remark]:
    """Judges an index where models declare it."""
    wide = [(entry, path.index) for entry, path in declaration.made if path.origin == "index" and _is_wide(path.index, context)]
    if wide and not any(_is_needed(index, entry) for entry, index in wide):
        entry, index = wide[0]
        message, advice = _words(entry.name, index, context)
        yield Remark(declaration.place, declaration.statement, message, "", advice)


def _is_wide(index: Index, context: Context) -> bool:
    """Whether it is known for certain that the index has more keys than it may have."""
    if index.unique is not False or index.method != "btree" or not isinstance(index.keys, tuple):
        return False
    return len(index.keys) > context.settings.max_index_columns


def _is_needed(index: Index, entry: TableEntry) -> bool:
    """Whether a query of the project binds every key."""
    return any(
        needs_whole(index, query.tree, number, query.order)
        for query in entry.queries
        for number, table in enumerate(query.tables)
        if table is not None and table.entry is entry
    )


def _words(table: TableName, index: Index, context: Context) -> tuple[str, str]:
    """The message and the advice."""
    limit = context.settings.max_index_columns
    keys = index.keys if isinstance(index.keys, tuple) else ()
    first, columns = ("first", "first column") if limit == 1 else (f"first {limit}", f"first {limit} columns")
    return (
        f"{named(index.name, 'The index')} on {text_of(table)} has {len(keys)} key columns: every INSERT into "
        f"{again(table)} writes all of them, and only queries that bind the {first} by equality gain from the rest.",
        f"Keep the {columns}, or move the rest to postgresql_include.",
    )
