"""Functions of the standard library that are computed, but for built-in ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.items import items_of
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import (
    BoundMethod,
    CallValue,
    ClassValue,
    FunctionValue,
    Member,
    ModuleValue,
    Symbol,
    Template,
    Value,
    path_of,
)


def _partial(machine: Machine, frame: Frame, call: CallValue) -> Any:
    """`functools.partial` over something of the project."""
    if not call.positional:
        return NotImplemented
    function, *rest = call.positional
    if isinstance(function, FunctionValue):
        return BoundMethod(NotImplemented, function, tuple(rest), call.keywords)
    return NotImplemented


def _dedent(machine: Machine, frame: Frame, call: CallValue) -> Any:
    import inspect
    import textwrap

    if len(call.positional) != 1:
        return NotImplemented
    text = call.positional[0]
    if isinstance(text, str):
        clean = isinstance(call.function, Symbol) and call.function.path.startswith("inspect")
        return inspect.cleandoc(text) if clean else textwrap.dedent(text)
    return text if isinstance(text, Template) else NotImplemented


def _import_module(machine: Machine, frame: Frame, call: CallValue) -> Any:
    """`importlib.import_module` of a module of the project: of a revision whose name is no identifier."""
    match call.positional:
        case (str(name),) if not name.startswith("."):
            module = machine.find(frame.module, name, 0)
            return NotImplemented if module is None else ModuleValue(module)
        case _:
            return NotImplemented


def _namedtuple(machine: Machine, frame: Frame, call: CallValue) -> Any:
    """`collections.namedtuple("Name", ["a", "b"])` as the class that it makes."""
    if len(call.positional) != 2:
        return NotImplemented
    name, fields = call.positional
    if not isinstance(name, str):
        return NotImplemented
    names: list[Value] = list(fields.replace(",", " ").split()) if isinstance(fields, str) else items_of(machine, fields)[0]
    body = [code.Assign(0, 0, (code.Name(0, 0, field),), None, code.Opaque(0, 0)) for field in names if isinstance(field, str)]
    return ClassValue(name, code.Class(0, 0, name, (), (), tuple(body)), frame, 0, (Symbol("typing.NamedTuple"),), {})


_LONGEST_PATTERN = 200
"""Longer patterns and texts are not matched: names are short."""
_REPEATED_GROUP = re.compile(r"\)\s*(?:[*+]|\{)")
"""What may take exponential time."""


def _substituted(machine: Machine, frame: Frame, call: CallValue) -> Any:
    """`re.sub(pattern, replacement, text)`, the pattern also compiled."""
    if len(call.positional) != 3 or call.open or call.keywords:
        return NotImplemented
    pattern, replacement, text = call.positional
    if isinstance(pattern, CallValue) and path_of(pattern) == "re.compile()" and len(pattern.positional) == 1:
        pattern = pattern.positional[0]
    known = isinstance(pattern, str) and isinstance(replacement, str) and isinstance(text, str)
    if not known or len(str(pattern)) > _LONGEST_PATTERN or len(str(text)) > _LONGEST_PATTERN:
        return NotImplemented
    if _REPEATED_GROUP.search(str(pattern)):
        return NotImplemented
    try:
        return re.sub(str(pattern), str(replacement), str(text))
    except (re.error, OverflowError, RecursionError):
        return NotImplemented


def call_pattern(machine: Machine, frame: Frame, call: CallValue) -> Any:
    """`re.compile(pattern).sub(replacement, text)`; `NotImplemented` for every other method of something outside."""
    function = call.function
    if not isinstance(function, Member) or function.name != "sub" or path_of(function.base) != "re.compile()":
        return NotImplemented
    whole = (function.base, *call.positional)
    return _substituted(machine, frame, CallValue(function, whole, call.keywords, call.place, call.open))


LIBRARY: dict[str, Callable[[Machine, Frame, CallValue], Any]] = {
    "importlib.import_module": _import_module,
    "collections.namedtuple": _namedtuple,
    "functools.partial": _partial,
    "re.sub": _substituted,
    "textwrap.dedent": _dedent,
    "inspect.cleandoc": _dedent,
}
"""Functions of the standard library that are computed."""
