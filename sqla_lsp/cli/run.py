"""One run of the analysis over some paths: which files are meant, what they need around them, and what was found.

A run whose files, settings and version are those of an earlier one is taken from the cache as a whole.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

import msgspec

from sqla_lsp.cli.output.located import Located, Locator
from sqla_lsp.fixes.fix import Made
from sqla_lsp.project.cache import FORMAT, Cache, default_folder
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.discovery import INI, Discovery, discover, is_included
from sqla_lsp.project.paths import PROJECT_MARKS, absolute, ancestry, below
from sqla_lsp.project.scope import SettingsOf
from sqla_lsp.project.summary import Failure, Statistics
from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.names import NAMES
from sqla_lsp.text.lines import LineIndex
from sqla_lsp.text.source import SourceError, decode

if TYPE_CHECKING:
    from sqla_lsp.project.project import Project

Progress = Callable[[int, int], None]

_LEVELS = 8
_ALEMBIC = (INI, "pyproject.toml")
_CONTEXT = (*_ALEMBIC, ".sqla-lsp.toml")
_BY_QUERIES = frozenset({"limit-non-unique-index", "ensure-index-not-covered"})
"""Rules that are silent where a query of the project needs what they would report."""
_VERSIONS = re.compile(rb"^[ \t]*version_locations", re.MULTILINE)


class Unreadable(Exception):
    """A path on the command line that cannot be read."""


Mark = tuple[str, int, int]
"""A file as it was: path, size, time of the last change (-1 where it is not there)."""


class _Outcome(msgspec.Struct, array_like=True):
    """What the cache keeps of a run: the state of the files below its roots, the other files that were read, and what came
    out."""

    state: bytes
    outside: tuple[Mark, ...]
    findings: tuple[Finding, ...]
    statistics: Statistics
    failures: tuple[Failure, ...]
    fixes: tuple[tuple[Made, ...], ...] = ()


@dataclass
class Reading:
    """The files that a run is about. They are read when `project` is first asked for: a run that the cache knows does without."""

    given: Collection[str]
    roots: Sequence[str]
    resolver: Resolver
    discovery: Discovery
    cache: Cache
    progress: Progress | None

    @cached_property
    def project(self) -> Project:
        """The project. What it needs is imported here."""
        from sqla_lsp.project.project import Project

        project = Project(self.roots, self.resolver, cache=self.cache)
        project.load(self.progress, self.discovery)
        return project

    def chosen(self) -> list[str]:
        """The files that are to be judged, sorted."""
        return sorted(path for path in self.project.judged() if any(below(root, path) is not None for root in self.given))


@dataclass
class Run:
    """What a run found. Paths are absolute; `given` has the paths of the command line as they were written. `fixes` are those
    of each finding, where they were asked for."""

    findings: tuple[Finding, ...]
    statistics: Statistics
    failures: tuple[Failure, ...]
    given: dict[str, str]
    reading: Reading
    fixes: tuple[tuple[Made, ...], ...] = ()

    def shown(self, path: str) -> str:
        """A path as the user knows it."""
        return shown(path, self.given)

    def located(self) -> Iterator[Located]:
        """The findings with rows and columns, in the order of the paths."""
        return Locator(_lines_of, self.shown).locate(self.findings, self.fixes)


def shown(path: str, given: Mapping[str, str]) -> str:
    """A path as the user knows it: below a path that was given, else relative where it lies below the current folder."""
    for folder in ancestry(path):
        written = given.get(folder)
        if written is not None:
            rest = path[len(folder) :].lstrip(os.sep)
            return os.path.normpath(os.path.join(written, rest)) if rest else os.path.normpath(written)
    relative = below(_current_folder(), path)
    return path if relative is None else os.path.normpath(relative)


def opened(paths: Sequence[str], *, config: str | None = None) -> tuple[Reading, dict[str, str]]:
    """The revisions below the paths with their environments, to be read when they are asked for, and the absolute paths with what
    was written. Raises as `judge` does."""
    given = {_absolute(path): path for path in paths}
    folders = [path if os.path.isdir(path) else _project_of(path) for path in given]
    resolver = Resolver(NAMES, file=config, roots=folders)
    around = _around(given)
    roots = _with_environments(list(given), around, resolver.settings)
    unreadable: list[Failure] = []
    discovery = discover(roots, resolver.settings, lambda path, error: unreadable.append(_failure(path, error)))
    for failure in unreadable:
        if failure.path in given:
            raise Unreadable(f"{given[failure.path]}: {failure.reason}")
    cache = Cache(default_folder(), FORMAT)
    return Reading(given, roots, resolver, _with_configuration(discovery, around), cache, None), given


def judge(
    paths: Sequence[str],
    *,
    config: str | None = None,
    select: Sequence[str] | None = None,
    ignore: Sequence[str] | None = None,
    cached: bool = True,
    fixes: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Judges every revision below the paths, each with the whole history of its environment in mind; `fixes` makes all fixes of
    what is found. Raises `ConfigurationError`, and `Unreadable` for a path that is not there."""
    given = {_absolute(path): path for path in paths}
    folders = [path if os.path.isdir(path) else _project_of(path) for path in given]
    resolver = Resolver(NAMES, file=config, select=select, ignore=ignore, roots=folders)
    cache = Cache(default_folder() if cached else None, FORMAT)
    wide = any(_is_code(path) for path in given)
    outcome, unreadable, reading = _outcome(given, resolver, cache, progress, wide=wide, fixes=fixes)
    has_files = any(map(os.path.isfile, given))
    if has_files and not wide and any(finding.rule in _BY_QUERIES for finding in outcome.findings):
        outcome, unreadable, reading = _outcome(given, resolver, cache, progress, wide=True, fixes=fixes)
    failures = (*unreadable, *outcome.failures)
    for failure in failures:
        if failure.path in given:
            raise Unreadable(f"{given[failure.path]}: {failure.reason}")
    return Run(outcome.findings, outcome.statistics, failures, given, reading, outcome.fixes)


