"""What the queries of a project make of its tables: which columns they name, and which indexes serve them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from sqla_lsp.postgres.index_use import bound_by_equality, judge, sorts
from sqla_lsp.postgres.predicate_proof import all_of
from sqla_lsp.project.catalog import ColumnUse, QueryTable, ResolvedQuery, TableEntry
from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.predicates import All, Atom
from sqla_lsp.schema.tables import Index

_NOT_READ = AccessPath(Index(None, Unknown("a part of the model could not be read")))
_DEEPEST = 20


def ways_into(table: QueryTable | None) -> tuple[AccessPath, ...] | None:
    """All ways into a table of a query: an index that only the history has counts too, the database has it. One of which nothing
    is known stands for what could not be read of a model. None where the table is not known."""
    if table is None:
        return None
    entry = table.entry
    unread = () if all(mapped.model.complete for mapped in (table.mapped, *entry.models)) else (_NOT_READ,)
    return (*entry.access, *entry.history_access, *unread)


def is_driven(query: ResolvedQuery) -> bool:
    """Whether all tables of a query are read through indexes by conditions of its own."""
    verdicts = judge(query.tree, [ways_into(table) for table in query.tables])
    return query.complete and bool(verdicts) and all(verdict.served is True for verdict in verdicts)


def led_by(query: ResolvedQuery, bound: Sequence[Atom]) -> tuple[str, ...]:
    """The columns of a table around the query of an EXISTS whose values its rows give, where what the table binds by constants
    (`bound`), handed on by the equalities between the two, finds these rows through indexes; () where it does not."""
    links = [atom for atom in bound_by_equality(query.tree) if atom.outer and atom.other is not None]
    constants = {atom.column: atom.values for atom in bound}
    given = [structs.replace(atom, values=constants[atom.other], outer=False) for atom in links if atom.other in constants]
    rest = tuple([atom.other for atom in links if atom.other is not None and atom.other not in constants])
    if not given or not rest:
        return ()
    verdicts = judge(All((query.tree, *given)), [ways_into(table) for table in query.tables])
    return rest if all(verdict.served is True for verdict in verdicts) else ()


def is_outer_driven(query: ResolvedQuery, depth: int = 0) -> bool | None:
    """Whether all tables of the query around one are read through indexes; None where some are, and for NOT EXISTS, which is
    asked row by row or hashed: never the way to the rows around it."""
    around = query.outer
    if around is None or depth > _DEEPEST:
        return False if around is None else None
    outer = is_outer_driven(around, depth + 1)
    served = [verdict.served for verdict in judge(around.tree, [ways_into(table) for table in around.tables], outer=outer)]
    if not served or not around.complete:
        return None
    driven = all_of(served) if True not in served or False not in served else None
    return None if query.excludes and driven is False else driven


def uses_of_column(entry: TableEntry, column: str) -> list[ColumnUse]:
    """Where queries of the project name a column of a table."""
    models = set(map(id, entry.models))
    return [use for query in entry.queries for use in query.uses if use.column == column and id(use.mapped) in models]


def uses_of_index(entry: TableEntry, path: AccessPath) -> list[ResolvedQuery]:
    """The queries of the project that an index serves by itself: by their conditions or by their order."""
    return [query for query in entry.queries if _is_served_by(query, entry, path)]


def _is_served_by(query: ResolvedQuery, entry: TableEntry, path: AccessPath) -> bool:
    own = [number for number, table in enumerate(query.tables) if table is not None and table.entry is entry]
    tables = [[path] if number in own else ways_into(table) for number, table in enumerate(query.tables)]
    verdicts = judge(query.tree, tables, outer=is_outer_driven(query))
    if any(verdicts[number].served for number in own):
        return True
    return (
        bool(query.order)
        and query.order is not None
        and query.order[0].table in own
        and bool(sorts(query.order, query.tree, [path]))
    )
