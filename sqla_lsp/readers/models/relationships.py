"""`relationship(...)`, SQLModel's `Relationship(...)`, and the classes that they lead to."""

from __future__ import annotations

import re

from sqla_lsp.readers.arguments import Arguments, last_name, text_of
from sqla_lsp.readers.constraints import target_of
from sqla_lsp.readers.models.annotations import Annotation
from sqla_lsp.schema.models import ClassName, Relationship
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.functions import call_function
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, ClassValue, FunctionValue, ListValue, Member, Value
from sqla_lsp.text.places import Place

RELATIONSHIPS = frozenset({"relationship", "Relationship", "dynamic_loader", "relation"})
_LAST = re.compile(r"(\w+)\s*[\])]?\s*$")


def read_relationship(
    machine: Machine,
    frame: Frame,
    attribute: str,
    call: CallValue | None,
    annotation: Annotation | None,
    statement: Place,
    names: dict[int, str],
) -> Relationship:
    """A relationship; one that an annotation alone declares has no call."""
    arguments = Arguments(call, ["argument", "secondary"]) if call is not None else None
    given = arguments.get("argument") if arguments is not None else None
    target = _target(machine, frame, given) if given is not None else _annotated(annotation)
    secondary = _secondary(machine, frame, arguments.get("secondary")) if arguments is not None else None
    columns = _columns(arguments.get("foreign_keys"), names) if arguments is not None and arguments.has("foreign_keys") else None
    many_to_one: bool | None = None
    if annotation is not None and annotation.many:
        many_to_one = False
    elif arguments is not None and arguments.has("remote_side"):
        many_to_one = True
    place = call.place if call is not None and call.place.path == statement.path else statement
    backref = arguments.get("backref") if arguments is not None else None
    if isinstance(backref, CallValue) and backref.positional:
        backref = backref.positional[0]
    named = text_of(backref)
    name, cls = ("", target) if isinstance(target, ClassName) else (target, None)
    return Relationship(attribute, name, place, cls, columns, secondary, named if isinstance(named, str) else None, many_to_one)


def _target(machine: Machine, frame: Frame, value: Value) -> str | ClassName:
    if isinstance(value, str):
        return value
    if isinstance(value, FunctionValue):
        value = call_function(machine, frame, value, (), {}, False, None)
    if isinstance(value, ClassValue):
        return ClassName(value.closure.module.path, value.name)
    return ""


def _annotated(annotation: Annotation | None) -> str | ClassName:
    if annotation is None:
        return ""
    if isinstance(annotation.value, ClassValue):
        return ClassName(annotation.value.closure.module.path, annotation.value.name)
    return annotation.text


def _secondary(machine: Machine, frame: Frame, value: Value) -> TableName | None:
    if value is None:
        return None
    if isinstance(value, FunctionValue):
        value = call_function(machine, frame, value, (), {}, False, None)
    if isinstance(value, str):
        return target_of(f"{value}.x")[0]
    if isinstance(value, CallValue) and last_name(value) == "Table" and value.positional:
        name, schema = text_of(value.positional[0]), text_of(value.keywords.get("schema"))
        return TableName(Unknown("it has no name") if name is None else name, schema)
    return TableName(Unknown("the table is not known"))


def _columns(value: Value, names: dict[int, str]) -> tuple[str, ...] | None:
    """The columns of `foreign_keys=`: a column object, an attribute, a string, or a list of them."""
    items = value.items if isinstance(value, ListValue) else list(value) if isinstance(value, tuple) else [value]
    found: list[str] = []
    for item in items:
        if isinstance(item, CallValue) and id(item) in names:
            found.append(names[id(item)])
        elif isinstance(item, Member):
            found.append(item.name)
        elif isinstance(item, str):
            found += [match[1] for part in item.split(",") if (match := _LAST.search(part)) is not None]
        else:
            return None
    return tuple(found) or None
