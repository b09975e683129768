"""How values come together: strings of known and unknown parts, and one variable after two branches."""

from __future__ import annotations

from collections.abc import Iterable

from sqla_lsp.syntax.values import ClassValue, DictValue, FunctionValue, ListValue, ModuleValue, Template, Unknown, Value

NOT_KNOWN = Unknown("its value is not known")
DEPENDS = Unknown("it depends on a condition")


def join(one: Value, other: Value) -> Value:
    """The value of a variable that is `one` on one way and `other` on the other."""
    if one is other:
        return one
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return tuple([join(a, b) for a, b in zip(one, other, strict=True)])
    if type(one) is type(other) and one == other:
        return one
    return DEPENDS


def concatenated(parts: Iterable[Value]) -> str | Template:
    """A string out of strings, templates and, as holes, whatever else."""
    joined: list[str | Unknown] = []
    for part in parts:
        for piece in part.parts if isinstance(part, Template) else (part,):
            if not isinstance(piece, str):
                joined.append(piece if isinstance(piece, Unknown) else NOT_KNOWN)
            elif joined and isinstance(joined[-1], str):
                joined[-1] += piece
            elif piece:
                joined.append(piece)
    if not joined:
        return ""
    if len(joined) == 1 and isinstance(joined[0], str):
        return joined[0]
    return Template(tuple(joined))


def as_text(value: Value) -> Value:
    """`str(value)` of constants; strings and templates are themselves; Unknown for all others."""
    if isinstance(value, str | Template | Unknown):
        return value
    if value is None or isinstance(value, bool | int | float):
        return str(value)
    return NOT_KNOWN


def truth(value: Value) -> bool | None:
    """Whether a value counts as true; None where that cannot be told."""
    if value is None or isinstance(value, bool | int | float | str | tuple):
        return bool(value)
    if isinstance(value, ListValue | DictValue):
        return None if value.open else bool(value.items)
    if isinstance(value, Template):
        return True if any(isinstance(part, str) for part in value.parts) else None
    if isinstance(value, FunctionValue | ClassValue | ModuleValue):
        return True
    return None
