"""What the offers of the rules about migrations have in common."""

from __future__ import annotations

from collections.abc import Sequence

from sqla_lsp.project.history import Step
from sqla_lsp.rules.rule import Context


def can_be_rewritten(steps: Sequence[Step], context: Context) -> bool:
    """Whether operations are statements of the file itself, not of a DO block, in code whose transactions are known, and are
    about tables that are not partitioned."""
    for step in steps:
        site = step.operation.site
        table = getattr(step.operation, "table", None)
        is_statement = (site.place.start, site.place.end) == (site.statement.start, site.statement.end)
        if site.place.path or not is_statement or site.body or site.transaction.autocommit is None:
            return False
        if table is not None and context.is_partitioned(step, table):
            return False
    return bool(steps)
