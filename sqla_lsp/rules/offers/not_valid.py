"""What is offered where a foreign key or check is checked while others wait."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqla_lsp.fixes.fix import Fix, NotPossible
from sqla_lsp.fixes.migration import rewritten
from sqla_lsp.fixes.not_valid import condition, in_two_revisions, inline, not_valid, outside
from sqla_lsp.fixes.transactions import with_transaction_per_migration
from sqla_lsp.postgres.identifiers import default_name, quote
from sqla_lsp.rules.offers.migrations import can_be_made, can_be_rewritten
from sqla_lsp.rules.rule import Asked, named
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.operations import AddConstraint, ValidateConstraint
from sqla_lsp.schema.tables import ForeignKey

INLINE_REFERENCES = (1, 18, 2)
"""The release of Alembic that has `inline_references=True` (POSTGRES.md 2)."""


def fixes(asked: Asked) -> Iterator[Fix]:
    """NOT VALID, and VALIDATE outside of the transaction: in a block, or in the next revision."""
    steps = asked.judgement.steps
    if not can_be_rewritten(steps, asked.context):
        return
    place = asked.judgement.finding.place
    match asked.step.operation:
        case ValidateConstraint(name=name):
            make = partial(rewritten, asked.project, asked.path, {place: outside(asked.step)})
            yield Fix(f"Validate {named(name, 'it')} in an autocommit block", "unsafe", make)
        case AddConstraint() as operation:
            yield from _added(asked, operation)
        case _:
            pass


def _added(asked: Asked, operation: AddConstraint) -> Iterator[Fix]:
    steps = asked.judgement.steps
    place = asked.judgement.finding.place
    try:
        found = condition(steps)
    except NotPossible:
        return
    name = found.name
    if _may_be_inline(asked, operation, name):
        make = partial(rewritten, asked.project, asked.path, {place: inline(steps)})
        yield Fix("Give inline_references=True: Postgres scans nothing for a new column of NULLs", "safe", make)
    make = partial(rewritten, asked.project, asked.path, {place: not_valid(steps)})
    if found.varies:
        if can_be_made(make):
            yield Fix("Add the constraints NOT VALID, and validate them in an autocommit block", "unsafe", make)
        return
    title = f"Add {quote(name)} NOT VALID, and validate it in "
    yield Fix(f"{title}an autocommit block", "unsafe", make)
    if asked.step.history.direction == "upgrade" and not any(_drops(other, name) for other in asked.step.later(ops.Operation)):
        try:
            edits_env = with_transaction_per_migration(asked.project, asked.path) is not None
        except NotPossible:
            return
        rest = ", with transaction_per_migration=True in env.py" if edits_env else ""
        make = partial(in_two_revisions, asked.project, asked.path, place, steps)
        yield Fix(f"{title}a revision of its own{rest}", "unsafe", make)


def _drops(operation: ops.Operation, name: str) -> bool:
    return isinstance(operation, ops.DropTable | ops.RenameTable | ops.MoveTable) or getattr(operation, "name", None) == name


def _may_be_inline(asked: Asked, operation: AddConstraint, name: str) -> bool:
    """Whether the foreign key of a new column of NULLs may be a part of ADD COLUMN: the name that it then gets is the one that it
    has, and Alembic can do it."""
    key, site = operation.constraint, operation.site
    if site.emitted_by != "ForeignKey" or not isinstance(key, ForeignKey) or not isinstance(key.columns, tuple):
        return False
    column = next((o.column for o in asked.step.earlier(ops.AddColumn) if o.site.place == site.place), None)
    if column is None or column.nullable is not True or column.default is not None or len(key.columns) != 1:
        return False
    table = operation.table.name
    installed = asked.project.installed(asked.path, "alembic")
    is_default = isinstance(table, str) and name == default_name(table, key.columns, "fkey")
    return is_default and installed is not None and installed >= INLINE_REFERENCES
