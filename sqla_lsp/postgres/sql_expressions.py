"""Names, types and expressions inside of parsed statements, as the vocabulary says them. What holds a mark is Unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqla_lsp.postgres.sql_grammar import NoParse, deparse
from sqla_lsp.postgres.sql_text import Holes
from sqla_lsp.postgres.type_names import interval_arguments, make_type
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.types import PgType


def member(message: Any, field: str) -> str:
    """The name of an enumeration's value: `member(cmd, "subtype")` is "AT_AddColumn"."""
    kind = message.DESCRIPTOR.fields_by_name[field].enum_type
    return str(kind.values_by_number[getattr(message, field)].name)


def messages(node: Any) -> Iterator[Any]:
    """A message and all messages inside of it, in order."""
    yield node
    for field, value in node.ListFields():
        if field.message_type is not None:
            for item in (value,) if hasattr(value, "ListFields") else value:
                yield from messages(item)


def tables_named(nodes: Iterable[Any], holes: Holes) -> Iterator[TableName]:
    """The relations that statements, or parts of them, name, without the queries of their WITH."""
    inside = [message for node in nodes for message in messages(node)]
    queries = {message.ctename for message in inside if message.DESCRIPTOR.name == "CommonTableExpr"}
    for message in inside:
        if message.DESCRIPTOR.name == "RangeVar" and (message.schemaname or message.relname not in queries):
            yield relation(message, holes)


def strings(nodes: Iterable[Any]) -> tuple[str, ...]:
    """The texts of String nodes (of a qualified name, or of a list of columns)."""
    return tuple(node.string.sval for node in nodes)


def all_known(texts: tuple[str, ...], holes: Holes) -> tuple[str, ...] | Unknown:
    """The texts, or the first Unknown among them."""
    found = tuple(holes.known(text) for text in texts)
    unknown = next((text for text in found if isinstance(text, Unknown)), None)
    return unknown or tuple(text for text in found if isinstance(text, str))


def relation(range_var: Any, holes: Holes) -> TableName:
    """The table that a RangeVar names."""
    return TableName(holes.known(range_var.relname), holes.known(range_var.schemaname) if range_var.schemaname else None)


def qualified(names: tuple[str, ...], holes: Holes) -> TableName:
    """The relation of a qualified name, its catalog left out."""
    return TableName(holes.known(names[-1]), holes.known(names[-2]) if len(names) > 1 else None)


def joined(names: tuple[str, ...], holes: Holes) -> str | Unknown:
    """A qualified name as one text, without pg_catalog."""
    kept = names[1:] if names[0] == "pg_catalog" and len(names) > 1 else names
    return holes.known(".".join(kept))


def sql_of(expression: Any, holes: Holes) -> str | Unknown:
    """An expression as SQL; equal expressions have equal text."""
    try:
        return holes.known(deparse(expression)) if not _has_hole(expression, holes) else _first_unknown(expression, holes)
    except NoParse as error:
        return Unknown(error.reason)


def columns_of(expression: Any, holes: Holes) -> tuple[str, ...] | None:
    """The columns that an expression names, each once, in order; None where that cannot be told."""
    if _has_hole(expression, holes):
        return None
    found: dict[str, None] = {}
    for node in messages(expression):
        if node.DESCRIPTOR.name == "ColumnRef":
            last = node.fields[-1]
            if last.WhichOneof("node") != "string":
                return None
            found[last.string.sval] = None
    return tuple(found)


def constant(node: Any) -> str | int | None:
    """The value of a constant that is a string or a whole number; None for all else."""
    if node.WhichOneof("node") != "a_const":
        return None
    match node.a_const.WhichOneof("val"):
        case "sval":
            return str(node.a_const.sval.sval)
        case "ival":
            return int(node.a_const.ival.ival)
        case _:
            return None


def type_of(type_name: Any, collation: Any, holes: Holes) -> PgType | Unknown:
    """The type that a TypeName names; `collation` is the qualified name of COLLATE, as nodes."""
    names = strings(type_name.names)
    if not names or type_name.pct_type or type_name.setof:
        return Unknown("the type is taken from elsewhere")
    known = all_known(names, holes)
    if isinstance(known, Unknown):
        return known
    arguments = _arguments(type_name.typmods, holes)
    if isinstance(arguments, Unknown):
        return arguments
    if known[-1] == "interval":
        arguments = interval_arguments(arguments)
    collated = joined(strings(collation), holes) if collation else None
    return collated if isinstance(collated, Unknown) else make_type(known, arguments, len(type_name.array_bounds), collated)


def _arguments(nodes: Iterable[Any], holes: Holes) -> tuple[int | str, ...] | Unknown:
    found: list[int | str] = []
    for node in nodes:
        value = constant(node)
        if value is None:
            text = sql_of(node, holes)
            if isinstance(text, Unknown):
                return text
            value = text
        elif isinstance(unknown := holes.known(str(value)), Unknown):
            return unknown
        found.append(value)
    return tuple(found)


def _has_hole(expression: Any, holes: Holes) -> bool:
    return bool(holes.shown) and isinstance(_first_unknown(expression, holes), Unknown)


def _first_unknown(expression: Any, holes: Holes) -> str | Unknown:
    for node in messages(expression):
        for field, value in node.ListFields():
            if field.message_type is None and isinstance(value, str) and isinstance(unknown := holes.known(value), Unknown):
                return unknown
    return ""
