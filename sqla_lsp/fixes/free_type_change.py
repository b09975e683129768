"""Changes of type that are free but for something beside them: a USING that computes nothing, an index or a CHECK that Postgres
makes again for them (POSTGRES.md 4), NOT NULL in the same call. What is free stays, and the rest is done without its lock."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from sqla_lsp.fixes.expand_contract import expressions
from sqla_lsp.fixes.expand_contract.call import read_call, without
from sqla_lsp.fixes.expand_contract.code import Body, Piece
from sqla_lsp.fixes.expand_contract.dependents import DependentCheck, DependentIndex, dependents_of
from sqla_lsp.fixes.expand_contract.names import Names, relations
from sqla_lsp.fixes.sql_names import sql_name, sql_table
from sqla_lsp.fixes.style import Style
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.postgres.type_changes import judge
from sqla_lsp.project.history import Step
from sqla_lsp.project.replay import Schema
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.operations import AlterType
from sqla_lsp.schema.tables import Column, Table
from sqla_lsp.schema.types import PgType

_FREE = ("same", "free")


def without_needless_using(step: Step, source: str, version: int = 14) -> str | None:
    """The call of alter_column without its USING, which only casts values to types that they are kept by: without it the change
    is free, and comes to the same. None where that is not so. `source` is the text of the call."""
    operation = step.operation
    if not isinstance(operation, AlterType) or not isinstance(operation.using, str) or operation.site.sql is not None:
        return None
    old, new = _old_type(step, operation), _type(operation.to, step.before)
    if old is None or new is None or judge(old, new, version).effect not in _FREE or not isinstance(operation.column, str):
        return None
    read = expressions.read(operation.using)
    chain = read.casts(operation.column) if read is not None else None
    for to in chain or ():
        if judge(old, to, version).effect not in _FREE:
            return None
        old = to
    return without(source, "postgresql_using") if chain is not None else None


@dataclass(frozen=True)
class Apart:
    """`pieces` replace the statement. `gaps` are the indexes that are not there while the new ones are built."""

    title: str
    pieces: tuple[Piece, ...]
    gaps: tuple[str, ...]


def apart(step: Step, source: str, style: Style, *, op: str = "op", version: int = 14) -> Apart | None:
    """A free change of type with what Postgres would do for it under its lock done apart from it. None where there is nothing to
    be done apart, or it is not known to be right. `source` is the text of the expression at the operation's place."""
    operation = step.operation
    if not isinstance(operation, AlterType) or not isinstance(operation.column, str) or not _stands_alone(step, op):
        return None
    before = step.before
    table = before.table(operation.table)
    column = table.column(operation.column) if table is not None else None
    if table is None or column is None or not table.complete or table.partitioned or not operation.table.known:
        return None
    old, new = _old_type(step, operation), _type(operation.to, before)
    if old is None or new is None or judge(old, new, version).effect not in _FREE or operation.using is not None:
        return None
    sets_not_null = _sets_not_null(step, operation, column)
    dependents = dependents_of(table, operation.column)
    if sets_not_null is None or dependents is None or (operation.site.sql is None and read_call(source) is None):
        return None
    indexes = [found for found in dependents.indexes if found.is_rebuilt]
    checks = [check for check in dependents.checks if check.validated]
    if any(index.index.unique is not False for index in indexes) or not (indexes or checks or sets_not_null):
        return None
    statement = without(source, "nullable") if sets_not_null else source
    if statement is None:
        return None
    body = Body(style, op)
    _write(body, statement, table, before, operation.column, indexes, checks, sets_not_null=sets_not_null)
    subject = f"{sql_table(table.name)}.{quote(operation.column)}"
    return Apart(_title(subject, indexes, checks, sets_not_null=sets_not_null), body.pieces(), tuple(i.name for i in indexes))


