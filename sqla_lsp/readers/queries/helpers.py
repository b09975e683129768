"""Helpers of a module that other files call: what a function, property or lambda returns, where it is a condition or a column."""

from __future__ import annotations

from sqla_lsp.readers.queries.anchors import class_attributes, cut, cut_class, vocabulary
from sqla_lsp.readers.queries.blocks import FileHelpers
from sqla_lsp.readers.queries.relevant import lowered_whole
from sqla_lsp.readers.queries.settle import settled_predicate
from sqla_lsp.readers.queries.values import PREDICATES, Called, Choice, Labelled, Text, Value
from sqla_lsp.readers.queries.walker import Walker
from sqla_lsp.schema.queries import Condition, Expression, GlobalName, OfClass, Opaque, Path
from sqla_lsp.syntax import code

_LONGEST = 20_000


def read_condition(data: bytes, name: str) -> Condition | None:
    """What `name` ("function", "Class.method" or a variable of the top level) gives: a condition, or a column. None where it is
    neither, or asks a query of its own. Parameters stand in it as paths of `GlobalName`; `cls` and `self` as `OfClass`."""
    cls, _, last = name.rpartition(".")
    try:
        return _of_function(data, last, cls) or _of_variable(data, last, cls)
    except RecursionError:
        return None


def _of_function(data: bytes, name: str, cls: str) -> Condition | None:
    found = [piece for piece in cut(data) if piece.name == (cls or name)]
    if cls and found:
        found = [part for part in cut_class(data, found[-1]) if part.name == name]
    if cls:  # the expression of a hybrid property comes after the property itself
        marked = [piece for piece in found if b".expression" in data[piece.start : piece.start + 200]]
        found = marked or found
    for piece in reversed(found):
        if piece.kind != "function" or piece.end - piece.start > _LONGEST:
            continue
        for statement in lowered_whole(data, piece, cls) or ():
            if isinstance(statement, code.Function):
                return _returned(data, statement, cls)
    return None


def _returned(data: bytes, node: code.Function, cls: str) -> Condition | None:
    walker = _walker(data, cls)
    walker.inner_scope()
    walker.bind_parameters(node.parameters, cls)
    own = bool(cls) and bool(node.parameters) and node.parameters[0].name in ("self", "cls")
    parameters = node.parameters[1:] if own else node.parameters
    _bind(walker, parameters)
    walker.depth = 1
    walker.run(node.body)
    values = [value for value in walker.returned if value is not None]
    return _condition(walker, parameters, values[0] if len(values) == 1 else None)


def _of_variable(data: bytes, name: str, cls: str) -> Condition | None:
    """`ACTIVE = User.deleted_at.is_(None)`, `is_active = lambda model: ...`."""
    found = [piece for piece in cut(data) if piece.kind == "class" and piece.name == cls] if cls else list(cut(data))
    parts = [part for piece in found[-1:] for part in cut_class(data, piece)] if cls else found
    for piece in reversed(parts):
        if piece.kind != "other" or name.encode() not in data[piece.start : piece.end]:
            continue
        for statement in reversed(_assignments(lowered_whole(data, piece, cls))):
            if any(isinstance(target, code.Name) and target.id == name for target in statement.targets):
                walker = _walker(data, cls)
                walker.depth = 1
                for attribute in class_attributes(data, cls) if cls else ():
                    walker.bind(attribute, Path(OfClass(cls), (attribute,), 0, 0))
                value = statement.value
                if isinstance(value, code.Lambda):
                    walker.bind_parameters(value.parameters, cls)
                    _bind(walker, value.parameters)
                    return _condition(walker, value.parameters, walker.evaluate(value.body))
                return None if value is None else _condition(walker, (), walker.evaluate(value))
    return None


def _assignments(statements: tuple[code.Statement, ...] | None) -> list[code.Assign]:
    found: list[code.Assign] = []
    for statement in statements or ():
        if isinstance(statement, code.Assign):
            found.append(statement)
        elif isinstance(statement, code.Class):
            found += [inner for inner in statement.body if isinstance(inner, code.Assign)]
    return found


def _walker(data: bytes, cls: str) -> Walker:
    return Walker(vocabulary(data), FileHelpers(data), cls)


def _bind(walker: Walker, parameters: tuple[code.Parameter, ...]) -> None:
    for parameter in parameters:
        if parameter.kind not in ("args", "kwargs"):
            walker.bind(parameter.name, Path(GlobalName(parameter.name), (), 0, 0))


def _condition(walker: Walker, parameters: tuple[code.Parameter, ...], value: Value) -> Condition | None:
    value = walker.force(value)
    if value is None or walker.queries or isinstance(value, Choice):
        return None
    names = tuple([parameter.name for parameter in parameters])
    if isinstance(value, Labelled):
        value = value.value
    if isinstance(value, (*PREDICATES, Text, Called)):
        return Condition(names, settled_predicate(walker.predicate(value)))
    if isinstance(value, Path | Expression | Opaque):
        return Condition(names, None, value)
    return None
