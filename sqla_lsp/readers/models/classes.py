"""Mapped classes, mixins and abstract bases: declarative SQLAlchemy, SQLModel, Flask-SQLAlchemy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from msgspec.structs import replace

from sqla_lsp.readers.arguments import last_name, text_of
from sqla_lsp.readers.models.annotations import Annotation, annotated_type
from sqla_lsp.readers.models.attributes import Attribute, attributes, lineage, returned_attributes
from sqla_lsp.readers.models.bindings import variable_of
from sqla_lsp.readers.models.columns import ColumnReader, TypeMap, column_of_subclass, with_extras
from sqla_lsp.readers.models.finished import finished
from sqla_lsp.readers.models.parts import COLUMNS, OWN, MetaOptions, Parts, Refer, in_columns
from sqla_lsp.readers.models.relationships import RELATIONSHIPS, read_relationship
from sqla_lsp.readers.models.roots import declares_table, decorators_of, is_abstract, is_column, root_of
from sqla_lsp.readers.models.table_args import BESIDE, names_of_columns, options_of, table_items, values_in
from sqla_lsp.readers.models.tables import TableReader, metadata_options
from sqla_lsp.readers.models.type_choices import TypeChoices
from sqla_lsp.schema.models import ClassName, Model, ModelColumn, Relationship
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import PrimaryKey
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax import code
from sqla_lsp.syntax.expressions import value_of
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.functions import ancestors, call_class_or_function, call_declared, call_function, class_frame
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import BoundMethod, CallValue, ClassValue, DictValue, FunctionValue, ListValue, Member, Value
from sqla_lsp.text.places import Place

_COLUMN_PROPERTIES = frozenset({"column_property", "deferred"})
_IGNORED = frozenset(
    {"__tablename__", "__table_args__", "__mapper_args__", "__abstract__", "metadata", "registry", "model_config"}
)
_FLASK_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])")
"""Where Flask-SQLAlchemy begins a new word in the name of a class."""


class ClassReader:
    """Reads classes of a module and, where they inherit from them, of other modules; each once."""

    def __init__(self, machine: Machine, tables: TableReader) -> None:
        self.machine = machine
        self.tables = tables
        self._known: dict[int, Model | None] = {}
        self.types = TypeChoices(machine)
        self.names: dict[int, dict[int, str]] = {}
        """Of each class, by its identity: the columns by the identity of the calls that make them, which `calls` keeps."""
        self.calls: list[CallValue] = []

    def model(self, cls: ClassValue) -> Model | None:
        """The model of a class; None for a class that is none."""
        if id(cls) not in self._known:
            self._known[id(cls)] = None  # a class that inherits from itself
            self._known[id(cls)] = self._read(cls)
        return self._known[id(cls)]

    def has_parent(self, cls: ClassValue) -> bool:
        """Whether a class inherits from one that has a table."""
        return any((known := self.model(base)) is not None and known.table is not None for base in lineage(cls)[1:])

    def _read(self, cls: ClassValue) -> Model | None:
        self._initialize(cls)
        parents = [base for base in lineage(cls)[1:] if (known := self.model(base)) is not None and known.table is not None]
        parent = parents[0] if parents else None
        above = {id(other) for base in parents for other in lineage(base)}
        owners = [owner for owner in lineage(cls) if id(owner) not in above]
        root = root_of(cls)
        if root is None and parent is None and not declares_table(self.machine, owners):
            return self._mixin(cls, owners)
        return _ClassReading(self, cls, owners, parent, root or "sqlalchemy").read()

    def _initialize(self, cls: ClassValue) -> None:
        """What `__init_subclass__` of the nearest base sets on a class."""
        class_frame(self.machine, cls)
        for base in lineage(cls)[1:]:
            function = class_frame(self.machine, base).variables.get("__init_subclass__")
            if isinstance(function, FunctionValue):
                keywords = {name: value for name, value in cls.keywords.items() if name != "metaclass"}
                call_function(self.machine, cls.closure, function, (cls,), keywords, False, None)
                return

    def options(self, cls: ClassValue) -> MetaOptions:
        """What its metadata says of a class's table."""
        for name in ("metadata", "registry"):
            for owner in lineage(cls):
                frame = class_frame(self.machine, owner)
                found = metadata_options(self.machine.lookup(frame, name)) if name in frame.variables else None
                if found is not None:
                    return found
        outside = [base for base in (*decorators_of(self.machine, cls), *ancestors(cls)) if isinstance(base, CallValue | Member)]
        return next((found for base in outside if (found := metadata_options(base)) is not None), MetaOptions())

    def refer(self, frame: Frame) -> Refer:
        """Names columns that foreign keys are given as objects, as they are looked up from a frame."""

        def text(value: Value, node: code.Expression | None, names: dict[int, str]) -> str | None:
            if id(value) in names:
                return f"{OWN}.{names[id(value)]}"
            if isinstance(value, FunctionValue):
                body = value.node.body if isinstance(value.node, code.Lambda) else None
                return text(call_function(self.machine, frame, value, (), {}, False, None), body, names)
            if (found := in_columns(value)) is not None:
                return self._named(*found)
            if isinstance(node, code.Attribute):
                return self._named(value_of(self.machine, frame, node.value), node.name)
            return None

        return text

    def _named(self, holder: Value, name: str) -> str | None:
        """The column of a table or a class in full."""
        if isinstance(holder, Member) and holder.name == "__table__":
            holder = holder.base
        model: Model | None = None
        if isinstance(holder, ClassValue):
            model = self.model(holder)
        elif isinstance(holder, CallValue) and last_name(holder) == "Table":
            model = self.tables.read(holder, "")
        column = model.attribute(name) or model.column(name) if model is not None else None
        if model is None or column is None or model.table is None or not model.table.known:
            return None
        return f"{column.table or model.table}.{column.column.name}"

    def _mixin(self, cls: ClassValue, owners: Sequence[ClassValue]) -> Model | None:
        declared = attributes(self.machine, cls, owners)
        if not any(is_column(item.value) or (item.annotation is not None and item.annotation.mapped) for item in declared):
            return None
        return _ClassReading(self, cls, owners, None, "sqlalchemy").read(has_table=False)


