"""Foreign keys on existing tables are added NOT VALID and validated in a transaction of their own.

## What it does
Reports `op.create_foreign_key` without `postgresql_not_valid=True` where the referencing table exists before the
migration runs, the same through `batch_op`, `ADD FOREIGN KEY` without NOT VALID as raw SQL, and a `ForeignKey` in
`op.add_column`, which Alembic emits as a second statement. Also VALIDATE CONSTRAINT in the transaction that added the
constraint.

## Why is this bad?
ADD FOREIGN KEY takes SHARE ROW EXCLUSIVE on both tables while it checks every row: writes to both wait, measured as 0.4
seconds for 1,000,000 rows. NOT VALID skips the check, and VALIDATE takes SHARE UPDATE EXCLUSIVE, under which reads and
writes go on, but only in a transaction of its own: else the lock of ADD is held for the whole scan, which is slower
than the plain form (0.65 seconds).

## Example
```python
def upgrade():
    op.create_foreign_key("fk_orders_customer", "orders", "customers", ["customer_id"], ["id"])
```

## Use instead
```python
def upgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS fk_orders_customer")
    op.create_foreign_key(
        "fk_orders_customer", "orders", "customers", ["customer_id"], ["id"], postgresql_not_valid=True
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_customer")
```

## Decisions
- `inline_references=True`, and `ADD COLUMN ... REFERENCES` as raw SQL, are passed over for a nullable column without a
  default: Postgres then has no row to check.
- Whether the referenced table is new does not matter: all rows of the referencing one are read.
- Before Postgres 18 a partitioned table refuses NOT VALID for foreign keys: there it is an error, and the message of
  the plain form names the way over the partitions.

## References
- [ALTER TABLE: ADD table_constraint NOT VALID](https://www.postgresql.org/docs/current/sql-altertable.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.project.history import Step
from sqla_lsp.rules.rule import Context, Report, again, text_of
from sqla_lsp.rules.validation import validated_at_once
from sqla_lsp.schema.operations import AddConstraint, ValidateConstraint
from sqla_lsp.schema.tables import ForeignKey

NAME = "split-foreign-key"
PRIORITY = 2
SEVERITY = "warning"
KINDS = (AddConstraint, ValidateConstraint)

_NOT_VALID_ON_PARTITIONED = 18


def check(step: Step, context: Context) -> Iterator[Report]:
    """Judges one operation."""
    match step.operation:
        case AddConstraint(constraint=ForeignKey()) as operation:
            yield from _add(step, operation, context)
        case ValidateConstraint() as operation:
            yield from validated_at_once(
                step,
                operation,
                ForeignKey,
                "SHARE ROW EXCLUSIVE",
                "all writes to both tables wait",
                "Measured, this is slower than the plain form.",
            )
        case _:
            pass


def _add(step: Step, operation: AddConstraint, context: Context) -> Iterator[Report]:
    constraint, table = operation.constraint, operation.table
    if not isinstance(constraint, ForeignKey) or step.is_new(table) or step.is_temporary(table):
        return
    on = text_of(table)
    refuses = context.is_partitioned(step, table) and context.settings.postgres_version < _NOT_VALID_ON_PARTITIONED
    if constraint.validated is False:
        if refuses:
            yield Report(
                operation,
                f"ADD FOREIGN KEY ... NOT VALID on {on} fails: before Postgres 18 a partitioned table refuses it.",
                "",
                _PER_PARTITION,
                on,
                "error",
            )
        return
    if constraint.validated is not True or operation.scan is not True:
        return
    emitted = " (Alembic emits it as a second statement)" if operation.site.emitted_by and not operation.inline else ""
    waits = constraint.target.known and constraint.target != table and not step.is_new(constraint.target)
    both = f"{again(table)} and {text_of(constraint.target)}" if waits else again(table)
    yield Report(
        operation,
        f"ADD FOREIGN KEY on {on} takes a SHARE ROW EXCLUSIVE lock{emitted}: all writes to {both} wait while every row of "
        f"{again(table)} is checked.",
        _NO_SUCH_ARGUMENT if operation.mistake else "The locks are held until the transaction ends.",
        _PER_PARTITION if refuses else _advice(operation),
        on,
    )


_NO_SUCH_ARGUMENT = "not_valid= without the prefix postgresql_ only warns: the full constraint is added."
_PER_PARTITION = "Add the foreign key NOT VALID to each partition, validate each, then add it to the partitioned table."


def _advice(operation: AddConstraint) -> str:
    if operation.site.sql is not None:
        return "Add it NOT VALID, and VALIDATE it in an autocommit_block() or a later revision."
    if operation.site.emitted_by:
        return (
            "Add the column alone, then the foreign key with postgresql_not_valid=True, and VALIDATE it in an autocommit_block()."
        )
    return "Give postgresql_not_valid=True, and VALIDATE the constraint in an autocommit_block() or a later revision."
