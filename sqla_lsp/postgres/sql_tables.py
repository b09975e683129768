"""CREATE TABLE and ALTER TABLE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqla_lsp.postgres.sql_constraints import identity, read_column, read_constraint, with_primary_keys
from sqla_lsp.postgres.sql_expressions import member, relation, sql_of, strings, tables_named, type_of
from sqla_lsp.postgres.sql_statement import Statement
from sqla_lsp.schema.names import TableName, Unknown
from sqla_lsp.schema.operations import (
    AddColumn,
    AddConstraint,
    AlterType,
    AnyOperation,
    AttachIndex,
    AttachPartition,
    CreateTable,
    DropColumn,
    DropConstraint,
    OtherStatement,
    SetDefault,
    SetNullable,
    ValidateConstraint,
)
from sqla_lsp.schema.tables import Column, Constraint, Default, ForeignKey
from sqla_lsp.schema.types import PgType


def create_table(statement: Statement) -> Iterator[AnyOperation]:
    """CREATE TABLE with columns, constraints, partitions."""
    node, holes = statement.node, statement.holes
    columns: list[Column] = []
    constraints: list[Constraint] = []
    is_partition = node.HasField("partbound")
    complete = not (node.inh_relations or node.HasField("of_typename"))
    for element in node.table_elts:
        match element.WhichOneof("node"):
            case "column_def":
                read = read_column(element.column_def, holes)
                complete = complete and isinstance(read.column.name, str)
                if isinstance(read.column.name, str) or not isinstance(read.column.type, Unknown):
                    columns.append(read.column)
                constraints.extend(read.constraints)
            case "constraint":
                constraint = read_constraint(element.constraint, holes)
                constraints.extend(() if constraint is None else (constraint,))
            case _:
                complete = False
    yield CreateTable(
        statement.site,
        relation(node.relation, holes),
        with_primary_keys(tuple(columns), tuple(constraints)),
        tuple(constraints),
        if_not_exists=node.if_not_exists,
        temporary=node.relation.relpersistence == "t",
        partitioned=node.HasField("partspec"),
        partition_of=relation(node.inh_relations[0].range_var, holes) if is_partition and node.inh_relations else None,
        complete=complete,
    )


def create_table_as(statement: Statement) -> Iterator[AnyOperation]:
    """CREATE TABLE ... AS, and a materialized view, which is a table as far as its indexes go."""
    node = statement.node
    is_view = member(node, "objtype") == "OBJECT_MATVIEW"
    reads = tuple(dict.fromkeys(tables_named([node.query], statement.holes))) if is_view else ()
    yield _made_by_query(statement, node.into, if_not_exists=node.if_not_exists, reads=reads)


def select_into(statement: Statement) -> Iterator[AnyOperation]:
    """SELECT ... INTO a new table."""
    if statement.node.HasField("into_clause"):
        yield _made_by_query(statement, statement.node.into_clause, if_not_exists=False)
    else:
        yield OtherStatement(statement.site, "SELECT")


def alter_table(statement: Statement) -> Iterator[AnyOperation]:
    """ALTER TABLE, one operation or more per subcommand."""
    node = statement.node
    table = relation(node.relation, statement.holes)
    match member(node, "objtype"):
        case "OBJECT_TABLE":
            for item in node.cmds:
                yield from _subcommand(statement, table, item.alter_table_cmd)
        case "OBJECT_INDEX" if any(member(item.alter_table_cmd, "subtype") == "AT_AttachPartition" for item in node.cmds):
            yield AttachIndex(statement.site, table.name, table.schema)
        case _:
            yield statement.other()


def _subcommand(statement: Statement, table: TableName, cmd: Any) -> Iterator[AnyOperation]:
    site, holes = statement.site, statement.holes
    name = holes.known(cmd.name)
    match member(cmd, "subtype"):
        case "AT_AddColumn":
            yield from _add_column(statement, table, cmd)
        case "AT_DropColumn":
            yield DropColumn(site, table, name, if_exists=cmd.missing_ok)
        case "AT_AlterColumnType":
            definition = getattr(cmd, "def").column_def
            using = sql_of(definition.raw_default, holes) if definition.HasField("raw_default") else None
            yield AlterType(site, table, name, type_of(definition.type_name, definition.coll_clause.collname, holes), using=using)
        case "AT_SetNotNull":
            yield SetNullable(site, table, name, nullable=False)
        case "AT_DropNotNull":
            yield SetNullable(site, table, name, nullable=True)
        case "AT_ColumnDefault":
            given = cmd.HasField("def")
            yield SetDefault(site, table, name, Default(sql_of(getattr(cmd, "def"), holes)) if given else None)
        case "AT_SetExpression":
            yield SetDefault(site, table, name, Default(sql_of(getattr(cmd, "def"), holes), "generated"))
        case "AT_AddIdentity":
            yield SetDefault(site, table, name, identity(getattr(cmd, "def").constraint.generated_when))
        case "AT_DropIdentity" | "AT_DropExpression":
            yield SetDefault(site, table, name, None)
        case "AT_AddConstraint":
            yield _add_constraint(statement, table, getattr(cmd, "def").constraint)
        case "AT_ValidateConstraint":
            yield ValidateConstraint(site, table, name)
        case "AT_DropConstraint":
            cascade = member(cmd, "behavior") == "DROP_CASCADE"
            yield DropConstraint(site, table, name, if_exists=cmd.missing_ok, cascade=cascade)
        case "AT_AttachPartition":
            yield AttachPartition(site, table, relation(getattr(cmd, "def").partition_cmd.name, holes))
        case "AT_DetachPartition" | "AT_DetachPartitionFinalize":
            yield AttachPartition(site, table, relation(getattr(cmd, "def").partition_cmd.name, holes), detach=True)
        case _:
            yield statement.other("ALTER TABLE")


def _add_column(statement: Statement, table: TableName, cmd: Any) -> Iterator[AnyOperation]:
    definition = getattr(cmd, "def").column_def
    read = read_column(definition, statement.holes)
    yield AddColumn(statement.site, table, read.column, if_not_exists=cmd.missing_ok)
    # Postgres skips the scan for a foreign key of a column that is NULL in every row: one without any default.
    is_serial = isinstance(read.column.type, PgType) and read.column.type.serial
    has_value = is_serial or read.column.default is not None
    for constraint in read.constraints:
        scan = has_value or not isinstance(constraint, ForeignKey)
        yield AddConstraint(statement.site, table, constraint, scan=scan, inline=True)


def _add_constraint(statement: Statement, table: TableName, constraint: Any) -> AnyOperation:
    read = read_constraint(constraint, statement.holes)
    if read is not None:
        return AddConstraint(statement.site, table, read)
    if member(constraint, "contype") == "CONSTR_NOTNULL" and not constraint.skip_validation and constraint.keys:
        return SetNullable(statement.site, table, statement.holes.known(strings(constraint.keys)[0]), nullable=False)
    return statement.other("ALTER TABLE")


def _made_by_query(statement: Statement, into: Any, *, if_not_exists: bool, reads: tuple[TableName, ...] = ()) -> CreateTable:
    return CreateTable(
        statement.site,
        relation(into.rel, statement.holes),
        if_not_exists=if_not_exists,
        temporary=into.rel.relpersistence == "t",
        complete=False,
        reads=reads,
    )
