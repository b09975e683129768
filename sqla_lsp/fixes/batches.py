"""Operations of `batch_alter_table` as operations of their own: the table that the batch is about becomes an argument."""

from __future__ import annotations

import libcst as cst

from sqla_lsp.fixes.calls import argument, code, expression, positional, with_keyword, with_positional
from sqla_lsp.fixes.migration import Spot

_TABLE_AT = {"create_index": 1, "create_unique_constraint": 1, "create_primary_key": 1, "create_foreign_key": 1}
"""Where the table stands among the positional arguments; elsewhere it is given by its name, and where others are."""
_TABLE_AT |= {"create_check_constraint": 1, "drop_constraint": 1, "add_column": 0, "alter_column": 0, "drop_column": 0}


def out_of_batch(spot: Spot) -> cst.Call:
    """The call as one of `op` itself. Raises `NotPossible` where its arguments cannot be placed."""
    call = spot.call
    if spot.batch is None:
        return call
    table, schema = argument(spot.batch, 0, "table_name"), argument(spot.batch, 1, "schema")
    assert table is not None
    at = _TABLE_AT.get(spot.name)
    if at is None or (at > 0 and positional(call, at - 1) is None):
        call = with_keyword(call, "source_table" if spot.name == "create_foreign_key" else "table_name", code(table))
    else:
        call = with_positional(call, at, table)
    if schema is not None and code(schema) != "None":
        call = with_keyword(call, "source_schema" if spot.name == "create_foreign_key" else "schema", code(schema))
    call = call.with_changes(func=expression(f"{spot.op}.{spot.name}"))
    renamed = call.visit(_Renamed(spot.sent_by, expression(spot.op)))
    assert isinstance(renamed, cst.Call)
    return renamed


class _Renamed(cst.CSTTransformer):
    """`batch_op.f(...)` among the arguments: the batch is not there any more."""

    def __init__(self, name: str, instead: cst.BaseExpression) -> None:
        super().__init__()
        self._name = name
        self._instead = instead

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:
        is_batch = isinstance(updated_node.value, cst.Name) and updated_node.value.value == self._name
        return updated_node.with_changes(value=self._instead) if is_batch else updated_node
