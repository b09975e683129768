"""Real objects of SQLAlchemy from values of the static evaluation: literals and calls of known constructors, nothing else."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Column, MetaData, Text, and_, or_, text
from sqlalchemy.sql.base import ColumnCollection
from sqlalchemy.sql.elements import ColumnElement, conv
from sqlalchemy.sql.visitors import Visitable

from sqla_lsp.preview import library
from sqla_lsp.preview.compiled import compiled_text
from sqla_lsp.preview.enums import enum_class, labels_of
from sqla_lsp.preview.spatial import SPATIAL, Spatial, spatial_type, with_index
from sqla_lsp.preview.types import spelled
from sqla_lsp.readers.arguments import last_name
from sqla_lsp.readers.recorder import Conventional
from sqla_lsp.readers.sqlalchemy_types import is_described_by_dialect, type_of
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.functions import is_enum
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import (
    CallValue,
    ClassValue,
    DictValue,
    FunctionValue,
    Instance,
    ListValue,
    Member,
    Symbol,
    Template,
    Unknown,
    Value,
    path_of,
)

_OPERATORS: dict[str, Callable[..., Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "&": and_,
    "|": or_,
    "~": operator.invert,
    "**": operator.pow,
    "//": operator.floordiv,
    "[]": operator.getitem,
}
_LARGEST = 1000
_CLIENT_SIDE = ("default", "onupdate", "insert_default")
_NOT_SENT = ("info", "doc")
_ALEMBIC = ("alembic.op.get_bind", "alembic.op.get_context", "alembic.context.")
_CONNECTIONS = frozenset(
    [
        "alembic.op.get_bind()",
        "alembic.op.get_bind().engine",
        "alembic.op.get_context().bind",
        "alembic.op.get_context().connection",
        "alembic.context.get_bind()",
    ]
)


class NotKnown(Exception):
    """A value of which no object can be built, with the reason."""


def _made_by_client() -> None:
    """Stands for a default that SQLAlchemy computes when rows are inserted: DDL says nothing of it."""


class Builder:
    """Builds objects for one function; `connection` stands for every connection. The same value is the same object."""

    def __init__(self, machine: Machine, connection: Any) -> None:
        self.machine = machine
        self._connection = connection
        self._made: dict[int, tuple[Value, Any]] = {}

    def remember(self, value: Value, made: Any) -> None:
        """What a call is known to have given."""
        self._made[id(value)] = value, made

    def build(self, frame: Frame, value: Value) -> Any:
        """The object that a value stands for. Raises `NotKnown`, and whatever SQLAlchemy raises."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return _name(value)
        if isinstance(value, tuple):
            return tuple([self.build(frame, item) for item in value])
        if isinstance(value, ListValue):
            return self._list(frame, value)
        if isinstance(value, DictValue):
            return self._dict(frame, value)
        if id(value) not in self._made:
            self._made[id(value)] = value, self._object(frame, value)
        return self._made[id(value)][1]

    def arguments(self, frame: Frame, call: CallValue) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a call."""
        if call.open or call.open_keywords:
            raise NotKnown("some of its arguments are not known")
        positional = [self.build(frame, value) for value in call.positional]
        return positional, {name: self._keyword(frame, name, value) for name, value in call.keywords.items()}

    def _keyword(self, frame: Frame, name: str, value: Value) -> Any:
        try:
            return self.build(frame, value)
        except NotKnown as error:
            raise NotKnown(f"{name} is not known: {error}") from error

    # -------------------------------------------------------------------------------------------------------- containers

    def _list(self, frame: Frame, value: ListValue) -> Any:
        if value.open:
            raise NotKnown("a list is not known to its end")
        items = [self.build(frame, item) for item in value.items]
        return set(items) if value.is_set else items

    def _dict(self, frame: Frame, value: DictValue) -> dict[Any, Any]:
        if value.open:
            raise NotKnown("a dict is not known to its end")
        return {key: self.build(frame, item) for key, item in value.items.items()}

    # ----------------------------------------------------------------------------------------------------------- objects

    def _object(self, frame: Frame, value: Value) -> Any:
        match value:
            case Unknown():
                raise NotKnown(value.reason or "a value is not known")
            case Template():
                holes = [part.reason for part in value.parts if isinstance(part, Unknown) and part.reason]
                raise NotKnown("a part of a text is not known" + (f": {holes[0]}" if holes else ""))
            case Symbol():
                return self._symbol(frame, value)
            case Member():
                return self._member(frame, value)
            case CallValue():
                return self._call(frame, value)
            case ClassValue() if is_enum(self.machine, value):
                return enum_class(self.machine, value)
            case Instance() if value.enum_name is not None:
                return enum_class(self.machine, value.cls)[value.enum_name]
            case Instance() if (written := compiled_text(self.machine, value)) is not None:
                return text(written.replace(":", r"\:"))
            case ClassValue() | Instance():
                return self._type(frame, value)
            case _:
                raise NotKnown("a value is computed by the project")

    def _symbol(self, frame: Frame, value: Symbol) -> Any:
        found = library.found(value.path)
        return self._type(frame, value) if found is None else found

    def _member(self, frame: Frame, value: Member) -> Any:
        if path_of(value) in _CONNECTIONS:
            return self._connection
        self._asks_nothing(value)
        base = self.build(frame, value.base)
        if isinstance(base, ColumnCollection):
            return self._named(base, value.name.strip("[]"))
        if value.name.startswith("[") and len(value.name) > 2 and isinstance(base, ColumnElement | Mapping):
            return base[value.name[1:-1]]
        if isinstance(base, MetaData) and value.name == "naming_convention":
            return base.naming_convention
        if isinstance(base, Visitable) and value.name in library.ATTRIBUTES:
            return getattr(base, value.name)
        raise NotKnown(f"{value.name} is not known")

    @staticmethod
    def _asks_nothing(value: Value) -> None:
        """Raises `NotKnown` for what comes from the database."""
        if (path_of(value) or "").startswith(_ALEMBIC):
            raise NotKnown("what the database answers is not known")

    @staticmethod
    def _named(columns: ColumnCollection[Any, Any], name: str) -> Any:
        """A column of a table that was built; the columns of one that is read from the database are not known."""
        if name not in columns:
            raise NotKnown(f"the column {name} is not known")
        return columns[name]

    def _call(self, frame: Frame, call: CallValue) -> Any:
        path = path_of(call.function) or ""
        if path_of(call) in _CONNECTIONS:
            return self._connection
        self._asks_nothing(call)
        if isinstance(call.function, Symbol) and path.startswith("operator."):
            return self._operator(frame, path.removeprefix("operator."), call)
        if library.is_mutable(path) and call.positional:
            return self.build(frame, call.positional[0])
        constructor = library.found(path)
        if constructor is None and isinstance(call.function, Member):
            constructor = self._method(frame, call.function)
        if constructor is None:
            return self._type(frame, call)
        name = path.rpartition(".")[2]
        if name in ("Column", "column"):
            return self._column(constructor, frame, call)
        if name in ("Enum", "ENUM"):
            call = self._with_labels(frame, call)
        positional, keywords = self.arguments(frame, call)
        if name == "ForeignKey" and any(
            isinstance(value, Column) and value.table is None for value in (*positional, *keywords.values())
        ):
            raise NotKnown("the column of a model is not known")
        return constructor(*positional, **keywords)

    def _method(self, frame: Frame, function: Member) -> Any:
        """A method of something that was built; None where it is none that may be called."""
        if function.name not in library.METHODS:
            return None
        base = self.build(frame, function.base)
        return getattr(base, function.name, None) if isinstance(base, Visitable) else None

    def _operator(self, frame: Frame, symbol: str, call: CallValue) -> Any:
        """An operator between what was built."""
        operands = [self.build(frame, value) for value in call.positional]
        if symbol == "**" and any(not isinstance(value, int) or abs(value) > _LARGEST for value in operands):
            raise NotKnown("a number is not known")
        if symbol not in _OPERATORS:
            raise NotKnown(f"{symbol} is not known")
        return _OPERATORS[symbol](*operands)

    def _column(self, constructor: Any, frame: Frame, call: CallValue) -> Any:
        """A column. Of what SQLAlchemy computes when rows are inserted DDL says nothing, but that it is there."""
        keywords = {name: value for name, value in call.keywords.items() if name not in _NOT_SENT}
        computed = [n for n in _CLIENT_SIDE if keywords.get(n) is not None and last_name(keywords[n]) != "Sequence"]
        for name in computed:
            del keywords[name]
        given = CallValue(call.function, call.positional, keywords, call.place, call.open, call.open_keywords)
        positional, built = self.arguments(frame, given)
        made = constructor(*positional, **built, **{name: _made_by_client for name in computed if name != "onupdate"})
        if isinstance(made, Column) and isinstance(made.type, Spatial) and made.type.indexed:
            with_index(made)
        return made

    def _with_labels(self, frame: Frame, call: CallValue) -> CallValue:
        """An enum whose labels are chosen by a function, with the labels."""
        chosen = call.keywords.get("values_callable")
        if not isinstance(chosen, FunctionValue) or not call.positional:
            return call
        labels = labels_of(self.machine, frame, chosen, call.positional[0])
        if labels is None:
            raise NotKnown("the labels of an enum are computed")
        keywords = {name: value for name, value in call.keywords.items() if name != "values_callable"}
        if "name" not in keywords and isinstance(call.positional[0], ClassValue):
            keywords["name"] = call.positional[0].name.lower()
        return CallValue(call.function, labels, keywords, call.place, call.open, call.open_keywords)

    def _type(self, frame: Frame, value: Value) -> Any:
        """A type of the project, or of a library that is not here, as what it is rendered as."""
        known = type_of(self.machine, frame, value)
        is_spatial = isinstance(known, PgType) and known.name in SPATIAL
        made = spatial_type(value) if is_spatial else spelled(known) if isinstance(known, PgType) else None
        if made is None:
            raise NotKnown(_why(value))
        if isinstance(made, Text) and is_described_by_dialect(self.machine, frame, value):
            return self._connection.dialect.type_descriptor(made)  # a Text of psycopg is rendered as VARCHAR
        return made


def _name(given: str) -> str:
    """A text, which is a final name where `op.f()` gave it."""
    return conv(given.given) if isinstance(given, Conventional) else given


def _why(value: Value) -> str:
    """Why a value is not known: what it is called, or what it begins with."""
    path = path_of(value)
    if path is not None:
        return f"{path.removesuffix('()')} is not known"
    while isinstance(value, CallValue | Member):
        value = value.function if isinstance(value, CallValue) else value.base
    if isinstance(value, Unknown):
        return value.reason or "its value is not known"
    return f"{value.cls.name if isinstance(value, Instance) else getattr(value, 'name', 'a value')} is of the project"
