"""What a statement locks, rewrites and scans: measured on Postgres 15, 16 and 18 (POSTGRES.md 3 and the tables beside the tests).

A pure function of the statement's operations, of what is known of the schema before it, and of the version. Locks are those that
are held when the statement ends in its transaction; of the concurrent forms those that they hold while they wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqla_lsp.postgres.locking import columns, constraints, indexes, tables
from sqla_lsp.postgres.locking.modes import Effect
from sqla_lsp.postgres.locking.other import drop_type, other
from sqla_lsp.postgres.locking.work import Known, Work
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.operations import AnyOperation


def effect(operations: Sequence[AnyOperation], known: Known, version: int) -> Effect:
    """What a statement that means these operations does, on Postgres `version`."""
    work = Work(known, version)
    for operation in operations:
        _HANDLERS[type(operation)](work, operation)
    return work.taking.effect()


def _nothing(work: Work, operation: AnyOperation) -> None:
    """No relation is locked that anybody else may use."""


def _not_known(work: Work, operation: ops.NotKnown) -> None:
    work.taking.not_known(operation.reason)


_HANDLERS: dict[type[Any], Callable[[Work, Any], None]] = {
    ops.CreateTable: tables.create_table,
    ops.DropTable: tables.drop_table,
    ops.RenameTable: tables.table,
    ops.MoveTable: tables.move_table,
    ops.AttachPartition: tables.attach_partition,
    ops.AddColumn: columns.add_column,
    ops.DropColumn: columns.drop_column,
    ops.RenameColumn: tables.table,
    ops.AlterType: columns.alter_type,
    ops.SetNullable: columns.set_nullable,
    ops.SetDefault: columns.set_default,
    ops.CreateIndex: indexes.create_index,
    ops.DropIndex: indexes.drop_index,
    ops.RenameIndex: indexes.rename_index,
    ops.AttachIndex: indexes.attach_index,
    ops.Reindex: indexes.reindex,
    ops.AddConstraint: constraints.add_constraint,
    ops.ValidateConstraint: constraints.validate,
    ops.DropConstraint: constraints.drop_constraint,
    ops.RenameConstraint: constraints.rename_constraint,
    ops.CreateType: _nothing,
    ops.DropType: drop_type,
    ops.Setting: _nothing,
    ops.OtherStatement: other,
    ops.NotKnown: _not_known,
}
