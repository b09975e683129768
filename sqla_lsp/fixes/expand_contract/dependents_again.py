"""Making what depends on a column again over the other one, without a lock that blocks writes, and swapping the names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqla_lsp.fixes.expand_contract.code import Body
from sqla_lsp.fixes.expand_contract.dependents import DependentCheck, Dependents
from sqla_lsp.fixes.expand_contract.plan import Plan, Side
from sqla_lsp.postgres.identifiers import quote

Checks = Sequence[tuple[str, str, bool]]
"""Constraints by name and definition, and whether they are to be validated."""


def checks_over(plan: Plan, side: Side, checks: Iterable[DependentCheck]) -> Checks:
    """CHECKs of the column, over one side."""
    return [(side.names[check.name], check.definition(over(plan, side)), check.validated) for check in checks]


def over(plan: Plan, side: Side) -> Callable[[str], str]:
    """The names of columns as they stand in the table for the moment: the column is that of the side."""
    return lambda name: side.column if name == plan.change.name else name


def add_not_valid(body: Body, plan: Plan, side: Side, checks: Checks, dependents: Dependents) -> None:
    """Constraints that hold for what is written from now on. Where they are there from a run that broke off, they are made
    again."""
    for name, definition, _ in checks:
        body.sql(f"ALTER TABLE {plan.table} DROP CONSTRAINT IF EXISTS {quote(name)}")
        body.sql(f"ALTER TABLE {plan.table}", f"ADD CONSTRAINT {quote(name)}", definition, "NOT VALID")
    for foreign in dependents.foreign_keys:
        name = quote(side.names[foreign.name])
        body.sql(f"ALTER TABLE {plan.table} DROP CONSTRAINT IF EXISTS {name}")
        lines = foreign.definition(over(plan, side))
        body.sql(f"ALTER TABLE {plan.table}", f"ADD CONSTRAINT {name}", *lines, "NOT VALID")


def validate(body: Body, plan: Plan, side: Side, checks: Checks, dependents: Dependents) -> None:
    """Reads the rows for what was added NOT VALID, in an autocommit block."""
    names = [name for name, _, validated in checks if validated]
    names += [side.names[foreign.name] for foreign in dependents.foreign_keys if foreign.key.validated is True]
    for name in names:
        body.sql(f"ALTER TABLE {plan.table} VALIDATE CONSTRAINT {quote(name)}")


def build(body: Body, plan: Plan, side: Side, dependents: Dependents) -> None:
    """Builds indexes concurrently, in an autocommit block. What a run that broke off left of one is not valid, and goes first."""
    for dependent in (*dependents.indexes, *dependents.uniques):
        name = side.names[dependent.name]
        body.sql(f"DROP INDEX CONCURRENTLY IF EXISTS {plan.named(name)}")
        body.sql(*dependent.definition(name, plan.table, over(plan, side)))


def attach(body: Body, plan: Plan, side: Side, dependents: Dependents) -> None:
    """Makes constraints of unique indexes, which takes no time."""
    for unique in dependents.uniques:
        name = quote(side.names[unique.name])
        options = [unique.constraint] if unique.constraint else []
        body.sql(f"ALTER TABLE {plan.table}", f"ADD CONSTRAINT {name} UNIQUE USING INDEX {name}", *options)


def remove(body: Body, plan: Plan, side: Side, checks: Checks, dependents: Dependents) -> None:
    """Takes it all away again, indexes last and concurrently."""
    names = [name for name, _, _ in checks]
    names += [side.names[name] for name in dependents.constraints]
    for name in names:
        body.sql(f"ALTER TABLE {plan.table} DROP CONSTRAINT IF EXISTS {quote(name)}")
    if dependents.indexes:
        body.autocommit()
        for index in dependents.indexes:
            body.sql(f"DROP INDEX CONCURRENTLY IF EXISTS {plan.named(side.names[index.name])}")
        body.transaction()


def rename(body: Body, plan: Plan, away: Side, back: Side) -> None:
    """Indexes and constraints change names: what has its name in the end goes `away`, what is made for the other column comes
    `back`."""
    dependents = plan.change.dependents
    for name in dependents.constraints:
        old, new = away.names[name], back.names[name]
        body.sql(f"ALTER TABLE {plan.table} RENAME CONSTRAINT {quote(name)} TO {quote(old)}")
        body.sql(f"ALTER TABLE {plan.table} RENAME CONSTRAINT {quote(new)} TO {quote(name)}")
    for index in dependents.indexes:
        name, old, new = index.name, away.names[index.name], back.names[index.name]
        body.sql(f"ALTER INDEX {plan.named(name)} RENAME TO {quote(old)}")
        body.sql(f"ALTER INDEX {plan.named(new)} RENAME TO {quote(name)}")
