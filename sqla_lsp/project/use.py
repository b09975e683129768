"""What indexes do for the queries of a project: of the models, and of the migrations, whichever has them."""

from __future__ import annotations

from collections.abc import Sequence

from sqla_lsp.postgres.index_use import QueryUse, is_servable, use_of
from sqla_lsp.project.catalog import ResolvedQuery, TableEntry
from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.predicates import All, Atom, Tree
from sqla_lsp.schema.tables import Key


def ways_into(entry: TableEntry) -> tuple[AccessPath, ...]:
    """All ways into a table. An index that only the history has counts too: the database has it."""
    return entry.access + entry.history_access


def use(query: ResolvedQuery) -> QueryUse:
    """What indexes do for a query. Comparisons with a query around it count where that one finds its rows through indexes."""
    around = query.outer is not None and use(query.outer).is_served
    return use_of([ways_into(table.entry) if table is not None else None for table in query.tables], query.tree, around)


def is_driven(query: ResolvedQuery) -> bool:
    """Whether a query by itself finds its rows through indexes."""
    tables = [ways_into(table.entry) if table is not None else None for table in query.tables]
    return use_of(tables, query.tree, False).is_served


def binds_all(query: ResolvedQuery, keys: Sequence[Key], entry: TableEntry) -> bool:
    """Whether a query needs all keys of an index of a table: it binds them by equality in one AND, the last one perhaps by
    another comparison or by its order."""
    for number, table in enumerate(query.tables):
        if table is None or table.entry is not entry:
            continue
        atoms = [atom for atom in _conjuncts(query.tree) if atom.table == number]
        equal = {_of_atom(atom) for atom in atoms if atom.operator in ("=", "in")}
        any_way = {_of_atom(atom) for atom in atoms if is_servable(atom)}
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
