"""What statements about indexes lock and build."""

from __future__ import annotations

from sqla_lsp.postgres.identifiers import default_name
from sqla_lsp.postgres.locking.modes import Mode
from sqla_lsp.postgres.locking.work import AE, SUE, Work
from sqla_lsp.postgres.naming import index_name
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.names import TableName, Unknown


def create_index(work: Work, created: ops.CreateIndex) -> None:
    name = index_name(created.table, created.index, {}, is_sql=True) if created.index.name is None else created.index.name
    mode: Mode = SUE if created.concurrently is True else "SHARE"
    if created.if_not_exists is True and isinstance(name, str) and _exists(work, created.table, name):
        work.lock(created.table, mode)
        return
    if created.concurrently is True:
        work.lock(created.table, SUE)
        work.scan(created.table)
        if isinstance(name, str):
            work.taking.build(work.beside(created.table, name))
        return
    work.lock(created.table, "SHARE")
    if isinstance(created.concurrently, Unknown):
        work.taking.not_known("whether it is concurrent is not known", work=False)
    if created.only:
        if isinstance(name, str):
            work.lock_beside(created.table, name, AE)
            work.taking.make(work.beside(created.table, name))
        return
    work.build(created.table, name)


def _exists(work: Work, table: TableName, name: str) -> bool:
    """Whether an index of this name is known to be there."""
    schema = table.schema if isinstance(table.schema, str) else None
    return work.known.index(name, schema, table) is not None


def drop_index(work: Work, dropped: ops.DropIndex) -> None:
    where = dropped.schema if isinstance(dropped.schema, str) else None
    known = work.known.index(dropped.name, where, dropped.table) if isinstance(dropped.name, str) else None
    table = dropped.table if known is None else known[0].name
    mode = SUE if dropped.concurrently is True else AE
    if dropped.concurrently is True:
        work.taking.lasts("others")
    if table is not None:
        work.lock(table, mode)
    else:
        work.taking.not_known("the table of the index is locked too", work=False)
    schema = table.schema if table is not None and dropped.schema is None else dropped.schema
    work.lock(TableName(dropped.name, schema), mode, table)


def rename_index(work: Work, renamed: ops.RenameIndex) -> None:
    work.lock(TableName(renamed.name, renamed.schema), SUE)


def attach_index(work: Work, attached: ops.AttachIndex) -> None:
    work.lock(TableName(attached.name, attached.schema), SUE)
    work.taking.not_known("the partition's index and table are locked too", work=False)


def reindex(work: Work, reindexed: ops.Reindex) -> None:
    name = TableName(reindexed.name, reindexed.schema)
    if reindexed.kind not in ("index", "table") or isinstance(reindexed.name, Unknown):
        work.taking.not_known("all tables that it meets are locked")
        return
    schema = reindexed.schema if isinstance(reindexed.schema, str) else None
    known = work.known.index(reindexed.name, schema, None) if reindexed.kind == "index" else None
    table = name if reindexed.kind == "table" else None if known is None else known[0].name
    indexes = work.indexes(name) if reindexed.kind == "table" else [reindexed.name]
    beside = table or name
    if table is None:
        work.taking.not_known("the table of the index is locked too", work=False)
    else:
        work.lock(table, SUE if reindexed.concurrently is True else "SHARE")
        work.scan(table)
    for index in indexes:
        work.lock_beside(beside, index, SUE if reindexed.concurrently is True else AE)
        if reindexed.concurrently is True:
            work.taking.build(work.beside(beside, index))
            work.lock_beside(beside, default_name(index, (), "ccnew"), SUE)
        else:
            work.taking.rewrite(work.beside(beside, index))
