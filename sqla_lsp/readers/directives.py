"""Alembic's operation directives: what each call of `op.X(...)` or `batch_op.X(...)` sends to Postgres.

Signatures are those of Alembic 1.20, with the argument names of older releases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec.structs import replace

from sqla_lsp.readers.arguments import NOT_KNOWN, Arguments, last_name, name_of, names_of, text_of
from sqla_lsp.readers.columns import ReadColumn, check_of_type, column_in_table, column_of
from sqla_lsp.readers.constraints import (
    constraint_of,
    foreign_options,
    index_in_table,
    index_of,
    is_call_of,
    not_valid,
    primary_key_of,
    unique_of,
)
from sqla_lsp.readers.sql_values import check_of, default_of, key_of, sql_of
from sqla_lsp.readers.sqlalchemy_types import type_of
from sqla_lsp.schema import operations as ops
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.operations import AnyOperation, Site
from sqla_lsp.schema.tables import Constraint, Exclude, Flag, ForeignKey, Index, PrimaryKey, Unique
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, ListValue, Value

Batch = CallValue
_KINDS = {"foreignkey": "foreign", "primary": "primary", "unique": "unique", "check": "check"}


class Given(msgspec.Struct, frozen=True):
    """One call of a directive. `batch` is the `batch_alter_table(...)` that it is sent through, None for `op` itself;
    `site(emitted_by)` says where its operations come from."""

    machine: Machine
    frame: Frame
    call: CallValue
    batch: Batch | None
    site: Callable[[str], Site]

    def arguments(self, *names: str) -> Arguments:
        """The arguments by the names of the directive; the table's name is no argument of a batch."""
        if self.batch is not None:
            names = tuple([name for name in names if name not in ("table_name", "source_table")])
        return Arguments(self.call, names)

    def table(self, arguments: Arguments, *names: str, schema: str = "schema") -> TableName:
        """The table that the call is about."""
        if self.batch is not None:
            batch = Arguments(self.batch, ["table_name", "schema"])
            return TableName(name_of(batch.required("table_name")), text_of(batch.get("schema")))
        return TableName(name_of(arguments.required(*(names or ("table_name", "tablename")))), text_of(arguments.get(schema)))


Operations = Iterator[AnyOperation]


def _create_table(given: Given) -> Operations:
    call = given.call
    arguments = Arguments(call, ["table_name"])
    table = given.table(arguments, "table_name", "name")
    yield from create_table(given, table, arguments.rest, call)


def create_table(given: Given, table: TableName, elements: tuple[Value, ...], call: CallValue) -> Operations:
    """CREATE TABLE with its elements, and the CREATE INDEX statements that follow it."""
    arguments = Arguments(call, [])
    reads: list[ReadColumn] = []
    constraints: list[Constraint] = []
    indexes: list[tuple[str, Index]] = []
    primary: list[str] = []
    refused: list[tuple[Unique, CallValue]] = []
    complete = not call.open
    for element in elements:
        read = column_of(given.machine, given.frame, element)
        if read is not None:
            reads.append(read)
            constraints += [foreign_key for _, foreign_key in read.foreign_keys]
            constraints += [check for _, check in read.checks]
            constraints += [read.type_check] if read.type_check is not None else []
            indexes += _column_index(read)
            if read.unique is True and read.index is not True:
                constraints.append(Unique(None, _one(read)))
            if read.primary_key is True and isinstance(read.column.name, str):
                primary.append(read.column.name)
            continue
        constraint = constraint_of(element)
        if constraint is not None:
            constraints.append(constraint)
            if isinstance(constraint, Unique) and isinstance(element, CallValue) and _mistake(element, *_NOT_OF_UNIQUE):
                refused.append((constraint, element))
        elif isinstance(element, CallValue) and is_call_of(element, "Index"):
            indexes.append(("Index", index_in_table(element)))
        elif not (isinstance(element, CallValue) and last_name(element) in ("Sequence", "Comment")):
            complete = complete and element is None
    if primary and not any(isinstance(constraint, PrimaryKey) for constraint in constraints):
        constraints.insert(0, PrimaryKey(None, tuple(primary)))
    key = next((c.columns for c in constraints if isinstance(c, PrimaryKey) and isinstance(c.columns, tuple)), ())
    beside = [c.columns for c in constraints if isinstance(c, ForeignKey) and isinstance(c.columns, tuple)]
    references = frozenset(name for names in beside for name in names)
    yield ops.CreateTable(
        given.site(""),
        table,
        tuple([column_in_table(read, key, references) for read in reads]),
        tuple(constraints),
        arguments.flag("if_not_exists"),
        _is_temporary(arguments.get("prefixes")),
        arguments.has("postgresql_partition_by") and arguments.get("postgresql_partition_by") is not None,
        None,
        complete,
    )
    for unique, call in refused:
        yield ops.AddConstraint(given.site("UniqueConstraint"), table, unique, _mistake(call, *_NOT_OF_UNIQUE))
    for emitted_by, index in indexes:
        yield ops.CreateIndex(given.site(emitted_by), table, index)


