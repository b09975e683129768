"""Types as SQL: what is written after ADD COLUMN or `::`."""

from __future__ import annotations

from msgspec.structs import replace

from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.schema.types import PgType

_IN_FULL = {"int": "integer"}


def type_sql(type_: PgType, *, collated: bool = True) -> str:
    """A type as SQL, with its collation unless it is not `collated` (a cast takes none)."""
    collation = ".".join(map(quote, type_.collation.split("."))) if type_.collation and collated else None
    bare = replace(type_, collation=None)
    if type_.kind == "builtin":
        text = str(replace(bare, name=_IN_FULL.get(type_.name, type_.name)))
    else:
        text = str(replace(bare, name=".".join(map(quote, type_.name.split(".")))))
    return f"{text} COLLATE {collation}" if collation else text
