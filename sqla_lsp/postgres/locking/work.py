"""One statement at work: what is known of the schema before it, and what it was found to do so far."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from sqla_lsp.postgres.identifiers import default_name
from sqla_lsp.postgres.locking.modes import Mode, Taking
from sqla_lsp.postgres.naming import constraint_name
from sqla_lsp.postgres.sql_text import masked
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import Column, Constraint, Exclude, ForeignKey, Index, PrimaryKey, Table, Unique
from sqla_lsp.schema.types import PgType

_CASCADE = re.compile(r"\bcascade\b", re.IGNORECASE)
AE: Mode = "ACCESS EXCLUSIVE"
SRE: Mode = "SHARE ROW EXCLUSIVE"
SUE: Mode = "SHARE UPDATE EXCLUSIVE"


class Known(Protocol):
    """What is known of the schema before a statement."""

    @property
    def tables(self) -> Mapping[Any, Table]:
        """All tables."""
        ...

    @property
    def types(self) -> Mapping[str, PgType]:
        """The enums and domains that were made, by name."""
        ...

    def table(self, name: TableName | None) -> Table | None:
        """A table by its name."""
        ...

    def is_new(self, name: TableName) -> bool:
        """Whether the function at hand created a table."""
        ...

    def index(self, name: str, schema: str | None, table: TableName | None) -> tuple[Table, Index] | None:
        """An index by its name, with its table."""
        ...


class Work:
    """One statement at work: what is known, and what it was found to do so far."""

    def __init__(self, known: Known, version: int) -> None:
        self.known = known
        self.version = version
        self.taking = Taking()

    def lock(self, table: TableName, mode: Mode, of: TableName | None = None) -> None:
        """A lock on a table or another relation; on an index `of` a table."""
        if isinstance(table.name, Unknown):
            self.taking.not_known("the name of a relation is not known", work=False)
            return
        self.taking.lock(str(table), mode, "" if of is None else str(of))
        if self._is_partitioned(table) and not self.known.is_new(table):
            self.taking.not_known(f"the partitions of {table} are locked too", work=False)

    def _is_partitioned(self, table: TableName) -> bool:
        known = self.known.table(table)
        return known is not None and known.partitioned

    def lock_beside(self, table: TableName, name: str, mode: Mode) -> None:
        """A lock on an index or a sequence of a table."""
        self.taking.lock(self.beside(table, name), mode, str(table))

    def lock_sequence(self, table: TableName, column: str, mode: Mode) -> None:
        """A lock on the sequence of a column, under the name that Postgres gives it."""
        self.lock_beside(table, default_name(str(table.name), (column,), "seq") or "", mode)

    def lock_indexes(self, table: TableName, mode: Mode, names: Iterable[str] | None = None) -> None:
        """A lock on the indexes of a table, all or some of them."""
        for name in self.indexes(table) if names is None else names:
            self.lock_beside(table, name, mode)

    def indexes(self, table: TableName) -> list[str]:
        """The names of all indexes of a table that are known, those of its constraints included."""
        known = self.known.table(table)
        if known is None:
            return []
        own = [index.name for index in known.indexes]
        own += [index_of(known.name, constraint) for constraint in known.constraints]
        return [name for name in own if isinstance(name, str)]

    def lock_sequences(self, table: TableName, mode: Mode, columns: Iterable[str] | None = None) -> None:
        """A lock on the sequences of a table's serial and identity columns, of all or some of them."""
        known = self.known.table(table)
        for column in known.columns if known is not None else ():
            if isinstance(column.name, str) and (columns is None or column.name in columns) and has_sequence(column):
                self.lock_sequence(table, column.name, mode)

    def drop_dependents(self, sql: str | None) -> None:
        """What CASCADE drops beside what is known: views, and what else names a table or a column."""
        if _CASCADE.search(masked(sql or "")):
            self.taking.not_known("what depends on it is dropped, and locked, too", work=False)

    def beside(self, table: TableName, name: str) -> str:
        """The name of an index or a sequence in the schema of its table."""
        return f"{table.schema}.{name}" if isinstance(table.schema, str) else name

    def rewrite(self, table: TableName) -> None:
        """The table and its indexes are written anew."""
        self.scan(table)
        if not self._is_partitioned(table):
            self.taking.rewrite(str(table))
        self.lock_indexes(table, AE)

    def scan(self, table: TableName) -> None:
        """The table is read from end to end; a partitioned one has no rows of its own."""
        if not self._is_partitioned(table):
            self.taking.scan(str(table))
        elif not self.known.is_new(table):
            self.taking.not_known(f"the partitions of {table} are read")

    def build(self, table: TableName, name: str | Unknown | None) -> None:
        """An index is built from all rows of a table."""
        self.scan(table)
        if isinstance(name, str):
            self.lock_beside(table, name, AE)
            self.taking.build(self.beside(table, name))

    def read_by_query(self, table: TableName) -> None:
        """The table is read by a query of Postgres's own, which looks at all its indexes."""
        self.scan(table)
        self.lock_indexes(table, "ACCESS SHARE")


def index_of(table: TableName, constraint: Constraint) -> str | None:
    """The name of the index behind a constraint."""
    if not isinstance(constraint, Unique | PrimaryKey | Exclude):
        return None
    if isinstance(constraint.name, str):
        return constraint.name
    return constraint_name(table, constraint, {}) if constraint.name is None else None


def referencing(work: Work, table: TableName) -> list[TableName]:
    """The tables that have a foreign key to a table, other than itself."""
    found = []
    for child in work.known.tables.values():
        keys = [constraint for constraint in child.constraints if isinstance(constraint, ForeignKey)]
        if child.name != table and any(key.target == table for key in keys):
            found.append(child.name)
    return found


def with_type(work: Work, name: str | Unknown) -> list[TableName]:
    """The tables that have a column of a type of the project, an array of it included."""
    return [
        table.name
        for table in work.known.tables.values()
        if any(isinstance(column.type, PgType) and column.type.name == name for column in table.columns)
    ]


def has_sequence(column: Column) -> bool:
    """Whether a column brings a sequence along."""
    is_serial = isinstance(column.type, PgType) and column.type.serial
    return is_serial or (column.default is not None and column.default.kind == "identity")
