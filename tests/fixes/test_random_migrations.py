"""Every fix that is offered for migrations made at random: it can be made, what it leaves compiles, its finding is gone and no
other came, nothing is left to do for it, and comments and other statements are there as they were."""

from __future__ import annotations

import io
import tokenize
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from sqla_lsp.fixes.fix import Fix
from sqla_lsp.project.configuration import Resolver
from sqla_lsp.project.project import Project
from sqla_lsp.rules.check import check_file
from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.names import NAMES
from sqla_lsp.text.edits import apply
from tests.fixes.applying import write
from tests.fixes.offered import all_fixes
from tests.fixes.pages import ALEMBIC_INI, ENV_PY, INI
from tests.fixes.random_migrations import BASE, Migration, migrations
from tests.proof.environments import DEFAULT, ENVIRONMENTS

VERSIONS = "migrations/versions/"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("shop")
    files = {f"{VERSIONS}0001.py": BASE, f"{VERSIONS}0002.py": "", ENV_PY: ENVIRONMENTS[DEFAULT], ALEMBIC_INI: INI}
    write(files, folder)
    made = Project([str(folder)], Resolver(NAMES), jobs=1)
    made.load()
    return made


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(migration=migrations())
def test_every_fix_that_is_offered(project: Project, migration: Migration) -> None:
    compile(migration.text, "0002.py", "exec")
    path = _path(project)
    data = migration.text.encode()
    project.set_document(path, data)
    before = check_file(project, path)
    for finding, fix in _offered(project, path):
        assert not list(_wrong(project, path, data, before, finding, fix, migration)), f"{fix.title}\n{migration.text}"


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(migration=migrations())
def test_one_fix_after_the_other(project: Project, migration: Migration) -> None:
    path = _path(project)
    data, rounds = migration.text.encode(), 0
    try:
        while (fix := _next(project, path, data)) is not None:
            data = apply(data, fix.make().edits[path])
            compile(data, path, "exec")
            rounds += 1
            assert rounds < _MOST, f"it never ends: {fix.title}\n{migration.text}"
    finally:
        project.set_document(path, migration.text.encode())
    assert _comments(data) == _comments(migration.text.encode()), migration.text
    lines = Counter(line.strip() for line in data.decode().splitlines())
    assert not Counter(migration.bystanders) - lines, migration.text


_MOST = 60
"""No migration has as many findings."""


def _next(project: Project, path: str, data: bytes) -> Fix | None:
    """The first fix of a migration that makes no other schema and no other file."""
    project.set_document(path, data)
    fixes = (fix for _, fix in _offered(project, path) if fix.applicability != "display")
    return next((fix for fix in fixes if "revision" not in fix.title), None)


def _path(project: Project) -> str:
    return next(path for path in project.judged() if path.endswith("0001.py")).replace("0001", "0002")


def _offered(project: Project, path: str) -> list[tuple[Finding, Fix]]:
    return [(finding, fix) for finding, fixes in all_fixes(project, path) for fix in fixes if not fix.silences]


def _wrong(
    project: Project, path: str, data: bytes, before: tuple[Finding, ...], finding: Finding, fix: Fix, migration: Migration
) -> Iterator[str]:
    change = fix.make()
    new = apply(data, change.edits[path])
    compile(new, path, "exec")
    created = b"".join(file.data for file in change.creates)
    lost = _comments(data) - _comments(new) - _comments(created)
    doubled = _comments(new) - _comments(data)
    if lost or doubled:
        yield f"comments: {lost} are lost, {doubled} came"
    lines = Counter(line.strip() for line in new.decode().splitlines())
    if missing := Counter(migration.bystanders) - lines:
        yield f"changed though nobody asked for it: {missing}"
    if b"\r\n" in data and b"\n" in new.replace(b"\r\n", b""):
        yield "a line ends otherwise"
    try:
        project.set_document(path, new)
        after = check_file(project, path)
        gone, come = _counted(before) - _counted(after), _counted(after) - _counted(before)
        if come:
            yield f"findings come: {come}"
        if (finding.rule, finding.message) not in gone:
            yield "the finding stays"
        for other, again in _offered(project, path):
            if (other.rule, other.message, again.title) == (finding.rule, finding.message, fix.title):
                yield "it is offered again"
    finally:
        project.set_document(path, data)


def _counted(findings: tuple[Finding, ...]) -> Counter[tuple[str, str]]:
    return Counter((finding.rule, finding.message) for finding in findings)


def _comments(data: bytes) -> Counter[str]:
    tokens = tokenize.tokenize(io.BytesIO(data).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)
