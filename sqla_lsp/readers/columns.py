"""`Column(...)` as a value of SQLAlchemy, and what it brings along: constraints and indexes of its own."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from sqla_lsp.readers.arguments import NOT_GIVEN, NOT_KNOWN, Arguments, last_name, text_of
from sqla_lsp.readers.constraints import constraint_of, foreign_key_of, is_call_of
from sqla_lsp.readers.sql_values import computed, default_of
from sqla_lsp.readers.sqlalchemy_types import type_of
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.tables import Check, Column, Default, Flag, ForeignKey
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, ClassValue, Instance, Member, Symbol, Value

COLUMN_CALLS = ("Column", "mapped_column")
_PARTS = frozenset({"ForeignKey", "CheckConstraint", "Identity", "Computed", "Sequence", "FetchedValue", "DefaultClause"})
_SERIAL = frozenset({"int", "bigint", "smallint"})


class ReadColumn(msgspec.Struct, frozen=True):
    """A column and what its call says beside it."""

    column: Column
    call: CallValue
    foreign_keys: tuple[tuple[CallValue, ForeignKey], ...] = ()
    checks: tuple[tuple[CallValue, Check], ...] = ()
    index: Flag = False
    unique: Flag = False
    primary_key: Flag = False
    type_check: Check | None = None


def column_of(machine: Machine, frame: Frame, value: Value) -> ReadColumn | None:
    """What a `Column(...)` says; None for a value that is none."""
    if not isinstance(value, CallValue) or last_name(value) not in COLUMN_CALLS:
        return None
    name, kind, parts = _parts(value)
    arguments = Arguments(value, [])
    column_name = NOT_GIVEN if name is None else text_of(name)
    if column_name is None:
        column_name = NOT_GIVEN
    pg_type = NOT_KNOWN if kind is None else type_of(machine, frame, kind)
    primary = arguments.flag("primary_key")
    default = _default(parts, value)
    if _is_serial(pg_type, default, primary, parts, value):
        assert isinstance(pg_type, PgType)
        pg_type = PgType(pg_type.name, serial=True)
    return ReadColumn(
        Column(column_name, pg_type, _nullable(arguments, primary, default), default, text_of(value.keywords.get("comment"))),
        value,
        tuple([(part, foreign_key_of(part, column_name)) for part in parts if is_call_of(part, "ForeignKey")]),
        tuple([(part, check) for part in parts if isinstance(check := constraint_of(part), Check)]),
        arguments.flag("index"),
        arguments.flag("unique"),
        primary,
        check_of_type(kind, column_name),
    )


def check_of_type(kind: Value, column: str | Unknown) -> Check | None:
    """The CHECK that a type brings along: `Enum(..., native_enum=False, create_constraint=True)` does, `Boolean` not on
    Postgres."""
    if not is_call_of(kind, "Enum") or not isinstance(kind, CallValue):
        return None
    if kind.keywords.get("native_enum") is not False or kind.keywords.get("create_constraint") is not True:
        return None
    columns = (column,) if isinstance(column, str) else None
    return Check(text_of(kind.keywords.get("name")), Unknown("the labels of the type"), columns)


def _parts(call: CallValue) -> tuple[Value, Value, list[CallValue]]:
    """Name, type and the other positional arguments of a column."""
    rest = list(call.positional)
    name: Value = call.keywords.get("name")
    kind: Value = call.keywords.get("type_")
    if rest and name is None and not _is_type_or_part(rest[0]):
        name = rest.pop(0)
    if rest and kind is None and not _is_part(rest[0]):
        kind = rest.pop(0)
    if call.open and kind is None:
        kind = NOT_KNOWN
    return name, kind, [part for part in rest if isinstance(part, CallValue) and _is_part(part)]


def _is_part(value: Value) -> bool:
    return isinstance(value, CallValue) and last_name(value) in _PARTS


def _is_type_or_part(value: Value) -> bool:
    if isinstance(value, CallValue):
        return last_name(value) not in ("quoted_name", "f", "conv")
    if isinstance(value, Member):
        return value.name[:1].isupper()  # `db.Integer`
    return isinstance(value, Symbol | ClassValue | Instance) and not (isinstance(value, Instance) and value.enum_name)


def _default(parts: list[CallValue], call: CallValue) -> Default | None:
    for part in parts:
        if last_name(part) in ("Identity", "Computed"):
            return computed(part)
    default = default_of(call.keywords.get("server_default"))
    return Default(NOT_KNOWN) if default is None and call.open and "server_default" not in call.keywords else default


def _nullable(arguments: Arguments, primary: Flag, default: Default | None) -> Flag:
    if arguments.has("nullable"):
        value = arguments.get("nullable")
        return value if isinstance(value, bool) else NOT_KNOWN
    if isinstance(primary, Unknown) or arguments.call.open:
        return NOT_KNOWN
    return not primary and not (default is not None and default.kind == "identity")


def _is_serial(
    pg_type: PgType | Unknown, default: Default | None, primary: Flag, parts: list[CallValue], call: CallValue
) -> bool:
    """Whether SQLAlchemy renders SERIAL: an integer primary key without a foreign key and without a default of its own."""
    if not isinstance(pg_type, PgType) or pg_type.name not in _SERIAL or pg_type.dimensions or default is not None:
        return False
    autoincrement = call.keywords.get("autoincrement", "auto")
    has_foreign_key = any(is_call_of(part, "ForeignKey") for part in parts)
    has_default = call.keywords.get("default") is not None
    automatic = (
        primary is True
        and not has_default
        and (autoincrement == "ignore_fk" or (autoincrement == "auto" and not has_foreign_key))
    )
    return autoincrement is True or automatic


def column_in_table(read: ReadColumn, key: tuple[str, ...], references: frozenset[str]) -> Column:
    """A column as its table makes it: one of the primary key is NOT NULL whatever its own call says, and SERIAL only where it is
    the whole key. `references` are the columns of foreign keys that stand beside the columns."""
    column = read.column
    if column.name not in key:
        return column
    pg_type = column.type
    if isinstance(pg_type, PgType):
        parts = [part for part in read.call.positional if isinstance(part, CallValue)]
        serial = _is_serial(pg_type, column.default, len(key) == 1 and column.name not in references, parts, read.call)
        pg_type = replace(pg_type, serial=serial)
    return replace(column, type=pg_type, nullable=False)
