"""What annotations of models say: `Mapped[str | None]`, `Optional[datetime]`, `Annotated[int, mapped_column(...)]`."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from sqla_lsp.readers.arguments import last_name
from sqla_lsp.readers.models.bindings import assigned
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax import code
from sqla_lsp.syntax.expressions import value_of
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.functions import ancestors, is_enum, members
from sqla_lsp.syntax.lower import lower
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, ClassValue, Member, ModuleValue, Symbol, Value, path_of
from sqla_lsp.text.places import Place

_MAPPED = frozenset({"Mapped", "DynamicMapped", "WriteOnlyMapped"})
_LISTS = frozenset({"list", "List", "set", "Set", "Sequence", "Collection", "dict", "Dict", "frozenset", "AppenderQuery"})
_DEEPEST = 8
_ENUM = Symbol("sqlalchemy.Enum")
_TYPES = {
    "builtins.int": "int",
    "builtins.str": "varchar",
    "builtins.bool": "boolean",
    "builtins.float": "double precision",
    "builtins.bytes": "bytea",
    "decimal.Decimal": "numeric",
    "datetime.datetime": "timestamp",
    "datetime.date": "date",
    "datetime.time": "time",
    "datetime.timedelta": "interval",
    "uuid.UUID": "uuid",
}
"""SQLAlchemy's default types by Python's; SQLModel's are the same, and so are those of its own names below."""
_SAME = {
    "pydantic.EmailStr": "builtins.str",
    "pydantic.types.UUID4": "uuid.UUID",
    "pydantic.UUID4": "uuid.UUID",
    "sqlmodel.AutoString": "builtins.str",
    "pydantic.AwareDatetime": "datetime.datetime",
    "datetime": "datetime.datetime",
}
_PLAIN_NAMES = frozenset(path.rpartition(".")[2] for path in _TYPES)
"""Names of types that are looked up also where an annotation is a string: all others are models."""


class Annotation(msgspec.Struct, frozen=True):
    """An annotation taken apart. `value` is the type in the middle, `text` the name of a class that is given as a string;
    `nullable` says whether None is allowed, `many` whether it is a collection; `extras` is what `Annotated` brings along."""

    value: Value = None
    text: str = ""
    nullable: bool = False
    many: bool = False
    mapped: bool = False
    of_class: bool = False
    """`ClassVar`: no field."""
    extras: tuple[Value, ...] = ()
    node: code.Expression | None = None
    frame: Frame | None = None
    """The type as it is written, without `Mapped` and `Optional`, and where its names are looked up."""


class TypeChoice(msgspec.Struct, frozen=True):
    """A choice of the project's own (`type_annotation_map`): the type of Python as a value and as `spelled`."""

    value: Value
    spelled: str
    chosen: PgType | Unknown


def read_annotation(machine: Machine, frame: Frame, node: code.Expression, depth: int = 0) -> Annotation:
    """What an annotation means."""
    found = _read(machine, frame, node, depth)
    return found if found.node is not None else replace(found, node=node, frame=frame)


def _read(machine: Machine, frame: Frame, node: code.Expression, depth: int) -> Annotation:
    if depth > _DEEPEST:
        return Annotation()
    if isinstance(node, code.Constant):
        return _forward(machine, frame, node.value, depth)
    if isinstance(node, code.Binary) and node.operator == "|":
        return _either(machine, frame, [node.left, node.right], depth)
    if isinstance(node, code.Subscript):
        return _subscripted(machine, frame, node, depth)
    value = value_of(machine, frame, node)
    if last_name(value) == "ClassVar":
        return Annotation(value, of_class=True)
    if isinstance(value, Member) and value.name.startswith("["):
        return _alias(machine, frame, node, depth) or Annotation(value)
    return Annotation(value)


