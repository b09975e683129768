"""Operations in one short line each, and SQL with holes written as `{name}`."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from sqla_lsp.postgres.sql import read_sql
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.operations import AnyOperation, Site
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax.values import Template
from sqla_lsp.text.places import Place

SITE = Site(Place(0, 1), Place(0, 1), "op.execute")


def template(text: str) -> str | Template:
    """The SQL with an unknown for every `{name}` in it."""
    parts = re.split(r"\{(\w+)\}", text)
    if len(parts) == 1:
        return text
    return Template(tuple(Unknown(part) if i % 2 else part for i, part in enumerate(parts) if part))


def read(text: str, *, binds: bool = True) -> tuple[AnyOperation, ...]:
    return read_sql(template(text), SITE, binds=binds)


def told(value: Any) -> str:
    """A value without what is default: `CreateIndex(table=t, index=Index(name=ix, keys=[Key(column=c)]))`; an unknown is `?`."""
    match value:
        case Unknown():
            return "?"
        case TableName(name, schema):
            return told(name) if schema is None else f"{told(schema)}.{told(name)}"
        case PgType():
            return str(value) + ("" if value.kind == "builtin" else f" {value.kind}") + " serial" * value.serial + _of_type(value)
        case msgspec.Struct():
            fields = zip(msgspec.structs.fields(value), msgspec.structs.astuple(value), strict=True)
            said = (f"{field.name}={told(part)}" for field, part in fields if part != field.default and field.name != "site")
            return f"{type(value).__name__}({', '.join(said)})"
        case tuple():
            return f"[{', '.join(map(told, value))}]"
        case _:
            return str(value)


def _of_type(made: PgType) -> str:
    labels = "" if made.labels is None else f" {told(made.labels)}"
    return (
        labels
        + ("" if made.base is None else f" of {told(made.base)}")
        + ("" if made.checked is None else f" checked={made.checked}")
    )
