"""`%` and `.format` of strings, with holes where a value is not known."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

from sqla_lsp.syntax.joining import NOT_KNOWN, as_text, concatenated
from sqla_lsp.syntax.values import DictValue, Instance, ListValue, ModuleValue, Template, Value

if TYPE_CHECKING:
    from sqla_lsp.syntax.machine import Machine

_DIRECTIVE = re.compile(r"%(?:\((?P<name>[^)]*)\))?(?P<flags>[-#0 +]*)(?P<width>\*|\d+)?(?:\.(?:\*|\d+))?(?P<kind>[a-zA-Z%])")


def percent(machine: Machine, template: str | Template, right: Value) -> Value:
    """`template % right`."""
    values = list(right) if isinstance(right, tuple) else [right]
    parts: list[Value] = []
    for piece in _pieces(template):
        if not isinstance(piece, str):
            parts.append(piece)
            continue
        end = 0
        for directive in _DIRECTIVE.finditer(piece):
            parts.append(piece[end : directive.start()])
            end = directive.end()
            if directive["kind"] == "%":
                parts.append("%")
            elif directive["name"] is not None:
                found = right.items.get(directive["name"], NOT_KNOWN) if isinstance(right, DictValue) else NOT_KNOWN
                parts.append(_formatted(directive, found))
            else:
                parts.append(_formatted(directive, values.pop(0) if values else NOT_KNOWN))
        parts.append(piece[end:])
    return concatenated(parts)


def _formatted(directive: re.Match[str], value: Value) -> Value:
    if directive["kind"] == "s" and not directive["width"]:
        return as_text(value)
    if isinstance(value, str | int | float) and directive["width"] != "*":
        try:
            return re.sub(r"\([^)]*\)", "", directive[0]) % (value,)
        except (TypeError, ValueError):
            return NOT_KNOWN
    return NOT_KNOWN


def formatted(value: Value, form: Value) -> Value:
    """`format(value, form)` of a constant."""
    if isinstance(form, str) and isinstance(value, int | float | str) and len(form) < 8:
        try:
            return format(value, form)
        except (ValueError, TypeError):
            return NOT_KNOWN
    return NOT_KNOWN


def format_string(machine: Machine, template: str | Template, positional: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    """`template.format(*positional, **keywords)`."""
    parts: list[Value] = []
    counter = 0
    for piece in _pieces(template):
        if not isinstance(piece, str):
            parts.append(piece)
            continue
        try:
            fields = list(string.Formatter().parse(piece))
        except ValueError:
            return NOT_KNOWN
        for text, field, spec, conversion in fields:
            parts.append(text)
            if field is None:
                continue
            name, *path = re.split(r"(?=[.\[])", field)
            value: Value
            if name == "":
                value = positional[counter] if counter < len(positional) else NOT_KNOWN
                counter += 1
            elif name.isdigit():
                value = positional[int(name)] if int(name) < len(positional) else NOT_KNOWN
            else:
                value = keywords.get(name, NOT_KNOWN)
            for step in path:
                value = _step(machine, value, step)
            if conversion:
                value = repr(value) if isinstance(value, str | int | float) and conversion == "r" else NOT_KNOWN
            parts.append(formatted(value, spec) if spec else as_text(value))
    return concatenated(parts)


def _step(machine: Machine, value: Value, step: str) -> Value:
    """`.name` or `[key]` in a replacement field."""
    key = step[1:].rstrip("]")
    if step.startswith("["):
        if isinstance(value, DictValue):
            return value.items.get(key, NOT_KNOWN)
        if isinstance(value, tuple | ListValue) and key.isdigit():
            items = value if isinstance(value, tuple) else tuple(value.items)
            return items[int(key)] if int(key) < len(items) else NOT_KNOWN
        return NOT_KNOWN
    if isinstance(value, ModuleValue):
        member = machine.module_member(value.module, key)
        return NOT_KNOWN if member is NotImplemented else member
    if isinstance(value, Instance):
        return value.attributes.get(key, NOT_KNOWN)
    return NOT_KNOWN


def _pieces(template: str | Template) -> tuple[Value, ...]:
    return (template,) if isinstance(template, str) else template.parts
