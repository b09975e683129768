"""Models as lines of text, twice: as the reader has them, and as SQLAlchemy itself makes them of the same code, which is run."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Enum, MetaData, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex as SqlaCreateIndex
from sqlalchemy.schema import CreateTable as SqlaCreateTable

from sqla_lsp.postgres.naming import constraint_name
from sqla_lsp.postgres.sql import read_sql
from sqla_lsp.project.modules import ProjectModules
from sqla_lsp.readers.models import read_models
from sqla_lsp.schema.models import Model, Models
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.operations import CreateIndex, CreateTable
from sqla_lsp.schema.tables import Check, Column, Constraint, ForeignKey, Index, PrimaryKey, Unique
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax.frames import LoadedModule
from tests.postgres.sql_told import SITE, told

MAIN = "shop_models"
"""The module that a case without a file name is."""


def write(text: str, folder: Path) -> list[Path]:
    """The files of a case: `--- name` begins the next one."""
    first, *more = text.split("\n--- ")
    parts = {f"{MAIN}.py": first} | dict(part.partition("\n")[::2] for part in more)
    paths = []
    for name, content in parts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        paths.append(path)
    return paths


# ---------------------------------------------------------------------------------------------------------- the reader's


def read(paths: list[Path]) -> dict[str, Models]:
    """The models of files, each read together with the others."""
    modules = ProjectModules(lambda path: Path(path).read_bytes())
    return {
        str(path): read_models(LoadedModule(str(path), "", None, path.name == "__init__.py", path.read_bytes()), modules)
        for path in paths
    }


def lines_of_models(read: dict[str, Models]) -> list[str]:
    """What models declare, a line a thing."""
    lines: set[str] = set()
    by_class = {(path, model.name): model for path, found in read.items() for model in found.models}
    for path, found in read.items():
        for model in found.models:
            if model.table is not None:
                lines |= set(_lines_of_table(model))
            if model.kind == "class" and model.table is not None:
                lines |= set(_lines_of_class(model))
        for owner, index in found.added:
            added = by_class[owner.path or path, owner.name]
            lines.add(f"{told(added.table)} {_told_index(index.index)}")
    return sorted(lines)


def _lines_of_table(model: Model) -> Iterator[str]:
    table = told(model.table)
    if not model.complete:
        yield f"{table} is not complete"
    if model.partitioned:
        yield f"{table} is partitioned"
    for column in model.columns:
        if column.table is None:
            yield f"{table} {_told_column(column.column)}"
    for declared in model.constraints:
        yield f"{table} {_told_constraint(declared.constraint)}"
    for index in model.indexes:
        yield f"{table} {_told_index(index.index)}"


def _lines_of_class(model: Model) -> Iterator[str]:
    for column in model.columns:
        yield f"class {model.name}.{column.attribute} is {told(column.table or model.table)}.{told(column.column.name)}"
    for other, name in model.synonyms:
        same = model.attribute(name)
        is_column = f"{told(same.table or model.table)}.{told(same.column.name)}" if same is not None else f"no column: {name}"
        yield f"class {model.name}.{other} is {is_column}"
    for relationship in model.relationships:
        target = relationship.target_class.name if relationship.target_class is not None else relationship.target
        through = f" through {told(relationship.secondary)}" if relationship.secondary is not None else ""
        yield f"class {model.name}.{relationship.attribute} leads to {target.rpartition('.')[2]}{through}"


# ---------------------------------------------------------------------------------------------------------- SQLAlchemy's


def run(paths: list[Path], folder: Path) -> list[Any]:
    """The modules of files, imported."""
    names = [".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    sys.path.insert(0, str(folder))
    try:
        return [importlib.import_module(name) for name in names]
    finally:
        sys.path.remove(str(folder))
        for name in [
            name for name, module in sys.modules.items() if str(getattr(module, "__file__", "")).startswith(str(folder))
        ]:
            sys.modules.pop(name)
        importlib.invalidate_caches()


def lines_of_sqlalchemy(modules: list[Any]) -> list[str]:
    """What the classes and tables of modules are to SQLAlchemy itself, in the same lines."""
    tables: dict[int, Any] = {}
    mappers: dict[int, Any] = {}
    for module in modules:
        for value in list(vars(module).values()):
            mapper = inspect(value, raiseerr=False) if isinstance(value, type) else None
            if mapper is not None and hasattr(mapper, "local_table") and value.__module__ in {m.__name__ for m in modules}:
                mappers[id(mapper)] = mapper
                metadata = mapper.local_table.metadata
            else:
                metadata = value if isinstance(value, MetaData) else getattr(value, "metadata", None)
            if isinstance(metadata, MetaData):
                tables.update({id(table): table for table in metadata.tables.values()})
    lines: set[str] = set()
    for table in tables.values():
        lines |= set(_lines_of_ddl(table))
    for mapper in mappers.values():
        lines |= set(_lines_of_mapper(mapper))
    return sorted(lines)


def _lines_of_ddl(table: Any) -> Iterator[str]:
    dialect: Any = postgresql.dialect()  # type: ignore[no-untyped-call]
    sql = [str(SqlaCreateTable(table).compile(dialect=dialect))]
    for index in table.indexes:
        when = index._ddl_if
        if when is None or when.dialect == "postgresql":
            sql.append(str(SqlaCreateIndex(index).compile(dialect=dialect, compile_kwargs={"literal_binds": True})))
    for text in sql:
        for operation in read_sql(text, SITE, binds=False):
            if isinstance(operation, CreateTable):
                yield from _lines_of_create(operation, {column.name: column.type for column in table.columns})
            elif isinstance(operation, CreateIndex):
                yield f"{told(operation.table)} {_told_index(operation.index)}"


def _lines_of_create(operation: CreateTable, types: dict[str, Any]) -> Iterator[str]:
    table = told(operation.table)
    if operation.partitioned:
        yield f"{table} is partitioned"
    for column in operation.columns:
        kind = types.get(str(column.name))
        if isinstance(kind, Enum) and isinstance(column.type, PgType) and column.type.kind == "named":
            column = replace(column, type=replace(column.type, kind="enum", labels=tuple(kind.enums)))
        yield f"{table} {_told_column(column)}"
    for constraint in operation.constraints:
        if constraint.name is None:
            constraint = replace(constraint, name=constraint_name(operation.table, constraint, {}))
        yield f"{table} {_told_constraint(constraint)}"


def _lines_of_mapper(mapper: Any) -> Iterator[str]:
    name = mapper.class_.__name__
    for key, descriptor in mapper.all_orm_descriptors.items():
        column = getattr(getattr(mapper.class_, key, None), "expression", None)
        table = getattr(column, "table", None)
        if getattr(descriptor, "is_attribute", False) and hasattr(mapper.attrs.get(key), "mapper"):
            relationship = mapper.attrs[key]
            if key in {_name_of_backref(other) for other in relationship.mapper.relationships}:
                continue
            through = f" through {_table(relationship.secondary)}" if relationship.secondary is not None else ""
            yield f"class {name}.{key} leads to {relationship.mapper.class_.__name__}{through}"
        elif table is not None and getattr(table, "name", None) and getattr(column, "name", None):
            yield f"class {name}.{key} is {_table(table)}.{column.name}"


def _name_of_backref(relationship: Any) -> str | None:
    given = relationship.backref
    return given[0] if isinstance(given, tuple) else given


def _table(table: Any) -> str:
    return told(TableName(table.name, table.schema))


# ---------------------------------------------------------------------------------------------------------------- lines


def _told_column(column: Column) -> str:
    default = f" default {told(column.default)}" if column.default is not None else ""
    nullable = "" if column.nullable is True else " not null" if column.nullable is False else " ?"
    return f"column {told(column.name)} {told(column.type)}{nullable}{default}"


def _told_index(index: Index) -> str:
    keys = told(index.keys) if not isinstance(index.keys, tuple) else ", ".join(_told_key(key) for key in index.keys)
    rest = told(replace(index, name=None, keys=(), unique=False, where=None, where_columns=None))
    rest = rest.removeprefix("Index(name=None, keys=[]").removesuffix(")").removeprefix(",")
    where = f" where {told(index.where)}" if index.where is not None else ""
    return f"{'unique ' * (index.unique is True)}index {told(index.name)} ({keys}){rest}{where}"


def _told_key(key: Any) -> str:
    what = told(key.column) if key.column is not None else f"({told(key.expression)})"
    order = (" desc" if key.descending else "") + (" nulls first" if key.nulls_first else "")
    return (
        what
        + order
        + (f" {told(key.opclass)}" if key.opclass else "")
        + (f" collate {told(key.collation)}" if key.collation else "")
    )


def _told_constraint(constraint: Constraint) -> str:
    match constraint:
        case PrimaryKey():
            return f"primary key {told(constraint.name)} {told(constraint.columns)}"
        case Unique():
            return f"unique {told(constraint.name)} {told(constraint.columns)}" + told(
                replace(constraint, name=None, columns=())
            ).removeprefix("Unique(name=None, columns=[]").rstrip(")")
        case ForeignKey():
            options = " ".join(f"{key}={value}".lower() for key, value in constraint.options)
            target = f"{told(constraint.target)} {told(constraint.target_columns)}"
            return f"foreign key {told(constraint.name)} {told(constraint.columns)} -> {target} {options}".rstrip()
        case Check():
            return f"check {told(constraint.name)} {told(constraint.sql)}"
        case _:
            return f"exclude {told(constraint.name)}"
