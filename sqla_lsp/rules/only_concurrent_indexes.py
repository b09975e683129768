"""Indexes on existing tables are built and dropped concurrently.

## What it does
Reports `op.create_index` and `op.drop_index` on a table that exists before the migration runs, unless
`postgresql_concurrently=True` is given outside of a transaction; `index=True` in `op.add_column`; the same through
`batch_op`; and `CREATE INDEX`, `DROP INDEX` and `REINDEX` without CONCURRENTLY as raw SQL. CONCURRENTLY inside of a
transaction is an error: Postgres refuses it.

## Why is this bad?
CREATE INDEX takes a SHARE lock until the index is built: every INSERT, UPDATE and DELETE waits, and with 1,000,000 rows
that was measured as one second, on big tables it is minutes. DROP INDEX takes ACCESS EXCLUSIVE, which waits for every
running query and stops all that come after it. The concurrent forms take SHARE UPDATE EXCLUSIVE: reads and writes go
on.

## Example
```python
def upgrade():
    op.create_index("ix_orders_state", "orders", ["state"])
```

## Use instead
```python
def upgrade():
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_state", table_name="orders", if_exists=True, postgresql_concurrently=True)
        op.create_index("ix_orders_state", "orders", ["state"], postgresql_concurrently=True)
```
A concurrent build that fails leaves an invalid index behind, which `if_not_exists=True` would take for a good one: drop
it first.

## Decisions
- Silent on tables that the function itself creates, also for CONCURRENTLY in the transaction that creates them.
- Indexes that a `create_table` brings along belong to it, and are not reported even where the history already holds the
  table.
- `CREATE INDEX ... ON ONLY` a partitioned table builds nothing, and DROP INDEX of one has no concurrent form: both are
  passed over, and CONCURRENTLY is an error for it.
- `REINDEX SYSTEM` has no concurrent form and is passed over.
- `concurrently=` without the prefix, and other arguments that no release accepts, are errors: they are reported on new
  tables too.
- A string of several statements is one transaction, even in an autocommit block: CONCURRENTLY in it is an error.
- `REINDEX SCHEMA` and `DATABASE` in a transaction are errors: Postgres refuses them there.
- A `with` over a manager that cannot be read may be an autocommit block: nothing inside is said to fail.

## Configuration
`small-tables` names tables on which nobody waits.

## References
- [Building Indexes Concurrently](https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY)
- [Alembic: autocommit_block](https://alembic.sqlalchemy.org/en/latest/api/runtime.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.postgres.naming import index_name
from sqla_lsp.project.history import Step
from sqla_lsp.rules.rule import Context, Report, again, named, text_of
from sqla_lsp.schema.names import NOWHERE, TableName
from sqla_lsp.schema.operations import CreateIndex, DropIndex, Reindex
from sqla_lsp.schema.tables import Flag, Index, Table

NAME = "only-concurrent-indexes"
PRIORITY = 1
SEVERITY = "warning"
KINDS = (CreateIndex, DropIndex, Reindex)

_MANY = ("schema", "database", "system")
_REFUSED = "Postgres refuses CONCURRENTLY inside of a transaction block, and Alembic runs migrations in one."


def check(step: Step, context: Context) -> Iterator[Report]:
    """Judges one operation."""
    match step.operation:
        case CreateIndex(mistake=str()) | DropIndex(mistake=str()) as operation:
            yield _refused_argument(operation)
        case CreateIndex() as operation if not _belongs_to_create_table(operation):
            yield from _create(step, operation, context)
        case DropIndex() as operation:
            yield from _drop(step, operation, context)
        case Reindex() as operation if operation.kind != "system":
            yield from _reindex(step, operation, context)
        case _:
            pass


def _refused_argument(operation: CreateIndex | DropIndex) -> Report:
    return Report(
        operation,
        f"{operation.site.source.partition('.')[2]} fails: no release of SQLAlchemy accepts {operation.mistake}= for an index.",
        "The argument raises an error before anything is sent to Postgres.",
        "Give postgresql_concurrently=True, inside of op.get_context().autocommit_block().",
        named(operation.name if isinstance(operation, DropIndex) else operation.index.name, ""),
        "error",
    )


def _belongs_to_create_table(operation: CreateIndex) -> bool:
    return bool(operation.site.emitted_by) and not operation.site.source.endswith("add_column")


def _nobody_waits(step: Step, table: TableName, context: Context) -> bool:
    """Whether the table is new, temporary, small, or dropped by the same function."""
    small = isinstance(table.name, str) and context.settings.is_small(
        table.name, table.schema if isinstance(table.schema, str) else None
    )
    return small or step.is_new(table) or step.is_temporary(table) or step.is_dropped_later(table)


def _create(step: Step, operation: CreateIndex, context: Context) -> Iterator[Report]:
    table = operation.table
    if operation.only or _nobody_waits(step, table, context):
        return
    on, name = text_of(table), named(_name_of(step, operation), "the index")
    partitioned = context.is_partitioned(step, table)
    if operation.concurrently is True:
        if partitioned:
            yield Report(
                operation,
                f"CREATE INDEX CONCURRENTLY on {on} fails: Postgres refuses it on a partitioned table.",
                "An index of a partitioned table can only be built concurrently one partition at a time.",
                _PER_PARTITION,
                on,
                "error",
            )
        else:
            yield from _in_transaction(step, "CREATE INDEX", named(operation.index.name, ""), on)
    elif operation.concurrently is False:
        what = "CREATE UNIQUE INDEX" if operation.index.unique is True else "CREATE INDEX"
        emitted = " (index=True emits it)" if operation.site.emitted_by else ""
        yield Report(
            operation,
            f"{what} on {on} takes a SHARE lock{emitted}: every write to {again(table)} waits until {name} is built.",
            "The lock is held from the beginning of the build to the end of the transaction.",
            _PER_PARTITION if partitioned else _advice(operation),
            on,
        )


def _name_of(step: Step, operation: CreateIndex) -> object:
    """The name that the index has, or that SQLAlchemy gives it."""
    if operation.index.name is None and operation.site.sql is None:
        return index_name(operation.table, operation.index, step.history.convention)
    return operation.index.name


_PER_PARTITION = (
    "Create the index with ON ONLY on the partitioned table, build one concurrently on each partition, and attach each with "
    "ALTER INDEX ... ATTACH PARTITION."
)


def _advice(operation: CreateIndex) -> str:
    if operation.site.emitted_by:
        return "Leave index=True out, and create the index with postgresql_concurrently=True in an autocommit_block()."
    if operation.site.sql is not None:
        return "Write CREATE INDEX CONCURRENTLY, in a statement of its own inside of op.get_context().autocommit_block()."
    return "Give postgresql_concurrently=True, inside of op.get_context().autocommit_block()."


def _in_transaction(step: Step, what: str, name: str, on: str) -> Iterator[Report]:
    """CONCURRENTLY where a transaction is open for certain."""
    operation = step.operation
    of = f" of {name}" if name else ""
    if operation.site.transaction.in_batch and step.in_transaction:
        yield Report(
            operation,
            f"{what} CONCURRENTLY{of} on {on} fails: batch_alter_table sends it when the autocommit block is over.",
            _REFUSED,
            "Put batch_alter_table inside of the autocommit block, or use op directly.",
            on,
            "error",
        )
    elif step.in_transaction:
        body = " A DO block is one transaction." if operation.site.body else ""
        yield Report(
            operation,
            f"{what} CONCURRENTLY{of} on {on} fails: it stands inside of a transaction.",
            _REFUSED + body,
            "Put it inside of op.get_context().autocommit_block().",
            on,
            "error",
        )
    elif operation.site.body or _is_one_of_several(step):
        whole = "a DO block" if operation.site.body else "a string of several statements"
        yield Report(
            operation,
            f"{what} CONCURRENTLY{of} on {on} fails: {whole} is one transaction.",
            "Postgres refuses CONCURRENTLY inside of a transaction block.",
            "Send it as a statement of its own.",
            on,
            "error",
        )


def _is_one_of_several(step: Step) -> bool:
    """Whether the text that was sent has other statements too."""
    site = step.operation.site
    return site.sql is not None and any(
        other.site.sql not in (None, site.sql)
        and not other.site.body
        and (other.site.place, other.site.calls, other.site.round) == (site.place, site.calls, site.round)
        for other in step.history.operations
    )


def _drop(step: Step, operation: DropIndex, context: Context) -> Iterator[Report]:
    found = _index_of(step, operation)
    table = operation.table or (found[0].name if found else NOWHERE)
    if _nobody_waits(step, table, context) or (found and step.has_dropped_column_later(*found)):
        return
    name = named(operation.name, "")
    on, once_more = (text_of(table), again(table)) if operation.table or found else ("its table", "that table")
    partitioned = context.is_partitioned(step, table)
    if operation.concurrently is True and partitioned:
        yield Report(
            operation,
            f"DROP INDEX CONCURRENTLY{name and f' of {name}'} on {on} fails: Postgres refuses it on a partitioned table.",
            "An index of a partitioned table has no concurrent form of DROP INDEX.",
            "Drop it plainly, with a short lock_timeout.",
            name,
            "error",
        )
    elif operation.concurrently is True:
        yield from _in_transaction(step, "DROP INDEX", name, on)
    elif operation.concurrently is False and not partitioned and not _backs_constraint(step, operation):
        yield Report(
            operation,
            f"DROP INDEX {name and name + ' '}takes an ACCESS EXCLUSIVE lock on {on}: every read and write of {once_more} "
            f"waits, first for the queries that are running and then until the transaction ends.",
            "The drop itself is quick; what it waits for, and what the transaction does after it, is not.",
            "Write DROP INDEX CONCURRENTLY in an autocommit_block()."
            if operation.site.sql is not None
            else "Give postgresql_concurrently=True, inside of op.get_context().autocommit_block().",
            name,
        )


def _index_of(step: Step, operation: DropIndex) -> tuple[Table, Index] | None:
    """The index as the history knows it, with its table."""
    if not isinstance(operation.name, str) or not (operation.schema is None or isinstance(operation.schema, str)):
        return None
    return step.before.index(operation.name, operation.schema, operation.table)


def _backs_constraint(step: Step, operation: DropIndex) -> bool:
    """Whether the name is that of a constraint, whose index cannot be dropped alone."""
    table = step.before.table(operation.table)
    return table is not None and isinstance(operation.name, str) and table.constraint(operation.name) is not None


def _reindex(step: Step, operation: Reindex, context: Context) -> Iterator[Report]:
    name, what = named(operation.name, "of unknown name"), operation.kind.upper()
    schema = operation.schema if isinstance(operation.schema, str) else None
    table = NOWHERE
    if operation.kind == "table":
        table = TableName(operation.name, operation.schema)
    elif operation.kind == "index" and isinstance(operation.name, str):
        found = step.before.index(operation.name, schema, None)
        table = found[0].name if found else NOWHERE
    if table is not NOWHERE and _nobody_waits(step, table, context):
        return
    concurrently: Flag = operation.concurrently
    if concurrently is True:
        on = text_of(table) if table.known else f"{operation.kind} {name}" if operation.kind in _MANY else "its table"
        yield from _in_transaction(step, "REINDEX", name if operation.kind == "index" else "", on)
    elif concurrently is False and operation.kind in _MANY and step.in_transaction:
        yield Report(
            operation,
            f"REINDEX {what} {name} fails: it stands inside of a transaction.",
            f"Postgres refuses REINDEX {what} inside of a transaction block.",
            f"Write REINDEX {what} CONCURRENTLY in an autocommit_block().",
            name,
            "error",
        )
    elif concurrently is False:
        if operation.kind == "index":
            tables, indexes, them = text_of(table) if table.known else "its table", "the index", "the index"
        else:
            tables, indexes, them = "each table" if operation.kind in _MANY else text_of(table), "its indexes", "them"
        yield Report(
            operation,
            f"REINDEX {what} {name} takes a SHARE lock on {tables} and ACCESS EXCLUSIVE on {indexes}: writes wait until the "
            f"rebuild ends, and so does every query that would use {them}.",
            "The locks are held until the transaction ends.",
            f"Write REINDEX {what} CONCURRENTLY in an autocommit_block().",
            name,
        )
