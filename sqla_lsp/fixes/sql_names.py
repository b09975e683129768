"""Names as SQL writes them."""

from __future__ import annotations

from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.schema.names import TableName


def sql_name(name: str, schema: object) -> str:
    """A name with its schema."""
    return f"{quote(schema)}.{quote(name)}" if isinstance(schema, str) else quote(name)


def sql_table(table: TableName) -> str:
    """A table. Raises `NotPossible` where its name is not known."""
    if not isinstance(table.name, str) or not (table.schema is None or isinstance(table.schema, str)):
        raise NotPossible("the name of the table is not known")
    return sql_name(table.name, table.schema)


def sql_columns(columns: object) -> str:
    """A list of columns. Raises `NotPossible` where they are not known."""
    if not isinstance(columns, tuple):
        raise NotPossible("the columns are not known")
    return ", ".join(quote(column) for column in columns)
