"""The files of a project with their facts: what was read from disk or the cache, and the texts of open documents, which count
instead. It knows what each file declares, not what follows from it."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from sqla_lsp.project import index
from sqla_lsp.project.cache import Cache
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.discovery import Found, is_included
from sqla_lsp.project.document import OpenDocument
from sqla_lsp.project.modules import ProjectModules
from sqla_lsp.readers.files import NOTHING, FileFacts
from sqla_lsp.readers.queries import read_condition, read_names
from sqla_lsp.readers.revisions import Revision
from sqla_lsp.schema.models import Models
from sqla_lsp.schema.modules import ModuleNames
from sqla_lsp.schema.queries import Condition, QueryBlock
from sqla_lsp.syntax import code
from sqla_lsp.syntax.lower import lower
from sqla_lsp.text.source import SourceError, decode

logger = logging.getLogger(__name__)

Linkable = Revision | Models
"""What a file declares that may depend on modules of the project."""
T = TypeVar("T")


class Seen(NamedTuple):
    """What is known of a file at one time. `names` is None where nobody asked for them."""

    exists: bool
    revision: Revision | None
    models: Models | None
    queries: tuple[QueryBlock, ...]
    names: ModuleNames | None


class ProjectFiles:
    """`roots` are absolute folders or files; `resolver` gives the configuration."""

    def __init__(self, roots: Sequence[str], resolver: Resolver, cache: Cache | None, jobs: int | None) -> None:
        self.roots = tuple(roots)
        self.resolver = resolver
        self.found: dict[str, Found] = {}
        self.documents: dict[str, OpenDocument] = {}
        self.records: index.Records = {}
        self.modules = ProjectModules(self.read, self.documents)
        self.abroad: index.Records = {}
        """Files that lie below none of the roots and were asked for."""
        self._cache = cache
        self._jobs = jobs
        self._names: dict[str, ModuleNames] = {}
        self._with_models: set[str] = set()
        self._with_queries: set[str] = set()

    # ----------------------------------------------------------------------------------------------------------- reading

    def read_all(self, files: Sequence[Found], progress: index.Progress | None) -> None:
        """Reads files, afresh or from the cache."""
        self.found = {file.path: file for file in files}
        self.modules.forget_all()
        self._names.clear()
        self.abroad.clear()
        known = self._cached()
        heard = progress or (lambda done, total: None)
        self.records = index.read_files(files, known, self._reads_queries, self._jobs, heard)
        self._relink(known)
        if self.records != known:
            self._store()
        self._link_to_documents()
        self._with_models.clear()
        self._with_queries.clear()
        for path in self.paths():
            self._sort_in(path)

    def _cached(self) -> index.Records:
        data = None if self._cache is None else self._cache.load(self._key())
        if data is None:
            return {}
        try:
            return msgspec.msgpack.decode(data, type=index.Records)
        except msgspec.DecodeError:
            return {}

    def _store(self) -> None:
        if self._cache is not None and self._cache.keeps:
            self._cache.store(self._key(), msgspec.msgpack.encode(self.records))

    def _key(self) -> str:
        return "\n".join(["files", *self.roots])

    def _relink(self, known: index.Records) -> None:
        """Reads again the revisions and models whose modules of the project are not what they were. Where files came or went, an
        import may name another module than it did: also where they did outside of the roots, of which nobody told."""
        same_files = known.keys() == self.records.keys()
        modules = ProjectModules(index.read_bytes)
        for path, record in self.records.items():
            linkable = record.revision or record.models
            if linkable is None or not imports(linkable) or known.get(path) is not record:
                continue
            inside = same_files and all(module in self.found for module, _ in record.modules)
            if (
                inside
                and all(modules.digest(module) == then for module, then in record.modules)
                and not any(modules.names_project(path, name, level) for name, level in linkable.outside)
            ):
                continue
            self.records[path] = index.read_record(self.found[path], modules, record.queries)

    def _link_to_documents(self) -> None:
        """After files were read from disk: reads again what depends on texts that are in the editor alone."""
        for document in self.documents.values():
            document.link(self.modules)
        unsaved = {path for path, document in self.documents.items() if document.data != self._on_disk(path)}
        appeared = any(not os.path.isfile(path) for path in unsaved)
        for path, record in self.records.items() if unsaved else ():
            linkable = record.revision or record.models
            if linkable is not None and (not unsaved.isdisjoint(linkable.read) or (appeared and imports(linkable))):
                self.records[path] = index.read_record(self.found[path], self.modules, record.queries)

    def _reads_queries(self, path: str) -> bool:
        """Whether the queries of a file count."""
        return self.resolver.folder_settings(os.path.dirname(path)).reads_queries(path)

    # ----------------------------------------------------------------------------------------------------------- changes

    def put_text(self, path: str, data: bytes) -> bool:
        """Takes over the text of an open document. Whether it differs from what was known."""
        document = self.documents.get(path)
        if document is None:
            self.documents[path] = OpenDocument(path, data, self.modules, self._reads_queries(path))
            changed = not self._is_as_read(path, data)
        else:
            changed = document.data != data
            if changed:
                document.update(data, self.modules)
        self._sort_in(path)
        return changed

    def take(self, path: str) -> None:
        """Reads a file from disk, where it is one of the project's."""
        found = _found(path)
        if found is None or not is_included(path, self.roots, self.resolver.settings):
            self.found.pop(path, None)
            self.records.pop(path, None)
        else:
            self.found[path] = found
            self.records[path] = index.read_record(found, self.modules, self._reads_queries(path))
        self._sort_in(path)

    def link(self, path: str) -> None:
        """Reads a file again of which a module changed that it was read with."""
        document = self.documents.get(path)
        if document is not None:
            document.link(self.modules)
        else:
            self.records[path] = index.read_record(self.found[path], self.modules, self.records[path].queries)
        self._sort_in(path)

    def forget(self, path: str, *, moved: bool) -> None:
        """Forgets what others found in a file as a module, and (`moved`) which modules there are."""
        self.modules.forget(path)
        self.abroad.clear()
        self._names.pop(path, None)
        if moved:
            self.modules.forget_places()

    def _sort_in(self, path: str) -> None:
        models = self.models_of(path)
        has_models = models is not None and bool(models.models or models.added)
        (self._with_models.add if has_models else self._with_models.discard)(path)
        (self._with_queries.add if self.queries_of(path) else self._with_queries.discard)(path)

    def _is_as_read(self, path: str, data: bytes) -> bool:
        """Whether a text is the one that was read from disk."""
        record, found = self.records.get(path), _found(path)
        return record is not None and found is not None and not newer(found, record) and data == self._on_disk(path)

    # --------------------------------------------------------------------------------------------------------- questions

    def seen(self, path: str) -> Seen:
        """What is known of a file now."""
        exists = path in self.documents or path in self.found or self.modules.has_read(path)
        names = self.facts(path).names or self._names.get(path)
        return Seen(exists, self.revision(path), self.models_of(path), self.queries_of(path), names)

    def paths(self) -> set[str]:
        """All files of which something may be known."""
        return {*self.records, *self.documents}

    def model_files(self) -> list[str]:
        """The paths of all files that declare models, sorted."""
        return sorted(self._with_models)

    def query_files(self) -> list[str]:
        """The paths of all files that hold queries which count, sorted."""
        return sorted(self._with_queries)

    def facts(self, path: str) -> FileFacts:
        """What a file declares by itself."""
        document = self.documents.get(path)
        if document is not None:
            return document.facts
        record = self.records.get(path)
        return NOTHING if record is None else record.facts

    def revision(self, path: str) -> Revision | None:
        """The revision that a file is."""
        known = self.documents.get(path) or self.records.get(path)
        return None if known is None else known.revision

    def models_of(self, path: str) -> Models | None:
        """The models of a file; one that lies below none of the roots is read when it is first asked for."""
        known = self.documents.get(path) or self.records.get(path) or self.abroad.get(path)
        if known is None and path.endswith(".py") and (found := _found(path)) is not None:
            known = self.abroad[path] = index.read_record(found, self.modules, False)
        return None if known is None else known.models

    def queries_of(self, path: str) -> tuple[QueryBlock, ...]:
        """The queries of a file."""
        return self.facts(path).queries

    def names_of(self, path: str) -> ModuleNames:
        """What the top level of a file binds; nothing where it cannot be read. What passed no filter is read now."""
        names = self.facts(path).names or self._names.get(path)
        if names is None:
            names = self._names[path] = self._asked(path, read_names) or ModuleNames()
        return names

    def asked_for_names(self) -> set[str]:
        """The files of which the names were read when somebody asked."""
        return set(self._names)

    def condition(self, path: str, name: str) -> Condition | None:
        """What a helper of a file returns."""
        return self._asked(path, lambda data: read_condition(data, name))

    def _asked(self, path: str, ask: Callable[[bytes], T | None]) -> T | None:
        """What is read of a file on demand."""
        try:
            return ask(decode(self.read(path)).data)
        except (OSError, SourceError):
            return None
        except Exception:
            logger.exception("%s could not be read", path)
            return None

    def read(self, path: str) -> bytes:
        """The bytes of a file, in the editor or on disk. Raises OSError."""
        document = self.documents.get(path)
        return index.read_bytes(path) if document is None else document.data

    def is_file(self, path: str) -> bool:
        """Whether there is a file, on disk or in the editor."""
        return path in self.documents or os.path.isfile(path)

    def parsed(self, path: str) -> code.Module:
        """The code of a file as it was analysed."""
        document = self.documents.get(path)
        return (document.parsed if document is not None else None) or lower(self.data(path))

    def data(self, path: str) -> bytes:
        """The UTF-8 text of a file as it was analysed, b"" where there is none."""
        document = self.documents.get(path)
        return self._on_disk(path) or b"" if document is None else document.data

    @staticmethod
    def _on_disk(path: str) -> bytes | None:
        """The UTF-8 text of a file on disk; None where it cannot be read."""
        try:
            return decode(index.read_bytes(path)).data
        except (OSError, SourceError):
            return None


def imports(linkable: Linkable) -> bool:
    """Whether a revision or models depend on which modules there are."""
    return bool(linkable.read) or ProjectModules.may_be_named(linkable.outside)


def newer(file: Found, record: index.Record | None) -> bool:
    """Whether a file on disk is not the one that was read."""
    return record is None or (record.size, record.mtime_ns) != (file.size, file.mtime_ns)


def _found(path: str) -> Found | None:
    """A file as it is on disk; None where there is none."""
    try:
        known = os.stat(path)
    except (OSError, ValueError):
        return None
    return Found(path, known.st_size, known.st_mtime_ns, known.st_ino) if stat.S_ISREG(known.st_mode) else None
