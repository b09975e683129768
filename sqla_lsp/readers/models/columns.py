"""Columns out of what declares them: `Column(...)`, `mapped_column(...)`, SQLModel's `Field(...)`, annotations alone."""

from __future__ import annotations

from msgspec.structs import replace

from sqla_lsp.readers.arguments import last_name, text_of
from sqla_lsp.readers.columns import ReadColumn, column_of
from sqla_lsp.readers.models.annotations import Annotation, TypeChoice, annotated_type, is_enumeration
from sqla_lsp.readers.models.parts import COLUMNS, Parts, Refer, argument_node, foreign_key_to, shown, within
from sqla_lsp.schema.models import ModelColumn, ModelConstraint, ModelIndex
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.tables import Column, ForeignKey, Index, Key, Unique
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.functions import ancestors
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, Instance, ListValue, Symbol, Value
from sqla_lsp.text.places import Place

_NOWHERE = Place(0, 0)
TypeMap = list[TypeChoice]


def keyword_place(call: CallValue, keyword: str, otherwise: Place) -> Place:
    """Where a keyword of a call stands."""
    node = call.node
    for argument in node.arguments if node is not None else ():
        if argument.keyword == keyword:
            base = call.place.start - node.start  # type: ignore[union-attr]
            return Place(base + argument.start, base + argument.end, call.place.path)
    return otherwise


def _referring(read: ReadColumn, refer: Refer, names: dict[int, str]) -> ReadColumn:
    """A column whose foreign keys name what they were given as objects."""
    keys = []
    for call, foreign in read.foreign_keys:
        given = call.positional[0] if call.positional else call.keywords.get("column")
        text = None if given is None or isinstance(given, str) else refer(given, argument_node(call, 0), names)
        keys.append((call, foreign if text is None else foreign_key_to(foreign, text)))
    return replace(read, foreign_keys=tuple(keys)) if keys else read


class ColumnReader:
    """Reads the columns of one table into its parts. `types` are the project's own choices of types for Python's."""

    def __init__(self, machine: Machine, frame: Frame, parts: Parts, types: TypeMap, refer: Refer) -> None:
        self.machine = machine
        self.refer = refer
        self.frame = frame
        self.parts = parts
        self.types = types

    def column(self, attribute: str, call: CallValue, annotation: Annotation | None, statement: Place) -> None:
        """A `Column(...)` or `mapped_column(...)`."""
        read = column_of(self.machine, self.frame, call)
        if read is None:
            self.parts.complete = False
            return
        read = _referring(read, self.refer, self.parts.names)
        column = read.column
        name = column.name if isinstance(column.name, str) else attribute
        enum = any(is_enumeration(self.machine, item) for item in call.positional) or is_enumeration(
            self.machine, call.keywords.get("type_")
        )
        if annotation is not None and not annotation.mapped and read.foreign_keys and isinstance(column.type, Unknown):
            column = replace(column, type=annotated_type(self.machine, annotation, self.types))
        elif annotation is not None and annotation.mapped:
            if isinstance(column.type, Unknown) and not any(isinstance(item, Unknown) for item in call.positional):
                column = replace(column, type=annotated_type(self.machine, annotation, self.types))
            enum = enum or is_enumeration(self.machine, annotation.value)
            if last_name(call) != "Column" and "nullable" not in call.keywords and read.primary_key is not True:
                column = replace(column, nullable=annotation.nullable)
        key = text_of(call.keywords.get("key"))
        self._add(
            key if isinstance(key, str) and not attribute else attribute or name,
            replace(column, name=name),
            read,
            enum,
            statement,
        )

    def annotated(self, attribute: str, annotation: Annotation, statement: Place) -> None:
        """A column that an annotation alone declares."""
        made = annotated_type(self.machine, annotation, self.types)
        column = Column(attribute, made, annotation.nullable)
        enum = is_enumeration(self.machine, annotation.value)
        self._note(ModelColumn(attribute, column, statement, statement, is_enum=enum))

    def _add(self, attribute: str, column: Column, read: ReadColumn, is_enum: bool, statement: Place) -> None:
        call = read.call
        place = call.place if statement.path == call.place.path and within(call.place, statement) else statement
        self.parts.names[id(call)] = str(column.name)
        self.parts.calls.append(call)
        self.parts.reads[str(column.name)] = read
        self._note(ModelColumn(attribute, column, place, statement, None, read.primary_key, is_enum))
        self._brought(str(column.name), read.index, read.unique, call, statement)
        for part, foreign in read.foreign_keys:
            self.foreign(replace(foreign, columns=(str(column.name),)), part.place, statement)
        for part, check in read.checks:
            self.parts.constraints.append(ModelConstraint(check, shown(part.place, statement), statement, "CheckConstraint"))

    def _note(self, column: ModelColumn) -> None:
        self.parts.columns.append(column)
        self.parts.attributes[column.attribute] = str(column.column.name)

    def _brought(self, name: str, index: object, unique: object, call: CallValue, statement: Place) -> None:
        """`index=True` and `unique=True`."""
        around = shown(call.place, statement)
        if index is True:
            place = shown(keyword_place(call, "index", around), statement)
            made = Index(None, (Key(name),), unique if isinstance(unique, Unknown) else bool(unique))
            self.parts.indexes.append(ModelIndex(made, place, statement, "index=True"))
        elif unique is True:
            place = shown(keyword_place(call, "unique", around), statement)
            self.parts.constraints.append(ModelConstraint(Unique(None, (name,)), place, statement, "unique=True"))
        if isinstance(index, Unknown) or isinstance(unique, Unknown):
            self.parts.complete = False

    def foreign(self, foreign: ForeignKey, place: Place, statement: Place) -> None:
        """A foreign key of a column."""
        self.parts.constraints.append(ModelConstraint(foreign, shown(place, statement), statement, "ForeignKey"))

    def field(self, attribute: str, call: CallValue | None, annotation: Annotation, statement: Place) -> None:
        """A field of SQLModel, with or without `Field(...)`."""
        given: dict[str, Value] = dict(call.keywords) if call is not None else {}
        inner = given.get("sa_column")
        if isinstance(inner, CallValue) and last_name(inner) in COLUMNS:
            self.column(attribute, inner, annotation, statement)
            return
        if given.get("exclude_from_table") is True:
            return
        extra = given.get("sa_column_kwargs")
        options = {key: item for key, item in getattr(extra, "items", {}).items() if isinstance(key, str)} if extra else {}
        arguments = given.get("sa_column_args")
        more = (
            list(arguments) if isinstance(arguments, tuple) else list(arguments.items) if isinstance(arguments, ListValue) else []
        )
        keywords = {key: given[key] for key in ("index", "unique", "primary_key", "nullable") if key in given} | options
        positional: list[Value] = [given["sa_type"]] if "sa_type" in given else _field_type(annotation, given)
        target = text_of(given.get("foreign_key"))
        if isinstance(target, str):
            positional.append(
                CallValue(Symbol("sqlalchemy.ForeignKey"), (target,), _on_delete(given), call.place if call else statement)
            )
        place = call.place if call is not None else statement
        node = call.node if call is not None else None
        made = CallValue(Symbol("sqlalchemy.orm.mapped_column"), (attribute, *positional, *more), keywords, place, node=node)
        self.column(attribute, made, replace_mapped(annotation), statement)


