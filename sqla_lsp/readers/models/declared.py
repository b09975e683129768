"""Columns, indexes and constraints out of the values that declare them: `Column(...)`, `mapped_column(...)`, SQLModel's
`Field(...)`, `Index(...)`, `UniqueConstraint(...)`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from dataclasses import replace as replace_column

from msgspec.structs import replace

from sqla_lsp.postgres.naming import Convention, constraint_name, given_name, index_name
from sqla_lsp.readers.arguments import NOT_KNOWN, Arguments, last_name, text_of
from sqla_lsp.readers.columns import ReadColumn, column_in_table, column_of
from sqla_lsp.readers.constraints import constraint_of, index_of, target_of
from sqla_lsp.readers.models.annotations import Annotation, TypeChoice, annotated_type, is_enumeration
from sqla_lsp.schema.models import ModelColumn, ModelConstraint, ModelIndex
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import Column, Constraint, ForeignKey, Index, Key, PrimaryKey, Unique
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax import code
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, Instance, ListValue, Member, Symbol, Value
from sqla_lsp.text.places import Place

COLUMNS = frozenset({"Column", "mapped_column"})
_COLUMN = Symbol("sqlalchemy.column")
_NOWHERE = Place(0, 0)
TypeMap = list[TypeChoice]


@dataclass(frozen=True)
class MetaOptions:
    """What a `MetaData` says of its tables."""

    convention: Convention = field(default_factory=dict)
    schema: str | Unknown | None = None


OWN = "\0"
"""In the target of a foreign key, the table at hand."""


@dataclass
class Parts:
    """What a table is made of, as it is read. `names` gives the columns by the identity of the calls that make them, and `calls`
    keeps these."""

    columns: list[ModelColumn] = field(default_factory=list)
    indexes: list[ModelIndex] = field(default_factory=list)
    constraints: list[ModelConstraint] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    calls: list[CallValue] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    reads: dict[str, ReadColumn] = field(default_factory=dict)
    """What the calls of columns say, by their names in the database."""
    complete: bool = True


def keyword_place(call: CallValue, keyword: str, otherwise: Place) -> Place:
    """Where a keyword of a call stands."""
    node = call.node
    for argument in node.arguments if node is not None else ():
        if argument.keyword == keyword:
            base = call.place.start - node.start  # type: ignore[union-attr]
            return Place(base + argument.start, base + argument.end, call.place.path)
    return otherwise


Refer = Callable[[Value, code.Expression | None, dict[int, str]], str | None]
"""Names the column that a foreign key is given as an object: "schema.table.column"."""


def _referring(read: ReadColumn, refer: Refer, names: dict[int, str]) -> ReadColumn:
    """A column whose foreign keys name what they were given as objects."""
    keys = []
    for call, foreign in read.foreign_keys:
        given = call.positional[0] if call.positional else call.keywords.get("column")
        text = None if given is None or isinstance(given, str) else refer(given, _argument_node(call, 0), names)
        keys.append((call, foreign if text is None else foreign_key_to(foreign, text)))
    return replace_column(read, foreign_keys=tuple(keys)) if keys else read


def _argument_node(call: CallValue, at: int) -> code.Expression | None:
    node = call.node
    return node.arguments[at].value if node is not None and len(node.arguments) > at else None


def foreign_key_to(foreign: ForeignKey, *texts: str) -> ForeignKey:
    """A foreign key to columns of one table, which are named in full."""
    targets = [target_of(text) for text in texts]
    columns = tuple([column for _, column in targets if isinstance(column, str)])
    return replace(foreign, target=targets[0][0], target_columns=columns)


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
        if read is not None:
            read = _referring(read, self.refer, self.parts.names)
        if read is None:
            self.parts.complete = False
            return
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
            if "nullable" not in call.keywords and read.primary_key is not True:
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
        place = call.place if statement.path == call.place.path and _within(call.place, statement) else statement
        self.parts.names[id(call)] = str(column.name)
        self.parts.calls.append(call)
        self.parts.reads[str(column.name)] = read
        self._note(ModelColumn(attribute, column, place, statement, None, read.primary_key, is_enum))
        self._brought(str(column.name), read.index, read.unique, call, statement)
        for part, foreign in read.foreign_keys:
            self.foreign(replace(foreign, columns=(str(column.name),)), part.place, statement)
        for part, check in read.checks:
            self.parts.constraints.append(ModelConstraint(check, _shown(part.place, statement), statement, "CheckConstraint"))

    def _note(self, column: ModelColumn) -> None:
        self.parts.columns.append(column)
        self.parts.attributes[column.attribute] = str(column.column.name)

    def _brought(self, name: str, index: object, unique: object, call: CallValue, statement: Place) -> None:
        """`index=True` and `unique=True`."""
        shown = _shown(call.place, statement)
        if index is True:
            place = _shown(keyword_place(call, "index", shown), statement)
            made = Index(None, (Key(name),), unique if isinstance(unique, Unknown) else bool(unique))
            self.parts.indexes.append(ModelIndex(made, place, statement, "index=True"))
        elif unique is True:
            place = _shown(keyword_place(call, "unique", shown), statement)
            self.parts.constraints.append(ModelConstraint(Unique(None, (name,)), place, statement, "unique=True"))
        if isinstance(index, Unknown) or isinstance(unique, Unknown):
            self.parts.complete = False

    def foreign(self, foreign: ForeignKey, place: Place, statement: Place) -> None:
        """A foreign key of a column."""
        self.parts.constraints.append(ModelConstraint(foreign, _shown(place, statement), statement, "ForeignKey"))

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
        made = CallValue(Symbol("sqlalchemy.Column"), (attribute, *positional, *more), keywords, place, node=node)
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
    return replace_column(annotation, mapped=True)


def _within(place: Place, around: Place) -> bool:
    return around.start <= place.start and place.end <= around.end


def _shown(place: Place, statement: Place) -> Place:
    """A place in the statement, else the statement: what a helper makes is shown where it is called."""
    return place if place.path == statement.path and _within(place, statement) else statement


# -------------------------------------------------------------------------------------------------------- table arguments


def table_items(
    items: Iterable[Value], parts: Parts, statement: Place, aliases: dict[str, str], refer: Refer, labels: Labels
) -> None:
    """Indexes and constraints among the elements of a table. `aliases` are the database's names of columns by the attributes and
    keys that they have."""
    for item in items:
        if isinstance(item, CallValue):
            made = declared_index(item, parts.names, aliases, labels)
            if made is not None:
                parts.indexes.append(ModelIndex(made[0], _shown(made[1], statement), statement))
                continue
            kind = last_name(item)
            if kind == "ddl_if":
                continue
            constraint = constraint_of(named(item, parts.names, aliases, labels))
            if constraint is not None:
                if isinstance(constraint, ForeignKey) and isinstance(constraint.target_columns, Unknown):
                    constraint = _aimed_at_objects(item, constraint, parts.names, refer)
                parts.constraints.append(
                    ModelConstraint(_renamed(constraint, aliases), _shown(item.place, statement), statement, kind)
                )
                continue
            if kind in COLUMNS or kind in ("Comment", "ExcludeConstraint"):
                continue
        elif last_name(item) == "__table_args__":
            continue  # of a base from outside: only options may stand there
        parts.complete = False


def _aimed_at_objects(call: CallValue, foreign: ForeignKey, names: dict[int, str], refer: Refer) -> ForeignKey:
    """`ForeignKeyConstraint(["a"], [users.c.id])`."""
    given = Arguments(call, ["columns", "refcolumns"]).get("refcolumns")
    items = list(given) if isinstance(given, tuple) else given.items if isinstance(given, ListValue) else []
    node = _argument_node(call, 1)
    nodes = node.items if isinstance(node, code.Sequence) and len(node.items) == len(items) else [None] * len(items)
    texts = [item if isinstance(item, str) else refer(item, at, names) for item, at in zip(items, nodes, strict=True)]
    known = [text for text in texts if text is not None]
    return foreign_key_to(foreign, *known) if known and len(known) == len(texts) else foreign


def declared_index(
    value: CallValue, names: dict[int, str], aliases: dict[str, str], labels: Labels
) -> tuple[Index, Place] | None:
    """An `Index(...)`, also behind `.ddl_if(...)`; None for what is none or is made on another database alone."""
    call: Value = value
    while isinstance(call, CallValue) and last_name(call) == "ddl_if" and isinstance(call.function, Member):
        dialect = Arguments(call, ["dialect"]).get("dialect")
        if isinstance(dialect, str) and dialect != "postgresql":
            return None
        call = call.function.base
    if not isinstance(call, CallValue) or last_name(call) != "Index":
        return None
    if not call.positional:
        return Index(text_of(call.keywords.get("name")), NOT_KNOWN), call.place
    rewritten = named(call, names, aliases, labels)
    elements: Value = NOT_KNOWN if call.open else tuple(rewritten.positional[1:])
    index = index_of(rewritten, text_of(rewritten.positional[0]), elements)
    return _index_renamed(index, aliases), call.place


def _index_renamed(index: Index, aliases: dict[str, str]) -> Index:
    keys = index.keys
    if isinstance(keys, tuple):
        keys = tuple([replace(k, column=aliases.get(k.column, k.column)) if isinstance(k.column, str) else k for k in keys])
    include = tuple([aliases.get(name, name) for name in index.include]) if isinstance(index.include, tuple) else index.include
    return replace(index, keys=keys, include=include)


def _renamed(constraint: Constraint, aliases: dict[str, str]) -> Constraint:
    columns = getattr(constraint, "columns", None)
    if not isinstance(columns, tuple) or not isinstance(constraint, Unique | PrimaryKey | ForeignKey):
        return constraint
    return replace(constraint, columns=tuple([aliases.get(name, name) for name in columns]))


Labels = dict[str, tuple[str, ...]]
"""The labels of columns of an enum type."""


def labels_of(columns: Iterable[ModelColumn]) -> Labels:
    """The labels of columns of an enum type, by their names."""
    return {
        str(column.column.name): column.column.type.labels
        for column in columns
        if isinstance(column.column.type, PgType) and column.column.type.labels is not None
    }


def _with_labels(call: CallValue, labels: Labels) -> CallValue:
    """A comparison of a column with members of an enum, which stand for their labels, or for their values in columns of text."""
    base = call.function.base if isinstance(call.function, Member) else None
    sides = [item for item in (base, *call.positional) if isinstance(item, CallValue) and item.function is _COLUMN]
    if not sides:
        return call
    known = labels.get(str(sides[0].positional[0]))

    def label(value: Value) -> Value:
        if isinstance(value, tuple):
            return tuple([label(item) for item in value])
        if isinstance(value, ListValue):
            return ListValue([label(item) for item in value.items], value.open, value.is_set, value.arms)
        if not isinstance(value, Instance) or value.enum_name is None:
            return value
        return value.enum_name if known is not None and value.enum_name in known else value.enum_value

    call.positional = tuple([label(item) for item in call.positional])
    return call


def named(call: CallValue, names: dict[int, str], aliases: dict[str, str], labels: Labels) -> CallValue:
    """A call in whose arguments `column("name")` stands for every column object and attribute of the class."""

    def of(value: Value, depth: int) -> Value:
        if depth > 12:
            return value
        if isinstance(value, CallValue):
            name = names.get(id(value))
            if name is not None:
                return CallValue(_COLUMN, (name,), {}, value.place)
            positional = tuple([of(item, depth + 1) for item in value.positional])
            keywords = {key: of(item, depth + 1) for key, item in value.keywords.items()}
            function = value.function
            if isinstance(function, Member):
                function = Member(of(function.base, depth + 1), function.name)
            made = CallValue(function, positional, keywords, value.place, value.open, value.open_keywords, value.node)
            return _with_labels(made, labels)
        if isinstance(value, Member):
            of_table = isinstance(value.base, Member) and value.base.name in ("c", "columns")
            if of_table or not isinstance(value.base, Symbol | Member):
                name = aliases.get(value.name)
                if name is not None:
                    return CallValue(_COLUMN, (name,), {}, call.place)
            return Member(of(value.base, depth + 1), value.name)
        if isinstance(value, tuple):
            return tuple([of(item, depth + 1) for item in value])
        if isinstance(value, ListValue):
            return ListValue([of(item, depth + 1) for item in value.items], value.open, value.is_set, value.arms)
        return value

    rewritten = of(call, 0)
    assert isinstance(rewritten, CallValue)
    return rewritten


# ------------------------------------------------------------------------------------------------------------------ names


def finished(parts: Parts, table: TableName, options: MetaOptions) -> None:
    """Makes the primary key of the columns that say so, and gives everything the name that it has in the database."""
    parts.columns.sort(key=lambda column: _sort_order(parts.reads.get(str(column.column.name))))
    keys = [column for column in parts.columns if column.primary_key is True and column.table is None]
    has_key = any(isinstance(declared.constraint, PrimaryKey) for declared in parts.constraints)
    if keys and not has_key:
        columns = tuple([str(column.column.name) for column in keys])
        first = keys[0]
        parts.constraints.insert(0, ModelConstraint(PrimaryKey(None, columns), first.place, first.statement, "primary_key=True"))
    _settle_key(parts)
    convention = options.convention
    parts.constraints = [_aimed(declared, table, options.schema) for declared in parts.constraints]
    parts.indexes = [_named_index(declared, table, convention) for declared in parts.indexes]
    parts.constraints = [_named_constraint(declared, table, convention) for declared in parts.constraints]


def _aimed(declared: ModelConstraint, table: TableName, schema: str | Unknown | None) -> ModelConstraint:
    """A foreign key whose target is named in full: a name without a schema means the schema of the metadata."""
    foreign = declared.constraint
    if not isinstance(foreign, ForeignKey) or foreign.target.schema is not None:
        return declared
    target = table if foreign.target.name == OWN else replace(foreign.target, schema=schema)
    return replace(declared, constraint=replace(foreign, target=target))


def _sort_order(read: ReadColumn | None) -> int:
    order = read.call.keywords.get("sort_order") if read is not None else None
    return order if isinstance(order, int) else 0


def _settle_key(parts: Parts) -> None:
    """Columns of the primary key are NOT NULL, and SERIAL where one is the whole key and makes its own values."""
    keys = [declared.constraint.columns for declared in parts.constraints if isinstance(declared.constraint, PrimaryKey)]
    key = keys[0] if keys and isinstance(keys[0], tuple) else ()
    references = frozenset(
        [
            name
            for declared in parts.constraints
            if isinstance(declared.constraint, ForeignKey) and isinstance(declared.constraint.columns, tuple)
            for name in declared.constraint.columns
        ]
    )
    for at, column in enumerate(parts.columns):
        name = column.column.name
        if column.table is not None or not isinstance(name, str) or name not in key:
            continue
        read = parts.reads.get(name)
        made = replace(column.column, nullable=False)
        if read is not None:
            made = column_in_table(replace_column(read, column=column.column), key, references)
        parts.columns[at] = replace(column, column=made, primary_key=True)


def _named_index(declared: ModelIndex, table: TableName, convention: Convention) -> ModelIndex:
    if declared.index.name is not None:
        return declared
    return replace(declared, index=replace(declared.index, name=index_name(table, declared.index, convention)))


def _named_constraint(declared: ModelConstraint, table: TableName, convention: Convention) -> ModelConstraint:
    constraint = declared.constraint
    if isinstance(constraint.name, str):
        name: str | None = given_name(table, constraint, constraint.name, convention)
    elif constraint.name is None:
        name = constraint_name(table, constraint, convention)
    else:
        return declared
    return replace(declared, constraint=replace(constraint, name=name))
