"""Names of constraints and indexes that a migration leaves out: by the naming convention of the metadata, else as Postgres (for
constraints) or SQLAlchemy (for the indexes of `index=True`) would name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from sqla_lsp.postgres.identifiers import cut, default_name, shortened
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import Check, Constraint, ForeignKey, Index, Key, PrimaryKey, Unique

Convention = Mapping[str, str]
_TOKEN = re.compile(r"%\((?P<name>\w+)\)s")
_COLUMN = re.compile(r"(?P<referred>referred_)?column_(?P<at>\d+)(?P<every>_?N)?_(?P<what>name|key|label)")
_CALL = re.compile(r"(?:\w+\.)*(?P<function>[a-z_]\w*)\([^()]*\)")
_GIVEN = "%(constraint_name)s"
_KEYS: dict[type, str] = {Unique: "uq", PrimaryKey: "pk", ForeignKey: "fk", Check: "ck"}
_SUFFIXES: dict[type, str] = {Unique: "key", PrimaryKey: "pkey", ForeignKey: "fkey", Check: "check"}


class _Named(NamedTuple):
    """What the tokens of a template may speak of. `columns` None means that they cannot be told."""

    table: TableName
    columns: tuple[str, ...] | None
    given: str | None = None
    foreign: ForeignKey | None = None


def constraint_name(table: TableName, constraint: Constraint, convention: Convention) -> str | None:
    """The name that a constraint without one gets; None where it cannot be told."""
    template = convention.get(_KEYS.get(type(constraint), ""))
    if template is not None:
        return _by_convention(template, _named(table, constraint, None))
    columns = getattr(constraint, "columns", None)
    suffix = _SUFFIXES.get(type(constraint))
    if not isinstance(table.name, str) or not isinstance(columns, tuple) or suffix is None:
        return None
    columns += constraint.include if isinstance(constraint, Unique) and isinstance(constraint.include, tuple) else ()
    one_of_many = isinstance(constraint, Check) and len(columns) > 1
    return default_name(table.name, () if one_of_many else columns, suffix)


def index_name(table: TableName, index: Index, convention: Convention, *, is_sql: bool = False) -> str | None:
    """The name that an index without one gets: from Postgres where it `is_sql`, else from SQLAlchemy, whose default is
    `ix_%(column_0_label)s`; None where it cannot be told."""
    if not isinstance(table.name, str) or isinstance(index.keys, Unknown):
        return None
    if is_sql:
        names = [name for key in index.keys if (name := _key_name(key)) is not None]
        return default_name(table.name, names, "idx") if len(names) == len(index.keys) else None
    columns = tuple([key.column for key in index.keys if isinstance(key.column, str)])
    if len(columns) != len(index.keys):
        return None
    return _by_convention(convention.get("ix", "ix_%(column_0_label)s"), _Named(table, columns))


def _key_name(key: Key) -> str | None:
    """What Postgres calls a key of an index: a column, or the function of a call; None where that is not told."""
    if key.column is not None:
        return key.column if isinstance(key.column, str) else None
    called = _CALL.fullmatch(key.expression) if isinstance(key.expression, str) else None
    return called["function"] if called is not None else None


def given_name(table: TableName, constraint: Constraint, name: str, convention: Convention) -> str:
    """The name in the database of a constraint that has one. A convention with %(constraint_name)s is applied to it, unless it
    already looks like that: it came from `op.f()`."""
    template = convention.get(_KEYS.get(type(constraint), ""), "")
    if _GIVEN not in template:
        return name
    result = _by_convention(template, _named(table, constraint, "\0"))
    if result is None:
        return name
    before, _, after = result.partition("\0")
    if name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after):
        return name
    return _by_convention(template, _named(table, constraint, name)) or name


def _named(table: TableName, constraint: Constraint, given: str | None) -> _Named:
    """SQLAlchemy knows no columns of a CHECK: it is given as text."""
    columns = () if isinstance(constraint, Check) else getattr(constraint, "columns", None)
    foreign = constraint if isinstance(constraint, ForeignKey) else None
    return _Named(table, columns if isinstance(columns, tuple) else None, given, foreign)


def _by_convention(template: str, named: _Named) -> str | None:
    """A template of SQLAlchemy's naming conventions, filled in; None where a token cannot be."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        found = _token(match["name"], named)
        missing = missing or found is None
        return found or ""

    name = _TOKEN.sub(value, template)
    return None if missing else cut(shortened(name))


def _token(token: str, named: _Named) -> str | None:
    match token:
        case "table_name":
            return named.table.name if isinstance(named.table.name, str) else None
        case "constraint_name":
            return named.given
        case "referred_table_name":
            target = named.foreign.target.name if named.foreign is not None else None
            return target if isinstance(target, str) else None
        case _:
            return _column_token(token, named)


def _column_token(token: str, named: _Named) -> str | None:
    """`column_0_name`, `column_0N_key`, `column_0_N_label`, `referred_column_0_name` and so on."""
    numbered = _COLUMN.fullmatch(token)
    if numbered is None:
        return None
    if numbered["referred"]:
        targets = named.foreign.target_columns if named.foreign is not None else None
        chosen = _chosen(targets if isinstance(targets, tuple) else None, numbered)
        return "_".join(chosen) if chosen else None
    chosen = _chosen(named.columns, numbered)
    if chosen is None:
        return None
    if numbered["what"] == "label":
        table = named.table
        if not table.known:
            return None
        prefix = f"{table.schema}_{table.name}" if table.schema is not None else f"{table.name}"
        chosen = tuple([f"{prefix}_{column}" for column in chosen])
    return ("" if numbered["every"] == "N" else "_").join(chosen)


def _chosen(columns: tuple[str, ...] | None, numbered: re.Match[str]) -> tuple[str, ...] | None:
    """The columns that a token means; none where its number is too high."""
    if columns is None or numbered["every"]:
        return columns
    return columns[int(numbered["at"]) : int(numbered["at"]) + 1]
