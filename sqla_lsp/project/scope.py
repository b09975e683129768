"""What is left out of one folder, by the configuration and by .gitignore files: passed down from folder to folder, so that a
walk over ten thousand files and a question about a single one come to the same answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import NamedTuple

from sqla_lsp.project.configuration import FILE_NAMES
from sqla_lsp.project.paths import ancestry, below
from sqla_lsp.project.patterns import Patterns
from sqla_lsp.project.settings import LEFT_OUT, Settings

MARKERS = (".git", ".gitignore", "pyvenv.cfg", *FILE_NAMES)
"""Names in a folder that decide about what lies in it."""

SettingsOf = Callable[[str], Settings]
OnError = Callable[[str, OSError], None]


class _Rules(NamedTuple):
    """Patterns, and how the paths begin that they are relative to: a folder with its separator."""

    prefix: str
    patterns: Patterns


class Scope(NamedTuple):
    """What holds in one folder. `ignored` are the .gitignore files that speak of it, innermost first."""

    settings: Settings
    excluded: tuple[_Rules, ...]
    ignored: tuple[_Rules, ...]

    def leaves_out(self, path: str, is_folder: bool) -> bool:
        """Whether a file or folder that lies in a folder that is not left out is left out itself."""
        name = path[path.rfind(os.sep) + 1 :]
        for prefix, patterns in self.excluded:
            if patterns.silent_on_python and not is_folder:
                continue
            start = len(prefix) if path.startswith(prefix) else len(path) - len(name)
            if patterns.verdict(path, is_folder, name, start):
                return True
        for prefix, patterns in self.ignored:
            if patterns.silent_on_python and not is_folder:
                continue
            verdict = patterns.verdict(path, is_folder, name, len(prefix))
            if verdict is not None:
                return verdict
        return False

    def entered(self, folder: str, names: Collection[str], settings_of: SettingsOf, on_error: OnError) -> Scope:
        """The scope of a folder directly below; of what lies in it, `names` tells at least the markers."""
        scope = self
        if any(name in names for name in FILE_NAMES):
            settings = settings_of(folder)
            if settings is not self.settings:
                scope = Scope(settings, _excluded(settings), self.ignored if settings.respect_gitignore else ())
        if ".git" in names and scope.ignored:
            scope = scope._replace(ignored=())  # a repository in a repository goes by its own files alone
        if ".gitignore" in names and scope.settings.respect_gitignore:
            scope = scope._replace(ignored=(*_gitignore(folder, on_error), *scope.ignored))
        return scope


def around(root: str, settings_of: SettingsOf, on_error: OnError) -> Scope:
    """The scope that the root of a walk lies in. A root that is itself left out was named on purpose: what leaves it out is
    not asked below it."""
    settings = settings_of(root)
    scope = Scope(settings, _excluded(settings), ())
    folders = ancestry(root)
    repository = next((at for at, folder in enumerate(folders) if os.path.lexists(os.path.join(folder, ".git"))), 0)
    for at in range(repository, 0, -1):
        if settings.respect_gitignore:
            scope = scope._replace(ignored=(*_gitignore(folders[at], on_error), *scope.ignored))
        if scope._replace(excluded=()).leaves_out(folders[at - 1], True):
            scope = scope._replace(ignored=())
    relative = below(settings.folder, root)
    if relative and any(rules.patterns.covers(f"{relative}/") for rules in scope.excluded):
        scope = scope._replace(excluded=_rules(settings.folder, "\n".join(LEFT_OUT)))
    return scope


def markers(folder: str) -> list[str]:
    """The markers that lie in a folder."""
    return [name for name in MARKERS if os.path.lexists(os.path.join(folder, name))]


def _excluded(settings: Settings) -> tuple[_Rules, ...]:
    return _rules(settings.folder, "\n".join((*settings.exclude, *settings.extend_exclude)))


def _gitignore(folder: str, on_error: OnError) -> tuple[_Rules, ...]:
    file = os.path.join(folder, ".gitignore")
    try:
        with open(file, "rb") as opened:
            text = opened.read().decode("utf-8", "surrogateescape")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return ()
    except OSError as error:
        on_error(file, error)
        return ()
    return _rules(folder, text.removeprefix("\ufeff"))


def _rules(folder: str, text: str) -> tuple[_Rules, ...]:
    patterns = _compiled(text)
    return (_Rules(os.path.join(folder, ""), patterns),) if patterns else ()


@lru_cache(maxsize=512)
def _compiled(text: str) -> Patterns:
    return Patterns(line.removesuffix("\r") for line in text.split("\n"))
