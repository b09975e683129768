"""What rewrites of constraints have in common: which constraint a call adds, and how its name is written in code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import libcst as cst

from sqla_lsp.fixes.calls import code
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.migration import Spot, needs_block
from sqla_lsp.fixes.sql_names import sql_table
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.project.history import Step
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.operations import AddConstraint
from sqla_lsp.schema.tables import Constraint

C = TypeVar("C", bound=Constraint)


@dataclass(frozen=True)
class Added(Generic[C]):
    """A constraint that one call adds, with the name that it has in the database."""

    step: Step
    operation: AddConstraint
    constraint: C
    name: str

    @property
    def table(self) -> TableName:
        return self.operation.table

    @property
    def in_transaction(self) -> bool:
        """Whether what has to stand outside of a transaction needs a block for that."""
        return needs_block(self.operation)

    @property
    def alter(self) -> str:
        """The beginning of a statement that changes the table."""
        return f"ALTER TABLE {sql_table(self.table)}"

    @property
    def sql(self) -> str:
        """The name as SQL writes it."""
        return quote(self.name)


def added(steps: Sequence[Step], kind: type[C]) -> Added[C]:
    """The constraint that a call adds. Raises `NotPossible` where it adds several, or one that is not known."""
    step = steps[0]
    operation = step.operation
    if not isinstance(operation, AddConstraint) or not isinstance(operation.constraint, kind):
        raise NotPossible("no constraint is added")
    name = step.constraint_name(operation)
    if name is None:
        raise NotPossible("the name of the constraint is not known")
    for other in steps[1:]:
        same = isinstance(other.operation, AddConstraint) and (other.operation.table, other.operation.constraint) == (
            operation.table,
            operation.constraint,
        )
        if not same:
            raise NotPossible("the call adds several constraints")
    return Added(step, operation, operation.constraint, name)


def name_in_code(spot: Spot, found: Added[Any], given: cst.BaseExpression | None) -> str:
    """The source of a constraint's name: as it is given, where that is the name in the database."""
    literal = given.evaluated_value if isinstance(given, cst.SimpleString) else None
    if given is not None and (literal == found.name or isinstance(given, cst.Call)):
        return code(given)
    quoted = spot.style.string(found.name)
    return f"{spot.op}.f({quoted})" if found.step.history.convention else quoted


def is_alone(found: Added[Any]) -> bool:
    """Whether a statement of raw SQL adds the constraint and does nothing else."""
    site = found.operation.site
    same = [
        operation
        for operation in found.step.history.operations
        if operation.site.place == site.place and operation.site.sql == site.sql and operation.site.round == site.round
    ]
    return len(same) == 1 and "IF EXISTS" not in " ".join((site.sql or "").upper().split())
