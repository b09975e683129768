"""What indexes do for the queries of a project: of the models, and of the migrations, whichever has them."""

from __future__ import annotations

from collections.abc import Sequence

from sqla_lsp.postgres.index_use import QueryUse, TableUse, use_of
from sqla_lsp.project.catalog import ColumnUse, ResolvedQuery, TableEntry
from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.predicates import All, Atom, Tree
from sqla_lsp.schema.tables import Key


def ways_into(entry: TableEntry) -> tuple[AccessPath, ...]:
    """All ways into a table. An index that only the history has counts too: the database has it."""
    return entry.access + entry.history_access


def is_known(entry: TableEntry) -> bool:
    """Whether all ways into a table are known: not where a part of its models could not be read."""
    return all(mapped.model.complete for mapped in entry.models)


def use(query: ResolvedQuery) -> QueryUse:
    """What indexes do for a query. Comparisons with a query around it count where that one finds its rows through indexes. A
    table whose models could not be read in full asks for nothing."""
    around = query.outer is not None and use(query.outer).is_served
    found = use_of([ways_into(table.entry) if table is not None else None for table in query.tables], query.tree, around)
    verdicts = zip(query.tables, found.verdicts, strict=True)
    known = [verdict if table is not None and is_known(table.entry) else None for table, verdict in verdicts]
    return QueryUse(tuple(known), found.driven)


def is_driven(query: ResolvedQuery) -> bool:
    """Whether a query by itself finds its rows through indexes."""
    tables = [ways_into(table.entry) if table is not None else None for table in query.tables]
    return use_of(tables, query.tree, False).is_served


def uses_of_column(entry: TableEntry, column: str) -> list[ColumnUse]:
    """Where queries of the project name a column of a table."""
    models = set(map(id, entry.models))
    return [use for query in entry.queries for use in query.uses if use.column == column and id(use.mapped) in models]


def uses_of_index(entry: TableEntry, path: AccessPath) -> list[ResolvedQuery]:
    """The queries of the project that an index serves by itself: by their conditions or by their order."""
    return [query for query in entry.queries if _is_served_by(query, entry, path)]


def _is_served_by(query: ResolvedQuery, entry: TableEntry, path: AccessPath) -> bool:
    around = query.outer is not None and use(query.outer).is_served
    driven = use(query).driven
    for number, table in enumerate(query.tables):
        if table is None or table.entry is not entry:
            continue
        alone = TableUse(number, [path], driven - {number}, around)
        if alone.judge(query.tree).answer == "served":
            return True
        if query.order and query.order[0].table == number and alone.orders(query.order[0], ()) == "served":
            return True
    return False


def binds_all(query: ResolvedQuery, keys: Sequence[Key], entry: TableEntry) -> bool:
    """Whether a query needs all keys of an index of a table: it binds them by equality in one AND, the last one perhaps by
    another comparison or by its order."""
    for number, table in enumerate(query.tables):
        if table is None or table.entry is not entry:
            continue
        atoms = [atom for atom in _conjuncts(query.tree) if atom.table == number]
        equal = {_of_atom(atom) for atom in atoms if atom.operator in ("=", "in")}
        any_way = {_of_atom(atom) for atom in atoms if atom.operator != "other"}
        ordered = {(order.column, order.expression) for order in query.order or () if order.table == number}
        wanted = [(key.column, key.expression) for key in keys]
        if all(key in equal for key in wanted[:-1]) and wanted[-1] in any_way | ordered:
            return True
    return False


def _of_atom(atom: Atom) -> tuple[str | None, str | None]:
    return atom.column, atom.expression


def _conjuncts(tree: Tree) -> list[Atom]:
    if isinstance(tree, Atom):
        return [tree]
    return [found for part in tree.parts for found in _conjuncts(part)] if isinstance(tree, All) else []
