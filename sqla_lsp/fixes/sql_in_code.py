"""Names in SQL that are not the same each time: a loop or a helper gives them, and an f-string sends them.

SQL under way has a hole for each expression, its source between two marks; `with_holes` makes the f-string of it.
"""

from __future__ import annotations

import re

import libcst as cst

from sqla_lsp.fixes.calls import code, last_name
from sqla_lsp.fixes.fix import NotPossible

_FIRST, _LAST = "\ue000", "\ue001"
_HOLE = re.compile(f"{_FIRST}([^{_LAST}]*){_LAST}")
_SIMPLE = re.compile(r"[\w.]+(?:\[\d+\])?\Z")


def sql_of(given: cst.BaseExpression) -> str:
    """What an expression whose value is a plain name puts into SQL. Raises `NotPossible` where an f-string cannot hold it."""
    match given:
        case cst.SimpleString():
            value = given.evaluated_value
            if isinstance(value, str):
                return value
        case cst.FormattedString(parts=parts):
            return "".join(
                part.value if isinstance(part, cst.FormattedStringText) else _hole(getattr(part, "expression", part))
                for part in parts
            )
        case cst.BinaryOperation(left=left, operator=cst.Add(), right=right):
            return sql_of(left) + sql_of(right)
        case cst.Call(func=function, args=[cst.Arg(keyword=None, star="", value=inner)]) if last_name(function) == "f":
            return sql_of(inner)
        case cst.Name() | cst.Attribute() | cst.Subscript():
            return _hole(given)
        case _:
            pass
    raise NotPossible("the name cannot be written in SQL")


def _hole(expression: cst.CSTNode) -> str:
    source = code(expression)
    if not _SIMPLE.match(source):
        raise NotPossible("the name cannot be written in SQL")
    return f"{_FIRST}{source}{_LAST}"


def with_holes(literal: str) -> str:
    """A string literal whose SQL may have holes, as an f-string where it has."""
    if _FIRST not in literal:
        return literal
    braces = literal.replace("{", "{{").replace("}", "}}")
    return "f" + _HOLE.sub(r"{\1}", braces)
