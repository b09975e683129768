"""Names of constraints and indexes without one, against those that SQLAlchemy itself puts into DDL."""

from __future__ import annotations

import itertools
import re
import warnings
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from sqla_lsp.postgres.naming import constraint_name, given_name, index_name
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import Check, ForeignKey, Index, Key, PrimaryKey, Unique

DIALECT: Any = postgresql.dialect()  # type: ignore[no-untyped-call]
RECOMMENDED = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
TOKENS = (
    "%(table_name)s",
    "%(column_0_name)s",
    "%(column_0_label)s",
    "%(column_0_key)s",
    "%(column_1_name)s",
    "%(column_0N_name)s",
    "%(column_0_N_name)s",
    "%(column_0_N_label)s",
    "%(column_0N_key)s",
    "%(referred_table_name)s",
    "%(referred_column_0_name)s",
    "%(referred_column_0_N_name)s",
    "%(constraint_name)s",
    "%(no_such_token)s",
)
COLUMNS = (("a",), ("a", "b"), ("b", "a"))


def made(
    kind: str, convention: dict[str, Any], table: str, schema: str | None, columns: tuple[str, ...], name: str | None
) -> str | None:
    """The name in the DDL of SQLAlchemy; None where there is none, or SQLAlchemy refuses it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            metadata = sa.MetaData(naming_convention=convention or None)
            sa.Table("other", metadata, sa.Column("x", sa.Integer), sa.Column("y", sa.Integer))
            made = sa.Table(table, metadata, sa.Column("a", sa.Integer), sa.Column("b", sa.Integer), schema=schema)
            if kind == "ix":
                index = sa.Index(name, *[made.c[column] for column in columns])
                text = str(CreateIndex(index).compile(dialect=DIALECT))
                found = re.search(r'INDEX (?P<name>"[^"]+"|\S+) ON', text)
            else:
                match kind:
                    case "uq":
                        made.append_constraint(sa.UniqueConstraint(*columns, name=name))
                    case "pk":
                        made.append_constraint(sa.PrimaryKeyConstraint(*columns, name=name))
                    case "ck":
                        made.append_constraint(sa.CheckConstraint("a > 0", name=name))
                    case _:
                        targets = [f"other.{column}" for column in ("x", "y")[: len(columns)]]
                        made.append_constraint(sa.ForeignKeyConstraint(columns, targets, name=name))
                text = str(CreateTable(made).compile(dialect=DIALECT))
                found = re.search(r'CONSTRAINT (?P<name>"[^"]+"|\S+) ', text)
        except (sa.exc.SQLAlchemyError, KeyError, IndexError, AttributeError):
            return None
    return found["name"].strip('"') if found else None


def told(
    kind: str, convention: dict[str, str], table: str, schema: str | None, columns: tuple[str, ...], name: str | None
) -> str | None:
    """The name that is told of the same."""
    where = TableName(table, schema)
    target = ("x", "y")[: len(columns)]
    match kind:
        case "ix":
            return index_name(where, Index(None, tuple([Key(column) for column in columns])), convention)
        case "uq":
            constraint: Any = Unique(name, columns)
        case "pk":
            constraint = PrimaryKey(name, columns)
        case "ck":
            constraint = Check(name, "a > 0", ("a",))
        case _:
            constraint = ForeignKey(name, columns, TableName("other"), target)
    return constraint_name(where, constraint, convention) if name is None else given_name(where, constraint, name, convention)


@pytest.mark.parametrize("kind", ["ix", "uq", "pk", "ck", "fk"])
@pytest.mark.parametrize("token", TOKENS)
def test_tokens(kind: str, token: str) -> None:
    if kind != "fk" and ("referred" in token or (kind == "pk" and token in TOKENS[-2:])):
        return  # SQLAlchemy refuses it, or what it makes of it makes no sense
    convention = {kind: f"n_{token}"}
    for columns, schema, name in itertools.product(COLUMNS, (None, "public", "s"), (None, "given")):
        if kind == "ix" and name is not None:
            continue
        assert told(kind, convention, "t", schema, columns, name) == made(kind, convention, "t", schema, columns, name), (
            columns,
            schema,
        )


@pytest.mark.parametrize("kind", ["ix", "uq", "pk", "ck", "fk"])
@pytest.mark.parametrize("length", [1, 40, 54, 55, 56, 58, 59, 60, 61, 63, 70, 200])
@pytest.mark.parametrize("letter", ["t", "é"])
def test_long_names_are_cut_as_sqlalchemy_does(kind: str, length: int, letter: str) -> None:
    """What SQLAlchemy leaves too long, Postgres cuts."""
    table = letter * length
    name = "given" if kind == "ck" else None
    expected = made(kind, RECOMMENDED, table, None, ("a",), name)
    assert expected is not None
    assert told(kind, RECOMMENDED, table, None, ("a",), name) == expected.encode()[:63].decode(errors="ignore")


def test_the_recommended_convention() -> None:
    for kind, columns, schema in itertools.product(RECOMMENDED, COLUMNS, (None, "s")):
        name = "given" if kind == "ck" else None
        assert told(kind, RECOMMENDED, "t", schema, columns, name) == made(kind, RECOMMENDED, "t", schema, columns, name)


def test_without_a_convention() -> None:
    """SQLAlchemy names the indexes of `index=True`, Postgres all else."""
    assert told("ix", {}, "t", None, ("a", "b"), None) == made("ix", {}, "t", None, ("a", "b"), None) == "ix_t_a"
    assert told("ix", {}, "t", "s", ("a",), None) == made("ix", {}, "t", "s", ("a",), None) == "ix_s_t_a"
    assert told("uq", {}, "t", None, ("a", "b"), None) == "t_a_b_key"
    assert told("pk", {}, "t", None, ("a", "b"), None) == "t_pkey"
    assert told("fk", {}, "t", None, ("a",), None) == "t_a_fkey"
    assert told("ck", {}, "t", None, ("a",), None) == "t_a_check"
    assert told("uq", {}, "t", None, ("a",), "given") == "given"


def test_what_cannot_be_told() -> None:
    unknown = Unknown("")
    assert constraint_name(TableName(unknown), Unique(None, ("a",)), {}) is None
    assert constraint_name(TableName("t"), Unique(None, unknown), {}) is None
    assert index_name(TableName("t"), Index(None, unknown), {}) is None
    assert index_name(TableName("t"), Index(None, (Key(unknown),)), {}) is None
    assert constraint_name(TableName("t"), ForeignKey(None, ("a",), TableName(unknown)), RECOMMENDED) is None
    assert constraint_name(TableName("t", unknown), Unique(None, ("a",)), {"uq": "%(column_0_label)s"}) is None


def test_checks_of_several_columns() -> None:
    assert constraint_name(TableName("t"), Check(None, "a > b", ("a", "b")), {}) == "t_check"
    assert constraint_name(TableName("t"), Check(None, "1 > 0", ()), {}) == "t_check"
    assert constraint_name(TableName("t"), Check(None, "?", None), {}) is None


def test_an_expression_has_no_name_of_its_own() -> None:
    assert index_name(TableName("t"), Index(None, (Key(None, "lower(a)"),)), {}) is None
