"""Operations: what a migration does to the database, one struct per kind, as plain immutable data.

One call may be several operations: `op.add_column` with `index=True` is an `AddColumn` and a `CreateIndex`. All operations of a
function stand in one flat list in the order in which Postgres sees them; where they stand in branches is said by `Site.arms`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import Column, Constraint, Default, Flag, Index, Text
from sqla_lsp.schema.types import PgType
from sqla_lsp.text.places import Place


class Transaction(msgspec.Struct, frozen=True, array_like=True):
    """Where a statement stands with regard to transactions.

    `number` counts the segments of the function from 0: two operations with the same number share a transaction (or an
    autocommit block). `autocommit` is None where it cannot be told. `means` says by what: "" (the migration's own
    transaction), "block" (autocommit_block), "commit" (COMMIT was executed), "connection" (isolation_level AUTOCOMMIT).
    `in_batch` is true where an autocommit block stands inside the batch_alter_table whose operations are flushed after it.
    """

    number: int = 0
    autocommit: bool | None = False
    means: Literal["", "block", "commit", "connection"] = ""
    in_batch: bool = False


class Site(msgspec.Struct, frozen=True, array_like=True):
    """Where an operation comes from.

    `place` is the call's expression, `statement` the simple statement that it is part of. `calls` are the calls of the
    project's own functions that lead to it, outermost first. `source` is the function as written ("op.create_index",
    "batch_op.add_column", "op.execute", "connection.execute", ...); `emitted_by` says which part of it makes this operation
    where it is not the call itself ("index=True", "unique=True", "ForeignKey", "CheckConstraint", "primary_key=True", "Index").
    `arms` are the branches around it, outermost first, as pairs of branch number and arm. `round` counts the rounds of the
    loops around it; `body` is true for a statement of a DO block; `sql` is the text of the statement for raw SQL.
    """

    place: Place
    statement: Place
    source: str
    emitted_by: str = ""
    transaction: Transaction = Transaction()
    calls: tuple[Place, ...] = ()
    arms: tuple[tuple[int, int], ...] = ()
    round: int = 0
    body: bool = False
    sql: str | None = None


class Operation(msgspec.Struct, frozen=True, array_like=True, tag=True):
    site: Site


class CreateTable(Operation, frozen=True):
    """CREATE TABLE with what stands inside it. Indexes of the table are `CreateIndex` operations that follow."""

    table: TableName
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    if_not_exists: Flag = False
    temporary: bool = False
    partitioned: bool = False
    partition_of: TableName | None = None
    complete: bool = True
    """False where some of its elements could not be read (`*columns` of unknown value, CREATE TABLE AS, LIKE)."""
    reads: tuple[TableName, ...] = ()
    """What the query of a materialized view reads."""


class DropTable(Operation, frozen=True):
    table: TableName
    if_exists: Flag = False


class RenameTable(Operation, frozen=True):
    table: TableName
    to: str | Unknown


class MoveTable(Operation, frozen=True):
    """ALTER TABLE ... SET SCHEMA."""

    table: TableName
    schema: str | Unknown


class AddColumn(Operation, frozen=True):
    """ADD COLUMN alone: constraints and indexes that the same call emits are operations of their own, behind it."""

    table: TableName
    column: Column
    if_not_exists: Flag = False


class DropColumn(Operation, frozen=True):
    table: TableName
    column: str | Unknown
    if_exists: Flag = False


class RenameColumn(Operation, frozen=True):
    table: TableName
    column: str | Unknown
    to: str | Unknown


class AlterType(Operation, frozen=True):
    """ALTER COLUMN ... TYPE. `existing` is None where the call says nothing of the old type. `nullable` is what the same
    call says of NULL (None: nothing)."""

    table: TableName
    column: str | Unknown
    to: PgType | Unknown
    existing: PgType | Unknown | None = None
    using: Text = None
    nullable: bool | Unknown | None = None


class SetNullable(Operation, frozen=True):
    table: TableName
    column: str | Unknown
    nullable: bool | Unknown


class SetDefault(Operation, frozen=True):
    table: TableName
    column: str | Unknown
    default: Default | Unknown | None


class CreateIndex(Operation, frozen=True):
    table: TableName
    index: Index
    concurrently: Flag = False
    if_not_exists: Flag = False
    only: bool = False
    """CREATE INDEX ... ON ONLY a partitioned table."""
    mistake: str | None = None
    """An argument that no release accepts: the call fails."""


class DropIndex(Operation, frozen=True):
    """`table` is None where the statement does not name it."""

    name: str | Unknown
    schema: Text = None
    table: TableName | None = None
    concurrently: Flag = False
    if_exists: Flag = False
    cascade: bool = False
    mistake: str | None = None


class RenameIndex(Operation, frozen=True):
    name: str | Unknown
    to: str | Unknown
    schema: Text = None


class AttachIndex(Operation, frozen=True):
    """ALTER INDEX ... ATTACH PARTITION."""

    name: str | Unknown
    schema: Text = None


class Reindex(Operation, frozen=True):
    kind: Literal["index", "table", "schema", "database", "system"]
    name: str | Unknown
    schema: Text = None
    concurrently: Flag = False


class AddConstraint(Operation, frozen=True):
    """ADD CONSTRAINT. `constraint.validated` is False for NOT VALID. `mistake` names an argument that no release accepts
    as meant ("postgresql_using_index", "not_valid"). `scan` is False where Postgres is known to skip the scan (a FOREIGN KEY
    inside ADD COLUMN of a nullable column without a default)."""

    table: TableName
    constraint: Constraint
    mistake: str | None = None
    scan: Flag = True
    inline: bool = False
    """Part of ADD COLUMN itself, not a statement of its own."""


class ValidateConstraint(Operation, frozen=True):
    table: TableName
    name: str | Unknown


class DropConstraint(Operation, frozen=True):
    """`kind` is "unique", "primary", "foreign", "check" or None where it is not said."""

    table: TableName
    name: Text
    kind: str | None = None
    if_exists: Flag = False
    cascade: bool = False


class RenameConstraint(Operation, frozen=True):
    table: TableName
    name: str | Unknown
    to: str | Unknown


class AttachPartition(Operation, frozen=True):
    table: TableName
    partition: TableName
    detach: bool = False


class CreateType(Operation, frozen=True):
    """CREATE TYPE ... AS ENUM, CREATE DOMAIN, and what `Enum(...).create(bind)` emits."""

    made: PgType


class DropType(Operation, frozen=True):
    name: str | Unknown


class Setting(Operation, frozen=True):
    """SET [LOCAL] name = value; value None for RESET."""

    name: str
    value: Text
    local: bool = False


class OtherStatement(Operation, frozen=True):
    """A statement that is read and changes nothing that we model (INSERT, UPDATE, COMMENT, GRANT, ...). `tables` are
    the relations that it names where that is known."""

    kind: str
    tables: tuple[TableName, ...] = ()


class NotKnown(Operation, frozen=True):
    """An operation whose meaning cannot be told statically. `reason` is a phrase for people."""

    reason: str


AnyOperation = (
    CreateTable
    | DropTable
    | RenameTable
    | MoveTable
    | AddColumn
    | DropColumn
    | RenameColumn
    | AlterType
    | SetNullable
    | SetDefault
    | CreateIndex
    | DropIndex
    | RenameIndex
    | AttachIndex
    | Reindex
    | AddConstraint
    | ValidateConstraint
    | DropConstraint
    | RenameConstraint
    | AttachPartition
    | CreateType
    | DropType
    | Setting
    | OtherStatement
    | NotKnown
)


class Script(msgspec.Struct, frozen=True, array_like=True):
    """The operations of one function, in order. `start` and `end` are the byte offsets of the function in its file."""

    operations: tuple[AnyOperation, ...] = ()
    start: int = 0
    end: int = 0


def is_known(operation: AnyOperation) -> bool:
    """Whether an operation is known statically: what it does, and to which table."""
    if isinstance(operation, NotKnown):
        return False
    table = getattr(operation, "table", None)
    return table is None or table.known
