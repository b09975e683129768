"""Foreign keys and checks that are added NOT VALID and validated outside of the transaction (POSTGRES.md 6 d, e and g)."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from sqla_lsp.fixes.batches import out_of_batch
from sqla_lsp.fixes.calls import argument, code, keyword, positional, with_keyword, with_value, without
from sqla_lsp.fixes.columns import column_of, repeatable, without_elements
from sqla_lsp.fixes.constraints import Added, added, in_code, name_in_code
from sqla_lsp.fixes.fix import Change, NotPossible, joined
from sqla_lsp.fixes.literals import parted, with_end, with_words
from sqla_lsp.fixes.migration import Piece, Rewrite, Spot, rewritten
from sqla_lsp.fixes.revisions import Draft, following
from sqla_lsp.fixes.style import style_of
from sqla_lsp.fixes.transactions import with_transaction_per_migration
from sqla_lsp.project.history import Step
from sqla_lsp.project.project import Project
from sqla_lsp.schema.tables import Check, ForeignKey
from sqla_lsp.text.places import Place

_OPTIONS = ("onupdate", "ondelete", "deferrable", "initially", "match", "use_alter")
"""Arguments of `ForeignKey` that `create_foreign_key` takes as well."""


Condition = Added[ForeignKey] | Added[Check]


def not_valid(steps: Sequence[Step], *, validated: bool = True) -> Rewrite:
    """What takes the place of a call that adds a foreign key or check. A constraint that is left over from a run that failed is
    dropped first, so that it can be run again. `validated` says that it is validated there; else a later revision does that."""

    def rewrite(spot: Spot) -> Sequence[Piece]:
        found = condition(steps)
        if found.operation.site.sql is not None:
            pieces = _raw(spot, found)
        elif found.operation.site.emitted_by:
            pieces = _of_column(spot, found)
        else:
            call = _call(spot, found)
            found = in_code(found, call, "source_schema" if isinstance(found.constraint, ForeignKey) else "schema")
            pieces = [_add(spot, found, spot.again(call))]
        validate = [Piece(spot.execute(validation(found)), found.in_transaction)] if validated else []
        return [*pieces[:1], *validate, *pieces[1:]]

    return rewrite


def in_two_revisions(project: Project, path: str, place: Place, steps: Sequence[Step]) -> Change:
    """The change that adds the constraint NOT VALID here, and validates it in a revision that follows, which has a transaction
    of its own. Raises `NotPossible`."""
    found = condition(steps)
    validate = style_of(project, path).execute("op", validation(found))
    draft = Draft(f"validate {found.name}", f"validate {found.name}", validate, "pass")
    return joined(
        [
            rewritten(project, path, {place: not_valid(steps, validated=False)}),
            following(project, path, [draft]),
            with_transaction_per_migration(project, path) or Change(),
        ]
    )


def condition(steps: Sequence[Step]) -> Condition:
    """The foreign key or check that a call adds. Raises `NotPossible`."""
    if steps[0].operation.site.emitted_by not in ("", "ForeignKey", "CheckConstraint"):
        raise NotPossible("the constraint is a part of the type")
    is_check = isinstance(getattr(steps[0].operation, "constraint", None), Check)
    return added(steps, Check) if is_check else added(steps, ForeignKey)


def validation(found: Condition) -> str:
    """The statement that validates a constraint."""
    return f"{found.alter} VALIDATE CONSTRAINT {found.sql}"


def outside(step: Step) -> Rewrite:
    """VALIDATE CONSTRAINT in an autocommit block."""

    def rewrite(spot: Spot) -> Sequence[Piece]:
        sql = step.operation.site.sql
        before, this, after = parted(spot.call, sql) if sql is not None else (None, spot.call, None)
        first, rest = ([] if call is None else [spot.again(call)] for call in (before, after))
        return [Piece(first), Piece([spot.again(this)], True), Piece(rest)]

    return rewrite


def inline(steps: Sequence[Step]) -> Rewrite:
    """A foreign key of a new nullable column as a part of ADD COLUMN, for which Postgres scans nothing."""

    def rewrite(spot: Spot) -> Sequence[Piece]:
        added(steps, ForeignKey)
        return [Piece([spot.again(with_keyword(spot.call, "inline_references", "True"))])]

    return rewrite


def _add(spot: Spot, found: Condition, add: cst.BaseStatement) -> Piece:
    return Piece([*spot.execute(f"{found.alter} DROP CONSTRAINT IF EXISTS {found.sql}"), add])


def _call(spot: Spot, found: Condition) -> cst.Call:
    """`create_foreign_key` and `create_check_constraint`."""
    call = out_of_batch(spot)
    mistaken = keyword(call, "not_valid")
    if mistaken is not None:
        call = without(call, mistaken)
    given = keyword(call, "constraint_name", "name") or positional(call, 0)
    if given is None:
        raise NotPossible("the name is not written in the call")
    if code(given.value) == "None":
        call = with_value(call, given, name_in_code(spot, found, None))
    return with_keyword(call, "postgresql_not_valid", "True")


def _of_column(spot: Spot, found: Condition) -> list[Piece]:
    """`ForeignKey(...)` or `CheckConstraint(...)` in the column of `add_column`."""
    emitted_by = found.operation.site.emitted_by
    call = out_of_batch(spot)
    alone, [taken, *others] = without_elements(call, emitted_by)
    table, column, schema = argument(call, 0, "table_name"), argument(column_of(call), 0, "name"), keyword(call, "schema")
    if others or table is None or column is None:
        raise NotPossible("the column is not written in the call")
    name = name_in_code(spot, found, None)
    if isinstance(found.constraint, ForeignKey):
        arguments = [name, code(table), *_target(spot, found.constraint), *_options(taken)]
        arguments[3:3] = [f"[{code(column)}]"]
        arguments += [f"source_schema={code(schema.value)}"] if schema is not None else []
        arguments += [_referent_schema(spot, found.constraint)]
        function = "create_foreign_key"
    else:
        sql = argument(taken, 0, "sqltext")
        if sql is None:
            raise NotPossible("the condition is not written in the call")
        arguments = [name, code(table), code(sql), f"schema={code(schema.value)}" if schema is not None else ""]
        function = "create_check_constraint"
    given = ", ".join([argument for argument in [*arguments, "postgresql_not_valid=True"] if argument])
    [add] = spot.made(f"{spot.op}.{function}({given})")
    rest = _add(spot, found, add)
    return [Piece([spot.again(repeatable(alone, spot.alembic)), *rest.statements])]


def _target(spot: Spot, key: ForeignKey) -> list[str]:
    if not isinstance(key.target.name, str) or not isinstance(key.target_columns, tuple) or not key.target_columns:
        raise NotPossible("the column that is referenced is not known")
    return [spot.style.string(key.target.name), spot.style.strings(key.target_columns)]


def _referent_schema(spot: Spot, key: ForeignKey) -> str:
    schema = key.target.schema
    if schema is None:
        return ""
    if not isinstance(schema, str):
        raise NotPossible("the schema of the table that is referenced is not known")
    return f"referent_schema={spot.style.string(schema)}"


def _options(taken: cst.Call) -> list[str]:
    """The options of a `ForeignKey(...)` as `create_foreign_key` takes them."""
    known = {arg.keyword.value: code(arg.value) for arg in taken.args if arg.keyword is not None}
    if any(arg.star for arg in taken.args):
        raise NotPossible("the options of the foreign key are not written in the call")
    return [f"{key}={known[key]}" for key in _OPTIONS if key in known]


def _raw(spot: Spot, found: Condition) -> list[Piece]:
    """`ALTER TABLE ... ADD FOREIGN KEY ...`: NOT VALID is put at its end."""
    sql = found.operation.site.sql
    if sql is None:
        raise NotPossible("the SQL is not known")
    before, this, after = parted(spot.call, sql)
    first = [] if before is None else [spot.again(before)]
    if found.constraint.name is None:
        this = with_words(this, sql, r"\bADD(?=\s+(?:FOREIGN|CHECK)\b)", "CONSTRAINT", found.sql)
    piece = _add(spot, found, spot.again(with_end(this, sql, "NOT VALID")))
    rest = [] if after is None else [Piece([spot.again(after)])]
    return [Piece([*first, *piece.statements]), *rest]
