"""What iterating over a value gives, and what becomes of values that are changed in place."""

from __future__ import annotations

from sqla_lsp.syntax.joining import NOT_KNOWN, join
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import ClassValue, DictValue, Instance, ListValue, Symbol, Value


def mutable(machine: Machine, value: ListValue | DictValue, *, adds: bool = False) -> None:
    """Notes a change of a list or dict: in a branch that it was not made in, the change may not happen. `adds` says that it takes
    nothing away."""
    if machine.arms[: len(value.arms)] != value.arms or len(machine.arms) > len(value.arms):
        if isinstance(value, ListValue):
            value.covered = adds and (value.covered or not value.open)
        value.open = True


def set_attribute(machine: Machine, instance: Instance, name: str, value: Value) -> None:
    """Sets an attribute, perhaps: in a branch that the instance was not made in."""
    certain = machine.arms == instance.arms
    instance.attributes[name] = value if certain else join(value, instance.attributes.get(name, NOT_KNOWN))


def items_of(machine: Machine, value: Value) -> tuple[list[Value], bool]:
    """The items that iterating over a value gives, and whether there may be others."""
    match value:
        case tuple():
            return list(value), False
        case str():
            return list(value), False
        case ListValue():
            return list(value.items), value.open
        case DictValue():
            return [key for key in value.items if _is_value(key)], value.open  # type: ignore[misc]
        case Instance() if any(isinstance(base, Symbol) and base.path == "typing.NamedTuple" for base in value.cls.bases):
            return list(value.attributes.values()), False
        case ClassValue():
            from sqla_lsp.syntax.functions import is_enum, members

            return (list(members(machine, value)), False) if is_enum(machine, value) else ([], True)
        case _:
            return [], True


def _is_value(key: object) -> bool:
    return key is None or isinstance(key, str | int | float | tuple)
