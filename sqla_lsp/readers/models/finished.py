"""The end of the reading of a table: its primary key, where its foreign keys lead, and the names that everything has in the
database."""

from __future__ import annotations

from msgspec.structs import replace

from sqla_lsp.postgres.naming import Convention, constraint_name, given_name, index_name
from sqla_lsp.readers.columns import ReadColumn, column_in_table
from sqla_lsp.readers.models.parts import OWN, MetaOptions, Parts
from sqla_lsp.schema.models import ModelConstraint, ModelIndex
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.tables import ForeignKey, PrimaryKey


def finished(parts: Parts, table: TableName, options: MetaOptions) -> None:
    """Makes the primary key of the columns that say so, and names everything."""
    parts.columns.sort(key=lambda column: _sort_order(parts.reads.get(str(column.column.name))))
    keys = [column for column in parts.columns if column.primary_key is True and column.table is None]
    has_key = any(isinstance(declared.constraint, PrimaryKey) for declared in parts.constraints)
    if keys and not has_key:
        columns = tuple([str(column.column.name) for column in keys])
        first = keys[0]
        parts.constraints.insert(0, ModelConstraint(PrimaryKey(None, columns), first.place, first.statement, "primary_key=True"))
    _settle_key(parts)
    add_names(parts, table, options)


def add_names(parts: Parts, table: TableName, options: MetaOptions) -> None:
    """Gives everything the name that it has in the database, and foreign keys the schema that they mean."""
    convention = options.convention
    parts.constraints = [_aimed(declared, table, options.schema) for declared in parts.constraints]
    parts.indexes = [_named_index(declared, table, convention) for declared in parts.indexes]
    parts.constraints = [_named_constraint(declared, table, convention) for declared in parts.constraints]


def _aimed(declared: ModelConstraint, table: TableName, schema: str | Unknown | None) -> ModelConstraint:
    """A foreign key whose target is named in full: a name without a schema means the schema of the metadata."""
    foreign = declared.constraint
    if not isinstance(foreign, ForeignKey) or foreign.target.schema is not None:
        return declared
    target = table if foreign.target.name == OWN else replace(foreign.target, schema=schema)
    return replace(declared, constraint=replace(foreign, target=target))


def _sort_order(read: ReadColumn | None) -> int:
    order = read.call.keywords.get("sort_order") if read is not None else None
    return order if isinstance(order, int) else 0


def _settle_key(parts: Parts) -> None:
    """Columns of the primary key are NOT NULL, and SERIAL where one is the whole key and makes its own values."""
    keys = [declared.constraint.columns for declared in parts.constraints if isinstance(declared.constraint, PrimaryKey)]
    key = keys[0] if keys and isinstance(keys[0], tuple) else ()
    references = frozenset(
        [
            name
            for declared in parts.constraints
            if isinstance(declared.constraint, ForeignKey) and isinstance(declared.constraint.columns, tuple)
            for name in declared.constraint.columns
        ]
    )
    for at, column in enumerate(parts.columns):
        name = column.column.name
        if column.table is not None or not isinstance(name, str) or name not in key:
            continue
        read = parts.reads.get(name)
        made = replace(column.column, nullable=False)
        if read is not None:
            made = column_in_table(replace(read, column=column.column), key, references)
        parts.columns[at] = replace(column, column=made, primary_key=True)


def _named_index(declared: ModelIndex, table: TableName, convention: Convention) -> ModelIndex:
    if declared.index.name is not None:
        return declared
    return replace(declared, index=replace(declared.index, name=index_name(table, declared.index, convention)))


def _named_constraint(declared: ModelConstraint, table: TableName, convention: Convention) -> ModelConstraint:
    constraint = declared.constraint
    if isinstance(constraint.name, str):
        name: str | None = given_name(table, constraint, constraint.name, convention)
    elif constraint.name is None:
        name = constraint_name(table, constraint, convention)
    else:
        return declared
    return replace(declared, constraint=replace(constraint, name=name))
