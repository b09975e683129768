"""The whole project as one model: every file's facts, the environments with their revisions, and what depends on what.

Texts of open documents count instead of the files on disk. It belongs to one thread, and never raises for what is in a file.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence

import msgspec

from sqla_lsp.project import index
from sqla_lsp.project.cache import Cache
from sqla_lsp.project.configuration import FILE_NAMES, Resolver
from sqla_lsp.project.discovery import Discovery, Found, discover, is_included
from sqla_lsp.project.document import OpenDocument
from sqla_lsp.project.environment import Environment
from sqla_lsp.project.history import RevisionHistory
from sqla_lsp.project.modules import ProjectModules
from sqla_lsp.project.places import EnvironmentFinder
from sqla_lsp.project.replay import TableKey, key_of
from sqla_lsp.project.settings import Settings
from sqla_lsp.project.summary import Failure, Statistics
from sqla_lsp.readers.environments import EnvironmentFacts, read_environment
from sqla_lsp.readers.files import FileFacts
from sqla_lsp.readers.revisions import Revision
from sqla_lsp.schema.operations import is_known
from sqla_lsp.text.ignores import Ignore
from sqla_lsp.text.source import SourceError, decode

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


class Project:
    """`roots` are absolute folders or files; `resolver` gives the configuration."""

    def __init__(self, roots: Sequence[str], resolver: Resolver, *, cache: Cache | None = None, jobs: int | None = None) -> None:
        self.roots = tuple(roots)
        self.resolver = resolver
        self.failures: list[Failure] = []
        self._cache = cache
        self._jobs = jobs
        self._records: index.Records = {}
        self._found: dict[str, Found] = {}
        self._documents: dict[str, OpenDocument] = {}
        self._modules = ProjectModules(self._read)
        self._environments: dict[str, Environment] = {}
        self._folders: dict[str, str] = {}
        self._finder = EnvironmentFinder((), self._read)
        self._partitioned: frozenset[TableKey] | None = None
        self._marks: dict[str, tuple[int, int]] = {}

    # ----------------------------------------------------------------------------------------------------------- reading

    def load(self, progress: Progress | None = None, discovery: Discovery | None = None) -> None:
        """Reads everything, afresh or from the cache. `discovery` is what was found below the roots, where that was looked for already."""
        discovery = self._discover(discovery)
        known = self._cached()
        self._records = index.read_files(discovery.files, known, self._jobs, progress or (lambda done, total: None))
        self._relink(known)
        if self._records != known:
            self._store()
        self._failures_of_records()
        self._rebuild(discovery)

    def _discover(self, discovery: Discovery | None = None) -> Discovery:
        self.failures = []

        def failed(path: str, error: OSError) -> None:
            self.failures.append(Failure(path, error.strerror or str(error)))

        discovery = discovery or discover(self.roots, self.resolver.settings, failed)
        self._found = {file.path: file for file in discovery.files}
        return discovery

    def _failures_of_records(self) -> None:
        for path, record in self._records.items():
            if record.facts.error:
                self.failures.append(Failure(path, record.facts.error))
                logger.warning("%s is left out: %s", path, record.facts.error)

    def _rebuild(self, discovery: Discovery) -> None:
        """Sorts the revisions into their environments."""
        self._finder = EnvironmentFinder((*discovery.inis, *discovery.pyprojects), self._read)
        self._environments, self._folders, self._partitioned = {}, {}, None
        for path in {*self._records, *self._documents}:
            revision = self._revision(path)
            if revision is not None:
                self._environment(path).revisions[path] = revision
        self._marks = {path: _mark(path) for path in self._watched()}

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
        """Reads again the revisions whose modules of the project are not what they were. Where files came or went, an import may name
        another module than it did."""
        same_files = known.keys() == self._records.keys()
        digests: dict[str, bytes] = {}
        modules: ProjectModules | None = None
        for path, record in self._records.items():
            revision = record.revision
            if revision is None or not (revision.outside or revision.read) or known.get(path) is not record:
                continue
            if same_files and all(self._digest(module, digests) == then for module, then in record.modules):
                continue
            modules = modules or ProjectModules(index.read_bytes)
            self._records[path] = index.read_record(self._found[path], modules)

    def _digest(self, path: str, digests: dict[str, bytes]) -> bytes:
        found = digests.get(path)
        if found is None:
            try:
                found = index.digest(index.read_bytes(path))
            except OSError:
                found = b""
            digests[path] = found
        return found

    def _read(self, path: str) -> bytes:
        """The bytes of a file, in the editor or on disk. Raises OSError."""
        document = self._documents.get(path)
        return index.read_bytes(path) if document is None else document.data

    # ----------------------------------------------------------------------------------------------------------- changes

    def set_document(self, path: str, data: bytes) -> set[str]:
        """The text of an open document. Gives the revisions whose findings may have changed."""
        document = self._documents.get(path)
        if document is None:
            document = self._documents[path] = OpenDocument(path, data, self._modules)
            if path in self._records and data == self._on_disk(path):
                return {path} if self._revision(path) is not None else set()
        else:
            document.update(data, self._modules)
        return self._changed(path) | {path}

    def drop_document(self, path: str) -> set[str]:
        """A document was closed: what is on disk counts again."""
        if self._documents.pop(path, None) is None:
            return set()
        return self.refresh([path])

    def refresh(self, paths: Iterable[str]) -> set[str]:
        """Files were created, changed or deleted on disk."""
        changed: set[str] = set()
        for path in paths:
            name = os.path.basename(path)
            if name in FILE_NAMES or name in ("alembic.ini", ".gitignore"):
                self.resolver.forget()
                self.load()
                return set(self.revisions())
            if path.endswith(".py"):
                changed |= self._refresh_file(path)
        return changed

    def _refresh_file(self, path: str) -> set[str]:
        self._marks[path] = _mark(path)
        if path in self._documents:
            return set()
        try:
            stat = os.stat(path)
            found = Found(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)
        except OSError:
            found = None
        was_there = path in self._found
        if found is None or not (was_there or is_included(path, self.roots, self.resolver.settings)):
            self._found.pop(path, None)
            self._records.pop(path, None)
        else:
            self._found[path] = found
            self._records[path] = index.read_record(found, self._modules)
        changed = self._changed(path)
        if was_there != (found is not None):
            changed |= self._link_all(lambda revision: bool(revision.outside or revision.read))
        return changed

    def sweep(self) -> set[str]:
        """Looks for changes on disk by itself."""
        discovery = self._discover()
        now = {file.path for file in discovery.files}
        changed = {file.path for file in discovery.files if _newer(file, self._records.get(file.path))}
        changed |= {path for path in self._records if path not in now and path not in self._documents}
        changed |= {path for path in self._watched(discovery) if self._marks.get(path) != _mark(path)}
        return self.refresh(sorted(changed)) if changed else set()

    def _watched(self, discovery: Discovery | None = None) -> set[str]:
        """The files that are no Python files of the project and yet matter: configuration, alembic.ini, env.py."""
        inis = (*discovery.inis, *discovery.pyprojects) if discovery else self._finder.files
        settings = {self.settings(root).file for root in self.roots}
        return {*inis, *(file for file in settings if file)}

    def _changed(self, path: str) -> set[str]:
        """Takes over what is now known of a file."""
        self._partitioned = None
        changed: set[str] = set()
        revision = self._revision(path)
        if revision is not None or path in self._folders:
            changed |= self._environment(path).put(path, revision)
        if revision is None:
            self._folders.pop(path, None)
        if self._modules.has_read(path):
            self._modules.forget_all()
        changed |= self._link_all(lambda other: path in other.read)
        if os.path.basename(path) == "env.py" or any(path in e.facts_read for e in self._environments.values()):
            changed |= self._environments_changed(path)
        return changed

    def _environments_changed(self, path: str) -> set[str]:
        """env.py, or a module that it reads, changed; a new one takes revisions over."""
        if os.path.basename(path) == "env.py" and os.path.dirname(path) not in self._environments:
            self._finder = EnvironmentFinder(self._finder.files, self._read)
            self._environments, self._folders = {}, {}
            for other in {*self._records, *self._documents}:
                revision = self._revision(other)
                if revision is not None:
                    self._environment(other).revisions[other] = revision
        for environment in self._environments.values():
            environment.forget_facts()
        return set(self.revisions())

    def _link_all(self, needs: Callable[[Revision], bool]) -> set[str]:
        """Reads again the revisions that need it, after a module of the project changed."""
        stale = [path for path in self.revisions() if (r := self._revision(path)) is not None and needs(r)]
        if not stale:
            return set()
        self._modules.forget_all()
        changed: set[str] = set()
        for path in stale:
            document = self._documents.get(path)
            if document is not None:
                document.link(self._modules)
            else:
                self._records[path] = index.read_record(self._found[path], self._modules)
            changed |= self._environment(path).put(path, self._revision(path))
        return changed

    # --------------------------------------------------------------------------------------------------------- questions

    def revisions(self) -> list[str]:
        """The paths of all revision files, sorted."""
        return sorted(path for environment in self._environments.values() for path in environment.revisions)

    def commented(self) -> list[str]:
        """The paths of all files with comments that silence rules, sorted."""
        return sorted(path for path in {*self._records, *self._documents} if self._facts(path).ignores)

    def outside(self) -> set[str]:
        """The modules that were read and lie below none of the roots."""
        read = {path for environment in self._environments.values() for path in environment.facts_read}
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
        if self._revision(path) is None:
            return None
        return self._environment(path).history(path)

    def environment(self, path: str) -> Environment:
        """The environment of a revision."""
        return self._environment(path)

    def speaks_postgres(self, path: str) -> bool:
        """Whether the rules hold for a revision: not where every environment of the project names other databases."""
        dialect = self.settings(path).dialect
        if dialect != "auto":
            return dialect == "postgresql"
        folder = self._finder.project_of(path, self.roots)
        environments = [e for p, e in self._environments.items() if self._finder.project_of(p, self.roots) == folder]
        return not environments or not all(environment.facts.others for environment in environments)

    @property
    def partitioned(self) -> frozenset[TableKey]:
        """The tables that models declare as partitioned."""
        if self._partitioned is None:
            tables = [table for path in {*self._records, *self._documents} for table in self._facts(path).partitioned]
            self._partitioned = frozenset([key for table in tables if (key := key_of(table)) is not None])
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

    def _environment(self, path: str) -> Environment:
        folder = self._folders.get(path)
        if folder is None:
            folder = self._folders[path] = self._finder.environment_of(path)
        environment = self._environments.get(folder)
        if environment is None:
            environment = self._environments[folder] = Environment(folder, lambda: self._read_environment(folder))
        return environment

    def _read_environment(self, folder: str) -> EnvironmentFacts:
        path = os.path.join(folder, "env.py")
        module = self._modules.load(path)
        options = self._finder.options_of(folder)
        if module is None:
            return EnvironmentFacts(folder, read=(path,))
        try:
            return read_environment(module, self._modules, folder, options)
        except Exception:
            logger.exception("%s could not be read", path)
            return EnvironmentFacts(folder, read=(path,))


def _newer(file: Found, record: index.Record | None) -> bool:
    return record is None or (record.size, record.mtime_ns) != (file.size, file.mtime_ns)


def _mark(path: str) -> tuple[int, int]:
    """What changes with a file's content."""
    try:
        stat = os.stat(path)
    except OSError:
        return -1, -1
    return stat.st_size, stat.st_mtime_ns
