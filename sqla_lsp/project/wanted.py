"""The indexes that a query asks for: on which table, with which keys. What a query asks for next, once it has the first, is asked
for too: an OR needs one for each branch, a join one for each table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqla_lsp.postgres.index_use import (
    EQUALITY,
    RANGES,
    conjunctions,
    has_servable,
    is_candidate,
    is_immutable,
    judge,
    sorts,
)
from sqla_lsp.project.catalog import QueryTable, ResolvedQuery
from sqla_lsp.project.use import is_outer_driven, ways_into
from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.models import ModelColumn
from sqla_lsp.schema.predicates import Atom, Order
from sqla_lsp.schema.tables import Index, Key
from sqla_lsp.schema.types import PgType
from sqla_lsp.text.places import Place

_MOST = 6
_PATTERN_OPS = {"text": "text_pattern_ops", "varchar": "text_pattern_ops", "char": "bpchar_pattern_ops"}

Ways = Sequence[tuple[AccessPath, ...] | None]


@dataclass(frozen=True)
class Asking:
    """What an index may be asked for: `is_small` says that nobody waits for a table, `limit` how many keys one may have."""

    is_small: Callable[[QueryTable], bool]
    limit: int

    def may_ask(self, table: QueryTable | None, column: str | None) -> bool:
        """Whether an index may be asked for on a table and column; a `column` None stands for an expression."""
        if table is None or self.is_small(table) or not table.entry.models:
            return False
        found = column_of(table, column)
        if column is None:
            return True
        if found is None:
            return False
        known = found[1].column.type
        return not (isinstance(known, PgType) and (known.name in _NO_BTREE and not known.dimensions))


_NO_BTREE = ("json", "jsonb", "hstore", "tsvector", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle")


@dataclass(frozen=True)
class Wanted:
    """An index that a query asks for. The first of its keys is enough; the others are what else the query says of the table in
    the same AND: what it binds by equality, then one range or the order of its rows. `place` is the condition, or the key of
    ORDER BY."""

    table: QueryTable
    keys: tuple[Key, ...]
    place: Place


def wanted(forms: Sequence[ResolvedQuery], asking: Asking) -> tuple[Wanted, ...]:
    """All indexes that a query asks for, in all forms that it may take. With the first keys of all of them it asks for none."""
    found: list[Wanted] = []
    for form in forms:
        for _ in range(_MOST):
            one = _next(form, found, asking)
            if one is None:
                break
            found.append(one)
    return tuple(found)


def _next(query: ResolvedQuery, found: Sequence[Wanted], asking: Asking) -> Wanted | None:
    """What a query asks for, where it has some indexes already."""
    paths = [_with(table, found) for table in query.tables]
    atoms = asked(query, paths, asking)
    if atoms:
        best = min(atoms, key=rank)
        table = query.tables[best.table]
        assert table is not None
        return Wanted(table, keys_for(query, best, asking), best.place)
    order = unsorted(query, paths, asking)
    table = query.tables[0] if order is not None else None
    return Wanted(table, (key_of_order(order),), order.place) if order is not None and table is not None else None


def _with(table: QueryTable | None, found: Sequence[Wanted]) -> tuple[AccessPath, ...] | None:
    ways = ways_into(table)
    if table is None or ways is None:
        return None
    more = [AccessPath(Index(None, one.keys[:1])) for one in found if one.table.entry is table.entry]
    return (*ways, *more)


# --------------------------------------------------------------------------------------------------------------- conditions


def asked(query: ResolvedQuery, paths: Ways, asking: Asking) -> list[Atom]:
    """The conditions for which an index may be asked; none where the query is served."""
    return [
        atom
        for number, verdict in enumerate(judge(query.tree, paths, outer=is_outer_driven(query)))
        if verdict.served is False
        for atom in verdict.candidates
        if asking.may_ask(query.tables[number], atom.column)
    ]


def rank(atom: Atom) -> tuple[bool, int, int]:
    """Which condition comes first: one with a value of its own before a join, equality before lists, ranges and prefixes."""
    order = ("=", "in", "null", *RANGES, "prefix")
    kind = order.index("<") if atom.operator in RANGES else order.index(atom.operator)
    return bool(atom.depends) or atom.outer, kind, atom.place.start


def column_of(table: QueryTable, name: str | None) -> tuple[str, ModelColumn] | None:
    """A column of the table with the file of its declaration: by the model of the query, else by another one of the table."""
    for mapped in (table.mapped, *table.entry.models):
        columns = [column for column in mapped.model.columns if column.column.name == name]
        column = mapped.model.column(name) if name is not None else None
        if column is None:
            column = next((column for column in columns if column.table in (None, table.entry.name)), None)
        if column is not None:
            return mapped.path, column
    return None


def keys_for(query: ResolvedQuery, best: Atom, asking: Asking) -> tuple[Key, ...]:
    """The keys of an index for a condition and all that hold together with it."""
    table = query.tables[best.table]
    assert table is not None
    if best.operator == "prefix":
        columns = best.columns if best.column is None else None
        return (Key(best.column, best.expression, columns, opclass=_pattern_ops(table, best.column)),)
    if best.column is None:
        return (Key(None, best.expression, best.columns),)
    return tuple([Key(column) for column in _together(query, table, best, asking)])


def _pattern_ops(table: QueryTable, column: str | None) -> str:
    """The operator class that serves LIKE 'x%' on a column."""
    found = column_of(table, column)
    known = found[1].column.type if found is not None else None
    return _PATTERN_OPS.get(known.name if isinstance(known, PgType) else "text", "text_pattern_ops")


def _together(query: ResolvedQuery, table: QueryTable, best: Atom, asking: Asking) -> list[str]:
    """The columns of an index for all conditions that hold together with one: those that are bound by equality first, then one
    that has a range or gives the order; no more than an index may have."""
    group = next((atoms for atoms in conjunctions(query.tree) if best in atoms), (best,))
    own = [atom for atom in group if atom.table == best.table and atom.column is not None and is_candidate(atom)]
    plain = [atom for atom in own if bool(atom.depends or atom.outer) <= bool(best.depends or best.outer)]
    equal = [atom.column for atom in [best, *plain] if atom.operator in EQUALITY]
    ranges = [atom.column for atom in [best, *plain] if atom.operator in RANGES]
    if not ranges and query.limited and query.order:
        first = query.order[0]
        ranges = [first.column] if first.table == best.table else []
    columns = list(dict.fromkeys(column for column in [*equal, *ranges[:1]] if column is not None))
    allowed = [column for column in columns if column == best.column or asking.may_ask(table, column)]
    return allowed[: max(1, asking.limit)]


# -------------------------------------------------------------------------------------------------------------------- order


def unsorted(query: ResolvedQuery, paths: Ways, asking: Asking) -> Order | None:
    """The first key of ORDER BY with LIMIT on one table, without a condition that an index may serve, where none gives the rows
    in that order."""
    table = query.tables[0] if len(query.tables) == 1 else None
    ways = paths[0] if table is not None else None
    if table is None or ways is None or has_servable(query.tree) or query.reduced or not query.limited or not query.order:
        return None
    first = query.order[0]
    if first.table != 0 or not _may_sort(table, first, asking) or sorts(query.order, query.tree, ways) is not False:
        return None
    return first


def _may_sort(table: QueryTable, order: Order, asking: Asking) -> bool:
    if order.column is None:
        return is_immutable(order.expression) and asking.may_ask(table, None)
    found = column_of(table, order.column)
    known = found[1].column.type if found is not None else None
    few = found is not None and (found[1].is_enum or (isinstance(known, PgType) and known.name == "boolean"))
    return asking.may_ask(table, order.column) and not few


def key_of_order(order: Order) -> Key:
    """The key that gives an order: a plain one, read forwards or backwards, where that does."""
    if order.descending == order.nulls_first:
        return Key(order.column, order.expression)
    return Key(order.column, order.expression, None, order.descending, order.nulls_first)
