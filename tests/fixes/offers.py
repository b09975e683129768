"""The fixes of a finding about models or queries, as the faces of the program find them."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.fixes import add_index, drop_covered, narrow_index
from sqla_lsp.fixes.fix import Fix
from sqla_lsp.postgres.index_cover import covering
from sqla_lsp.project.project import Project
from sqla_lsp.rules import verify_query_patterns_are_indexed as verify
from sqla_lsp.rules.declarations import Declaration, declarations
from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.rule import Context


def _declarations(project: Project, finding: Finding) -> Iterator[Declaration]:
    """What is declared at the place of a finding and is still there."""
    path = finding.place.path
    for declaration in declarations(project.catalog.entries_in(path)).get(path, ()):
        if declaration.place == finding.place:
            yield declaration


def narrowed(project: Project, finding: Finding) -> Iterator[Fix]:
    limit = project.settings(finding.place.path).max_index_columns
    for declaration in _declarations(project, finding):
        if any(len(path.index.keys) > limit for _, path in declaration.made):  # type: ignore[arg-type]
            yield from narrow_index.fixes(project, declaration.place, declaration.made, limit)


def dropped(project: Project, finding: Finding) -> Iterator[Fix]:
    for declaration in _declarations(project, finding):
        covers = [covering(path, entry.access) for entry, path in declaration.made]
        if all(cover is not None for cover in covers):
            name = covers[0].index.name if covers and covers[0] is not None else None
            yield from drop_covered.fixes(project, declaration.place, declaration.made, name if isinstance(name, str) else None)


def indexed(project: Project, finding: Finding) -> Iterator[Fix]:
    path = finding.place.path
    context = Context(project.settings(path), project.partitioned, lambda table: project.catalog.entries_of(table, path))
    queries = project.catalog.queries(path).queries
    for query in queries:
        if any(remark.place == finding.place for remark in verify.check_query(query, context)):
            yield from add_index.fixes(project, verify.wanted(query, queries, context))
            return