def _alias(machine: Machine, frame: Frame, node: code.Expression, depth: int) -> Annotation | None:
    """The annotation that a name stands for: `intpk = Annotated[int, mapped_column(primary_key=True)]`, here or in the module
    that it is imported from."""
    if isinstance(node, code.Attribute):
        holder = value_of(machine, frame, node.value)
        found = assigned(machine, holder.module, node.name) if isinstance(holder, ModuleValue) else None
    else:
        found = assigned(machine, frame.module, node.id) if isinstance(node, code.Name) else None
    return read_annotation(machine, found[0], found[1], depth + 1) if found is not None else None


def _forward(machine: Machine, frame: Frame, text: object, depth: int) -> Annotation:
    """A string, which may be any annotation."""
    if text is None:
        return Annotation(None, nullable=True)
    if not isinstance(text, str):
        return Annotation()
    if text.isidentifier():
        alias = _alias(machine, frame, code.Name(0, 0, text), depth) if _may_be_alias(machine, frame, text) else None
        return alias or Annotation(machine.lookup(frame, text) if text in _PLAIN_NAMES else Unknown(text), text)
    parsed = lower(text.encode()).blocks
    statement = parsed[0].statement if len(parsed) == 1 else None
    if not isinstance(statement, code.Evaluate):
        return Annotation(Unknown(text), text)
    found = read_annotation(machine, frame, statement.value, depth + 1)
    name = _dotted(statement.value)
    return replace(found, text=name) if name and not found.text else found


def _may_be_alias(machine: Machine, frame: Frame, text: str) -> bool:
    """Whether a string may name an alias: one of the module itself, or one that is not called as classes are."""
    machine.module_frame(frame.module)
    found = frame.module.statements.get(text, ())
    return any(isinstance(block, code.Block) and isinstance(block.statement, code.Assign) for block in found) or (
        text[:1].islower() and text not in _PLAIN_NAMES and len(found) > 0
    )


def _dotted(node: code.Expression) -> str:
    if isinstance(node, code.Name):
        return node.id
    if isinstance(node, code.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.name}" if base else ""
    return ""


def _either(machine: Machine, frame: Frame, nodes: list[code.Expression], depth: int) -> Annotation:
    parts = [read_annotation(machine, frame, node, depth + 1) for node in nodes]
    some = [part for part in parts if not (part.value is None and not part.text and not part.many)]
    nullable = len(some) < len(parts) or any(part.nullable for part in some)
    return replace(some[0], nullable=nullable) if len(some) == 1 else Annotation(Unknown("a union"), nullable=nullable)


def _subscripted(machine: Machine, frame: Frame, node: code.Subscript, depth: int) -> Annotation:
    base = value_of(machine, frame, node.value)
    name = last_name(base)
    inner: list[code.Expression] = list(node.index.items) if isinstance(node.index, code.Sequence) else [node.index]
    if name in _MAPPED or name in ("ClassVar", "Final", "Required"):
        found = read_annotation(machine, frame, inner[0], depth + 1)
        return replace(found, mapped=name in _MAPPED, of_class=name == "ClassVar")
    if name == "Optional":
        return replace(read_annotation(machine, frame, inner[0], depth + 1), nullable=True)
    if name == "Union":
        return _either(machine, frame, inner, depth)
    if name == "Annotated":
        extras = tuple([value_of(machine, frame, item) for item in inner[1:]])
        found = read_annotation(machine, frame, inner[0], depth + 1)
        return replace(found, extras=(*found.extras, *extras), node=node, frame=frame)
    if name == "Literal":
        given = [value_of(machine, frame, item) for item in inner]
        labels = tuple([item for item in given if item is not None])
        return Annotation(CallValue(_ENUM, labels, {"native_enum": False}, Place(0, 0)), nullable=None in given)
    if name in _LISTS:
        return replace(read_annotation(machine, frame, inner[-1], depth + 1), many=True, node=node, frame=frame)
    return Annotation(base if isinstance(base, ClassValue) else Unknown("a generic type"))


