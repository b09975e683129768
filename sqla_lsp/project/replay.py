"""The schema that operations build: plain data in, plain data out, nothing is shared that changes.

What is not known changes nothing. A table, index or constraint of which nothing is known is not there; that says nothing about
the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from sqla_lsp.postgres.naming import Convention, constraint_name, given_name, index_name
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.operations import AnyOperation
from sqla_lsp.schema.tables import Check, Column, Constraint, ForeignKey, Index, Key, PrimaryKey, Table, Text, Unique
from sqla_lsp.schema.types import PgType

TableKey = tuple[str | None, str]


class Schema(msgspec.Struct, frozen=True):
    """Tables by schema and name, the types that migrations made, and `new`: the tables that the function at hand created."""

    tables: Mapping[TableKey, Table] = {}
    types: Mapping[str, PgType] = {}
    new: frozenset[TableKey] = frozenset()

    def table(self, name: TableName | None) -> Table | None:
        """A table by its name; None where it is not known."""
        key = key_of(name)
        return None if key is None else self.tables.get(key)

    def is_new(self, name: TableName) -> bool:
        """Whether the function at hand created the table."""
        return key_of(name) in self.new

    def index(self, name: str, schema: str | None, table: TableName | None) -> tuple[Table, Index] | None:
        """An index by its name, which is unique in its schema, with its table."""
        for candidate in self._candidates(schema, table):
            found = candidate.index(name)
            if found is not None:
                return candidate, found
        return None

    def _candidates(self, schema: str | None, table: TableName | None) -> Iterator[Table]:
        known = self.table(table)
        if known is not None:
            yield known
        else:
            wanted = None if schema == "public" else schema
            for key, candidate in self.tables.items():
                if key[0] == wanted:
                    yield candidate


EMPTY = Schema()


def key_of(name: TableName | None) -> TableKey | None:
    """The key of a table that is named in full; `public` is the default schema."""
    if name is None or isinstance(name.name, Unknown) or isinstance(name.schema, Unknown):
        return None
    return (None if name.schema == "public" else name.schema, name.name)


def applied(schema: Schema, operation: AnyOperation, convention: Convention) -> Schema:
    """The schema after an operation."""
    handler = _HANDLERS.get(type(operation))
    return schema if handler is None else handler(schema, operation, convention)


def _with_table(schema: Schema, key: TableKey, table: Table) -> Schema:
    return Schema({**schema.tables, key: table}, schema.types, schema.new)


def _changed(schema: Schema, name: TableName | None, change: Callable[[Table], Table]) -> Schema:
    """The schema with one table changed. A table that no migration made is known from then on by what is done to it."""
    key = key_of(name)
    if key is None or name is None:
        return schema
    table = schema.tables.get(key) or Table(name, complete=False)
    return _with_table(schema, key, change(table))


# -------------------------------------------------------------------------------------------------------------- tables


def _create_table(schema: Schema, made: ops.CreateTable, convention: Convention) -> Schema:
    key = key_of(made.table)
    if key is None or key in schema.tables:
        return schema
    by = {} if made.site.sql is not None else convention
    constraints = tuple([named(made.table, constraint, by) for constraint in made.constraints])
    table = Table(made.table, made.columns, (), constraints, made.partitioned, made.temporary, made.complete, made.reads)
    return Schema({**schema.tables, key: table}, schema.types, schema.new | {key})


def _drop_table(schema: Schema, dropped: ops.DropTable, convention: Convention) -> Schema:
    key = key_of(dropped.table)
    tables = {known: table for known, table in schema.tables.items() if known != key}
    return Schema(tables, schema.types, schema.new - {key})


def _rename_table(schema: Schema, renamed: ops.RenameTable, convention: Convention) -> Schema:
    if isinstance(renamed.to, Unknown):
        return _drop_table(schema, ops.DropTable(renamed.site, renamed.table), convention)
    return _moved(schema, renamed.table, TableName(renamed.to, renamed.table.schema))


def _move_table(schema: Schema, moved: ops.MoveTable, convention: Convention) -> Schema:
    return _moved(schema, moved.table, TableName(moved.table.name, moved.schema))


def _moved(schema: Schema, old: TableName, new: TableName) -> Schema:
    old_key, new_key = key_of(old), key_of(new)
    if old_key is None or new_key is None or old_key not in schema.tables:
        return schema
    tables = {key: table for key, table in schema.tables.items() if key != old_key}
    tables[new_key] = replace(schema.tables[old_key], name=new)
    is_new = (schema.new - {old_key} | {new_key}) if old_key in schema.new else schema.new
    return Schema(tables, schema.types, is_new)


# ------------------------------------------------------------------------------------------------------------- columns


def _add_column(schema: Schema, added: ops.AddColumn, convention: Convention) -> Schema:
    def change(table: Table) -> Table:
        if isinstance(added.column.name, str) and table.column(added.column.name) is not None:
            return table
        return replace(table, columns=(*table.columns, added.column))

    return _changed(schema, added.table, change)


def _drop_column(schema: Schema, dropped: ops.DropColumn, convention: Convention) -> Schema:
    """The column, and with it the indexes and constraints that name it."""
    name = dropped.column
    if isinstance(name, Unknown):
        return schema

    def change(table: Table) -> Table:
        return replace(
            table,
            columns=tuple([column for column in table.columns if column.name != name]),
            indexes=tuple([index for index in table.indexes if not index_names(index, name)]),
            constraints=tuple([constraint for constraint in table.constraints if not constraint_names(constraint, name)]),
        )

    return _changed(schema, dropped.table, change)


def index_names(index: Index, column: str) -> bool:
    """Whether an index is known to name a column, in a key, an expression, its predicate or its included columns."""
    keys = index.keys if isinstance(index.keys, tuple) else ()
    include = index.include if isinstance(index.include, tuple) else ()
    in_key = any(key.column == column or column in (key.columns or ()) for key in keys)
    return in_key or column in (index.where_columns or ()) or column in include


def constraint_names(constraint: Constraint, column: str) -> bool:
    """Whether a constraint is known to name a column."""
    columns = getattr(constraint, "columns", None)
    return isinstance(columns, tuple) and column in columns


def _rename_column(schema: Schema, renamed: ops.RenameColumn, convention: Convention) -> Schema:
    old, new = renamed.column, renamed.to
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        return schema
    return _changed(schema, renamed.table, lambda table: _with_renamed_column(table, old, new))


def _with_renamed_column(table: Table, old: str, new: str) -> Table:
    def names(columns: Any) -> Any:
        return tuple([new if column == old else column for column in columns]) if isinstance(columns, tuple) else columns

    def index(known: Index) -> Index:
        keys = known.keys
        if isinstance(keys, tuple):
            keys = tuple([replace(k, column=new if k.column == old else k.column, columns=names(k.columns)) for k in keys])
        return replace(known, keys=keys, include=names(known.include), where_columns=names(known.where_columns))

    return replace(
        table,
        columns=tuple([replace(column, name=new) if column.name == old else column for column in table.columns]),
        indexes=tuple([index(known) for known in table.indexes]),
        constraints=tuple(
            [replace(known, columns=names(known.columns)) if hasattr(known, "columns") else known for known in table.constraints]
        ),
    )


def _change_column(schema: Schema, name: TableName, column: str | Unknown, change: Callable[[Column], Column]) -> Schema:
    if isinstance(column, Unknown):
        return schema

    def changed(table: Table) -> Table:
        columns = tuple([change(known) if known.name == column else known for known in table.columns])
        if table.column(column) is None:
            columns = (*columns, change(Column(column, Unknown("its type is not known"), Unknown("it is not known"))))
        return replace(table, columns=columns)

    return _changed(schema, name, changed)


def _alter_type(schema: Schema, altered: ops.AlterType, convention: Convention) -> Schema:
    return _change_column(schema, altered.table, altered.column, lambda column: replace(column, type=altered.to))


def _set_nullable(schema: Schema, altered: ops.SetNullable, convention: Convention) -> Schema:
    return _change_column(schema, altered.table, altered.column, lambda column: replace(column, nullable=altered.nullable))


def _set_default(schema: Schema, altered: ops.SetDefault, convention: Convention) -> Schema:
    default = None if isinstance(altered.default, Unknown) else altered.default
    return _change_column(schema, altered.table, altered.column, lambda column: replace(column, default=default))


# ------------------------------------------------------------------------------------------------------------- indexes


def _create_index(schema: Schema, created: ops.CreateIndex, convention: Convention) -> Schema:
    index = created.index
    if index.name is None:
        index = replace(index, name=index_name(created.table, index, convention, is_sql=created.site.sql is not None))
    if created.only:
        index = replace(index, valid=False)

    def change(table: Table) -> Table:
        if isinstance(index.name, str) and table.index(index.name) is not None:
            return table
        return replace(table, indexes=(*table.indexes, index))

    return _changed(schema, created.table, change)


def _drop_index(schema: Schema, dropped: ops.DropIndex, convention: Convention) -> Schema:
    return _change_index(schema, dropped.name, dropped.schema, dropped.table, lambda index: None)


def _rename_index(schema: Schema, renamed: ops.RenameIndex, convention: Convention) -> Schema:
    return _change_index(schema, renamed.name, renamed.schema, None, lambda index: replace(index, name=renamed.to))


def _attach_index(schema: Schema, attached: ops.AttachIndex, convention: Convention) -> Schema:
    return _change_index(schema, attached.name, attached.schema, None, lambda index: replace(index, valid=True))


def _change_index(
    schema: Schema, name: str | Unknown, in_schema: Text, table: TableName | None, change: Callable[[Index], Index | None]
) -> Schema:
    """The schema with one index changed, or without it where the change gives None."""
    if isinstance(name, Unknown) or isinstance(in_schema, Unknown):
        return schema
    found = schema.index(name, in_schema, table)
    if found is None:
        return schema
    owner, old = found
    new = change(old)

    def with_change(table: Table) -> Table:
        changed = [new if index is old else index for index in table.indexes]
        return replace(table, indexes=tuple([index for index in changed if index is not None]))

    return _changed(schema, owner.name, with_change)


# --------------------------------------------------------------------------------------------------------- constraints


def named(table: TableName, constraint: Constraint, convention: Convention) -> Constraint:
    """A constraint with the name that it has in the database."""
    if constraint.name is None:
        name = constraint_name(table, constraint, convention)
        return constraint if name is None else replace(constraint, name=name)
    if isinstance(constraint.name, str):
        return replace(constraint, name=given_name(table, constraint, constraint.name, convention))
    return constraint


def _add_constraint(schema: Schema, added: ops.AddConstraint, convention: Convention) -> Schema:
    """A constraint USING INDEX takes the index over: it is the constraint's own from then on."""
    raw = added.site.sql is not None or added.inline
    constraint = named(added.table, added.constraint, {} if raw else convention)

    def change(table: Table) -> Table:
        made, indexes = constraint, table.indexes
        if isinstance(made, Unique | PrimaryKey) and isinstance(made.index, str):
            backing = table.index(made.index)
            if backing is not None:
                made = replace(made, columns=_key_columns(backing), name=made.name or made.index, include=backing.include)
                if isinstance(made, Unique):
                    made = replace(made, nulls_not_distinct=backing.nulls_not_distinct)
                indexes = tuple([index for index in indexes if index is not backing])
        if isinstance(made.name, str) and table.constraint(made.name) is not None:
            return table
        columns = table.columns
        if isinstance(made, PrimaryKey) and isinstance(made.columns, tuple):
            key = made.columns
            columns = tuple([replace(c, nullable=False) if c.name in key else c for c in columns])
        return replace(table, columns=columns, indexes=indexes, constraints=(*table.constraints, made))

    return _changed(schema, added.table, change)


