"""The plan of a change of type as code: what stands in the original revision in its place, and the revisions that follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqla_lsp.fixes.expand_contract import steps
from sqla_lsp.fixes.expand_contract.code import Body, Piece
from sqla_lsp.fixes.expand_contract.facts import type_change
from sqla_lsp.fixes.expand_contract.plan import Plan, plan_of
from sqla_lsp.fixes.revisions import Draft
from sqla_lsp.fixes.style import Style
from sqla_lsp.project.history import Step
from sqla_lsp.schema.operations import AlterType

_NUMBERS = ("no", "one", "two", "three", "four", "five")


@dataclass(frozen=True)
class Expansion:
    """`upgrade` replaces the statement of the change of type, and all that the same call does; `downgrade` replaces the statement
    of its `counterpart`, or is the body of a downgrade that does nothing where that is None. `drafts` are the revisions that
    follow, each in a transaction of its own."""

    title: str
    upgrade: tuple[Piece, ...]
    downgrade: tuple[Piece, ...]
    counterpart: AlterType | None
    drafts: tuple[Draft, ...]


def expansion(
    step: Step, source: str, style: Style, *, op: str = "op", column: str | None = "sa.Column", version: int = 14
) -> Expansion | None:
    """Expand and contract for the change of type of a step; None where it is not known to be right.

    `source` is the text of the expression at the operation's place. `op` and `column` are what its file calls Alembic's
    operations and SQLAlchemy's `Column` (None: nothing); drafts speak of `op`. `version` is the release of Postgres.
    """
    change = type_change(step, source, version)
    if change is None:
        return None
    plan = plan_of(change, version)
    subject, table = f"{plan.table}.{plan.column}", change.table.name
    upgrade, downgrade = Body(style, op), Body(style, op)
    steps.expand(upgrade, plan, column)
    steps.expand_back(downgrade, plan)
    drafts = [
        _draft(plan, style, "backfill", f"Backfill {table}.{plan.new.column}", steps.fill, None),
        _draft(plan, style, "prepare", f"Prepare {table}.{plan.new.column}", steps.prepare, steps.prepare_back),
        _draft(plan, style, "swap", f"Swap {table}.{change.name} and {plan.new.column}", steps.swap, steps.swap_back),
        _draft(plan, style, "contract", f"Drop {table}.{plan.old.column}", steps.contract, steps.contract_back),
    ]
    if not steps.needs_preparing(plan):
        del drafts[1]
    title = f"Change the type of {subject} in {_NUMBERS[len(drafts) + 1]} revisions (expand and contract)"
    return Expansion(title, upgrade.pieces(), downgrade.pieces(), change.counterpart, tuple(drafts))


def _draft(
    plan: Plan,
    style: Style,
    purpose: str,
    message: str,
    up: Callable[[Body, Plan], None],
    down: Callable[[Body, Plan], None] | None,
) -> Draft:
    upgrade, downgrade = Body(style), Body(style)
    up(upgrade, plan)
    if down is not None:
        down(downgrade, plan)
    return Draft(f"{purpose} {plan.table}.{plan.column}", message, upgrade.text(), downgrade.text() or "pass")
