"""The column inside of `op.add_column(...)`: what it declares beside its type, taken out of it."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from sqla_lsp.fixes.calls import argument, keyword, last_name, with_keyword, without
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.project.installed import Release

_IF_NOT_EXISTS = (1, 16)
"""The release of Alembic that has `add_column(if_not_exists=True)` (POSTGRES.md 2)."""


def repeatable(call: cst.Call, alembic: Release | None) -> cst.Call:
    """The call of `add_column` as one that may run again: what follows it in an autocommit block may fail, when the column is
    there for good. Where Alembic is not known to be able to, it stays as it is."""
    can_be = alembic is not None and alembic >= _IF_NOT_EXISTS and keyword(call, "if_not_exists") is None
    return with_keyword(call, "if_not_exists", "True") if can_be else call


def column_of(call: cst.Call) -> cst.Call:
    """The `Column(...)` that a call of `op.add_column` or `batch_op.add_column` adds, where it is written there."""
    for given in (argument(call, 1, "column"), argument(call, 0, "column")):
        if isinstance(given, cst.Call) and last_name(given.func) == "Column":
            return given
    raise NotPossible("the column is not written in the call")


def without_in_column(call: cst.Call, *names: str) -> cst.Call:
    """The call of `add_column` with keyword arguments of its column taken out."""
    column = column_of(call)
    removed = [arg for name in names if (arg := keyword(column, name)) is not None]
    if len(removed) != len(names):
        raise NotPossible(f"{names[0]}= is not written in the column")
    return _with_column(call, column, without(column, *removed))


def without_elements(call: cst.Call, *functions: str) -> tuple[cst.Call, Sequence[cst.Call]]:
    """The call of `add_column` without the `ForeignKey(...)` and the like among the positional arguments of its column, and what
    was taken out."""
    column = column_of(call)
    removed = [arg for arg in column.args if isinstance(arg.value, cst.Call) and last_name(arg.value.func) in functions]
    taken = [arg.value for arg in removed if isinstance(arg.value, cst.Call)]
    if not taken:
        raise NotPossible(f"{functions[0]} is not written in the column")
    return _with_column(call, column, without(column, *removed)), taken


def _with_column(call: cst.Call, old: cst.Call, new: cst.Call) -> cst.Call:
    return call.with_changes(args=[arg.with_changes(value=new) if arg.value is old else arg for arg in call.args])
