"""Indexes that are built and dropped concurrently, in an autocommit block (POSTGRES.md 6 a and b, proven on real servers)."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from sqla_lsp.fixes.batches import out_of_batch
from sqla_lsp.fixes.calls import argument, code, expression, keyword, with_keyword, without
from sqla_lsp.fixes.columns import column_of, repeatable, without_in_column
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.literals import parted, with_words
from sqla_lsp.fixes.migration import Piece, Rewrite, Spot, needs_block
from sqla_lsp.fixes.sql_names import sql_name
from sqla_lsp.project.history import Step
from sqla_lsp.schema.operations import CreateIndex, DropIndex, Reindex

_MISTAKEN = ("concurrently", "postgresql_concurrent")
"""Arguments that no release accepts and that mean CONCURRENTLY."""


def concurrently(step: Step, *, again: bool) -> Rewrite:
    """What takes the place of a call that builds or drops an index. `again` makes it safe to run once more after it failed: an
    index that is left over, and maybe invalid, is dropped first, and nothing ends the wait for others."""

    def rewrite(spot: Spot) -> Sequence[Piece]:
        in_block = needs_block(step.operation)
        match step.operation:
            case CreateIndex() | DropIndex() | Reindex() if step.operation.site.sql is not None:
                return _raw(step, spot, in_block, again=again)
            case CreateIndex(site=site) as operation if site.emitted_by:
                return _added(step, spot, operation, again=again)
            case CreateIndex():
                return [Piece(_create(spot, _plain(spot), again=again), in_block)]
            case DropIndex():
                call = with_keyword(_plain(spot), "if_exists", "True") if again else _plain(spot)
                return [Piece([spot.again(_concurrent(call))], in_block)]
            case _:
                raise NotPossible("the operation has no concurrent form")

    return rewrite


def _plain(spot: Spot) -> cst.Call:
    """The call through `op`, without arguments that no release accepts."""
    call = out_of_batch(spot)
    return without(call, *[arg for arg in call.args if arg.keyword is not None and arg.keyword.value in _MISTAKEN])


def _concurrent(call: cst.Call) -> cst.Call:
    return with_keyword(call, "postgresql_concurrently", "True")


def _create(spot: Spot, call: cst.Call, *, again: bool) -> Sequence[cst.BaseStatement]:
    made = spot.again(_concurrent(call))
    return [*_prelude(spot, call), made, *spot.execute("RESET lock_timeout")] if again else [made]


def _prelude(spot: Spot, call: cst.Call) -> Sequence[cst.BaseStatement]:
    """What comes before an index is built that may be left over from a run that failed."""
    name, table = argument(call, 0, "index_name", "name"), argument(call, 1, "table_name", "tablename")
    schema = keyword(call, "schema")
    if name is None or table is None or code(name) == "None":
        raise NotPossible("the index has no name")
    return [*spot.execute("SET lock_timeout = 0"), *spot.made(drop_if_exists(spot, code(name), code(table), schema))]


def drop_if_exists(spot: Spot, name: str, table: str, schema: cst.Arg | None = None) -> str:
    """The source of the call that drops an index, whose name and table are given as source, where there is one."""
    arguments = [name, f"table_name={table}", f"schema={code(schema.value)}" if schema is not None else ""]
    given = ", ".join([argument for argument in arguments if argument])
    return f"{spot.op}.drop_index({given}, if_exists=True, postgresql_concurrently=True)"


def _added(step: Step, spot: Spot, operation: CreateIndex, *, again: bool) -> Sequence[Piece]:
    """`index=True` taken out of `add_column`, and the index on its own."""
    name = step.index_name(operation)
    removed = ("index", "unique") if operation.index.unique is True else ("index",)
    call = without_in_column(out_of_batch(spot), *removed)
    table, schema = argument(call, 0, "table_name"), keyword(call, "schema")
    column = argument(column_of(call), 0, "name")
    if name is None or table is None or column is None:
        raise NotPossible("the name of the index is not known")
    quoted = spot.style.string(name)
    arguments = [
        f"{spot.op}.f({quoted})" if step.history.convention else quoted,
        code(table),
        f"[{code(column)}]",
        "unique=True" if operation.index.unique is True else "",
        f"schema={code(schema.value)}" if schema is not None else "",
    ]
    index = expression(f"{spot.op}.create_index({', '.join([given for given in arguments if given])})")
    assert isinstance(index, cst.Call)
    return [
        Piece([spot.again(repeatable(call, spot.alembic) if again else call)]),
        Piece(_create(spot, index, again=again), True),
    ]


# ------------------------------------------------------------------------------------------------------------- raw SQL


def _raw(step: Step, spot: Spot, in_block: bool, *, again: bool) -> Sequence[Piece]:
    """The SQL with CONCURRENTLY, in a call of its own."""
    sql = step.operation.site.sql
    assert sql is not None
    if spot.name not in ("execute", "exec_driver_sql"):
        raise NotPossible("the call gives rows back")
    before, this, after = parted(spot.call, sql)
    dropped = [other.operation for other in _of_statement(step) if isinstance(other.operation, DropIndex)]
    if len(dropped) > 1:  # DROP INDEX CONCURRENTLY takes one name
        statements: Sequence[cst.BaseStatement] = [one for o in dropped for one in spot.execute(_drop(o, again=again))]
    else:
        statements = _sent(step, spot, this, again=again)
    outside = [Piece([spot.again(call)]) if call is not None else Piece([]) for call in (before, after)]
    return [outside[0], Piece(statements, in_block), outside[1]]


def _sent(step: Step, spot: Spot, call: cst.Call, *, again: bool) -> Sequence[cst.BaseStatement]:
    """A call that sends one statement, with what makes that safe to run again."""
    operation, sql = step.operation, step.operation.site.sql
    assert sql is not None
    this = call if _has_concurrently(step) else with_words(call, sql, _PATTERN, "CONCURRENTLY")
    if again and isinstance(operation, CreateIndex):
        name = step.index_name(operation)
        if name is None or not operation.table.known:
            raise NotPossible("the index has no name")
        drop = f"DROP INDEX CONCURRENTLY IF EXISTS {sql_name(name, operation.table.schema)}"
        return [*spot.execute("SET lock_timeout = 0"), *spot.execute(drop), spot.again(this), *spot.execute("RESET lock_timeout")]
    if again and isinstance(operation, DropIndex) and operation.if_exists is False:
        return [spot.again(with_words(this, sql, r"\bDROP\s+INDEX\s+CONCURRENTLY\b", "IF EXISTS"))]
    return [spot.again(this)]


def _drop(operation: DropIndex, *, again: bool) -> str:
    """The statement that drops one index."""
    if not isinstance(operation.name, str):
        raise NotPossible("the name of the index is not known")
    exists = "IF EXISTS " if again or operation.if_exists is True else ""
    return f"DROP INDEX CONCURRENTLY {exists}{sql_name(operation.name, operation.schema)}"


_PATTERN = r"\b(?:CREATE\s+(?:UNIQUE\s+)?INDEX|DROP\s+INDEX|REINDEX\s+(?:\([^)]*\)\s*)?(?:INDEX|TABLE|SCHEMA|DATABASE))\b"


def _has_concurrently(step: Step) -> bool:
    match step.operation:
        case CreateIndex(concurrently=flag) | DropIndex(concurrently=flag) | Reindex(concurrently=flag):
            return flag is True
        case _:
            return False


def _of_statement(step: Step) -> Sequence[Step]:
    """What else the same statement does."""
    site = step.operation.site
    return [
        other
        for other in step.history
        if (other.operation.site.place, other.operation.site.calls, other.operation.site.round, other.operation.site.sql)
        == (site.place, site.calls, site.round, site.sql)
    ]
