"""Which settings hold for a file: those of the nearest pyproject.toml that has `[tool.sqla-lsp]`, or of the nearest
`.sqla-lsp.toml`. One resolver serves the command line, which stops at an error, and the server, which reports it and goes on."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqla_lsp.project.paths import absolute, ancestry, below
from sqla_lsp.project.settings import BadValue, Settings, read_table, rule_names

__all__ = ["FILE_NAMES", "ConfigurationError", "Resolver", "Settings"]

FILE_NAMES = (".sqla-lsp.toml", "pyproject.toml")
"""Files that may configure the program; the first wins over the second in the same folder."""

_AT_LINE = re.compile(r"at line (\d+)")


class ConfigurationError(ValueError):
    """A sentence that names the file, the key, what was found and what is allowed. `file` is None where no file is to blame."""

    def __init__(self, file: str | None, message: str) -> None:
        super().__init__(message)
        self.file = file


class _Source(NamedTuple):
    """A file that configures, or the lack of one; `values` are fields of `Settings`."""

    file: str | None
    folder: str
    values: Mapping[str, Any]


class Resolver:
    """Answers for any path from what it has read; `forget` makes it read again."""

    def __init__(
        self,
        rules: Mapping[str, str],
        *,
        file: str | None = None,
        overrides: Mapping[str, object] | None = None,
        prefer_overrides: bool = False,
        select: Iterable[str] | None = None,
        ignore: Iterable[str] | None = None,
        roots: Sequence[str] = (),
        lenient: bool = False,
        read: Callable[[str], bytes] | None = None,
    ) -> None:
        """`rules`: names and aliases of all rules, each with its canonical name. `file`: used for everything instead of the
        nearest one; its patterns are relative to the working directory. `overrides`: keys from an editor, under the file's
        unless `prefer_overrides`. `select` and `ignore`: from the command line, comma-separated or not; `select` replaces
        what files select and ignore, `ignore` adds to it. `roots`: patterns are relative to them where no file configures.
        `lenient`: what is wrong goes to `problems` and its default holds; else it is raised. `read` gives a file's bytes, or
        an OSError where there is none: an editor's unsaved text may come from it."""
        self._rules = rules
        self._prefer_overrides = prefer_overrides
        self._roots = tuple(absolute(root) for root in roots)
        self._lenient = lenient
        self._read = read or _read
        self._lasting: list[ConfigurationError] = []
        self._problems: list[ConfigurationError] = []
        self._sources: dict[str, _Source | None] = {}
        self._settings: dict[str, Settings] = {}
        self._file = self._absolute_file(file)
        self._overrides = self._checked(None, "the editor's settings", "", overrides or {})
        self._select = self._chosen("--select", select)
        self._ignore = self._chosen("--ignore", ignore)
        self._lasting, self._problems = self._problems, []

    @property
    def problems(self) -> tuple[ConfigurationError, ...]:
        """What was wrong with everything read so far, where the resolver is lenient."""
        return (*self._lasting, *self._problems)

    def settings(self, path: str) -> Settings:
        """The settings for a file or folder, by its absolute path."""
        known = self._settings.get(path)
        if known is not None:
            return known
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        return self.folder_settings(folder)

    def folder_settings(self, folder: str) -> Settings:
        """The settings for everything that lies directly in a folder."""
        known = self._settings.get(folder)
        if known is None:
            known = self._settings[folder] = self._built(self._nearest(folder))
        return known

    def forget(self) -> None:
        """Has everything read again when it is next asked for."""
        self._sources.clear()
        self._settings.clear()
        self._problems.clear()

    def _built(self, source: _Source) -> Settings:
        shared = self._settings.get(source.file or source.folder)
        if shared is not None:
            return shared
        under, over = (source.values, self._overrides) if self._prefer_overrides else (self._overrides, source.values)
        settings = Settings(**{**under, **over, "folder": source.folder, "file": source.file})
        if self._select is not None:
            settings = replace(settings, select=self._select, ignore=frozenset())
        if self._ignore is not None:
            settings = replace(settings, ignore=settings.ignore | self._ignore)
        self._settings[source.file or source.folder] = settings
        return settings

    def _nearest(self, folder: str) -> _Source:
        if self._file is not None:
            return self._from_option(self._file)
        folders = ancestry(folder)
        for candidate in folders:
            if candidate not in self._sources:
                self._sources[candidate] = self._in_folder(candidate)
            source = self._sources[candidate]
            if source is not None:
                return source
        around = [root for root in self._roots if below(root, folder) is not None]
        return _Source(None, max(around, key=len, default=folders[-1]), {})

    def _from_option(self, file: str) -> _Source:
        known = self._sources.get(file)
        if known is None:
            known = self._sources[file] = _Source(file, self._working_folder(file), self._values_from_option(file))
        return known

    def _values_from_option(self, file: str) -> Mapping[str, Any]:
        try:
            source = self._from_file(file, self._read(file))
        except OSError as error:
            self._report(file, f"{file}: cannot be read: {error.strerror or error}")
            return {}
        if source is None:
            self._report(file, f"{file}: found no section [tool.sqla-lsp], expected one in a file that is named")
            return {}
        return source.values

    @staticmethod
    def _working_folder(file: str) -> str:
        try:
            return os.getcwd()
        except OSError:  # deleted
            return os.path.dirname(file)

    def _in_folder(self, folder: str) -> _Source | None:
        for name in FILE_NAMES:
            file = os.path.join(folder, name)
            try:
                data = self._read(file)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                if not os.path.isdir(file):
                    self._report(file, f"{file}: cannot be read: {error.strerror or error}")
                continue
            source = self._from_file(file, data)
            if source is not None:
                return source
        return None

    def _from_file(self, file: str, data: bytes) -> _Source | None:
        """None where the file does not speak of this program."""
        whole = os.path.basename(file) != "pyproject.toml"
        if not whole and b"sqla-lsp" not in data:
            return None
        folder = os.path.dirname(file)
        try:
            table: object = tomllib.loads(data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self._report(file, f"{file}:{line}: found bytes that are not UTF-8, expected TOML")
            return _Source(file, folder, {})
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            place = _AT_LINE.search(str(error))
            line = int(place[1]) if place else data.rstrip().count(b"\n") + 1
            self._report(file, f"{file}:{line}: found invalid TOML: {error}")
            return _Source(file, folder, {})
        where = ""
        if not whole or (isinstance(table, dict) and set(table) == {"tool"}):
            where = "tool.sqla-lsp"
            for key in ("tool", "sqla-lsp"):
                table = table.get(key) if isinstance(table, dict) else None
            if table is None:
                return None
        if not isinstance(table, dict):
            self._report(file, f"{file}: {where}: found {table!r}, expected a table")
            return _Source(file, folder, {})
        return _Source(file, folder, self._checked(file, file, where, table))

    def _checked(self, file: str | None, name: str, where: str, table: Mapping[str, object]) -> dict[str, Any]:
        values, wrong = read_table(table, self._rules)
        if wrong:
            sentences = [": ".join(part for part in (name, _joined(where, key), sentence) if part) for key, sentence in wrong]
            self._report(file, *sentences)
        return values

    def _chosen(self, option: str, given: Iterable[str] | None) -> frozenset[str] | None:
        if given is None:
            return None
        names = [name.strip() for names in given for name in names.split(",") if name.strip()]
        try:
            return rule_names(names, self._rules)
        except BadValue as error:
            self._report(None, f"{option}: {error}")
            return None

    def _absolute_file(self, file: str | None) -> str | None:
        try:
            return None if file is None else absolute(file)
        except OSError as error:
            self._report(file, f"{file}: cannot be read: {error.strerror}")
            return None

    def _report(self, file: str | None, *sentences: str) -> None:
        """Each sentence is a problem of its own in the server, and a line of one error on the command line."""
        if not self._lenient:
            raise ConfigurationError(file, "\n".join(sentences))
        self._problems.extend(ConfigurationError(file, sentence) for sentence in sentences)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _joined(where: str, key: str) -> str:
    return f"{where}.{key}" if where and key else where or key
