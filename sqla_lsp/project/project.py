"""The whole project as one model: the facts of its files, the environments with their revisions, the catalog of its tables, and
what depends on what.

Texts of open documents count instead of the files on disk. It belongs to one thread, and never raises for what is in a file.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence

from sqla_lsp.project.cache import Cache
from sqla_lsp.project.changes import only_moved
from sqla_lsp.project.configuration import FILE_NAMES, Resolver
from sqla_lsp.project.discovery import INI, Discovery, discover
from sqla_lsp.project.environment import Environment, same_effect
from sqla_lsp.project.environments import Environments
from sqla_lsp.project.files import Linkable, ProjectFiles, Seen, imports, newer
from sqla_lsp.project.formatting import FILE_NAMES as FORMATTER_FILES
from sqla_lsp.project.formatting import Formatters, Formatting
from sqla_lsp.project.history import RevisionHistory
from sqla_lsp.project.index import read_bytes
from sqla_lsp.project.installed import Release, installed
from sqla_lsp.project.names import Names, Target
from sqla_lsp.project.paths import ancestry
from sqla_lsp.project.replay import TableKey, key_of
from sqla_lsp.project.settings import Settings
from sqla_lsp.project.summary import Failure, Statistics
from sqla_lsp.project.tables import Catalog
from sqla_lsp.readers.recorder import Recording, read_calls
from sqla_lsp.schema.models import Models
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.operations import CreateIndex, is_known
from sqla_lsp.schema.queries import Condition, QueryBlock
from sqla_lsp.syntax.frames import LoadedModule
from sqla_lsp.text.ignores import Ignore

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]

_CONFIGURATION = (*FILE_NAMES, *FORMATTER_FILES, INI, ".gitignore")
"""Names of files after whose change everything is read again."""
_LANDMARKS = ("env.py", "setup.py")
"""Names of Python files that say where an environment or a project is."""


class Project:
    """`roots` are absolute folders or files; `resolver` gives the configuration."""

    def __init__(self, roots: Sequence[str], resolver: Resolver, *, cache: Cache | None = None, jobs: int | None = None) -> None:
        self.roots = tuple(roots)
        self.resolver = resolver
        self._unreadable: list[Failure] = []
        self._files = ProjectFiles(self.roots, resolver, cache, jobs)
        self.environments = Environments(self.roots, self._files.read, self._files.revision, self._files.modules)
        self.catalog = Catalog(self, lambda: Names(self._files.modules, self._files.models_of, self._files.names_of))
        self._partitioned: frozenset[TableKey] | None = None
        self._needed_by_models: frozenset[str] | None = None
        self._marks: dict[str, tuple[int, int]] = {}
        self._formatters = Formatters(read_bytes)

    # ----------------------------------------------------------------------------------------------------------- reading

    def load(self, progress: Progress | None = None, discovery: Discovery | None = None) -> None:
        """Reads everything, afresh or from the cache. `discovery` is what was found below the roots, where that was looked for
        already."""
        discovery = discovery or self._discover()
        self._formatters.forget()
        self._files.read_all(discovery.files, progress)
        for failure in self.failures:
            logger.info("%s is left out: %s", failure.path, failure.reason)
        self._forget_meanings()
        self.environments.find((*discovery.inis, *discovery.pyprojects), self._files.paths())
        self._marks = {path: _mark(path) for path in (*self._watched(discovery), *self.outside())}

    def _discover(self) -> Discovery:
        self._unreadable = []

        def failed(path: str, error: OSError) -> None:
            self._unreadable.append(Failure(path, error.strerror or str(error)))

        return discover(self.roots, self.resolver.settings, failed)

    def _forget_meanings(self) -> None:
        """What names mean, and what follows from it, is found out again when it is next asked for."""
        self._partitioned = self._needed_by_models = None
        self.catalog.forget_all()

    # ----------------------------------------------------------------------------------------------------------- changes

    def set_document(self, path: str, data: bytes) -> set[str]:
        """The text of an open document. Gives the files whose findings may have changed."""
        before = self._files.seen(path)
        return self._changed(path, before) if self._files.put_text(path, data) else {path}

    def drop_document(self, path: str) -> set[str]:
        """A document was closed: what is on disk counts again. Gives what `set_document` gives."""
        before = self._files.seen(path)
        if self._files.documents.pop(path, None) is None:
            return set()
        self._files.take(path)
        return self._changed(path, before)

    def refresh(self, paths: Iterable[str]) -> set[str]:
        """Files were created, changed or deleted on disk. Gives the files whose findings may have changed."""
        paths = list(paths)
        if any(os.path.basename(path) in _CONFIGURATION for path in paths):
            before = self.judged()
            self.resolver.forget()
            self.load()
            return {*before, *self.judged()}
        changed: set[str] = set()
        for path in paths:
            if path.endswith(".py"):
                changed |= self._refresh_file(path)
        return changed

    def sweep(self) -> set[str]:
        """Looks for changes on disk by itself."""
        discovery = self._discover()
        records = self._files.records
        now = {file.path for file in discovery.files}
        changed = {file.path for file in discovery.files if newer(file, records.get(file.path))}
        changed |= {path for path in records if path not in now}
        changed -= self._files.documents.keys()
        for path in self.outside():
            self._marks.setdefault(path, _mark(path))
        changed |= {path for path in {*self._watched(discovery), *self._marks} if self._marks.get(path) != _mark(path)}
        return self.refresh(sorted(changed)) if changed else set()

    def _watched(self, discovery: Discovery) -> set[str]:
        """The files that are no Python files of the project and yet matter: the configuration, and alembic.ini."""
        above = {os.path.join(folder, name) for root in self.roots for folder in ancestry(root) for name in _CONFIGURATION}
        return {*discovery.inis, *discovery.pyprojects, *above}

    def _refresh_file(self, path: str) -> set[str]:
        if path in self._marks:
            self._marks[path] = _mark(path)
        if path in self._files.documents:
            return set()
        before = self._files.seen(path)
        self._files.take(path)
        return self._changed(path, before)

    def _changed(self, path: str, before: Seen) -> set[str]:
        """Takes over what is now known of a file. Gives the files whose findings may have changed."""
        moved = before.exists != self._files.is_file(path)
        self._files.forget(path, moved=moved)
        changed = {path} | self._taken_over(path, before)
        if moved or path in self.environments.needed or path in self._read_by_models():
            changed |= self._link_all(lambda facts: path in facts.read or (moved and imports(facts)))
        if self._environments_changed(path, moved):
            self.catalog.forget_histories()
            changed |= set(self.judged())
        if moved or (before.names is not None and before.names != self._files.names_of(path)):
            self._forget_meanings()
            changed |= set(self.judged())
        return changed

    def _environments_changed(self, path: str, moved: bool) -> bool:
        """Whether a file says of environments what it did not say before."""
        sorted_again = self.environments.sort_again(self._files.paths()) if os.path.basename(path) in _LANDMARKS else set()
        return bool(self.environments.read_facts_again(path, moved) or sorted_again)

    def _taken_over(self, path: str, before: Seen) -> set[str]:
        """Has what follows from a file's facts found out again. Gives the files whose findings may have changed."""
        number = len(self.environments.all())
        changed = self.environments.put(path)
        if number != len(self.environments.all()):
            self.catalog.forget_histories()
            changed |= set(self.judged())
        now = self._files.seen(path)
        if now.revision is not before.revision and not _same(now, before):
            changed |= self.catalog.forget_histories() | set(self.model_files())
        if now.models is not before.models:
            changed |= self._models_changed(path, before.models, now.models)
        if now.queries != before.queries:
            changed |= self._queries_changed(path)
        return changed

    def _models_changed(self, path: str, old: Models | None, new: Models | None) -> set[str]:
        moved_only = only_moved(old, new)
        changed = self.catalog.forget_models(path, moved_only=moved_only) | {path}
        if moved_only:
            return changed
        self._needed_by_models = None
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

    def _read_by_models(self) -> frozenset[str]:
        """The modules that models were read with."""
        if self._needed_by_models is None:
            models = [self._files.models_of(path) for path in self.model_files()]
            self._needed_by_models = frozenset([read for declared in models if declared is not None for read in declared.read])
        return self._needed_by_models

    def _link_all(self, needs: Callable[[Linkable], bool]) -> set[str]:
        """Reads again the revisions and models that need it, after a module of the project changed."""
        files = self._files
        linkable = [(path, files.revision(path) or files.models_of(path)) for path in (*self.revisions(), *self.model_files())]
        changed: set[str] = set()
        for path in [path for path, facts in linkable if facts is not None and needs(facts)]:
            before = files.seen(path)
            files.link(path)
            changed |= {path} | self._taken_over(path, before)
        return changed

    # --------------------------------------------------------------------------------------------------------- questions

    @property
    def failures(self) -> list[Failure]:
        """What could not be read."""
        records = self._files.records.items()
        return [*self._unreadable, *[Failure(path, record.facts.error) for path, record in records if record.facts.error]]

    def revisions(self) -> list[str]:
        """The paths of all revision files, sorted."""
        return self.environments.revisions()

    def model_files(self) -> list[str]:
        """The paths of all files that declare models, sorted."""
        return self._files.model_files()

    def query_files(self) -> list[str]:
        """The paths of all files that hold queries which count, sorted."""
        return self._files.query_files()

    def commented(self) -> list[str]:
        """The paths of all files with comments that silence rules, sorted."""
        return sorted(path for path in self._files.paths() if self._files.facts(path).ignores)

    def judged(self) -> list[str]:
        """The paths of all files that some rule is asked about, sorted."""
        return sorted({*self.revisions(), *self.model_files(), *self.query_files(), *self.commented()})

    def outside(self) -> set[str]:
        """The modules that were read and lie below none of the roots."""
        read = self.environments.facts_read()
        read.update(self._files.abroad, self._files.asked_for_names())
        for record in (*self._files.records.values(), *self._files.abroad.values()):
            read.update(path for path, _ in record.modules)
        return read - self._files.found.keys()

    def settings(self, path: str) -> Settings:
        """What is configured for a file."""
        return self.resolver.settings(path)

    def formatting(self, path: str) -> Formatting:
        """How the project's formatter writes a file."""
        return self._formatters.formatting(path)

    def installed(self, path: str, package: str) -> Release | None:
        """The release of a package that the project of a file has, installed or locked."""
        return installed(read_bytes, path, package)

    def data(self, path: str) -> bytes:
        """The UTF-8 text of a file as it was analysed, b"" where there is none."""
        return self._files.data(path)

    def exists(self, path: str) -> bool:
        """Whether there is a file, on disk or in the editor."""
        return self._files.is_file(path)

    def document(self, path: str) -> bytes | None:
        """The text of an open document, None where it is not open."""
        document = self._files.documents.get(path)
        return None if document is None else document.data

    def ignores(self, path: str) -> tuple[Ignore, ...]:
        """The comments of a file that silence rules."""
        return self._files.facts(path).ignores

    def models_of(self, path: str) -> Models | None:
        """The models of a file."""
        return self._files.models_of(path)

    def queries_of(self, path: str) -> tuple[QueryBlock, ...]:
        """The queries of a file."""
        return self._files.queries_of(path)

    def condition(self, path: str, name: str) -> Condition | None:
        """What a helper of a file returns."""
        return self._files.condition(path, name)

    def history(self, path: str) -> RevisionHistory | None:
        """The history of a revision; None for a file that is none."""
        return self.environments.history(path)

    def calls(self, path: str, function: str, proceed: Callable[[], None] = lambda: None) -> Recording:
        """The calls of a revision's function with their arguments, evaluated now. `proceed` may raise in the midst of it."""
        module = LoadedModule(path, "", self._files.parsed(path))
        main_options = self.environments.options(self.environments.of(path)).main
        return read_calls(module, self._files.modules, function, main_options, proceed)

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
            models = [self._files.models_of(path) for path in self.model_files()]
            self._partitioned = frozenset([key for declared in models for key in _partitioned(declared)])
        return self._partitioned

    def statistics(self) -> Statistics:
        """What was read."""
        operations = not_known = 0
        paths = self.revisions()
        for path in paths:
            revision = self._files.revision(path)
            for script in (revision.upgrade, revision.downgrade) if revision is not None else ():
                operations += len(script.operations)
                not_known += sum(not is_known(operation) for operation in script.operations)
        models = sum(len(models.models) for path in self.model_files() if (models := self._files.models_of(path)) is not None)
        queries = sum(len(block.queries) for path in self.query_files() for block in self._files.queries_of(path))
        return Statistics(len(self._files.found), models, queries, len(paths), operations, not_known)


def _same(now: Seen, before: Seen) -> bool:
    """Whether two versions of a file leave the same schema."""
    if now.revision is None or before.revision is None:
        return False
    return now.revision.header.down == before.revision.header.down and same_effect(before.revision, now.revision)


def _partitioned(models: Models | None) -> set[TableKey]:
    """The partitioned tables among models."""
    partitioned = [model.table for model in models.models if model.partitioned] if models is not None else []
    return {key for table in partitioned if (key := key_of(table)) is not None}


def _declared(models: Models | None) -> list[tuple[str, TableName | None]]:
    """The models by their names and tables."""
    return [(model.name, model.table) for model in models.models] if models is not None else []


def _mark(path: str) -> tuple[int, int]:
    """What changes with a file's content."""
    try:
        known = os.stat(path)
    except OSError:
        return -1, -1
    return known.st_size, known.st_mtime_ns
