"""Operations as short lines that can be compared, whichever way they were found. "?" stands for what one side does not know."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqla_lsp.postgres.sql import read_sql
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.operations import AnyOperation, Site
from sqla_lsp.schema.tables import Check, Column, Constraint, Default, Exclude, ForeignKey, Index, Key, PrimaryKey, Unique
from sqla_lsp.schema.types import PgType
from sqla_lsp.text.places import Place

Line = tuple[str, ...]
_SITE = Site(Place(0, 0), Place(0, 0), "")
_LEFT_OUT = frozenset({"INSERT", "UPDATE", "DELETE", "SELECT", "COMMENT", "COMMIT", "ROLLBACK", "BEGIN", "WITH", "MERGE"})


def line_of(operation: AnyOperation, autocommit: bool | None) -> list[Line]:
    """An operation as a line: its kind, whether it runs in autocommit, and its parts. Data and comments are none."""
    if isinstance(operation, ops.NotKnown) or (isinstance(operation, ops.OtherStatement) and operation.kind in _LEFT_OUT):
        return []
    where = "?" if autocommit is None else "auto" if autocommit else "tx"
    return [(type(operation).__name__, where, *map(_flat, _parts(operation)))]


def _flat(part: str) -> str:
    return " ".join(part.split())


def _parts(operation: Any) -> list[str]:
    match operation:
        case ops.CreateTable(_, table, columns, constraints):
            stated = [_column(column) for column in columns]
            more = sorted(_constraint(constraint) for constraint in constraints)
            return [_table(table), *(stated if operation.complete else []), *(more if operation.complete else ["…"])]
        case ops.DropTable(_, table):
            return [_table(table)]
        case ops.RenameTable(_, table, to):
            return [_table(table), _text(to)]
        case ops.AddColumn(_, table, column):
            return [_table(table), _column(column)]
        case ops.DropColumn(_, table, column):
            return [_table(table), _text(column)]
        case ops.RenameColumn(_, table, column, to):
            return [_table(table), _text(column), _text(to)]
        case ops.AlterType(_, table, column, to, _, using):
            return [_table(table), _text(column), _type(to), "" if using is None else _expression(using)]
        case ops.SetNullable(_, table, column, nullable):
            return [_table(table), _text(column), _text(nullable)]
        case ops.SetDefault(_, table, column, default):
            return [_table(table), _text(column), _default(default)]
        case ops.CreateIndex(_, table, index, concurrently, if_not_exists):
            return [_table(table), _index(index), _flag(concurrently), _flag(if_not_exists)]
        case ops.DropIndex(_, name, schema, _, concurrently, if_exists):
            return [_text(name), _text(schema), _flag(concurrently), _flag(if_exists)]
        case ops.AddConstraint(_, table, constraint):
            return [_table(table), _constraint(constraint)]
        case ops.DropConstraint(_, table, name):
            return [_table(table), _name(name)]
        case ops.Setting(_, name, value, local):
            return [name, _text(value), _flag(local)]
        case ops.CreateType(_, made):
            return [_type(made), "?" if made.labels is None else ",".join(made.labels)]
        case ops.OtherStatement(_, kind):
            return [kind]
        case _:
            return [_text(getattr(operation, name)) for name in operation.__struct_fields__[1:]]


def _text(value: object) -> str:
    if isinstance(value, TableName):
        return _table(value)
    return "?" if isinstance(value, Unknown) else "" if value is None else str(value)


def _name(value: object) -> str:
    """A name that a convention gives is "?": only a run knows the convention."""
    return "?" if value is None else _text(value)


def _flag(value: object) -> str:
    return "?" if isinstance(value, Unknown) else "yes" if value else "no"


def _table(table: TableName) -> str:
    return f"{_text(table.schema)}.{_text(table.name)}"


def _type(kind: PgType | Unknown) -> str:
    if isinstance(kind, Unknown):
        return "?"
    return ("serial " if kind.serial else "") + str(kind).replace("datetime", "timestamp")  # sa.DATETIME, which Postgres has not


def _column(column: Column) -> str:
    null = {True: "NULL", False: "NOT NULL"}.get(column.nullable, "?") if isinstance(column.nullable, bool) else "?"
    return f"{_text(column.name)}|{_type(column.type)}|{null}|{_default(column.default)}"


def _default(default: Default | Unknown | None) -> str:
    if default is None:
        return "no default"
    if isinstance(default, Unknown):
        return "?"
    return f"{default.kind}({'' if default.kind == 'identity' else _expression(default.sql)})"


@lru_cache(maxsize=10_000)
def _expression(sql: str | Unknown) -> str:
    """An expression as Postgres's parser writes it."""
    if isinstance(sql, Unknown):
        return "?"
    read = read_sql(f"ALTER TABLE t ADD CHECK ({sql})", _SITE, binds=False)
    if len(read) == 1 and isinstance(read[0], ops.AddConstraint) and isinstance(read[0].constraint, Check):
        return _text(read[0].constraint.sql)
    return sql


def _columns(columns: tuple[str, ...] | Unknown) -> str:
    return "?" if isinstance(columns, Unknown) else ",".join(columns)


def _constraint(constraint: Constraint) -> str:
    match constraint:
        case Unique(name, columns, index, include, deferrable, initially, distinct):
            parts = [
                _columns(columns),
                _text(index),
                _columns(include),
                _flag(deferrable),
                _text(initially).upper(),
                _flag(distinct),
            ]
        case PrimaryKey(name, columns, index):
            parts = [_columns(columns), _text(index)]
        case ForeignKey(name, columns, target, target_columns, validated, options):
            said = ",".join(f"{key}={value.upper()}" for key, value in options)
            parts = [_columns(columns), _table(target), _columns(target_columns), _flag(validated), said]
        case Check(name, sql, _, validated):
            parts = [_expression(sql), _flag(validated)]
        case Exclude(name):
            parts = []
    return "|".join([type(constraint).__name__, _name(name), *parts])


def _index(index: Index) -> str:
    keys = "?" if isinstance(index.keys, Unknown) else ",".join(map(_key, index.keys))
    where = "" if index.where is None else _expression(index.where)
    method = _text(index.method)
    return "|".join([_name(index.name), keys, _flag(index.unique), method, _columns(index.include), where])


def _key(key: Key) -> str:
    body = _text(key.column) if key.expression is None else f"({_expression(key.expression)})"
    order = (" desc" if key.descending else "") + (" nulls first" if key.nulls_first else "")
    return body + order + ("" if key.opclass is None else f" {_text(key.opclass)}")


def agree(one: Line, other: Line) -> bool:
    """Whether two lines say the same wherever both know."""
    if one[0] != other[0]:
        return False
    if "…" in one or "…" in other:
        return one[2] == other[2]
    return len(one) == len(other) and all(agree_in_part(a, b) for a, b in zip(one[1:], other[1:], strict=True))


def agree_in_part(one: str, other: str) -> bool:
    """The same of one part of a line."""
    if one == other:
        return True
    if "?" not in one and "?" not in other:
        return False
    first, second = one.split("|"), other.split("|")
    return len(first) == len(second) and all(a == b or _wild(a, b) or _wild(b, a) for a, b in zip(first, second, strict=True))


def _wild(pattern: str, text: str) -> bool:
    """Whether a text with "?" in it may be the other one."""
    if "?" not in pattern:
        return False
    head, tail = pattern.partition("?")[0], pattern.rpartition("?")[2]
    return text.startswith(head) and text.endswith(tail)


def shown(line: Line) -> str:
    """A line for people."""
    return " ; ".join(line)
