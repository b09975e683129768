"""What a rule is: a name, its documentation, and functions that judge a step of a migration, what models declare, or a query."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

import msgspec

from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.project.catalog import ResolvedQuery, TableEntry
from sqla_lsp.project.history import Step
from sqla_lsp.project.project import Project
from sqla_lsp.project.replay import key_of
from sqla_lsp.project.settings import Settings
from sqla_lsp.rules.declarations import Declaration
from sqla_lsp.rules.finding import Finding, Related, Severity
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.operations import AnyOperation, Operation
from sqla_lsp.text.places import Place


class Report(msgspec.Struct, frozen=True):
    """What a rule says of one operation. `subject` names what the operation is about, where a loop runs over several of them.
    `severity` None means the rule's own."""

    operation: AnyOperation
    message: str
    why: str = ""
    advice: str = ""
    subject: str = ""
    severity: Severity | None = None
    related: tuple[AnyOperation, ...] = ()
    tags: tuple[str, ...] = ()


class Remark(msgspec.Struct, frozen=True):
    """What a rule says of a model or a query: a place in a file, and the statement in which a comment can silence it. A `path` of
    "" is the file at hand."""

    place: Place
    statement: Place
    message: str
    why: str = ""
    advice: str = ""
    related: tuple[Related, ...] = ()
    tags: tuple[str, ...] = ()


class Context(msgspec.Struct, frozen=True):
    """What a rule may ask beside the step, declaration or query: the settings, which tables models declare as partitioned, and
    what models, history and queries know of the tables of a name."""

    settings: Settings
    partitioned: frozenset[tuple[str | None, str]]
    entries_of: Callable[[TableName], Sequence[TableEntry]] = lambda table: ()

    def is_small(self, table: TableName) -> bool:
        """Whether the settings say that nobody waits for the table."""
        schema = table.schema if isinstance(table.schema, str) else None
        return isinstance(table.name, str) and self.settings.is_small(table.name, schema)

    def is_partitioned(self, step: Step, table: TableName) -> bool:
        """Whether a model or the history says that the table is partitioned."""
        known = step.before.table(table)
        return (known is not None and known.partitioned) or key_of(table) in self.partitioned


class Judgement(msgspec.Struct, frozen=True):
    """A finding and what it is about: the operations of one call of a migration (several where the call stands in a loop or a
    helper), or what a model declares, or a query."""

    finding: Finding
    steps: tuple[Step, ...] = ()
    subject: Declaration | ResolvedQuery | None = None


class Asked(msgspec.Struct, frozen=True):
    """A question for the fixes of a finding. `others` is everything that is found in the same file."""

    project: Project
    path: str
    context: Context
    judgement: Judgement
    others: tuple[Judgement, ...] = ()

    @property
    def step(self) -> Step:
        """The first of the operations."""
        return self.judgement.steps[0]


class Rule(msgspec.Struct, frozen=True):
    """A rule as its module declares it. `priority` is 1 (critical) to 4 (low); `kinds` are the operations that it is asked
    about."""

    name: str
    summary: str
    priority: int
    severity: Severity
    documentation: str
    kinds: tuple[type[Operation], ...] = ()
    check: Callable[[Step, Context], Iterator[Report]] | None = None
    check_declaration: Callable[[Declaration, Context], Iterator[Remark]] | None = None
    check_query: Callable[[ResolvedQuery, Context], Iterator[Remark]] | None = None


def declared(module: ModuleType) -> Rule:
    """The rule of a module: its docstring is the documentation, whose first line is the summary; `check` judges a step of a
    migration, `check_declaration` an index that models declare, `check_query` a query."""
    documentation = inspect.cleandoc(module.__doc__ or "")
    summary = documentation.partition("\n")[0]
    kinds = getattr(module, "KINDS", ())
    checks: list[Any] = [getattr(module, name, None) for name in ("check", "check_declaration", "check_query")]
    return Rule(module.NAME, summary, module.PRIORITY, module.SEVERITY, documentation, kinds, *checks)


def text_of(table: TableName) -> str:
    """A table as a message names it: as SQL writes it."""
    if isinstance(table.name, Unknown):
        return "a table whose name is not known here"
    return f"{quote(table.schema)}.{quote(table.name)}" if isinstance(table.schema, str) else quote(table.name)


def again(table: TableName) -> str:
    """A table as a message names it a second time."""
    return text_of(table) if not isinstance(table.name, Unknown) else "that table"


def named(name: object, otherwise: str) -> str:
    """The name of an index, constraint or column as a message names it: as SQL writes it."""
    return quote(name) if isinstance(name, str) else otherwise
