"""Names of types: any spelling that Postgres's grammar takes, read as a `PgType` in the one spelling we use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax.unknown import Unknown

_SPELLED = {
    "int2": "smallint",
    "int4": "int",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "char": '"char"',
    '"char"': '"char"',
}
"""Names of the catalog that are spelled otherwise. A name `char` in the catalog is the one-byte type; char(n) is bpchar."""

_SERIALS = {
    "smallserial": "smallint",
    "serial2": "smallint",
    "serial": "int",
    "serial4": "int",
    "bigserial": "bigint",
    "serial8": "bigint",
}

_CATALOG = """
aclitem bit box bpchar bytea cid cidr circle date datemultirange daterange inet int2vector int4multirange int4range
int8multirange int8range interval json jsonb jsonpath line lseg macaddr macaddr8 money name numeric nummultirange numrange oid
oidvector path pg_lsn pg_snapshot point polygon refcursor regclass regcollation regconfig regdictionary regnamespace regoper
regoperator regproc regprocedure regrole regtype text tid time timestamp timestamptz timetz tsmultirange tsquery tsrange
tstzmultirange tstzrange tsvector txid_snapshot uuid varbit varchar xid xid8 xml
"""
_BUILTIN = {name: name for name in _CATALOG.split()} | _SPELLED

_EXTENSIONS = """
box2d box2df box3d citext cube ean13 geography geometry halfvec hstore isbn isbn13 ismn ismn13 issn issn13 lquery ltree
ltxtquery raster seg sparsevec topogeometry uint1 uint2 uint4 uint8 upc vector
"""
_EXTENSION = frozenset(_EXTENSIONS.split())
"""Names of types that well-known extensions bring."""

_ANY_FIELDS = 0x7FFF
_FIELDS = {"year": 1 << 2, "month": 1 << 1, "day": 1 << 3, "hour": 1 << 10, "minute": 1 << 11, "second": 1 << 12}


@lru_cache(maxsize=1024)
def parse_type(text: str) -> PgType | Unknown:
    """The type that a piece of SQL names; Unknown for what is not the name of one type."""
    # The grammar is loaded when it is first needed: most migrations name no type in SQL.
    from postgast.errors import PgQueryError
    from postgast.parse import parse

    unreadable = Unknown(f"{text.strip()!r} is not the name of a type")
    if "\0" in text:
        return unreadable
    try:
        tree: Any = parse(f"ALTER TABLE t ALTER c TYPE\n{text}\n")
    except (PgQueryError, ValueError, RecursionError):
        return unreadable
    if len(tree.stmts) != 1 or len(tree.stmts[0].stmt.alter_table_stmt.cmds) != 1:
        return unreadable
    column = getattr(tree.stmts[0].stmt.alter_table_stmt.cmds[0].alter_table_cmd, "def").column_def
    named = column.type_name
    if column.HasField("raw_default") or named.pct_type or named.setof:
        return unreadable
    arguments = tuple(_argument(node) for node in named.typmods)
    if None in arguments:
        return unreadable
    names = _texts(named.names)
    known = tuple(argument for argument in arguments if argument is not None)
    if names[-1] == "interval":
        known = interval_arguments(known)
    return make_type(names, known, len(named.array_bounds), ".".join(_texts(column.coll_clause.collname)) or None)


def make_type(
    names: Sequence[str], arguments: Sequence[int | str] = (), dimensions: int = 0, collation: str | None = None
) -> PgType | Unknown:
    """The type of a name as Postgres's parser splits it: ("pg_catalog", "int4"), ("citext",), ("shop", "mood").

    `arguments` are the type modifiers; for interval, its fields as text come first (see `interval_arguments`).
    """
    if not names or not all(names):
        return Unknown("the type has no name")
    in_catalog = names[-2] == "pg_catalog" if len(names) > 1 else None
    name = names[-1]
    if in_catalog is not False and name.startswith("_") and name[1:] in _BUILTIN:
        name, dimensions = name[1:], dimensions + 1
    found: PgType | Unknown
    if in_catalog is None and name in _SERIALS:
        found = PgType(_SERIALS[name], serial=True)
    elif in_catalog is not False and name in _BUILTIN:
        found = _modified(_BUILTIN[name], tuple(arguments))
    else:
        bare = names[1:] if in_catalog else names
        kind = "extension" if name in _EXTENSION else "named"
        folded = tuple(part.lower() if isinstance(part, str) else part for part in arguments)
        found = PgType(".".join(bare), folded, kind=kind)
    if isinstance(found, Unknown):
        return found
    return msgspec.structs.replace(found, dimensions=dimensions, collation=_collation(collation))


def interval_arguments(arguments: Sequence[int | str]) -> tuple[int | str, ...]:
    """The parser's type modifiers of interval with the set of fields as text: (7176, 3) becomes ("day to second", 3)."""
    if not arguments or not isinstance(arguments[0], int):
        return tuple(arguments)
    fields, *precision = arguments
    if fields == _ANY_FIELDS:
        return tuple(precision)
    named = [name for name, bit in _FIELDS.items() if int(fields) & bit]
    if not named:
        return tuple(precision)
    return (named[0] if len(named) == 1 else f"{named[0]} to {named[-1]}", *precision)


def _modified(name: str, arguments: tuple[int | str, ...]) -> PgType | Unknown:
    """A type of the catalog with its modifiers as Postgres keeps them."""
    numbers = [argument for argument in arguments if isinstance(argument, int)]
    if name == "interval":
        fields = [argument for argument in arguments if isinstance(argument, str)]
        return PgType(name, (*(re.sub(r"\s+", " ", text.lower()) for text in fields[:1]), *(min(n, 6) for n in numbers[:1])))
    if len(numbers) != len(arguments):
        return Unknown(f"{name} takes only numbers")
    match name, numbers:
        case "bpchar", [length]:
            return PgType("char", (length,))
        case "numeric", [precision]:
            return PgType(name, (precision, 0))
        case (("timestamp" | "timestamptz" | "time" | "timetz"), [precision]):
            return PgType(name, (min(precision, 6),))
        case "numeric", [_, _]:
            return PgType(name, tuple(numbers))
        case (("varchar" | "bit" | "varbit"), [_]):
            return PgType(name, tuple(numbers))
        case _, []:
            return PgType(name)
        case _:
            return Unknown(f"{name} does not take {len(numbers)} modifier{'s' * (len(numbers) != 1)}")


def _collation(name: str | None) -> str | None:
    bare = name.removeprefix("pg_catalog.") if name else None
    return None if bare in (None, "", "default") else bare


def _texts(nodes: Any) -> tuple[str, ...]:
    return tuple(node.string.sval for node in nodes)


def _argument(node: Any) -> int | str | None:
    """A type modifier: a number, a string or a bare word, as in geometry(Point, 4326)."""
    if node.HasField("column_ref"):
        return ".".join(_texts(node.column_ref.fields)) or None
    if not node.HasField("a_const"):
        return None
    match node.a_const.WhichOneof("val"):
        case "ival":
            return int(node.a_const.ival.ival)
        case "sval":
            return str(node.a_const.sval.sval)
        case _:
            return None
