"""What is offered where an index is built or dropped while others wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from sqla_lsp.fixes.concurrently import concurrently
from sqla_lsp.fixes.fix import Fix
from sqla_lsp.fixes.migration import Rewrite, rewritten
from sqla_lsp.fixes.own_revision import moved
from sqla_lsp.fixes.style import style_of
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.project.history import Step
from sqla_lsp.rules.offers.migrations import can_be_rewritten, is_all, may_move_before, may_move_behind, stands_alone
from sqla_lsp.rules.only_concurrent_indexes import NAME
from sqla_lsp.rules.rule import Asked, Context, Judgement
from sqla_lsp.schema.operations import CreateIndex, DropIndex, Reindex
from sqla_lsp.text.places import Place


def fixes(asked: Asked) -> Iterator[Fix]:
    """The concurrent form, the same safe to run again, and a revision of its own; what undoes the operation is changed alike."""
    steps = asked.judgement.steps
    if not _can_be(steps, asked.context):
        return
    calls = [asked.judgement, *_counterparts(asked)]
    what = _title(steps)
    for again, rest in ((False, ""), (True, ", safe to run again")):
        if again and any(_index_in(step) is None for step in steps):
            continue
        make = partial(rewritten, asked.project, asked.path, _rewrites(calls, again=again))
        yield Fix(what + rest, "unsafe", make)
    yield from _moved(asked)


def _can_be(steps: Sequence[Step], context: Context) -> bool:
    """Whether the operations can be rewritten, and have a concurrent form."""
    cascades = any(isinstance(step.operation, DropIndex) and step.operation.cascade for step in steps)
    return not cascades and can_be_rewritten(steps, context)


def _rewrites(calls: Sequence[Judgement], *, again: bool) -> dict[Place, Rewrite]:
    return {call.finding.place: concurrently(call.steps[0], again=again) for call in calls}


def _counterparts(asked: Asked) -> Iterator[Judgement]:
    """What the other function of the revision does to the same indexes, where that is reported too."""
    places = {step.operation.site.place for step in asked.judgement.steps}
    beside = [step for step in asked.step.history if step.operation.site.place in places]
    names = {name for step in beside if (name := _index_in(step)) is not None}
    for other in _reported(asked):
        is_opposite = other.steps[0].history.direction != asked.step.history.direction
        if is_opposite and _index_in(other.steps[0]) in names and _can_be(other.steps, asked.context):
            yield other


def _reported(asked: Asked) -> list[Judgement]:
    return [other for other in asked.others if other.finding.rule == NAME and other.steps]


def _moved(asked: Asked) -> Iterator[Fix]:
    """All indexes of the revision in one of their own, where that leaves something behind and nothing there needs them."""
    rising = [step for j in _reported(asked) for step in j.steps if step.history.direction == "upgrade"]
    names = {_index_in(step) for step in rising}
    if not rising or None in names or is_all(rising):
        return
    downgrade = asked.step.history.revision.downgrade
    falling = [step for step in downgrade if isinstance(step.operation, CreateIndex | DropIndex) and _index_in(step) in names]
    undoes = any(step.operation is asked.step.operation for step in (*rising, *falling))
    if not undoes or not all(stands_alone(step) and _can_be([step], asked.context) for step in (*rising, *falling)):
        return
    behind = all(may_move_behind(step, rising) for step in rising)
    if not behind or not all(may_move_before(step, falling) for step in falling):
        return
    verbs = {"create" if isinstance(step.operation, CreateIndex) else "drop" for step in rising}
    few = ", ".join(sorted(quote(name) for name in names if name is not None)) if len(names) < 3 else ""
    message = f"{' and '.join(sorted(verbs))} {few or 'indexes'} concurrently"
    title = f"Move {few or 'the indexes'} to a revision of {'its' if len(names) == 1 else 'their'} own"
    up, down = ({step.operation.site.place: concurrently(step, again=False) for step in steps} for steps in (rising, falling))
    make = partial(moved, asked.project, asked.path, message, up, down, _undone(asked, rising, falling))
    yield Fix(title, "unsafe", make)


def _undone(asked: Asked, rising: Sequence[Step], falling: Sequence[Step]) -> list[str]:
    """What drops the indexes that the downgrade leaves to the drop of their column or table."""
    dropped = {_index_in(step) for step in falling}
    style = style_of(asked.project, asked.path)
    statements = []
    for step in reversed(rising):
        operation, name = step.operation, _index_in(step)
        if isinstance(operation, CreateIndex) and name not in dropped and name is not None:
            table = operation.table
            assert isinstance(table.name, str)
            arguments = [style.string(name), f"table_name={style.string(table.name)}"]
            arguments += [f"schema={style.string(table.schema)}"] if isinstance(table.schema, str) else []
            statements.append(style.call("op.drop_index", [*arguments, "postgresql_concurrently=True"], depth=2))
    return statements


def _index_in(step: Step) -> str | None:
    """The name of the index that an operation is about."""
    match step.operation:
        case CreateIndex() as operation:
            return step.index_name(operation)
        case DropIndex(name=str(name)) | Reindex(kind="index", name=str(name)):
            return name
        case _:
            return None


def _title(steps: Sequence[Step]) -> str:
    verbs = {CreateIndex: "Create", DropIndex: "Drop", Reindex: "Rebuild"}
    names = dict.fromkeys(_index_in(step) for step in steps)
    name = next(iter(names)) if len(names) == 1 else None
    what = quote(name) if name is not None else "the index" if len(steps) == 1 else "the indexes"
    return f"{verbs[type(steps[0].operation)]} {what} concurrently"
