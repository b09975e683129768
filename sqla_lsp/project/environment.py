"""One Alembic environment: its revisions in their graph, and the history of each, computed when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from sqla_lsp.project.graph import Graph
from sqla_lsp.project.history import RevisionHistory
from sqla_lsp.project.replay import EMPTY, Schema, TableKey, applied, key_of
from sqla_lsp.readers.environments import EnvironmentFacts
from sqla_lsp.readers.revisions import Header, Revision
from sqla_lsp.schema.operations import AnyOperation


class Change(NamedTuple):
    """An operation of an upgrade that made or changed a table, and the file of its revision."""

    path: str
    operation: AnyOperation


class Environment:
    """`facts` are read when they are first needed."""

    def __init__(self, folder: str, read: Callable[[], EnvironmentFacts]) -> None:
        self.folder = folder
        self.revisions: dict[str, Revision] = {}
        self._read = read
        self._facts: EnvironmentFacts | None = None
        self._graph: Graph | None = None
        self._histories: dict[str, RevisionHistory] = {}
        self._heads: list[Schema] | None = None
        self._changes: dict[TableKey, list[Change]] | None = None

    @property
    def facts(self) -> EnvironmentFacts:
        """What env.py configures."""
        if self._facts is None:
            self._facts = self._read()
        return self._facts

    @property
    def facts_read(self) -> tuple[str, ...]:
        """The modules that the facts were read from."""
        return () if self._facts is None else self._facts.read

    @property
    def graph(self) -> Graph:
        """How the revisions follow each other."""
        if self._graph is None:
            self._graph = Graph({path: revision.header for path, revision in self.revisions.items()})
        return self._graph

    def put(self, path: str, revision: Revision | None) -> set[str]:
        """Takes over a new version of a revision, None where the file is none any more. Gives the revisions whose history
        changes by it, itself included."""
        old = self.revisions.get(path)
        if old is not None and revision is not None and _same_header(old.header, revision.header):
            self.revisions[path] = revision
            changed = {path}
            if not same_effect(old, revision):
                changed |= self.graph.descendants(path)
        else:
            changed = set(self.revisions) | {path}
            self._graph = None
            if revision is None:
                self.revisions.pop(path, None)
            else:
                self.revisions[path] = revision
        for stale in changed:
            self._histories.pop(stale, None)
        self._heads = self._changes = None
        return changed

    def read_facts_again(self) -> bool:
        """env.py, or a module that it may read, changed: whether it configures something else by that. All histories depend on
        it."""
        old = self._facts
        if old is None:
            return False
        self._facts = self._read()
        if replace(old, read=()) == replace(self._facts, read=()):
            return False
        self._histories.clear()
        self._heads = None
        return True

    def history(self, path: str) -> RevisionHistory:
        """The history of one of the revisions."""
        pending = [path]
        while pending:
            at = pending[-1]
            missing = [parent for parent in self.graph.parents(at) if parent not in self._histories]
            if missing:
                pending += missing
                continue
            pending.pop()
            if at not in self._histories:
                revision = self.revisions[at]
                self._histories[at] = RevisionHistory(
                    at, revision.header, self.facts, revision.upgrade, revision.downgrade, self._before(at)
                )
        return self._histories[path]

    def heads(self) -> list[Schema]:
        """The schema that each head leaves."""
        if self._heads is None:
            parents = {parent for path in self.revisions for parent in self.graph.parents(path)}
            self._heads = [self.history(path).upgrade.end for path in sorted(self.revisions.keys() - parents)]
        return self._heads

    def changes(self, key: TableKey) -> list[Change]:
        """What upgrades do to a table under this name, in the order of the revisions."""
        if self._changes is None:
            self._changes = {}
            for path in sorted(self.revisions, key=self.graph.order.__getitem__):
                for operation in self.revisions[path].upgrade.operations:
                    table = key_of(getattr(operation, "table", None))
                    if table is not None:
                        self._changes.setdefault(table, []).append(Change(path, operation))
        return self._changes.get(key, [])

    def _before(self, path: str) -> Schema:
        """The schema that a revision finds: that of its parent, and what other branches that are merged into it did besides."""
        parents = self.graph.parents(path)
        if not parents:
            return EMPTY
        if len(parents) == 1:
            return self._histories[parents[0]].upgrade.end
        first = max(parents, key=lambda parent: len(self.graph.ancestors(parent)))
        schema = self._histories[first].upgrade.end
        done = self.graph.ancestors(first) | {first, path}
        for other in sorted(self.graph.ancestors(path) - done, key=self.graph.order.__getitem__):
            for operation in self.revisions[other].upgrade.operations:
                schema = applied(schema, operation, self.facts.naming_convention)
        return Schema(schema.tables, schema.types)


def _same_header(old: Header, new: Header) -> bool:
    """Whether two versions of a revision stand at the same place of the graph, wherever it is written."""
    return replace(old, place=new.place) == new


def same_effect(old: Revision, new: Revision) -> bool:
    """Whether two versions of a revision do the same to the schema, wherever it is written."""
    return list(map(_content, old.upgrade.operations)) == list(map(_content, new.upgrade.operations))


def _content(operation: AnyOperation) -> tuple[object, ...]:
    """An operation without its site; of that it counts for the names of constraints whether it is SQL."""
    return (
        type(operation),
        operation.site.sql is None,
        *[getattr(operation, field) for field in operation.__struct_fields__[1:]],
    )
