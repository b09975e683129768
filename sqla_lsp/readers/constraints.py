"""Constraints and indexes as values of SQLAlchemy: `UniqueConstraint("a", name="u")`, `Index("i", "a")`, `ForeignKey("t.c")`."""

from __future__ import annotations

from sqla_lsp.readers.arguments import NOT_GIVEN, NOT_KNOWN, Arguments, last_name, names_of, text_of
from sqla_lsp.readers.sql_values import check_of, keys_of, predicate_of, sql_of
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import Constraint, Exclude, Flag, ForeignKey, Index, PrimaryKey, Text, Unique
from sqla_lsp.syntax.values import CallValue, ListValue, Value

FOREIGN_OPTIONS = ("ondelete", "onupdate", "deferrable", "initially", "match")
_STORAGE = ("postgresql_with", "postgresql_tablespace")


def is_call_of(value: Value, *names: str) -> bool:
    """Whether a value is a call of one of SQLAlchemy's classes, by the last part of its name."""
    return isinstance(value, CallValue) and last_name(value) in names


def constraint_of(value: Value) -> Constraint | None:
    """A constraint that stands in a `Table` or `create_table`; None for what is none."""
    if not isinstance(value, CallValue):
        return None
    match last_name(value):
        case "UniqueConstraint":
            return unique_of(value, _columns(value), text_of(value.keywords.get("name")))
        case "PrimaryKeyConstraint":
            return primary_key_of(value, _columns(value), text_of(value.keywords.get("name")))
        case "ForeignKeyConstraint":
            arguments = Arguments(value, ["columns", "refcolumns", "name"])
            target, target_columns = targets_of(arguments.required("refcolumns"))
            return ForeignKey(
                text_of(arguments.get("name")),
                names_of(arguments.required("columns")),
                target,
                target_columns,
                not_valid(arguments),
                foreign_options(arguments),
            )
        case "CheckConstraint":
            arguments = Arguments(value, ["sqltext", "name"])
            return check_of(text_of(arguments.get("name")), sql_of(arguments.required("sqltext")), not_valid(arguments))
        case "ExcludeConstraint":
            return Exclude(text_of(value.keywords.get("name")))
        case _:
            return None


def _columns(call: CallValue) -> tuple[str, ...] | Unknown:
    return NOT_KNOWN if call.open else names_of(call.positional)


def primary_key_of(call: CallValue, columns: tuple[str, ...] | Unknown, name: Text) -> PrimaryKey:
    """A primary key with the options that its call gives."""
    include = call.keywords.get("postgresql_include")
    return PrimaryKey(name, columns, None, () if include is None else names_of(include))


def unique_of(call: CallValue, columns: tuple[str, ...] | Unknown, name: Text) -> Unique:
    """A UNIQUE constraint with the options that its call gives."""
    arguments = Arguments(call, [])
    include = arguments.get("postgresql_include")
    return Unique(
        name,
        columns,
        None,
        () if include is None else names_of(include),
        arguments.flag("deferrable"),
        text_of(arguments.get("initially")) if not call.open else None,
        arguments.flag("postgresql_nulls_not_distinct"),
    )


def not_valid(arguments: Arguments) -> Flag:
    """Whether a constraint is validated when it is made: not with `postgresql_not_valid=True`."""
    flag = arguments.flag("postgresql_not_valid")
    return flag if isinstance(flag, Unknown) else not flag


def foreign_options(arguments: Arguments) -> tuple[tuple[str, str], ...]:
    """ondelete, onupdate and so on, where they are known."""
    options: list[tuple[str, str]] = []
    for name in FOREIGN_OPTIONS:
        value = arguments.get(name) if arguments.has(name) else None
        if isinstance(value, bool):
            options += [(name, "true")] if value else []
        elif isinstance(value, str) and value.upper() != "NO ACTION":
            options.append((name, value))
    return tuple(options)


def targets_of(value: Value) -> tuple[TableName, tuple[str, ...] | Unknown]:
    """The table and the columns that `["schema.table.column", ...]` names."""
    items: list[Value] = list(value) if isinstance(value, tuple) else value.items if isinstance(value, ListValue) else []
    if not items:
        return TableName(NOT_KNOWN), NOT_KNOWN
    targets = [target_of(item) for item in items]
    columns = [column for _, column in targets]
    known = tuple([column for column in columns if isinstance(column, str)])
    return targets[0][0], known if len(known) == len(columns) else NOT_KNOWN


def target_of(value: Value) -> tuple[TableName, str | Unknown]:
    """The table and the column that `"schema.table.column"` names."""
    text = text_of(value)
    if not isinstance(text, str):
        return TableName(NOT_KNOWN), NOT_KNOWN
    *schema, table, column = (
        ["", *text.rsplit(".", 2)] if text.count(".") == 1 else text.rsplit(".", 2) if "." in text else [text, ""]
    )
    return TableName(table, schema[0] if schema and schema[0] else None), column or NOT_KNOWN


def foreign_key_of(call: CallValue, column: str | Unknown) -> ForeignKey:
    """A `ForeignKey` inside of a column."""
    arguments = Arguments(call, ["column", "_constraint"])
    target, target_column = target_of(arguments.required("column"))
    return ForeignKey(
        text_of(arguments.get("name")),
        NOT_KNOWN if isinstance(column, Unknown) else (column,),
        target,
        NOT_KNOWN if isinstance(target_column, Unknown) else (target_column,),
        not_valid(arguments),
        foreign_options(arguments),
    )


def index_of(call: CallValue, name: Text, elements: Value) -> Index:
    """An index from `Index(...)` or `create_index(...)`, whose options are keywords of the call."""
    arguments = Arguments(call, [])
    given = call.keywords
    include = given.get("postgresql_include")
    where, where_columns = predicate_of(given.get("postgresql_where"))
    method = text_of(given.get("postgresql_using"))
    if call.open_keywords:
        where, where_columns = (where, where_columns) if "postgresql_where" in given else (NOT_KNOWN, None)
        include = given.get("postgresql_include", NOT_KNOWN)
        method = method if "postgresql_using" in given else NOT_KNOWN
    return Index(
        name,
        keys_of(elements, given.get("postgresql_ops")),
        arguments.flag("unique"),
        "btree" if method is None else method if isinstance(method, Unknown) else method.lower(),
        () if include is None else names_of(include),
        where,
        where_columns,
        arguments.flag("postgresql_nulls_not_distinct"),
        stored_otherwise=any(name in given for name in _STORAGE),
    )


def index_in_table(call: CallValue) -> Index:
    """An `Index("name", "a", "b")` among the elements of a table."""
    if not call.positional:
        return Index(text_of(call.keywords.get("name", NOT_GIVEN)), NOT_KNOWN)
    elements: Value = NOT_KNOWN if call.open else tuple(call.positional[1:])
    return index_of(call, text_of(call.positional[0]), elements)
