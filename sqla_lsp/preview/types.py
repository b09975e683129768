"""Types that are known by what they are on Postgres alone, as types of SQLAlchemy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine, UserDefinedType

from sqla_lsp.schema.types import PgType

_PLAIN: dict[str, Any] = {
    "int": sa.Integer,
    "bigint": sa.BigInteger,
    "smallint": sa.SmallInteger,
    "boolean": sa.Boolean,
    "text": sa.Text,
    "date": sa.Date,
    "real": sa.REAL,
    "double precision": sa.Double,
    "bytea": sa.LargeBinary,
    "json": postgresql.JSON,
    "jsonb": postgresql.JSONB,
    "uuid": sa.UUID,
}
"""Types whose values can be written as literals."""


class Spelled(UserDefinedType[Any]):
    """A type that is written as it is."""

    cache_ok = True

    def __init__(self, spelling: str) -> None:
        self.spelling = spelling

    def get_col_spec(self, **_: Any) -> str:
        return self.spelling


class AsWritten(UserDefinedType[Any]):
    """The type of a value that stands in a statement as it is."""

    cache_ok = True

    def literal_processor(self, dialect: Any) -> Callable[[Any], str]:
        return str


def spelled(known: PgType) -> TypeEngine[Any] | None:
    """The type; None for one that may bring more along than its spelling (an enum makes its type, and checks its values)."""
    if known.kind in ("enum", "domain"):
        return None
    if known.name in _PLAIN and not known.arguments and not known.dimensions and not known.collation:
        made: TypeEngine[Any] = _PLAIN[known.name]()
        return made
    length = known.arguments[0] if len(known.arguments) == 1 else None
    if known.name == "varchar" and not known.dimensions and not known.collation and (isinstance(length, int) or length is None):
        return sa.String(length)
    if known.name in ("timestamp", "timestamptz") and not known.arguments and not known.dimensions:
        return sa.DateTime(timezone=known.name == "timestamptz")
    return Spelled(str(known))
