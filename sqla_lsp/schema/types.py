"""Postgres types as plain data."""

from __future__ import annotations

import msgspec


class PgType(msgspec.Struct, frozen=True, omit_defaults=True, tag="type", tag_field="is"):
    """A Postgres type.

    `name` is the spelling of `postgres/type_changes.tsv`: "varchar", "text", "char" (of a length), '"char"', "name", "citext",
    "smallint", "int", "bigint", "numeric", "real", "double precision", "money", "oid", "boolean", "date", "timestamp",
    "timestamptz", "time", "timetz", "interval", "bit", "varbit", "uuid", "json", "jsonb", "bytea", "inet", "cidr", "macaddr",
    "xml", "tsvector", ..., or the name of an enum, a domain or a type of an extension (schema-qualified when given so).
    `arguments` are the type modifiers: (50,) for varchar(50), (10, 2) for numeric(10,2), (3,) for timestamp(3); for interval the
    field restriction, when there is one, comes first as text: ("day to second", 3).
    `dimensions` is how many `[]` follow. `kind` tells what `name` is. An enum carries its `labels` where they are known;
    a domain its `base` and whether it has a CHECK (None: not known).
    """

    name: str
    arguments: tuple[int | str, ...] = ()
    dimensions: int = 0
    collation: str | None = None
    kind: str = "builtin"  # "builtin", "enum", "domain", "extension" (not known which: "named")
    labels: tuple[str, ...] | None = None
    base: PgType | None = None
    checked: bool | None = None
    serial: bool = False
    """Declared as serial, bigserial or smallserial (the name is then int, bigint or smallint)."""

    def __str__(self) -> str:
        if self.name == "interval" and self.arguments and isinstance(self.arguments[0], str):
            fields, *precision = self.arguments
            text = f"interval {fields}" + (f"({precision[0]})" if precision else "")
        else:
            text = self.name + (f"({','.join(map(str, self.arguments))})" if self.arguments else "")
        text += "[]" * self.dimensions
        return f'{text} COLLATE "{self.collation}"' if self.collation else text
