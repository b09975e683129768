"""What the offers of the rules about migrations have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.migration import needs_block
from sqla_lsp.project.history import Step
from sqla_lsp.rules.rule import Context
from sqla_lsp.schema import operations as ops


def can_be_rewritten(steps: Sequence[Step], context: Context) -> bool:
    """Whether operations are statements of the file itself, not of a DO block, in code whose transactions are known and
    alike, and are about tables that are not partitioned."""
    for step in steps:
        site = step.operation.site
        table = getattr(step.operation, "table", None)
        is_statement = (site.place.start, site.place.end) == (site.statement.start, site.statement.end)
        if site.place.path or not is_statement or site.body or site.transaction.autocommit is None:
            return False
        if table is not None and context.is_partitioned(step, table):
            return False
    return len({needs_block(step.operation) for step in steps}) == 1


def can_be_made(make: Callable[[], object]) -> bool:
    """Whether a fix can be made: asked where only the code itself tells."""
    try:
        make()
    except NotPossible:
        return False
    return True


def stands_alone(step: Step) -> bool:
    """Whether an operation runs exactly once, in the function itself: it can move to another revision."""
    site = step.operation.site
    others = (other.site for other in step.history.operations if other is not step.operation)
    is_only_one = not any((other.place, other.statement) == (site.place, site.statement) for other in others)
    return not site.arms and not site.calls and site.round == 0 and is_only_one and site.transaction.autocommit is False


def is_all(steps: Sequence[Step]) -> bool:
    """Whether a function does nothing beside some operations of it."""
    taken = {step.number for step in steps}
    return all(number in taken or isinstance(o, ops.Setting) for number, o in enumerate(steps[0].history.operations))


def may_move_behind(step: Step, moving: Sequence[Step] = ()) -> bool:
    """Whether an operation of `upgrade` may run after everything that follows it in the function and does not move too."""
    stays = [operation for operation in step.later(ops.Operation) if not any(operation is m.operation for m in moving)]
    table = getattr(step.operation, "table", None)
    return not any(_needs_index(operation, table) for operation in stays)


def may_move_before(step: Step, moving: Sequence[Step] = ()) -> bool:
    """Whether an operation of `downgrade` may run before everything that stands above it there and does not move too."""
    stays = [operation for operation in step.earlier(ops.Operation) if not any(operation is m.operation for m in moving)]
    if isinstance(step.operation, ops.DropIndex | ops.DropConstraint):
        return not any(isinstance(operation, ops.RenameIndex | ops.NotKnown) for operation in stays)
    table = getattr(step.operation, "table", None)
    return not any(_makes_columns(operation, table) for operation in stays)


_CHANGE_TABLES = (ops.DropTable, ops.RenameTable, ops.MoveTable, ops.DropColumn, ops.RenameColumn, ops.AlterType, ops.RenameIndex)


def _needs_index(operation: ops.Operation, table: object) -> bool:
    if isinstance(operation, ops.NotKnown | ops.OtherStatement | ops.RenameIndex | ops.AttachIndex):
        return not (isinstance(operation, ops.OtherStatement) and operation.kind in ("UPDATE", "SELECT", "COMMENT", "DELETE"))
    if isinstance(operation, ops.AddConstraint):
        constraint = operation.constraint
        return getattr(constraint, "index", None) is not None or getattr(constraint, "target", None) == table
    if isinstance(operation, ops.DropIndex | ops.CreateIndex):
        return operation.table is None or operation.table == table
    return isinstance(operation, _CHANGE_TABLES) and getattr(operation, "table", table) == table


def _makes_columns(operation: ops.Operation, table: object) -> bool:
    if isinstance(operation, ops.NotKnown | ops.OtherStatement):
        return True
    made = (ops.CreateTable, ops.AddColumn, ops.DropConstraint, ops.DropIndex, ops.CreateIndex, *_CHANGE_TABLES)
    return isinstance(operation, made) and getattr(operation, "table", table) in (table, None)
