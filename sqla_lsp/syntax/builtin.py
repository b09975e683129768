"""Built-in functions that are computed."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from sqla_lsp.syntax.expressions import attribute
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.items import items_of, set_attribute
from sqla_lsp.syntax.joining import NOT_KNOWN, as_text
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.methods import in_order
from sqla_lsp.syntax.values import (
    BoundMethod,
    CallValue,
    ClassValue,
    DictValue,
    FunctionValue,
    Instance,
    ListValue,
    Member,
    Symbol,
    Template,
    Value,
)

BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("__"))
_LONGEST_RANGE = 1_000


def call_builtin(machine: Machine, frame: Frame, name: str, call: CallValue) -> Any:
    """The result of a built-in function; `NotImplemented` where nothing is known of it."""
    handler = _HANDLERS.get(name)
    if handler is None or call.open:
        return NotImplemented
    try:
        return handler(machine, frame, call)
    except (IndexError, TypeError, ValueError):
        return NOT_KNOWN


def _items(machine: Machine, call: CallValue, at: int = 0) -> tuple[list[Value], bool]:
    return items_of(machine, call.positional[at]) if len(call.positional) > at else ([], False)


def _list(machine: Machine, frame: Frame, call: CallValue) -> Value:
    items, is_open = _items(machine, call)
    return ListValue(items, is_open, arms=machine.arms)


def _set(machine: Machine, frame: Frame, call: CallValue) -> Value:
    items, is_open = _items(machine, call)
    return ListValue(items, is_open, True, machine.arms)


def _tuple(machine: Machine, frame: Frame, call: CallValue) -> Value:
    items, is_open = _items(machine, call)
    return ListValue(items, True, arms=machine.arms) if is_open else tuple(items)


def _dict(machine: Machine, frame: Frame, call: CallValue) -> Value:
    made = DictValue(arms=machine.arms)
    for value in call.positional:
        if isinstance(value, DictValue):
            made.items.update(value.items)
            made.open = made.open or value.open
            continue
        items, made.open = items_of(machine, value)
        for item in items:
            pair, _ = items_of(machine, item)
            if len(pair) == 2 and isinstance(pair[0], str | int):
                made.items[pair[0]] = pair[1]
            else:
                made.open = True
    made.items.update(call.keywords)
    return made


def _len(machine: Machine, frame: Frame, call: CallValue) -> Value:
    if isinstance(call.positional[0], str | tuple | ListValue | DictValue | ClassValue):
        items, is_open = _items(machine, call)
        return NOT_KNOWN if is_open else len(items)
    return NOT_KNOWN


def _range(machine: Machine, frame: Frame, call: CallValue) -> Value:
    if all(isinstance(value, int) for value in call.positional):
        numbers = range(*[int(value) for value in call.positional])  # type: ignore[arg-type]
        if len(numbers) <= _LONGEST_RANGE:
            return tuple(numbers)
    return NOT_KNOWN


def _enumerate(machine: Machine, frame: Frame, call: CallValue) -> Value:
    items, is_open = _items(machine, call)
    start = call.keywords.get("start", call.positional[1] if len(call.positional) > 1 else 0)
    pairs: list[Value] = [(start + at if isinstance(start, int) else NOT_KNOWN, item) for at, item in enumerate(items)]
    return ListValue(pairs, is_open, arms=machine.arms)


def _zip(machine: Machine, frame: Frame, call: CallValue) -> Value:
    columns = [items_of(machine, value) for value in call.positional]
    rows: list[Value] = [tuple(row) for row in zip(*[items for items, _ in columns], strict=False)]
    return ListValue(rows, any(is_open for _, is_open in columns), arms=machine.arms)


def _reversed(machine: Machine, frame: Frame, call: CallValue) -> Value:
    items, is_open = _items(machine, call)
    return ListValue(items[::-1], is_open, arms=machine.arms)


def _sorted(machine: Machine, frame: Frame, call: CallValue) -> Value:
    items, is_open = _items(machine, call)
    return ListValue(in_order(items, call.keywords), is_open, arms=machine.arms)


def _str(machine: Machine, frame: Frame, call: CallValue) -> Value:
    value = call.positional[0] if call.positional else ""
    return as_text(value)


def _number(machine: Machine, frame: Frame, call: CallValue) -> Value:
    value = call.positional[0] if call.positional else 0
    return int(value) if isinstance(value, int | float | str) and len(call.positional) == 1 else NOT_KNOWN


def _bool(machine: Machine, frame: Frame, call: CallValue) -> Value:
    known = machine.truth(call.positional[0])
    return NOT_KNOWN if known is None else known


def _any(machine: Machine, frame: Frame, call: CallValue) -> Value:
    items, is_open = _items(machine, call)
    tests = [machine.truth(item) for item in items]
    if True in tests:
        return True
    return NOT_KNOWN if is_open or None in tests else False


def _all(machine: Machine, frame: Frame, call: CallValue) -> Value:
    items, is_open = _items(machine, call)
    tests = [machine.truth(item) for item in items]
    if False in tests:
        return False
    return NOT_KNOWN if is_open or None in tests else True


def _extreme(name: str) -> Callable[[Machine, Frame, CallValue], Value]:
    choose: Any = getattr(builtins, name)

    def handler(machine: Machine, frame: Frame, call: CallValue) -> Value:
        items, is_open = (list(call.positional), False) if len(call.positional) > 1 else _items(machine, call)
        known = all(isinstance(item, int | float) for item in items) or all(isinstance(item, str) for item in items)
        return choose(items) if known and items and not is_open and not call.keywords else NOT_KNOWN

    return handler


_BARE = ("DeclarativeBase", "DeclarativeBaseNoMeta", "MappedAsDataclass", "object", "Generic", "ABC", "Protocol")
_NOT_BARE = ("metadata", "registry", "query", "__table__", "__mapper__", "__abstract__", "__init__", "__name__", "__doc__")


def _is_bare(base: Value, name: str) -> bool:
    """Whether a base from outside has no attribute of a name that is not special."""
    if not isinstance(base, Symbol) or base.path.rpartition(".")[2] not in _BARE:
        return False
    return name not in _NOT_BARE and (name.startswith("__") or not name.startswith("_"))


def _has(machine: Machine, base: Instance | ClassValue, name: str) -> bool:
    """Whether something may have an attribute."""
    from sqla_lsp.syntax.functions import ancestors, find_member

    cls = base if isinstance(base, ClassValue) else base.cls
    outside = any(not isinstance(owner, ClassValue) and not _is_bare(owner, name) for owner in ancestors(cls))
    own = isinstance(base, Instance) and name in base.attributes
    return own or outside or find_member(machine, cls, name) is not NotImplemented


def _hasattr(machine: Machine, frame: Frame, call: CallValue) -> Value:
    from sqla_lsp.syntax.functions import find_member

    match call.positional:
        case (ClassValue() as cls, str(name)):
            return find_member(machine, cls, name) is not NotImplemented or (NOT_KNOWN if _has(machine, cls, name) else False)
        case _:
            return NOT_KNOWN


def _getattr(machine: Machine, frame: Frame, call: CallValue) -> Value:
    base, name, *default = call.positional
    if default and isinstance(name, str) and isinstance(base, Instance | ClassValue) and not _has(machine, base, name):
        return default[0]
    return attribute(machine, frame, base, name) if isinstance(name, str) else NOT_KNOWN


def _isinstance(machine: Machine, frame: Frame, call: CallValue) -> Value:
    from sqla_lsp.syntax.functions import ancestors
    from sqla_lsp.syntax.values import Symbol

    value, types = call.positional
    wanted = items_of(machine, types)[0] if isinstance(types, tuple) else [types]
    named = {item.path.removeprefix("builtins.") for item in wanted if isinstance(item, Symbol)}
    if isinstance(value, Instance):
        theirs = [value.cls, *ancestors(value.cls)]
        return True if any(item is owner for item in wanted for owner in theirs) else NOT_KNOWN
    kinds = {str: "str", Template: "str", bool: "bool", int: "int", float: "float", tuple: "tuple", DictValue: "dict"}
    kind = kinds.get(type(value)) or ("set" if isinstance(value, ListValue) and value.is_set else None)
    if isinstance(value, ListValue) and not value.is_set:
        kind = "list"
    if value is None:
        return "NoneType" in named
    if isinstance(value, Symbol | Member | CallValue):
        return NotImplemented  # type: ignore[no-any-return]
    if kind is None or not all(isinstance(item, Symbol) for item in wanted):
        return NOT_KNOWN
    return kind in named or (kind == "bool" and "int" in named)


def _map(machine: Machine, frame: Frame, call: CallValue) -> Value:
    function, *_ = call.positional
    items, is_open = _items(machine, call, 1)
    return ListValue([_applied(machine, frame, function, item, call) for item in items], is_open, arms=machine.arms)


def _filter(machine: Machine, frame: Frame, call: CallValue) -> Value:
    function, *_ = call.positional
    items, is_open = _items(machine, call, 1)
    tests = [machine.truth(item if function is None else _applied(machine, frame, function, item, call)) for item in items]
    kept = [item for item, test in zip(items, tests, strict=True) if test is not False]
    return ListValue(kept, is_open or None in tests, arms=machine.arms)


def _applied(machine: Machine, frame: Frame, function: Value, item: Value, call: CallValue) -> Value:
    from sqla_lsp.syntax.functions import call_class_or_function

    if isinstance(function, FunctionValue | ClassValue | BoundMethod):
        return call_class_or_function(machine, frame, function, (item,), {}, False, call.place)
    inner = CallValue(function, (item,), {}, call.place)
    known = getattr(function, "path", "")
    if known.startswith("builtins."):
        result = call_builtin(machine, frame, known[9:], inner)
        return NOT_KNOWN if result is NotImplemented else result
    return machine.host.call(machine, frame, inner)


def _next(machine: Machine, frame: Frame, call: CallValue) -> Value:
    items, is_open = _items(machine, call)
    if items and not is_open:
        return items[0]
    return call.positional[1] if len(call.positional) > 1 and not is_open else NOT_KNOWN


def _setattr(machine: Machine, frame: Frame, call: CallValue) -> Value:
    base, name, value = call.positional
    if isinstance(base, Instance) and isinstance(name, str):
        set_attribute(machine, base, name, value)
    return None


def _repr(machine: Machine, frame: Frame, call: CallValue) -> Value:
    value = call.positional[0]
    return repr(value) if value is None or isinstance(value, bool | int | float | str) else NOT_KNOWN


_HANDLERS: dict[str, Callable[[Machine, Frame, CallValue], Value]] = {
    "list": _list,
    "set": _set,
    "frozenset": _set,
    "tuple": _tuple,
    "dict": _dict,
    "len": _len,
    "range": _range,
    "enumerate": _enumerate,
    "zip": _zip,
    "reversed": _reversed,
    "sorted": _sorted,
    "iter": _list,
    "str": _str,
    "int": _number,
    "bool": _bool,
    "any": _any,
    "all": _all,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "getattr": _getattr,
    "hasattr": _hasattr,
    "setattr": _setattr,
    "isinstance": _isinstance,
    "map": _map,
    "filter": _filter,
    "next": _next,
    "repr": _repr,
}
