"""Which files belong to the project: every Python file below the roots that neither the configuration nor a .gitignore leaves
out. It reads folders and .gitignore files, never a Python file, and goes on past what it may not read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqla_lsp.project.configuration import FILE_NAMES
from sqla_lsp.project.paths import absolute, ancestry, below
from sqla_lsp.project.scope import OnError, Scope, SettingsOf, around, markers

INI = "alembic.ini"


class Found(NamedTuple):
    """A file as the folder listed it; equal where nothing was written to it since."""

    path: str
    size: int
    mtime_ns: int
    inode: int


class Discovery(NamedTuple):
    """Python files, and the files on the way that configure Alembic or this program; each sorted by path."""

    files: list[Found]
    inis: list[str]
    pyprojects: list[str]


def discover(roots: Sequence[str], settings_of: SettingsOf, on_error: OnError | None = None) -> Discovery:
    """Everything below the roots. A root is a folder, or a file, which is taken whatever it is called and whoever leaves it
    out. `settings_of` gives the settings for a folder (`Resolver.settings`); `on_error` hears of what cannot be read, of roots
    that do not exist and of relative roots whose working directory was deleted. Links to folders are followed after all else,
    so that a file is found once, under its own path."""
    walk = _Walk(settings_of, on_error or (lambda path, error: None))
    for root in dict.fromkeys(roots):
        walk.root(root)
    walk.follow_links()
    return Discovery(sorted(walk.files.values()), sorted(walk.inis), sorted(walk.pyprojects))


def is_included(path: str, roots: Iterable[str], settings_of: SettingsOf) -> bool:
    """Whether `discover` finds, or would find once it exists, a file with this absolute path."""
    for root in sorted((absolute(root) for root in roots), key=len, reverse=True):
        relative = below(root, path)
        if relative == "":
            return True
        if relative is not None and path.endswith(".py") and _reaches(root, path, settings_of):
            return True
    return False


def _reaches(root: str, path: str, settings_of: SettingsOf) -> bool:
    def unheard(path: str, error: OSError) -> None:
        """What cannot be read was reported by the walk."""

    scope = around(root, settings_of, unheard)
    folders = [folder for folder in ancestry(os.path.dirname(path)) if below(root, folder) is not None]
    for folder in reversed(folders):
        names = markers(folder)
        if folder != root and (scope.leaves_out(folder, True) or "pyvenv.cfg" in names):
            return False
        scope = scope.entered(folder, names, settings_of, unheard)
    return not scope.leaves_out(path, False)


class _Walk:
    """One walk over all roots; a folder is entered once, by whatever path."""

    def __init__(self, settings_of: SettingsOf, on_error: OnError) -> None:
        self.files: dict[str, Found] = {}
        self.inis: set[str] = set()
        self.pyprojects: set[str] = set()
        self._settings_of = settings_of
        self._on_error = on_error
        self._entered: set[tuple[int, int]] = set()
        self._above: set[str] = set()
        self._links: list[tuple[str, Scope]] = []

    def root(self, root: str) -> None:
        """Takes a file, or walks a folder."""
        try:
            path = absolute(root)
            _check_name(path)
            known = os.stat(path)
            if not stat.S_ISDIR(known.st_mode) and not stat.S_ISREG(known.st_mode):
                raise OSError(errno.EINVAL, "neither a file nor a folder", path)
        except OSError as error:
            self._on_error(root, error)
            return
        if stat.S_ISREG(known.st_mode):
            self._take(path, known, named=True)
            return
        self._above.update(ancestry(os.path.realpath(path))[1:])
        self._walk(path, around(path, self._settings_of, self._on_error), is_root=True)

    def follow_links(self) -> None:
        """Takes what links lead to and was not found without them; never a folder that a root lies in."""
        while self._links:
            links, self._links = sorted(self._links, key=lambda link: link[0]), []
            have = {found[1:] for found in self.files.values()}
            for path, scope in links:
                try:
                    known = os.stat(path)
                except OSError:  # it leads nowhere, or round in a circle
                    continue
                if stat.S_ISDIR(known.st_mode):
                    if not scope.leaves_out(path, True) and os.path.realpath(path) not in self._above:
                        self._walk(path, scope)
                    continue
                is_new = stat.S_ISREG(known.st_mode) and (known.st_size, known.st_mtime_ns, known.st_ino) not in have
                if is_new and not (path.endswith(".py") and scope.leaves_out(path, False)):
                    self._take(path, known)

    def _walk(self, top: str, scope: Scope, is_root: bool = False) -> None:
        waiting = [(top, scope)]
        while waiting:
            folder, scope = waiting.pop()
            try:
                known = os.stat(folder)
                identity = (known.st_dev, known.st_ino)
                if identity in self._entered:
                    continue
                self._entered.add(identity)
                with os.scandir(folder) as listing:
                    entries = [entry for entry in listing if entry.name.isascii() or self._is_named_well(entry)]
            except OSError as error:
                self._on_error(folder, error)
                continue
            names = {entry.name for entry in entries}
            if "pyvenv.cfg" in names and not (is_root and folder == top):
                continue
            scope = scope.entered(folder, names, self._settings_of, self._on_error)
            waiting += [(entry.path, scope) for entry in entries if self._is_open_folder(entry, scope)]

    def _is_open_folder(self, entry: os.DirEntry[str], scope: Scope) -> bool:
        """Whether an entry is a folder to be walked; a file is taken, a link waits for the end."""
        name, path = entry.name, entry.path
        try:
            if name.endswith(".py") and entry.is_file(follow_symlinks=False):
                if not scope.leaves_out(path, False):
                    self._take(path, entry.stat(follow_symlinks=False))
            elif entry.is_dir(follow_symlinks=False):
                return not scope.leaves_out(path, True)
            elif entry.is_symlink():
                self._links.append((path, scope))
            elif name in (INI, *FILE_NAMES) and entry.is_file(follow_symlinks=False):
                self._take(path, entry.stat(follow_symlinks=False))
        except FileNotFoundError:  # it went away since the folder was listed
            pass
        except OSError as error:
            self._on_error(path, error)
        return False

    def _is_named_well(self, entry: os.DirEntry[str]) -> bool:
        try:
            _check_name(entry.path)
        except OSError as error:
            self._on_error(entry.path, error)
            return False
        return True

    def _take(self, path: str, known: os.stat_result, named: bool = False) -> None:
        if path.endswith(".py"):
            self.files[path] = Found(path, known.st_size, known.st_mtime_ns, known.st_ino)
        elif path.endswith(INI) and os.path.basename(path) == INI:
            self.inis.add(path)
        elif os.path.basename(path) in FILE_NAMES:
            self.pyprojects.add(path)
        elif named:
            self.files[path] = Found(path, known.st_size, known.st_mtime_ns, known.st_ino)


def _check_name(path: str) -> None:
    """Raises an OSError for a path that no text can hold."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise OSError(errno.EILSEQ, "its name is not UTF-8", path) from None
