"""The projects of one session: one for the workspace folders, and a small one for each place outside of them that a document
was opened from. Everything here runs in the thread of the analysis."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqla_lsp.fixes.fix import Fix
from sqla_lsp.project import configuration
from sqla_lsp.project.cache import FORMAT, Cache, default_folder
from sqla_lsp.project.discovery import is_included
from sqla_lsp.project.paths import ancestry, below
from sqla_lsp.project.project import Project
from sqla_lsp.readers.files import LONGEST
from sqla_lsp.rules.check import judgements
from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.registry import NAMES
from sqla_lsp.rules.rule import Judgement
from sqla_lsp.server.options import Options

if TYPE_CHECKING:
    from sqla_lsp.preview.migration import Preview

_MARKS = ("env.py", "alembic.ini", "pyproject.toml", ".git")
"""A folder with one of these is the root of a document that lies outside of the workspace."""

_KEPT = 16
"""Of so many files the findings, and of as many the previews, are kept in memory."""


@dataclass
class _Member:
    """One project, its resolver, and which open documents it was made for."""

    roots: tuple[str, ...]
    resolver: configuration.Resolver
    project: Project
    documents: set[str] = field(default_factory=set)

    def concerns(self, path: str) -> bool:
        """Whether a file may matter to it: everything below a root, and the configuration above one."""
        return _is_below(self.roots, path) or (
            os.path.basename(path) in configuration.FILE_NAMES
            and any(below(os.path.dirname(path), root) is not None for root in self.roots)
        )


class Projects:
    """`load` comes first. `noticed` are files whose findings may have changed, as was seen while questions were answered."""

    def __init__(self, roots: Sequence[str], options: Options) -> None:
        self.noticed: set[str] = set()
        self._options = options
        self._judged: dict[str, tuple[Judgement, ...]] = {}
        self._fixes: dict[tuple[str, int], tuple[Fix, ...]] = {}
        self._previews: dict[str, Preview | None] = {}
        self._cache = Cache(default_folder(), FORMAT)
        self._main = self._member(tuple(roots)) if roots else None
        self._others: dict[str, _Member] = {}

    def load(self, progress: Callable[[int, int], None]) -> None:
        """Reads what lies in the workspace folders."""
        if self._main is not None:
            self._main.project.load(progress)

    def set_document(self, path: str, data: bytes) -> set[str]:
        """The text of an open document; gives the paths whose findings may have changed. One that is too long to be read from
        disk counts as empty here as well."""
        self._forget()
        return self._opened(path).project.set_document(path, data if len(data) <= LONGEST else b"")

    def drop_document(self, path: str) -> set[str]:
        """A document was closed; what was read for it alone is forgotten."""
        self._forget()
        member = self._of(path)
        if member is None:
            return set()
        stale = member.project.drop_document(path)
        member.documents.discard(path)
        if member is not self._main and not member.documents:
            self._others = {root: other for root, other in self._others.items() if other is not member}
        return stale

    def refresh(self, paths: Iterable[str]) -> set[str]:
        """Files were created, changed or deleted on disk."""
        self._forget()
        stale: set[str] = set()
        named = list(paths)
        for member in self._members():
            concerned = [path for path in named if member.concerns(path)]
            if concerned:
                stale |= member.project.refresh(concerned)
        return stale

    def sweep(self, *, everywhere: bool) -> set[str]:
        """Looks for changes on disk: everywhere, or only where no client watches, outside of the workspace folders."""
        self._forget()
        members = self._members() if everywhere else list(self._others.values())
        return {path for member in members for path in member.project.sweep()}

    def judged(self) -> list[str]:
        """All files in the workspace folders that some rule is asked about."""
        return self._main.project.judged() if self._main is not None else []

    def check(self, path: str) -> tuple[Finding, ...]:
        """The findings of a file; none where the configuration leaves it out, although it is open."""
        return tuple([judgement.finding for judgement in self.judgements(path)])

    def judgements(self, path: str) -> tuple[Judgement, ...]:
        """The same with what each is about. They are kept for a while: what was just shown is asked about next."""
        if path not in self._judged:
            project = self._included(path)
            _make_room(self._judged)
            self._judged[path] = judgements(project, path) if project is not None else ()
        return self._judged[path]

    def fixes(self, path: str, number: int) -> tuple[Fix, ...]:
        """The fixes of one of the judgements of a file, by its number. They are kept as long."""
        known = self._fixes.get((path, number))
        if known is None:
            from sqla_lsp.rules.fixing import offered

            project, found = self.project_of(path), self.judgements(path)
            fixes = () if project is None else tuple(offered(project, path, found[number], found))
            known = self._fixes[path, number] = fixes
        return known

    def preview(self, path: str, proceed: Callable[[], None]) -> Preview | None:
        """What a migration sends to Postgres; None for a file that is none. It is kept like the findings. `proceed` is called in
        the midst of the work, and may raise."""
        if path not in self._previews:
            project = self._included(path)
            _make_room(self._previews)
            self._previews[path] = None if project is None else _preview(project, path, proceed)
        return self._previews[path]

    def has_revisions(self) -> bool:
        """Whether any migration was found."""
        return any(member.project.revisions() for member in self._members())

    def project_of(self, path: str) -> Project | None:
        """The project that a file belongs to."""
        member = self._of(path)
        return None if member is None else member.project

    def take_noticed(self) -> set[str]:
        """What was noticed since this was last asked."""
        noticed, self.noticed = self.noticed, set()
        if noticed:
            self._forget()
        return noticed

    def text_of(self, path: str) -> Callable[[str], bytes]:
        """Gives the texts of files as the project of `path` has analysed them."""
        member = self._of(path)
        return member.project.data if member is not None else lambda other: b""

    def problems(self) -> tuple[str, ...]:
        """What is wrong with the configuration, in sentences, each once."""
        return tuple(dict.fromkeys(str(problem) for member in self._members() for problem in member.resolver.problems))

    def failures(self) -> list[tuple[str, str]]:
        """Files that could not be read, with the reason."""
        return [failure for member in self._members() for failure in member.project.failures]

    def _included(self, path: str) -> Project | None:
        """The project that a file belongs to; None where the configuration leaves the file out, although it is open."""
        member = self._of(path)
        if member is None or not is_included(path, member.roots, member.resolver.settings):
            return None
        return member.project

    def _forget(self) -> None:
        """What was kept is no longer true."""
        self._judged.clear()
        self._fixes.clear()
        self._previews.clear()

    def _members(self) -> list[_Member]:
        return [*([self._main] if self._main is not None else []), *self._others.values()]

    def _of(self, path: str) -> _Member | None:
        if self._main is not None and _is_below(self._main.roots, path):
            return self._main
        return next((member for member in self._others.values() if path in member.documents), None)

    def _opened(self, path: str) -> _Member:
        """The project of an open document, read now where it is a new one."""
        known = self._of(path)
        if known is not None:
            return known
        root = _root_of(path)
        member = self._others.get(root)
        if member is None:
            member = self._member((root,))
            member.project.load()
            self._others[root] = member
        member.documents.add(path)
        return member

    def _member(self, roots: tuple[str, ...]) -> _Member:
        resolver = configuration.Resolver(
            NAMES,
            overrides=self._options.settings,
            prefer_overrides=self._options.preference == "editor-first",
            roots=roots,
            lenient=True,
        )
        return _Member(roots, resolver, Project(roots, resolver, cache=self._cache))


def _preview(project: Project, path: str, proceed: Callable[[], None]) -> Preview | None:
    """What a migration sends. Nothing is imported for other files."""
    if project.history(path) is None or not project.speaks_postgres(path):
        return None
    from sqla_lsp.preview.migration import preview

    return preview(project, path, proceed)


def _make_room(kept: dict[str, Any]) -> None:
    """Forgets what was kept longest, where there is no room for more."""
    while len(kept) >= _KEPT:
        del kept[next(iter(kept))]


def _is_below(roots: Iterable[str], path: str) -> bool:
    return any(below(root, path) is not None for root in roots)


def _root_of(path: str) -> str:
    """The nearest folder that looks like a project's, else the folder of the document."""
    folder = os.path.dirname(path)
    marked = (at for at in ancestry(folder) if any(os.path.lexists(os.path.join(at, mark)) for mark in _MARKS))
    return next(marked, folder)