def _outcome(
    given: dict[str, str], resolver: Resolver, cache: Cache, progress: Progress | None, *, wide: bool, fixes: bool
) -> tuple[_Outcome, list[Failure], Reading]:
    """The outcome of a run, and what could not be read on the way. `wide` reads the projects of single files as well: models and
    queries are judged by each other wherever they stand."""
    around = _around(given)
    paths = [*given, *(_project_of(path) for path in given if wide and os.path.isfile(path))]
    roots = _with_environments(paths, around, resolver.settings)
    key = "\n".join(["run with fixes" if fixes else "run", *sorted({*paths})])
    unreadable: list[Failure] = []
    discovery = discover(roots, resolver.settings, lambda path, error: unreadable.append(_failure(path, error)))
    discovery = _with_configuration(discovery, around)
    state = _state(discovery, roots, resolver) if cache.keeps else b""
    reading = Reading(given, roots, resolver, discovery, cache, progress)
    outcome = _cached(cache, key, state)
    if outcome is None:
        outcome = _judged(reading, state, fixes=fixes)
        if cache.keeps:
            cache.store(key, msgspec.msgpack.encode(outcome))
    return outcome, unreadable, reading


def _is_code(path: str) -> bool:
    """Whether a path is a file that is no revision."""
    try:
        with open(path, "rb") as file:
            return b"down_revision" not in file.read()
    except OSError:
        return False


def _project_of(path: str) -> str:
    """The folder of the project that a file belongs to: the nearest one with a mark of a project, else the one above its
    outermost package."""
    above = ancestry(os.path.dirname(path))[:_LEVELS]
    for folder in above:
        if any(os.path.exists(os.path.join(folder, mark)) for mark in PROJECT_MARKS):
            return folder
    return next((folder for folder in above if not os.path.isfile(os.path.join(folder, "__init__.py"))), above[0])


def _judged(reading: Reading, state: bytes, *, fixes: bool) -> _Outcome:
    """The outcome of a run that the cache does not know."""
    project = reading.project
    from sqla_lsp.rules.check import judgements

    findings: list[Finding] = []
    made: list[tuple[Made, ...]] = []
    for path in reading.chosen():
        found = judgements(project, path)
        findings += [judgement.finding for judgement in found]
        if found and fixes:
            from sqla_lsp.rules.fixing import all_made

            made += all_made(project, path, found)
    read = project.outside() if reading.cache.keeps else ()
    outside = tuple([_mark(path) for path in sorted({*read, *_folders_between(read, reading.roots)})])
    return _Outcome(state, outside, tuple(findings), project.statistics(), tuple(project.failures), tuple(made))


def _folders_between(paths: Iterable[str], roots: Sequence[str]) -> Iterator[str]:
    """The folders on the ways from the roots to modules elsewhere: what is added there may be imported in their stead."""
    for path, root in product(paths, roots):
        common = os.path.commonpath([path, root])
        for folder in (*ancestry(os.path.dirname(path)), *ancestry(root)[1:]):
            if below(common, folder) is not None:
                yield folder


