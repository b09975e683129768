"""Methods of strings, lists, dicts and tuples."""

from __future__ import annotations

from typing import Any

from sqla_lsp.syntax.formatting import format_string
from sqla_lsp.syntax.items import items_of, mutable
from sqla_lsp.syntax.joining import NOT_KNOWN, as_text, concatenated
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.operators import binary
from sqla_lsp.syntax.values import DictValue, ListValue, Template, Value

_STRING_METHODS = frozenset(
    [
        "capitalize",
        "casefold",
        "count",
        "endswith",
        "find",
        "index",
        "isalnum",
        "isalpha",
        "isdigit",
        "isidentifier",
        "islower",
        "isspace",
        "istitle",
        "isupper",
        "ljust",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "replace",
        "rfind",
        "rjust",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "upper",
        "zfill",
    ]
)


def call_method(
    machine: Machine, base: Value, name: str, positional: tuple[Value, ...], keywords: dict[str, Value], is_open: bool
) -> Any:
    """The result of `base.name(...)`; `NotImplemented` where the base has no such method that we know."""
    match base:
        case str() | Template():
            return _string(machine, base, name, positional, keywords, is_open)
        case ListValue():
            return _list(machine, base, name, positional, keywords)
        case DictValue():
            return _dict(machine, base, name, positional, keywords)
        case tuple() if name in ("index", "count"):
            return _found(list(base), name, positional)
        case _:
            return NotImplemented


def _string(
    machine: Machine, base: str | Template, name: str, positional: tuple[Value, ...], keywords: dict[str, Value], is_open: bool
) -> Any:
    if name == "format":
        return format_string(machine, base, positional, keywords)
    if name == "format_map" and len(positional) == 1 and isinstance(positional[0], DictValue):
        named = {key: value for key, value in positional[0].items.items() if isinstance(key, str)}
        return format_string(machine, base, (), named)
    if name == "join" and len(positional) == 1:
        return _joined(machine, base, positional[0])
    if isinstance(base, Template):
        return _template(base, name, positional)
    if name == "encode":
        return NOT_KNOWN
    if name not in _STRING_METHODS or keywords or is_open:
        return NOT_KNOWN
    if not all(value is None or isinstance(value, str | int) or _all_strings(value) for value in positional):
        return NOT_KNOWN
    try:
        result = getattr(base, name)(*positional)
    except (TypeError, ValueError):
        return NOT_KNOWN
    return ListValue(list(result), arms=machine.arms) if isinstance(result, list) else result


def _all_strings(value: Value) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)


def _template(base: Template, name: str, positional: tuple[Value, ...]) -> Value:
    """Methods of a string with holes, where its known parts tell the result."""
    first, last = base.parts[0], base.parts[-1]
    if name in ("strip", "lstrip", "rstrip") and not positional:
        parts = list(base.parts)
        if name != "rstrip" and isinstance(first, str):
            parts[0] = first.lstrip()
        if name != "lstrip" and isinstance(last, str):
            parts[-1] = str(parts[-1]).rstrip()
        return concatenated(parts)
    if name in ("lower", "upper"):
        return concatenated([getattr(part, name)() if isinstance(part, str) else part for part in base.parts])
    if name == "replace" and len(positional) == 2 and all(isinstance(value, str) for value in positional):
        old, new = positional
        return concatenated([part.replace(str(old), str(new)) if isinstance(part, str) else part for part in base.parts])
    if name == "startswith" and len(positional) == 1 and isinstance(first, str) and isinstance(positional[0], str):
        prefix = positional[0]
        if len(first) >= len(prefix):
            return first.startswith(prefix)
    return NOT_KNOWN


def _joined(machine: Machine, base: str | Template, what: Value) -> Value:
    items, is_open = items_of(machine, what)
    parts: list[Value] = []
    for at, item in enumerate(items):
        if at:
            parts.append(base)
        parts.append(as_text(item))
    if is_open:
        parts.append(NOT_KNOWN)
    return concatenated(parts)


