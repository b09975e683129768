"""Columns and constraints inside of parsed CREATE TABLE and ALTER TABLE, as the vocabulary says them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from sqla_lsp.postgres.sql_expressions import all_known, columns_of, member, relation, sql_of, strings, type_of
from sqla_lsp.postgres.sql_grammar import NoParse, deparse_constraint
from sqla_lsp.postgres.sql_text import Holes
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.tables import Check, Column, Constraint, Default, Exclude, ForeignKey, PrimaryKey, Text, Unique
from sqla_lsp.schema.types import PgType

_ACTIONS = {"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_ATTRIBUTES = {
    "CONSTR_ATTR_DEFERRABLE": (True, None),
    "CONSTR_ATTR_NOT_DEFERRABLE": (False, None),
    "CONSTR_ATTR_DEFERRED": (None, True),
    "CONSTR_ATTR_IMMEDIATE": (None, False),
}


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """A column and the constraints that stand inside of it."""

    column: Column
    constraints: tuple[Constraint, ...]


def read_column(definition: Any, holes: Holes) -> ReadColumn:
    """What a ColumnDef says."""
    name = holes.known(definition.colname)
    made = type_of(definition.type_name, definition.coll_clause.collname, holes)
    nullable = not (isinstance(made, PgType) and made.serial)
    default: Default | None = None
    constraints: list[Constraint] = []
    for constraint, deferrable, deferred in _with_attributes(definition.constraints):
        match member(constraint, "contype"):
            case "CONSTR_NOTNULL":
                nullable = False
            case "CONSTR_NULL":
                nullable = True
            case "CONSTR_DEFAULT" | "CONSTR_IDENTITY" | "CONSTR_GENERATED":
                default = default_of(constraint, holes)
                nullable = nullable and default.kind != "identity"
            case _:
                columns = (name,) if isinstance(name, str) else name
                read = read_constraint(constraint, holes, columns, deferrable=deferrable, deferred=deferred)
                if read is not None:
                    constraints.append(read)
                nullable = nullable and not isinstance(read, PrimaryKey)
    return ReadColumn(Column(name, made, nullable, default), tuple(constraints))


def default_of(constraint: Any, holes: Holes) -> Default:
    """DEFAULT, GENERATED ... AS IDENTITY or GENERATED ALWAYS AS (...) of a column."""
    match member(constraint, "contype"):
        case "CONSTR_IDENTITY":
            return identity(constraint.generated_when)
        case "CONSTR_GENERATED" if constraint.generated_kind == "v":
            return Default(sql_of(constraint.raw_expr, holes), "virtual")
        case "CONSTR_GENERATED":
            return Default(sql_of(constraint.raw_expr, holes), "stored")
        case _:
            return Default(sql_of(constraint.raw_expr, holes))


def identity(generated_when: str) -> Default:
    """An identity column's default: its SQL is what stands between GENERATED and AS IDENTITY."""
    return Default("ALWAYS" if generated_when == "a" else "BY DEFAULT", "identity")


def read_constraint(
    constraint: Any,
    holes: Holes,
    own: tuple[str, ...] | Unknown = (),
    *,
    deferrable: bool | None = None,
    deferred: bool | None = None,
) -> Constraint | None:
    """What a Constraint says; None for those that are no constraints of a table (NOT NULL). `own` is the column that it stands
    in. `deferrable` and `deferred` overrule what it says itself."""
    name: Text = holes.known(constraint.conname) if constraint.conname else None
    deferrable = constraint.deferrable if deferrable is None else deferrable
    deferred = constraint.initdeferred if deferred is None else deferred
    columns = own if own else all_known(strings(constraint.keys), holes)
    index: Text = holes.known(constraint.indexname) if constraint.indexname else None
    if index is not None:
        columns = Unknown("the index says which columns")
    match member(constraint, "contype"):
        case "CONSTR_UNIQUE":
            return Unique(
                name,
                columns,
                index=index,
                include=all_known(strings(constraint.including), holes),
                deferrable=deferrable or deferred,
                initially="DEFERRED" if deferred else None,
                nulls_not_distinct=constraint.nulls_not_distinct,
            )
        case "CONSTR_PRIMARY":
            return PrimaryKey(name, columns, index, all_known(strings(constraint.including), holes))
        case "CONSTR_FOREIGN":
            return ForeignKey(
                name,
                own if own else all_known(strings(constraint.fk_attrs), holes),
                relation(constraint.pktable, holes),
                all_known(strings(constraint.pk_attrs), holes),
                validated=not constraint.skip_validation,
                options=_foreign_options(constraint, deferrable=deferrable or deferred, deferred=deferred),
            )
        case "CONSTR_CHECK":
            condition = constraint.raw_expr
            return Check(name, sql_of(condition, holes), columns_of(condition, holes), validated=not constraint.skip_validation)
        case "CONSTR_EXCLUSION":
            return Exclude(name, _exclusion(constraint, holes))
        case _:
            return None


def with_primary_keys(columns: tuple[Column, ...], constraints: tuple[Constraint, ...]) -> tuple[Column, ...]:
    """The columns, those of the primary key being NOT NULL."""
    keys = {c for one in constraints if isinstance(one, PrimaryKey) and isinstance(one.columns, tuple) for c in one.columns}
    return tuple(msgspec.structs.replace(c, nullable=False) if c.name in keys else c for c in columns)


def _with_attributes(constraints: Any) -> Iterator[tuple[Any, bool | None, bool | None]]:
    """The constraints of a column, each with DEFERRABLE and INITIALLY DEFERRED, which follow it as nodes of their own."""
    found: list[tuple[Any, bool | None, bool | None]] = []
    for node in constraints:
        attribute = _ATTRIBUTES.get(member(node.constraint, "contype"))
        if attribute is None:
            found.append((node.constraint, None, None))
        elif found:
            constraint, deferrable, deferred = found[-1]
            found[-1] = (
                constraint,
                deferrable if attribute[0] is None else attribute[0],
                deferred if attribute[1] is None else attribute[1],
            )
    yield from found


def _foreign_options(constraint: Any, *, deferrable: bool, deferred: bool) -> tuple[tuple[str, str], ...]:
    said = (
        ("ondelete", _ACTIONS.get(constraint.fk_del_action)),
        ("onupdate", _ACTIONS.get(constraint.fk_upd_action)),
        ("deferrable", "true" if deferrable else None),
        ("initially", "DEFERRED" if deferred else None),
        ("match", "FULL" if constraint.fk_matchtype == "f" else None),
    )
    return tuple((name, value) for name, value in said if value is not None)


def _exclusion(constraint: Any, holes: Holes) -> str | Unknown:
    try:
        return holes.known(deparse_constraint(constraint))
    except NoParse as error:
        return Unknown(error.reason)
