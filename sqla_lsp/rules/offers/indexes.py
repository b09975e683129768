"""What is offered for indexes that have too many keys, or that another one covers: in migrations here, in models beside."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from msgspec.structs import replace

from sqla_lsp.fixes.fix import Fix
from sqla_lsp.fixes.migration import Rewrite, rewritten
from sqla_lsp.fixes.migration_indexes import left_out, narrowed
from sqla_lsp.postgres.index_cover import covering
from sqla_lsp.project.history import Step
from sqla_lsp.rules.offers import models
from sqla_lsp.rules.offers.migrations import can_be_made, can_be_rewritten
from sqla_lsp.rules.rule import Asked, named
from sqla_lsp.schema.access import AccessPath, paths_of
from sqla_lsp.schema.operations import CreateIndex, DropIndex
from sqla_lsp.schema.tables import Key
from sqla_lsp.text.places import Place


def narrow(asked: Asked) -> Iterator[Fix]:
    """The first keys alone, or the others as included columns."""
    if not asked.judgement.steps:
        yield from models.narrow(asked)
        return
    operation, limit = asked.step.operation, asked.context.settings.max_index_columns
    if not _is_written_here(asked) or not isinstance(operation, CreateIndex) or not isinstance(operation.index.keys, tuple):
        return
    place, name = asked.judgement.finding.place, named(operation.index.name, "the index")
    first, rest = operation.index.keys[:limit], operation.index.keys[limit:]
    offered: list[tuple[str, bool]] = []
    if not _would_be_covered(asked.step, operation, first):
        offered.append((f"Keep {_listed(first)} in {name}", False))
    if all(key == Key(key.column) and isinstance(key.column, str) for key in rest):
        offered.append((f"Keep {_listed(first)} in {name}, and include {_listed(rest)}", True))
    for title, include in offered:
        make = partial(rewritten, asked.project, asked.path, {place: narrowed(asked.step, limit, include=include)})
        if can_be_made(make):
            yield Fix(title, "display", make)


def leave_out(asked: Asked) -> Iterator[Fix]:
    """The migration without the index, and without what drops it."""
    if not asked.judgement.steps:
        yield from models.drop(asked)
        return
    operation = asked.step.operation
    if not _is_written_here(asked) or not isinstance(operation, CreateIndex):
        return
    name = asked.step.index_name(operation)
    rewrites: dict[Place, Rewrite] = {asked.judgement.finding.place: left_out(asked.step)}
    for other in asked.step.history.revision.downgrade if name is not None else ():
        if isinstance(other.operation, DropIndex) and other.operation.name == name and can_be_rewritten([other], asked.context):
            rewrites[other.operation.site.place] = left_out(other)
    make = partial(rewritten, asked.project, asked.path, rewrites)
    yield Fix(f"Do not create {named(name, 'the index')}", "display", make)


def _would_be_covered(step: Step, operation: CreateIndex, first: tuple[Key, ...]) -> bool:
    """Whether the index would be superfluous with its first keys alone."""
    table = step.history.end_beside(operation).table(operation.table)
    narrow = AccessPath(replace(operation.index, keys=first))
    others = [path for path in paths_of(table) if path.index.name != operation.index.name] if table is not None else []
    return covering(narrow, [*others, narrow]) is not None


def _is_written_here(asked: Asked) -> bool:
    steps: tuple[Step, ...] = asked.judgement.steps
    return len(steps) == 1 and can_be_rewritten(steps, asked.context) and steps[0].operation.site.sql is None


def _listed(keys: tuple[Key, ...]) -> str:
    names = [named(key.column if key.column is not None else key.expression, "a key") for key in keys]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
