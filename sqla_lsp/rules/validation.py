"""What foreign keys and checks have in common: NOT VALID first, VALIDATE in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.project.history import Step
from sqla_lsp.project.replay import key_of, named
from sqla_lsp.schema.operations import AddConstraint, ValidateConstraint
from sqla_lsp.schema.tables import Check, Constraint, ForeignKey


def added_before(step: Step, validate: ValidateConstraint, kind: type[Constraint]) -> AddConstraint | None:
    """The statement that added the constraint NOT VALID in the transaction that VALIDATE stands in: its lock is held for the scan."""
    transaction = validate.site.transaction
    if not step.in_transaction or not isinstance(validate.name, str):
        return None
    for operation in _added(step, kind):
        if operation.site.transaction.number == transaction.number and key_of(operation.table) == key_of(validate.table):
            made = operation.constraint
            convention = {} if operation.site.sql is not None else step.history.convention
            if validate.name in (made.name, named(operation.table, made, convention).name):
                return operation
    return None


def _added(step: Step, kind: type[Constraint]) -> Iterator[AddConstraint]:
    for operation in step.earlier():
        if isinstance(operation, AddConstraint) and isinstance(operation.constraint, kind):
            constraint = operation.constraint
            if isinstance(constraint, ForeignKey | Check) and constraint.validated is False:
                yield operation
