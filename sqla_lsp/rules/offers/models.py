"""What is offered for what models declare, and for queries."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.fixes import add_index, drop_covered, narrow_index
from sqla_lsp.fixes.fix import Fix
from sqla_lsp.postgres.index_cover import covering
from sqla_lsp.project.catalog import ResolvedQuery
from sqla_lsp.rules.declarations import Declaration
from sqla_lsp.rules.rule import Asked
from sqla_lsp.rules.verify_query_patterns_are_indexed import wanted


def narrow(asked: Asked) -> Iterator[Fix]:
    """An index of a model with fewer keys."""
    declaration = asked.judgement.subject
    if isinstance(declaration, Declaration):
        limit = asked.context.settings.max_index_columns
        yield from narrow_index.fixes(asked.project, declaration.place, declaration.made, limit)


def drop(asked: Asked) -> Iterator[Fix]:
    """The model without an index that is covered, and a revision that drops it."""
    declaration = asked.judgement.subject
    if not isinstance(declaration, Declaration):
        return
    covers = [covering(path, entry.access) for entry, path in declaration.made]
    names = [cover.index.name for cover in covers if cover is not None]
    if len(names) == len(declaration.made):
        name = names[0] if isinstance(names[0], str) else None
        yield from drop_covered.fixes(asked.project, declaration.place, declaration.made, name)


def index(asked: Asked) -> Iterator[Fix]:
    """The indexes that a query asks for."""
    query = asked.judgement.subject
    if isinstance(query, ResolvedQuery):
        queries = asked.project.catalog.queries(asked.path).queries
        yield from add_index.fixes(asked.project, wanted(query, queries, asked.context))