class _ClassReading:
    """One class being read. `owners` are the classes whose bodies count as its own: itself, mixins and abstract bases."""

    def __init__(
        self, reader: ClassReader, cls: ClassValue, owners: Sequence[ClassValue], parent: ClassValue | None, root: str
    ) -> None:
        self.reader = reader
        self.machine = reader.machine
        self.cls = cls
        self.owners = owners
        self.root = root
        self.parent = reader.model(parent) if parent is not None else None
        self.parent_class = parent
        self.parts = Parts()
        self.relationships: list[Relationship] = []
        self.synonyms: list[tuple[str, str]] = []
        self.beside: list[tuple[CallValue, Place]] = []
        """Indexes and constraints of column objects that stand among the attributes."""
        self.frame = class_frame(self.machine, cls)

    def read(self, has_table: bool = True) -> Model:
        cls = self.cls
        place = self._place()
        options = self.reader.options(cls)
        mapped_to = self._value(cls, "__table__") if "__table__" in self.frame.variables else None
        self._columns()
        table = self._table_name(options) if has_table and not is_abstract(self.cls, self.frame, self.root) else None
        of_table: ClassName | None = None
        if isinstance(mapped_to, CallValue) and last_name(mapped_to) == "Table":
            inner = self.reader.tables.read(mapped_to, cls.name)
            if inner is not None:
                table, of_table = inner.table, self._variable_of_table()
                self._take(inner, is_declared_here=of_table is None)
        single = self.parent is not None and table is not None and table == self.parent.table
        partitioned = table is not None and self._take_arguments()
        if table is not None and (single or of_table is None):
            finished(self.parts, table, options)
        if single:
            self.parts.constraints = [c for c in self.parts.constraints if not isinstance(c.constraint, PrimaryKey)]
        inherited = self._inherited(table)
        known = [synonym for owner in self.owners for synonym in returned_attributes(owner)]
        synonyms = dict([*(self.parent.synonyms if self.parent is not None else ()), *known, *self.synonyms])
        has_columns = {column.attribute for column in (*inherited, *self.parts.columns)}
        return Model(
            cls.name,
            table,
            place,
            (*inherited, *self.parts.columns),
            tuple(self.parts.indexes) if table is not None else (),
            tuple(self.parts.constraints) if table is not None else (),
            (*self.relationships, *(self.parent.relationships if self.parent is not None else ())),
            tuple([ClassName(base.closure.module.path, base.name) for base in cls.bases if isinstance(base, ClassValue)]),
            tuple([(name, target) for name, target in synonyms.items() if target in has_columns and name not in has_columns]),
            "class",
            partitioned,
            self.parts.complete,
            of_table,
            self.parent.table if self.parent is not None else None,
            options.convention.get("ix"),
        )

    def _place(self) -> Place:
        node = self.cls.node
        start = self.cls.base + node.start
        return Place(start, self.cls.base + node.end, self.cls.closure.module.path)

    def _variable_of_table(self) -> ClassName | None:
        """The variable that `__table__ = users` names."""
        for statement in self.cls.node.body:
            match statement:
                case code.Assign(targets=(code.Name(id="__table__"), *_), value=value) if value is not None:
                    return variable_of(self.machine, self.cls.closure, value)
                case _:
                    pass
        return None

    # ------------------------------------------------------------------------------------------------------------- columns

    def _columns(self) -> None:
        declared = attributes(self.machine, self.cls, self.owners, farthest_first=self.root == "sqlmodel")
        types = self.reader.types.of_class(self.cls) if any(item.annotation is not None for item in declared) else []
        reader = ColumnReader(self.machine, self.frame, self.parts, types, self.reader.refer(self.frame))
        for attribute in declared:
            if attribute.name in _IGNORED:
                continue
            if self.root == "sqlmodel":
                self._field(reader, attribute)
            else:
                self._attribute(reader, attribute)
        self.reader.names[id(self.cls)] = self.parts.names
        self.reader.calls += self.parts.calls

    def _attribute(self, reader: ColumnReader, attribute: Attribute) -> None:
        value, annotation = column_of_subclass(attribute.value, attribute.statement), attribute.annotation
        if isinstance(value, CallValue):
            kind = last_name(value)
            if kind in _COLUMN_PROPERTIES and value.positional and isinstance(value.positional[0], CallValue):
                value, kind = value.positional[0], last_name(value.positional[0])
                annotation = replace(annotation, nullable=True) if annotation is not None else None
            if kind in COLUMNS and id(value) in self.parts.names:
                self.synonyms.append((attribute.name, self._attribute_of(self.parts.names[id(value)])))  # `a = b = Column()`
            elif kind in COLUMNS:
                reader.column(attribute.name, with_extras(value, annotation), annotation, attribute.statement)
                self.parts.calls.append(value)
                self.parts.names[id(value)] = self.parts.attributes.get(attribute.name, attribute.name)
            elif kind in RELATIONSHIPS:
                self._relationship(attribute, value)
            elif kind in BESIDE and attribute.owner is self.cls:
                self.beside.append((value, attribute.statement))
            elif kind == "composite":
                for item in value.positional:
                    if isinstance(item, CallValue) and last_name(item) in COLUMNS:
                        first = text_of(item.positional[0]) if item.positional else None
                        reader.column(first if isinstance(first, str) else attribute.name, item, None, attribute.statement)
            elif kind == "synonym":
                target = text_of(value.positional[0]) if value.positional else None
                if isinstance(target, str):
                    self.synonyms.append((attribute.name, target))
        elif annotation is not None and annotation.mapped and (not attribute.has_value or not isinstance(value, CallValue)):
            extra = next((item for item in annotation.extras if isinstance(item, CallValue) and last_name(item) in COLUMNS), None)
            if extra is not None:
                reader.column(attribute.name, extra, annotation, attribute.statement)
            elif not self._is_column_type(annotation, reader.types) and (
                annotation.many or annotation.text or self._is_model(annotation.value)
            ):
                self._relationship(attribute, None)
            else:
                reader.annotated(attribute.name, annotation, attribute.statement)

    def _attribute_of(self, name: str) -> str:
        return next((attribute for attribute, column in self.parts.attributes.items() if column == name), name)

    def _field(self, reader: ColumnReader, attribute: Attribute) -> None:
        value, annotation = attribute.value, attribute.annotation
        if isinstance(value, CallValue) and last_name(value) in RELATIONSHIPS:
            self._relationship(attribute, value)
        elif isinstance(value, CallValue) and last_name(value) in COLUMNS:
            reader.column(attribute.name, value, annotation, attribute.statement)
        elif annotation is not None and not annotation.of_class and not attribute.name.startswith("_"):
            call = value if isinstance(value, CallValue) and last_name(value) == "Field" else None
            extra = next((item for item in annotation.extras if isinstance(item, CallValue) and last_name(item) == "Field"), None)
            reader.field(attribute.name, call or extra, annotation, attribute.statement)

    def _is_column_type(self, annotation: Annotation, types: TypeMap) -> bool:
        return isinstance(annotated_type(self.machine, annotation, types), PgType)

    def _is_model(self, value: Value) -> bool:
        return isinstance(value, ClassValue) and (value is self.cls or self.reader.model(value) is not None)

    def _relationship(self, attribute: Attribute, call: CallValue | None) -> None:
        self.relationships.append(
            read_relationship(
                self.machine, self.frame, attribute.name, call, attribute.annotation, attribute.statement, self.parts.names
            )
        )

    def _inherited(self, table: TableName | None) -> tuple[ModelColumn, ...]:
        """The columns of the parent, in its own table where that is another one."""
        if self.parent is None:
            return ()
        own = set(self.parts.attributes)
        same = table == self.parent.table
        return tuple(
            [
                column if same or column.table is not None else replace(column, table=self.parent.table)
                for column in self.parent.columns
                if column.attribute not in own
            ]
        )

    def _take(self, inner: Model, is_declared_here: bool) -> None:
        """Takes over the columns of a `Table` that the class is mapped to."""
        own = set(self.parts.attributes)
        given = {name: in_columns(value) for name, value in self.frame.variables.items() if isinstance(value, Member)}
        named = {found[1]: name for name, found in given.items() if found is not None}
        columns = [replace(column, attribute=named.get(column.attribute, column.attribute)) for column in inner.columns]
        self.parts.columns += [column for column in columns if column.attribute not in own]
        self.parts.attributes.update({column.attribute: str(column.column.name) for column in columns})
        if is_declared_here:
            self.parts.indexes += inner.indexes
            self.parts.constraints += inner.constraints
        self.parts.complete = self.parts.complete and inner.complete

    # --------------------------------------------------------------------------------------------------------------- tables

    def _table_name(self, options: MetaOptions) -> TableName | None:
        name = self._given_name
        if name is None and self.root == "sqlmodel":
            name = self.cls.name.lower()
        elif name is None and self.root == "flask" and self._has_key:
            name = _FLASK_WORDS.sub("_", self.cls.name).lower().lstrip("_")
        elif name is None and self.parent is not None:
            return self.parent.table
        if name is None:
            return None
        _, arguments = self._arguments
        settings = options_of(arguments)
        schema = settings.items.get("schema", options.schema) if settings is not None else options.schema
        given = text_of(schema) if schema is not None else None
        return TableName(name, given)

    @property
    def _has_key(self) -> bool:
        return any(column.primary_key is True for column in self.parts.columns)

    @property
    def _is_single(self) -> bool:
        """Whether the table is the parent's: nothing names another one."""
        named_by_root = self.root == "sqlmodel" or (self.root == "flask" and self._has_key)
        return self._given_name is None and not named_by_root

    @cached_property
    def _given_name(self) -> str | Unknown | None:
        """What `__tablename__` says."""
        giver = self._giver("__tablename__")
        return text_of(self._value(giver, "__tablename__")) if giver is not None else None

    def _giver(self, name: str) -> ClassValue | None:
        """The class whose body gives this one a name. What a class that has a table says as it is it says of its own alone."""
        givers = [owner for owner in lineage(self.cls) if name in class_frame(self.machine, owner).variables]
        return givers[0] if any(self._hands_on(owner, name) for owner in givers) else None

    def _hands_on(self, owner: ClassValue, name: str) -> bool:
        if any(owner is own for own in self.owners):
            return True
        value = self.machine.lookup(class_frame(self.machine, owner), name)
        known = self.reader.model(owner)
        return (isinstance(value, FunctionValue) and value.kind == "declared") or known is None or known.table is None

    def _value(self, owner: ClassValue, name: str) -> Value:
        """What the body of an owner gives this class under a name."""
        value = self.machine.lookup(class_frame(self.machine, owner), name)
        if isinstance(value, FunctionValue):
            if value.kind == "declared":
                return call_declared(self.machine, self.frame, value, self.cls)
            value = BoundMethod(self.cls, value)
        if isinstance(value, BoundMethod):  # a classmethod in place of declared_attr
            return call_class_or_function(self.machine, value.function.closure, value, (), {}, False, None)
        return value

    @cached_property
    def _arguments(self) -> tuple[Place, Value]:
        """`__table_args__`, and the statement that gives it."""
        owner = self._giver("__table_args__")
        if owner is None or (owner is not self.cls and self.parent is not None and self._is_single):
            return self._place(), None
        value = self._value(owner, "__table_args__")
        for statement in owner.node.body:
            match statement:
                case code.Assign(targets=(code.Name(id="__table_args__"), *_)) | code.Function(name="__table_args__"):
                    base, path = owner.base, owner.closure.module.path
                    return Place(base + statement.start, base + statement.end, path), value
                case _:
                    pass
        return self._place(), value

    def _take_arguments(self) -> bool:
        """Takes over indexes and constraints; whether the table is partitioned."""
        statement, arguments = self._arguments
        options = options_of(arguments)
        items: list[Value] = []
        if isinstance(arguments, tuple):
            items = [item for item in arguments if not isinstance(item, DictValue)]
        elif isinstance(arguments, ListValue):
            items = [item for item in arguments.items if not isinstance(item, DictValue)]
            self.parts.complete = self.parts.complete and not arguments.open
        elif arguments is not None and options is None:
            self.parts.complete = False
        inherited = self.parent.columns if self.parent is not None else ()
        columns = names_of_columns([*inherited, *self.parts.columns], self.parts.names, self.parts.reads)
        refer = self.reader.refer(self.frame)
        table_items(items, self.parts, statement, columns, refer, self._places_of_items(statement, len(items)))
        known = {id(item) for item in items}
        for value, beside in (*self.beside, *self._in_body()):
            if id(value) not in known and any(id(part) in self.parts.names for part in values_in(value)):
                table_items([value], self.parts, beside, columns, refer)
        return options is not None and "postgresql_partition_by" in options.items

    def _places_of_items(self, statement: Place, count: int) -> list[Place]:
        """Where the elements of `__table_args__ = (...)` stand, when each is written out there."""
        for node in self.cls.node.body if not statement.path else ():
            match node:
                case code.Assign(targets=(code.Name(id="__table_args__"),), value=code.Sequence(items=items)):
                    if len(items) - isinstance(items[-1] if items else None, code.Dictionary) == count:
                        return [Place(self.cls.base + item.start, self.cls.base + item.end) for item in items]
                case _:
                    pass
        return []

    def _in_body(self) -> Iterator[tuple[CallValue, Place]]:
        """Indexes that the body makes without a name for them."""
        for statement in self.cls.node.body:
            match statement:
                case code.Evaluate(value=code.Call() as node) if code.last_name(code.callee(node)) in BESIDE:
                    value = value_of(self.machine, self.frame, node)
                    if isinstance(value, CallValue):
                        base = self.cls.base
                        yield value, Place(base + statement.start, base + statement.end, self.cls.closure.module.path)
                case _:
                    pass
