"""Applies the fixes of a case to its project, as the command line would: the real result of what a page describes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqla_lsp.fixes.fix import Change, Fix, NotPossible
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.project import Project
from sqla_lsp.rules.check import check_file
from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.names import NAMES
from sqla_lsp.text.edits import apply
from tests.fixes.offered import fixes_of
from tests.fixes.pages import FixCase

_ENOUGH = 30
"""No case has as many findings to fix."""


class NotOffered(Exception):
    """There is no fix of the title that a case asks for. The text says which there are."""


@dataclass(frozen=True)
class Applied:
    """What fixing a case left: all its files, how many fixes were applied, and the findings before and after, counted by rule."""

    files: dict[str, str]
    titles: tuple[str, ...]
    before: Counter[str]
    after: Counter[str]


def write(files: Mapping[str, str], folder: Path) -> None:
    """Writes the files of a project below a folder."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())


def fixed(case: FixCase, folder: Path, files: Mapping[str, str] | None = None) -> Applied:
    """Fixes a case, written below an empty folder. `files` are others than those of `case.before`. Raises `NotOffered`, and
    `NotPossible` as fixes do."""
    now = dict(case.before if files is None else files)
    titles: list[str] = []
    before: Counter[str] | None = None
    wanted: list[str | None] = [*case.fixes] or [None] * _ENOUGH
    for title in wanted:
        write(now, folder)
        project = _project(folder)
        before = _counted(project, folder, now) if before is None else before
        fix = _chosen(case, project, folder, now, title)
        if fix is None:
            break
        titles.append(fix.title)
        now |= _results(project, folder, fix.make())
    write(now, folder)
    project = _project(folder)
    assert before is not None
    return Applied(now, tuple(titles), before, _counted(project, folder, now))


def _project(folder: Path) -> Project:
    project = Project([str(folder)], Resolver(NAMES), jobs=1)
    project.load()
    assert not project.failures, project.failures
    return project


def _counted(project: Project, folder: Path, files: Mapping[str, str]) -> Counter[str]:
    return Counter(finding.rule for path in _code(files) for finding in check_file(project, str(folder / path)))


def _code(files: Mapping[str, str]) -> list[str]:
    return [path for path in files if path.endswith(".py")]


def _chosen(case: FixCase, project: Project, folder: Path, files: Mapping[str, str], title: str | None) -> Fix | None:
    """The first fix of the title that a finding of the case's rule has; without a title the first one that does not silence it."""
    seen: list[str] = []
    for path, finding in _findings(case, project, folder, files):
        for fix in fixes_of(project, path, finding):
            if title == fix.title or (title is None and not fix.silences):
                return fix
            seen.append(fix.title)
    if title is None:
        return None
    raise NotOffered(f"there is no fix {title!r}, only: {'; '.join(seen) or 'none at all'}")


def _findings(case: FixCase, project: Project, folder: Path, files: Mapping[str, str]) -> Iterator[tuple[str, Finding]]:
    only = case.path or case.tested
    for path in [only] if only else _code(files):
        for finding in check_file(project, str(folder / path)):
            if case.rule in (None, finding.rule):
                yield str(folder / path), finding


def _results(project: Project, folder: Path, change: Change) -> dict[str, str]:
    """The files that a change leaves, by their paths below the folder."""
    made = {path: apply(project.data(path), edits) for path, edits in change.edits.items()}
    for new in change.creates:
        assert not Path(new.path).exists(), f"{new.path} is there already"
        made[new.path] = new.data
    for path, data in made.items():
        if path.endswith(".py"):
            compile(data, path, "exec")
    return {str(Path(path).relative_to(folder)): data.decode() for path, data in made.items()}


__all__ = ["Applied", "NotOffered", "NotPossible", "fixed", "write"]
