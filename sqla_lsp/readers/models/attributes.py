"""The attributes of a class as its body declares them, those of its mixins and abstract bases included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqla_lsp.readers.models.annotations import Annotation, read_annotation
from sqla_lsp.syntax import code
from sqla_lsp.syntax.functions import ancestors, call_declared, class_frame
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import ClassValue, FunctionValue, Value
from sqla_lsp.text.places import Place


@dataclass(frozen=True)
class Attribute:
    """An attribute of a class body: its value (None where there is only an annotation) and the statement that declares it."""

    name: str
    value: Value
    has_value: bool
    annotation: Annotation | None
    statement: Place
    owner: ClassValue


def lineage(cls: ClassValue) -> list[ClassValue]:
    """A class and the classes of the project that it inherits from, nearest first, each once."""
    found: dict[int, ClassValue] = {id(cls): cls}
    for base in ancestors(cls):
        if isinstance(base, ClassValue):
            found.setdefault(id(base), base)
    return list(found.values())


def attributes(machine: Machine, cls: ClassValue, owners: Sequence[ClassValue]) -> list[Attribute]:
    """What the owners declare for a class, the farthest first; a nearer one takes the place of a farther one's attribute."""
    found: dict[str, Attribute] = {}
    for owner in reversed(owners):
        for attribute in _declared(machine, cls, owner):
            found[attribute.name] = attribute
    return list(found.values())


def _declared(machine: Machine, cls: ClassValue, owner: ClassValue) -> Iterator[Attribute]:
    frame = class_frame(machine, owner)
    for statement in _statements(owner.node.body):
        place = Place(owner.base + statement.start, owner.base + statement.end, owner.closure.module.path)
        match statement:
            case code.Assign(targets=targets, value=value, annotation=annotation):
                for target in targets:
                    if not isinstance(target, code.Name):
                        continue
                    known = read_annotation(machine, frame, annotation) if annotation is not None else None
                    bound = machine.lookup(frame, target.id) if value is not None and target.id in frame.variables else None
                    yield Attribute(target.id, bound, value is not None, known, place, owner)
            case code.Function(name=name):
                function = frame.variables.get(name)
                if isinstance(function, FunctionValue) and function.kind == "declared":
                    made = call_declared(machine, frame, function, cls)
                    known = read_annotation(machine, frame, statement.returns) if statement.returns is not None else None
                    yield Attribute(name, made, True, known, place, owner)
            case _:
                pass


def _statements(body: Sequence[code.Statement]) -> Iterator[code.Statement]:
    for statement in body:
        match statement:
            case code.If(then=then, otherwise=otherwise):
                yield from _statements(then)
                yield from _statements(otherwise)
            case code.Try(body=inside) | code.With(body=inside):
                yield from _statements(inside)
            case _:
                yield statement


def returned_attributes(cls: ClassValue) -> Iterator[tuple[str, str]]:
    """Hybrid properties and synonyms of a class body that give back another attribute as it is."""
    for statement in cls.node.body:
        match statement:
            case code.Function(name=name, parameters=(first, *_)) if _is_hybrid(statement):  # before the body, which is lazy
                value = statement.body[-1].value if isinstance(statement.body[-1], code.Return) else None
                if isinstance(value, code.Attribute) and value.value == code.Name(value.value.start, value.value.end, first.name):
                    yield name, value.name
            case _:
                pass


def _is_hybrid(function: code.Function) -> bool:
    named = any(_last(decorator) in ("hybrid_property", "comparator") for decorator in function.decorators)
    return named and len(function.body) > 0


def _last(node: code.Expression) -> str:
    return node.name if isinstance(node, code.Attribute) else node.id if isinstance(node, code.Name) else ""
