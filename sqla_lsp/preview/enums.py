"""Enum classes of a project as enums of Python's own, made from what their members are known to be."""

from __future__ import annotations

import enum
from typing import Any

from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.functions import ancestors, call_function, members
from sqla_lsp.syntax.items import items_of
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import ClassValue, FunctionValue, Instance, Symbol, Value

_TEXTS = frozenset({"builtins.str", "enum.StrEnum"})


def enum_class(machine: Machine, cls: ClassValue) -> Any:
    """An enum of the same name with the same members. A member whose value is computed has its own name as value: its name is
    what SQLAlchemy makes a label of."""
    given = {f"{member.enum_name}": _plain(member) for member in members(machine, cls)}
    is_text = any(isinstance(base, Symbol) and base.path in _TEXTS for base in ancestors(cls))
    if is_text:
        return enum.Enum(cls.name, {name: str(value) for name, value in given.items()}, type=str)
    return enum.Enum(cls.name, given)


def _plain(member: Instance) -> Any:
    value = member.enum_value
    return value if isinstance(value, str | int | float | bool) else member.enum_name


def labels_of(machine: Machine, frame: Frame, chosen: FunctionValue, given: Value) -> tuple[str, ...] | None:
    """The labels that a function chooses of an enum; None where that cannot be told."""
    items, is_open = items_of(machine, call_function(machine, frame, chosen, (given,), {}, False, None))
    labels = tuple([item for item in items if isinstance(item, str)])
    return None if is_open or len(labels) != len(items) else labels
