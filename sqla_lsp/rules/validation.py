"""What foreign keys and checks have in common: NOT VALID first, VALIDATE in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_lsp.project import replay
from sqla_lsp.project.history import Step
from sqla_lsp.project.replay import TableKey, key_of
from sqla_lsp.rules.rule import Report, named, text_of
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.operations import AddConstraint, RenameTable, ValidateConstraint
from sqla_lsp.schema.tables import Check, Constraint, ForeignKey


def validated_at_once(
    step: Step, validate: ValidateConstraint, kind: type[Constraint], lock: str, who: str, why: str
) -> Iterator[Report]:
    """VALIDATE in the transaction that added the constraint under `lock`: `who` has to wait."""
    added = _added_before(step, validate, kind)
    if added is None or step.is_new(validate.table):
        return
    name = named(validate.name, "the constraint")
    yield Report(
        validate,
        f"VALIDATE CONSTRAINT {name} on {text_of(validate.table)} stands in the transaction that added it: the {lock} lock of "
        f"ADD is held while every row is checked, and {who}.",
        why,
        "Validate in an autocommit_block(), or in a later revision that runs in a transaction of its own.",
        name,
        related=(added,),
    )


def _added_before(step: Step, validate: ValidateConstraint, kind: type[Constraint]) -> AddConstraint | None:
    """The statement that added the constraint NOT VALID in the transaction that VALIDATE stands in: its lock is held for the
    scan."""
    transaction = validate.site.transaction
    if not step.in_transaction or not isinstance(validate.name, str):
        return None
    for operation, key in _added(step, kind):
        if operation.site.transaction.number == transaction.number and key == key_of(validate.table):
            made = operation.constraint
            convention = {} if operation.site.sql is not None else step.history.convention
            if validate.name in (made.name, replay.named(operation.table, made, convention).name):
                return operation
    return None


def _added(step: Step, kind: type[Constraint]) -> Iterator[tuple[AddConstraint, TableKey | None]]:
    """The constraints that were added NOT VALID, each with the name that its table has by now."""
    added: list[tuple[AddConstraint, TableKey | None]] = []
    for operation in step.earlier(AddConstraint, RenameTable):
        match operation:
            case AddConstraint(constraint=ForeignKey(validated=False) | Check(validated=False)):
                if isinstance(operation.constraint, kind):
                    added.append((operation, key_of(operation.table)))
            case RenameTable():
                old, new = key_of(operation.table), key_of(TableName(operation.to, operation.table.schema))
                added = [(made, new if key == old else key) for made, key in added]
            case _:
                pass
    yield from added