def _key_columns(index: Index) -> tuple[str, ...] | Unknown:
    keys: tuple[Key, ...] = index.keys if isinstance(index.keys, tuple) else ()
    columns = tuple([key.column for key in keys if isinstance(key.column, str)])
    return columns if columns and len(columns) == len(keys) else Unknown("the columns of the index are not known")


def _drop_constraint(schema: Schema, dropped: ops.DropConstraint, convention: Convention) -> Schema:
    if not isinstance(dropped.name, str):
        return schema
    name = dropped.name
    by = {} if dropped.site.sql is not None else convention

    def change(table: Table) -> Table:
        kept = tuple([c for c in table.constraints if c.name not in (name, given_name(table.name, c, name, by))])
        return replace(table, constraints=kept)

    return _changed(schema, dropped.table, change)


def _rename_constraint(schema: Schema, renamed: ops.RenameConstraint, convention: Convention) -> Schema:
    def change(table: Table) -> Table:
        return replace(
            table, constraints=tuple([replace(c, name=renamed.to) if c.name == renamed.name else c for c in table.constraints])
        )

    return _changed(schema, renamed.table, change)


def _validate(schema: Schema, validated: ops.ValidateConstraint, convention: Convention) -> Schema:
    def change(table: Table) -> Table:
        return replace(
            table,
            constraints=tuple(
                [
                    replace(c, validated=True) if isinstance(c, ForeignKey | Check) and c.name == validated.name else c
                    for c in table.constraints
                ]
            ),
        )

    return _changed(schema, validated.table, change)