def _field_type(annotation: Annotation, given: dict[str, Value]) -> list[Value]:
    """The type that SQLModel makes of an annotation where it is not SQLAlchemy's own, in a list of none or one."""
    value = annotation.value
    path = value.path if isinstance(value, Symbol) else ""
    length, digits = given.get("max_length"), given.get("max_digits")
    if path == "builtins.str" and isinstance(length, int):
        return [CallValue(Symbol("sqlalchemy.String"), (length,), {}, _NOWHERE)]
    if path == "decimal.Decimal" and isinstance(digits, int):
        return [CallValue(Symbol("sqlalchemy.Numeric"), (digits, given.get("decimal_places")), {}, _NOWHERE)]
    if path in ("datetime.datetime", "datetime"):
        return [Unknown("with or without time zone, by the release of SQLModel")]
    if isinstance(value, CallValue) and value.keywords.get("native_enum") is False:
        return [Symbol("sqlalchemy.String")]  # of Literal
    return []


def _on_delete(given: dict[str, Value]) -> dict[str, Value]:
    return {"ondelete": given["ondelete"]} if "ondelete" in given else {}


def replace_mapped(annotation: Annotation) -> Annotation:
    """An annotation that counts as if it stood in `Mapped[...]`."""
    return replace(annotation, mapped=True)


def with_extras(call: CallValue, annotation: object) -> CallValue:
    """`x: Mapped[intpk] = mapped_column(...)`: what the alias brings along counts where the call says nothing."""
    extras = getattr(annotation, "extras", ())
    extra = next((item for item in extras if isinstance(item, CallValue) and last_name(item) in COLUMNS), None)
    if extra is None:
        return call
    positional = (*call.positional, *extra.positional)
    return CallValue(
        call.function, positional, {**extra.keywords, **call.keywords}, call.place, call.open, call.open_keywords, call.node
    )


def column_of_subclass(value: Value, statement: Place) -> Value:
    """An instance of a project's own subclass of `Column` as the `Column(...)` that it is; other values as they are."""
    if not isinstance(value, Instance):
        return value
    outside = next((base for base in ancestors(value.cls) if isinstance(base, Symbol)), None)
    if outside is None or not outside.path.startswith("sqlalchemy.") or last_name(outside) != "Column":
        return value
    return CallValue(outside, value.positional, value.keywords, statement)
