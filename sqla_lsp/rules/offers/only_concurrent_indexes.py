"""What is offered where an index is built or dropped while others wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from sqla_lsp.fixes.concurrently import concurrently
from sqla_lsp.fixes.fix import Fix
from sqla_lsp.fixes.migration import rewritten
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.project.history import Step
from sqla_lsp.rules.offers.migrations import can_be_rewritten
from sqla_lsp.rules.only_concurrent_indexes import NAME
from sqla_lsp.rules.rule import Asked, Context, Judgement
from sqla_lsp.schema.operations import CreateIndex, DropIndex, Reindex


def fixes(asked: Asked) -> Iterator[Fix]:
    """The concurrent form, the same safe to run again, and a revision of its own; what undoes the operation is changed alike."""
    steps = asked.judgement.steps
    if not _can_be(steps, asked.context):
        return
    calls = [asked.judgement, *_counterparts(asked)]
    what = _title(steps)
    for again, rest in ((False, ""), (True, ", safe to run again")):
        rewrites = {call.finding.place: concurrently(call.steps[0], again=again) for call in calls}
        yield Fix(what + rest, "unsafe", partial(rewritten, asked.project, asked.path, rewrites))


def _can_be(steps: Sequence[Step], context: Context) -> bool:
    """Whether the operations can be rewritten, and have a concurrent form."""
    cascades = any(isinstance(step.operation, DropIndex) and step.operation.cascade for step in steps)
    return not cascades and can_be_rewritten(steps, context)


def _counterparts(asked: Asked) -> Iterator[Judgement]:
    """What the other function of the revision does to the same indexes, where that is reported too."""
    names = {(name, step.history.direction) for step in asked.judgement.steps if (name := _index_in(step)) is not None}
    for other in asked.others:
        if other.finding.rule == NAME and other.steps and other.finding.place != asked.judgement.finding.place:
            step = other.steps[0]
            opposite = "upgrade" if step.history.direction == "downgrade" else "downgrade"
            if (_index_in(step), opposite) in names and _can_be(other.steps, asked.context):
                yield other


def _index_in(step: Step) -> str | None:
    """The name of the index that an operation is about."""
    match step.operation:
        case CreateIndex() as operation:
            return step.index_name(operation)
        case DropIndex(name=str(name)):
            return name
        case _:
            return None


def _title(steps: Sequence[Step]) -> str:
    verbs = {CreateIndex: "Create", DropIndex: "Drop", Reindex: "Rebuild"}
    names = dict.fromkeys(_index_in(step) for step in steps)
    name = next(iter(names)) if len(names) == 1 else None
    what = quote(name) if name is not None else "the index" if len(steps) == 1 else "the indexes"
    return f"{verbs[type(steps[0].operation)]} {what} concurrently"
