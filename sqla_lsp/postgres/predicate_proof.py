"""Whether a query implies the predicate of a partial index, as Postgres's planner would prove it for simple predicates. Answers
have three values: None where something that is not known may decide. Predicates are parsed when they are first asked about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any as Node

import msgspec

from sqla_lsp.postgres.sql_expressions import constant, member, sql_of, strings
from sqla_lsp.postgres.sql_grammar import statements
from sqla_lsp.postgres.sql_text import Holes
from sqla_lsp.schema.predicates import All, Any, Atom, NotServable, Tree
from sqla_lsp.schema.queries import Constant

Value = str | int | float | bool


class Comparison(msgspec.Struct, frozen=True):
    """A comparison in a predicate: a column, or an expression as SQL, with constants. `operator` is one of =, <>, <, <=, >, >=,
    "in", "null", "not null", "is" (IS TRUE, IS FALSE), or "other" for what Postgres proves by equal text alone."""

    column: str | None
    expression: str | None
    operator: str
    values: tuple[Value, ...] = ()


class Both(msgspec.Struct, frozen=True):
    """AND."""

    parts: tuple[Predicate, ...]


class Either(msgspec.Struct, frozen=True):
    """OR."""

    parts: tuple[Predicate, ...]


Predicate = Comparison | Both | Either

OTHER = Comparison(None, None, "other")
_STRICT = {
    "lower",
    "upper",
    "btrim",
    "ltrim",
    "rtrim",
    "length",
    "char_length",
    "abs",
    "md5",
    "left",
    "right",
    "substr",
    "replace",
}
_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<", "null": "not null", "not null": "null"}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """AND of three values. What follows a False is not asked for."""
    known: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        known = known and answer
    return known


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """OR of three values. What follows a True is not asked for."""
    known: bool | None = False
    for answer in answers:
        if answer:
            return True
        known = None if answer is None else known
    return known


def implied(where: str, facts: Sequence[Tree], table: int) -> bool | None:
    """Whether conditions that hold together imply a predicate about one table of the query."""
    return _proves(All(tuple(facts)), predicate_of(where), table)


# ------------------------------------------------------------------------------------------------------------- the predicate


@lru_cache(maxsize=2048)
def predicate_of(where: str) -> Predicate:
    """The predicate of an index."""
    parsed = next(statements(f"SELECT 1 WHERE {where}", Holes()), None)
    if parsed is None or parsed.kind != "select_stmt" or not parsed.node.HasField("where_clause"):
        return OTHER
    return _predicate(parsed.node.where_clause)


def _predicate(node: Node) -> Predicate:
    match node.WhichOneof("node"):
        case "bool_expr":
            parts = tuple(_predicate(argument) for argument in node.bool_expr.args)
            match member(node.bool_expr, "boolop"):
                case "AND_EXPR":
                    return Both(parts)
                case "OR_EXPR":
                    return Either(parts)
                case _:
                    return _negated(parts[0])
        case "null_test":
            is_null = member(node.null_test, "nulltesttype") == "IS_NULL"
            return Comparison(*_subject(node.null_test.arg), "null" if is_null else "not null")
        case "boolean_test":
            return _boolean(node.boolean_test)
        case "column_ref":
            return Comparison(*_subject(node), "=", (True,))
        case "a_expr":
            return _comparison(node.a_expr)
        case _:
            return OTHER


def _negated(part: Predicate) -> Predicate:
    match part:
        case Both(parts):
            return Either(tuple(map(_negated, parts)))
        case Either(parts):
            return Both(tuple(map(_negated, parts)))
        case Comparison(operator="=", values=(bool() as value,)):
            return Comparison(part.column, part.expression, "=", (not value,))
        case Comparison(operator="in"):
            return Both(tuple(Comparison(part.column, part.expression, "<>", (value,)) for value in part.values))
        case Comparison() if part.operator in _OPPOSITE:
            return Comparison(part.column, part.expression, _OPPOSITE[part.operator], part.values)
        case _:
            return OTHER


def _boolean(node: Node) -> Predicate:
    subject = _subject(node.arg)
    kind = member(node, "booltesttype")
    return Comparison(*subject, "is", (kind == "IS_TRUE",)) if kind in ("IS_TRUE", "IS_FALSE") else OTHER


def _comparison(node: Node) -> Predicate:
    kind, operator = member(node, "kind"), "".join(strings(node.name)[-1:])
    left, right = _subject(node.lexpr), node.rexpr
    if kind == "AEXPR_OP" and operator in _MIRRORED:
        if (value := _value(right)) is not None:
            return Comparison(*left, operator, (value,))
        if (value := _value(node.lexpr)) is not None:
            return Comparison(*_subject(right), _MIRRORED[operator], (value,))
        return OTHER
    if kind in ("AEXPR_IN", "AEXPR_OP_ANY", "AEXPR_OP_ALL", "AEXPR_BETWEEN"):
        values = _values(right)
        if values is None:
            return OTHER
        match kind, operator:
            case ("AEXPR_IN", "=") | ("AEXPR_OP_ANY", "="):
                return Comparison(*left, "in", values)
            case ("AEXPR_IN", "<>") | ("AEXPR_OP_ALL", "<>"):
                return Both(tuple(Comparison(*left, "<>", (value,)) for value in values))
            case ("AEXPR_BETWEEN", _) if len(values) == 2:
                return Both((Comparison(*left, ">=", values[:1]), Comparison(*left, "<=", values[1:])))
            case _:
                return OTHER
    return OTHER


def _subject(node: Node) -> tuple[str | None, str | None]:
    """The column, else the expression, that is compared."""
    if node.WhichOneof("node") == "column_ref" and node.column_ref.fields[-1].WhichOneof("node") == "string":
        return node.column_ref.fields[-1].string.sval, None
    if node.WhichOneof("node") == "type_cast" and node.type_cast.arg.WhichOneof("node") == "column_ref":
        return _subject(node.type_cast.arg)
    sql = sql_of(node, Holes())
    return None, sql if isinstance(sql, str) else None


def _value(node: Node) -> Value | None:
    """A constant, its casts left out."""
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    match node.a_const.WhichOneof("val") if node.WhichOneof("node") == "a_const" else None:
        case "fval":
            return float(node.a_const.fval.fval)
        case "boolval":
            return bool(node.a_const.boolval.boolval)
        case _:
            return constant(node)


def _values(node: Node) -> tuple[Value, ...] | None:
    """The constants of a list or ARRAY."""
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    match node.WhichOneof("node"):
        case "list":
            items = node.list.items
        case "a_array_expr":
            items = node.a_array_expr.elements
        case _:
            return None
    found = [_value(item) for item in items]
    return None if None in found else tuple(value for value in found if value is not None)


# ----------------------------------------------------------------------------------------------------------------- the proof


def _proves(fact: Tree, wanted: Predicate, table: int) -> bool | None:
    if isinstance(wanted, Both):
        return all_of(_proves(fact, part, table) for part in wanted.parts)
    if isinstance(fact, Any) and fact.parts:
        return all_of(_proves(branch, wanted, table) for branch in fact.parts)
    if isinstance(fact, All):
        held = tuple(_conjuncts(fact, table))
        if isinstance(wanted, Comparison):
            return any_of(_proves(one, wanted, table) for one in held)
        # An atom proves it by one of its parts or not at all.
        whole = (_proves(one, wanted, table) for one in held if not isinstance(one, Atom))
        return any_of(chain((_proves(All(held), part, table) for part in wanted.parts), whole))
    if isinstance(fact, Atom):
        if isinstance(wanted, Either):
            return any_of(_proves(fact, part, table) for part in wanted.parts)
        return _atom_proves(fact, wanted) if fact.table == table else False
    if isinstance(fact, NotServable) and isinstance(wanted, Comparison):
        return None if wanted.operator in ("not null", "<>", "other") else False
    return None


def _conjuncts(fact: All, table: int) -> Iterator[Tree]:
    """What holds together, without the atoms of other tables: they prove nothing."""
    for part in fact.parts:
        if isinstance(part, All):
            yield from _conjuncts(part, table)
        elif not isinstance(part, Atom) or part.table == table:
            yield part


def _atom_proves(fact: Atom, wanted: Comparison) -> bool | None:
    if not _is_same_subject(fact, wanted):
        about = wanted.operator == "not null" and wanted.column in fact.columns and fact.column is None
        return _is_strict(fact) if about else False
    if fact.operator == "other":
        return None
    if wanted.operator in ("null", "not null"):
        return (fact.operator == "null") == (wanted.operator == "null")
    if fact.operator in ("null", "prefix") or wanted.operator == "other":
        return False
    if fact.untold:
        return None
    values = tuple(value.value if isinstance(value, Constant) else None for value in fact.values)
    if fact.operator in ("=", "in"):
        if not values or None in values:
            return False
        return all_of(_satisfies(value, wanted) for value in values if value is not None)
    if fact.operator == "between":
        bounds = zip((">=", "<="), values, strict=False)
        return any_of(_bound_proves(operator, value, wanted) for operator, value in bounds)
    return any_of(_bound_proves(fact.operator, value, wanted) for value in values[:1])


def _is_same_subject(fact: Atom, wanted: Comparison) -> bool:
    if wanted.column is not None:
        return fact.column == wanted.column
    return wanted.expression is not None and fact.column is None and fact.expression == wanted.expression


def _is_strict(fact: Atom) -> bool | None:
    """Whether a condition on an expression holds for no NULL in its columns: it does where all functions in it are strict."""
    if fact.operator in ("null", "other") or fact.expression is None:
        return None
    called = re.findall(r"(\w+)\s*\(", fact.expression)
    return True if called and set(called) <= _STRICT and not re.search(r"\bcase\b", fact.expression, re.IGNORECASE) else None


def _satisfies(value: Value, wanted: Comparison) -> bool | None:
    """Whether a value passes a test. `c` and `c IS TRUE` prove each other in no release (18), and a query does not say here which
    of the two it has."""
    if wanted.operator == "is":
        return None if value == wanted.values[0] else False
    if wanted.operator == "in":
        return any_of(_compared("=", value, other) for other in wanted.values)
    return _compared(wanted.operator, value, wanted.values[0])


def _compared(operator: str, value: Value, other: Value) -> bool | None:
    """A comparison of two constants, None where the database decides: how it sorts texts, how it casts."""
    if _kind(value) != _kind(other):
        return None
    if operator in _COMPARISONS and (not isinstance(value, str) or value == other):
        return _COMPARISONS[operator](value, other)
    if operator in ("=", "<>"):
        return (value == other) == (operator == "=")
    return None


def _kind(value: Value) -> str:
    """Postgres proves nothing across integers and decimals, unless the column makes them the same."""
    return type(value).__name__


_COMPARISONS: dict[str, Callable[[Node, Node], bool]] = {
    "=": lambda one, other: bool(one == other),
    "<>": lambda one, other: bool(one != other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
}
_BOUNDS = {
    (">", ">"): ">=",
    (">", ">="): ">=",
    (">=", ">="): ">=",
    (">=", ">"): ">",
    (">", "<>"): ">=",
    (">=", "<>"): ">",
    ("<", "<"): "<=",
    ("<", "<="): "<=",
    ("<=", "<="): "<=",
    ("<=", "<"): "<",
    ("<", "<>"): "<=",
    ("<=", "<>"): "<",
}
"""How the bound of a query has to compare with that of a predicate, by the operators of both."""


def _bound_proves(operator: str, value: Value | None, wanted: Comparison) -> bool | None:
    """Whether `c operator value` implies a test of c; a value of None is bound when the query runs."""
    needed = _BOUNDS.get((operator, wanted.operator))
    return False if value is None or needed is None else _compared(needed, value, wanted.values[0])
