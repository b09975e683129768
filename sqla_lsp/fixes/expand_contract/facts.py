"""What a change of type has to do with, and whether it can be made by expand and contract at all.

It can where everything is known: the table as the revisions left it, both types, what depends on the column. What makes ALTER
COLUMN TYPE itself fail (a view, a policy, a generated column on the column) is not looked for: there the migration never ran.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from sqla_lsp.fixes.expand_contract import expressions
from sqla_lsp.fixes.expand_contract.call import AlterCall, read_call
from sqla_lsp.fixes.expand_contract.dependents import Dependents, dependents_of
from sqla_lsp.fixes.expand_contract.expressions import Expression, constant_default
from sqla_lsp.fixes.expand_contract.types import Back, comes_back, is_compared, is_momentary
from sqla_lsp.postgres.type_changes import judge
from sqla_lsp.project.history import ScriptHistory, Step, exclude
from sqla_lsp.project.replay import Schema, index_names, key_of
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.operations import AlterType, AnyOperation
from sqla_lsp.schema.tables import Column, Exclude, ForeignKey, PrimaryKey, Table
from sqla_lsp.schema.types import PgType

_HARMLESS = frozenset({"COMMENT", "GRANT", "REVOKE"})
_BESIDE = frozenset({"CREATE FUNCTION", "CREATE TRIGGER", "DROP FUNCTION", "DROP TRIGGER"})
_WRITES = frozenset({"INSERT", "UPDATE", "DELETE"})
_IDLE_SETTINGS = frozenset(
    {"lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "maintenance_work_mem", "work_mem"}
)
"""Settings that decide nothing of what becomes of values."""
_READS_ROWS_BY_BLOCK = 14
"""The release from which on Postgres finds the rows of a range of blocks without reading the whole table."""


@dataclass(frozen=True)
class Way:
    """How values get to the other type. `using` is the expression over the other column that computes them, None for the
    assignment that Postgres makes of its own accord."""

    using: Expression | None = None


@dataclass(frozen=True)
class TypeChange:
    """A change of type with all that it has to do with. `column` is the column before, `after` what the call makes of it.
    `counterpart` is the operation of the downgrade that takes the change back, None where the downgrade does nothing."""

    schema: Schema
    table: Table
    column: Column
    after: Column
    old: PgType
    new: PgType
    there: Way
    back: Way
    comes_back: Back
    key: tuple[str, ...]
    dependents: Dependents
    call: AlterCall | None
    counterpart: AlterType | None
    commits: bool
    """Whether something is committed in the middle of the original functions."""

    @property
    def name(self) -> str:
        """The name of the column."""
        assert isinstance(self.column.name, str)
        return self.column.name

    @property
    def is_fallible(self) -> bool:
        """Whether some values of the new type do not come back as the old one."""
        return self.comes_back != "always"


def type_change(step: Step, source: str, version: int) -> TypeChange | None:
    """The change of type of an operation of an upgrade; `source` is the expression at its place. None where expand and contract
    is not known to be right for it."""
    operation, script = step.operation, step.history
    if not isinstance(operation, AlterType) or not isinstance(operation.column, str) or script.direction != "upgrade":
        return None
    down = script.revision.downgrade
    if not _is_plain(script, operation) or script.revision.environment.autocommit is not False:
        return None
    before, ended = step.before.table(operation.table), script.end_beside(operation)
    table = ended.table(operation.table)
    if before is None or table is None or not _is_known(table) or _is_referenced(ended, table, operation.column):
        return None
    call = None if operation.site.sql is not None else read_call(source)
    if operation.site.sql is None and call is None:
        return None
    counterpart = _counterpart(operation, down)
    if counterpart is None and down.operations:
        return None
    if counterpart is not None and not _is_plain(down, counterpart):
        return None
    return _assembled(step, before, table, call, counterpart, version)


def _assembled(
    step: Step, before: Table, table: Table, call: AlterCall | None, counterpart: AlterType | None, version: int
) -> TypeChange | None:
    operation = step.operation
    assert isinstance(operation, AlterType)
    assert isinstance(operation.column, str)
    name, ended = operation.column, step.history.end_beside(operation)
    column, after = before.column(name), table.column(name)
    types = step.before.types
    if column is None or after is None:
        return None
    old, new = _type(column.type, types), _type(operation.to, types)
    if old is None or new is None or old.serial or not _told_alike(operation, call, counterpart, column, old, types):
        return None
    there, back = _way(operation.using, name, new, table), _way(counterpart.using if counterpart else None, name, old, table)
    verdict = judge(old, new, version)
    dependents = dependents_of(table, name)
    if there is None or back is None or dependents is None:
        return None
    is_free_in_itself = verdict.effect == "free" and bool(dependents.made_again)
    if not (verdict.effect in ("rewrite", "index") or is_free_in_itself or _computes(there, name, new)):
        return None
    if (verdict.needs_using and there.using is None) or not _is_written(column, after, old, needs_using=verdict.needs_using):
        return None
    returns: Back = "rounded" if _computes(back, name, old) else comes_back(new, old)
    if _computes(back, name, old) and not is_compared(old):  # what came back is compared with what it is computed from
        return None
    key = next((c.columns for c in table.constraints if isinstance(c, PrimaryKey)), ())
    if (returns != "always" and old.kind == "domain") or not _is_added_at_once(new):  # a domain may not take NULL
        return None
    if isinstance(key, Unknown) or name in key or (not key and version < _READS_ROWS_BY_BLOCK):
        return None
    if (returns == "rounded" and not dependents.allow_rounding) or (returns != "always" and not dependents.allow_null(name)):
        return None
    if call is not None and column.comment is None and call.existing_comment is not None:
        column = replace(column, comment=call.existing_comment)
    commits = any(_commits(script) for script in step.history.revision.scripts)
    return TypeChange(
        ended, table, column, after, old, new, there, back, returns, key, dependents, call, counterpart, commits
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------- the functions


def _is_plain(script: ScriptHistory, operation: AlterType) -> bool:
    """Whether an operation is a statement of the function itself, which always runs, in a transaction, and nothing else that the
    function does has to do with the column, but what the same call says of it."""
    site = operation.site
    if site.arms or site.calls or site.body or site.place.path or site.transaction.autocommit is not False:
        return False
    column, key = str(operation.column), key_of(operation.table)
    for other in script.operations:
        if other is operation or exclude(other, operation):
            continue
        if other.site.place == operation.site.place:
            if not isinstance(other, ops.SetNullable | ops.SetDefault) or other.column != operation.column:
                return False
        elif _touches(other, key, column, script.direction):
            return False
    return True


def _touches(other: AnyOperation, key: tuple[str | None, str] | None, column: str, direction: str) -> bool:
    """Whether an operation may have to do with a column."""
    match other:
        case ops.NotKnown():
            return True
        case ops.OtherStatement(kind=kind, tables=tables):
            if kind in _HARMLESS | _BESIDE and not _says(other, column):
                return False
            known = kind in _WRITES and bool(tables) and all(table.known for table in tables)
            return not known or any(key_of(table) == key for table in tables) or _says(other, column)
        case ops.AddConstraint(constraint=ForeignKey(target=target)) if key_of(target) == key or not target.known:
            return True
        case ops.DropIndex() | ops.DropConstraint() | ops.ValidateConstraint():
            return False  # what is gone in the end is not made again
        case ops.CreateType():
            return direction == "downgrade"  # the type of the old column, which is there still
        case ops.DropType():
            return direction == "upgrade"
        case ops.Setting(name=name):
            return name.lower() not in _IDLE_SETTINGS
    table = getattr(other, "table", None)
    if not isinstance(table, TableName):
        return True
    if table.known and key_of(table) != key:
        return False
    match other:
        case ops.AddColumn(column=added):
            return not table.known or not isinstance(added.name, str)
        case ops.DropColumn(column=named) | ops.SetNullable(column=named) | ops.SetDefault(column=named):
            return not table.known or named == column or isinstance(named, Unknown)
        case ops.AlterType(column=named):
            return not table.known or named == column or isinstance(named, Unknown)
        case ops.CreateIndex(index=index):
            return (
                not table.known
                or index_names(index, column)
                or isinstance(index.keys, Unknown)
                or (index.where is not None and index.where_columns is None)
            )
        case ops.AddConstraint(constraint=constraint):
            columns = getattr(constraint, "columns", None)
            return not table.known or not isinstance(columns, tuple) or column in columns
        case _:
            return True


def _says(other: AnyOperation, column: str) -> bool:
    """Whether the text of a statement may name the column."""
    sql = other.site.sql
    return sql is not None and re.search(rf"(?<!\w){re.escape(column)}(?!\w)", sql, re.IGNORECASE) is not None


def _counterpart(operation: AlterType, down: ScriptHistory) -> AlterType | None:
    found = [
        other
        for other in down.operations
        if isinstance(other, AlterType) and key_of(other.table) == key_of(operation.table) and other.column == operation.column
    ]
    return found[0] if len(found) == 1 else None


def _commits(script: ScriptHistory) -> bool:
    return any(operation.site.transaction != ops.Transaction() for operation in script.operations)


# ------------------------------------------------------------------------------------------- the table and the column


def _is_known(table: Table) -> bool:
    """Whether everything of a table is known that its columns may have to do with."""
    if not table.complete or table.partitioned or table.temporary or not table.name.known:
        return False
    if any(isinstance(column.name, Unknown) for column in table.columns):
        return False
    return not any(isinstance(constraint, Exclude) for constraint in table.constraints)


def _is_referenced(schema: Schema, table: Table, column: str) -> bool:
    """Whether a foreign key points at the column, or may."""
    key = key_of(table.name)
    for other in schema.tables.values():
        for constraint in other.constraints:
            if not isinstance(constraint, ForeignKey) or (constraint.target.known and key_of(constraint.target) != key):
                continue
            if not constraint.target.known and other.name != table.name:
                continue
            if isinstance(constraint.target_columns, Unknown) or column in constraint.target_columns:
                return True
    return False


def _type(found: PgType | Unknown, types: Mapping[str, PgType]) -> PgType | None:
    """A type that is known; one of which only the name is known as the migrations made it."""
    if isinstance(found, Unknown):
        return None
    made = types.get(found.name) if found.kind == "named" else None
    if made is not None:
        return replace(made, dimensions=found.dimensions)
    return found if re.fullmatch(r"[^\x00-\x1f]+", found.name) else None


def _told_alike(
    operation: AlterType,
    call: AlterCall | None,
    counterpart: AlterType | None,
    column: Column,
    old: PgType,
    types: Mapping[str, PgType],
) -> bool:
    """Whether what the calls say of the column as it is agrees with the revisions before."""
    existing = _type(operation.existing, types) if operation.existing is not None else old
    if existing is None or judge(existing, old).effect != "same":
        return False
    if counterpart is not None:
        back = _type(counterpart.to, types)
        if back is None or judge(back, old).effect != "same":
            return False
    return call is None or call.existing_nullable is None or call.existing_nullable == column.nullable


def _is_written(column: Column, after: Column, old: PgType, *, needs_using: bool | None) -> bool:
    """Whether NULL and default of the column are known, and Postgres takes the default over to the new type."""
    if isinstance(column.nullable, Unknown) or isinstance(after.nullable, Unknown) or isinstance(column.comment, Unknown):
        return False
    for default in (column.default, after.default):
        if default is None:
            continue
        if default.kind != "default" or isinstance(default.sql, Unknown) or "nextval" in default.sql.lower():
            return False
    if column.default is None:
        return True
    if needs_using is not False:  # Postgres refuses to cast the default, and so the change
        return False
    told = constant_default(str(column.default.sql))
    return told is None or not is_momentary(old, told[0])


def _is_added_at_once(type_: PgType) -> bool:
    """Whether ADD COLUMN of the type is known to write no row: for a domain with a CHECK it writes all (POSTGRES.md 3)."""
    while type_.kind == "domain":
        if type_.checked is not False or type_.base is None:
            return False
        type_ = type_.base
    return type_.kind != "named"


def _way(using: str | Unknown | None, column: str, to: PgType, table: Table) -> Way | None:
    """How values are computed; None where that is not known with certainty."""
    if using is None:
        return Way()
    expression = expressions.read(using) if isinstance(using, str) else None
    if expression is None or not expression.is_settled:
        return None
    if column not in expression.columns or any(table.column(name) is None for name in expression.columns):
        return None
    return Way(expression)


def _computes(way: Way, column: str, to: PgType) -> bool:
    """Whether values are computed in some other way than by a cast to the type."""
    return way.using is not None and not way.using.is_cast(column, to)
