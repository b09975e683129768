"""USING of ALTER COLUMN ... TYPE: whether it computes something else than the cast that Postgres would make itself."""

from __future__ import annotations

import re

from sqla_lsp.postgres.type_changes import judge
from sqla_lsp.postgres.type_names import parse_type
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.tables import Text
from sqla_lsp.schema.types import PgType

_CAST = re.compile(r"\(*\s*\"?(?P<column>[^\"\s():]+)\"?\s*\)*\s*(?:::\s*(?P<type>.+?))?\s*", re.DOTALL)
_FUNCTION_CAST = re.compile(r"cast\s*\(\s*\"?(?P<column>[^\"\s():]+)\"?\s+as\s+(?P<type>.+)\)\s*", re.IGNORECASE | re.DOTALL)


def using_forces(using: Text, column: str | Unknown, to: PgType | Unknown) -> bool | None:
    """Whether USING computes something else than a plain cast to the new type, so that every row is written; None where it is not
    known."""
    if using is None:
        return False
    if isinstance(using, Unknown) or isinstance(column, Unknown) or isinstance(to, Unknown):
        return None
    match = _FUNCTION_CAST.fullmatch(using) or _CAST.fullmatch(using)
    if match is None or match["column"].rpartition(".")[2].lower() != column.lower():
        return True
    if match["type"] is None:
        return False
    spelled = match["type"]
    cast = parse_type(spelled.strip().removesuffix(")") if spelled.count("(") < spelled.count(")") else spelled)
    return isinstance(cast, Unknown) or judge(cast, to).effect != "same"
