"""Indexes of migrations made narrower, or left out: `op.create_index`, and what columns and `Index(...)` of a table ask for."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from sqla_lsp.fixes.calls import argument, code, has_comment, keyword, last_name, with_keyword, without
from sqla_lsp.fixes.columns import without_in_column
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.fixes.migration import Piece, Rewrite, Spot, taken_out
from sqla_lsp.project.history import Step
from sqla_lsp.schema.operations import CreateIndex
from sqla_lsp.schema.tables import Index

_INCLUDE = "postgresql_include"


def narrowed(step: Step, limit: int, *, include: bool) -> Rewrite:
    """An index with its first keys alone; the others are included columns where that is asked for."""

    def rewrite(spot: Spot) -> Sequence[Piece]:
        if step.operation.site.sql is not None:
            raise NotPossible("the index is written in SQL")
        old = _index_in(spot.call, step) if step.operation.site.emitted_by else spot.call
        new, rest = _cut(old, limit) if old is not spot.call else _cut_list(old, 1 if spot.batch is not None else 2, limit)
        made = spot.call.deep_replace(old, _including(new, rest) if include else new)
        assert isinstance(made, cst.Call)
        return [Piece([spot.again(made)])]

    return rewrite


def _cut(index: cst.Call, limit: int) -> tuple[cst.Call, Sequence[cst.BaseExpression]]:
    """`Index("name", "a", "b")` with its first keys, and the other ones."""
    rest = [arg for arg in index.args if arg.keyword is None and not arg.star][1 + limit :]
    return without(index, *rest), [arg.value for arg in rest]


def _cut_list(call: cst.Call, at: int, limit: int) -> tuple[cst.Call, Sequence[cst.BaseExpression]]:
    """`create_index("name", "table", ["a", "b"])` with its first keys, and the other ones."""
    columns = argument(call, at, "columns")
    if not isinstance(columns, cst.List | cst.Tuple) or any(isinstance(e, cst.StarredElement) for e in columns.elements):
        raise NotPossible("the columns are not written in the call")
    arguments = [arg.with_changes(value=_with_first(columns, limit)) if arg.value is columns else arg for arg in call.args]
    return call.with_changes(args=arguments), [element.value for element in columns.elements[limit:]]


def _with_first(columns: cst.List | cst.Tuple, limit: int) -> cst.List | cst.Tuple:
    """A list or tuple with its first elements. A comment behind the last of them stays there."""
    kept = list(columns.elements[:limit])
    comma, behind = kept[-1].comma, None
    if isinstance(comma, cst.Comma) and has_comment(comma):
        behind = comma.whitespace_after
        kept[-1] = kept[-1].with_changes(comma=cst.Comma())
    else:
        kept[-1] = kept[-1].with_changes(comma=columns.elements[-1].comma)
    if any(has_comment(element) for element in columns.elements[limit:]):
        raise NotPossible("a comment stands beside a key")
    made = columns.with_changes(elements=kept)
    if behind is None:
        return made
    closing = columns.rbracket if isinstance(columns, cst.List) else next(iter(columns.rpar), None)
    end = getattr(closing, "whitespace_before", None)
    if not isinstance(behind, cst.ParenthesizedWhitespace) or not isinstance(end, cst.ParenthesizedWhitespace) or closing is None:
        raise NotPossible("a comment stands beside a key")
    closing = closing.with_changes(whitespace_before=behind.with_changes(indent=end.indent, last_line=end.last_line))
    return made.with_changes(**({"rbracket": closing} if isinstance(columns, cst.List) else {"rpar": [closing]}))


def _including(call: cst.Call, rest: Sequence[cst.BaseExpression]) -> cst.Call:
    """The call with columns included that were keys."""
    if not all(isinstance(value, cst.SimpleString) for value in rest):
        raise NotPossible("a key is no plain column")
    given = keyword(call, _INCLUDE)
    before: list[str] = []
    if given is not None:
        if not isinstance(given.value, cst.List | cst.Tuple):
            raise NotPossible("the included columns are not written in the call")
        before = [code(element.value) for element in given.value.elements]
    return with_keyword(call, _INCLUDE, f"[{', '.join([*before, *map(code, rest)])}]")


def left_out(step: Step) -> Rewrite:
    """A call without the index that it builds; the call itself goes where it builds nothing else."""

    def rewrite(spot: Spot) -> Sequence[Piece]:
        match step.operation:
            case CreateIndex(site=site) if site.sql is not None:
                raise NotPossible("the index is written in SQL")
            case CreateIndex(site=site) if site.emitted_by == "index=True" and spot.name == "add_column":
                return [Piece([spot.again(without_in_column(spot.call, "index"))])]
            case CreateIndex(site=site) if site.emitted_by == "index=True":
                return [Piece([spot.again(_without_index_of_column(spot.call, step))])]
            case CreateIndex(site=site) if site.emitted_by:
                inner = _index_in(spot.call, step)
                return [Piece([spot.again(without(spot.call, *[arg for arg in spot.call.args if arg.value is inner]))])]
            case _:
                return taken_out(spot)

    return rewrite


def _index_in(call: cst.Call, step: Step) -> cst.Call:
    """The `Index("name", ...)` among the arguments of a call of `create_table`."""
    index = _index_of(step)
    for arg in call.args:
        if isinstance(arg.value, cst.Call) and last_name(arg.value.func) == "Index":
            name = argument(arg.value, 0, "name")
            if name is not None and isinstance(name, cst.SimpleString) and name.evaluated_value == index.name:
                return arg.value
    raise NotPossible("the index is not written in the call")


def _without_index_of_column(call: cst.Call, step: Step) -> cst.Call:
    """A call of `create_table` without the `index=True` of a column."""
    keys = _index_of(step).keys
    wanted = keys[0].column if isinstance(keys, tuple) and keys else None
    for arg in call.args:
        column = arg.value
        if isinstance(column, cst.Call) and last_name(column.func) == "Column":
            name, given = argument(column, 0, "name"), keyword(column, "index")
            if given is not None and isinstance(name, cst.SimpleString) and name.evaluated_value == wanted:
                found = call.deep_replace(column, without(column, given))
                assert isinstance(found, cst.Call)
                return found
    raise NotPossible("index=True is not written in the call")


def _index_of(step: Step) -> Index:
    assert isinstance(step.operation, CreateIndex)
    return step.operation.index
