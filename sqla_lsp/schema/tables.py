"""Tables, columns, indexes and constraints: what a database holds, as plain immutable data.

Names are Postgres's own (after folding and cutting at 63 bytes). None means "not given", `Unknown` "cannot be told".
"""

from __future__ import annotations

from typing import Literal

import msgspec

from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.types import PgType

Text = str | None | Unknown
Flag = bool | Unknown


class Default(msgspec.Struct, frozen=True, omit_defaults=True, tag="default", tag_field="is"):
    """A server default, as SQL. `kind` tells a plain DEFAULT from an identity and from generated columns."""

    sql: str | Unknown
    kind: Literal["default", "identity", "stored", "virtual", "generated"] = "default"


class Column(msgspec.Struct, frozen=True, array_like=True):
    name: str | Unknown
    type: PgType | Unknown
    nullable: Flag = True
    default: Default | None = None
    comment: Text = None


class Key(msgspec.Struct, frozen=True, array_like=True):
    """One key of an index: a column or an expression (as SQL; two equal expressions have equal text), with its order.
    `nulls_first` is already resolved from the order where nothing was said (DESC: first)."""

    column: str | Unknown | None
    expression: str | Unknown | None = None
    columns: tuple[str, ...] | None = None
    """The columns that an expression names; None where that cannot be told."""
    descending: bool = False
    nulls_first: bool = False
    opclass: Text = None
    collation: Text = None


class Index(msgspec.Struct, frozen=True, array_like=True):
    """An index. `keys` are in order; `where` is the predicate as SQL and `where_columns` the columns that it names."""

    name: Text
    keys: tuple[Key, ...] | Unknown
    unique: Flag = False
    method: str | Unknown = "btree"
    include: tuple[str, ...] | Unknown = ()
    where: Text = None
    where_columns: tuple[str, ...] | None = None
    nulls_not_distinct: Flag = False
    valid: bool = True
    """False after CREATE INDEX ... ON ONLY a partitioned table."""
    stored_otherwise: bool = False
    """Made with WITH or TABLESPACE, which are not told here."""


class Unique(msgspec.Struct, frozen=True, array_like=True, tag="unique"):
    """UNIQUE. `index` is the index that an `ADD ... USING INDEX` named, else None (the constraint makes its own)."""

    name: Text
    columns: tuple[str, ...] | Unknown
    index: Text = None
    include: tuple[str, ...] | Unknown = ()
    deferrable: Flag = False
    initially: Text = None
    nulls_not_distinct: Flag = False


class PrimaryKey(msgspec.Struct, frozen=True, array_like=True, tag="primary"):
    name: Text
    columns: tuple[str, ...] | Unknown
    index: Text = None
    include: tuple[str, ...] | Unknown = ()


class ForeignKey(msgspec.Struct, frozen=True, array_like=True, tag="foreign"):
    name: Text
    columns: tuple[str, ...] | Unknown
    target: TableName
    target_columns: tuple[str, ...] | Unknown = ()
    validated: Flag = True
    options: tuple[tuple[str, str], ...] = ()
    """ondelete, onupdate, deferrable, initially, match: what was given, in this order."""


class Check(msgspec.Struct, frozen=True, array_like=True, tag="check"):
    name: Text
    sql: str | Unknown
    columns: tuple[str, ...] | None = None
    """The columns that the condition names; None where that cannot be told."""
    validated: Flag = True


class Exclude(msgspec.Struct, frozen=True, array_like=True, tag="exclude"):
    name: Text
    sql: str | Unknown = ""


Constraint = Unique | PrimaryKey | ForeignKey | Check | Exclude


class Table(msgspec.Struct, frozen=True):
    """A table as it stands at one point of the history. Columns, indexes and constraints are in the order of their making."""

    name: TableName
    columns: tuple[Column, ...] = ()
    indexes: tuple[Index, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    partitioned: bool = False
    temporary: bool = False
    complete: bool = True
    """False where something was done to the table that could not be read: what is missing may yet exist."""
    reads: tuple[TableName, ...] = ()
    """What the query of a materialized view reads, which is a table as far as its indexes go."""

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.name == name), None)

    def index(self, name: str) -> Index | None:
        return next((i for i in self.indexes if i.name == name), None)

    def constraint(self, name: str) -> Constraint | None:
        return next((c for c in self.constraints if c.name == name), None)
