"""What a table is made of, while it is read: shared by all that declares something of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from sqla_lsp.postgres.naming import Convention
from sqla_lsp.readers.columns import ReadColumn
from sqla_lsp.readers.constraints import target_of
from sqla_lsp.schema.models import ModelColumn, ModelConstraint, ModelIndex
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.tables import ForeignKey
from sqla_lsp.syntax import code
from sqla_lsp.syntax.values import CallValue, Member, Value
from sqla_lsp.text.places import Place

COLUMNS = frozenset({"Column", "mapped_column"})
COLLECTIONS = ("c", "columns")
"""Attributes of a table that hold its columns."""


@dataclass(frozen=True)
class MetaOptions:
    """What a `MetaData` says of its tables."""

    convention: Convention = field(default_factory=dict)
    schema: str | Unknown | None = None


OWN = "\0"
"""In the target of a foreign key, the table at hand."""


@dataclass
class Parts:
    """What a table is made of, as it is read. `names` gives the columns by the identity of the calls that make them, and `calls`
    keeps these."""

    columns: list[ModelColumn] = field(default_factory=list)
    indexes: list[ModelIndex] = field(default_factory=list)
    constraints: list[ModelConstraint] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    calls: list[CallValue] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    reads: dict[str, ReadColumn] = field(default_factory=dict)
    """What the calls of columns say, by their names in the database."""
    complete: bool = True


Refer = Callable[[Value, code.Expression | None, dict[int, str]], str | None]
"""Names the column that a foreign key is given as an object: "schema.table.column"."""


def in_columns(value: Value) -> tuple[Value, str] | None:
    """What holds the column, and its name, of `users.c.email` or `users.columns["email"]`; None for every other value."""
    if isinstance(value, Member) and isinstance(value.base, Member) and value.base.name in COLLECTIONS:
        return value.base.base, value.name.strip("[]")
    return None


def argument_node(call: CallValue, at: int) -> code.Expression | None:
    node = call.node
    return node.arguments[at].value if node is not None and len(node.arguments) > at else None


def foreign_key_to(foreign: ForeignKey, *texts: str) -> ForeignKey:
    """A foreign key to columns of one table, which are named in full."""
    targets = [target_of(text) for text in texts]
    columns = tuple([column for _, column in targets if isinstance(column, str)])
    return replace(foreign, target=targets[0][0], target_columns=columns)


def within(place: Place, around: Place) -> bool:
    return around.start <= place.start and place.end <= around.end


def shown(place: Place, statement: Place) -> Place:
    """A place in the statement, else the statement: what a helper makes is shown where it is called."""
    return place if place.path == statement.path and within(place, statement) else statement
