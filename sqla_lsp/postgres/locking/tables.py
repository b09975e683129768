"""What statements about whole tables lock."""

from __future__ import annotations

from typing import Any

from sqla_lsp.postgres.locking.rows import is_query, is_run, named_in, parents_in
from sqla_lsp.postgres.locking.work import AE, SRE, SUE, Work, has_sequence, index_of, referencing
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.tables import ForeignKey


def create_table(work: Work, made: ops.CreateTable) -> None:
    if made.if_not_exists is True and work.known.table(made.table) is not None:
        return
    work.lock(made.table, AE)
    for column in made.columns:
        if has_sequence(column) and isinstance(column.name, str):
            work.lock_sequence(made.table, column.name, AE)
    for constraint in made.constraints:
        name = index_of(made.table, constraint)
        if name is not None:
            work.lock_beside(made.table, name, AE)
            work.taking.build(work.beside(made.table, name))
        if isinstance(constraint, ForeignKey) and constraint.target != made.table:
            work.lock(constraint.target, SRE)
    for parent in parents_in(made.site.sql or "") if made.partition_of is None else ():
        work.lock(parent, SUE)
    if made.partition_of is not None:
        work.lock(made.partition_of, AE)
        work.taking.not_known("a default partition is locked, and all of it read, too", work=False)
        work.taking.lasts("query")
    if made.site.sql is not None and is_query(made.site.sql):
        for source in named_in(made.site.sql):
            if source == made.table:
                continue
            work.lock(source, "ACCESS SHARE")
            if is_run(made.site.sql):
                work.read_by_query(source)


def drop_table(work: Work, dropped: ops.DropTable) -> None:
    known = work.known.table(dropped.table)
    work.drop_dependents(dropped.site.sql)
    if known is None and dropped.if_exists is True:
        work.lock(dropped.table, AE)
        return
    work.lock(dropped.table, AE)
    for constraint in known.constraints if known is not None else ():
        if isinstance(constraint, ForeignKey):
            work.lock(constraint.target, AE)
    if known is None:
        work.taking.not_known("the tables that its foreign keys name are locked too", work=False)
    for child in referencing(work, dropped.table):
        work.lock(child, AE)
    work.lock_indexes(dropped.table, AE)
    work.lock_sequences(dropped.table, AE)


def move_table(work: Work, moved: ops.MoveTable) -> None:
    """SET SCHEMA takes the table's own sequences along."""
    work.lock(moved.table, AE)
    work.lock_sequences(moved.table, AE)


def table(work: Work, operation: Any) -> None:
    work.lock(operation.table, AE)


def attach_partition(work: Work, attached: ops.AttachPartition) -> None:
    work.lock(attached.table, AE if attached.detach else SUE)
    work.lock(attached.partition, AE)
    if not attached.detach:
        work.scan(attached.partition)
    work.taking.not_known("a default partition is locked too", work=False)
