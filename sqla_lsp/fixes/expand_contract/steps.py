"""The steps, each with its way back: expand, fill, prepare, swap, contract."""

from __future__ import annotations

from sqla_lsp.fixes.expand_contract import batches, dependents_again, triggers
from sqla_lsp.fixes.expand_contract.code import Body
from sqla_lsp.fixes.expand_contract.dependents import Dependents
from sqla_lsp.fixes.expand_contract.dependents_again import Checks, checks_over
from sqla_lsp.fixes.expand_contract.plan import NAMED_NOT_NULL, Plan, Side
from sqla_lsp.fixes.style import without_binds
from sqla_lsp.postgres.identifiers import quote, quote_literal
from sqla_lsp.postgres.type_text import type_sql

# --------------------------------------------------------------------------------------------------------------- expand


def expand(body: Body, plan: Plan, column: str | None) -> None:
    """The new column and its trigger. `column` is what the file calls `Column`, None where it has no name for it."""
    change, default = plan.change, plan.default_at_once
    again = change.commits
    body.patience()
    if again:
        body.comment("Where a run broke off behind this.")
        body.sql(f"ALTER TABLE {plan.table} DROP COLUMN IF EXISTS {plan.new.quoted}")
    if default is not None:
        body.comment("A constant default writes no row.")
    if column is not None and change.call is not None and change.call.type_ is not None:
        body.add(_add_column(body, plan, column, change.call.type_, default))
    else:
        _add(body, plan, plan.new, type_sql(change.new), default)
    if default is None and plan.default is not None:
        body.sql(f"ALTER TABLE {plan.table} ALTER COLUMN {plan.new.quoted} SET DEFAULT {plan.default}")
    _comment(body, plan, plan.new.quoted)
    triggers.add_forward(body, plan, again=again)


def expand_back(body: Body, plan: Plan) -> None:
    body.patience()
    triggers.drop(body, plan, plan.new, if_exists=plan.change.commits)
    if plan.change.commits:
        body.sql(f"ALTER TABLE {plan.table} DROP COLUMN IF EXISTS {plan.new.quoted}")
    else:
        body.sql(f"ALTER TABLE {plan.table} DROP COLUMN {plan.new.quoted}")


def _add_column(body: Body, plan: Plan, column: str, type_: str, default: str | None) -> str:
    """`op.add_column(...)` with the type as the original call writes it."""
    style, table = body.style, plan.change.table.name
    arguments = [style.string(plan.new.column), type_]
    if default is not None:
        text = column.rpartition(".")[0]
        clause = f"{text}.text" if text else "text"
        arguments.append(f"server_default={clause}({style.string(without_binds(default))})")
    arguments.append("nullable=True")
    schema = f"schema={style.string(str(table.schema))}" if table.schema is not None else ""
    made = style.call(column, arguments, depth=body.depth + 1)
    return style.call(f"{body.op}.add_column", [style.string(str(table.name)), made.replace("\n", f"\n{style.indent}"), schema])


def _add(body: Body, plan: Plan, side: Side, type_: str, default: str | None = None) -> None:
    told = f" DEFAULT {default}" if default is not None else ""
    body.sql(f"ALTER TABLE {plan.table}", f"ADD COLUMN {side.quoted} {type_}{told}")


# ----------------------------------------------------------------------------------------------------------------- fill


def fill(body: Body, plan: Plan) -> None:
    """The rows that nobody has written since the new column is there."""
    body.comment("The triggers of the table fire for the rows that are filled.")
    body.autocommit()
    _filled(body, plan, triggers.forward_fill(plan))
    if not needs_preparing(plan):
        body.comment("Plans depend on what is known of the column that takes over.")
        body.sql(f"ANALYZE {plan.table} ({plan.new.quoted})")
    body.sql("RESET statement_timeout")


def _filled(body: Body, plan: Plan, what: tuple[str, str]) -> None:
    """Fills a column in batches, as long as it takes."""
    taken = {column.name for column in plan.change.table.columns if isinstance(column.name, str)}
    body.sql("SET statement_timeout = 0")
    body.block(*batches.fill(plan.table, *what, plan.change.key, taken | {plan.new.column, plan.old.column}))


# -------------------------------------------------------------------------------------------------------------- prepare


def needs_preparing(plan: Plan) -> bool:
    """Whether anything has to be made over the new column."""
    return plan.change.after.nullable is False or plan.change.dependents.any


