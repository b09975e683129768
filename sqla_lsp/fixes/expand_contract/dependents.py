"""What depends on a column, and how it is made again over another one: indexes, unique constraints, foreign keys and checks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sqla_lsp.fixes.expand_contract import expressions
from sqla_lsp.fixes.expand_contract.expressions import Expression
from sqla_lsp.fixes.sql_names import sql_table
from sqla_lsp.postgres.identifiers import quote
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.tables import Check, ForeignKey, Index, Key, PrimaryKey, Table, Unique

Rename = Callable[[str], str]
"""The name of a column as it stands in the table for the moment."""

_OPCLASS = re.compile(r"[a-z_][a-z0-9_.]*")
_METHOD = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class DependentIndex:
    """An index, or the one of a unique constraint: then `constraint` is what more is said of the constraint."""

    name: str
    index: Index
    constraint: str | None = None

    @property
    def is_rebuilt(self) -> bool:
        """Whether Postgres builds it again for a free change of type: one with expressions, or with a predicate."""
        keys = self.index.keys
        return self.index.where is not None or (isinstance(keys, tuple) and any(key.column is None for key in keys))

    def definition(self, name: str, table: str, rename: Rename) -> tuple[str, ...]:
        """CREATE INDEX CONCURRENTLY over other columns, line by line."""
        index = self.index
        assert isinstance(index.keys, tuple)
        assert isinstance(index.include, tuple)
        keys = ", ".join(_key(key, rename) for key in index.keys)
        using = "" if index.method == "btree" else f" USING {index.method}"
        lines = [
            f"CREATE {'UNIQUE ' if index.unique is True else ''}INDEX CONCURRENTLY {quote(name)}",
            f"  ON {table}{using} ({keys})",
        ]
        if index.include:
            lines.append(f"  INCLUDE ({', '.join(quote(rename(column)) for column in index.include)})")
        if index.nulls_not_distinct is True:
            lines.append("  NULLS NOT DISTINCT")
        if isinstance(index.where, str):
            lines.append(f"  WHERE {_over(index.where, rename)}")
        return tuple(lines)


@dataclass(frozen=True)
class DependentForeignKey:
    """A foreign key of the column."""

    name: str
    key: ForeignKey

    def definition(self, rename: Rename) -> tuple[str, ...]:
        """FOREIGN KEY ... over other columns, line by line."""
        key = self.key
        assert isinstance(key.columns, tuple)
        assert isinstance(key.target_columns, tuple)
        columns = ", ".join(quote(rename(column)) for column in key.columns)
        targets = f" ({', '.join(map(quote, key.target_columns))})" if key.target_columns else ""
        options = dict(key.options)
        parts = [f"REFERENCES {sql_table(key.target)}{targets}"]
        parts += [f"MATCH {options['match'].upper()}"] if "match" in options else []
        parts += [f"ON DELETE {options['ondelete'].upper()}"] if "ondelete" in options else []
        parts += [f"ON UPDATE {options['onupdate'].upper()}"] if "onupdate" in options else []
        parts += ["DEFERRABLE"] if options.get("deferrable", "").lower() == "true" else []
        parts += [f"INITIALLY {options['initially'].upper()}"] if "initially" in options else []
        return f"FOREIGN KEY ({columns})", " ".join(parts)


@dataclass(frozen=True)
class DependentCheck:
    """A CHECK that names the column."""

    name: str
    condition: Expression
    validated: bool

    def definition(self, rename: Rename) -> str:
        """CHECK (...) over other columns."""
        return f"CHECK ({self.condition.over(lambda name: quote(rename(name)))})"


@dataclass(frozen=True)
class Dependents:
    """All that depends on a column, each in the order in which it was made."""

    indexes: tuple[DependentIndex, ...] = ()
    uniques: tuple[DependentIndex, ...] = ()
    foreign_keys: tuple[DependentForeignKey, ...] = ()
    checks: tuple[DependentCheck, ...] = ()

    @property
    def allow_rounding(self) -> bool:
        """Whether several values of the column may become one without anything failing."""
        return not self.uniques and not self.foreign_keys and all(index.index.unique is False for index in self.indexes)

    def allow_null(self, column: str) -> bool:
        """Whether values of the column may become NULL without anything failing."""
        for dependent in (*self.indexes, *self.uniques):
            index = dependent.index
            assert isinstance(index.keys, tuple)
            is_computed = any(column in (key.columns or ()) for key in index.keys) or column in (index.where_columns or ())
            if index.unique is not False and (index.nulls_not_distinct is not False or is_computed):
                return False
        return True

    @property
    def constraints(self) -> tuple[str, ...]:
        """The names of the constraints that are made again before the swap."""
        return (*(foreign.name for foreign in self.foreign_keys), *(unique.name for unique in self.uniques))

    @property
    def made_again(self) -> tuple[DependentIndex | DependentCheck, ...]:
        """What a free change of type makes again, or reads all rows for."""
        indexes = [index for index in self.indexes if index.is_rebuilt]
        return (*indexes, *(check for check in self.checks if check.validated))

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self.indexes or self.uniques or self.foreign_keys or self.checks)


def dependents_of(table: Table, column: str) -> Dependents | None:
    """What depends on a column of a table; None where it is not known, or not known how to make it again."""
    indexes: list[DependentIndex] = []
    uniques: list[DependentIndex] = []
    foreign_keys: list[DependentForeignKey] = []
    checks: list[DependentCheck] = []
    for index in table.indexes:
        names = _index_names(index, column)
        if names is None:
            return None
        if names:
            if not _is_whole(index) or not isinstance(index.name, str):
                return None
            indexes.append(DependentIndex(index.name, index))
    for constraint in table.constraints:
        match constraint:
            case Unique():
                if isinstance(constraint.columns, Unknown) or isinstance(constraint.include, Unknown):
                    return None
                if column in (*constraint.columns, *constraint.include):
                    made = _unique(constraint)
                    if made is None:
                        return None
                    uniques.append(made)
            case PrimaryKey(include=include):
                if isinstance(include, Unknown) or column in include:
                    return None
            case ForeignKey():
                if isinstance(constraint.columns, Unknown):
                    return None
                if column in constraint.columns:
                    if not _is_plain_key(constraint) or not isinstance(constraint.name, str):
                        return None
                    foreign_keys.append(DependentForeignKey(constraint.name, constraint))
            case Check():
                read = _read(constraint.sql, constraint.columns)
                if read is None:
                    return None
                if column in read.columns:
                    if not isinstance(constraint.name, str) or not isinstance(constraint.validated, bool):
                        return None
                    checks.append(DependentCheck(constraint.name, read, constraint.validated))
            case _:
                pass
    return Dependents(tuple(indexes), tuple(uniques), tuple(foreign_keys), tuple(checks))


def _read(sql: str | Unknown | None, columns: tuple[str, ...] | None) -> Expression | None:
    """An expression whose text still says what the revisions made of its columns."""
    read = expressions.read(sql) if isinstance(sql, str) and columns is not None else None
    return read if read is not None and set(read.columns) == set(columns or ()) else None


def _index_names(index: Index, column: str) -> bool | None:
    """Whether an index names a column; None where that cannot be told."""
    if isinstance(index.keys, Unknown) or isinstance(index.include, Unknown) or isinstance(index.where, Unknown):
        return None
    named: set[str] = set(index.include)
    for key in index.keys:
        if isinstance(key.column, str):
            named.add(key.column)
        elif key.columns is None:
            return None
        named.update(key.columns or ())
    if index.where is not None:
        if index.where_columns is None:
            return None
        named.update(index.where_columns)
    return column in named


def _is_whole(index: Index) -> bool:
    """Whether everything of an index is known that it takes to make it again."""
    if (
        not index.valid
        or index.stored_otherwise
        or not isinstance(index.unique, bool)
        or not isinstance(index.nulls_not_distinct, bool)
    ):
        return False
    if not isinstance(index.method, str) or not _METHOD.fullmatch(index.method):
        return False
    if index.where is not None and _read(index.where, index.where_columns) is None:
        return False
    assert isinstance(index.keys, tuple)
    return all(_is_whole_key(key) for key in index.keys)


def _is_whole_key(key: Key) -> bool:
    if isinstance(key.opclass, Unknown) or isinstance(key.collation, Unknown):
        return False
    if key.opclass is not None and not _OPCLASS.fullmatch(key.opclass):
        return False
    return isinstance(key.column, str) or _read(key.expression, key.columns) is not None


def _unique(constraint: Unique) -> DependentIndex | None:
    assert isinstance(constraint.columns, tuple)
    flags = (constraint.deferrable, constraint.nulls_not_distinct)
    if not isinstance(constraint.name, str) or any(not isinstance(flag, bool) for flag in flags):
        return None
    if isinstance(constraint.initially, Unknown):
        return None
    options = ["DEFERRABLE"] if constraint.deferrable else []
    options += [f"INITIALLY {constraint.initially.upper()}"] if constraint.initially is not None else []
    keys = tuple(Key(column) for column in constraint.columns)
    index = Index(
        constraint.name,
        keys,
        unique=True,
        include=constraint.include,
        nulls_not_distinct=constraint.nulls_not_distinct,
    )
    return DependentIndex(constraint.name, index, " ".join(options))


def _is_plain_key(key: ForeignKey) -> bool:
    """Whether a foreign key is known in full, and takes NULL in one of its columns."""
    is_told = key.target.known and isinstance(key.target_columns, tuple) and isinstance(key.validated, bool)
    return is_told and dict(key.options).get("match", "simple").lower() == "simple"


def _key(key: Key, rename: Rename) -> str:
    text = quote(rename(key.column)) if isinstance(key.column, str) else f"({_over(str(key.expression), rename)})"
    if isinstance(key.collation, str):
        text += f" COLLATE {'.'.join(map(quote, key.collation.split('.')))}"
    if isinstance(key.opclass, str):
        text += f" {key.opclass}"
    text += " DESC" if key.descending else ""
    if key.nulls_first != key.descending:
        text += " NULLS FIRST" if key.nulls_first else " NULLS LAST"
    return text


def _over(sql: str, rename: Rename) -> str:
    read = expressions.read(sql)
    assert read is not None
    return read.over(lambda name: quote(rename(name)))