def _write(
    body: Body,
    statement: str,
    table: Table,
    schema: Schema,
    column: str,
    indexes: list[DependentIndex],
    checks: list[DependentCheck],
    *,
    sets_not_null: bool,
) -> None:
    name, in_schema = sql_table(table.name), table.name.schema
    not_null = Names(relations(schema, table)).new(f"ck_{table.name.name}_{column}", "_not_null")
    if indexes:
        body.autocommit()
        body.comment("Postgres builds these again under the lock of the change.")
        for index in indexes:
            body.sql(f"DROP INDEX CONCURRENTLY IF EXISTS {sql_name(index.name, in_schema)}")
        body.transaction()
    body.patience()
    for check in checks:
        body.sql(f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {quote(check.name)}")
    body.add(_dedented(statement))
    added = [(check.name, check.definition(lambda column: column)) for check in checks]
    if sets_not_null:
        body.sql(f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {quote(not_null)}")
        added.append((not_null, f"CHECK ({quote(column)} IS NOT NULL)"))
    for constraint, definition in added:
        body.sql(f"ALTER TABLE {name}", f"ADD CONSTRAINT {quote(constraint)}", definition, "NOT VALID")
    body.autocommit()
    for constraint, _ in added:
        body.sql(f"ALTER TABLE {name} VALIDATE CONSTRAINT {quote(constraint)}")
    for index in indexes:
        body.sql(f"DROP INDEX CONCURRENTLY IF EXISTS {sql_name(index.name, in_schema)}")
        body.sql(*index.definition(index.name, name, lambda column: column))
    body.transaction()
    if sets_not_null:
        body.patience()
        body.comment("The check that was validated spares NOT NULL its scan.")
        body.sql(f"ALTER TABLE {name} ALTER COLUMN {quote(column)} SET NOT NULL")
        body.sql(f"ALTER TABLE {name} DROP CONSTRAINT {quote(not_null)}")


def _dedented(statement: str) -> str:
    """A statement of a function at indentation 0: its first line begins in the middle of a line."""
    first, *rest = statement.splitlines()
    return "\n".join([first, *textwrap.dedent("\n".join(rest)).splitlines()]) if rest else first


def _title(subject: str, indexes: list[DependentIndex], checks: list[DependentCheck], *, sets_not_null: bool) -> str:
    what = [f"build {quote(index.name)} again concurrently" for index in indexes]
    what += [f"validate {quote(check.name)} on its own" for check in checks]
    what += [f"set {subject} NOT NULL by a validated check"] if sets_not_null else []
    text = what[0] if len(what) == 1 else f"{', '.join(what[:-1])} and {what[-1]}"
    return text[:1].upper() + text[1:]


def _sets_not_null(step: Step, operation: AlterType, column: Column) -> bool | None:
    """Whether the same call makes the column NOT NULL; None where it does something else beside, or that is not known."""
    found = False
    for other in step.history.operations:
        if other is operation or other.site.place != operation.site.place:
            continue
        if not isinstance(other, ops.SetNullable | ops.SetDefault) or other.column != operation.column:
            return None
        if isinstance(other, ops.SetNullable):
            if isinstance(other.nullable, Unknown) or isinstance(column.nullable, Unknown):
                return None
            found = not other.nullable and column.nullable
    return found


def _stands_alone(step: Step, op: str) -> bool:
    """Whether the operation is a statement of the function itself, outside of branches and batches, in a transaction."""
    site = step.operation.site
    if site.arms or site.calls or site.body or site.place.path or not step.in_transaction:
        return False
    return site.source in (f"{op}.alter_column", f"{op}.execute")


def _old_type(step: Step, operation: AlterType) -> PgType | None:
    """The type before, where it is told, and told alike by the call and by the revisions before."""
    table = step.before.table(operation.table)
    column = table.column(operation.column) if table is not None and isinstance(operation.column, str) else None
    replayed = _type(column.type, step.before) if column is not None else None
    said = _type(operation.existing, step.before)
    if said is not None and replayed is not None and judge(said, replayed).effect != "same":
        return None
    return replayed or said


def _type(found: PgType | Unknown | None, schema: Schema) -> PgType | None:
    if not isinstance(found, PgType):
        return None
    made = schema.types.get(found.name) if found.kind == "named" and not found.dimensions else None
    return made or found