def _is_temporary(prefixes: Value) -> bool:
    words = prefixes if isinstance(prefixes, tuple) else prefixes.items if isinstance(prefixes, ListValue) else ()
    return any(isinstance(word, str) and "TEMP" in word.upper() for word in words)


def _one(read: ReadColumn) -> tuple[str, ...] | Unknown:
    return (read.column.name,) if isinstance(read.column.name, str) else NOT_KNOWN


def _column_index(read: ReadColumn) -> list[tuple[str, Index]]:
    """The index that `index=True` makes: unique together with `unique=True`."""
    if read.index is True:
        return [("index=True", Index(None, (key_of(read.column.name),), read.unique is True))]
    return []


def _drop_table(given: Given) -> Operations:
    arguments = given.arguments("table_name")
    yield ops.DropTable(given.site(""), given.table(arguments, "table_name", "name"), arguments.flag("if_exists"))


def _rename_table(given: Given) -> Operations:
    arguments = given.arguments("old_table_name", "new_table_name")
    table = given.table(arguments, "old_table_name")
    yield ops.RenameTable(given.site(""), table, name_of(arguments.required("new_table_name")))


def _add_column(given: Given) -> Operations:
    arguments = given.arguments("table_name", "column")
    table = given.table(arguments)
    value = arguments.required("column")
    read = column_of(given.machine, given.frame, value)
    if read is None:
        yield ops.NotKnown(given.site(""), "the column that is added is not known")
        return
    yield ops.AddColumn(given.site(""), table, read.column, arguments.flag("if_not_exists"))
    for _, check in read.checks:  # SQLAlchemy does not render NOT VALID inside of a column
        yield ops.AddConstraint(given.site("CheckConstraint"), table, replace(check, validated=True), inline=True)
    if read.primary_key is True and arguments.flag("inline_primary_key") is True:
        yield ops.AddConstraint(given.site("primary_key=True"), table, PrimaryKey(None, _one(read)), inline=True)
    if read.type_check is not None:
        yield ops.AddConstraint(given.site("create_constraint=True"), table, read.type_check)
    yield from _added_foreign_keys(given, table, read, arguments)
    if read.unique is True and read.index is not True:
        yield ops.AddConstraint(given.site("unique=True"), table, Unique(None, _one(read)))
    for emitted_by, index in _column_index(read):
        yield ops.CreateIndex(given.site(emitted_by), table, index)


def _added_foreign_keys(given: Given, table: TableName, read: ReadColumn, arguments: Arguments) -> Operations:
    """A second statement that scans, or a part of ADD COLUMN with `inline_references=True` (Alembic 1.18.2 and later), for which
    Postgres skips the scan of a nullable column without a default."""
    inline = arguments.flag("inline_references")
    for call, foreign_key in read.foreign_keys:
        site = given.site("ForeignKey")
        mistake = _mistake(call, "not_valid")
        if inline is True:
            empty = read.column.default is None and read.column.nullable is True
            named = ForeignKey(
                None, foreign_key.columns, foreign_key.target, foreign_key.target_columns, True, foreign_key.options
            )
            yield ops.AddConstraint(site, table, named, mistake, not empty, True)
        else:
            scan: Flag = True if inline is False else inline
            yield ops.AddConstraint(site, table, foreign_key, mistake, scan)


