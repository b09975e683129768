"""Unique constraints and primary keys on existing tables take over an index that was built concurrently.

## What it does
Reports `op.create_unique_constraint` and `op.create_primary_key` on a table that exists before the migration runs, the
same through `batch_op`, `unique=True` in `op.add_column`, `ADD UNIQUE`, `ADD PRIMARY KEY`, and `ADD COLUMN ... UNIQUE`
or `PRIMARY KEY` as raw SQL. `postgresql_using_index=` is an error: no release of SQLAlchemy accepts it.

## Why is this bad?
ADD CONSTRAINT ... UNIQUE builds its index under ACCESS EXCLUSIVE: every read and write of the table waits for the whole
build, measured as 0.8 seconds for 1,000,000 rows. An index that was built concurrently becomes the constraint in
milliseconds.

## Example
```python
def upgrade():
    op.create_unique_constraint("uq_users_email", "users", ["email"])
```

## Use instead
```python
def upgrade():
    with op.get_context().autocommit_block():
        op.drop_index("uq_users_email", table_name="users", if_exists=True, postgresql_concurrently=True)
        op.create_index("uq_users_email", "users", ["email"], unique=True, postgresql_concurrently=True)
    op.execute("ALTER TABLE users ADD CONSTRAINT uq_users_email UNIQUE USING INDEX uq_users_email")
```

## Decisions
- `add_column` with both `index=True` and `unique=True` emits CREATE UNIQUE INDEX, which only-concurrent-indexes reports.
- `primary_key=True` in `add_column` emits no primary key, unless `inline_primary_key=True` is given.
- An argument that no release accepts is reported on new tables too: the migration fails there as well.
- A partitioned table refuses USING INDEX: there the message names the way over its partitions, and USING INDEX is an error.

## References
- [ALTER TABLE: ADD table_constraint_using_index](https://www.postgresql.org/docs/current/sql-altertable.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.project.history import Step
from sqla_lsp.rules.rule import Context, Report, again, named, text_of
from sqla_lsp.schema.operations import AddConstraint
from sqla_lsp.schema.tables import PrimaryKey, Unique

NAME = "unique-constraint"
PRIORITY = 2
SEVERITY = "warning"
KINDS = (AddConstraint,)


def check(step: Step, context: Context) -> Iterator[Report]:
    """Judges one operation."""
    operation = step.operation
    if not isinstance(operation, AddConstraint) or not isinstance(operation.constraint, Unique | PrimaryKey):
        return
    constraint, table = operation.constraint, operation.table
    on = text_of(table)
    kind = "UNIQUE" if isinstance(constraint, Unique) else "PRIMARY KEY"
    name = named(constraint.name, "...")
    if operation.mistake is not None:
        call = operation.site.emitted_by or operation.site.source.partition(".")[2]
        yield Report(
            operation,
            f"{call} fails: no release of SQLAlchemy accepts {operation.mistake}= for {kind}.",
            "The argument raises an error before anything is sent to Postgres.",
            f"Build the index concurrently, then send ALTER TABLE ... ADD CONSTRAINT {name} {kind} USING INDEX through "
            f"op.execute.",
            on,
            "error",
        )
        return
    if step.is_new(table) or step.is_temporary(table):
        return
    partitioned = context.is_partitioned(step, table)
    if constraint.index is not None:
        if partitioned:
            yield Report(
                operation,
                f"ADD {kind} USING INDEX on {on} fails: Postgres refuses it on a partitioned table.",
                "",
                _PER_PARTITION,
                on,
                "error",
            )
        return
    yield Report(
        operation,
        f"ADD {kind} on {on} takes an ACCESS EXCLUSIVE lock{_emitted(operation)}: every read and write of {again(table)} "
        f"waits until its index is built.",
        "The index is built inside of the statement, and the lock is held until the transaction ends.",
        _PER_PARTITION
        if partitioned
        else f"Build a unique index concurrently in an autocommit_block(), then ADD CONSTRAINT ... {kind} USING INDEX "
        f"through op.execute.",
        on,
    )


_PER_PARTITION = (
    "Create a unique index with ON ONLY on the partitioned table, build one concurrently on each partition, and attach each with "
    "ALTER INDEX ... ATTACH PARTITION."
)


def _emitted(operation: AddConstraint) -> str:
    return f" ({operation.site.emitted_by} emits it)" if operation.site.emitted_by else ""
