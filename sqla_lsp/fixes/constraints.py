"""What rewrites of constraints have in common: which constraint a call adds, and how its name is written in code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import libcst as cst

from sqla_lsp.fixes.calls import argument, code, keyword
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.migration import Spot, needs_block
from sqla_lsp.fixes.sql_in_code import sql_of
from sqla_lsp.fixes.sql_names import sql_table
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.project.history import Step
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.operations import AddConstraint, Operation
from sqla_lsp.schema.tables import Constraint

C = TypeVar("C", bound=Constraint)


@dataclass(frozen=True)
class Added(Generic[C]):
    """A constraint that one call adds, with the name that it has in the database. `varies` says that the call adds another one
    each time: then the names come from its arguments, and `written` is the table and the name as SQL in code has them."""

    step: Step
    operation: AddConstraint
    constraint: C
    name: str
    varies: bool = False
    written: tuple[str, str] | None = None

    @property
    def table(self) -> TableName:
        return self.operation.table

    @property
    def in_transaction(self) -> bool:
        """Whether what has to stand outside of a transaction needs a block for that."""
        return needs_block(self.operation)

    @property
    def alter(self) -> str:
        """The beginning of a statement that changes the table."""
        return f"ALTER TABLE {self.written[0] if self.written else sql_table(self.table)}"

    @property
    def sql(self) -> str:
        """The name as SQL writes it."""
        return self.written[1] if self.written else quote(self.name)


def added(steps: Sequence[Step], kind: type[C]) -> Added[C]:
    """The constraint that a call adds. Raises `NotPossible` where it adds several, or one that is not known, and where SQL does
    more than add it."""
    step = steps[0]
    operation = step.operation
    if not isinstance(operation, AddConstraint) or not isinstance(operation.constraint, kind):
        raise NotPossible("no constraint is added")
    name = step.constraint_name(operation)
    if name is None:
        raise NotPossible("the name of the constraint is not known")
    varies = any(not _is_same(other.operation, operation) for other in steps[1:])
    found: Added[C] = Added(step, operation, operation.constraint, name, varies)
    if varies and (operation.site.sql is not None or operation.site.emitted_by or not all(map(_has_plain_names, steps))):
        raise NotPossible("the call adds several constraints")
    if operation.site.sql is not None and (operation.inline or not _is_alone(found)):
        raise NotPossible("the statement does other things too")
    return found


def _is_same(one: Operation, other: AddConstraint) -> bool:
    return isinstance(one, AddConstraint) and (one.table, one.constraint) == (other.table, other.constraint)


def _has_plain_names(step: Step) -> bool:
    """Whether the names of a constraint and its table are those that the call gives, and need no quotes in SQL."""
    operation = step.operation
    if not isinstance(operation, AddConstraint):
        return False
    given = operation.constraint.name
    names = [given, operation.table.name, "a" if operation.table.schema is None else operation.table.schema]
    return step.constraint_name(operation) == given and all(isinstance(name, str) and quote(name) == name for name in names)


A = TypeVar("A", bound=Added[Any])


def in_code(found: A, call: cst.Call, schema: str = "schema") -> A:
    """The constraint with names that SQL in code takes from the arguments of the call, where they are not the same each time,
    or where a helper of the file is given them. Raises `NotPossible`."""
    if not found.varies and not found.operation.site.calls:
        return found
    name, table = argument(call, 0, *_NAME), argument(call, 1, *_TABLE)
    try:
        if name is None or table is None or not _has_plain_names(found.step):
            raise NotPossible("the names are not written in the call")
        prefix = keyword(call, schema)
        is_there = prefix is not None and code(prefix.value) != "None"
        before = f"{sql_of(prefix.value)}." if prefix is not None and is_there else ""
        return replace(found, written=(before + sql_of(table), sql_of(name)))
    except NotPossible:
        if found.varies:
            raise
        return found


_NAME = ("constraint_name", "index_name", "name")
_TABLE = ("source_table", "table_name", "source", "tablename")


def name_in_code(spot: Spot, found: Added[Any], given: cst.BaseExpression | None) -> str:
    """The source of a constraint's name: as it is given, where that is the name in the database."""
    if given is not None and (found.constraint.name == found.name or isinstance(given, cst.Call)):
        return code(given)
    quoted = spot.style.string(found.name)
    return f"{spot.op}.f({quoted})" if found.step.history.convention else quoted


def _is_alone(found: Added[Any]) -> bool:
    """Whether a statement of raw SQL adds the constraint and does nothing else."""
    site = found.operation.site
    same = [
        operation
        for operation in found.step.history.operations
        if operation.site.place == site.place and operation.site.sql == site.sql and operation.site.round == site.round
    ]
    return len(same) == 1 and "IF EXISTS" not in " ".join((site.sql or "").upper().split())
