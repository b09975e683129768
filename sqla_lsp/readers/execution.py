"""SQL that is sent through `op.execute`, a connection or a session."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqla_lsp.postgres.sql import read_sql
from sqla_lsp.readers.arguments import last_name
from sqla_lsp.readers.sql_values import text_clause
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.operations import AnyOperation, NotKnown, OtherStatement, Site
from sqla_lsp.syntax.values import CallValue, Member, Template, Value

EXECUTES = frozenset({"execute", "exec_driver_sql", "scalar", "scalars"})
_QUERIES = {
    "select": "SELECT",
    "insert": "INSERT",
    "update": "UPDATE",
    "delete": "DELETE",
    "exists": "SELECT",
    "query": "SELECT",
    "union": "SELECT",
    "union_all": "SELECT",
    "values": "INSERT",
    "CreateSequence": "CREATE SEQUENCE",
    "DropSequence": "DROP SEQUENCE",
    "CreateSchema": "CREATE SCHEMA",
    "DropSchema": "DROP SCHEMA",
}
_LOOKS_LIKE_SQL = re.compile(
    r"\s*(?:/\*|--|\(?\s*(?:alter|analyze|begin|cluster|comment|commit|create|delete|do|drop|end|grant|insert|lock|merge|refresh|"
    r"reindex|reset|revoke|rollback|select|set|show|truncate|update|vacuum|with)\b)",
    re.IGNORECASE,
)


def executed(call: CallValue, site: Site, *, ours: bool) -> Iterator[AnyOperation]:
    """The operations that the first argument of `execute(...)` means. `ours` says that the connection is the migration's: then
    what is not known is said to be so; else it may be none of our business."""
    statement = _statement(call)
    kind = query_kind(statement)
    if kind is not None:
        yield OtherStatement(site, kind)
        return
    sql = text_clause(statement)
    if isinstance(sql, Unknown):
        if last_name(call) in ("scalar", "scalars"):  # they give rows back
            yield OtherStatement(site, "SELECT")
        elif ours:
            yield NotKnown(site, "the SQL is not known")
        return
    if not ours and not _looks_like_sql(sql):
        return
    binds = last_name(call) != "exec_driver_sql"
    yield from read_sql(sql, site, binds=binds)


def _statement(call: CallValue) -> Value:
    if call.positional:
        return call.positional[0]
    for name in ("sqltext", "statement", "clause", "sql"):
        if name in call.keywords:
            return call.keywords[name]
    return Unknown("it is not given")


def query_kind(value: Value) -> str | None:
    """The kind of a statement that is built with SQLAlchemy's functions, None for all others. The first call of a chain tells
    it."""
    kind: str | None = None
    while isinstance(value, CallValue | Member):
        name = last_name(value)
        if isinstance(value, CallValue):
            if name in _QUERIES:
                kind = _QUERIES[name]
            value = value.function
        else:
            value = value.base
    return kind


def _looks_like_sql(sql: str | Template) -> bool:
    first = sql if isinstance(sql, str) else sql.parts[0]
    return isinstance(first, str) and _LOOKS_LIKE_SQL.match(first) is not None
