"""What is offered where a foreign key or check is checked while others wait."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqla_lsp.fixes.fix import Fix
from sqla_lsp.fixes.migration import rewritten
from sqla_lsp.fixes.not_valid import not_valid, outside
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.rules.offers.migrations import can_be_rewritten
from sqla_lsp.rules.rule import Asked, named
from sqla_lsp.schema.operations import AddConstraint, ValidateConstraint


def fixes(asked: Asked) -> Iterator[Fix]:
    """NOT VALID, and VALIDATE outside of the transaction."""
    steps = asked.judgement.steps
    if not can_be_rewritten(steps, asked.context):
        return
    make = partial(rewritten, asked.project, asked.path)
    place = asked.judgement.finding.place
    operations = {step.operation.constraint for step in steps if isinstance(step.operation, AddConstraint)}
    match asked.step.operation:
        case ValidateConstraint(name=name):
            yield Fix(f"Validate {named(name, 'it')} in an autocommit block", "unsafe", partial(make, {place: outside}))
        case AddConstraint() as operation:
            constraint = asked.step.constraint_name(operation)
            if constraint is not None and len(operations) == 1:
                title = f"Add {quote(constraint)} NOT VALID, and validate it in an autocommit block"
                yield Fix(title, "unsafe", partial(make, {place: not_valid(steps)}))
        case _:
            pass
