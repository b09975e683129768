"""Operators on values: arithmetic, strings, lists, and comparisons whose answer may be unknown."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from sqla_lsp.syntax.formatting import percent
from sqla_lsp.syntax.joining import NOT_KNOWN, as_text, concatenated
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import ClassValue, DictValue, FunctionValue, Instance, ListValue, Member, Symbol, Template, Value

_LONGEST = 1_000_000
"""Longer strings and lists are not computed."""
_DEEPEST = 6

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "/": operator.truediv,
    "%": operator.mod,
    "|": operator.or_,
    "&": operator.and_,
}


def binary(machine: Machine, symbol: str, left: Value, right: Value) -> Value:
    """`left symbol right`."""
    if symbol == "+":
        if isinstance(left, str | Template) or isinstance(right, str | Template):
            return concatenated([as_text(left), as_text(right)])
        if isinstance(left, tuple) and isinstance(right, tuple):
            return left + right
        if isinstance(left, ListValue) and isinstance(right, ListValue):
            return ListValue(left.items + right.items, left.open or right.open, arms=machine.arms)
    if symbol == "%" and isinstance(left, str | Template):
        return percent(machine, left, right)
    if symbol in ("|", "-", "&") and isinstance(left, ListValue | DictValue):
        return _combined(machine, symbol, left, right)
    if isinstance(left, int | float) and isinstance(right, int | float) and symbol in _ARITHMETIC:
        try:
            return _ARITHMETIC[symbol](left, right)  # type: ignore[no-any-return]
        except (ArithmeticError, TypeError):
            return NOT_KNOWN
    if symbol == "*" and isinstance(right, int) and isinstance(left, ListValue) and len(left.items) * right < _LONGEST:
        return ListValue(left.items * right, left.open, arms=machine.arms)
    if symbol == "*" and isinstance(right, int) and isinstance(left, str | tuple) and len(left) * right < _LONGEST:
        return left * right
    return NOT_KNOWN


def _combined(machine: Machine, symbol: str, left: ListValue | DictValue, right: Value) -> Value:
    if isinstance(left, DictValue):
        if symbol == "|" and isinstance(right, DictValue):
            return DictValue({**left.items, **right.items}, left.open or right.open, machine.arms)
        return NOT_KNOWN
    if not isinstance(right, ListValue):
        return NOT_KNOWN
    if symbol == "|":
        more = [item for item in right.items if not any(item is i or item == i for i in left.items)]
        return ListValue(left.items + more, left.open or right.open, left.is_set, machine.arms)
    wanted = symbol == "&"
    kept = [item for item in left.items if (item in right.items) is wanted]
    return ListValue(kept, left.open or right.open, left.is_set, machine.arms)


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare_one(symbol: str, left: Value, right: Value) -> Value:
    """`left symbol right` as True, False or Unknown."""
    if symbol in ("not in", "is not", "!="):
        positive = compare_one({"not in": "in", "is not": "is", "!=": "=="}[symbol], left, right)
        return not positive if isinstance(positive, bool) else positive
    if symbol in ("==", "is"):
        return _equal(left, right)
    if symbol == "in":
        if isinstance(left, str) and isinstance(right, str):
            return left in right
        if isinstance(left, str) and isinstance(right, Template):
            return True if any(isinstance(part, str) and left in part for part in right.parts) else NOT_KNOWN
        if isinstance(right, tuple | ListValue | DictValue):
            results = [_equal(left, item) for item in (right if isinstance(right, tuple) else right.items)]  # type: ignore[arg-type]
            if True in results:
                return True
            is_open = not isinstance(right, tuple) and right.open
            return False if not is_open and all(result is False for result in results) else NOT_KNOWN
        if (
            isinstance(left, str)
            and isinstance(right, Member)
            and right.name == "__dict__"
            and isinstance(right.base, ClassValue)
        ):
            return left in right.base.frame.variables if right.base.frame is not None else NOT_KNOWN
        return NOT_KNOWN
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _ORDER[symbol](left, right)
    if isinstance(left, str) and isinstance(right, str):
        return _ORDER[symbol](left, right)
    return NOT_KNOWN


def _is_text(cls: ClassValue) -> bool:
    """Whether the members of an enum are strings themselves."""
    from sqla_lsp.syntax.functions import ancestors

    return any(isinstance(base, Symbol) and base.path in ("builtins.str", "enum.StrEnum") for base in ancestors(cls))


def _equal(left: Value, right: Value, depth: int = 0) -> Value:
    if depth > _DEEPEST:
        return NOT_KNOWN  # a list may contain itself
    constants = (str, int, float, bool)
    if (left is None or isinstance(left, constants)) and (right is None or isinstance(right, constants)):
        return left == right
    if isinstance(left, Instance) and isinstance(right, Instance) and left.enum_name and right.enum_name:
        return left.cls.node is right.cls.node and left.enum_name == right.enum_name
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Instance) and one.enum_name and isinstance(other, str) and isinstance(one.enum_value, str):
            return one.enum_value == other if _is_text(one.cls) else NOT_KNOWN
    if (
        isinstance(left, ListValue)
        and isinstance(right, ListValue)
        and not (left.open or right.open or left.is_set or right.is_set)
    ):
        left, right = tuple(left.items), tuple(right.items)
    if isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) != len(right):
            return False
        results = [_equal(a, b, depth + 1) for a, b in zip(left, right, strict=True)]
        return True if all(r is True for r in results) else (False if False in results else NOT_KNOWN)
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Template) and isinstance(other, str) and isinstance(one.parts[0], str):
            return NOT_KNOWN if other.startswith(one.parts[0]) else False
        if one is None and isinstance(other, tuple | Template | ListValue | DictValue | FunctionValue | ClassValue | Instance):
            return False
    return NOT_KNOWN