# --------------------------------------------------------------------------------------------------------------- types


def _create_type(schema: Schema, created: ops.CreateType, convention: Convention) -> Schema:
    return Schema(schema.tables, {**schema.types, created.made.name: created.made}, schema.new)


def _drop_type(schema: Schema, dropped: ops.DropType, convention: Convention) -> Schema:
    return Schema(schema.tables, {name: made for name, made in schema.types.items() if name != dropped.name}, schema.new)


_HANDLERS: dict[type[Any], Callable[[Schema, Any, Convention], Schema]] = {
    ops.CreateTable: _create_table,
    ops.DropTable: _drop_table,
    ops.RenameTable: _rename_table,
    ops.MoveTable: _move_table,
    ops.AddColumn: _add_column,
    ops.DropColumn: _drop_column,
    ops.RenameColumn: _rename_column,
    ops.AlterType: _alter_type,
    ops.SetNullable: _set_nullable,
    ops.SetDefault: _set_default,
    ops.CreateIndex: _create_index,
    ops.DropIndex: _drop_index,
    ops.RenameIndex: _rename_index,
    ops.AttachIndex: _attach_index,
    ops.AddConstraint: _add_constraint,
    ops.DropConstraint: _drop_constraint,
    ops.RenameConstraint: _rename_constraint,
    ops.ValidateConstraint: _validate,
    ops.CreateType: _create_type,
    ops.DropType: _drop_type,
}
