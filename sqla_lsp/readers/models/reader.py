"""The models of one module, in the order in which they stand in it."""

from __future__ import annotations

import logging
import re
from functools import cached_property

import msgspec
from msgspec.structs import replace

from sqla_lsp.readers.arguments import last_name
from sqla_lsp.readers.models.attributes import statements_in
from sqla_lsp.readers.models.beside import Beside
from sqla_lsp.readers.models.bindings import variable_of
from sqla_lsp.readers.models.classes import ClassReader
from sqla_lsp.readers.models.host import DECLARING, ModelsHost
from sqla_lsp.readers.models.parts import COLUMNS
from sqla_lsp.readers.models.relationships import RELATIONSHIPS, read_relationship
from sqla_lsp.readers.models.reuse import KnownModels
from sqla_lsp.readers.models.table_args import BESIDE
from sqla_lsp.readers.models.tables import TableReader
from sqla_lsp.schema.models import Model, Models
from sqla_lsp.syntax import code
from sqla_lsp.syntax.expressions import value_of
from sqla_lsp.syntax.frames import LoadedModule, Modules
from sqla_lsp.syntax.functions import call_function
from sqla_lsp.syntax.lower import Definition
from sqla_lsp.syntax.machine import Machine, OutOfSteps
from sqla_lsp.syntax.statements import execute
from sqla_lsp.syntax.values import CallValue, ClassValue, DictValue, FunctionValue, Member, Value, path_of
from sqla_lsp.text.places import Place
from sqla_lsp.text.search import Search, says_any

logger = logging.getLogger(__name__)

_STEPS = 60_000
"""How many steps a class or table may take."""
_STEPS_ABROAD = 2_000
"""How many a call of a function elsewhere may: what makes columns is short."""
_SHORT = 1_000
"""Shorter classes are looked at whatever they say: they may inherit everything."""
_TELLING = (
    *(b"mapped_column", b"Mapped[", b"__table", b"relationship(", b"Relationship(", b"Field(", b"table=True", b"declared_attr"),
    *(b"__mapper_args__", b"__abstract__"),
)
_WORDS = Search(rb"Column\b|" + b"|".join(map(re.escape, _TELLING)), b"Column", *_TELLING)
_MAPS = Search(rb"map_imperatively\s*\(|\bmapper\s*\(", b"map_imperatively", b"mapper")
_INDENTED = Search(rb"\n[ \t]+(?:\w+ = )?(?:\w+\.)?(?:Index|append_constraint)\(", b"Index(", b"append_constraint(")
_MAKER = Search(rb"\n[ \t]+(?:return |\w+ = )(?:\w+\.)*Table\(", b"Table(")
_ALWAYS = (b"__tablename__", b"__table__", b"__mapper_args__", b"declared_attr", b"map_imperatively", b"Table(")
_NAMED = (b"Column(", b"mapped_column", b"Mapped[", b"SQLModel", b"Index(", *_ALWAYS)


def is_models(raw: bytes, *, names_library: bool) -> bool:
    """Whether a file may declare models: it names SQLAlchemy or SQLModel, or goes by a base of the project's own."""
    if names_library:
        return says_any(raw, _NAMED)
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
        self.host.has_parent = self.classes.has_parent
        self.beside = Beside(self.machine, self.frame, self.tables, self.classes)
        self.models, self.values, self.added = self.beside.models, self.beside.values, self.beside.added

    @cached_property
    def maps(self) -> bool:
        """Whether the module maps classes imperatively."""
        return self.module.says(_MAPS)

    @cached_property
    def makes(self) -> bool:
        """Whether a function of the module makes tables."""
        return self.module.says(_MAKER)

    def _makes_table(self, call: code.Call) -> bool:
        if self.makes and isinstance(call.function, code.Name) and call.function.id in self.module.statements:
            return True
        return _makes_table(call)

    @cached_property
    def loops(self) -> bool:
        """Whether something may be declared in a loop or under an `if` of the top level."""
        return self.module.says(_INDENTED)

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
                case code.Assign(targets=(code.Name(id=name),), value=code.Call() as call) if self._makes_table(call):
                    self._named(name, place)
                case code.Function(name=name) if self.maps:
                    self._function(name)
                case code.Assign(targets=(code.Attribute(value=code.Name(id=name), name=attribute),), value=code.Call() as call):
                    self._attribute(name, attribute, call, place)
                case code.Evaluate(value=code.Call() as call) if code.last_name(call.function) in DECLARING:
                    self._called(call, place)
                case code.If() | code.Try() | code.With() if not (self.loops and _declares(item.statement)):
                    self._inside(item.statement, item.start)
                case code.For() | code.If() | code.Try() | code.With() if self.loops and _declares(item.statement):
                    self._block(item.statement, place)
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
            self.beside.declare(value, statement)

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
        if name in self.models and code.last_name(node.function) in COLUMNS:
            self.beside.attribute(name, attribute, self._value(node, statement), statement)

    def _value(self, node: code.Expression, statement: Place) -> Value:
        outer, self.frame.base = self.frame.base, statement.start
        value = value_of(self.machine, self.frame, node)
        self.frame.base = outer
        return value

    def _called(self, node: code.Call, statement: Place) -> None:
        value = self._value(node, statement)
        if isinstance(value, CallValue) and last_name(value) in ("map_imperatively", "mapper"):
            self._mapped(value, statement)
        elif isinstance(value, CallValue):
            self.beside.declare(value, statement)

    def _inside(self, statement: code.Statement, base: int) -> None:
        """Classes and tables that an `if` or `try` of the top level makes."""
        for inner in statements_in((statement,)):
            place = Place(base + inner.start, base + inner.end)
            match inner:
                case code.Class(name=name):
                    self._named(name, place)
                case code.Assign(targets=(code.Name(id=name),), value=code.Call() as call) if self._makes_table(call):
                    self._named(name, place)
                case _:
                    pass

    def _block(self, statement: code.Statement, place: Place) -> None:
        """What a loop or an `if` of the top level declares."""
        if not isinstance(statement, code.For):
            self._inside(statement, place.start)
        before = len(self.host.declared)
        outer, self.frame.base = self.frame.base, place.start
        execute(self.machine, self.frame, statement)
        self.frame.base = outer
        for call in self.host.declared[before:]:
            if not call.place.path:
                self.beside.declare(call, call.place)

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


def _declares(node: object) -> bool:
    """Whether something in a statement is a call that declares."""
    if isinstance(node, code.Call) and code.last_name(node.function) in BESIDE:
        return True
    if isinstance(node, tuple):
        return any(_declares(item) for item in node)
    if isinstance(node, code.Class | code.Function) or not isinstance(node, msgspec.Struct):
        return False
    return any(_declares(getattr(node, field)) for field in node.__struct_fields__)


def _makes_table(call: code.Call) -> bool:
    """Whether a call may be one of `Table(...)` or `Index(...)`, by whatever name: its arguments are those of a table."""
    if code.last_name(call.function) in ("Table", "Index"):
        return True
    arguments = [argument.value for argument in call.arguments]
    return any(isinstance(value, code.Call) and code.last_name(value.function).endswith("Column") for value in arguments)
