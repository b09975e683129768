"""Predicates of a query after its names were resolved: what is asked of the columns of its tables, as Postgres will see it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sqla_lsp.schema.queries import Constant, Operator
from sqla_lsp.text.places import Place


class Atom(msgspec.Struct, frozen=True, array_like=True):
    """`left operator value` on one table of the query, the column on the left.

    `table` is the number of the table in its query. `column` is the name in the database; where the left side is an
    expression, `column` is None and `expression` its SQL as Postgres's parser writes it (the form of `Key.expression`), or None
    where that is not known. `columns` are the columns in it. `values` are what it is compared with: constants, or None for
    what is bound when the query runs; `untold` says that one of these is a name of which nothing is known, and that may be
    a constant. `bytewise` says that the column is collated by its bytes. `depends` are the other tables of the query that the
    value comes from: an atom with none of them is bound by itself, `a.id == b.a_id` is bound by table b. `outer` says that the
    value comes from a query around it, `other` is the column of that table, or of that query, where the value is one. `silent` is
    true for booleans and enums: an index on them alone rarely helps, and none is asked for. `place` is the comparison in the
    source.
    """

    table: int
    column: str | None
    operator: Operator
    place: Place
    expression: str | None = None
    columns: tuple[str, ...] = ()
    values: tuple[Constant | None, ...] = ()
    depends: frozenset[int] = frozenset()
    outer: bool = False
    silent: bool = False
    untold: bool = False
    bytewise: bool = False
    other: str | None = None


class All(msgspec.Struct, frozen=True, array_like=True):
    """AND."""

    parts: tuple[Tree, ...]


class Any(msgspec.Struct, frozen=True, array_like=True):
    """OR."""

    parts: tuple[Tree, ...]


class NotServable(msgspec.Struct, frozen=True, array_like=True):
    """A condition that no btree index can serve."""


class NotKnown(msgspec.Struct, frozen=True, array_like=True):
    """A condition of which nothing is known: it may be one that an index serves."""


Tree = Atom | All | Any | NotServable | NotKnown
"""NOT is gone: it was pushed down to the atoms."""


def atoms(tree: Tree) -> Iterator[Atom]:
    """All comparisons in a tree."""
    match tree:
        case Atom():
            yield tree
        case All(parts) | Any(parts):
            for part in parts:
                yield from atoms(part)
        case _:
            pass


class Order(msgspec.Struct, frozen=True, array_like=True):
    """A key of ORDER BY on a table of the query."""

    table: int
    column: str | None
    expression: str | None
    descending: bool
    nulls_first: bool
    place: Place
