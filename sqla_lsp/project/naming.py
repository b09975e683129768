"""Names of constraints and indexes that a migration leaves out: by the naming convention of the metadata, else as Postgres (for
constraints) or SQLAlchemy (for the indexes of `index=True`) would name them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqla_lsp.postgres.identifiers import cut, default_name
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import Check, Constraint, ForeignKey, Index, PrimaryKey, Unique

Convention = Mapping[str, str]
_TOKEN = re.compile(r"%\((?P<name>\w+)\)s")
_KEYS: dict[type, str] = {Unique: "uq", PrimaryKey: "pk", ForeignKey: "fk", Check: "ck"}
_SUFFIXES: dict[type, str] = {Unique: "key", PrimaryKey: "pkey", ForeignKey: "fkey", Check: "check"}


def constraint_name(table: TableName, constraint: Constraint, convention: Convention) -> str | None:
    """The name that a constraint without one gets; None where it cannot be told."""
    columns = getattr(constraint, "columns", None)
    if not isinstance(table.name, str) or not isinstance(columns, tuple):
        return None
    key = _KEYS.get(type(constraint))
    if key is not None and key in convention:
        referred = constraint.target.name if isinstance(constraint, ForeignKey) else None
        return _by_convention(convention[key], table, columns, None, referred)
    suffix = _SUFFIXES.get(type(constraint))
    return None if suffix is None else default_name(table.name, columns, suffix)


def index_name(table: TableName, index: Index, convention: Convention) -> str | None:
    """The name that an index without one gets (SQLAlchemy's default is `ix_%(column_0_label)s`); None where it cannot be told."""
    if not isinstance(table.name, str) or isinstance(index.keys, Unknown):
        return None
    columns = tuple([key.column for key in index.keys if isinstance(key.column, str)])
    if len(columns) != len(index.keys):
        return None
    return _by_convention(convention.get("ix", "ix_%(column_0_label)s"), table, columns, None, None)


def given_name(table: TableName, constraint: Constraint, name: str, convention: Convention) -> str:
    """The name in the database of a constraint that has one: a convention with %(constraint_name)s is applied to the names of CHECKs."""
    template = convention.get("ck", "")
    if isinstance(constraint, Check) and "%(constraint_name)s" in template:
        return _by_convention(template, table, (), name, None) or name
    return name


def _by_convention(
    template: str, table: TableName, columns: tuple[str, ...], given: str | None, referred: str | Unknown | None
) -> str | None:
    """A template of SQLAlchemy's naming conventions, filled in; None where a token cannot be."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        found = _token(match["name"], table, columns, given, referred)
        missing = missing or found is None
        return found or ""

    name = _TOKEN.sub(value, template)
    return None if missing else cut(name)


def _token(
    name: str, table: TableName, columns: tuple[str, ...], given: str | None, referred: str | Unknown | None
) -> str | None:
    if name == "table_name":
        return table.name if isinstance(table.name, str) else None
    if name == "constraint_name":
        return given
    if name == "referred_table_name":
        return referred if isinstance(referred, str) else None
    numbered = re.fullmatch(r"column_(?P<at>\d+)(?P<every>_?N)?_?(?P<what>name|key|label)?", name)
    if numbered is None or int(numbered["at"]) >= len(columns):
        return None
    chosen = columns[int(numbered["at"]) :] if numbered["every"] else (columns[int(numbered["at"])],)
    if numbered["what"] == "label":
        prefix = f"{table.schema}_{table.name}" if isinstance(table.schema, str) else f"{table.name}"
        chosen = tuple([f"{prefix}_{column}" for column in chosen])
    return ("_" if numbered["every"] != "N" else "").join(chosen)
