"""Whether the conditions of a query imply the predicate of a partial index, as Postgres's planner would prove it (predtest.c): by
equal clauses, by IS NOT NULL of what is compared, and by comparisons with constants."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from sqla_lsp.postgres.sql_expressions import constant, strings
from sqla_lsp.postgres.sql_grammar import NoParse, deparse, load_grammar
from sqla_lsp.schema.predicates import Atom
from sqla_lsp.schema.queries import Constant

Clause = tuple[Any, ...]
"""A predicate taken apart: ("and"|"or", clauses), ("null", key), ("not null", key), ("flag", key, True|False),
("compare", key, operator, value), ("in", key, values), or ("other",). A key is a column or the SQL of an expression."""

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_STRICT = frozenset({"=", "in", "<", "<=", ">", ">=", "between", "prefix", "<>", "not in", "not null"})


def implies(atoms: Iterable[Atom], predicate: str, *, lenient: bool = False) -> bool:
    """Whether atoms that all hold imply a predicate in SQL. `lenient` takes values of which nothing is known for those that
    would."""
    clause = parsed(predicate)
    return clause is not None and _implied(clause, list(atoms), lenient)


@lru_cache(maxsize=2048)
def parsed(predicate: str) -> Clause | None:
    """A predicate taken apart; None where it does not parse."""
    postgast = load_grammar()
    try:
        tree = postgast.parse(f"SELECT WHERE {predicate}")
        return _clause(tree.stmts[0].stmt.select_stmt.where_clause)
    except (postgast.PgQueryError, ValueError, RecursionError, NoParse, IndexError):
        return None


def _clause(node: Any) -> Clause:
    kind = node.WhichOneof("node")
    match kind:
        case "bool_expr":
            parts = tuple([_clause(part) for part in node.bool_expr.args])
            name = node.bool_expr.DESCRIPTOR.fields_by_name["boolop"].enum_type.values_by_number[node.bool_expr.boolop].name
            if name == "NOT_EXPR":
                return _negated(parts[0])
            return ("and" if name == "AND_EXPR" else "or", parts)
        case "null_test":
            test = node.null_test
            name = test.DESCRIPTOR.fields_by_name["nulltesttype"].enum_type.values_by_number[test.nulltesttype].name
            return ("null" if name == "IS_NULL" else "not null", _key(test.arg))
        case "boolean_test":
            test = node.boolean_test
            name = test.DESCRIPTOR.fields_by_name["booltesttype"].enum_type.values_by_number[test.booltesttype].name
            return ("flag", _key(test.arg), name == "IS_TRUE") if name in ("IS_TRUE", "IS_FALSE") else ("other",)
        case "column_ref":
            return ("flag", _key(node), True)
        case "a_expr":
            return _comparison(node.a_expr)
        case _:
            return ("other",)


def _negated(clause: Clause) -> Clause:
    match clause:
        case ("flag", key, value):
            return ("flag", key, not value)
        case ("null", key):
            return ("not null", key)
        case ("not null", key):
            return ("null", key)
        case ("compare", key, name, value):
            return ("compare", key, _OPPOSITE[name], value)
        case ("in", key, values):
            return ("and", tuple([("compare", key, "<>", value) for value in values]))
        case ("and" | "or" as kind, parts):
            return ("or" if kind == "and" else "and", tuple([_negated(part) for part in parts]))
        case _:
            return ("other",)


def _comparison(node: Any) -> Clause:
    kind = node.DESCRIPTOR.fields_by_name["kind"].enum_type.values_by_number[node.kind].name
    name = strings(node.name)[-1]
    key = _key(node.lexpr)
    if kind == "AEXPR_IN":
        values = tuple([_value(item) for item in node.rexpr.list.items])
        if None in values:
            return ("other",)
        return ("in", key, values) if name == "=" else _negated(("in", key, values))
    if kind == "AEXPR_OP_ANY" and name == "=":
        array = node.rexpr
        while array.WhichOneof("node") == "type_cast":
            array = array.type_cast.arg
        values = (
            tuple([_value(item) for item in array.a_array_expr.elements]) if array.WhichOneof("node") == "a_array_expr" else ()
        )
        return ("in", key, values) if values and None not in values else ("other",)
    if kind != "AEXPR_OP" or name not in _ORDER:
        return ("other",)
    known = _value(node.rexpr)
    if known is None:
        return ("other",)
    if isinstance(known.value, bool) and name in ("=", "<>"):
        return ("flag", key, known.value is (name == "="))
    return ("compare", key, name, known)


def _key(node: Any) -> str:
    """A column by its name, an expression by its SQL."""
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    if node.WhichOneof("node") == "column_ref":
        names = strings(node.column_ref.fields)
        return names[-1] if names else ""
    return deparse(node)


def _value(node: Any) -> Constant | None:
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    if node.WhichOneof("node") == "a_const" and node.a_const.WhichOneof("val") == "boolval":
        return Constant(bool(node.a_const.boolval.boolval))
    if node.WhichOneof("node") == "a_const" and node.a_const.WhichOneof("val") == "fval":
        return Constant(float(node.a_const.fval.fval))
    known = constant(node)
    return None if known is None else Constant(known)


def _implied(clause: Clause, atoms: list[Atom], lenient: bool) -> bool:
    match clause:
        case ("and", parts):
            return all(_implied(part, atoms, lenient) for part in parts)
        case ("or", parts):
            return any(_implied(part, atoms, lenient) for part in parts)
        case ("other",):
            return False
        case _:
            own = [atom for atom in atoms if (atom.column or atom.expression) == clause[1]]
            return any((lenient and atom.untold) or _proves(atom, clause) for atom in own)


def _proves(atom: Atom, clause: Clause) -> bool:
    values = atom.values
    match clause:
        case ("null", _):
            return atom.operator == "null"
        case ("not null", _):
            return atom.operator in _STRICT
        case ("flag", _, wanted):
            if atom.operator not in ("=", "<>") or len(values) != 1 or values[0] is None:
                return False
            value = values[0].value
            return isinstance(value, bool) and value is (wanted if atom.operator == "=" else not wanted)
        case ("compare", _, name, Constant(value=limit)):
            return _within(atom, name, limit)
        case ("in", _, wanted):
            allowed = [item.value for item in wanted]
            given = [item.value if item is not None else NotImplemented for item in values]
            return atom.operator in ("=", "in") and bool(given) and all(item in allowed for item in given)
        case _:
            return False


def _within(atom: Atom, name: str, limit: Any) -> bool:
    """Whether `column <atom>` with constants implies `column name limit`."""
    values = [item.value for item in atom.values if item is not None]
    if not values or len(values) != len(atom.values):
        return False
    try:
        if atom.operator in ("=", "in"):
            return all(_comparable(value, limit) and _ORDER[name](value, limit) for value in values)
        if atom.operator in ("<>", "not in"):
            return name == "<>" and any(_comparable(value, limit) and value == limit for value in values)
        low, high = _bounds(atom, values)
        if name == "<>":
            above = low is not None and _comparable(low[0], limit) and (low[0] > limit or (low[0] == limit and not low[1]))
            below = high is not None and _comparable(high[0], limit) and (high[0] < limit or (high[0] == limit and not high[1]))
            return bool(above or below)
        if name in (">", ">=") and low is not None and _comparable(low[0], limit):
            return bool(low[0] > limit or (low[0] == limit and (name == ">=" or not low[1])))
        if name in ("<", "<=") and high is not None and _comparable(high[0], limit):
            return bool(high[0] < limit or (high[0] == limit and (name == "<=" or not high[1])))
    except TypeError:
        return False
    return False


def _bounds(atom: Atom, values: list[Any]) -> tuple[tuple[Any, bool] | None, tuple[Any, bool] | None]:
    """The lower and the upper bound of a range, each with whether it belongs to it."""
    match atom.operator:
        case "between" if len(values) == 2:
            return (values[0], True), (values[1], True)
        case ">" | ">=":
            return (values[0], atom.operator == ">="), None
        case "<" | "<=":
            return None, (values[0], atom.operator == "<=")
        case _:
            return None, None


def _comparable(one: Any, other: Any) -> bool:
    numbers = (int, float)
    return (isinstance(one, numbers) and isinstance(other, numbers)) or type(one) is type(other)