def spelled(machine: Machine, frame: Frame, node: code.Expression, depth: int = 0) -> str:
    """A type in one spelling, whatever names it goes by; "" where it has none."""
    if depth > _DEEPEST:
        return ""
    match node:
        case code.Name() | code.Attribute():
            value = value_of(machine, frame, node)
            if isinstance(value, Symbol):
                return value.path
            if isinstance(value, ClassValue):
                return f"{value.closure.module.name}:{value.name}"
            alias = _alias(machine, frame, node, 0) if isinstance(value, Member) and value.name.startswith("[") else None
            if alias is not None and alias.node is not None and alias.frame is not None:
                return spelled(machine, alias.frame, alias.node, depth + 1)
            return ""
        case code.Subscript(value=base, index=index):
            items = index.items if isinstance(index, code.Sequence) else (index,)
            parts = [spelled(machine, frame, item, depth + 1) for item in (base, *items)]
            return f"{parts[0]}[{', '.join(parts[1:])}]" if all(parts) else ""
        case code.Constant(value=constant):
            return repr(constant)
        case code.Binary(operator="|", left=left, right=right):
            sides = sorted([spelled(machine, frame, side, depth + 1) for side in (left, right)])
            return " | ".join(sides) if all(sides) else ""
        case code.Call(function=function, arguments=arguments):
            values = [spelled(machine, frame, argument.value, depth + 1) for argument in arguments]
            return f"{spelled(machine, frame, function, depth + 1)}({', '.join(values)})" if all(values) else ""
        case _:
            return ""


def annotated_type(machine: Machine, annotation: Annotation, choices: list[TypeChoice]) -> PgType | Unknown:
    """The Postgres type of an annotation. `choices` are the project's own, which come first: for all of it, then for the type in
    the middle."""
    if isinstance(annotation.node, code.Subscript) and annotation.frame is not None:
        written = ""
        for choice in choices:
            if "[" in choice.spelled:
                written = written or spelled(machine, annotation.frame, annotation.node) or "?"
                if written == choice.spelled:
                    return choice.chosen
    if annotation.many:
        return Unknown("a collection")
    value = annotation.value
    for choice in choices:
        key = choice.value
        if key is value or (isinstance(key, Symbol) and isinstance(value, Symbol) and key.path == value.path):
            return choice.chosen
    return python_type(machine, value)


def python_type(machine: Machine, value: Value) -> PgType | Unknown:
    """The Postgres type that SQLAlchemy chooses for a type of Python."""
    if isinstance(value, CallValue) and value.function is _ENUM and value.positional:
        texts = [item for item in value.positional if isinstance(item, str)]
        return PgType("varchar", (max(map(len, texts)),)) if len(texts) == len(value.positional) else Unknown("not all are known")
    if isinstance(value, CallValue) and last_name(value) == "NewType" and len(value.positional) == 2:
        return python_type(machine, value.positional[1])
    if isinstance(value, Symbol):
        name = _TYPES.get(_SAME.get(value.path, value.path))
        return PgType(name) if name is not None else Unknown(f"the type of {value.path} is not known")
    if isinstance(value, ClassValue):
        if is_enum(machine, value):
            labels = tuple([member.enum_name or "" for member in members(machine, value)])
            return PgType(value.name.lower(), kind="enum", labels=labels)
        outside = next((base for base in ancestors(value) if isinstance(base, Symbol) and base.path in _TYPES), None)
        if outside is not None:
            return PgType(_TYPES[outside.path])
    return Unknown("the type is not known")


def is_enumeration(machine: Machine, value: Value) -> bool:
    """Whether a type of Python, or of a column, has a few values only."""
    if isinstance(value, ClassValue):
        return is_enum(machine, value)
    if isinstance(value, CallValue):
        if last_name(value) in ("Enum", "ENUM", "ChoiceType"):
            return True
        return any(is_enumeration(machine, item) for item in value.positional)
    return (path_of(value) or "").endswith((".Enum", ".ENUM", "typing.Literal"))