def in_order(items: list[Value], keywords: dict[str, Value]) -> list[Value]:
    """The items sorted, where they can be compared and no key is given; else as they are: their order is not known."""
    plain: Any = items
    if set(keywords) <= {"reverse"} and (
        all(isinstance(item, str) for item in items) or all(isinstance(item, int | float) for item in items)
    ):
        return sorted(plain, reverse=keywords.get("reverse") is True)
    return items


def _found(items: list[Value], name: str, positional: tuple[Value, ...]) -> Value:
    """`index` and `count` of a constant among constants."""
    plain = (str, int, float, bool)
    if len(positional) != 1 or not all(isinstance(item, plain) for item in (*items, *positional)):
        return NOT_KNOWN
    if name == "count":
        return items.count(positional[0])
    return items.index(positional[0]) if positional[0] in items else NOT_KNOWN


def _list(machine: Machine, base: ListValue, name: str, positional: tuple[Value, ...], keywords: dict[str, Value]) -> Any:
    match name, positional:
        case (("append" | "add"), (item,)):
            mutable(machine, base, adds=True)
            base.items.append(item)
            return None
        case (("extend" | "update"), (more,)):
            items, is_open = items_of(machine, more)
            mutable(machine, base, adds=not is_open)
            base.items += items
            base.open, base.covered = base.open or is_open, base.covered and not is_open
            return None
        case "insert", (int(at), item):
            mutable(machine, base, adds=True)
            base.items.insert(at, item)
            return None
        case (("remove" | "discard"), (item,)):
            mutable(machine, base)
            kept = [i for i in base.items if not (i is item or i == item)]
            base.open = base.open or len(kept) == len(base.items)
            base.items = kept
            return None
        case "pop", ():
            mutable(machine, base)
            return base.items.pop() if base.items and not base.open else NOT_KNOWN
        case "clear", ():
            mutable(machine, base)
            base.items = []
            return None
        case "copy", ():
            return ListValue(list(base.items), base.open, base.is_set, machine.arms)
        case "reverse", ():
            base.items = base.items[::-1]
            return None
        case "sort", _:
            base.items = in_order(base.items, keywords)
            return None
        case (("union" | "difference" | "intersection"), (more,)):
            items, is_open = items_of(machine, more)
            other = ListValue(items, is_open, True, machine.arms)
            return binary(machine, {"union": "|", "difference": "-", "intersection": "&"}[name], base, other)
        case (("index" | "count"), _):
            return NOT_KNOWN if base.open else _found(base.items, name, positional)
        case ("pop", _):
            base.open = True
            return NOT_KNOWN
        case (("issubset" | "issuperset"), _):
            return NOT_KNOWN
        case _:
            return NotImplemented


def _dict(machine: Machine, base: DictValue, name: str, positional: tuple[Value, ...], keywords: dict[str, Value]) -> Any:
    missing = NOT_KNOWN if base.open else None
    match name, positional:
        case "items", ():
            return ListValue([(key, value) for key, value in base.items.items()], base.open, arms=machine.arms)  # type: ignore[misc]
        case "keys", ():
            return ListValue(list(base.items), base.open, arms=machine.arms)  # type: ignore[arg-type]
        case "values", ():
            return ListValue(list(base.items.values()), base.open, arms=machine.arms)
        case (("get" | "pop" | "setdefault"), (key, *default)):
            try:
                found = base.items.get(key, NotImplemented)
            except TypeError:
                return NOT_KNOWN
            if name == "pop":
                mutable(machine, base)
                base.items.pop(key, None)
            if found is not NotImplemented:
                return found
            result = NOT_KNOWN if base.open else (default[0] if default else missing)
            if name == "setdefault" and not base.open:
                mutable(machine, base)
                base.items[key] = result
            return result
        case "update", _:
            mutable(machine, base)
            for more in positional:
                if isinstance(more, DictValue):
                    base.items.update(more.items)
                base.open = base.open or not isinstance(more, DictValue) or more.open
            base.items.update(keywords)
            return None
        case "copy", ():
            return DictValue(dict(base.items), base.open, machine.arms)
        case _:
            return NotImplemented
