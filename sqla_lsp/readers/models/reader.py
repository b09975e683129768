"""The models of one module, in the order in which they stand in it."""

from __future__ import annotations

import logging
import re
from functools import cached_property

from msgspec.structs import replace

from sqla_lsp.postgres.naming import index_name
from sqla_lsp.readers.arguments import base_of, last_name
from sqla_lsp.readers.models.bindings import variable_of
from sqla_lsp.readers.models.classes import ClassReader
from sqla_lsp.readers.models.columns import ColumnReader
from sqla_lsp.readers.models.finished import finished
from sqla_lsp.readers.models.host import DECLARING, ModelsHost
from sqla_lsp.readers.models.parts import COLUMNS, Parts
from sqla_lsp.readers.models.relationships import RELATIONSHIPS, read_relationship
from sqla_lsp.readers.models.reuse import KnownModels
from sqla_lsp.readers.models.table_args import declared_index, labels_of, table_items
from sqla_lsp.readers.models.tables import TableReader
from sqla_lsp.schema.models import ClassName, Model, ModelIndex, Models
from sqla_lsp.syntax import code
from sqla_lsp.syntax.expressions import value_of
from sqla_lsp.syntax.frames import LoadedModule, Modules
from sqla_lsp.syntax.functions import call_function
from sqla_lsp.syntax.lower import Definition
from sqla_lsp.syntax.machine import Machine, OutOfSteps
from sqla_lsp.syntax.values import CallValue, ClassValue, DictValue, FunctionValue, Member, Value, path_of
from sqla_lsp.text.places import Place

logger = logging.getLogger(__name__)

_STEPS = 60_000
"""How many steps a class or table may take."""
_STEPS_ABROAD = 2_000
"""How many a call of a function elsewhere may: what makes columns is short."""
_SHORT = 1_000
"""Shorter classes are looked at whatever they say: they may inherit everything."""
_WORDS = re.compile(
    rb"Column\b|mapped_column|Mapped\[|__table|relationship\(|Relationship\(|Field\(|table=True|declared_attr|__mapper_args__|__abstract__"
)


_MAPS = re.compile(rb"map_imperatively\s*\(|\bmapper\s*\(")
_ALWAYS = (b"__tablename__", b"__table__", b"__mapper_args__", b"declared_attr", b"map_imperatively", b"Table(")
_NAMED = (b"Column(", b"mapped_column", b"Mapped[", b"SQLModel", b"Index(", *_ALWAYS)


def is_models(raw: bytes, *, names_library: bool) -> bool:
    """Whether a file may declare models: it names SQLAlchemy or SQLModel, or goes by a base of the project's own."""
    if names_library:
        return any(word in raw for word in _NAMED)
    return b"__tablename__" in raw or b"db.Model" in raw or b"declared_attr" in raw


def read_models(module: LoadedModule, modules: Modules, known: KnownModels | None = None) -> Models:
    """The models of a module. It never raises for what is in it; what takes too long costs the rest of the file. `known` is what
    was read of the versions before of a file whose code is at hand in blocks."""
    reading = _Reading(module, modules)
    blocks = tuple([item for item in module.top_level if isinstance(item, code.Block)])
    again = known.reusable(blocks) if known is not None else {}
    by_statement: dict[int, dict[str, Model]] = {}
    for item in module.top_level:
        key = id(item.statement) if isinstance(item, code.Block) else 0
        if key in again:
            reading.models.update(again[key])
            by_statement[key] = again[key]
            continue
        before = dict(reading.models) if known is not None else {}
        reading.item(item)
        if known is not None:
            by_statement[key] = {name: model for name, model in reading.models.items() if before.get(name) is not model}
    read, outside = module.around()
    if again and known is not None:
        read, outside = read | {*known.models.read}, outside | {*known.models.outside}
    models = Models(tuple(reading.models.values()), tuple(reading.added), tuple(sorted(outside)), tuple(sorted(read)))
    if known is not None:
        known.keep(blocks, by_statement, models)
    return models


