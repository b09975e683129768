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
    ListValue,
    Member,
    ModuleValue,
    Symbol,
    Template,
    Value,
)

_LONGEST_TEXT = 200
"""Regular expressions are tried on short texts only: what is in a project may take for ever."""
_REPEATED_GROUP = re.compile(r"\)\s*(?:[*+]|\{)")
"""What may do so even on a short one."""


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


def _sub(machine: Machine, frame: Frame, call: CallValue) -> Any:
    """`re.sub(pattern, replacement, text)` of constants, as names of tables are made of names of classes."""
    match call.positional:
        case (CallValue(function=Symbol("re.compile"), positional=(str(pattern),)), str(replacement), str(text)) | (
            str(pattern),
            str(replacement),
            str(text),
        ) if not call.keywords and len(text) < _LONGEST_TEXT:
            return substituted(pattern, replacement, text)
        case _:
            return NotImplemented


def _found(machine: Machine, frame: Frame, call: CallValue) -> Any:
    """`re.findall(pattern, text)` of constants."""
    match call.positional:
        case (CallValue(function=Symbol("re.compile"), positional=(str(pattern),)), str(text)) | (str(pattern), str(text)) if (
            not call.keywords and len(text) < _LONGEST_TEXT
        ):
            return found_in(pattern, text)
        case _:
            return NotImplemented


def found_in(pattern: str, text: str) -> Any:
    """All that a regular expression finds in a text; `NotImplemented` where that are no plain strings."""
    if len(pattern) > _LONGEST_TEXT or _REPEATED_GROUP.search(pattern):
        return NotImplemented
    try:
        found = re.findall(pattern, text)
    except (re.error, RecursionError):
        return NotImplemented
    return ListValue(found) if all(isinstance(item, str) for item in found) else NotImplemented


def substituted(pattern: str, replacement: str, text: str) -> Any:
    """A text in which a regular expression is replaced; `NotImplemented` where that is none."""
    if len(pattern) > _LONGEST_TEXT or _REPEATED_GROUP.search(pattern):
        return NotImplemented
    try:
        return re.sub(pattern, replacement, text)
    except (re.error, IndexError, RecursionError):
        return NotImplemented


def method_of_library(call: CallValue) -> Any:
    """`re.compile(pattern).sub(replacement, text)` and `.findall(text)` of constants; `NotImplemented` for all other methods."""
    match call:
        case CallValue(
            function=Member(base=CallValue(function=Symbol("re.compile"), positional=(str(pattern),)), name="findall"),
            positional=(str(text),),
        ) if len(text) < _LONGEST_TEXT:
            return found_in(pattern, text)
        case CallValue(function=Member(base=CallValue(function=Symbol("re.compile"), positional=(str(pattern),)), name="sub")):
            match call.positional:
                case (str(replacement), str(text)) if not call.keywords and len(text) < _LONGEST_TEXT:
                    return substituted(pattern, replacement, text)
                case _:
                    return NotImplemented
        case _:
            return NotImplemented


LIBRARY: dict[str, Callable[[Machine, Frame, CallValue], Any]] = {
    "importlib.import_module": _import_module,
    "collections.namedtuple": _namedtuple,
    "functools.partial": _partial,
    "re.findall": _found,
    "re.sub": _sub,
    "textwrap.dedent": _dedent,
    "inspect.cleandoc": _dedent,
}
"""Functions of the standard library that are computed."""
