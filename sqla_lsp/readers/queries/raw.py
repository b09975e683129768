"""Conditions inside of `text("...")`, read by Postgres's own grammar, which is loaded when one occurs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqla_lsp.postgres.sql_expressions import member
from sqla_lsp.postgres.sql_grammar import NoParse, deparse, statements
from sqla_lsp.postgres.sql_text import MARK, Holes, prepare
from sqla_lsp.schema.queries import And, Bound, Constant, Not, Operand, Operator, Or, Predicate, Raw, Unread

_OPERATORS: dict[str, Operator] = {"=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_SWAPPED: dict[str, str] = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=", "<>": "<>"}
_DEEPEST = 40


@lru_cache(maxsize=1024)
def raw_predicate(sql: str, start: int, end: int) -> Predicate:
    """A condition in SQL; `start` and `end` are where it stands."""
    text, holes = prepare(sql, binds=True)
    if text.strip().lower() in ("true", "1=1", "1 = 1"):
        return And(())
    parsed = list(statements(f"SELECT 1 FROM t WHERE {text}", holes))
    if len(parsed) != 1 or parsed[0].kind != "select_stmt" or parsed[0].node is None:
        return Unread("SQL that does not parse")
    node = parsed[0].node
    if not node.HasField("where_clause") or node.sort_clause or node.group_clause or node.op > 1:
        return Unread("SQL that is no condition")
    return _predicate(node.where_clause, start, end, 0)


def _predicate(node: Any, start: int, end: int, depth: int) -> Predicate:
    kind = node.WhichOneof("node")
    if depth > _DEEPEST:
        return Unread("SQL that is nested too deeply")
    if kind == "bool_expr":
        parts = tuple([_predicate(item, start, end, depth + 1) for item in node.bool_expr.args])
        name = member(node.bool_expr, "boolop")
        return And(parts) if name == "AND_EXPR" else Or(parts) if name == "OR_EXPR" else Not(parts[0])
    if kind == "null_test":
        made = _raw(node.null_test.arg, "null", (), start, end)
        return made if member(node.null_test, "nulltesttype") == "IS_NULL" else Not(made)
    if kind == "a_expr":
        return _comparison(node.a_expr, start, end)
    if kind == "boolean_test":
        return Unread("a test of a boolean in SQL")
    return Unread("an expression in SQL")


def _comparison(node: Any, start: int, end: int) -> Predicate:
    kind = member(node, "kind")
    operator = node.name[-1].string.sval if node.name else ""
    left, right = node.lexpr, node.rexpr
    if kind == "AEXPR_OP":
        if _column(left) is None and _column(right) is not None and _is_value(left):
            left, right, operator = right, left, _SWAPPED.get(operator, operator)
        value = _value(right)
        if value is None or operator not in (*_OPERATORS, "<>"):
            return Unread("an expression in SQL")
        if operator == "<>":
            return Not(_raw(left, "=", (value,), start, end))
        return _raw(left, _OPERATORS[operator], (value,), start, end)
    if kind == "AEXPR_OP_ANY" and operator == "=":
        return _raw(left, "in", (Bound(),), start, end) if _is_value(right) else Unread("an expression in SQL")
    if kind == "AEXPR_IN":
        found = [_value(item) for item in right.list.items]
        if any(item is None for item in found):
            return Unread("an expression in SQL")
        made = _raw(left, "in", tuple([item for item in found if item is not None]), start, end)
        return made if operator == "=" else Not(made)
    if kind == "AEXPR_BETWEEN":
        found = [_value(item) for item in right.list.items]
        if any(item is None for item in found):
            return Unread("an expression in SQL")
        return _raw(left, "between", tuple([item for item in found if item is not None]), start, end)
    if kind in ("AEXPR_LIKE", "AEXPR_ILIKE"):
        value = _value(right)
        text = value.value if isinstance(value, Constant) else ""
        plain = kind == "AEXPR_LIKE" and isinstance(text, str) and text[:1] not in ("", "%", "_", "\\")
        made = _raw(left, "prefix" if plain else "other", (value or Bound(),), start, end)
        return Not(made) if operator.startswith("!") else made
    return Unread("an expression in SQL")


def _raw(left: Any, operator: Operator, right: tuple[Operand, ...], start: int, end: int) -> Predicate:
    column = _column(left)
    if column is not None:
        return Raw(column[-1], column[-2] if len(column) > 1 else None, None, operator, right, start, end)
    if _is_value(left):
        return Unread("a comparison of values in SQL")
    try:
        return Raw("", None, deparse(left), operator, right, start, end)
    except NoParse:
        return Unread("an expression in SQL")


def _column(node: Any) -> tuple[str, ...] | None:
    """The parts of a column's name; None for all else, bind parameters (which are marks) too."""
    if node.WhichOneof("node") != "column_ref":
        return None
    fields = [item.string.sval for item in node.column_ref.fields if item.WhichOneof("node") == "string"]
    import re

    if len(fields) != len(node.column_ref.fields) or any(re.search(MARK, field) for field in fields):
        return None
    return tuple(fields)


def _is_value(node: Any) -> bool:
    return _value(node) is not None


def _value(node: Any) -> Operand | None:
    """A constant, a bind parameter or an expression of those; None where columns or queries are in it."""
    kind = node.WhichOneof("node")
    if kind == "a_const":
        const = node.a_const
        match const.WhichOneof("val"):
            case "sval":
                return Constant(str(const.sval.sval))
            case "ival":
                return Constant(int(const.ival.ival))
            case "boolval":
                return Constant(bool(const.boolval.boolval))
            case None:
                return Constant(None) if const.isnull else Constant(0)
            case _:
                return Bound()
    if kind == "column_ref":
        return Bound() if _column(node) is None else None
    if kind in ("param_ref", "sqlvalue_function", "set_to_default"):
        return Bound()
    if kind == "type_cast":
        inner = _value(node.type_cast.arg)
        return None if inner is None else Bound() if not isinstance(inner, Constant) else inner
    if kind == "func_call":
        return Bound() if all(_value(item) is not None for item in node.func_call.args) else None
    if kind == "a_expr":
        left = _value(node.a_expr.lexpr) if node.a_expr.HasField("lexpr") else Bound()
        return Bound() if left is not None and _value(node.a_expr.rexpr) is not None else None
    if kind == "a_array_expr":
        return Bound() if all(_value(item) is not None for item in node.a_array_expr.elements) else None
    return None


__all__ = ["Holes", "raw_predicate"]
