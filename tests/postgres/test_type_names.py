"""Every spelling of a type is read as the one that we use."""

from __future__ import annotations

import pytest

from sqla_lsp.postgres.type_names import interval_arguments, make_type, parse_type
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax.unknown import Unknown


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("INTEGER", "int"),
        ("int4", "int"),
        ("pg_catalog.int4", "int"),
        ("int2", "smallint"),
        ("int8", "bigint"),
        ("bool", "boolean"),
        ("float", "double precision"),
        ("float8", "double precision"),
        ("float(24)", "real"),
        ("float(25)", "double precision"),
        ("float4", "real"),
        ("double   precision", "double precision"),
        ("decimal", "numeric"),
        ("dec(10)", "numeric(10,0)"),
        ("decimal(10,2)", "numeric(10,2)"),
        ("numeric(10)", "numeric(10,0)"),
        ("numeric(3, -2)", "numeric(3,-2)"),
        ("character varying(20)", "varchar(20)"),
        ("VARCHAR", "varchar"),
        ("national character varying(20)", "varchar(20)"),
        ("nchar varying(20)", "varchar(20)"),
        ("char", "char(1)"),
        ("character", "char(1)"),
        ("char(20)", "char(20)"),
        ("nchar(5)", "char(5)"),
        ("national character(5)", "char(5)"),
        ("bpchar", "bpchar"),
        ("bpchar(7)", "char(7)"),
        ('"char"', '"char"'),
        ('pg_catalog."char"', '"char"'),
        ("name", "name"),
        ("bit", "bit(1)"),
        ("bit(8)", "bit(8)"),
        ("bit varying(8)", "varbit(8)"),
        ("varbit", "varbit"),
        ("timestamp", "timestamp"),
        ("timestamp without time zone", "timestamp"),
        ("timestamp(3) with time zone", "timestamptz(3)"),
        ("timestamptz(9)", "timestamptz(6)"),
        ("time with time zone", "timetz"),
        ("time(3)", "time(3)"),
        ("interval", "interval"),
        ("interval(3)", "interval(3)"),
        ("interval year", "interval year"),
        ("INTERVAL DAY TO SECOND(3)", "interval day to second(3)"),
        ("interval year to month", "interval year to month"),
        ("int[]", "int[]"),
        ("int[3]", "int[]"),
        ("integer ARRAY", "int[]"),
        ("integer ARRAY[4]", "int[]"),
        ("varchar(20)[][]", "varchar(20)[][]"),
        ("_int4", "int[]"),
        ('text COLLATE "C"', 'text COLLATE "C"'),
        ('varchar(5) COLLATE pg_catalog."de_DE"', 'varchar(5) COLLATE "de_DE"'),
        ('text COLLATE "default"', "text"),
        ("JSONB", "jsonb"),
        ("tstzrange", "tstzrange"),
        ("\n  text -- as it was\n", "text"),
    ],
)
def test_builtin_types(text: str, spelled: str) -> None:
    found = parse_type(text)
    assert isinstance(found, PgType)
    assert str(found) == spelled
    assert found.kind == "builtin"
    assert parse_type(spelled) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("citext", PgType("citext", kind="extension")),
        ("public.citext", PgType("public.citext", kind="extension")),
        ("geometry(Point, 4326)", PgType("geometry", ("point", 4326), kind="extension")),
        ("geometry('POINT', 4326)", PgType("geometry", ("point", 4326), kind="extension")),
        ("vector(3)[]", PgType("vector", (3,), 1, kind="extension")),
        ("Mood", PgType("mood", kind="named")),
        ('"Mood"', PgType("Mood", kind="named")),
        ("shop.mood[]", PgType("shop.mood", dimensions=1, kind="named")),
        ("shop.int4", PgType("shop.int4", kind="named")),
        ('"integer"', PgType("integer", kind="named")),
    ],
)
def test_other_types(text: str, found: PgType) -> None:
    assert parse_type(text) == found


@pytest.mark.parametrize(
    ("text", "name"), [("serial", "int"), ("BIGSERIAL", "bigint"), ("smallserial", "smallint"), ("serial8", "bigint")]
)
def test_serial_types(text: str, name: str) -> None:
    assert parse_type(text) == PgType(name, serial=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "not a type",
        "int NOT NULL",
        "int USING c::int",
        "int, DROP b",
        "int; DROP TABLE t",
        "setof int",
        "a.b%TYPE",
        "varchar(n + 1)",
        "varchar(2, 3)",
        "varchar(x)",
        "int[",
        "te\0xt",
    ],
)
def test_what_is_no_type(text: str) -> None:
    assert isinstance(parse_type(text), Unknown)


def test_names_as_the_parser_splits_them() -> None:
    assert make_type(("pg_catalog", "int4"), (), 0, None) == PgType("int")
    assert make_type(("pg_catalog", "bpchar"), (1,)) == PgType("char", (1,))
    assert make_type(("char",)) == PgType('"char"')
    assert make_type(('"char"',)) == PgType('"char"')
    assert make_type(("interval",), ("day to second", 3)) == PgType("interval", ("day to second", 3))
    assert make_type(("text",), (), 1, "pg_catalog.C") == PgType("text", dimensions=1, collation="C")
    assert isinstance(make_type(()), Unknown)


def test_fields_of_an_interval() -> None:
    assert interval_arguments((7176, 3)) == ("day to second", 3)
    assert interval_arguments((32767, 3)) == (3,)
    assert interval_arguments((8,)) == ("day",)
    assert interval_arguments(()) == ()
