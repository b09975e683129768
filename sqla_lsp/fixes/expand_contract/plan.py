"""A change of type with the names of everything that is there for a while."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from sqla_lsp.fixes.expand_contract import names
from sqla_lsp.fixes.expand_contract.dependents import DependentCheck, DependentForeignKey, DependentIndex
from sqla_lsp.fixes.expand_contract.expressions import constant_default
from sqla_lsp.fixes.expand_contract.facts import TypeChange
from sqla_lsp.fixes.expand_contract.names import Names
from sqla_lsp.fixes.expand_contract.types import is_compared
from sqla_lsp.fixes.sql_names import sql_table
from sqla_lsp.postgres.identifiers import default_name, quote
from sqla_lsp.postgres.type_text import type_sql
from sqla_lsp.schema.types import PgType

NAMED_NOT_NULL = 18
"""The release from which on NOT NULL is a constraint with a name."""

Dependent = DependentIndex | DependentForeignKey | DependentCheck


@dataclass(frozen=True)
class Side:
    """One of the two columns, as it is called while both are there, and what writes it along with the other."""

    ending: str
    column: str
    function: str
    trigger: str
    not_null: str
    """The name of the check that NOT NULL is validated by."""
    names: dict[str, str] = field(default_factory=dict)
    """What its indexes and constraints are called, by the names that they have in the end."""

    @property
    def quoted(self) -> str:
        return quote(self.column)


@dataclass(frozen=True)
class Plan:
    """The change, and both sides of it: `new` takes over from the column, `old` is what the column is called from then on."""

    change: TypeChange
    new: Side
    old: Side
    in_step: str
    """The name of the check that all values came back."""
    version: int

    @property
    def table(self) -> str:
        """The table as SQL names it."""
        return sql_table(self.change.table.name)

    @property
    def column(self) -> str:
        """The column as SQL names it."""
        return quote(self.change.name)

    def named(self, name: str) -> str:
        """What stands in the schema of the table, as SQL names it."""
        schema = self.change.table.name.schema
        return f"{quote(str(schema))}.{quote(name)}" if schema is not None else quote(name)

    @property
    def default_at_once(self) -> str | None:
        """The default that the new column gets when it is added: a constant, so that no row is written for it; None where it gets
        its default later."""
        default = self.change.after.default
        if default is None or not is_compared(self.change.new):
            return None
        if self.change.after.default is not self.change.column.default:  # rows that are there keep what they have
            return None
        told = constant_default(str(default.sql))
        return self.default if told is not None else None

    @property
    def default(self) -> str | None:
        """The default of the new column, as SQL. A bare string is told the type that the old column made of it."""
        default = self.change.after.default
        if default is None:
            return None
        told = constant_default(str(default.sql))
        if told is None or not told[1] or default is not self.change.column.default:
            return str(default.sql)
        # The bare type: a length would make the constant a call.
        return f"{told[0]}::{type_sql(_unlimited(self.change.old), collated=False)}"

    @property
    def not_null_names(self) -> tuple[str, str] | None:
        """What Postgres 18 calls NOT NULL of the new column before the swap and in the end; None where it may hold NULL."""
        if self.change.after.nullable is True:
            return None
        table = str(self.change.table.name.name)
        before, after = (default_name(table, [column], "not_null") for column in (self.new.column, self.change.name))
        if before == after and self.change.column.nullable is False:  # both are cut, and the old column has it
            before = default_name(table, [self.new.column], "not_null1")
        return before, after


def plan_of(change: TypeChange, version: int) -> Plan:
    """The change with names that nothing has yet."""
    table, column = str(change.table.name.name), change.name
    relations = Names(names.relations(change.schema, change.table))
    columns = Names(names.columns(change.table))
    dependents = change.dependents
    kept: list[Dependent] = [*dependents.checks, *dependents.foreign_keys, *dependents.indexes, *dependents.uniques]

    def side(ending: str, function: str) -> Side:
        name = relations.new(f"{table}_{column}", function)
        return Side(
            ending,
            columns.new(column, f"_{ending}"),
            name,
            relations.new(f"zz_{table}_{column}", function),
            relations.new(f"ck_{table}_{column}_{ending}", "_not_null"),
            {dependent.name: relations.new(dependent.name, f"_{ending}") for dependent in kept},
        )

    new, old = side("new", "_sync"), side("old", "_sync_old")
    return Plan(change, new, old, relations.new(f"ck_{table}_{column}_old", "_in_step"), version)


def _unlimited(type_: PgType) -> PgType:
    return replace(type_, arguments=()) if type_.name in ("varchar", "char") else type_
