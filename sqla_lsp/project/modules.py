"""Finds the project's own modules by their import names, next to and above the file that imports them. It reads files when they
are first asked for, and keeps what it read."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Callable, Collection, Iterable

from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import LoadedModule
from sqla_lsp.text.source import SourceError, decode

logger = logging.getLogger(__name__)

_FOREIGN = frozenset(sys.stdlib_module_names) | {"alembic", "sqlalchemy", "sqlmodel", "flask_sqlalchemy", "flask", "pydantic"}
"""Top-level names that never mean a module of the project (many keep their migrations in a folder named alembic)."""
_LEVELS = 12
_LONGEST = 1_000_000
"""Longer files are not read: people write no module of a megabyte (all models in one of 270 kB are real)."""

Read = Callable[[str], bytes]


def digest(data: bytes) -> bytes:
    """The key of a content."""
    return hashlib.blake2b(data, digest_size=12).digest()


class ProjectModules:
    """Modules below the folders above a file. `read` gives the bytes of a file as they are in the editor or on disk; `unsaved`
    are files that count as there, on disk or not."""

    def __init__(self, read: Read, unsaved: Collection[str] = ()) -> None:
        self.exhausting: set[int] = set()
        self._read = read
        self._unsaved = unsaved
        self._loaded: dict[str, LoadedModule | None] = {}
        self._digests: dict[str, bytes] = {}
        self._exists: dict[tuple[str, str], bool] = {}
        self._homes: dict[tuple[str, str], str | None] = {}

    def find(self, importer: LoadedModule, module: str, level: int) -> LoadedModule | None:
        """The module that an import in `importer` names; None when it is none of the project. `importer.name` is its path."""
        folder = os.path.dirname(importer.name)
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            return self._at(folder, module)
        first = module.partition(".")[0]
        if first in _FOREIGN:
            return None
        home = self._home(folder, first)
        return None if home is None else self._at(home, module)

    def names_project(self, importer_path: str, module: str, level: int) -> bool:
        """Whether an import names a module of the project, without reading it."""
        return self.find(LoadedModule(importer_path, "", _NOTHING), module, level) is not None

    @staticmethod
    def may_be_named(imports: Iterable[tuple[str, int]]) -> bool:
        """Whether one of some imports, which name nothing of the project today, may do so when a file is added."""
        return any(level or name.partition(".")[0] not in _FOREIGN for name, level in imports)

    def load(self, path: str) -> LoadedModule | None:
        """The module of a file; None when it cannot be read."""
        if path not in self._loaded:
            self._loaded[path] = self._load(path)
        return self._loaded[path]

    def unevaluated(self) -> ProjectModules:
        """The same modules for somebody else: what was computed of them is not there."""
        other = ProjectModules(self._read, self._unsaved)
        other._loaded = {path: module.unevaluated() for path, module in self._loaded.items() if module is not None}
        other._digests, other._exists, other._homes = dict(self._digests), self._exists, self._homes
        return other

    def adopt(self, other: ProjectModules) -> None:
        """Takes over the code that was read by somebody else."""
        for path, module in other._loaded.items():
            if module is not None and self._loaded.get(path) is None:
                self._loaded[path] = module.unevaluated()
        self._digests.update(other._digests)

    def has_read(self, path: str) -> bool:
        """Whether anything was read from a file."""
        return path in self._loaded

    def digest(self, path: str) -> bytes:
        """The digest of a file's content, which is read where it was not yet; b"" where it cannot be."""
        self.load(path)
        return self._digests.get(path, b"")

    def forget(self, path: str) -> None:
        """Forgets what is in a file, and every value that was computed: they live on in the modules that used them."""
        self._loaded.pop(path, None)
        self._digests.pop(path, None)
        self._loaded = {path: None if module is None else module.unevaluated() for path, module in self._loaded.items()}
        self.exhausting.clear()

    def forget_places(self) -> None:
        """Forgets which modules there are: files came or went."""
        self._loaded = {path: module.unevaluated() for path, module in self._loaded.items() if module is not None}
        self.exhausting.clear()
        self._exists.clear()
        self._homes.clear()

    def forget_all(self) -> None:
        """Forgets everything."""
        self.exhausting.clear()
        self._loaded.clear()
        self._digests.clear()
        self._exists.clear()
        self._homes.clear()

    def _load(self, path: str) -> LoadedModule | None:
        """A file that is there and says nothing that can be read is a module without names: it is read again when it changes."""
        is_package = os.path.basename(path) == "__init__.py"
        try:
            data = self._read(path)
            self._digests[path] = digest(data)
            if len(data) <= _LONGEST:
                return LoadedModule(path, path, None, is_package, decode(data).data)
        except FileNotFoundError:
            return None
        except (OSError, SourceError) as error:
            logger.debug("%s cannot be read: %s", path, error)
        return LoadedModule(path, path, _NOTHING, is_package)

    def _home(self, folder: str, first: str) -> str | None:
        """The nearest folder, upwards, that has a module or package of this name (also in `src`)."""
        known = self._homes.get((folder, first), "")
        if known != "":
            return known
        at, home = folder, None
        for _ in range(_LEVELS):
            for candidate in (at, os.path.join(at, "src")):
                if self._is(candidate, first):
                    home = candidate
                    break
            above = os.path.dirname(at)
            if home is not None or above == at:
                break
            at = above
        self._homes[folder, first] = home
        return home

    def _is(self, folder: str, name: str) -> bool:
        found = self._exists.get((folder, name))
        if found is None:
            path = os.path.join(folder, name)
            found = self._exists[folder, name] = self._is_file(f"{path}.py") or self._is_package(path)
        return found

    def _at(self, folder: str, module: str) -> LoadedModule | None:
        path = os.path.join(folder, *module.split(".")) if module else folder
        for candidate in (os.path.join(path, "__init__.py"), f"{path}.py"):
            if self._loaded.get(candidate) is not None or self._is_file(candidate):
                return self.load(candidate)
        return self._namespace(path) if os.path.isdir(path) else None

    def _namespace(self, path: str) -> LoadedModule:
        """A package without `__init__.py`."""
        name = os.path.join(path, "__init__.py")
        module = self._loaded.get(name)
        if module is None:
            module = self._loaded[name] = LoadedModule(name, "", _NOTHING, True)
        return module

    def _is_file(self, path: str) -> bool:
        return path in self._unsaved or os.path.isfile(path)

    def _is_package(self, path: str) -> bool:
        """A folder with `__init__.py`, or a namespace package: one with Python files in it or in a folder of it."""
        if self._is_file(os.path.join(path, "__init__.py")) or self._has_python(path):
            return True
        return any(self._has_python(os.path.join(path, name)) for name in _names(path) if "." not in name)

    def _has_python(self, folder: str) -> bool:
        return any(name.endswith(".py") for name in _names(folder)) or any(
            os.path.dirname(path) == folder for path in self._unsaved
        )


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # not there, no folder, or not to be read
        return []


_NOTHING = code.Module((), ())
