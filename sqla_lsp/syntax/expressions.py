"""What each kind of expression is known to be."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqla_lsp.syntax import code
from sqla_lsp.syntax.formatting import formatted
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.items import items_of
from sqla_lsp.syntax.joining import NOT_KNOWN, as_text, concatenated, join
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.operators import binary, compare_one
from sqla_lsp.syntax.standard_library import LIBRARY, method_of_library
from sqla_lsp.syntax.values import (
    BoundMethod,
    CallValue,
    ClassValue,
    DictValue,
    FunctionValue,
    Instance,
    ListValue,
    Member,
    ModuleValue,
    Symbol,
    Template,
    Unknown,
    Value,
)

_WITH_METHODS = (str, Template, ListValue, DictValue, tuple, Unknown)
"""Values whose methods are computed."""
_OF_PROJECT = (FunctionValue, ClassValue, BoundMethod)


def value_of(machine: Machine, frame: Frame, node: code.Expression) -> Value:
    """The value of an expression."""
    return _HANDLERS[type(node)](machine, frame, node)


# ---------------------------------------------------------------------------------------------------------------- leaves


def _constant(machine: Machine, frame: Frame, node: code.Constant) -> Value:
    return node.value


def _nothing(machine: Machine, frame: Frame, node: code.Node) -> Value:
    return NOT_KNOWN


def _name(machine: Machine, frame: Frame, node: code.Name) -> Value:
    return machine.lookup(frame, node.id)


def _joined_string(machine: Machine, frame: Frame, node: code.JoinedString) -> Value:
    return concatenated([value_of(machine, frame, part) for part in node.parts])


def _hole(machine: Machine, frame: Frame, node: code.Hole) -> Value:
    value = value_of(machine, frame, node.value)
    if isinstance(value, Instance) and value.enum_name is not None and not node.conversion:
        value = value.enum_value  # a str enum; others are written by people who want the value too
    if node.conversion in ("r", "a"):
        return repr(value) if value is None or isinstance(value, bool | int | float | str) else NOT_KNOWN
    return as_text(value) if node.format is None else formatted(value, value_of(machine, frame, node.format))


# ------------------------------------------------------------------------------------------------------------ containers


def _expanded(machine: Machine, frame: Frame, items: tuple[code.Expression, ...]) -> tuple[list[Value], bool]:
    """The items of a display, stars expanded, and whether some are not known."""
    values: list[Value] = []
    is_open = False
    for item in items:
        if isinstance(item, code.Starred):
            more, more_open = items_of(machine, value_of(machine, frame, item.value))
            values += more
            is_open = is_open or more_open
        else:
            values.append(value_of(machine, frame, item))
    return values, is_open


def _sequence(machine: Machine, frame: Frame, node: code.Sequence) -> Value:
    values, is_open = _expanded(machine, frame, node.items)
    if node.kind == "tuple" and not is_open:
        return tuple(values)
    return ListValue(values, is_open, node.kind == "set", machine.arms)


def _dictionary(machine: Machine, frame: Frame, node: code.Dictionary) -> Value:
    made = DictValue(arms=machine.arms)
    for key_node, value_node in node.items:
        value = value_of(machine, frame, value_node)
        if key_node is None:
            if isinstance(value, DictValue):
                made.items.update(value.items)
            made.open = made.open or not isinstance(value, DictValue) or value.open
            continue
        key = value_of(machine, frame, key_node)
        if _is_hashable(key):
            made.items[key] = value
        else:
            made.open = True
    return made


def _is_hashable(key: Value) -> bool:
    if isinstance(key, tuple):
        return all(map(_is_hashable, key))
    return key is None or isinstance(key, bool | int | float | str)


def _comprehension(machine: Machine, frame: Frame, node: code.Comprehension) -> Value:
    inner = Frame(frame.module, frame, frame.base)
    inner.statement = frame.statement
    made: list[Value] = []
    pairs = DictValue(arms=machine.arms)
    is_open = False

    def run(at: int) -> None:
        nonlocal is_open
        machine.step()
        if at == len(node.clauses):
            element = value_of(machine, inner, node.element)
            if node.value is None:
                made.append(element)
            elif _is_hashable(element):
                pairs.items[element] = value_of(machine, inner, node.value)
            else:
                is_open = True
            return
        from sqla_lsp.syntax.binding import bind

        clause = node.clauses[at]
        items, more = items_of(machine, value_of(machine, inner, clause.iterable))
        is_open = is_open or more
        for item in items:
            bind(machine, inner, clause.target, item)
            tests = [machine.truth(value_of(machine, inner, condition)) for condition in clause.conditions]
            if None in tests:
                is_open = True
            if False not in tests:
                run(at + 1)

    run(0)
    if node.kind == "dict":
        pairs.open = is_open
        return pairs
    return ListValue(made, is_open, node.kind == "set", machine.arms)


def _subscript(machine: Machine, frame: Frame, node: code.Subscript) -> Value:
    base = value_of(machine, frame, node.value)
    if isinstance(node.index, code.Slice):
        return _sliced(machine, frame, base, node.index)
    index = value_of(machine, frame, node.index)
    if isinstance(base, DictValue) and _is_hashable(index):
        return base.items.get(index, NOT_KNOWN)
    if isinstance(base, tuple | str | ListValue) and isinstance(index, int):
        items, is_open = items_of(machine, base)
        if not is_open and -len(items) <= index < len(items):
            return items[index]
        return NOT_KNOWN
    if isinstance(base, ClassValue) and isinstance(index, str):
        return attribute(machine, frame, base, index)
    if isinstance(base, Symbol | Member | CallValue):
        if machine.keeps_operators and isinstance(base, CallValue) and isinstance(index, tuple | ListValue):
            return CallValue(Symbol("operator.[]"), (base, index), {}, frame.place(node))
        return Member(base, f"[{index}]" if isinstance(index, str | int) else "[]")
    return NOT_KNOWN


def _sliced(machine: Machine, frame: Frame, base: Value, node: code.Slice) -> Value:
    bounds = [None if part is None else value_of(machine, frame, part) for part in (node.lower, node.upper, node.step)]
    if not isinstance(base, tuple | str | ListValue) or (isinstance(base, ListValue) and base.open):
        return NOT_KNOWN
    if not all(bound is None or isinstance(bound, int) for bound in bounds) or bounds[2] == 0:
        return NOT_KNOWN
    cut: Any = slice(*bounds)
    if isinstance(base, ListValue):
        return ListValue(base.items[cut], arms=machine.arms)
    return base[cut]


# ------------------------------------------------------------------------------------------------------------- operators


def _binary(machine: Machine, frame: Frame, node: code.Binary) -> Value:
    left, right = value_of(machine, frame, node.left), value_of(machine, frame, node.right)
    result = binary(machine, node.operator, left, right)
    if machine.keeps_operators and result is NOT_KNOWN:
        return CallValue(Symbol(f"operator.{node.operator}"), (left, right), {}, frame.place(node))
    return result


def _unary(machine: Machine, frame: Frame, node: code.Unary) -> Value:
    value = value_of(machine, frame, node.operand)
    if node.operator == "~" and machine.keeps_operators:
        return CallValue(Symbol("operator.~"), (value,), {}, frame.place(node))
    if node.operator == "not":
        known = machine.truth(value)
        return NOT_KNOWN if known is None else not known
    if isinstance(value, int | float):
        return -value if node.operator == "-" else (+value if node.operator == "+" else NOT_KNOWN)
    return NOT_KNOWN


def _boolean(machine: Machine, frame: Frame, node: code.Boolean) -> Value:
    left = value_of(machine, frame, node.left)
    known = machine.truth(left)
    decides = node.operator == "or"
    if known is decides:
        return left
    if known is not None or not isinstance(node.right, code.Call):
        right = value_of(machine, frame, node.right)
        if known is not None:
            return right
    else:
        right = _perhaps(machine, frame, node.right, when=not decides)
    return right if machine.truth(right) is decides and isinstance(right, bool) else join(left, right)


def _perhaps(machine: Machine, frame: Frame, node: code.Expression, *, when: bool) -> Value:
    """The value of an expression that is evaluated only when a condition that is not known is true or (`when`) false."""
    results: list[Value] = []

    def way() -> str:
        results.append(value_of(machine, frame, node))
        return ""

    def nothing() -> str:
        return ""

    machine.either(frame, None, *((way, nothing) if when else (nothing, way)))
    return results[0]


def _compare(machine: Machine, frame: Frame, node: code.Compare) -> Value:
    left = value_of(machine, frame, node.left)
    result: Value = True
    for symbol, right_node in zip(node.operators, node.right, strict=True):
        right = value_of(machine, frame, right_node)
        one = compare_one(symbol, left, right)
        if one is False:
            return False
        if one is not True:
            kept = machine.keeps_operators and len(node.operators) == 1
            result = CallValue(Symbol(f"operator.{symbol}"), (left, right), {}, frame.place(node)) if kept else NOT_KNOWN
        left = right
    return result


def _conditional(machine: Machine, frame: Frame, node: code.Conditional) -> Value:
    results: list[Value] = []

    def way(side: code.Expression) -> str:
        results.append(value_of(machine, frame, side))
        return ""

    test = machine.truth(value_of(machine, frame, node.test))
    machine.either(frame, test, lambda: way(node.then), lambda: way(node.otherwise))
    return results[0] if len(results) == 1 else join(*results)


def _lambda(machine: Machine, frame: Frame, node: code.Lambda) -> Value:
    defaults = {p.name: value_of(machine, frame, p.default) for p in node.parameters if p.default is not None}
    return FunctionValue("lambda", node, frame, frame.base, defaults)


def _named(machine: Machine, frame: Frame, node: code.NamedExpression) -> Value:
    value = value_of(machine, frame, node.value)
    frame.set(node.target, value)
    return value


def _await(machine: Machine, frame: Frame, node: code.Await) -> Value:
    return value_of(machine, frame, node.value)


def _yield(machine: Machine, frame: Frame, node: code.Yield) -> Value:
    if isinstance(node.value, code.Starred):
        items, more = items_of(machine, value_of(machine, frame, node.value.value))
        frame.yields += items
        frame.yields_more = frame.yields_more or more
        return NOT_KNOWN
    value = None if node.value is None else value_of(machine, frame, node.value)
    if frame.on_yield is not None:
        return frame.on_yield(value)
    frame.yields.append(value)
    return NOT_KNOWN


# ------------------------------------------------------------------------------------------------- attributes and calls


def _attribute(machine: Machine, frame: Frame, node: code.Attribute) -> Value:
    if _is_super(node.value):
        return _of_super(machine, frame, node.name)
    return attribute(machine, frame, value_of(machine, frame, node.value), node.name)


def attribute(machine: Machine, frame: Frame, base: Value, name: str) -> Value:
    """`base.name`."""
    if isinstance(base, Symbol):
        known = machine.host.member(base, name)
        return _symbol(f"{base.path}.{name}") if known is NotImplemented else known
    if isinstance(base, ModuleValue):
        member = machine.module_member(base.module, name)
        return Unknown(f"{name} is not defined in {base.module.name}") if member is NotImplemented else member
    if isinstance(base, ClassValue | Instance):
        return _project_member(machine, frame, base, name)
    known = machine.host.member(base, name)
    return Member(base, name) if known is NotImplemented else known


_symbol = lru_cache(maxsize=10_000)(Symbol)
"""Symbols are asked for by the same few paths all the time."""


def _project_member(machine: Machine, frame: Frame, base: ClassValue | Instance, name: str) -> Value:
    from sqla_lsp.syntax.functions import ancestors, call_declared, call_function, find_member

    cls = base if isinstance(base, ClassValue) else base.cls
    if isinstance(base, Instance):
        if name in base.attributes:
            return base.attributes[name]
        if base.enum_name is not None and name in ("name", "value", "_value_", "_name_"):
            return base.enum_name if "name" in name else base.enum_value
    if name in ("__name__", "__qualname__") and isinstance(base, ClassValue):
        return base.name
    found = find_member(machine, cls, name)
    if found is NotImplemented:
        if name == "__members__" and isinstance(base, ClassValue):
            from sqla_lsp.syntax.functions import members

            return DictValue({m.enum_name: m for m in members(machine, base)})
        known = machine.host.member(base, name)
        if known is not NotImplemented:
            return known
        outside = next((b for b in ancestors(cls) if isinstance(b, Symbol)), None)
        return Member(outside or base, name)
    if isinstance(found, FunctionValue) and found.kind == "declared":
        return call_declared(machine, frame, found, cls)
    if isinstance(found, FunctionValue) and found.kind != "static":
        if found.kind == "property":
            return call_function(machine, frame, found, (base,), {}, False, None) if isinstance(base, Instance) else NOT_KNOWN
        if isinstance(base, Instance) or found.kind == "class":
            return BoundMethod(cls if found.kind == "class" else base, found)
    return found  # type: ignore[no-any-return]


def _call(machine: Machine, frame: Frame, node: code.Call) -> Value:
    machine.step()
    function_node = node.function
    if isinstance(function_node, code.Attribute):
        if _is_super(function_node.value):
            inherited = _of_super(machine, frame, function_node.name)
            return _call_value(machine, frame, node, inherited, _arguments(machine, frame, node))
        base = value_of(machine, frame, function_node.value)
        if isinstance(base, _WITH_METHODS):
            from sqla_lsp.syntax.methods import call_method

            arguments = _arguments(machine, frame, node)
            result = call_method(machine, base, function_node.name, *arguments[:3])
            if result is not NotImplemented:
                return result  # type: ignore[no-any-return]
            return _call_value(machine, frame, node, Member(base, function_node.name), arguments)
        function = attribute(machine, frame, base, function_node.name)
    else:
        function = value_of(machine, frame, function_node)
    return _call_value(machine, frame, node, function, _arguments(machine, frame, node))


def _is_super(node: code.Expression) -> bool:
    """Whether an expression is `super()`."""
    return isinstance(node, code.Call) and isinstance(node.function, code.Name) and node.function.id == "super"


def _of_super(machine: Machine, frame: Frame, name: str) -> Value:
    """`super().name` in a method, which is bound to the instance at hand."""
    from sqla_lsp.syntax.functions import ancestors, call_declared, find_member

    at: Frame | None = frame
    while at is not None and (at.parent is None or at.parent.owner is None):
        at = at.parent
    if at is None or at.parent is None or at.parent.owner is None:
        return NOT_KNOWN
    receiver = next((machine.lookup(at, first) for first in at.variables), None)
    for base in at.parent.owner.bases:
        found = find_member(machine, base, name) if isinstance(base, ClassValue) else NotImplemented
        if isinstance(found, FunctionValue) and found.kind == "declared" and isinstance(receiver, ClassValue):
            return call_declared(machine, frame, found, receiver)
        if found is not NotImplemented and not isinstance(found, FunctionValue):
            return found  # type: ignore[no-any-return]
        if isinstance(found, FunctionValue) and isinstance(receiver, Instance | ClassValue):
            return found if found.kind == "static" else BoundMethod(receiver, found)
    outside = next((base for base in ancestors(at.parent.owner) if isinstance(base, Symbol)), None)
    return NOT_KNOWN if outside is None else _symbol(f"{outside.path}.{name}")


Arguments = tuple[tuple[Value, ...], dict[str, Value], bool, int]


def _call_value(machine: Machine, frame: Frame, node: code.Call, function: Value, arguments: Arguments) -> Value:
    positional, keywords, is_open, certain = arguments
    if isinstance(function, _OF_PROJECT):
        from sqla_lsp.syntax.functions import call_class_or_function

        return call_class_or_function(machine, frame, function, positional[:certain], keywords, is_open, frame.place(node))
    named = is_open and any(argument.stars == 2 for argument in node.arguments)
    call = CallValue(function, positional, keywords, frame.place(node), is_open, named, node)
    if isinstance(function, Symbol) and function.path.startswith("builtins."):
        from sqla_lsp.syntax.builtin import call_builtin

        result = call_builtin(machine, frame, function.path[9:], call)
        if result is not NotImplemented:
            return result  # type: ignore[no-any-return]
    elif isinstance(function, Member) and function.name == "sub":
        result = method_of_library(call)
        if result is not NotImplemented:
            return result  # type: ignore[no-any-return]
    elif isinstance(function, Symbol) and function.path in LIBRARY:
        result = LIBRARY[function.path](machine, frame, call)
        if result is not NotImplemented:
            return result  # type: ignore[no-any-return]
    return machine.host.call(machine, frame, call)


def _arguments(machine: Machine, frame: Frame, node: code.Call) -> Arguments:
    """Positional and keyword arguments, whether there may be others, and how many of the positional ones are
    at the position that they seem to have (none behind a `*` of which not all is known)."""
    positional: list[Value] = []
    keywords: dict[str, Value] = {}
    is_open = False
    certain: int | None = None
    for argument in node.arguments:
        value = value_of(machine, frame, argument.value)
        if argument.stars == 1:
            items, more = items_of(machine, value)
            positional += items
            if more and certain is None:
                certain = len(positional)
            is_open = is_open or more
        elif argument.stars == 2:
            if isinstance(value, DictValue):
                keywords.update({key: item for key, item in value.items.items() if isinstance(key, str)})
            is_open = is_open or not isinstance(value, DictValue) or value.open
        elif argument.keyword is not None:
            keywords[argument.keyword] = value
        else:
            positional.append(value)
    return tuple(positional), keywords, is_open, len(positional) if certain is None else certain


_HANDLERS: dict[type[Any], Callable[[Machine, Frame, Any], Value]] = {
    code.Constant: _constant,
    code.Bytes: _nothing,
    code.JoinedString: _joined_string,
    code.Hole: _hole,
    code.Name: _name,
    code.Attribute: _attribute,
    code.Subscript: _subscript,
    code.Slice: _nothing,
    code.Call: _call,
    code.Sequence: _sequence,
    code.Starred: _nothing,
    code.Dictionary: _dictionary,
    code.Binary: _binary,
    code.Unary: _unary,
    code.Boolean: _boolean,
    code.Compare: _compare,
    code.Conditional: _conditional,
    code.Lambda: _lambda,
    code.Comprehension: _comprehension,
    code.NamedExpression: _named,
    code.Await: _await,
    code.Yield: _yield,
    code.Opaque: _nothing,
}
