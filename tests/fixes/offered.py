"""The fixes of findings, without the steps that the server and the command line take to them."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.fixes.fix import Fix
from sqla_lsp.project.project import Project
from sqla_lsp.rules.check import judgements
from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.fixing import offered


def fixes_of(project: Project, path: str, finding: Finding) -> tuple[Fix, ...]:
    """The fixes of a finding of a file as it stands now, the best first."""
    found = judgements(project, path)
    judgement = next((other for other in found if other.finding == finding), None)
    return () if judgement is None else tuple(offered(project, path, judgement, found))


def all_fixes(project: Project, path: str) -> Iterator[tuple[Finding, tuple[Fix, ...]]]:
    """The findings of a file with the fixes of each."""
    found = judgements(project, path)
    for judgement in found:
        yield judgement.finding, tuple(offered(project, path, judgement, found))