def prepare(body: Body, plan: Plan) -> None:
    """NOT NULL, checks, foreign keys and indexes of the new column."""
    checks, dependents = _new_checks(plan), plan.change.dependents
    if checks or dependents.foreign_keys:
        body.patience()
        dependents_again.add_not_valid(body, plan, plan.new, checks, dependents)
    body.autocommit()
    _waits(body)
    dependents_again.validate(body, plan, plan.new, checks, dependents)
    dependents_again.build(body, plan, plan.new, dependents)
    body.comment("Plans depend on what is known of the column that takes over.")
    body.sql(f"ANALYZE {plan.table} ({plan.new.quoted})")
    _waits_no_longer(body)
    body.transaction()
    if plan.change.after.nullable is False or dependents.uniques:
        body.patience()
    if plan.change.after.nullable is False:
        body.comment("The check that was validated spares NOT NULL its scan.")
        body.sql(f"ALTER TABLE {plan.table} ALTER COLUMN {plan.new.quoted} SET NOT NULL")
        body.sql(f"ALTER TABLE {plan.table} DROP CONSTRAINT {quote(plan.new.not_null)}")
    dependents_again.attach(body, plan, plan.new, dependents)


def prepare_back(body: Body, plan: Plan) -> None:
    body.patience()
    if plan.change.after.nullable is False:
        body.sql(f"ALTER TABLE {plan.table} ALTER COLUMN {plan.new.quoted} DROP NOT NULL")
    checks = checks_over(plan, plan.new, plan.change.dependents.checks)
    dependents_again.remove(body, plan, plan.new, checks, plan.change.dependents)


def _new_checks(plan: Plan) -> Checks:
    checks = list(checks_over(plan, plan.new, plan.change.dependents.checks))
    if plan.change.after.nullable is False:
        checks.insert(0, (plan.new.not_null, f"CHECK ({plan.new.quoted} IS NOT NULL)", True))
    return checks


def _waits(body: Body) -> None:
    """A concurrent build waits for transactions that are older than it: no limit of the session may break it off."""
    body.sql("SET lock_timeout = 0")
    body.sql("SET statement_timeout = 0")


def _waits_no_longer(body: Body) -> None:
    body.sql("RESET statement_timeout")
    body.sql("RESET lock_timeout")


# ----------------------------------------------------------------------------------------------------------------- swap


def swap(body: Body, plan: Plan) -> None:
    """The names, and the trigger that writes the old column from now on."""
    change = plan.change
    body.patience()
    body.sql(f"LOCK TABLE {plan.table} IN ACCESS EXCLUSIVE MODE")
    triggers.drop(body, plan, plan.new)
    for check in change.dependents.checks:
        body.sql(f"ALTER TABLE {plan.table} DROP CONSTRAINT {quote(check.name)}")
    _rename_columns(body, plan, (plan.column, plan.old.quoted), (plan.new.quoted, plan.column))
    if change.column.nullable is False:
        body.comment("What the old type does not take is NULL there.")
        body.sql(f"ALTER TABLE {plan.table} ALTER COLUMN {plan.old.quoted} DROP NOT NULL")
    _rename_not_null(body, plan, forward=True)
    for check in change.dependents.checks:
        body.sql(f"ALTER TABLE {plan.table} RENAME CONSTRAINT {quote(plan.new.names[check.name])} TO {quote(check.name)}")
    dependents_again.rename(body, plan, plan.old, plan.new)
    body.comment("The old column is kept in step for a downgrade.")
    triggers.add_backward(body, plan, again=False)


def swap_back(body: Body, plan: Plan) -> None:
    change = plan.change
    checks = _old_checks(plan)
    none = Dependents()
    if checks:
        body.patience()
        body.comment("Before anything else: every value has to be there as the old type.")
        dependents_again.add_not_valid(body, plan, plan.old, checks, none)
        body.autocommit()
        dependents_again.validate(body, plan, plan.old, checks, none)
        body.transaction()
    body.patience()
    body.sql(f"LOCK TABLE {plan.table} IN ACCESS EXCLUSIVE MODE")
    triggers.drop(body, plan, plan.old)
    for check in change.dependents.checks:
        body.sql(f"ALTER TABLE {plan.table} RENAME CONSTRAINT {quote(check.name)} TO {quote(plan.new.names[check.name])}")
        body.sql(f"ALTER TABLE {plan.table} RENAME CONSTRAINT {quote(plan.old.names[check.name])} TO {quote(check.name)}")
    _rename_not_null(body, plan, forward=False)
    _rename_columns(body, plan, (plan.column, plan.new.quoted), (plan.old.quoted, plan.column))
    if change.column.nullable is False:
        body.sql(f"ALTER TABLE {plan.table} ALTER COLUMN {plan.column} SET NOT NULL")
    for name in (plan.old.not_null, plan.in_step):
        if any(name == made for made, _, _ in checks):
            body.sql(f"ALTER TABLE {plan.table} DROP CONSTRAINT {quote(name)}")
    dependents_again.rename(body, plan, plan.new, plan.old)
    triggers.add_forward(body, plan, again=False)


