"""What the rules see of a revision: its operations, each with the schema as it stands before and after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

from sqla_lsp.postgres.naming import Convention, index_name
from sqla_lsp.project.replay import EMPTY, Schema, applied, index_names, key_of, named
from sqla_lsp.readers.environments import EnvironmentFacts
from sqla_lsp.readers.revisions import Header
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.operations import AnyOperation, Script
from sqla_lsp.schema.tables import Index, Table

T = TypeVar("T", bound=ops.Operation)
_Arms = tuple[tuple[int, int], ...]

_MOST_BRANCHING = 400
"""Longer functions with branches are replayed straight: each operation after all before it."""


def exclude(one: ops.Operation, other: ops.Operation) -> bool:
    """Whether no run meets both operations: they stand in different arms of one branch."""
    arms = dict(one.site.arms)
    return bool(arms) and any(arms.get(branch, arm) != arm for branch, arm in other.site.arms)


@dataclass(frozen=True)
class Step:
    """One operation of a function, at its number."""

    history: ScriptHistory
    number: int
    operation: AnyOperation

    @property
    def before(self) -> Schema:
        """The schema as it stands before the operation."""
        return self.history.before(self.number)

    @property
    def after(self) -> Schema:
        """The schema as it stands after it."""
        return applied(self.before, self.operation, self.history.convention)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open for certain when the operation is sent."""
        return self.operation.site.transaction.autocommit is False and self.history.revision.environment.autocommit is False

    def earlier(self, *kinds: type[T]) -> Iterator[T]:
        """The operations of some kinds before this one that a run may meet too."""
        for number, operation in self.history.of_kinds(*kinds):
            if number < self.number and not exclude(operation, self.operation):
                yield operation

    def later(self, *kinds: type[T]) -> Iterator[T]:
        """The operations of some kinds after this one that a run may meet too."""
        for number, operation in self.history.of_kinds(*kinds):
            if number > self.number and not exclude(operation, self.operation):
                yield operation

    def index_name(self, operation: ops.CreateIndex) -> str | None:
        """The name that an index gets in the database."""
        name = operation.index.name
        if name is None:
            is_sql = operation.site.sql is not None
            return index_name(operation.table, operation.index, self.history.convention, is_sql=is_sql)
        return name if isinstance(name, str) else None

    def constraint_name(self, operation: ops.AddConstraint) -> str | None:
        """The name that a constraint gets in the database."""
        is_sql = operation.site.sql is not None or operation.inline
        name = named(operation.table, operation.constraint, {} if is_sql else self.history.convention).name
        return name if isinstance(name, str) else None

    def is_new(self, table: TableName) -> bool:
        """Whether the function created the table. A name that is not known counts as existing, unless a table whose name is not
        known was created before: it may be that one."""
        if table.known:
            return self.before.is_new(table)
        return any(not operation.table.known for operation in self.earlier(ops.CreateTable))

    def is_temporary(self, table: TableName) -> bool:
        """Whether the table is a temporary one."""
        known = self.before.table(table)
        return known is not None and known.temporary

    def is_dropped_later(self, table: TableName) -> bool:
        """Whether the function drops the table after this operation, under whatever name it then has."""
        key = key_of(table)
        for operation in self.later(ops.DropTable, ops.RenameTable, ops.MoveTable) if key is not None else ():
            match operation:
                case ops.DropTable(table=other) if key_of(other) == key:
                    return True
                case ops.RenameTable(table=other, to=name) if key_of(other) == key:
                    key = key_of(TableName(name, other.schema))
                case ops.MoveTable(table=other, schema=schema) if key_of(other) == key:
                    key = key_of(TableName(other.name, schema))
                case _:
                    pass
        return False

    def has_dropped_column_later(self, table: Table, index: Index) -> bool:
        """Whether the function drops, after this operation, a column that the index names."""
        key = key_of(table.name)
        return any(
            key_of(operation.table) == key and isinstance(operation.column, str) and index_names(index, operation.column)
            for operation in self.later(ops.DropColumn)
        )


class ScriptHistory:
    """One function of a revision. `start` is the schema before its first operation."""

    def __init__(
        self, revision: RevisionHistory, direction: Literal["upgrade", "downgrade"], script: Script, start: Schema
    ) -> None:
        self.revision = revision
        self.direction = direction
        self.script = script
        self.operations: Sequence[AnyOperation] = script.operations
        self.start = Schema(start.tables, start.types)
        self.convention: Convention = revision.environment.naming_convention
        self._of_kinds: dict[tuple[type[Any], ...], list[tuple[int, Any]]] = {}
        self._ways: dict[_Arms, list[Schema]] = {}
        self._ends: dict[_Arms, Schema] = {}

    def __iter__(self) -> Iterator[Step]:
        for number, operation in enumerate(self.operations):
            yield Step(self, number, operation)

    def of_kinds(self, *kinds: type[T]) -> list[tuple[int, T]]:
        """The operations of some kinds, with their numbers."""
        found = self._of_kinds.get(kinds)
        if found is None:
            found = [(number, operation) for number, operation in enumerate(self.operations) if isinstance(operation, kinds)]
            self._of_kinds[kinds] = found
        return found

    @cached_property
    def _branches(self) -> bool:
        return len(self.operations) <= _MOST_BRANCHING and any(operation.site.arms for operation in self.operations)

    def before(self, number: int) -> Schema:
        """The schema before an operation, on the ways that lead to it."""
        arms = self.operations[number].site.arms if self._branches else ()
        states = self._ways.get(arms)
        if states is None:
            states = self._ways[arms] = [self.start]
        while len(states) <= number:
            operation = self.operations[len(states) - 1]
            last = states[-1]
            skip = self._branches and exclude(operation, self.operations[number])
            states.append(last if skip else applied(last, operation, self.convention))
        return states[number]

    @cached_property
    def end(self) -> Schema:
        """The schema after the last operation."""
        return self._after(self.operations)

    def end_beside(self, operation: AnyOperation) -> Schema:
        """The schema after all operations that a run may meet together with one."""
        arms = operation.site.arms
        if arms not in self._ends:
            met = [other for other in self.operations if not exclude(other, operation)]
            self._ends[arms] = self.end if len(met) == len(self.operations) else self._after(met)
        return self._ends[arms]

    def _after(self, operations: Sequence[AnyOperation]) -> Schema:
        schema = self.start
        for operation in operations:
            schema = applied(schema, operation, self.convention)
        return Schema(schema.tables, schema.types)


class RevisionHistory:
    """A revision in its environment: both functions with the schema around them."""

    def __init__(
        self,
        path: str,
        header: Header,
        environment: EnvironmentFacts,
        upgrade: Script,
        downgrade: Script,
        before: Schema = EMPTY,
    ) -> None:
        self.path = path
        self.header = header
        self.environment = environment
        self.upgrade = ScriptHistory(self, "upgrade", upgrade, before)
        self._downgrade = downgrade

    @cached_property
    def downgrade(self) -> ScriptHistory:
        return ScriptHistory(self, "downgrade", self._downgrade, self.upgrade.end)

    @property
    def scripts(self) -> tuple[ScriptHistory, ScriptHistory]:
        return self.upgrade, self.downgrade
