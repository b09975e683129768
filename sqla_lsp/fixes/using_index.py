"""Unique constraints and primary keys that take over an index which was built concurrently (POSTGRES.md 6 c, g2 and j)."""

from __future__ import annotations

from collections.abc import Sequence

from sqla_lsp.fixes.batches import out_of_batch
from sqla_lsp.fixes.calls import argument, code, keyword
from sqla_lsp.fixes.columns import column_of, repeatable, without_in_column
from sqla_lsp.fixes.concurrently import drop_if_exists
from sqla_lsp.fixes.constraints import Added, added, is_alone, name_in_code
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.literals import parted
from sqla_lsp.fixes.migration import Piece, Rewrite, Spot
from sqla_lsp.fixes.sql_names import sql_columns, sql_name
from sqla_lsp.postgres.identifiers import quote, shortened
from sqla_lsp.project.history import Step
from sqla_lsp.schema.tables import PrimaryKey, Unique

_KEPT = ("schema", "postgresql_include", "postgresql_nulls_not_distinct")
"""Arguments of `create_unique_constraint` that belong to the index."""


Key = Added[Unique] | Added[PrimaryKey]


def using_index(steps: Sequence[Step], *, index_alone: bool = False) -> Rewrite:
    """What takes the place of a call that adds a unique constraint or primary key. An index that is left over from a run that
    failed is dropped first, so that it can be run again. With `index_alone` a later revision makes the constraint."""

    def rewrite(spot: Spot) -> Sequence[Piece]:
        found = keyed(steps)
        after: Sequence[Piece] = []
        if found.operation.site.sql is not None:
            pieces, after = _raw(spot, found)
        elif found.operation.site.emitted_by:
            pieces = _of_column(spot, found)
        else:
            pieces = _of_call(spot, found)
        add = [] if index_alone else [statement for sql in constraint_sql(found) for statement in spot.execute(sql)]
        return [*pieces, Piece(add), *after]

    return rewrite


def keyed(steps: Sequence[Step]) -> Key:
    """The unique constraint or primary key that a call adds. Raises `NotPossible`."""
    return added(steps, PrimaryKey) if _is_primary(steps[0]) else added(steps, Unique)


def constraint_sql(found: Key) -> Sequence[str]:
    """The statements that make the constraint of its index."""
    nullable = _nullable(found)
    if not nullable:
        return [_add(found, found.name)]
    return [
        f"{found.alter} {', '.join(f'ALTER COLUMN {quote(column)} SET NOT NULL' for column in nullable)}",
        f"{found.alter} DROP CONSTRAINT {_check(found, nullable)}",
        _add(found, found.name),
    ]


def taken_over(steps: Sequence[Step]) -> Rewrite:
    """What `postgresql_using_index=` meant: the constraint takes an index over that is there."""

    def rewrite(spot: Spot) -> Sequence[Piece]:
        found = keyed(steps)
        given = keyword(spot.call, "postgresql_using_index")
        index = getattr(given.value, "evaluated_value", None) if given is not None else None
        if not isinstance(index, str):
            raise NotPossible("the name of the index is not written in the call")
        return [Piece(spot.execute(_add(found, index)))]

    return rewrite


def _is_primary(step: Step) -> bool:
    return isinstance(getattr(step.operation, "constraint", None), PrimaryKey)


def _add(found: Key, index: str) -> str:
    """The statement that makes a constraint of an index."""
    constraint = found.constraint
    kind = "UNIQUE" if isinstance(constraint, Unique) else "PRIMARY KEY"
    sql = f"{found.alter} ADD CONSTRAINT {found.sql} {kind} USING INDEX {quote(index)}"
    if isinstance(constraint, Unique):
        if not isinstance(constraint.deferrable, bool) or not isinstance(constraint.initially, str | None):
            raise NotPossible("whether it is deferrable is not known")
        sql += " DEFERRABLE" if constraint.deferrable else ""
        sql += f" INITIALLY {constraint.initially.upper()}" if constraint.initially else ""
    return sql


