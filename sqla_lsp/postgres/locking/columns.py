"""What statements about columns lock, rewrite and scan."""

from __future__ import annotations

from sqla_lsp.postgres.locking.work import AE, Work, has_sequence, index_of
from sqla_lsp.postgres.null_proof import proves_not_null
from sqla_lsp.postgres.type_changes import judge
from sqla_lsp.postgres.volatility import is_volatile
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import Check, Column, ForeignKey, Table


def add_column(work: Work, added: ops.AddColumn) -> None:
    table, column = added.table, added.column
    work.lock(table, AE)
    known = work.known.table(table)
    if added.if_not_exists is True and known is not None and isinstance(column.name, str) and known.column(column.name):
        return
    sequence = has_sequence(column)
    if sequence and isinstance(column.name, str) and isinstance(table.name, str):
        work.taking.lock(work.sequence_of(table, column.name), AE)
    rewrites = sequence or _fills(work, column)
    if rewrites is None:
        work.taking.not_known("whether every row is written depends on what is not known of the column")
    elif rewrites:
        work.rewrite(table)


def _fills(work: Work, column: Column) -> bool | None:
    """Whether a new column is written into every row: its value differs from row to row, or is checked in each."""
    if isinstance(column.type, Unknown):
        return None
    made = work.known.types.get(column.type.name, column.type)
    if column.type.kind in ("domain", "named") and made.kind == "domain" and made.checked is not False:
        return made.checked
    default = column.default
    if default is None or default.kind in ("virtual",):
        return False
    if default.kind == "stored":
        return True
    return None if isinstance(default.sql, Unknown) else is_volatile(default.sql)


def alter_type(work: Work, altered: ops.AlterType) -> None:
    table = altered.table
    work.lock(table, AE)
    known = work.known.table(table)
    column = known.column(altered.column) if known is not None and isinstance(altered.column, str) else None
    old = altered.existing if column is None else column.type
    verdict = judge(old, altered.to, work.version)
    touched = [name for name in touching(known, altered.column) if name] if known is not None else []
    match verdict.effect:
        case "rewrite":
            work.rewrite(table)
        case "unknown":
            work.taking.not_known(verdict.reason)
            work.lock_indexes(table, AE, touched)
        case "index":
            work.lock_indexes(table, AE, touched)
            for name in touched:
                work.build(table, name)
        case _:
            work.lock_indexes(table, AE, touched)
            for name in _expression_indexes(known, altered.column):
                work.build(table, name)
    for key in known.constraints if known is not None else ():
        if isinstance(key, ForeignKey) and isinstance(key.columns, tuple) and altered.column in key.columns:
            work.lock(key.target, AE)
    for child in _referencing_column(work, altered):
        work.lock(child, AE)


def _referencing_column(work: Work, altered: ops.AlterType) -> list[TableName]:
    """The tables with a foreign key to the column that changes: it is made again."""
    found = []
    for child in work.known.tables.values():
        for key in child.constraints:
            if isinstance(key, ForeignKey) and key.target == altered.table and child.name != altered.table:
                targets = key.target_columns
                if isinstance(targets, tuple) and (altered.column in targets or not targets):
                    found.append(child.name)
    return found


def touching(table: Table, column: str | Unknown) -> list[str | None]:
    """The indexes of a table that name a column."""
    found: list[str | None] = []
    for index in table.indexes:
        keys = index.keys if isinstance(index.keys, tuple) else ()
        include = index.include if isinstance(index.include, tuple) else ()
        named = {key.column for key in keys} | {c for key in keys for c in key.columns or ()} | set(include)
        if column in named | set(index.where_columns or ()):
            found.append(index.name if isinstance(index.name, str) else None)
    for constraint in table.constraints:
        columns = getattr(constraint, "columns", None)
        if isinstance(columns, tuple) and column in columns:
            found.append(index_of(table.name, constraint))
    return found


def _expression_indexes(table: Table | None, column: str | Unknown) -> list[str]:
    """The indexes that a free change of type builds anew all the same: on expressions of the column, and partial ones."""
    found = []
    for index in table.indexes if table is not None else ():
        keys = index.keys if isinstance(index.keys, tuple) else ()
        by_expression = any(column in (key.columns or ()) for key in keys if key.expression is not None)
        if isinstance(index.name, str) and (by_expression or column in (index.where_columns or ())):
            found.append(index.name)
    return found


def set_nullable(work: Work, operation: ops.SetNullable) -> None:
    work.lock(operation.table, AE)
    if operation.nullable is not False:
        return
    table = work.known.table(operation.table)
    column = table.column(operation.column) if table is not None and isinstance(operation.column, str) else None
    if column is not None and column.nullable is False:
        return
    checks = [c for c in table.constraints if isinstance(c, Check)] if table is not None else []
    proven = any(c.validated is True and proves_not_null(c.sql, operation.column) for c in checks)
    if not proven:
        work.scan(operation.table)


def set_default(work: Work, operation: ops.SetDefault) -> None:
    work.lock(operation.table, AE)
    default = operation.default
    if default is None or isinstance(default, Unknown):
        return
    if default.kind == "identity" and isinstance(operation.table.name, str) and isinstance(operation.column, str):
        work.taking.lock(work.sequence_of(operation.table, operation.column), AE)
    if default.kind == "generated":
        work.rewrite(operation.table)
