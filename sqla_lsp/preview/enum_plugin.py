"""`op.sync_enum_values()` of alembic-postgresql-enum, a plug-in of Alembic: the statements that it sends.

It renames the type, makes it anew with the new labels, makes old and new comparable, moves the columns over and drops what is
not needed any more (watched in release 1.11). Columns that are given as tuples, as early releases wrote them, have defaults that
it asks the database for: of these nothing is known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqla_lsp.preview.objects import NotKnown
from sqla_lsp.readers.arguments import NOT_KNOWN, Arguments, last_name
from sqla_lsp.syntax.items import items_of
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, Value, path_of

NAME = "sync_enum_values"
_ARGUMENTS = ["enum_schema", "enum_name", "new_values", "affected_columns", "enum_values_to_rename", "indexes_to_recreate"]
_REFERENCE = ["table_name", "column_name", "table_schema", "column_type", "existing_server_default"]
_COMPARED = (("!=", "new_old_not_equals"), ("=", "new_old_equals"))


Renamed = Sequence[tuple[str, str]]
"""Old and new labels."""


class _Column(NamedTuple):
    """A column of the enum. Its default is written as Postgres tells it (`'a'::mood`)."""

    table: str
    name: str
    is_array: bool
    default: str | None


def statements(machine: Machine, call: CallValue) -> list[str]:
    """The statements of a call. Raises `NotKnown`."""
    given = Arguments(call, _ARGUMENTS)
    schema, name = _text(given.required("enum_schema")), _text(given.required("enum_name"))
    labels = [_text(label) for label in _items(machine, given.required("new_values"))]
    columns = [_column(value, schema) for value in _items(machine, given.required("affected_columns"))]
    pairs = [_items(machine, pair) for pair in _items(machine, given.get("enum_values_to_rename", ()))]
    if any(len(pair) != 2 for pair in pairs) or _items(machine, given.get("indexes_to_recreate") or ()):
        raise NotKnown(f"what {NAME} sends where indexes are made again is not known")
    return list(_all(schema, name, labels, columns, [(_text(old), _text(new)) for old, new in pairs]))


def _all(schema: str, name: str, labels: Sequence[str], columns: Sequence[_Column], renamed: Renamed) -> Iterator[str]:
    new, old = f'"{schema}"."{name}"', f'"{schema}"."{name}_old"'
    yield f'ALTER TYPE {new} RENAME TO "{name}_old"'
    listed = ", ".join([f"'{label}'" for label in labels])
    yield f"CREATE TYPE {new} AS ENUM ({listed})"
    for operator, function in _COMPARED:
        signature = f'"{schema}".{function}(new_enum_val {new}, old_enum_val {old})'
        body = f"                SELECT new_enum_val::text {operator} {_old_value(renamed)};"
        yield f"CREATE FUNCTION {signature} RETURNS boolean AS $$\n{body}\n            $$ LANGUAGE SQL IMMUTABLE"
        yield f'CREATE OPERATOR "{schema}".{operator} (leftarg = {new}, rightarg = {old}, procedure = "{schema}".{function})'
    for column in columns:
        yield from _moved(column, schema, name, renamed)
    for operator, function in _COMPARED:
        yield f'DROP OPERATOR IF EXISTS "{schema}".{operator} ({new}, {old})'
        yield f'DROP FUNCTION "{schema}".{function}(new_enum_val {new}, old_enum_val {old})'
    yield f"DROP TYPE {old}"


def _old_value(renamed: Renamed) -> str:
    """The label that an old value has in the new type. The lines are those of the plug-in: they are kept in the function."""
    if not renamed:
        return "old_enum_val::text"
    cases = " ".join([f"WHEN old_enum_val::text = '{old}' THEN '{new}'" for old, new in renamed])
    lines = ["CASE", f"                    {cases}", "", "                    ELSE old_enum_val::text", "                END"]
    return "\n".join(lines)


def _cast(column: _Column, made: str, renamed: Renamed) -> str:
    """The value of a column as one of the new type."""
    given = f'"{column.name}"::text'
    if column.is_array:
        given = f"{given}[]"
        for old, new in renamed:
            given = f"array_replace({given}, '{old}', '{new}')"
        return f"{given}::{made}[]"
    if not renamed:
        return f"{given}::{made}"
    cases = " ".join([f"WHEN {given} = '{old}' THEN '{new}'::{made}" for old, new in renamed])
    return f"CASE {cases} ELSE {given}::{made} END"


def _moved(column: _Column, schema: str, name: str, renamed: Renamed) -> Iterator[str]:
    """A column gets the new type; its default is taken away before and given back after."""
    many = "[]" if column.is_array else ""
    changed = f'ALTER TABLE {column.table} ALTER COLUMN "{column.name}"'
    if column.default is not None:
        yield f"{changed} DROP DEFAULT"
    made = f'"{schema}"."{name}"'
    yield f"{changed} TYPE {made}{many} USING {_cast(column, made, renamed)}"
    if column.default is not None:
        plain = column.default.partition("::")[0]
        for old, new in renamed:
            plain = plain.replace(f"'{old}'", f"'{new}'").replace(f'"{old}"', f'"{new}"')
        yield f"{changed} SET DEFAULT {plain}::{schema}.{name}{'[]' if column.default.endswith('[]') else ''}"


def _column(value: Value, schema: str) -> _Column:
    path = path_of(value) or ""
    if (
        not isinstance(value, CallValue)
        or not path.startswith("alembic_postgresql_enum.")
        or last_name(value) != "TableReference"
    ):
        raise NotKnown("what the database answers is not known")
    given = Arguments(value, _REFERENCE)
    kind = last_name(given.get("column_type")) if given.has("column_type") else "COMMON"
    default = given.get("existing_server_default")
    where = given.get("table_schema", schema)
    if not (default is None or isinstance(default, str)) or (isinstance(default, str) and default.startswith("ARRAY[")):
        raise NotKnown("a default is not known")
    prefix = "" if where is None else f'"{_text(where)}".'
    if kind not in ("COMMON", "ARRAY"):
        raise NotKnown("the kind of a column is not known")
    table, name = _text(given.required("table_name")), _text(given.required("column_name"))
    return _Column(f'{prefix}"{table}"', name, kind == "ARRAY", default)


def _items(machine: Machine, value: Value) -> Sequence[Value]:
    items, is_open = items_of(machine, value)
    if is_open:
        raise NotKnown("a list is not known to its end")
    return items


def _text(value: Value) -> str:
    if value is NOT_KNOWN or not isinstance(value, str):
        raise NotKnown("a name is not known")
    return value