def _of_call(spot: Spot, found: Key) -> Sequence[Piece]:
    """`create_unique_constraint` and `create_primary_key`."""
    call = out_of_batch(spot)
    table = argument(call, 1, "table_name", "source", "tablename")
    columns = argument(call, 2, "columns", "local_cols", "cols")
    if table is None or columns is None:
        raise NotPossible("the columns are not written in the call")
    name = name_in_code(spot, found, argument(call, 0, "constraint_name", "name"))
    kept = [f"{key}={code(arg.value)}" for key in _KEPT if (arg := keyword(call, key)) is not None]
    index = [name, code(table), code(columns), "unique=True", *kept, "postgresql_concurrently=True"]
    drop = drop_if_exists(spot, name, code(table), keyword(call, "schema"))
    return _pieces(spot, found, [drop, f"{spot.op}.create_index({', '.join(index)})"])


def _of_column(spot: Spot, found: Key) -> Sequence[Piece]:
    """`unique=True` in `add_column`."""
    if found.operation.site.emitted_by != "unique=True":
        raise NotPossible("the column cannot be parted from its key")
    call = out_of_batch(spot)
    table, column, schema = argument(call, 0, "table_name"), argument(column_of(call), 0, "name"), keyword(call, "schema")
    if table is None or column is None:
        raise NotPossible("the column is not written in the call")
    name = name_in_code(spot, found, None)
    kept = [f"schema={code(schema.value)}"] if schema is not None else []
    index = [name, code(table), f"[{code(column)}]", "unique=True", *kept, "postgresql_concurrently=True"]
    drop = drop_if_exists(spot, name, code(table), schema)
    pieces = _pieces(spot, found, [drop, f"{spot.op}.create_index({', '.join(index)})"])
    return [Piece([spot.again(repeatable(without_in_column(call, "unique"), spot.alembic))]), *pieces]


def _raw(spot: Spot, found: Key) -> tuple[Sequence[Piece], Sequence[Piece]]:
    """`ALTER TABLE ... ADD UNIQUE (...)`: the index with what stands before it, and what stands behind."""
    constraint, sql = found.constraint, found.operation.site.sql
    if not is_alone(found) or found.operation.inline or sql is None:
        raise NotPossible("the statement does other things too")
    before, _, after = parted(spot.call, sql)
    create = f"CREATE UNIQUE INDEX CONCURRENTLY {found.sql} ON {found.alter.removeprefix('ALTER TABLE ')}"
    create += f" ({sql_columns(constraint.columns)})"
    if isinstance(constraint, Unique):
        if not isinstance(constraint.nulls_not_distinct, bool):
            raise NotPossible("whether NULLs are distinct is not known")
        create += f" INCLUDE ({sql_columns(constraint.include)})" if constraint.include else ""
        create += " NULLS NOT DISTINCT" if constraint.nulls_not_distinct else ""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {sql_name(found.name, found.table.schema)}"
    made = _pieces(spot, found, [spot.style.execute(spot.op, sql, depth=2) for sql in (drop, create)])
    outside = [[] if call is None else [Piece([spot.again(call)])] for call in (before, after)]
    return [*outside[0], *made], outside[1]


def _pieces(spot: Spot, found: Key, index: Sequence[str]) -> Sequence[Piece]:
    """The index in a block. A primary key needs columns that are NOT NULL: what is not known to be is checked there too, so that
    SET NOT NULL finds nothing to scan."""
    build = [statement for source in index for statement in spot.made(source)]
    nullable = _nullable(found)
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
    columns = found.constraint.columns
    if not isinstance(columns, tuple):
        raise NotPossible("the columns are not known")
    table = found.step.before.table(found.table)
    known = {} if table is None else {column.name: column for column in table.columns}
    return [column for column in columns if column not in known or known[column].nullable is not False]