def _drop_column(given: Given) -> Operations:
    arguments = given.arguments("table_name", "column_name")
    table = given.table(arguments)
    column = arguments.required("column_name", "column")
    yield ops.DropColumn(given.site(""), table, name_of(column), arguments.flag("if_exists"))


def _alter_column(given: Given) -> Operations:
    """One statement per change, in the order TYPE, NULL, DEFAULT, RENAME."""
    arguments = given.arguments("table_name", "column_name")
    table, column, site = given.table(arguments), name_of(arguments.required("column_name", "name")), given.site("")
    nullable = arguments.get("nullable")
    said = nullable if nullable is None or isinstance(nullable, bool) else NOT_KNOWN
    if arguments.has("type_") and arguments.get("type_") is not None:
        existing = arguments.get("existing_type") if arguments.has("existing_type") else None
        using = arguments.get("postgresql_using") if arguments.has("postgresql_using") else None
        yield ops.AlterType(
            site,
            table,
            column,
            type_of(given.machine, given.frame, arguments.get("type_")),
            None if existing is None else type_of(given.machine, given.frame, existing),
            None if using is None else sql_of(using),
            said,
        )
    if arguments.has("nullable") and said is not None:
        yield ops.SetNullable(site, table, column, said)
    if arguments.has("server_default") and arguments.get("server_default") is not False:
        yield ops.SetDefault(site, table, column, default_of(arguments.get("server_default")))
    if arguments.has("new_column_name") and arguments.get("new_column_name") is not None:
        yield ops.RenameColumn(site, table, column, name_of(arguments.get("new_column_name")))
    check = check_of_type(arguments.get("type_"), column)
    if check is not None:
        yield ops.AddConstraint(given.site("create_constraint=True"), table, check)
    if given.call.open_keywords:
        yield ops.NotKnown(site, "some arguments of alter_column are not known")


def _create_index(given: Given) -> Operations:
    arguments = given.arguments("index_name", "table_name", "columns")
    table = given.table(arguments, "table_name", "tablename")
    name = text_of(arguments.required("index_name", "name"))
    columns = arguments.required("columns")
    index = index_of(given.call, name, NOT_KNOWN if isinstance(columns, Unknown) else columns)
    flag = arguments.flag("postgresql_concurrently")
    mistake = _mistake(given.call, *_NOT_OF_INDEXES)
    yield ops.CreateIndex(given.site(""), table, index, flag, arguments.flag("if_not_exists"), mistake=mistake)


def _drop_index(given: Given) -> Operations:
    arguments = given.arguments("index_name", "table_name")
    table: TableName | None = None
    schema = text_of(arguments.get("schema"))
    if given.batch is not None:
        table = given.table(arguments)
        schema = table.schema
    else:
        named = arguments.get("table_name", arguments.get("tablename"))
        table = None if named is None else TableName(name_of(named), schema)
    yield ops.DropIndex(
        given.site(""),
        name_of(arguments.required("index_name", "name")),
        schema,
        table,
        arguments.flag("postgresql_concurrently"),
        arguments.flag("if_exists"),
        mistake=_mistake(given.call, *_NOT_OF_INDEXES),
    )


def _create_unique_constraint(given: Given) -> Operations:
    arguments = given.arguments("constraint_name", "table_name", "columns")
    table = given.table(arguments, "table_name", "source", "tablename")
    columns = arguments.required("columns", "local_cols")
    unique = unique_of(
        given.call, names_of(columns) if not isinstance(columns, Unknown) else columns, _constraint_name(arguments)
    )
    yield ops.AddConstraint(given.site(""), table, unique, _mistake(given.call, *_NOT_OF_UNIQUE))


