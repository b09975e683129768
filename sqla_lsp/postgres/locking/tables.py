"""What statements about whole tables lock."""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from sqla_lsp.postgres.locking.queries import named_in, parsed_statements, query_of, reads_all
from sqla_lsp.postgres.locking.work import AE, SRE, SUE, Work, has_sequence, index_of, referencing
from sqla_lsp.postgres.naming import constraint_name, index_name
from sqla_lsp.postgres.sql_expressions import relation
from sqla_lsp.postgres.sql_text import Holes
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.tables import Check, ForeignKey, PrimaryKey, Unique

_COPIES = re.compile(r"\b(?:like|inherits)\b", re.IGNORECASE)
_WITH_INDEXES = 1 << 6
"""CREATE_TABLE_LIKE_INDEXES, a bit of what INCLUDING says."""


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
    if made.partition_of is not None:
        work.lock(made.partition_of, AE)
        work.taking.not_known("a default partition is locked, and all of it read, too", work=False)
        work.taking.lasts("query")
    if made.site.sql is not None:
        _fill(work, made, made.site.sql)
        _copy(work, made, made.site.sql)


def _fill(work: Work, made: ops.CreateTable, sql: str) -> None:
    """What the query of CREATE TABLE AS, or of a materialized view, reads; WITH NO DATA nothing of it."""
    query = query_of(sql)
    sources = [table for table in named_in(sql) if table != made.table] if query is not None else []
    for source in sources:
        work.lock(source, "ACCESS SHARE")
        if query is not None and query.kind == "create_table_as_stmt" and query.node.into.skip_data:
            continue
        work.lock_indexes(source, "ACCESS SHARE")
        if reads_all(sql):
            work.scan(source)


def _copy(work: Work, made: ops.CreateTable, sql: str) -> None:
    """What LIKE and INHERITS name."""
    for parsed in parsed_statements(sql) if _COPIES.search(sql) else ():
        if parsed.kind != "create_stmt":
            continue
        for item in parsed.node.table_elts:
            if item.WhichOneof("node") == "table_like_clause":
                _like(work, made.table, item.table_like_clause)
        for item in parsed.node.inh_relations if not parsed.node.HasField("partbound") else ():
            work.lock(relation(item.range_var, Holes()), SUE)


def _like(work: Work, table: TableName, clause: Any) -> None:
    source = relation(clause.relation, Holes())
    work.lock(source, "ACCESS SHARE")
    if not clause.options & _WITH_INDEXES:
        return
    known = work.known.table(source)
    if known is None:
        work.taking.not_known("the indexes that it copies are built", work=False)
        return
    for constraint in known.constraints:
        if isinstance(constraint, PrimaryKey | Unique):
            name = constraint_name(table, replace(constraint, name=None), {})
            if isinstance(name, str):
                work.lock_beside(table, name, AE)
    for index in known.indexes:
        name = index_name(table, replace(index, name=None), {}, is_sql=True)
        if isinstance(name, str):
            work.lock_beside(table, name, AE)


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
        _check_bound(work, attached)
    work.taking.not_known("a default partition is locked too", work=False)


def _check_bound(work: Work, attached: ops.AttachPartition) -> None:
    """The rows are read, unless CHECK constraints prove that all of them belong there."""
    partition = work.known.table(attached.partition)
    constraints = partition.constraints if partition is not None else ()
    if any(isinstance(constraint, Check) and constraint.validated is not False for constraint in constraints):
        work.taking.not_known(f"{attached.partition} is read, unless its CHECK constraints prove the bound")
    else:
        work.scan(attached.partition)
