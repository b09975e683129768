"""Which environment a revision belongs to, and which project an environment belongs to, told from the folders around them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence

from sqla_lsp.project.paths import PROJECT_MARKS, ancestry, below
from sqla_lsp.readers.environments import Options, read_ini, read_pyproject

_LEVELS = 8
_NEARBY = 4
_OTHERS = frozenset({"sqlite", "mysql", "mariadb", "oracle", "mssql"})
_POSTGRES = frozenset({"postgres", "postgresql", "pg", "psql", "pgsql"})


class EnvironmentFinder:
    """`files` are the alembic.ini and pyproject.toml files of the project."""

    def __init__(self, files: Sequence[str], read: Callable[[str], bytes]) -> None:
        self.files = tuple(files)
        self._options: list[Options] = []
        for path in self.files:
            try:
                data = read(path)
            except OSError:
                continue
            if path.endswith(".ini"):
                self._options += read_ini(path, data)
            elif b"alembic" in data:
                self._options += read_pyproject(path, data)
        self._read = read
        self._homes: dict[str, str | None] = {}
        self._projects: dict[str, str] = {}

    def environment_of(self, path: str) -> str:
        """The folder of the environment that a revision belongs to: of the nearest env.py above it, else the one whose
        configuration names its folder, else the folder above `versions`, else its own."""
        folder = os.path.dirname(path)
        home = self._home(folder)
        if home is not None:
            return home
        for options in self._options:
            if any(folder == location or folder.startswith(location + os.sep) for location in options.versions):
                return options.folder
        at = folder
        for _ in range(_LEVELS):
            if os.path.basename(at) == "versions":
                return os.path.dirname(at)
            at = os.path.dirname(at)
        return folder

    def options_of(self, folder: str) -> Options | None:
        """What alembic.ini says of an environment: one of the project's, or one in the folder itself or a little above it."""
        known = next((options for options in self._options if options.folder == folder), None)
        return known or next((options for options in self._nearby(folder) if options.folder == folder), None)

    def _nearby(self, folder: str) -> Iterator[Options]:
        for at in ancestry(folder)[:_NEARBY]:
            path = os.path.join(at, "alembic.ini")
            if path not in self.files:
                try:
                    yield from read_ini(path, self._read(path))
                except OSError:
                    continue

    def project_of(self, path: str, roots: Sequence[str]) -> str:
        """The folder of the project that a path belongs to: the nearest one with a pyproject.toml, setup.py or .git, inside of
        the root."""
        known = self._projects.get(path)
        if known is None:
            above = os.path.dirname(path)
            begins = path in roots or above == path or (not path.endswith(".py") and _begins_project(path))
            known = self._projects[path] = path if begins else self.project_of(above, roots)
        return known

    def is_of_other_dialect(self, path: str, roots: Sequence[str]) -> bool:
        """Whether a revision lies in a folder that is named after another database: `versions/sqlite`,
        `sqlite_store/migrations`. Projects that keep one folder per dialect choose among them when they run."""
        relative = below(self.project_of(self.environment_of(path), roots), path) or os.path.basename(path)
        words = {word for folder in relative.lower().split("/")[:-1] for word in re.split(r"[_\-.]", folder)}
        return bool(words & _OTHERS) and not words & _POSTGRES

    def _home(self, folder: str, level: int = 0) -> str | None:
        """The nearest folder, upwards, with Alembic's env.py."""
        if folder in self._homes:
            return self._homes[folder]
        above = os.path.dirname(folder)
        home: str | None = None
        if self._is_environment(os.path.join(folder, "env.py")):
            home = folder
        elif level < _LEVELS and above != folder:
            home = self._home(above, level + 1)
        self._homes[folder] = home
        return home

    def _is_environment(self, path: str) -> bool:
        try:
            data = self._read(path)
        except OSError:
            return False
        return b"run_migrations" in data or b"alembic" in data or b"context" in data


def _begins_project(folder: str) -> bool:
    """Whether a folder has a mark of a project, or is an installed distribution."""
    try:
        names = set(os.listdir(folder))
    except OSError:
        return False
    return not names.isdisjoint(PROJECT_MARKS) or any(name.endswith(".dist-info") for name in names)
