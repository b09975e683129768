"""One Alembic environment: its revisions in their graph, and the history of each, computed when it is asked for."""

from __future__ import annotations

from collections.abc import Callable

from sqla_lsp.project.graph import Graph
from sqla_lsp.project.history import RevisionHistory
from sqla_lsp.project.replay import EMPTY, Schema, applied
from sqla_lsp.readers.environments import EnvironmentFacts
from sqla_lsp.readers.revisions import Revision


class Environment:
    """`facts` are read when they are first needed."""

    def __init__(self, folder: str, read: Callable[[], EnvironmentFacts]) -> None:
        self.folder = folder
        self.revisions: dict[str, Revision] = {}
        self._read = read
        self._facts: EnvironmentFacts | None = None
        self._graph: Graph | None = None
        self._histories: dict[str, RevisionHistory] = {}

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
        """Takes over a new version of a revision, None where the file is none any more. Gives the revisions whose history changes by it,
        itself included."""
        old = self.revisions.get(path)
        if old is not None and revision is not None and old.header == revision.header:
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
        return changed

    def forget_facts(self) -> None:
        """env.py changed: all histories depend on it."""
        self._facts = None
        self._histories.clear()

    def history(self, path: str) -> RevisionHistory:
        """The history of one of the revisions."""
        known = self._histories.get(path)
        if known is not None:
            return known
        for ancestor in sorted(self.graph.ancestors(path), key=self.graph.order.__getitem__):
            if ancestor not in self._histories and ancestor != path:
                self._histories[ancestor] = self._history(ancestor)
        history = self._histories[path] = self._history(path)
        return history

    def _history(self, path: str) -> RevisionHistory:
        revision = self.revisions[path]
        parents = tuple([self._histories[p] for p in self.graph.parents(path) if p in self._histories])
        return RevisionHistory(
            path, revision.header, self.facts, revision.upgrade, revision.downgrade, self._before(path), parents
        )

    def _before(self, path: str) -> Schema:
        """The schema that a revision finds: that of its parent, and what other branches that are merged into it did besides."""
        parents = [parent for parent in self.graph.parents(path) if parent in self._histories]
        if not parents:
            return EMPTY
        first = max(parents, key=lambda parent: len(self.graph.ancestors(parent)))
        schema = self._histories[first].upgrade.end
        if len(parents) > 1:
            done = self.graph.ancestors(first) | {first, path}
            rest = self.graph.ancestors(path) - done
            for other in sorted(rest, key=self.graph.order.__getitem__):
                for operation in self.revisions[other].upgrade.operations:
                    schema = applied(schema, operation, self.facts.naming_convention)
        return Schema(schema.tables, schema.types)


def same_effect(old: Revision, new: Revision) -> bool:
    """Whether two versions of a revision do the same to the schema, wherever it is written."""
    return list(map(_content, old.upgrade.operations)) == list(map(_content, new.upgrade.operations))


def _content(operation: object) -> tuple[object, ...]:
    """An operation without its site."""
    fields: tuple[str, ...] = getattr(operation, "__struct_fields__", ())
    return (type(operation), *[getattr(operation, field) for field in fields[1:]])
