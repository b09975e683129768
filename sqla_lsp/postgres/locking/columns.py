"""What statements about columns lock, rewrite and scan."""

from __future__ import annotations

from msgspec.structs import replace

from sqla_lsp.postgres.locking.queries import move_sequences, nodes_of
from sqla_lsp.postgres.locking.work import AE, Work, has_sequence, index_of
from sqla_lsp.postgres.null_proof import proves_not_null
from sqla_lsp.postgres.type_changes import judge
from sqla_lsp.postgres.using_clause import using_forces
from sqla_lsp.postgres.volatility import is_volatile
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import Check, Column, ForeignKey, PrimaryKey, Table
from sqla_lsp.schema.types import PgType


def add_column(work: Work, added: ops.AddColumn) -> None:
    table, column = added.table, added.column
    work.lock(table, AE)
    known = work.known.table(table)
    if added.if_not_exists is True and known is not None and isinstance(column.name, str) and known.column(column.name):
        return
    sequence = has_sequence(column)
    if column.default is not None and isinstance(column.default.sql, str) and "nextval" in column.default.sql:
        move_sequences(work, nodes_of(f"SELECT {column.default.sql}"))
    if sequence and isinstance(column.name, str) and isinstance(table.name, str):
        work.lock_sequence(table, column.name, AE)
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


def drop_column(work: Work, dropped: ops.DropColumn) -> None:
    """The column's indexes, sequence and foreign keys go with it."""
    table = dropped.table
    work.lock(table, AE)
    work.drop_dependents(dropped.site.sql)
    known = work.known.table(table)
    if known is None or isinstance(dropped.column, Unknown):
        return
    work.lock_indexes(table, AE, touching(known, dropped.column))
    work.lock_sequences(table, AE, (dropped.column,))
    for key in _foreign_keys(known, dropped.column):
        work.lock(key.target, AE)
    for child in _referencing_column(work, table, dropped.column):
        work.lock(child, AE)


def alter_type(work: Work, altered: ops.AlterType) -> None:
    """Every row, the indexes on the column, or nothing is written, as the types say (POSTGRES.md 4); its foreign keys and CHECKs
    are made again."""
    table = altered.table
    work.lock(table, AE)
    known = work.known.table(table)
    column = known.column(altered.column) if known is not None and isinstance(altered.column, str) else None
    old = altered.existing if column is None else column.type
    verdict = judge(_made(work, old), _made(work, altered.to) or altered.to, work.version)
    forced = using_forces(altered.using, altered.column, altered.to)
    touched = touching(known, altered.column) if known is not None else []
    work.lock_indexes(table, AE, touched)
    if verdict.effect == "rewrite" or forced:
        work.rewrite(table)
    elif verdict.effect == "unknown" or forced is None:
        work.taking.not_known(verdict.reason if forced is False else "USING is not known")
    else:
        for name in touched if verdict.effect == "index" else _expression_indexes(known, altered.column):
            work.build(table, name)
    if known is not None and verdict.effect != "same":
        _made_again(work, known, altered, checked=verdict.effect in ("rewrite", "index") or bool(forced))


def _made(work: Work, given: PgType | Unknown | None) -> PgType | Unknown | None:
    """A type that is named, as what the migrations made under that name."""
    if not isinstance(given, PgType) or given.kind != "named" or given.name not in work.known.types:
        return given
    return replace(work.known.types[given.name], dimensions=given.dimensions)


def _made_again(work: Work, known: Table, altered: ops.AlterType, *, checked: bool) -> None:
    """The constraints of a column are made again with its new type; foreign keys are `checked` where values are no longer stored
    alike."""
    table = altered.table
    if any(isinstance(c, Check) and altered.column in (c.columns or ()) and c.validated is True for c in known.constraints):
        work.scan(table)
    others = [key.target for key in _foreign_keys(known, altered.column)]
    others += _referencing_column(work, table, altered.column)
    for other in others:
        work.lock(other, AE)
        if checked:
            work.read_by_query(other)
            work.read_by_query(table)


def _foreign_keys(table: Table, column: str | Unknown) -> list[ForeignKey]:
    """The foreign keys of a column."""
    keys = [key for key in table.constraints if isinstance(key, ForeignKey)]
    return [key for key in keys if isinstance(key.columns, tuple) and column in key.columns]


def _referencing_column(work: Work, table: TableName, column: str | Unknown) -> list[TableName]:
    """The other tables with a foreign key to a column."""
    known = work.known.table(table)
    primary = [c.columns for c in known.constraints if isinstance(c, PrimaryKey)] if known is not None else []
    found = []
    for child in work.known.tables.values():
        for key in child.constraints:
            if isinstance(key, ForeignKey) and key.target == table and child.name != table:
                targets = key.target_columns or (primary[0] if primary else ())
                if isinstance(targets, tuple) and column in targets:
                    found.append(child.name)
    return found


def touching(table: Table, column: str | Unknown) -> list[str]:
    """The indexes of a table that name a column."""
    found: list[str | Unknown | None] = []
    for index in table.indexes:
        keys = index.keys if isinstance(index.keys, tuple) else ()
        include = index.include if isinstance(index.include, tuple) else ()
        named = {key.column for key in keys} | {c for key in keys for c in key.columns or ()} | set(include)
        if column in named | set(index.where_columns or ()):
            found.append(index.name)
    for constraint in table.constraints:
        columns = getattr(constraint, "columns", None)
        if isinstance(columns, tuple) and column in columns:
            found.append(index_of(table.name, constraint))
    return [name for name in found if isinstance(name, str)]


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
    if default is None and isinstance(operation.column, str):
        _drop_identity(work, operation.table, operation.column)
    if default is None or isinstance(default, Unknown):
        return
    if default.kind == "identity" and isinstance(operation.table.name, str) and isinstance(operation.column, str):
        work.lock_sequence(operation.table, operation.column, AE)
    if default.kind == "generated":
        work.rewrite(operation.table)


def _drop_identity(work: Work, table: TableName, column: str) -> None:
    """The sequence of an identity goes with it."""
    known = work.known.table(table)
    found = known.column(column) if known is not None else None
    if found is not None and found.default is not None and found.default.kind == "identity":
        work.lock_sequence(table, column, AE)
