"""Builds the catalog: models, histories and queries of a project put together by table, when somebody asks for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Protocol

from sqla_lsp.project.backrefs import Backrefs, backrefs
from sqla_lsp.project.catalog import MappedModel, ResolvedQuery, TableEntry
from sqla_lsp.project.columns import ANY_MODEL
from sqla_lsp.project.environment import Change, Environment
from sqla_lsp.project.names import Names, Target
from sqla_lsp.project.queries import FileQueries, resolve
from sqla_lsp.project.relations import ancestors, foreign_keys
from sqla_lsp.project.replay import TableKey, key_of
from sqla_lsp.project.use import is_driven
from sqla_lsp.schema.access import AccessPath, path_of_constraint, paths_of
from sqla_lsp.schema.models import ModelConstraint, ModelIndex, Models, Relationship
from sqla_lsp.schema.names import NOWHERE, TableName
from sqla_lsp.schema.queries import Condition, QueryBlock
from sqla_lsp.schema.tables import ForeignKey, PrimaryKey, Table, Unique
from sqla_lsp.text.places import Place


class Files(Protocol):
    """What the catalog asks of the project's files."""

    def model_files(self) -> list[str]:
        """The paths of all files that declare models, sorted."""
        ...

    def query_files(self) -> list[str]:
        """The paths of all files that hold queries which count, sorted."""
        ...

    def models_of(self, path: str) -> Models | None:
        """The models of a file."""
        ...

    def queries_of(self, path: str) -> tuple[QueryBlock, ...]:
        """The queries of a file."""
        ...

    def condition(self, path: str, name: str) -> Condition | None:
        """What a helper of a file returns."""
        ...

    def environments_of(self, path: str) -> list[Environment]:
        """The environments of the project that a file belongs to."""
        ...

    def project_of(self, path: str) -> str:
        """The folder of the project that a file belongs to."""
        ...


_Name = tuple[str, str]
"""A model by its file and class."""


