"""CREATE INDEX, DROP INDEX, ALTER INDEX and REINDEX."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from sqla_lsp.postgres.sql_expressions import all_known, columns_of, joined, member, qualified, relation, sql_of, strings
from sqla_lsp.postgres.sql_statement import Statement
from sqla_lsp.postgres.sql_text import MARK, Holes
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.operations import AnyOperation, CreateIndex, DropIndex, Reindex
from sqla_lsp.schema.tables import Flag, Index, Key

_REINDEX: dict[str, Literal["index", "table", "schema", "database", "system"]] = {
    "REINDEX_OBJECT_INDEX": "index",
    "REINDEX_OBJECT_TABLE": "table",
    "REINDEX_OBJECT_SCHEMA": "schema",
    "REINDEX_OBJECT_DATABASE": "database",
    "REINDEX_OBJECT_SYSTEM": "system",
}


def create_index(statement: Statement) -> Iterator[AnyOperation]:
    """CREATE INDEX."""
    node, holes = statement.node, statement.holes
    has_where = node.HasField("where_clause")
    index = Index(
        name=holes.known(node.idxname) if node.idxname else None,
        keys=_keys([item.index_elem for item in node.index_params], holes),
        unique=node.unique,
        method=holes.known(node.access_method),
        include=all_known(tuple(item.index_elem.name for item in node.index_including_params), holes),
        where=sql_of(node.where_clause, holes) if has_where else None,
        where_columns=columns_of(node.where_clause, holes) if has_where else None,
        nulls_not_distinct=node.nulls_not_distinct,
        stored_otherwise=bool(node.options or node.table_space),
    )
    yield CreateIndex(
        statement.site,
        relation(node.relation, holes),
        index,
        concurrently=node.concurrent or _prefixed(node.idxname, holes),
        if_not_exists=node.if_not_exists,
        only=not node.relation.inh,
    )


def drop_index(statement: Statement) -> Iterator[AnyOperation]:
    """DROP INDEX, one operation per index."""
    node, holes = statement.node, statement.holes
    for item in node.objects:
        name = qualified(strings(item.list.items), holes)
        yield DropIndex(
            statement.site,
            name.name,
            name.schema,
            concurrently=node.concurrent or _prefixed(strings(item.list.items)[0], holes),
            if_exists=node.missing_ok,
            cascade=member(node, "behavior") == "DROP_CASCADE",
        )


def reindex(statement: Statement) -> Iterator[AnyOperation]:
    """REINDEX."""
    node, holes = statement.node, statement.holes
    options = {item.def_elem.defname: item.def_elem for item in node.params}
    concurrently = "concurrently" in options and _is_on(options["concurrently"])
    kind = _REINDEX.get(member(node, "kind"), "system")
    if kind in ("index", "table"):
        name = relation(node.relation, holes)
        yield Reindex(statement.site, kind, name.name, name.schema, concurrently=concurrently)
    else:
        yield Reindex(statement.site, kind, holes.known(node.name), concurrently=concurrently)


def _prefixed(name: str, holes: Holes) -> Flag:
    """Unknown where a hole stands right before a name that begins with a letter: it may be "CONCURRENTLY "."""
    unknown = holes.known(name) if re.match(MARK + "+[a-z]", name) else None
    return unknown if isinstance(unknown, Unknown) else False


def _keys(elements: list[Any], holes: Holes) -> tuple[Key, ...] | Unknown:
    if len(elements) == 1 and re.fullmatch(MARK + "+", elements[0].name):
        # A hole that is all there is between the parentheses may be any number of columns.
        unknown = holes.known(elements[0].name)
        return unknown if isinstance(unknown, Unknown) else ()
    return tuple(_key(element, holes) for element in elements)


def _key(element: Any, holes: Holes) -> Key:
    column: str | Unknown | None = holes.known(element.name) if element.name else None
    expression: str | Unknown | None = None
    columns: tuple[str, ...] | None = None
    collation = strings(element.collation)
    if column is None:
        inner = element.expr
        while inner.WhichOneof("node") == "collate_clause":
            collation = collation or strings(inner.collate_clause.collname)
            inner = inner.collate_clause.arg
        if inner.WhichOneof("node") == "column_ref" and len(inner.column_ref.fields) == 1:
            # Postgres takes `(c)` and `(c COLLATE x)` for the column itself.
            column = holes.known(inner.column_ref.fields[0].string.sval)
        else:
            expression, columns = sql_of(element.expr, holes), columns_of(element.expr, holes)
            collation = strings(element.collation)
    descending = member(element, "ordering") == "SORTBY_DESC"
    nulls = member(element, "nulls_ordering")
    return Key(
        column,
        expression,
        columns,
        descending=descending,
        nulls_first=descending if nulls == "SORTBY_NULLS_DEFAULT" else nulls == "SORTBY_NULLS_FIRST",
        opclass=joined(strings(element.opclass), holes) if element.opclass else None,
        collation=joined(collation, holes) if collation else None,
    )


def _is_on(option: Any) -> bool:
    """The value of a boolean option: CONCURRENTLY alone is on."""
    match option.arg.WhichOneof("node"):
        case None:
            return True
        case "boolean":
            return bool(option.arg.boolean.boolval)
        case "integer":
            return bool(option.arg.integer.ival)
        case "string":
            return option.arg.string.sval.lower() in ("on", "true")
        case _:
            return False