def _old_checks(plan: Plan) -> Checks:
    """What must hold before the old column has its name again: the checks that it had, and that every value came back."""
    change, checks = plan.change, list(checks_over(plan, plan.old, plan.change.dependents.checks))
    using = change.back.using
    if change.is_fallible and using is not None and not using.is_cast(change.name, change.old):
        computed = triggers.cast(f"({using.sql})" if using.is_compound else using.sql, change.old)
        checks.append((plan.in_step, f"CHECK ({plan.old.quoted} IS NOT DISTINCT FROM {computed})", True))
    elif change.is_fallible and change.column.nullable is not False:
        checks.append((plan.in_step, f"CHECK ({plan.old.quoted} IS NOT NULL OR {plan.column} IS NULL)", True))
    if change.column.nullable is False:
        checks.append((plan.old.not_null, f"CHECK ({plan.old.quoted} IS NOT NULL)", True))
    return checks


def _rename_columns(body: Body, plan: Plan, *renames: tuple[str, str]) -> None:
    for name, to in renames:
        body.sql(f"ALTER TABLE {plan.table} RENAME COLUMN {name} TO {to}")


def _rename_not_null(body: Body, plan: Plan, *, forward: bool) -> None:
    """The name of NOT NULL follows that of the column, on servers that give it one."""
    if plan.not_null_names is None:
        return
    before, after = plan.not_null_names if forward else reversed(plan.not_null_names)
    rename = f"ALTER TABLE {plan.table} RENAME CONSTRAINT {quote(before)} TO {quote(after)}"
    if plan.version >= NAMED_NOT_NULL:
        body.sql(rename)
        return
    body.comment(f"From Postgres {NAMED_NOT_NULL} on, NOT NULL has a name.")
    body.block(
        "DO $$",
        "BEGIN",
        "  IF EXISTS (",
        f"    SELECT FROM pg_constraint WHERE conname = {quote_literal(before)}",
        f"      AND conrelid = {quote_literal(plan.table)}::regclass",
        "  ) THEN",
        f"    {rename};",
        "  END IF;",
        "END $$",
    )


def _comment(body: Body, plan: Plan, column: str) -> None:
    comment = plan.change.column.comment
    if isinstance(comment, str):
        text = quote_literal(comment)
        body.sql(f"COMMENT ON COLUMN {plan.table}.{column} IS {text}")


# ------------------------------------------------------------------------------------------------------------- contract


def contract(body: Body, plan: Plan) -> None:
    """The old column goes, and what depends on it."""
    body.patience()
    triggers.drop(body, plan, plan.old)
    body.sql(f"ALTER TABLE {plan.table} DROP COLUMN {plan.old.quoted}")


def contract_back(body: Body, plan: Plan) -> None:
    """The old column as it stood after the swap."""
    change = plan.change
    dependents = replace_checks(change.dependents)
    body.patience()
    body.comment("Where a run broke off behind this.")
    body.sql(f"ALTER TABLE {plan.table} DROP COLUMN IF EXISTS {plan.old.quoted}")
    _add(body, plan, plan.old, type_sql(change.old))
    if change.column.default is not None:
        body.sql(f"ALTER TABLE {plan.table} ALTER COLUMN {plan.old.quoted} SET DEFAULT {change.column.default.sql}")
    _comment(body, plan, plan.old.quoted)
    triggers.add_backward(body, plan, again=True)
    dependents_again.add_not_valid(body, plan, plan.old, (), dependents)
    body.autocommit()
    body.sql("SET lock_timeout = 0")
    _filled(body, plan, triggers.backward_fill(plan))
    dependents_again.validate(body, plan, plan.old, (), dependents)
    dependents_again.build(body, plan, plan.old, dependents)
    body.sql(f"ANALYZE {plan.table} ({plan.old.quoted})")
    _waits_no_longer(body)
    body.transaction()
    if dependents.uniques:
        body.patience()
    dependents_again.attach(body, plan, plan.old, dependents)


def replace_checks(dependents: Dependents) -> Dependents:
    """Without checks: the old column has none between the swap and its way back."""
    return Dependents(dependents.indexes, dependents.uniques, dependents.foreign_keys)
