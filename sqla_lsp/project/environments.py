"""The Alembic environments of a project: which revision belongs to which of them, and what each says of its tables."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence

from sqla_lsp.project.environment import Environment
from sqla_lsp.project.history import RevisionHistory
from sqla_lsp.project.modules import ProjectModules
from sqla_lsp.project.paths import below
from sqla_lsp.project.places import EnvironmentFinder
from sqla_lsp.readers.environments import EnvironmentFacts, Options, read_environment
from sqla_lsp.readers.revisions import Revision

logger = logging.getLogger(__name__)


_CALLED = frozenset({"migrations", "migration", "alembic", "versions"})


class Environments:
    """`read` gives the bytes of a file as it counts, `revision_of` what is known of a file that may be a revision."""

    def __init__(
        self,
        roots: Sequence[str],
        read: Callable[[str], bytes],
        revision_of: Callable[[str], Revision | None],
        modules: ProjectModules,
    ) -> None:
        self._roots = roots
        self._read = read
        self._revision_of = revision_of
        self._modules = modules
        self._by_folder: dict[str, Environment] = {}
        self._folders: dict[str, str] = {}
        self._finder = EnvironmentFinder((), read)
        self.needed: set[str] = set()
        """The modules that revisions were read with, and some that they no longer are."""

    def find(self, files: Sequence[str], paths: Iterable[str]) -> None:
        """Sorts the revisions among some paths into their environments. `files` are the alembic.ini and pyproject.toml files."""
        self._finder = EnvironmentFinder(files, self._read)
        self._sort(paths)

    def _sort(self, paths: Iterable[str]) -> None:
        self._by_folder, self._folders = {}, {}
        self.needed.clear()
        for path in paths:
            revision = self._revision_of(path)
            if revision is not None:
                self.of(path).revisions[path] = revision
                self.needed.update(revision.read)

    def sort_again(self, paths: Iterable[str]) -> set[str]:
        """An env.py, or what else says where an environment or a project is, may have come, changed or gone. Gives the revisions
        that it matters to."""
        old, self._finder = self._finder, EnvironmentFinder(self._finder.files, self._read)
        same = all(self._finder.environment_of(path) == folder for path, folder in self._folders.items())
        if same and all(old.project_of(e, self._roots) == self._finder.project_of(e, self._roots) for e in self._by_folder):
            return set()
        self._sort(paths)
        return set(self.revisions())

    def put(self, path: str) -> set[str]:
        """Takes over the new version of a file. Gives the revisions whose history changes by it. Where an environment comes or
        goes, that counts for the others of the project."""
        revision = self._revision_of(path)
        if revision is None and path not in self._folders:
            return set()
        self.needed.update(revision.read if revision is not None else ())
        number = len(self._by_folder)
        environment = self.of(path)
        changed = environment.put(path, revision)
        if revision is None:
            folder = self._folders.pop(path)
            if not environment.revisions:
                del self._by_folder[folder]
        return changed if number == len(self._by_folder) else changed | set(self.revisions())

    def read_facts_again(self, path: str, moved: bool) -> set[str]:
        """A file changed that an env.py may read, or (`moved`) came or went. Gives the revisions that it matters to."""
        changed: set[str] = set()
        for environment in self._by_folder.values():
            if (moved or path in environment.facts_read) and environment.read_facts_again():
                changed |= set(self.revisions())
        return changed

    # --------------------------------------------------------------------------------------------------------- questions

    def all(self) -> list[Environment]:
        """All environments."""
        return list(self._by_folder.values())

    def of(self, path: str) -> Environment:
        """The environment of a revision."""
        folder = self._folders.get(path)
        if folder is None:
            folder = self._folders[path] = self._finder.environment_of(path)
        environment = self._by_folder.get(folder)
        if environment is None:
            environment = self._by_folder[folder] = Environment(folder, lambda: self._read_environment(folder))
        return environment

    def revisions(self) -> list[str]:
        """The paths of all revision files, sorted."""
        return sorted(path for environment in self._by_folder.values() for path in environment.revisions)

    def history(self, path: str) -> RevisionHistory | None:
        """The history of a revision; None for a file that is none."""
        if self._revision_of(path) is None:
            return None
        environment = self.of(path)
        return environment.history(path) if path in environment.revisions else None

    def options(self, environment: Environment) -> Options:
        """What alembic.ini or pyproject.toml says of an environment; nothing where none does."""
        return self._finder.options_of(environment.folder) or Options(environment.folder)

    def facts_read(self) -> set[str]:
        """The files that env.py files were read with."""
        return {path for environment in self._by_folder.values() for path in environment.facts_read}

    def holds(self, path: str) -> bool:
        """Whether a file lies in the folder of an environment that is called after migrations: what these share is a part of
        them."""
        folders = {name.lower() for name in os.path.dirname(path).split(os.sep)}
        return not folders.isdisjoint(_CALLED) and any(below(folder, path) is not None for folder in self._by_folder)

    def project_of(self, path: str) -> str:
        """The folder of the project that a file or folder belongs to."""
        return self._finder.project_of(path, self._roots)

    def of_project(self, path: str) -> list[Environment]:
        """The environments of the project that a file or folder belongs to."""
        folder = self.project_of(path)
        return [environment for at, environment in self._by_folder.items() if self.project_of(at) == folder]

    def speaks_postgres(self, path: str) -> bool:
        """Whether a file's database may be Postgres: not where every environment of its project names other ones, and not where
        it lies in a folder that is named after one."""
        if self._finder.is_of_other_dialect(path, self._roots):
            return False
        environments = self.of_project(path)
        return not environments or not all(environment.facts.others for environment in environments)

    def _read_environment(self, folder: str) -> EnvironmentFacts:
        path = os.path.join(folder, "env.py")
        modules = self._modules.unevaluated()  # what its imports call counts, and is heard but once
        module = modules.load(path)
        options = self._finder.options_of(folder)
        if module is None:
            return EnvironmentFacts(folder, read=(path,))
        try:
            return read_environment(module, modules, folder, options)
        except Exception:
            logger.exception("%s could not be read", path)
            return EnvironmentFacts(folder, read=(path,))
        finally:
            self._modules.adopt(modules)
