"""Unique constraints and primary keys that take over an index which was built concurrently (POSTGRES.md 6 c, g2 and j)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from sqla_lsp.fixes.batches import out_of_batch
from sqla_lsp.fixes.calls import argument, code, expression, keyword, positional, with_keyword, with_value, without
from sqla_lsp.fixes.columns import column_of, repeatable, without_in_column
from sqla_lsp.fixes.concurrently import drop_if_exists
from sqla_lsp.fixes.constraints import Added, added, in_code, name_in_code
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.literals import parted, written
from sqla_lsp.fixes.migration import Piece, Rewrite, Spot
from sqla_lsp.fixes.sql_names import sql_columns, sql_name
from sqla_lsp.fixes.style import without_binds
from sqla_lsp.postgres.identifiers import quote, shortened
from sqla_lsp.postgres.sql_text import masked
from sqla_lsp.project.history import Step
from sqla_lsp.schema.operations import Operation, Setting
from sqla_lsp.schema.tables import PrimaryKey, Unique

_NAMES = {"constraint_name": "index_name", "name": "index_name", "source": "table_name", "tablename": "table_name"}
_NAMES |= {"local_cols": "columns", "cols": "columns"}
"""Names of arguments of `create_unique_constraint` and `create_primary_key`, and what `create_index` calls them."""
_KEPT = ("index_name", "table_name", "columns", "schema", "postgresql_include", "postgresql_nulls_not_distinct")
"""Arguments that belong to the index."""
_OF_CONSTRAINT = ("deferrable", "initially")
_KEY = re.compile(
    r"""(?P<constraint>\bCONSTRAINT\s+\S+\s+)?
    (?P<kind>\b(?:UNIQUE|PRIMARY\s+KEY)\b(?:\s+NULLS\s+(?:NOT\s+)?DISTINCT)?\s*\([^()]*\)
        (?:\s*(?P<include>INCLUDE\s*\([^()]*\)))?
        (?:\s*(?P<with>WITH\s*\([^()]*\)))?
        (?:\s*USING\s+INDEX\s+(?P<tablespace>TABLESPACE\s+\S+))?
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""What ADD says of the index, in SQL whose strings and comments are masked."""


Key = Added[Unique] | Added[PrimaryKey]


def using_index(steps: Sequence[Step], *, index_alone: bool = False) -> Rewrite:
    """What takes the place of a call that adds a unique constraint or primary key. An index that is left over from a run that
    failed is dropped first, so that it can be run again. With `index_alone` a later revision makes the constraint."""

    def rewrite(spot: Spot) -> Sequence[Piece]:
        found = keyed(steps)
        if found.operation.site.sql is not None:
            return _raw(spot, found, index_alone=index_alone)
        if found.operation.site.emitted_by:
            pieces = _of_column(spot, found, index_alone=index_alone)
        else:
            found = in_code(found, out_of_batch(spot))
            pieces = _of_call(spot, found, index_alone=index_alone)
        add = [] if index_alone else [statement for sql in constraint_sql(found) for statement in spot.execute(sql)]
        return [*pieces, Piece(add)]

    return rewrite


def keyed(steps: Sequence[Step]) -> Key:
    """The unique constraint or primary key that a call adds. Raises `NotPossible` where it cannot be parted from what the call
    does beside it."""
    if steps[0].operation.site.emitted_by not in ("", "unique=True"):
        raise NotPossible("the column cannot be parted from its key")
    return added(steps, PrimaryKey) if _is_primary(steps[0]) else added(steps, Unique)


def constraint_sql(found: Key) -> Sequence[str]:
    """The statements that make the constraint of its index."""
    return [*_not_null(found), _add(found, found.sql)]


def _not_null(found: Key) -> Sequence[str]:
    """The statements that make the columns of a primary key NOT NULL, which a check has shown them to be."""
    nullable = _nullable(found)
    if not nullable:
        return []
    return [
        f"{found.alter} {', '.join(f'ALTER COLUMN {quote(column)} SET NOT NULL' for column in nullable)}",
        f"{found.alter} DROP CONSTRAINT {_check(found, nullable)}",
    ]


def taken_over(steps: Sequence[Step]) -> Rewrite:
    """What `postgresql_using_index=` meant: the constraint takes an index over that is there."""

    def rewrite(spot: Spot) -> Sequence[Piece]:
        found = keyed(steps)
        given = keyword(spot.call, "postgresql_using_index")
        index = getattr(given.value, "evaluated_value", None) if given is not None else None
        if not isinstance(index, str):
            raise NotPossible("the name of the index is not written in the call")
        return [Piece(spot.execute(_add(found, quote(index))))]

    return rewrite


def _is_primary(step: Step) -> bool:
    return isinstance(getattr(step.operation, "constraint", None), PrimaryKey)


def _add(found: Key, index: str) -> str:
    """The statement that makes a constraint of an index, whose name is given as SQL."""
    constraint = found.constraint
    kind = "UNIQUE" if isinstance(constraint, Unique) else "PRIMARY KEY"
    sql = f"{found.alter} ADD CONSTRAINT {found.sql} {kind} USING INDEX {index}"
    if isinstance(constraint, Unique):
        if not isinstance(constraint.deferrable, bool) or not isinstance(constraint.initially, str | None):
            raise NotPossible("whether it is deferrable is not known")
        sql += " DEFERRABLE" if constraint.deferrable else ""
        sql += f" INITIALLY {constraint.initially.upper()}" if constraint.initially else ""
    return sql


def _of_call(spot: Spot, found: Key, *, index_alone: bool) -> Sequence[Piece]:
    """`create_unique_constraint` and `create_primary_key`: the call makes the index instead."""
    call = out_of_batch(spot)
    call = without(call, *[arg for arg in call.args if arg.keyword is not None and arg.keyword.value in _OF_CONSTRAINT])
    args = [
        arg if arg.keyword is None else arg.with_changes(keyword=cst.Name(_NAMES.get(arg.keyword.value, arg.keyword.value)))
        for arg in call.args
    ]
    if any(arg.star or (arg.keyword is not None and arg.keyword.value not in _KEPT) for arg in args):
        raise NotPossible("the call has arguments that an index does not take")
    call = call.with_changes(func=expression(f"{spot.op}.create_index"), args=args)
    given = keyword(call, "index_name") or positional(call, 0)
    table, columns = argument(call, 1, "table_name"), argument(call, 2, "columns")
    if given is None or table is None or columns is None:
        raise NotPossible("the columns are not written in the call")
    name = name_in_code(spot, found, given.value)
    call = call if code(given.value) == name else with_value(call, given, name)
    call = with_keyword(with_keyword(call, "unique", "True"), "postgresql_concurrently", "True")
    drop = spot.made(drop_if_exists(spot, name, code(table), keyword(call, "schema")))
    return _pieces(spot, found, [*drop, spot.again(call)], index_alone=index_alone)


def _of_column(spot: Spot, found: Key, *, index_alone: bool) -> Sequence[Piece]:
    """`unique=True` in `add_column`."""
    call = out_of_batch(spot)
    table, column, schema = argument(call, 0, "table_name"), argument(column_of(call), 0, "name"), keyword(call, "schema")
    if table is None or column is None:
        raise NotPossible("the column is not written in the call")
    name = name_in_code(spot, found, None)
    kept = [f"schema={code(schema.value)}"] if schema is not None else []
    index = [name, code(table), f"[{code(column)}]", "unique=True", *kept, "postgresql_concurrently=True"]
    made = [drop_if_exists(spot, name, code(table), schema), f"{spot.op}.create_index({', '.join(index)})"]
    pieces = _pieces(spot, found, [statement for source in made for statement in spot.made(source)], index_alone=index_alone)
    return [Piece([spot.again(repeatable(without_in_column(call, "unique"), spot.alembic))]), *pieces]


def _raw(spot: Spot, found: Key, *, index_alone: bool) -> Sequence[Piece]:
    """`ALTER TABLE ... ADD UNIQUE (...)`: what stands before it, the index, the same statement with USING INDEX, and what stands
    behind."""
    constraint, sql = found.constraint, found.operation.site.sql
    if sql is None:
        raise NotPossible("the SQL is not known")
    before, this, after = parted(spot.call, sql)
    outside = [[] if call is None else [Piece([spot.again(call)])] for call in (before, after)]
    text = written(this)
    start, end = text.core(*text.statement(sql))
    matches = [*_KEY.finditer(masked(text.text), start, end)]
    if len(matches) != 1:
        raise NotPossible("the columns are not found in the SQL")
    [match] = matches
    create = f"CREATE UNIQUE INDEX CONCURRENTLY {found.sql} ON {found.alter.removeprefix('ALTER TABLE ')}"
    create += f" ({sql_columns(constraint.columns)})"
    if isinstance(constraint, Unique):
        if not isinstance(constraint.nulls_not_distinct, bool):
            raise NotPossible("whether NULLs are distinct is not known")
        create += f" INCLUDE ({sql_columns(constraint.include)})" if constraint.include else ""
        create += " NULLS NOT DISTINCT" if constraint.nulls_not_distinct else ""
    elif match["include"]:
        raise NotPossible("the included columns are not known")
    create += "".join(
        f" {text.text[match.start(option) : match.end(option)]}" for option in ("with", "tablespace") if match[option]
    )
    name = f"CONSTRAINT {found.sql} " if match["constraint"] is None else ""
    kind = "UNIQUE USING INDEX" if isinstance(constraint, Unique) else "PRIMARY KEY USING INDEX"
    kind = kind.lower() if match["kind"].islower() else kind
    made = text.replaced(match.start("kind"), match.end(), without_binds(f"{name}{kind} {found.sql}"))
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {sql_name(found.name, found.table.schema)}"
    index = _pieces(spot, found, [*spot.execute(drop), *spot.execute(create)], index_alone=index_alone)
    not_null = [statement for sql in _not_null(found) for statement in spot.execute(sql)]
    add = [] if index_alone else [Piece([*not_null, spot.again(made)])]
    return [*outside[0], *index, *add, *outside[1]]


def _pieces(spot: Spot, found: Key, build: Sequence[cst.BaseStatement], *, index_alone: bool) -> Sequence[Piece]:
    """The index in a block. Where more follows, which may commit the constraint before the revision is recorded, one that is
    left over is dropped before its index. A primary key needs columns that are NOT NULL: what is not known to be is checked
    there too, so that SET NOT NULL finds nothing to scan."""
    nullable = _nullable(found)
    is_last = all(isinstance(other, Setting) for other in found.step.later(Operation))
    if not index_alone and not (is_last and found.in_transaction):
        build = [*spot.execute(f"{found.alter} DROP CONSTRAINT IF EXISTS {found.sql}"), *build]
    if not nullable:
        return [Piece(build, found.in_transaction)]
    check = _check(found, nullable)
    condition = " AND ".join(f"{quote(column)} IS NOT NULL" for column in nullable)
    added = [
        *spot.execute(f"{found.alter} DROP CONSTRAINT IF EXISTS {check}"),
        *spot.execute(f"{found.alter} ADD CONSTRAINT {check} CHECK ({condition}) NOT VALID"),
    ]
    validate = spot.execute(f"{found.alter} VALIDATE CONSTRAINT {check}")
    return [Piece(added), Piece([*validate, *build], found.in_transaction)]


def _check(found: Key, nullable: Sequence[str]) -> str:
    """The name of the check that stands in for NOT NULL while it is validated."""
    return quote(shortened(f"ck_{found.table.name}_{'_'.join(nullable)}_not_null"))


def _nullable(found: Key) -> Sequence[str]:
    """The columns of a primary key that may hold NULL until now."""
    if isinstance(found.constraint, Unique):
        return []
    if found.varies:
        raise NotPossible("the columns are not the same each time")
    columns = found.constraint.columns
    if not isinstance(columns, tuple):
        raise NotPossible("the columns are not known")
    table = found.step.before.table(found.table)
    known = {} if table is None else {column.name: column for column in table.columns}
    return [column for column in columns if column not in known or known[column].nullable is not False]
