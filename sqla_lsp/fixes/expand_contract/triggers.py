"""The triggers that write one of the two columns along with the other, and the values that they write."""

from __future__ import annotations

from sqla_lsp.fixes.expand_contract.code import Body
from sqla_lsp.fixes.expand_contract.facts import Way
from sqla_lsp.fixes.expand_contract.plan import Plan, Side
from sqla_lsp.fixes.expand_contract.types import WHOLE, compares_with, is_compared, settings
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.postgres.type_text import type_sql
from sqla_lsp.schema.types import PgType


def add_forward(body: Body, plan: Plan, *, again: bool) -> None:
    """The trigger that writes the new column. A value that the new type does not take is refused, as the change itself refuses
    it."""
    value = _value(plan.change.there, plan.change.name, f"NEW.{plan.column}")
    _add(body, plan, plan.new, (f"NEW.{plan.new.quoted} := {value};",), again=again)


def add_backward(body: Body, plan: Plan, *, again: bool) -> None:
    """The trigger that writes the old column for the way back. A value that the old type does not take becomes NULL: the way back
    is refused while there is one, and writes never are."""
    change, target = plan.change, f"NEW.{plan.old.quoted}"
    source = f"NEW.{plan.column}"
    value = _value(change.back, change.name, source)
    least, greatest = WHOLE.get(change.old.name, (0, 0))
    if not change.is_fallible:
        lines: tuple[str, ...] = (f"{target} := {value};",)
    elif change.new.name in WHOLE and change.old.name in WHOLE and change.comes_back == "each":
        lines = (f"{target} := CASE WHEN {source} BETWEEN {least} AND {greatest} THEN {value} END;",)
    else:
        lines = ("BEGIN", f"  {target} := {value};", "EXCEPTION WHEN others THEN", f"  {target} := NULL;", "END;")
    _add(body, plan, plan.old, lines, again=again)


def drop(body: Body, plan: Plan, side: Side, *, if_exists: bool = False) -> None:
    """Without the trigger of a side."""
    maybe = "IF EXISTS " if if_exists else ""
    body.sql(f"DROP TRIGGER {maybe}{quote(side.trigger)} ON {plan.table}")
    body.sql(f"DROP FUNCTION {maybe}{plan.named(side.function)}()")


def _add(body: Body, plan: Plan, side: Side, lines: tuple[str, ...], *, again: bool) -> None:
    taken = settings(plan.change.old, plan.change.new)
    function = plan.named(side.function)
    replacing = "OR REPLACE " if again else ""
    body.block(
        f"CREATE {replacing}FUNCTION {function}() RETURNS trigger",
        *(f"SET {name} FROM CURRENT" for name in taken),
        "LANGUAGE plpgsql AS $$",
        "BEGIN",
        *(f"  {line}" for line in lines),
        "  RETURN NEW;",
        "END $$",
    )
    if again:
        body.sql(f"DROP TRIGGER IF EXISTS {quote(side.trigger)} ON {plan.table}")
    body.comment("Triggers fire in the order of their names: this one sees what the others made of the row.")
    body.sql(
        f"CREATE TRIGGER {quote(side.trigger)} BEFORE INSERT OR UPDATE ON {plan.table}",
        f"FOR EACH ROW EXECUTE FUNCTION {function}()",
    )


def _value(way: Way, column: str, source: str) -> str:
    """What a column of the row is assigned, where `source` stands for the other one."""
    if way.using is None:
        return source
    return way.using.over(lambda name: source if name == column else f"NEW.{quote(name)}")


def forward_fill(plan: Plan) -> tuple[str, str]:
    """What the new column is filled with, and in which rows."""
    change, target = plan.change, plan.new.quoted
    using = change.there.using
    value = plan.column if using is None else using.sql
    if not is_compared(change.new):
        return f"{target} = {value}", f"{target} IS NULL"
    if using is None:
        compared = plan.column if compares_with(change.new, change.old) else cast(plan.column, change.new)
    else:
        compared = f"({using.sql})" if using.is_compound else using.sql
        compared = compared if using.is_cast(change.name, change.new) and "::" in compared else cast(compared, change.new)
    return f"{target} = {value}", f"{target} IS DISTINCT FROM {compared}"


def backward_fill(plan: Plan) -> tuple[str, str]:
    """What the old column is filled with, and in which rows: its trigger says with what."""
    target, using = plan.old.quoted, plan.change.back.using
    is_strict = using is None or using.is_cast(plan.change.name, plan.change.old)
    return f"{target} = {target}", f"{target} IS NULL" + (f" AND {plan.column} IS NOT NULL" if is_strict else "")


def cast(value: str, to: PgType) -> str:
    """A value as a type."""
    return f"{value}::{type_sql(to, collated=False)}"
