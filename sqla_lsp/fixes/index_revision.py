"""The revision that goes with a change of the models' indexes: at the head of the environment whose history has the table, and
concurrently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqla_lsp.fixes import revisions
from sqla_lsp.fixes.fix import Change
from sqla_lsp.fixes.index_calls import build, concurrently, drop, is_told
from sqla_lsp.fixes.revisions import Draft
from sqla_lsp.fixes.style import Style, style_of
from sqla_lsp.project.catalog import TableEntry
from sqla_lsp.project.environment import Environment
from sqla_lsp.project.project import Project
from sqla_lsp.project.replay import key_of
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.tables import Index, Table


@dataclass(frozen=True)
class Known:
    """A table as an environment's history leaves it; `after` is the newest revision that has to do with it."""

    environment: Environment
    table: Table
    after: str


@dataclass(frozen=True)
class Step:
    """What a revision does to an index: `old` is dropped and `new` is created, each of them None where there is none."""

    table: TableName
    old: Index | None
    new: Index | None


def known(project: Project, entry: TableEntry) -> Known | None:
    """What the history knows of a table; None where none or several environments know it, where its heads do not agree, and
    where it is partitioned: CONCURRENTLY fails there."""
    key = key_of(entry.name)
    if key is None or not entry.models or key in project.partitioned or not project.speaks_postgres(entry.models[0].path):
        return None
    found = [
        environment
        for environment in project.environments_of(entry.models[0].path)
        if any(key in head.tables for head in environment.heads())
    ]
    if len(found) != 1:
        return None
    environment = found[0]
    changes = environment.changes(key)
    tables = [head.tables[key] for head in environment.heads() if key in head.tables]
    if len(tables) != 1 or not changes or tables[0].partitioned or tables[0].temporary:
        return None
    return Known(environment, tables[0], changes[-1].path)


def index_in(table: Known | None, name: object) -> Index | None:
    """An index by its name as the history leaves it; None where it has none, or not all of it is known."""
    index = table.table.index(name) if table is not None and isinstance(name, str) else None
    return index if index is not None and table is not None and is_told(table.table.name, index) else None


def revision(project: Project, place: Known, steps: Sequence[Step]) -> Change:
    """The revision that does some steps. Raises `NotPossible`."""
    style = style_of(project, place.after)
    up = [call for step in steps for call in _calls(style, step.table, step.old, step.new)]
    down = [call for step in reversed(steps) for call in _calls(style, step.table, step.new, step.old)]
    name = _message(steps)
    draft = Draft(name, name, concurrently(style, up), concurrently(style, down))
    return revisions.at_head(project, place.environment, [draft], after=place.after)


def _calls(style: Style, table: TableName, old: Index | None, new: Index | None) -> list[str]:
    """The calls that leave the one index instead of the other."""
    built = build(style, table, new) if new is not None else []
    return [*built, drop(style, table, old)] if old is not None and (new is None or new.name != old.name) else built


def _message(steps: Sequence[Step]) -> str:
    """What the steps do, as a message of a revision."""
    done: dict[str, list[str]] = {}
    for step in steps:
        verb = "drop" if step.new is None else "create" if step.old is None else "rebuild"
        done.setdefault(verb, []).append(str((step.new or step.old or Index(None, ())).name))
    return " and ".join(f"{verb} {', '.join(names)}" for verb, names in done.items())
