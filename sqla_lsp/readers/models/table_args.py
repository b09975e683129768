"""Indexes and constraints among the elements of a table: `__table_args__`, the arguments of `Table(...)`, `Index(...)` beside
a class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from sqla_lsp.readers.arguments import NOT_KNOWN, Arguments, last_name, text_of
from sqla_lsp.readers.columns import ReadColumn
from sqla_lsp.readers.constraints import constraint_of, index_of
from sqla_lsp.readers.models.parts import COLUMNS, Parts, Refer, argument_node, foreign_key_to, in_columns, shown
from sqla_lsp.schema.models import ModelColumn, ModelConstraint, ModelIndex
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.tables import Constraint, ForeignKey, Index, PrimaryKey, Unique
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax import code
from sqla_lsp.syntax.values import CallValue, DictValue, Instance, ListValue, Member, Symbol, Value
from sqla_lsp.text.places import Place

_COLUMN = Symbol("sqlalchemy.column")
BESIDE = frozenset({"Index", "UniqueConstraint", "PrimaryKeyConstraint"})
"""What attaches itself to the table of the column objects that it is given."""


def table_items(
    items: Iterable[Value], parts: Parts, statement: Place, columns: Names, refer: Refer, places: Sequence[Place] = ()
) -> None:
    """Indexes and constraints among the elements of a table. `places` are those of the elements in the statement, which count
    where a helper elsewhere makes one."""
    for at, item in enumerate(items):
        around = places[at] if at < len(places) else statement
        if isinstance(item, CallValue):
            made = declared_index(item, columns)
            if made is not None:
                parts.indexes.append(ModelIndex(made[0], shown(made[1], around), statement))
                continue
            kind = last_name(item)
            if kind == "ddl_if":
                continue
            constraint = constraint_of(named(item, columns))
            if constraint is not None:
                if isinstance(constraint, ForeignKey) and isinstance(constraint.target_columns, Unknown):
                    constraint = _aimed_at_objects(item, constraint, columns.calls, refer)
                parts.constraints.append(
                    ModelConstraint(_renamed(constraint, columns), shown(item.place, around), statement, kind)
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
    node = argument_node(call, 1)
    nodes = node.items if isinstance(node, code.Sequence) and len(node.items) == len(items) else [None] * len(items)
    texts = [item if isinstance(item, str) else refer(item, at, names) for item, at in zip(items, nodes, strict=True)]
    known = [text for text in texts if text is not None]
    return foreign_key_to(foreign, *known) if known and len(known) == len(texts) else foreign


def declared_index(value: CallValue, columns: Names) -> tuple[Index, Place] | None:
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
    rewritten = named(call, columns)
    elements: Value = NOT_KNOWN if call.open else tuple(rewritten.positional[1:])
    index = index_of(rewritten, text_of(rewritten.positional[0]), elements)
    return _index_renamed(index, columns), call.place


def _index_renamed(index: Index, columns: Names) -> Index:
    aliases = columns.keys
    keys = index.keys
    if isinstance(keys, tuple):
        keys = tuple([replace(k, column=aliases.get(k.column, k.column)) if isinstance(k.column, str) else k for k in keys])
    include = tuple([aliases.get(name, name) for name in index.include]) if isinstance(index.include, tuple) else index.include
    return replace(index, keys=keys, include=include)


def _renamed(constraint: Constraint, known: Names) -> Constraint:
    columns = getattr(constraint, "columns", None)
    if not isinstance(columns, tuple) or not isinstance(constraint, Unique | PrimaryKey | ForeignKey):
        return constraint
    return replace(constraint, columns=tuple([known.keys.get(name, name) for name in columns]))


def values_in(value: Value, depth: int = 0) -> list[Value]:
    """A value and all values in it."""
    found: list[Value] = [value]
    if depth > 12:
        return found
    if isinstance(value, CallValue):
        for item in (*value.positional, *value.keywords.values()):
            found += values_in(item, depth + 1)
        if isinstance(value.function, Member):
            found += values_in(value.function.base, depth + 1)
    elif isinstance(value, Member):
        found += values_in(value.base, depth + 1)
    elif isinstance(value, tuple):
        for item in value:
            found += values_in(item, depth + 1)
    return found


Labels = dict[str, tuple[str, ...]]
"""The labels of columns of an enum type."""


@dataclass(frozen=True)
class Names:
    """What the columns of a table are named by: their names in the database by the identity of the calls that make them
    (`calls`), by attribute, and by the keys that strings mean."""

    calls: dict[int, str]
    attributes: dict[str, str]
    keys: dict[str, str]
    labels: Labels


def names_of_columns(columns: Sequence[ModelColumn], calls: dict[int, str], reads: dict[str, ReadColumn]) -> Names:
    """The names of columns. A string is the key of a column, which is its name where nothing else is said."""
    attributes = {column.attribute: str(column.column.name) for column in columns}
    named = {str(column.column.name) for column in columns}
    given = {key: name for name, read in reads.items() if isinstance(key := read.call.keywords.get("key"), str)}
    keys = {attribute: name for attribute, name in attributes.items() if attribute not in named} | given
    labels = {
        str(column.column.name): column.column.type.labels
        for column in columns
        if isinstance(column.column.type, PgType) and column.column.type.labels is not None
    }
    return Names(calls, attributes, keys, labels)


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


def named(call: CallValue, columns: Names) -> CallValue:
    """A call in whose arguments `column("name")` stands for every column object and attribute of the class."""

    names, aliases = columns.calls, columns.attributes

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
            return _with_labels(made, columns.labels)
        if isinstance(value, Member):
            if in_columns(value) is not None or not isinstance(value.base, Symbol | Member):
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


def options_of(arguments: Value) -> DictValue | None:
    """The dictionary of `__table_args__`, which is all of it or its end."""
    last = arguments
    if isinstance(arguments, tuple) and arguments:
        last = arguments[-1]
    elif isinstance(arguments, ListValue) and arguments.items:
        last = arguments.items[-1]
    return last if isinstance(last, DictValue) else None
