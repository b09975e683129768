"""The state that a project is in, on disk and in an editor, and what is found in it: for tests that change it step by step."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from sqla_lsp.project.cache import Cache
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.project import Project
from sqla_lsp.rules.check import check_file
from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.registry import NAMES

Findings = dict[str, tuple[Finding, ...]]

_CLOCK: Iterator[int] = count(1_700_000_000_000_000_000, 1_000_000)


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Files below a folder, each with a time of change of its own; gives the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        now = next(_CLOCK)
        os.utime(path, ns=(now, now))
    return folder


def migration(revision: str, parent: object = None, upgrade: str = "pass", downgrade: str = "pass", head: str = "") -> str:
    """The text of a revision."""
    body, undo = upgrade.replace("\n", "\n    "), downgrade.replace("\n", "\n    ")
    return (
        f"import sqlalchemy as sa\nfrom alembic import op\n{head}\n\nrevision = {revision!r}\ndown_revision = {parent!r}\n\n\n"
        f"def upgrade():\n    {body}\n\n\ndef downgrade():\n    {undo}\n"
    )


def loaded(root: Path, cache: Cache | None = None, jobs: int = 1) -> Project:
    """A project that was read from disk."""
    project = Project([str(root)], Resolver(NAMES, lenient=True, roots=[str(root)]), cache=cache, jobs=jobs)
    project.load()
    return project


def findings(project: Project) -> Findings:
    """The findings of every file that has something to be judged."""
    return {path: check_file(project, path) for path in project.judged()}


def rules(found: Findings) -> dict[str, list[str]]:
    """The names of the rules that spoke, by the names of the files."""
    return {os.path.basename(path): [finding.rule for finding in each] for path, each in found.items() if each}
