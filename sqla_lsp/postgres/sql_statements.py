"""All other statements, and which reader reads which statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqla_lsp.postgres.sql_expressions import constant, joined, member, qualified, relation, sql_of, strings, type_of
from sqla_lsp.postgres.sql_indexes import create_index, drop_index, reindex
from sqla_lsp.postgres.sql_plain import plain_statement
from sqla_lsp.postgres.sql_statement import Statement
from sqla_lsp.postgres.sql_tables import alter_table, create_table, create_table_as, select_into
from sqla_lsp.postgres.sql_text import Holes
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.operations import (
    AnyOperation,
    CreateType,
    DropTable,
    DropType,
    MoveTable,
    NotKnown,
    OtherStatement,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    RenameTable,
    Setting,
)
from sqla_lsp.schema.tables import Text
from sqla_lsp.schema.types import PgType


def read_statement(kind: str, statement: Statement) -> tuple[AnyOperation, ...]:
    """The operations of a parsed statement; `kind` is the name of its message ("index_stmt")."""
    reader = _READERS.get(kind)
    if reader is not None:
        return tuple(reader(statement))
    plain = plain_statement(statement.text, statement.holes)
    return (OtherStatement(statement.site, *plain) if plain else statement.other(),)


def _drop(statement: Statement) -> Iterator[AnyOperation]:
    node, holes, site = statement.node, statement.holes, statement.site
    match member(node, "remove_type"):
        case "OBJECT_TABLE" | "OBJECT_MATVIEW":
            for item in node.objects:
                yield DropTable(site, qualified(strings(item.list.items), holes), if_exists=node.missing_ok)
        case "OBJECT_INDEX":
            yield from drop_index(statement)
        case "OBJECT_TYPE" | "OBJECT_DOMAIN":
            for item in node.objects:
                yield DropType(site, joined(strings(item.type_name.names), holes))
        case _:
            yield statement.other()


def _rename(statement: Statement) -> Iterator[AnyOperation]:
    node, holes, site = statement.node, statement.holes, statement.site
    table = relation(node.relation, holes)
    name, to = holes.known(node.subname), holes.known(node.newname)
    match member(node, "rename_type"):
        case "OBJECT_TABLE":
            yield RenameTable(site, table, to)
        case "OBJECT_COLUMN" if member(node, "relation_type") == "OBJECT_TABLE":
            yield RenameColumn(site, table, name, to)
        case "OBJECT_TABCONSTRAINT":
            yield RenameConstraint(site, table, name, to)
        case "OBJECT_INDEX":
            yield RenameIndex(site, table.name, to, table.schema)
        case _:
            yield statement.other()


def _set_schema(statement: Statement) -> Iterator[AnyOperation]:
    node, holes = statement.node, statement.holes
    if member(node, "object_type") == "OBJECT_TABLE":
        yield MoveTable(statement.site, relation(node.relation, holes), holes.known(node.newschema))
    else:
        yield statement.other()


def _create_enum(statement: Statement) -> Iterator[AnyOperation]:
    labels = tuple(statement.holes.known(text) for text in strings(statement.node.vals))
    known = tuple(label for label in labels if isinstance(label, str))
    yield _type(statement, strings(statement.node.type_name), labels=known if known == labels else None)


def _create_domain(statement: Statement) -> Iterator[AnyOperation]:
    node, holes = statement.node, statement.holes
    base = type_of(node.type_name, node.coll_clause.collname, holes)
    checked = any(member(item.constraint, "contype") == "CONSTR_CHECK" for item in node.constraints)
    yield _type(statement, strings(node.domainname), base=None if isinstance(base, Unknown) else base, checked=checked)


def _type(
    statement: Statement,
    names: tuple[str, ...],
    *,
    labels: tuple[str, ...] | None = None,
    base: PgType | None = None,
    checked: bool | None = None,
) -> AnyOperation:
    name = joined(names, statement.holes)
    if isinstance(name, Unknown):
        return NotKnown(statement.site, "the name of the type is not known" + (f": {name.reason}" if name.reason else ""))
    kind = "enum" if checked is None else "domain"
    return CreateType(statement.site, PgType(name, kind=kind, labels=labels, base=base, checked=checked))


def _setting(statement: Statement) -> Iterator[AnyOperation]:
    node, holes, site = statement.node, statement.holes, statement.site
    name = holes.known(node.name)
    match member(node, "kind"):
        case "VAR_RESET_ALL":
            yield Setting(site, "all", None)
        case "VAR_SET_VALUE" if isinstance(name, str):
            yield Setting(site, name, _values(node.args, holes), local=node.is_local)
        case "VAR_RESET" | "VAR_SET_DEFAULT" if isinstance(name, str):
            yield Setting(site, name, None, local=node.is_local)
        case _:
            yield statement.other("SET")


def _values(nodes: Iterable[Any], holes: Holes) -> Text:
    """The value of SET, as text: '5s' and 5s are equal, on is "on", 100 is "100"."""
    found: list[str] = []
    for node in nodes:
        value = constant(node)
        known = sql_of(node, holes) if value is None else holes.known(str(value))
        if isinstance(known, Unknown):
            return known
        found.append(known)
    return ", ".join(found)


_READERS: dict[str, Callable[[Statement], Iterable[AnyOperation]]] = {
    "create_stmt": create_table,
    "create_table_as_stmt": create_table_as,
    "select_stmt": select_into,
    "alter_table_stmt": alter_table,
    "index_stmt": create_index,
    "reindex_stmt": reindex,
    "drop_stmt": _drop,
    "rename_stmt": _rename,
    "alter_object_schema_stmt": _set_schema,
    "create_enum_stmt": _create_enum,
    "create_domain_stmt": _create_domain,
    "variable_set_stmt": _setting,
}
