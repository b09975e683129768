"""The revisions of one Alembic environment and how they follow each other. It never fails: an id that two files have, a parent
that nobody has and a cycle are taken as they are; a cycle is cut where it is entered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from sqla_lsp.readers.revisions import Header


class Graph:
    """Revisions by path. What an id or a branch label names is a path."""

    def __init__(self, headers: Mapping[str, Header]) -> None:
        self.headers = dict(sorted(headers.items()))
        self._by_id: dict[str, str] = {}
        for path, header in self.headers.items():
            self._by_id.setdefault(header.revision, path)
        for path, header in self.headers.items():
            for label in header.labels:
                self._by_id.setdefault(label, path)
        self._ancestors: dict[str, frozenset[str]] = {}

    def path_of(self, revision: str) -> str | None:
        """The file of a revision."""
        return self._by_id.get(revision)

    @cached_property
    def _named(self) -> dict[str, tuple[str, ...]]:
        """The files that each revision names, cycles included."""
        parents = {}
        for path, header in self.headers.items():
            found = [self._by_id.get(revision) for revision in (*header.down, *header.depends_on)]
            parents[path] = tuple([parent for parent in dict.fromkeys(found) if parent is not None and parent != path])
        return parents

    @cached_property
    def _parents(self) -> dict[str, tuple[str, ...]]:
        order = self.order
        return {path: tuple([p for p in named if order[p] < order[path]]) for path, named in self._named.items()}

    def parents(self, path: str) -> tuple[str, ...]:
        """The files that a revision follows or depends on."""
        return self._parents.get(path, ())

    def children(self, path: str) -> tuple[str, ...]:
        """The files that follow or depend on a revision."""
        return tuple(self._children.get(path, ()))

    @cached_property
    def order(self) -> dict[str, int]:
        """All files, parents before children, with their numbers."""
        order: dict[str, int] = {}
        for start in self.headers:
            pending = [(start, iter(self._named[start]))] if start not in order else []
            open_ = {start}
            while pending:
                path, rest = pending[-1]
                parent = next((p for p in rest if p not in order and p not in open_), None)
                if parent is not None:
                    open_.add(parent)
                    pending.append((parent, iter(self._named[parent])))
                    continue
                pending.pop()
                order.setdefault(path, len(order))
        return order

    def ancestors(self, path: str) -> frozenset[str]:
        """The files that run before a revision, on every way to it."""
        found = self._ancestors.get(path)
        if found is None:
            seen: set[str] = set()
            pending = list(self.parents(path))
            while pending:
                parent = pending.pop()
                if parent not in seen:
                    seen.add(parent)
                    pending += self.parents(parent)
            found = self._ancestors[path] = frozenset(seen)
        return found

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {}
        for child, parents in self._parents.items():
            for parent in parents:
                children.setdefault(parent, []).append(child)
        return children

    def descendants(self, path: str) -> set[str]:
        """The files that run after a revision."""
        seen: set[str] = set()
        pending = [path]
        while pending:
            for child in self._children.get(pending.pop(), ()):
                if child not in seen:
                    seen.add(child)
                    pending.append(child)
        return seen
