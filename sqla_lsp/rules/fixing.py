"""The fixes of a finding: what its rule offers, and below that the comment that silences it."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.fixes.fix import Fix
from sqla_lsp.fixes.ignoring import ignored, without_comment
from sqla_lsp.project.project import Project
from sqla_lsp.rules.check import context_of, judgements
from sqla_lsp.rules.finding import Finding
from sqla_lsp.rules.offers import OFFERS
from sqla_lsp.rules.rule import Asked, Judgement
from sqla_lsp.rules.unused_ignore import NAME as UNUSED


def fixes_of(project: Project, path: str, finding: Finding) -> tuple[Fix, ...]:
    """The fixes of a finding of a file as it stands now, the best first."""
    found = judgements(project, path)
    judgement = next((other for other in found if other.finding == finding), None)
    return () if judgement is None else tuple(_offered(project, path, judgement, found))


def all_fixes(project: Project, path: str) -> Iterator[tuple[Finding, tuple[Fix, ...]]]:
    """The findings of a file with the fixes of each."""
    found = judgements(project, path)
    for judgement in found:
        yield judgement.finding, tuple(_offered(project, path, judgement, found))


def _offered(project: Project, path: str, judgement: Judgement, found: tuple[Judgement, ...]) -> Iterator[Fix]:
    finding = judgement.finding
    if finding.rule == UNUSED:
        yield Fix("Remove the comment", "safe", lambda: without_comment(project, path, finding.place))
        return
    offer = OFFERS.get(finding.rule)
    if offer is not None and judgement.steps:
        yield from offer(Asked(project, path, context_of(project, path), judgement, found))
    yield Fix(f"Ignore {finding.rule} here", "display", lambda: ignored(project, path, finding.rule, finding.statement))
