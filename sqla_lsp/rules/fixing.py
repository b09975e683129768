"""The fixes of a finding: what its rule offers, and below that the comment that silences it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial

from sqla_lsp.fixes.fix import Change, Fix, Made, NotPossible
from sqla_lsp.fixes.ignoring import ignored, without_comment
from sqla_lsp.project.project import Project
from sqla_lsp.rules.check import context_of
from sqla_lsp.rules.offers import OFFERS
from sqla_lsp.rules.rule import Asked, Judgement
from sqla_lsp.rules.unused_ignore import NAME as UNUSED

logger = logging.getLogger(__name__)


def offered(project: Project, path: str, judgement: Judgement, found: tuple[Judgement, ...]) -> Iterator[Fix]:
    """The fixes of one of the judgements that were found in a file, the best first."""
    finding = judgement.finding
    if finding.rule == UNUSED:
        yield Fix("Remove the comment", "safe", lambda: without_comment(project, path, finding.place))
        return
    offer = OFFERS.get(finding.rule)
    if offer is not None:
        yield from offer(Asked(project, path, context_of(project, path), judgement, found))
    ignore = partial(ignored, project, path, finding.rule, finding.statement)
    yield Fix(f"Ignore {finding.rule} here", "display", ignore, silences=True)


def made(fix: Fix, path: str) -> Change | None:
    """What a fix does to the project as it stands; None where it cannot be made, or would do nothing."""
    try:
        change = fix.make()
    except NotPossible as reason:
        logger.debug("%s: %s: %s", path, fix.title, reason)
        return None
    except Exception:
        logger.exception("%s: %s: the fix could not be made", path, fix.title)
        return None
    return change if change.creates or any(change.edits.values()) else None


def all_made(project: Project, path: str, found: tuple[Judgement, ...]) -> Iterator[tuple[Made, ...]]:
    """For each of the judgements that were found in a file, the fixes that can be made, with what they do."""
    for judgement in found:
        fixes = [(fix, made(fix, path)) for fix in offered(project, path, judgement, found)]
        yield tuple([Made(fix.title, fix.applicability, change) for fix, change in fixes if change is not None])
