"""What is offered where a unique constraint or primary key builds its index under ACCESS EXCLUSIVE."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqla_lsp.fixes.fix import Fix
from sqla_lsp.fixes.migration import rewritten
from sqla_lsp.fixes.using_index import taken_over, using_index
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.rules.offers.migrations import can_be_rewritten
from sqla_lsp.rules.rule import Asked
from sqla_lsp.schema.operations import AddConstraint


def fixes(asked: Asked) -> Iterator[Fix]:
    """The index concurrently and the constraint from it."""
    steps = asked.judgement.steps
    operation = asked.step.operation
    if not can_be_rewritten(steps, asked.context) or not isinstance(operation, AddConstraint):
        return
    name = asked.step.constraint_name(operation)
    if name is None:
        return
    make = partial(rewritten, asked.project, asked.path)
    place = asked.judgement.finding.place
    if operation.mistake == "postgresql_using_index":
        yield Fix(
            f"Make {quote(name)} of that index with ALTER TABLE ... USING INDEX",
            "safe",
            partial(make, {place: taken_over(steps)}),
        )
    elif operation.constraint.index is None:  # type: ignore[union-attr]
        title = f"Build the index of {quote(name)} concurrently, and make the constraint of it"
        yield Fix(title, "unsafe", partial(make, {place: using_index(steps)}))
