"""What is offered where a unique constraint or primary key builds its index under ACCESS EXCLUSIVE."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqla_lsp.fixes.fix import Fix, NotPossible
from sqla_lsp.fixes.key_in_two import in_two_revisions
from sqla_lsp.fixes.migration import Rewrite, rewritten, taken_out
from sqla_lsp.fixes.using_index import keyed, taken_over, using_index
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.project.history import Step
from sqla_lsp.rules.offers.migrations import can_be_made, can_be_rewritten, may_move_behind, stands_alone
from sqla_lsp.rules.rule import Asked
from sqla_lsp.schema.access import paths_of
from sqla_lsp.schema.operations import AddConstraint, CreateIndex, DropConstraint, DropIndex
from sqla_lsp.schema.tables import Index, PrimaryKey, Unique
from sqla_lsp.text.places import Place


def fixes(asked: Asked) -> Iterator[Fix]:
    """The index concurrently and the constraint from it, in this revision or the next."""
    steps = asked.judgement.steps
    operation = asked.step.operation
    if not can_be_rewritten(steps, asked.context) or not isinstance(operation, AddConstraint):
        return
    try:
        found = keyed(steps)
    except NotPossible:
        return
    place, name = asked.judgement.finding.place, quote(found.name)
    if found.varies and isinstance(found.constraint, PrimaryKey):
        return
    if operation.mistake == "postgresql_using_index":
        rewrites: dict[Place, Rewrite] = {place: taken_over(steps)}
        if any(_undoing(asked.step, found.name)):  # the index goes with the constraint, and is not there to be dropped any more
            rewrites |= {step.operation.site.place: taken_out for step in _dropping(asked, found.constraint)}
        make = partial(rewritten, asked.project, asked.path, rewrites)
        yield Fix(f"Make {name} of that index with ALTER TABLE ... USING INDEX", "safe", make)
        return
    if found.constraint.index is not None:
        return
    make = partial(rewritten, asked.project, asked.path, {place: using_index(steps)})
    title = f"Build the index of {name} concurrently, and make the constraint of it"
    if found.varies:
        title = "Build the indexes concurrently, and make the constraints of them"
        if not can_be_made(make):
            return
    yield Fix(title, "unsafe", make)
    is_movable = stands_alone(asked.step) and may_move_behind(asked.step) and not _is_kept_twice(asked.step, found.constraint)
    if asked.step.history.direction == "upgrade" and is_movable:
        undoing = list(_undoing(asked.step, found.name))
        if len(undoing) < 2 and all(stands_alone(step) for step in undoing):
            make = partial(in_two_revisions, asked.project, asked.path, place, steps, undoing[0] if undoing else None)
            yield Fix(f"{title}, in two revisions", "unsafe", make)


def _is_kept_twice(step: Step, constraint: Unique | PrimaryKey) -> bool:
    """Whether a unique index has the same columns already: until the constraint is made of it, the new one would be redundant."""
    operation = step.operation
    table = step.before.table(operation.table) if isinstance(operation, AddConstraint) else None
    keys = [path.index for path in paths_of(table)] if table is not None else []
    return any(index.unique is True and _columns(index) == constraint.columns for index in keys)


def _dropping(asked: Asked, constraint: Unique | PrimaryKey) -> Iterator[Step]:
    """Where the downgrade drops the index that the upgrade builds for a constraint."""
    table = getattr(asked.step.operation, "table", None)
    built = [o for o in asked.step.earlier(CreateIndex) if o.table == table and o.index.unique is True]
    names = {o.index.name for o in built if _columns(o.index) == constraint.columns}
    for other in asked.step.history.revision.downgrade:
        is_drop = isinstance(other.operation, DropIndex) and other.operation.name in names
        if is_drop and other.operation.site.sql is None and can_be_rewritten([other], asked.context):
            yield other


def _columns(index: Index) -> tuple[object, ...]:
    keys = index.keys
    return tuple([key.column for key in keys]) if isinstance(keys, tuple) else ()


def _undoing(step: Step, name: str) -> Iterator[Step]:
    """Where the downgrade drops the constraint."""
    downgrade = step.history.revision.downgrade
    for other in downgrade:
        operation = other.operation
        is_drop = isinstance(operation, DropConstraint) and operation.table == getattr(step.operation, "table", None)
        if is_drop and getattr(operation, "name", None) in (name, None):
            yield other