class _Reading:
    """One module being read."""

    def __init__(self, module: LoadedModule, modules: Modules) -> None:
        self.module = module
        self.host = ModelsHost()
        self.machine = Machine(modules, self.host, module, steps=_STEPS, steps_abroad=_STEPS_ABROAD)
        self.machine.keeps_operators = True
        self.frame = self.machine.module_frame(module)
        self.tables = TableReader(self.machine, self.frame)
        self.classes = ClassReader(self.machine, self.tables)
        self.tables.refer = self.classes.refer(self.frame)
        self.models: dict[str, Model] = {}
        self.added: list[tuple[ClassName, ModelIndex]] = []
        self.values: dict[str, Value] = {}

    @cached_property
    def maps(self) -> bool:
        """Whether the module maps classes imperatively."""
        return self.module.says(_MAPS)

    def item(self, item: code.Block | Definition) -> None:
        """One piece of the top level."""
        self.machine.steps = _STEPS
        try:
            if isinstance(item, Definition):
                if item.is_class and (item.length < _SHORT or item.says(_WORDS)):
                    self._named(item.name, Place(0, 0))
                elif not item.is_class and item.says(_MAPS):
                    self._function(item.name)
                return
            place = Place(item.start, item.end)
            match item.statement:
                case code.Class(name=name):
                    self._named(name, place)
                case code.Assign(targets=(code.Name(id=name),), value=code.Call() as call) if _makes_table(call):
                    self._named(name, place)
                case code.Function(name=name) if self.maps:
                    self._function(name)
                case code.Assign(targets=(code.Attribute(value=code.Name(id=name), name=attribute),), value=code.Call() as call):
                    self._attribute(name, attribute, call, place)
                case code.Evaluate(value=code.Call() as call) if _last(call.function) in DECLARING:
                    self._called(call, place)
                case _:
                    pass
        except OutOfSteps:
            logger.debug("%s: a declaration takes too many steps", self.module.name)

    def _named(self, name: str, statement: Place) -> None:
        if not self.machine.has(self.frame, name):
            return
        value = self.machine.lookup(self.frame, name)
        if isinstance(value, ClassValue) and value.closure.module is self.module:
            model = self.classes.model(value)
            if model is not None:
                self.values[name] = value
                self.models[name] = model
        elif isinstance(value, CallValue) and last_name(value) == "Table" and not value.place.path:
            self.tables.bind(value, statement)
            model = self.tables.read(value, name)
            if model is not None:
                self.values[name] = value
                self.models[name] = model
        elif isinstance(value, CallValue) and last_name(value) == "Index":
            self._index(value, statement)

    def _function(self, name: str) -> None:
        """A function that maps classes, `start_mappers()`."""
        function = self.machine.lookup(self.frame, name)
        before = len(self.host.declared)
        if isinstance(function, FunctionValue) and function.closure.module is self.module:
            call_function(self.machine, self.frame, function, (), {}, True, None)
            for call in self.host.declared[before:]:
                if last_name(call) in ("map_imperatively", "mapper"):
                    self._mapped(call, call.place)

    def _attribute(self, name: str, attribute: str, node: code.Call, statement: Place) -> None:
        """`User.name = Column(...)` beside the class."""
        model = self.models.get(name)
        holder = self.values.get(name)
        if model is None or model.table is None or not isinstance(holder, ClassValue) or _last(node.function) not in COLUMNS:
            return
        outer, self.frame.base = self.frame.base, statement.start
        value = value_of(self.machine, self.frame, node)
        self.frame.base = outer
        if isinstance(value, CallValue) and last_name(value) in COLUMNS:
            parts = Parts()
            ColumnReader(self.machine, self.frame, parts, [], self.classes.refer(self.frame)).column(
                attribute, value, None, statement
            )
            finished(parts, model.table, self.classes.options(holder))
            self.models[name] = replace(
                model,
                columns=(*model.columns, *parts.columns),
                indexes=(*model.indexes, *parts.indexes),
                constraints=(*model.constraints, *parts.constraints),
            )

    def _called(self, node: code.Call, statement: Place) -> None:
        outer, self.frame.base = self.frame.base, statement.start
        value = value_of(self.machine, self.frame, node)
        self.frame.base = outer
        if not isinstance(value, CallValue):
            return
        match last_name(value):
            case "Index":
                self._index(value, statement)
            case "append_constraint":
                self._appended(value, statement)
            case "map_imperatively" | "mapper":
                self._mapped(value, statement)
            case _:
                pass

    def _owner(self, value: Value) -> tuple[ClassName, Model] | None:
        """The model whose columns stand in a value."""
        for found in _inside(value):
            for name, holder in self.values.items():
                if isinstance(holder, ClassValue):
                    if id(found) in self.classes.names.get(id(holder), {}) or (
                        isinstance(found, Member) and found.base is holder
                    ):
                        return ClassName("", name), self.models[name]
                elif isinstance(holder, CallValue):
                    of_table = isinstance(found, Member) and found.name in ("c", "columns") and found.base is holder
                    if of_table or id(found) in self.tables.names.get(id(holder), {}):
                        return ClassName("", name), self.models[name]
        return None

    def _index(self, call: CallValue, statement: Place) -> None:
        """`Index("name", User.email)` beside the class."""
        owner = self._owner(call)
        if owner is None:
            self._index_elsewhere(call, statement)
            return
        name, model = owner
        self._add_items(name, model, [call], statement)

    def _index_elsewhere(self, call: CallValue, statement: Place) -> None:
        """An index on a class of another file."""
        for found in _inside(call):
            cls = found.base if isinstance(found, Member) and isinstance(found.base, ClassValue) else None
            candidates = [cls] if cls is not None else self._imported_classes()
            for candidate in candidates:
                model = self.classes.model(candidate)
                names = self.classes.names.get(id(candidate), {})
                if model is None or model.table is None or (cls is None and id(found) not in names):
                    continue
                aliases = {column.attribute: str(column.column.name) for column in model.columns}
                made = declared_index(call, names, aliases, labels_of(model.columns))
                if made is not None:
                    index = made[0]
                    named = replace(index, name=index_name(model.table, index, {})) if index.name is None else index
                    owner = ClassName(candidate.closure.module.path, candidate.name)
                    self.added.append((owner, ModelIndex(named, made[1], statement)))
                return

    def _imported_classes(self) -> list[ClassValue]:
        values = [self.machine.lookup(self.frame, name) for name in list(self.frame.variables)]
        return [value for value in values if isinstance(value, ClassValue)]

    def _add_items(self, name: ClassName, model: Model, items: list[Value], statement: Place) -> None:
        parts = Parts(names={})
        holder = self.values[name.name]
        own = self.classes.names if isinstance(holder, ClassValue) else self.tables.names
        parts.names = dict(own.get(id(holder), {}))
        aliases = {column.attribute: str(column.column.name) for column in model.columns}
        table_items(items, parts, statement, aliases, self.classes.refer(self.frame), labels_of(model.columns))
        self.models[name.name] = replace(
            model,
            indexes=(*model.indexes, *parts.indexes),
            constraints=(*model.constraints, *parts.constraints),
            complete=model.complete and parts.complete,
        )

    def _appended(self, call: CallValue, statement: Place) -> None:
        """`users.append_constraint(...)`, `User.__table__.append_constraint(...)`."""
        base = base_of(call)
        while isinstance(base, Member) and base.name == "__table__":
            base = base.base
        for name, holder in self.values.items():
            if holder is base:
                self._add_items(ClassName("", name), self.models[name], list(call.positional), statement)
                return

    def _mapped(self, call: CallValue, statement: Place) -> None:
        """`registry.map_imperatively(User, users, properties={...})`."""
        if len(call.positional) < 2 or (path_of(call) or "").startswith("builtins."):
            return
        cls, table = call.positional[:2]
        if not isinstance(cls, ClassValue) or not isinstance(table, CallValue) or last_name(table) != "Table":
            return
        name = cls.name
        model = self.tables.read(table, name)
        if model is None:
            return
        properties = call.keywords.get("properties")
        relationships = []
        columns = list(model.columns)
        names = self.tables.names.get(id(table), {})
        for key, value in properties.items.items() if isinstance(properties, DictValue) else ():
            if not isinstance(key, str):
                continue
            if isinstance(value, CallValue) and last_name(value) in RELATIONSHIPS:
                relationships.append(read_relationship(self.machine, self.frame, key, value, None, statement, names))
            elif isinstance(value, Member):
                columns = [replace(c, attribute=key) if c.attribute == value.name.strip("[]") else c for c in columns]
        node = call.node.arguments[1].value if call.node is not None and len(call.node.arguments) > 1 else None
        variable = variable_of(self.machine, self.frame, node) if node is not None else None
        self.models[name] = replace(
            model,
            name=name,
            kind="class",
            columns=tuple(columns),
            indexes=() if variable is not None else model.indexes,
            constraints=() if variable is not None else model.constraints,
            relationships=tuple(relationships),
            of_table=variable,
        )
        self.values[name] = cls


def _last(node: code.Expression) -> str:
    return node.name if isinstance(node, code.Attribute) else node.id if isinstance(node, code.Name) else ""


def _makes_table(call: code.Call) -> bool:
    """Whether a call may be one of `Table(...)` or `Index(...)`, by whatever name: its arguments are those of a table."""
    if _last(call.function) in ("Table", "Index"):
        return True
    arguments = [argument.value for argument in call.arguments]
    return any(isinstance(value, code.Call) and _last(value.function).endswith("Column") for value in arguments)


def _inside(value: Value, depth: int = 0) -> list[Value]:
    """A value and all values in it."""
    found: list[Value] = [value]
    if depth > 12:
        return found
    if isinstance(value, CallValue):
        for item in (*value.positional, *value.keywords.values()):
            found += _inside(item, depth + 1)
        if isinstance(value.function, Member):
            found += _inside(value.function.base, depth + 1)
    elif isinstance(value, Member):
        found += _inside(value.base, depth + 1)
    elif isinstance(value, tuple):
        for item in value:
            found += _inside(item, depth + 1)
    return found
