"""The attributes of a class as its body declares them, those of its mixins and abstract bases included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from sqla_lsp.readers.models.annotations import Annotation, read_annotation
from sqla_lsp.syntax import code
from sqla_lsp.syntax.functions import ancestors, call_declared, class_frame
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, ClassValue, FunctionValue, Member, Value
from sqla_lsp.text.places import Place


class Attribute(msgspec.Struct, frozen=True):
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
        for inner in [base] if isinstance(base, ClassValue) else made_of(base):
            found.setdefault(id(inner), inner)
    return list(found.values())


def made_of(base: Value) -> list[ClassValue]:
    """The classes that a base is made of: `declarative_base(cls=Model)`, `SQLAlchemy(model_class=Model).Model`."""
    call = base.base if isinstance(base, Member) else base
    given = call.keywords.get("cls", call.keywords.get("model_class")) if isinstance(call, CallValue) else None
    first = given if isinstance(given, tuple) else (given,)
    return [inner for item in first if isinstance(item, ClassValue) for inner in lineage(item)]


def attributes(
    machine: Machine, cls: ClassValue, owners: Sequence[ClassValue], *, farthest_first: bool = False
) -> list[Attribute]:
    """What the owners declare for a class; a nearer one takes the place of a farther one's attribute. SQLAlchemy puts the class's
    own first, SQLModel what it inherits (`farthest_first`)."""
    found: dict[str, Attribute] = {}
    for owner in reversed(owners) if farthest_first else owners:
        for attribute in _declared(machine, cls, owner):
            known = found.get(attribute.name, attribute)
            if farthest_first or known.owner is owner or (attribute.has_value and not known.has_value):
                found[attribute.name] = attribute
    return list(found.values())


def _declared(machine: Machine, cls: ClassValue, owner: ClassValue) -> Iterator[Attribute]:
    frame = class_frame(machine, owner)
    for statement in statements_in(owner.node.body):
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


def statements_in(body: Sequence[code.Statement]) -> Iterator[code.Statement]:
    """The statements of a body, those under `if`, `try` and `with` in place of these."""
    for statement in body:
        match statement:
            case code.If(then=then, otherwise=otherwise):
                yield from statements_in(then)
                yield from statements_in(otherwise)
            case code.Try(body=inside) | code.With(body=inside):
                yield from statements_in(inside)
            case _:
                yield statement


def returned_attributes(cls: ClassValue) -> Iterator[tuple[str, str]]:
    """Hybrid properties of a class body that give back another attribute as it is, also in SQL."""
    found: dict[str, str] = {}
    for statement in cls.node.body:
        match statement:
            case code.Function(name=name, parameters=(first, *_)) if _is_hybrid(statement):  # before the body, which is lazy
                value = statement.body[-1].value if isinstance(statement.body[-1], code.Return) else None
                if isinstance(value, code.Attribute) and value.value == code.Name(value.value.start, value.value.end, first.name):
                    found[name] = value.name
            case code.Function(decorators=(code.Attribute(value=value, name="expression" | "comparator"), *_)):
                base = value.value if isinstance(value, code.Attribute) and value.name == "inplace" else value
                if isinstance(base, code.Name):
                    found.pop(base.id, None)
            case _:
                pass
    yield from found.items()


def _is_hybrid(function: code.Function) -> bool:
    named = any(code.last_name(decorator) == "hybrid_property" for decorator in function.decorators)
    return named and len(function.body) > 0
