"""How tables are named. What is not known of them is an `Unknown`, here as everywhere."""

from __future__ import annotations

import msgspec

from sqla_lsp.syntax.unknown import Unknown as Unknown


class TableName(msgspec.Struct, frozen=True, array_like=True):
    """A table's name as Postgres sees it (folded unless it was quoted) and its schema, None for the default one."""

    name: str | Unknown
    schema: str | Unknown | None = None

    @property
    def known(self) -> bool:
        return not isinstance(self.name, Unknown) and not isinstance(self.schema, Unknown)

    def __str__(self) -> str:
        name = "a table" if isinstance(self.name, Unknown) else self.name
        return f"{self.schema}.{name}" if isinstance(self.schema, str) else name


NOWHERE = TableName(Unknown("the table is not named"))
