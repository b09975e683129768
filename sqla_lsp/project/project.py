"""The whole project as one model: every file's facts, the environments with their revisions, and what depends on what.

Texts of open documents count instead of the files on disk. It belongs to one thread, and never raises for what is in a file.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from sqla_lsp.project import index
from sqla_lsp.project.cache import Cache
from sqla_lsp.project.changes import only_moved
from sqla_lsp.project.configuration import FILE_NAMES, Resolver
from sqla_lsp.project.discovery import INI, Discovery, Found, discover, is_included
from sqla_lsp.project.document import OpenDocument
from sqla_lsp.project.environment import Environment, same_effect
from sqla_lsp.project.environments import Environments
from sqla_lsp.project.history import RevisionHistory
from sqla_lsp.project.modules import ProjectModules
from sqla_lsp.project.names import Names, Target
from sqla_lsp.project.paths import ancestry
from sqla_lsp.project.replay import TableKey, key_of
from sqla_lsp.project.settings import Settings
from sqla_lsp.project.summary import Failure, Statistics
from sqla_lsp.project.tables import Catalog
from sqla_lsp.readers.files import FileFacts
from sqla_lsp.readers.queries import read_condition, read_names
from sqla_lsp.readers.revisions import Revision
from sqla_lsp.schema.models import Models
from sqla_lsp.schema.modules import ModuleNames
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.operations import CreateIndex, is_known
from sqla_lsp.schema.queries import Condition, QueryBlock
from sqla_lsp.text.ignores import Ignore
from sqla_lsp.text.source import SourceError, decode

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
Linkable = Revision | Models
"""What a file declares that may depend on modules of the project."""
T = TypeVar("T")

_CONFIGURATION = (*FILE_NAMES, INI, ".gitignore")
"""Names of files after whose change everything is read again."""
_LANDMARKS = ("env.py", "setup.py")
"""Names of Python files that say where an environment or a project is."""


class _Seen(NamedTuple):
    """What was known of a file before it changed."""

    exists: bool
    revision: Revision | None
    models: Models | None
    queries: tuple[QueryBlock, ...]
    names: ModuleNames | None


class Project:
    """`roots` are absolute folders or files; `resolver` gives the configuration."""

    def __init__(self, roots: Sequence[str], resolver: Resolver, *, cache: Cache | None = None, jobs: int | None = None) -> None:
        self.roots = tuple(roots)
        self.resolver = resolver
        self._unreadable: list[Failure] = []
        self._cache = cache
        self._jobs = jobs
        self._records: index.Records = {}
        self._found: dict[str, Found] = {}
        self._documents: dict[str, OpenDocument] = {}
        self._modules = ProjectModules(self._read, self._documents)
        self.environments = Environments(self.roots, self._read, self._revision, self._modules)
        self._partitioned: frozenset[TableKey] | None = None
        self._marks: dict[str, tuple[int, int]] = {}
        self._names: dict[str, ModuleNames | None] = {}
        self.catalog = Catalog(self, lambda: Names(self._modules, self.models_of, self.names_of))

    # ----------------------------------------------------------------------------------------------------------- reading

    def load(self, progress: Progress | None = None, discovery: Discovery | None = None) -> None:
        """Reads everything, afresh or from the cache. `discovery` is what was found below the roots, where that was looked for
        already."""
        discovery = discovery or self._discover()
        self._found = {file.path: file for file in discovery.files}
        self._modules.forget_all()
        known = self._cached()
        self._records = index.read_files(
            discovery.files, known, self._reads_queries, self._jobs, progress or (lambda done, total: None)
        )
        self._relink(known)
        if self._records != known:
            self._store()
        for failure in self.failures:
            logger.info("%s is left out: %s", failure.path, failure.reason)
        self._link_to_documents()
        self._forget_meanings()
        self.environments.find((*discovery.inis, *discovery.pyprojects), self._paths())
        self._marks = {path: _mark(path) for path in (*self._watched(discovery), *self.outside())}

    def _discover(self) -> Discovery:
        self._unreadable = []

        def failed(path: str, error: OSError) -> None:
            self._unreadable.append(Failure(path, error.strerror or str(error)))

        return discover(self.roots, self.resolver.settings, failed)

    def _reads_queries(self, path: str) -> bool:
        """Whether the queries of a file count."""
        return self.resolver.folder_settings(os.path.dirname(path)).reads_queries(path)

    def _forget_meanings(self) -> None:
        """What names mean, and what follows from it, is found out again when it is next asked for."""
        self._partitioned = None
        self._names.clear()
        self.catalog.forget_all()

    def _paths(self) -> set[str]:
        """All files of which something may be known."""
        return {*self._records, *self._documents}

    def _cached(self) -> index.Records:
        data = None if self._cache is None else self._cache.load(self._key())
        if data is None:
            return {}
        try:
            return msgspec.msgpack.decode(data, type=index.Records)
        except msgspec.DecodeError:
            return {}

    def _store(self) -> None:
        if self._cache is not None:
            self._cache.store(self._key(), msgspec.msgpack.encode(self._records))

    def _key(self) -> str:
        return "\n".join(["files", *self.roots])

    def _relink(self, known: index.Records) -> None:
        """Reads again the revisions and models whose modules of the project are not what they were. Where files came or went, an
        import may name another module than it did: also where they did outside of the roots, of which nobody told."""
        same_files = known.keys() == self._records.keys()
        modules = ProjectModules(index.read_bytes)
        for path, record in self._records.items():
            linkable = record.revision or record.models
            if linkable is None or not _imports(linkable) or known.get(path) is not record:
                continue
            inside = same_files and all(module in self._found for module, _ in record.modules)
            if (
                inside
                and all(modules.digest(module) == then for module, then in record.modules)
                and not any(modules.names_project(path, name, level) for name, level in linkable.outside)
            ):
                continue
            self._records[path] = index.read_record(self._found[path], modules, record.queries)

    def _read(self, path: str) -> bytes:
        """The bytes of a file, in the editor or on disk. Raises OSError."""
        document = self._documents.get(path)
        return index.read_bytes(path) if document is None else document.data

    def _is_file(self, path: str) -> bool:
        return path in self._documents or os.path.isfile(path)

    # ----------------------------------------------------------------------------------------------------------- changes

    def set_document(self, path: str, data: bytes) -> set[str]:
        """The text of an open document. Gives the revisions whose findings may have changed."""
        before = self._seen(path)
        document = self._documents.get(path)
        if document is None:
            self._documents[path] = OpenDocument(path, data, self._modules, self._reads_queries(path))
            if self._is_as_read(path, data):
                return {path}
        elif document.data == data:
            return {path}
        else:
            document.update(data, self._modules)
        return self._changed(path, before)

    def drop_document(self, path: str) -> set[str]:
        """A document was closed: what is on disk counts again. Gives what `set_document` gives."""
        before = self._seen(path)
        if self._documents.pop(path, None) is None:
            return set()
        self._take(path)
        return self._changed(path, before)

    def refresh(self, paths: Iterable[str]) -> set[str]:
        """Files were created, changed or deleted on disk. Gives the files whose findings may have changed."""
        paths = list(paths)
        if any(os.path.basename(path) in _CONFIGURATION for path in paths):
            before = self._judged()
            self.resolver.forget()
            self.load()
            return before | self._judged()
        changed: set[str] = set()
        for path in paths:
            if path.endswith(".py"):
                changed |= self._refresh_file(path)
        return changed

    def sweep(self) -> set[str]:
        """Looks for changes on disk by itself."""
        discovery = self._discover()
        now = {file.path for file in discovery.files}
        changed = {file.path for file in discovery.files if _newer(file, self._records.get(file.path))}
        changed |= {path for path in self._records if path not in now}
        changed -= self._documents.keys()
        for path in self.outside():
            self._marks.setdefault(path, _mark(path))
        changed |= {path for path in {*self._watched(discovery), *self._marks} if self._marks.get(path) != _mark(path)}
        return self.refresh(sorted(changed)) if changed else set()

    def _watched(self, discovery: Discovery) -> set[str]:
        """The files that are no Python files of the project and yet matter: the configuration, and alembic.ini."""
        above = {os.path.join(folder, name) for root in self.roots for folder in ancestry(root) for name in _CONFIGURATION}
        return {*discovery.inis, *discovery.pyprojects, *above}

    def _judged(self) -> set[str]:
        return set(self.judged())

    def _seen(self, path: str) -> _Seen:
        exists = path in self._documents or path in self._found or self._modules.has_read(path)
        return _Seen(exists, self._revision(path), self.models_of(path), self.queries_of(path), self._facts(path).names)

    def _is_as_read(self, path: str, data: bytes) -> bool:
        """Whether a text is the one that was read from disk."""
        record, found = self._records.get(path), _found(path)
        return record is not None and found is not None and not _newer(found, record) and data == self._on_disk(path)

    def _refresh_file(self, path: str) -> set[str]:
        if path in self._marks:
            self._marks[path] = _mark(path)
        if path in self._documents:
            return set()
        before = self._seen(path)
        self._take(path)
        return self._changed(path, before)

    def _take(self, path: str) -> None:
        """Reads a file from disk, where it is one of the project's."""
        found = _found(path)
        if found is None or not is_included(path, self.roots, self.resolver.settings):
            self._found.pop(path, None)
            self._records.pop(path, None)
        else:
            self._found[path] = found
            self._records[path] = index.read_record(found, self._modules, self._reads_queries(path))

    def _changed(self, path: str, before: _Seen) -> set[str]:
        """Takes over what is now known of a file. Gives the files whose findings may have changed."""
        moved = before.exists != self._is_file(path)
        self._modules.forget(path)
        self._names.pop(path, None)
        if moved:
            self._modules.forget_places()
        changed = {path} | self._taken_over(path, before)
        if moved or path in self.environments.needed or path in self._needed_by_models():
            changed |= self._link_all(lambda r: path in r.read or (moved and _imports(r)))
        if os.path.basename(path) in _LANDMARKS:
            changed |= self.environments.sort_again(self._paths())
        changed |= self.environments.read_facts_again(path, moved)
        if moved or before.names != self._facts(path).names:
            self._forget_meanings()
            changed |= set(self.judged())
        return changed

    def _taken_over(self, path: str, before: _Seen) -> set[str]:
        """Has what follows from a file's facts found out again. Gives the files whose findings may have changed."""
        changed = self.environments.put(path)
        revision, models = self._revision(path), self.models_of(path)
        if revision is not before.revision and not (revision and before.revision and same_effect(revision, before.revision)):
            changed |= self.catalog.forget_histories() | set(self.model_files())
        if models is not before.models:
            changed |= self._models_changed(path, before.models, models)
        if self.queries_of(path) != before.queries:
            changed |= self._queries_changed(path)
        return changed

    def _models_changed(self, path: str, old: Models | None, new: Models | None) -> set[str]:
        moved_only = only_moved(old, new)
        changed = self.catalog.forget_models(path, moved_only=moved_only) | {path}
        if moved_only:
            return changed
        if _partitioned(old) != _partitioned(new):
            self._partitioned = None
            changed |= set(self.revisions())
        if _declared(old) != _declared(new):
            self._forget_meanings()
            return changed | set(self.judged())
        return changed | set(self.model_files())

    def _queries_changed(self, path: str) -> set[str]:
        """Models and revisions are judged by the queries of the tables that they speak of."""
        used = {name for query in self.catalog.queries(path).queries for name in self.catalog.tables_of(query)}
        self.catalog.forget_queries(path)
        used |= {name for query in self.catalog.queries(path).queries for name in self.catalog.tables_of(query)}
        return {path, *(other for other, _ in used), *self._building_on(used)}

    def _building_on(self, used: set[tuple[str, str]]) -> set[str]:
        """The revisions that build indexes on some tables."""
        found: set[str] = set()
        for name in used:
            mapped = self.catalog.model(Target("model", *name))
            entry = self.catalog.entry(mapped) if mapped is not None else None
            if entry is not None:
                found |= {change.path for change in self.catalog.changes(entry) if isinstance(change.operation, CreateIndex)}
        return found

    def _needed_by_models(self) -> set[str]:
        """The modules that models were read with."""
        return {read for path in self.model_files() if (models := self.models_of(path)) is not None for read in models.read}

    def _link_to_documents(self) -> None:
        """After files were read from disk: reads again what depends on texts that are in the editor alone."""
        for document in self._documents.values():
            document.link(self._modules)
        unsaved = {path for path, document in self._documents.items() if document.data != self._on_disk(path)}
        appeared = any(not os.path.isfile(path) for path in unsaved)
        for path, record in self._records.items() if unsaved else ():
            linkable = record.revision or record.models
            if linkable is not None and (not unsaved.isdisjoint(linkable.read) or (appeared and _imports(linkable))):
                self._records[path] = index.read_record(self._found[path], self._modules, record.queries)

    def _link_all(self, needs: Callable[[Linkable], bool]) -> set[str]:
        """Reads again the revisions and models that need it, after a module of the project changed."""
        linkable = [(path, self._revision(path) or self.models_of(path)) for path in (*self.revisions(), *self.model_files())]
        changed: set[str] = set()
        for path in [path for path, facts in linkable if facts is not None and needs(facts)]:
            before = self._seen(path)
            document = self._documents.get(path)
            if document is not None:
                document.link(self._modules)
            else:
                self._records[path] = index.read_record(self._found[path], self._modules, self._records[path].queries)
            changed |= {path} | self._taken_over(path, before)
        return changed

    # --------------------------------------------------------------------------------------------------------- questions

    @property
    def failures(self) -> list[Failure]:
        """What could not be read."""
        errors = [Failure(path, record.facts.error) for path, record in self._records.items() if record.facts.error]
        return [*self._unreadable, *errors]

    def revisions(self) -> list[str]:
        """The paths of all revision files, sorted."""
        return self.environments.revisions()

    def model_files(self) -> list[str]:
        """The paths of all files that declare models, sorted."""
        return sorted(path for path in self._paths() if (m := self.models_of(path)) is not None and (m.models or m.added))

    def query_files(self) -> list[str]:
        """The paths of all files that hold queries which count, sorted."""
        return sorted(path for path in self._paths() if self.queries_of(path))

    def judged(self) -> list[str]:
        """The paths of all files that some rule is asked about, sorted."""
        return sorted({*self.revisions(), *self.model_files(), *self.query_files(), *self.commented()})

    def commented(self) -> list[str]:
        """The paths of all files with comments that silence rules, sorted."""
        return sorted(path for path in self._paths() if self._facts(path).ignores)

    def outside(self) -> set[str]:
        """The modules that were read and lie below none of the roots."""
        read = self.environments.facts_read()
        for record in self._records.values():
            read.update(path for path, _ in record.modules)
        return read - self._found.keys()

    def settings(self, path: str) -> Settings:
        """What is configured for a file."""
        return self.resolver.settings(path)

    def data(self, path: str) -> bytes:
        """The UTF-8 text of a file as it was analysed, b"" where there is none."""
        document = self._documents.get(path)
        return self._on_disk(path) or b"" if document is None else document.data

    def ignores(self, path: str) -> tuple[Ignore, ...]:
        """The comments of a file that silence rules."""
        return self._facts(path).ignores

    def history(self, path: str) -> RevisionHistory | None:
        """The history of a revision; None for a file that is none."""
        return self.environments.history(path)

    def models_of(self, path: str) -> Models | None:
        """The models of a file."""
        document = self._documents.get(path)
        if document is not None:
            return document.models
        record = self._records.get(path)
        return None if record is None else record.models

    def queries_of(self, path: str) -> tuple[QueryBlock, ...]:
        """The queries of a file."""
        return self._facts(path).queries

    def names_of(self, path: str) -> ModuleNames | None:
        """What the top level of a file binds; None where it cannot be read. What passed no filter is read now."""
        names = self._facts(path).names
        if names is None:
            if path not in self._names:
                self._names[path] = self._asked(path, read_names)
            names = self._names[path]
        return names

    def condition(self, path: str, name: str) -> Condition | None:
        """What a helper of a file returns."""
        return self._asked(path, lambda data: read_condition(data, name))

    def _asked(self, path: str, read: Callable[[bytes], T | None]) -> T | None:
        """What is read of a file on demand."""
        try:
            return read(decode(self._read(path)).data)
        except (OSError, SourceError):
            return None
        except Exception:
            logger.exception("%s could not be read", path)
            return None

    def environments_of(self, path: str) -> list[Environment]:
        """The environments of the project that a file belongs to."""
        return self.environments.of_project(path)

    def project_of(self, path: str) -> str:
        """The folder of the project that a file belongs to."""
        return self.environments.project_of(path)

    def speaks_postgres(self, path: str) -> bool:
        """Whether the rules hold for a file: what is configured decides, else what its environments say."""
        dialect = self.settings(path).dialect
        return dialect == "postgresql" if dialect != "auto" else self.environments.speaks_postgres(path)

    @property
    def partitioned(self) -> frozenset[TableKey]:
        """The tables that models declare as partitioned."""
        if self._partitioned is None:
            models = [self.models_of(path) for path in self._paths()]
            self._partitioned = frozenset([key for declared in models for key in _partitioned(declared)])
        return self._partitioned

    def statistics(self) -> Statistics:
        """What was read."""
        operations = not_known = 0
        paths = self.revisions()
        for path in paths:
            revision = self._revision(path)
            for script in (revision.upgrade, revision.downgrade) if revision is not None else ():
                operations += len(script.operations)
                not_known += sum(not is_known(operation) for operation in script.operations)
        return Statistics(len(self._found), len(paths), operations, not_known)

    def _facts(self, path: str) -> FileFacts:
        document = self._documents.get(path)
        if document is not None:
            return document.facts
        record = self._records.get(path)
        return FileFacts() if record is None else record.facts

    def _revision(self, path: str) -> Revision | None:
        document = self._documents.get(path)
        if document is not None:
            return document.revision
        record = self._records.get(path)
        return None if record is None else record.revision

    def _on_disk(self, path: str) -> bytes | None:
        """The UTF-8 text of a file on disk; None where it cannot be read."""
        try:
            return decode(index.read_bytes(path)).data
        except (OSError, SourceError):
            return None


def _imports(linkable: Linkable) -> bool:
    """Whether a revision or models depend on which modules there are."""
    return bool(linkable.read) or ProjectModules.may_be_named(linkable.outside)


def _partitioned(models: Models | None) -> set[TableKey]:
    """The partitioned tables among models."""
    partitioned = [model.table for model in models.models if model.partitioned] if models is not None else []
    return {key for table in partitioned if (key := key_of(table)) is not None}


def _declared(models: Models | None) -> list[tuple[str, TableName | None]]:
    """The models by their names and tables."""
    return [(model.name, model.table) for model in models.models] if models is not None else []


def _newer(file: Found, record: index.Record | None) -> bool:
    return record is None or (record.size, record.mtime_ns) != (file.size, file.mtime_ns)


def _found(path: str) -> Found | None:
    """A file as it is on disk; None where there is none."""
    try:
        known = os.stat(path)
    except (OSError, ValueError):
        return None
    return Found(path, known.st_size, known.st_mtime_ns, known.st_ino) if stat.S_ISREG(known.st_mode) else None


def _mark(path: str) -> tuple[int, int]:
    """What changes with a file's content."""
    try:
        known = os.stat(path)
    except OSError:
        return -1, -1
    return known.st_size, known.st_mtime_ns