def _absolute(path: str) -> str:
    """Raises `Unreadable`."""
    try:
        found = absolute(path)
        mode = os.stat(found if path else path).st_mode
        if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
            raise Unreadable(f"{path}: neither a file nor a folder")
        return found
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path or repr(path)}: {getattr(error, 'strerror', None) or error}") from None


def _failure(path: str, error: OSError) -> Failure:
    return Failure(path, error.strerror or str(error))


def _around(paths: Iterable[str]) -> list[str]:
    """The files above some paths, up to a repository's root, that may say where their environments are."""
    found: dict[str, None] = {}
    for path in paths:
        for folder in ancestry(path)[:_LEVELS]:
            found.update(dict.fromkeys(file for name in _ALEMBIC if os.path.isfile(file := os.path.join(folder, name))))
            if os.path.lexists(os.path.join(folder, ".git")):
                break
    return list(found)


def _with_configuration(discovery: Discovery, around: Sequence[str]) -> Discovery:
    """What was found, and the files above it that configure."""
    inis, others = set(discovery.inis), set(discovery.pyprojects)
    for path in around:
        (inis if path.endswith(INI) else others).add(path)
    return discovery._replace(inis=sorted(inis), pyprojects=sorted(others))


def _with_environments(paths: list[str], around: Sequence[str], settings_of: SettingsOf) -> list[str]:
    """The environments that the paths lie in: a revision is judged with its history in mind. And the paths, where they are left
    out there: they were named on purpose."""
    roots = dict.fromkeys(paths)
    for path in paths:
        folder = os.path.dirname(path) if os.path.isfile(path) else path
        above = ancestry(folder)[:_LEVELS]
        home = next((at for at in above if os.path.isfile(os.path.join(at, "env.py"))), None)
        if home is not None:
            roots[home] = None
        elif folder != path:
            roots[folder] = None
    for locations in _locations(around):
        if any(below(one, other) is not None for pair in product(locations, paths) for one, other in (pair, pair[::-1])):
            roots.update(dict.fromkeys(location for location in locations if os.path.isdir(location)))
    kept = [root for root in roots if not any(other != root and below(other, root) is not None for other in roots)]
    left_out = [path for path in paths if not is_included(_file_in(path), kept, settings_of)]
    return sorted({*kept, *left_out})


def _file_in(path: str) -> str:
    return os.path.join(path, "file.py") if os.path.isdir(path) else path


def _locations(around: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The folders of each environment that keeps its revisions in more than one."""
    for path in around:
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError:
            continue
        if _VERSIONS.search(data) is not None:
            from sqla_lsp.readers.environments import read_ini, read_pyproject

            for options in (read_ini if path.endswith(INI) else read_pyproject)(path, data):
                yield options.folder, *options.versions


def _state(discovery: Discovery, roots: Sequence[str], resolver: Resolver) -> bytes:
    """Changes with every file below the roots and with every setting."""
    state = hashlib.blake2b(repr(discovery.files).encode("utf-8", "surrogatepass"), digest_size=16)
    near = [os.path.join(folder, name) for root in roots for folder in ancestry(root)[:4] for name in _CONTEXT]
    for path in (*discovery.inis, *discovery.pyprojects, *near):
        state.update(repr(_mark(path)).encode("utf-8", "surrogatepass"))
    folders = {os.path.dirname(file.path) for file in discovery.files} | set(roots)
    different = {id(settings): settings for settings in map(resolver.settings, folders)}  # most folders share theirs
    for fingerprint in sorted({settings.fingerprint() for settings in different.values()}):
        state.update(fingerprint.encode())
    return state.digest()


def _cached(cache: Cache, key: str, state: bytes) -> _Outcome | None:
    data = cache.load(key)
    if data is None:
        return None
    try:
        outcome = msgspec.msgpack.decode(data, type=_Outcome)
    except msgspec.DecodeError:
        return None
    unchanged = outcome.state == state and all(_mark(mark[0]) == mark for mark in outcome.outside)
    return outcome if unchanged else None


def _mark(path: str) -> Mark:
    try:
        known = os.stat(path)
    except OSError:
        return path, -1, -1
    return path, known.st_size, known.st_mtime_ns


def _current_folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return os.sep


def _lines_of(path: str) -> LineIndex:
    try:
        with open(path, "rb") as file:
            return LineIndex(decode(file.read()).data)
    except (OSError, SourceError):  # it went away since it was judged
        return LineIndex(b"")
