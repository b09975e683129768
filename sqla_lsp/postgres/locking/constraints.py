"""What statements about constraints lock and scan."""

from __future__ import annotations

from sqla_lsp.postgres.locking.work import AE, SRE, SUE, Work, index_of, referencing
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import Check, Constraint, Exclude, ForeignKey, PrimaryKey, Unique


def add_constraint(work: Work, added: ops.AddConstraint) -> None:
    table, constraint = added.table, added.constraint
    match constraint:
        case ForeignKey(target=target):
            work.lock(table, AE if added.inline else SRE)
            work.lock(target, SRE)
            if constraint.validated is not False and added.scan is not False:
                work.read_by_query(table)
                work.read_by_query(target)
        case Check():
            work.lock(table, AE)
            if constraint.validated is not False:
                work.scan(table)
        case Unique(index=str(index)) | PrimaryKey(index=str(index)):
            work.lock(table, AE)
            work.lock_beside(table, index, SUE)
            if isinstance(constraint, PrimaryKey) and _has_nullable(work, table, index):
                work.scan(table)
        case _:
            work.lock(table, AE)
            work.build(table, index_of(table, constraint))


def _has_nullable(work: Work, table: TableName, index: str) -> bool:
    """Whether an index has a column that may be NULL, or nothing is known of it."""
    known = work.known.table(table)
    found = known.index(index) if known is not None else None
    if known is None or found is None or isinstance(found.keys, Unknown):
        return True
    columns = [known.column(key.column) if isinstance(key.column, str) else None for key in found.keys]
    return any(column is None or column.nullable is not False for column in columns)


def validate(work: Work, validated: ops.ValidateConstraint) -> None:
    work.lock(validated.table, SUE)
    constraint = _constraint(work, validated.table, validated.name)
    if isinstance(constraint, ForeignKey):
        work.lock(constraint.target, "ROW SHARE")
        work.read_by_query(validated.table)
        work.read_by_query(constraint.target)
        return
    work.scan(validated.table)
    if constraint is None:
        work.taking.not_known("whether the constraint is a foreign key, and of which table, is not known", work=False)


def _constraint(work: Work, table: TableName, name: object) -> Constraint | None:
    known = work.known.table(table)
    return known.constraint(name) if known is not None and isinstance(name, str) else None


def drop_constraint(work: Work, dropped: ops.DropConstraint) -> None:
    work.lock(dropped.table, AE)
    constraint = _constraint(work, dropped.table, dropped.name)
    name = None if constraint is None else index_of(dropped.table, constraint)
    if name is not None:
        work.lock_beside(dropped.table, name, AE)
    if isinstance(constraint, ForeignKey):
        work.lock(constraint.target, AE)
    elif constraint is None and dropped.kind in (None, "foreign"):
        work.taking.not_known("where it is a foreign key, the table that it names is locked ACCESS EXCLUSIVE too", work=False)
    if dropped.cascade and isinstance(constraint, PrimaryKey | Unique):
        for child in referencing(work, dropped.table):
            work.lock(child, AE)


def rename_constraint(work: Work, renamed: ops.RenameConstraint) -> None:
    work.lock(renamed.table, AE)
    constraint = _constraint(work, renamed.table, renamed.name)
    if isinstance(constraint, PrimaryKey | Unique | Exclude) and isinstance(renamed.name, str):
        work.lock_beside(renamed.table, renamed.name, SUE)