class Catalog:
    """Everything is computed when it is first asked for, and forgotten by the methods that begin with `forget`."""

    def __init__(self, files: Files, names: Callable[[], Names]) -> None:
        self._files = files
        self._new_names = names
        self.names = names()
        self._members: dict[_Name, list[MappedModel]] | None = None
        self._backrefs: Backrefs | None = None
        self._roots: dict[_Name, _Name] = {}
        self._by_class: dict[str, list[MappedModel]] = {}
        self._targets: dict[TableKey, list[tuple[str, ForeignKey]]] = {}
        self._added: dict[_Name, list[tuple[str, ModelIndex]]] = {}
        self._by_table: dict[TableKey, list[_Name]] = {}
        self._read_from: dict[str, list[str]] = {}
        self._entries: dict[_Name, TableEntry] = {}
        self._mapped: dict[_Name, MappedModel] = {}
        self._resolved: dict[str, FileQueries] = {}
        self._conditions: dict[tuple[str, str], Condition | None] = {}
        self._used: dict[_Name, list[ResolvedQuery]] | None = None

    # ---------------------------------------------------------------------------------------------------------- forgetting

    def forget_all(self) -> None:
        """Files came or went, or what their names mean changed."""
        self.names = self._new_names()
        self._members, self._used, self._backrefs = None, None, None
        self._roots, self._by_class, self._targets, self._added = {}, {}, {}, {}
        self._entries, self._resolved, self._conditions, self._mapped = {}, {}, {}, {}

    def forget_models(self, path: str, *, moved_only: bool) -> set[str]:
        """The models of a file changed, or (`moved_only`) nothing but the places of what they declare. Gives the files whose
        queries were resolved with them."""
        affected = {other for other, found in self._resolved.items() if path in found.read or ANY_MODEL in found.read}
        self._entries = {}
        if moved_only:
            models = self._files.models_of(path)
            for model in models.models if models is not None else ():
                known = self._mapped.get((path, model.name))
                if known is not None:
                    known.model = model
            return affected
        self._members, self._used, self._backrefs = None, None, None
        self._mapped = {name: mapped for name, mapped in self._mapped.items() if name[0] != path}
        for other in affected:
            del self._resolved[other]
        return affected

    def forget_histories(self) -> set[str]:
        """What revisions do to the schema changed. Gives the files whose queries were resolved."""
        affected = set(self._resolved)
        self._entries, self._resolved = {}, {}
        self._used = None
        return affected

    def forget_queries(self, path: str) -> None:
        """The queries of a file changed."""
        self._used = None
        self._resolved.pop(path, None)
        self._conditions = {name: found for name, found in self._conditions.items() if name[0] != path}

    # --------------------------------------------------------------------------------------------------------------- models

    def model(self, target: Target) -> MappedModel | None:
        known = self._mapped.get((target.path, target.name))
        if known is None:
            models = self._files.models_of(target.path)
            model = models.model(target.name) if models is not None else None
            if model is None:
                return None
            known = self._mapped[target.path, target.name] = MappedModel(target.path, model)
        return known

    def model_named(self, name: str, near: str) -> MappedModel | None:
        """The model of a class by its name or dotted path, nearest to a file where several have it."""
        self._group()
        *module, last = name.split(".")
        found = self._by_class.get(last, [])
        if module:
            suffix = os.sep.join(module)
            found = [one for one in found if one.path.removesuffix(".py").removesuffix("/__init__").endswith(suffix)] or found
        project = self._files.project_of(near)
        found = [one for one in found if self._files.project_of(one.path) == project] or found
        return max(found, key=lambda one: (len(os.path.commonpath([one.path, near])), one.path), default=None)

    def other_end(self, mapped: MappedModel, relationship: Relationship) -> MappedModel | None:
        """The model that a relationship leads to."""
        cls = relationship.target_class
        if cls is not None:
            return self.model(Target("model", cls.path or mapped.path, cls.name))
        return self.model_named(relationship.target, mapped.path) if relationship.target else None

    def relationship(self, mapped: MappedModel, name: str) -> Relationship | None:
        """A relationship of a model, its own or one that another model gives it by `backref`."""
        own = mapped.model.relationship(name)
        if own is not None:
            return own
        if self._backrefs is None:
            self._backrefs = backrefs(self.models(), self.other_end)
        if not self._backrefs:
            return None
        classes = [(mapped.path, mapped.model.name), *((cls.path, cls.name) for cls, _ in ancestors(mapped, self.model))]
        found = [self._backrefs.get((*cls, name)) for cls in classes]
        return next((relationship for relationship in found if relationship is not None), None)

    def model_of_table(self, name: TableName, near: str) -> MappedModel | None:
        """The model of a table in the project of a file; None where there is none, or more than one."""
        found = self.entries_of(name, near)
        return found[0].models[0] if len(found) == 1 else None

    def entry(self, mapped: MappedModel) -> TableEntry:
        """The table of a model; one that a mixin or an abstract base speaks of has no name and no ways into it."""
        self._group()
        root = self._roots.get((mapped.path, mapped.model.name))
        if mapped.model.table is None or root is None:
            return TableEntry(NOWHERE, (mapped,))
        entry = self._entries.get(root)
        if entry is None:
            entry = self._entries[root] = self._built(root)
        return entry

    def entries(self) -> Iterator[TableEntry]:
        """All tables that models declare."""
        for mapped in self.models():
            root = self._roots[mapped.path, mapped.model.name]
            if root == (mapped.path, mapped.model.name):
                yield self.entry(mapped)

    def models(self) -> Iterator[MappedModel]:
        """All models that have a table."""
        self._group()
        assert self._members is not None
        for members in list(self._members.values()):
            yield from members

    def entries_of(self, name: TableName, path: str) -> list[TableEntry]:
        """The tables of a name that models declare in the project of a file."""
        self._group()
        key = key_of(name)
        if key is None:
            return []
        project = self._files.project_of(path)
        roots = [root for root in self._by_table.get(key, ()) if self._files.project_of(root[0]) == project]
        return [self.entry(mapped) for root in roots if (mapped := self.model(Target("model", *root))) is not None]

    def entries_in(self, path: str) -> list[TableEntry]:
        """The tables that a file has a part in: that its models declare, that its mixins and bases add to, that it declares
        indexes on."""
        self._group()
        models = self._files.models_of(path)
        if models is None:
            return []
        names = [(path, model.name) for model in models.models] + [(cls.path or path, cls.name) for cls, _ in models.added]
        for other in self._read_from.get(path, ()):
            read = self._files.models_of(other)
            names += [(other, model.name) for model in read.models] if read is not None else []
        roots = dict.fromkeys(root for name in names if (root := self._roots.get(name)) is not None)
        return [self.entry(mapped) for root in roots if (mapped := self.model(Target("model", *root))) is not None]

    def _group(self) -> None:
        """Puts the models together that share a table: a `Table` and the class that is mapped to it, a class and those that
        inherit its table."""
        if self._members is not None:
            return
        self._members = {}
        self._roots, self._by_class, self._targets, self._added = {}, {}, {}, {}
        self._by_table, self._read_from = {}, {}
        for path in self._files.model_files():
            models = self._files.models_of(path)
            for other in models.read if models is not None else ():
                self._read_from.setdefault(other, []).append(path)
            for model in models.models if models is not None else ():
                mapped = self.model(Target("model", path, model.name))
                assert mapped is not None
                if model.kind == "class":
                    self._by_class.setdefault(model.name, []).append(mapped)
                if model.table is None:
                    continue
                root = self._root(mapped)
                self._roots[path, model.name] = root
                self._members.setdefault(root, []).append(mapped)
                own = key_of(model.table)
                if own is not None and root == (path, model.name):
                    self._by_table.setdefault(own, []).append(root)
                for foreign in foreign_keys(mapped):
                    key = key_of(foreign.target)
                    if key is not None:
                        self._targets.setdefault(key, []).append((path, foreign))
            for cls, index in models.added if models is not None else ():
                self._added.setdefault((cls.path or path, cls.name), []).append((path, index))

    def _root(self, mapped: MappedModel) -> _Name:
        """The model that a table is known by."""
        seen: set[_Name] = set()
        at = mapped
        while (at.path, at.model.name) not in seen:
            seen.add((at.path, at.model.name))
            above = self._sharing(at)
            if above is None:
                break
            at = above
        return at.path, at.model.name

    def _sharing(self, mapped: MappedModel) -> MappedModel | None:
        """The `Table`, or the nearest class above, that has the same table."""
        model = mapped.model
        if model.of_table is not None:
            return self.model(Target("model", model.of_table.path or mapped.path, model.of_table.name))
        if model.parent_table is None or model.parent_table != model.table:
            return None
        above = (base for _, base in ancestors(mapped, self.model) if base is not None)
        return next((base for base in above if base.model.table == model.table), None)

    # --------------------------------------------------------------------------------------------------------------- tables

    def _built(self, root: _Name) -> TableEntry:
        assert self._members is not None
        members = self._members[root]
        name = members[0].model.table or NOWHERE
        key = key_of(name)
        access: list[AccessPath] = []
        for mapped in members:
            added = self._added.get((mapped.path, mapped.model.name), [])
            access += _declared(mapped, added)
        unique = tuple(dict.fromkeys(access))
        tables = self._histories(root[0], key)
        project = self._files.project_of(root[0])
        targets = (
            [foreign for path, foreign in self._targets.get(key, ()) if self._files.project_of(path) == project] if key else []
        )
        return TableEntry(
            name,
            tuple(members),
            unique,
            tables[0] if tables else None,
            tuple([path for table in tables for path in paths_of(table)]),
            tuple(targets),
            lambda: self._using(root),
        )

    def _histories(self, path: str, key: TableKey | None) -> list[Table]:
        """The table as the heads of the environments of a file's project leave it, those nearest to the file first."""
        if key is None:
            return []
        environments = self._files.environments_of(path)
        nearest = sorted(environments, key=lambda environment: -len(os.path.commonpath([environment.folder, path])))
        heads = [head for environment in nearest for head in environment.heads()]
        return [table for head in heads if (table := head.tables.get(key)) is not None]

    def changes(self, entry: TableEntry) -> list[Change]:
        """The operations of upgrades that made and changed a table, and its indexes."""
        key = key_of(entry.name)
        if key is None or not entry.models:
            return []
        return [c for environment in self._files.environments_of(entry.models[0].path) for c in environment.changes(key)]

    # -------------------------------------------------------------------------------------------------------------- queries

    def queries(self, path: str) -> FileQueries:
        """The queries of a file."""
        found = self._resolved.get(path)
        if found is None:
            found = self._resolved[path] = resolve(path, self._files.queries_of(path), self)
        return found

    def _using(self, root: _Name) -> list[ResolvedQuery]:
        """The queries of the project that use a table. Every query is read for that, once."""
        if self._used is None:
            self._used = {}
            for path in self._files.query_files():
                for query in self.queries(path).queries:
                    for used in self.tables_of(query):
                        self._used.setdefault(used, []).append(query)
        return self._used.get(root, [])

    def tables_of(self, query: ResolvedQuery) -> list[_Name]:
        """The tables that a query uses, each by the model that it is known by."""
        self._group()
        used = [use.mapped for use in query.uses] + [table.mapped for table in query.tables if table is not None]
        roots = [self._roots.get((mapped.path, mapped.model.name)) for mapped in used]
        return list(dict.fromkeys(root for root in roots if root is not None))

    def condition(self, path: str, name: str) -> Condition | None:
        if (path, name) not in self._conditions:
            self._conditions[path, name] = self._files.condition(path, name)
        return self._conditions[path, name]

    @staticmethod
    def is_driven(query: ResolvedQuery) -> bool:
        return is_driven(query)


def _declared(mapped: MappedModel, added: list[tuple[str, ModelIndex]]) -> list[AccessPath]:
    """The ways into its table that a model declares, in the order in which they stand in it."""
    found = [
        path_of_constraint(declared.constraint, *_places(mapped.path, declared), declared.written)
        for declared in mapped.model.constraints
        if isinstance(declared.constraint, Unique | PrimaryKey)
    ]
    found += [AccessPath(i.index, "index", *_places(mapped.path, i), i.written) for i in mapped.model.indexes]
    found.sort(key=lambda access: (access.place.path != mapped.path, access.place.path, access.place.start))  # type: ignore[union-attr]
    return found + [AccessPath(i.index, "index", *_places(path, i), i.written) for path, i in added]


def _places(path: str, declared: ModelIndex | ModelConstraint) -> tuple[Place, Place]:
    place, statement = declared.place, declared.statement
    return (
        Place(place.start, place.end, place.path or path),
        Place(statement.start, statement.end, statement.path or path),
    )
