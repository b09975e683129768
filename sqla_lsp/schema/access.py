"""Ways into a table: everything that has an index behind it, whoever declares it."""

from __future__ import annotations

from typing import Literal

import msgspec

from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.tables import Flag, Index, Key, PrimaryKey, Table, Unique
from sqla_lsp.text.places import Place

Origin = Literal["primary key", "unique constraint", "index"]


class AccessPath(msgspec.Struct, frozen=True, array_like=True):
    """An index, or the index behind a primary key or unique constraint (then `index` is unique, btree, and has the constraint's
    name and columns). `place` and `statement` are its declaration with the file's path, None where the history of migrations
    alone knows it. `written` is how it is declared: "Index", "index=True", "unique=True", "primary_key=True",
    "UniqueConstraint", ...; "" in the history. `deferrable` is that of the constraint: an index that checks later can stand in
    for none that checks at once."""

    index: Index
    origin: Origin = "index"
    place: Place | None = None
    statement: Place | None = None
    written: str = ""
    deferrable: Flag = False


def path_of_constraint(
    constraint: Unique | PrimaryKey, place: Place | None = None, statement: Place | None = None, written: str = ""
) -> AccessPath:
    """The index behind a unique constraint or primary key."""
    columns = constraint.columns
    keys = columns if isinstance(columns, Unknown) else tuple([Key(column) for column in columns])
    if isinstance(constraint, PrimaryKey):
        return AccessPath(Index(constraint.name, keys, True), "primary key", place, statement, written)
    index = Index(constraint.name, keys, True, include=constraint.include, nulls_not_distinct=constraint.nulls_not_distinct)
    return AccessPath(index, "unique constraint", place, statement, written, constraint.deferrable)


def paths_of(table: Table) -> tuple[AccessPath, ...]:
    """The ways into a table as migrations leave it: those of its constraints, then its indexes, each in the order of making."""
    constraints = [path_of_constraint(found) for found in table.constraints if isinstance(found, Unique | PrimaryKey)]
    return (*constraints, *[AccessPath(index) for index in table.indexes])
