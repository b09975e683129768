"""Check constraints on existing tables are added NOT VALID and validated in a transaction of their own.

## What it does
Reports `op.create_check_constraint` without `postgresql_not_valid=True` on a table that exists before the migration
runs, the same through `batch_op`, `ADD CHECK` without NOT VALID as raw SQL, a `CheckConstraint` in `op.add_column`, and
VALIDATE CONSTRAINT in the transaction that added the constraint.

## Why is this bad?
ADD CHECK takes ACCESS EXCLUSIVE and reads every row: every read and write of the table waits, measured as 0.4 seconds
for 1,000,000 rows. With NOT VALID nothing is read, and VALIDATE takes SHARE UPDATE EXCLUSIVE, under which reads and
writes go on.

## Example
```python
def upgrade():
    op.create_check_constraint("ck_orders_total", "orders", "total >= 0")
```

## Use instead
```python
def upgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS ck_orders_total")
    op.create_check_constraint("ck_orders_total", "orders", "total >= 0", postgresql_not_valid=True)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_total")
```

## Decisions
- A CHECK inside of ADD COLUMN is checked for every row, whether the column has a default or not.
- `postgresql_not_valid=True` in a `CheckConstraint` inside of `op.add_column` is not rendered: it is reported like the
  plain form.
- `sa.Enum(native_enum=False, create_constraint=True)` emits ADD CHECK as a statement of its own.
- `not_valid=True` without the prefix `postgresql_` only warns and adds the full constraint: it is reported like the
  plain form.
- Partitioned tables accept CHECK ... NOT VALID: they are judged like others.

## References
- [ALTER TABLE: ADD table_constraint NOT VALID](https://www.postgresql.org/docs/current/sql-altertable.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.project.history import Step
from sqla_lsp.rules.rule import Context, Report, again, text_of
from sqla_lsp.rules.validation import validated_at_once
from sqla_lsp.schema.operations import AddConstraint, ValidateConstraint
from sqla_lsp.schema.tables import Check

NAME = "split-check-constraint"
PRIORITY = 3
SEVERITY = "warning"
KINDS = (AddConstraint, ValidateConstraint)


def check(step: Step, context: Context) -> Iterator[Report]:
    """Judges one operation."""
    match step.operation:
        case AddConstraint(constraint=Check(validated=True)) as operation:
            if not (step.is_new(operation.table) or step.is_temporary(operation.table)):
                yield _added(operation)
        case ValidateConstraint() as operation:
            yield from validated_at_once(
                step,
                operation,
                Check,
                "ACCESS EXCLUSIVE",
                f"every read and write of {again(operation.table)} waits",
                "NOT VALID gains nothing when both are in one transaction.",
            )
        case _:
            pass


def _added(operation: AddConstraint) -> Report:
    on = text_of(operation.table)
    if operation.site.sql is not None:
        advice = "Add it NOT VALID, and VALIDATE it in an autocommit_block() or a later revision."
    elif operation.site.emitted_by == "create_constraint=True":
        advice = "Leave create_constraint=True out, and add the CHECK with postgresql_not_valid=True."
    elif operation.site.emitted_by:
        advice = "Add the column alone, then the check with postgresql_not_valid=True, and VALIDATE it in an autocommit_block()."
    else:
        advice = "Give postgresql_not_valid=True, and VALIDATE the constraint in an autocommit_block() or a later revision."
    emitted = " (as a part of ADD COLUMN)" if operation.inline else ""
    if operation.site.emitted_by == "create_constraint=True":
        emitted = " (create_constraint=True emits it)"
    return Report(
        operation,
        f"ADD CHECK on {on} takes an ACCESS EXCLUSIVE lock{emitted}: every read and write of {again(operation.table)} waits "
        f"while all rows are checked.",
        "not_valid= without the prefix postgresql_ only warns: the full constraint is added."
        if operation.mistake
        else "The lock is held until the transaction ends.",
        advice,
        on,
    )
