"""What indexes do for the queries of a project: of the models, and of the migrations, whichever has them."""

from __future__ import annotations

from sqla_lsp.postgres.index_use import QueryUse, use_of
from sqla_lsp.project.catalog import ResolvedQuery, TableEntry
from sqla_lsp.schema.access import AccessPath


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