def _create_primary_key(given: Given) -> Operations:
    arguments = given.arguments("constraint_name", "table_name", "columns")
    table = given.table(arguments, "table_name", "tablename")
    key = primary_key_of(given.call, names_of(arguments.required("columns", "cols")), _constraint_name(arguments))
    yield ops.AddConstraint(given.site(""), table, key, _mistake(given.call, *_NOT_OF_UNIQUE, "not_valid"))


def _create_foreign_key(given: Given) -> Operations:
    arguments = given.arguments("constraint_name", "source_table", "referent_table", "local_cols", "remote_cols")
    table = given.table(arguments, "source_table", "source", schema="source_schema")
    target = TableName(name_of(arguments.required("referent_table", "referent")), text_of(arguments.get("referent_schema", None)))
    key = ForeignKey(
        _constraint_name(arguments),
        names_of(arguments.required("local_cols")),
        target,
        names_of(arguments.required("remote_cols")),
        not_valid(arguments),
        foreign_options(arguments),
    )
    yield ops.AddConstraint(given.site(""), table, key, _mistake(given.call, "not_valid"))


def _create_check_constraint(given: Given) -> Operations:
    arguments = given.arguments("constraint_name", "table_name", "condition")
    table = given.table(arguments, "table_name", "source", "tablename")
    check = check_of(_constraint_name(arguments), sql_of(arguments.required("condition")), not_valid(arguments))
    yield ops.AddConstraint(given.site(""), table, check, _mistake(given.call, "not_valid"))


def _create_exclude_constraint(given: Given) -> Operations:
    arguments = given.arguments("constraint_name", "table_name")
    yield ops.AddConstraint(given.site(""), given.table(arguments), Exclude(_constraint_name(arguments)))


def _drop_constraint(given: Given) -> Operations:
    arguments = given.arguments("constraint_name", "table_name", "type_")
    table = given.table(arguments, "table_name", "tablename")
    kind = arguments.get("type_", arguments.get("type"))
    yield ops.DropConstraint(
        given.site(""),
        table,
        _constraint_name(arguments),
        _KINDS.get(kind) if isinstance(kind, str) else None,
        arguments.flag("if_exists"),
    )


def _comment(given: Given) -> Operations:
    yield ops.OtherStatement(given.site(""), "COMMENT", (given.table(given.arguments("table_name")),))


def _bulk_insert(given: Given) -> Operations:
    yield ops.OtherStatement(given.site(""), "INSERT")


def _constraint_name(arguments: Arguments) -> str | Unknown | None:
    return text_of(arguments.required("constraint_name", "name"))


def _mistake(call: CallValue, *names: str) -> str | None:
    """The first of the arguments that no release accepts as they are meant. `not_valid` has no prefix, and only warns: a false
    one changes nothing."""
    harmless: tuple[Value, ...] = (None, False)
    return next((n for n in names if n in call.keywords and (n != "not_valid" or call.keywords[n] not in harmless)), None)


_NOT_OF_INDEXES = ("concurrently", "postgresql_concurrent", "postgresql_using_index")
_NOT_OF_UNIQUE = ("postgresql_using_index", "postgresql_not_valid", "postgresql_concurrently")


DIRECTIVES: dict[str, Callable[[Given], Operations]] = {
    "create_table": _create_table,
    "drop_table": _drop_table,
    "rename_table": _rename_table,
    "add_column": _add_column,
    "drop_column": _drop_column,
    "alter_column": _alter_column,
    "create_index": _create_index,
    "drop_index": _drop_index,
    "create_unique_constraint": _create_unique_constraint,
    "create_primary_key": _create_primary_key,
    "create_foreign_key": _create_foreign_key,
    "create_check_constraint": _create_check_constraint,
    "create_exclude_constraint": _create_exclude_constraint,
    "drop_constraint": _drop_constraint,
    "create_table_comment": _comment,
    "drop_table_comment": _comment,
    "bulk_insert": _bulk_insert,
}

SILENT = frozenset(
    [
        "f",
        "get_bind",
        "get_context",
        "inline_literal",
        "run_async",
        "register_operation",
        "implementation_for",
        "impl",
        "migration_context",
        "batch_alter_table",
    ]
)
"""What `op` offers that sends nothing by itself."""
