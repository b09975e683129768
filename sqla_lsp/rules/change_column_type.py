"""Types of columns on existing tables change without a rewrite.

## What it does
Reports `op.alter_column(type_=...)`, the same through `batch_op`, and `ALTER COLUMN ... TYPE` as raw SQL where Postgres
rewrites the table or rebuilds indexes of the column. The old type is `existing_type`, and what the revisions before
made of the column.

## Why is this bad?
The rewrite runs under ACCESS EXCLUSIVE: every read and write of the table waits until all rows and all indexes are
written anew, measured as four seconds for 1,000,000 rows from int to bigint.

## Example
```python
def upgrade():
    op.alter_column("orders", "amount", existing_type=sa.Integer(), type_=sa.BigInteger())
```

## Use instead
Add a column of the new type, keep it in step with a trigger, fill it in batches, then swap the names:
```python
def upgrade():
    op.add_column("orders", sa.Column("amount_new", sa.BigInteger(), server_default=sa.text("0"), nullable=True))
    # a trigger copies every write of amount; a later revision fills the rest in batches, another one swaps the names
```

## Decisions
- What is free was measured on Postgres 15 and 18 (varchar to a longer varchar or text, numeric to more digits of the
  same scale, ...).
- timestamp to timestamptz and back counts as a rewrite: only a session in UTC is spared it, and even there indexes are
  rebuilt.
- Where `existing_type` and the history contradict each other, either one that needs a rewrite is enough.
- A change that keeps the rows and rebuilds plain indexes is passed over where the history knows the whole table and no
  index on it.
- A free change is reported where the history knows an index that names the column and has an expression or a predicate,
  which is rebuilt, or a valid CHECK, for which all rows are read. So is a "change" to the type that the column has
  already: Postgres does the same for it.
- An unknown new type is passed over. So is USING of unknown content, unless the types alone need the rewrite.
- Expand and contract is offered where all is known of the table that it takes to make it again: not for a column of the
  primary key, one that foreign keys point at, an identity, a partitioned table, or where the same function does something
  else to the column. USING goes along where it computes the same whenever it is computed.
- From the first revision on a value that the new type does not take is refused, as the change itself refuses it. After the
  swap a value that the old type does not take is NULL in the old column, and the downgrade is refused while there is one.
- Afterwards the column stands last in its table. The rows are filled by UPDATE, for which the table's triggers fire.
  Privileges of the one column and objects of CREATE STATISTICS are not known here and have to be made again.

## References
- [ALTER TABLE: SET DATA TYPE](https://www.postgresql.org/docs/current/sql-altertable.html)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from sqla_lsp.postgres.type_changes import Verdict, judge
from sqla_lsp.postgres.using_clause import using_forces
from sqla_lsp.project.history import Step
from sqla_lsp.project.replay import index_names
from sqla_lsp.rules.rule import Context, Report, again, named, text_of
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.operations import AlterType
from sqla_lsp.schema.tables import Check, Column, PrimaryKey, Table, Unique
from sqla_lsp.schema.types import PgType

NAME = "change-column-type"
PRIORITY = 2
SEVERITY = "warning"
KINDS = (AlterType,)

_SEVERE = ("rewrite", "unknown", "index", "free", "same")


def check(step: Step, context: Context) -> Iterator[Report]:
    """Judges one operation."""
    operation = step.operation
    if not isinstance(operation, AlterType) or isinstance(operation.to, Unknown):
        return
    table, types = operation.table, step.before.types
    to = _resolved(operation.to, types)
    if step.is_new(table) or step.is_temporary(table):
        return
    known = step.before.table(table)
    column = known.column(operation.column) if known is not None and isinstance(operation.column, str) else None
    said, replayed = _known(operation.existing, types), _known(column.type if column is not None else None, types)
    verdict, contradiction = _verdict(said, replayed, to, context.settings.postgres_version)
    forced = using_forces(operation.using, operation.column, to)
    name = named(operation.column, "the column")
    what = f"ALTER COLUMN {named(operation.column, '...')} TYPE {to} on {text_of(table)}"
    subject = f"{text_of(table)}.{name}"
    if verdict.effect == "rewrite" or forced:
        yield _rewrite(operation, what, verdict, contradiction, forced)
    elif forced is None:
        return
    elif verdict.effect == "unknown":
        yield Report(
            operation,
            f"{what} cannot be shown to be free{contradiction}: if it is not, it takes an ACCESS EXCLUSIVE lock while every row "
            f"is rewritten, and every read and write of {again(table)} waits.",
            _sentence(verdict.reason),
            "Give the true existing_type=, or make the change in steps: a new column, a trigger, a backfill in batches, a swap "
            "of names.",
            subject,
        )
    elif verdict.effect == "index":
        if _may_be_indexed(known, column):
            yield Report(
                operation,
                f"{what} takes an ACCESS EXCLUSIVE lock while every index on {name} is rebuilt{contradiction}: every read and "
                f"write of {again(table)} waits.",
                _sentence(verdict.reason),
                "Make the change in steps: a new column, a trigger, a backfill in batches, an index built concurrently, a swap "
                "of names.",
                subject,
            )
    else:
        yield from _dependents(operation, what, known, subject)


def _known(found: PgType | Unknown | None, types: Mapping[str, PgType]) -> PgType | None:
    return _resolved(found, types) if isinstance(found, PgType) else None


def _resolved(found: PgType, types: Mapping[str, PgType]) -> PgType:
    """A type of which only the name is known, as the migrations made it."""
    made = types.get(found.name) if found.kind == "named" else None
    return found if made is None else replace(made, dimensions=found.dimensions)


def _verdict(said: PgType | None, replayed: PgType | None, to: PgType, version: int) -> tuple[Verdict, str]:
    """The graver verdict over the two old types that are told, and what to say where they contradict each other."""
    olds = [old for old in (said, replayed) if old is not None]
    verdicts = [judge(old, to, version) for old in olds] or [judge(None, to, version)]
    gravest = min(verdicts, key=lambda verdict: _SEVERE.index(verdict.effect))
    if said is None or replayed is None or judge(said, replayed, version).effect == "same" or str(said) == str(replayed):
        return gravest, ""
    return gravest, f" (existing_type says {said}, the revisions before made it {replayed})"


def _rewrite(operation: AlterType, what: str, verdict: Verdict, contradiction: str, forced: bool | None) -> Report:
    why = _sentence(verdict.reason) if verdict.effect == "rewrite" else "USING computes every value anew."
    if verdict.effect == "rewrite" and verdict.needs_using and operation.using is None:
        why += " Without USING Postgres refuses it."
    return Report(
        operation,
        f"{what} takes an ACCESS EXCLUSIVE lock while every row is rewritten{contradiction}: every read and write of "
        f"{again(operation.table)} waits.",
        why,
        "Make the change in steps: a new column, a trigger that keeps it in step, a backfill in batches, a swap of names.",
        f"{text_of(operation.table)}.{named(operation.column, 'the column')}",
    )


def _sentence(reason: str) -> str:
    """A reason as a sentence, with the names of types as they are written."""
    if not reason or reason.startswith(("changing ", "shortening ", "limiting ", "what ", "the ")):
        return reason[:1].upper() + reason[1:] + "." if reason else ""
    return f"The change from {reason}." if " to " in reason else f"The types {reason}."


def _may_be_indexed(table: Table | None, column: Column | None) -> bool:
    """Whether an index on the column is known, or the table is not known well enough to say that there is none."""
    if table is None or column is None or not table.complete or not isinstance(column.name, str):
        return True
    name = column.name
    in_constraint = any(
        isinstance(constraint, Unique | PrimaryKey) and (not isinstance(constraint.columns, tuple) or name in constraint.columns)
        for constraint in table.constraints
    )
    return in_constraint or any(isinstance(index.keys, Unknown) or index_names(index, name) for index in table.indexes)


def _dependents(operation: AlterType, what: str, table: Table | None, subject: str) -> Iterator[Report]:
    """A free change rebuilds expression and partial indexes that name the column, and re-checks valid CHECKs."""
    name = operation.column
    if table is None or isinstance(name, Unknown):
        return
    for index in table.indexes:
        keys = index.keys if isinstance(index.keys, tuple) else ()
        has_expression = any(key.expression is not None for key in keys)
        if index_names(index, name) and (has_expression or index.where is not None):
            kind = "expression" if has_expression else "partial"
            yield Report(
                operation,
                f"{what} keeps the rows, but rebuilds the {kind} index {named(index.name, 'on it')} under an ACCESS EXCLUSIVE "
                f"lock: every read and write of {again(operation.table)} waits.",
                "Plain indexes are kept; expression and partial indexes that name the column are not.",
                "Drop the index concurrently before, and build it again concurrently after.",
                subject,
            )
            return
    for constraint in table.constraints:
        if isinstance(constraint, Check) and constraint.validated is True and name in (constraint.columns or ()):
            yield Report(
                operation,
                f"{what} keeps the rows, but reads all of them for the CHECK {named(constraint.name, 'on it')} under an ACCESS "
                f"EXCLUSIVE lock: every read and write of {again(operation.table)} waits.",
                "A valid CHECK that names the column is checked again.",
                "Drop the CHECK before, and add it again NOT VALID after, to be validated in an autocommit_block().",
                subject,
            )
            return
