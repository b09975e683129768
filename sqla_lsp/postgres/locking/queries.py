"""What queries lock and read: SELECT and its like, and the statements that write rows."""

from __future__ import annotations

import re
from typing import Any

from sqla_lsp.postgres.locking.modes import Mode
from sqla_lsp.postgres.locking.work import Work, has_sequence, referencing
from sqla_lsp.postgres.sql_expressions import messages, qualified, strings, tables_named
from sqla_lsp.postgres.sql_grammar import Parsed, statements
from sqla_lsp.postgres.sql_text import Holes, masked, prepare
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.operations import OtherStatement
from sqla_lsp.schema.tables import ForeignKey

_SELECTIVE = re.compile(r"\b(?:where|limit|join)\b", re.IGNORECASE)
_MOVING = frozenset({"nextval", "setval"})


def parsed_statements(sql: str) -> list[Parsed]:
    """The statements of a text."""
    text, holes = prepare(sql, binds=False)
    return list(statements(text, holes))


def named_in(sql: str) -> tuple[TableName, ...]:
    """The relations that the statements of a text name, without the queries of their WITH."""
    nodes = [parsed.node for parsed in parsed_statements(sql)]
    return tuple(dict.fromkeys(table for node in nodes if node is not None for table in tables_named([node], Holes())))


def query_of(sql: str) -> Parsed | None:
    """The statement that makes a table from what a query reads, where a text is one."""
    made = [parsed for parsed in parsed_statements(sql) if parsed.kind in ("create_table_as_stmt", "select_stmt")]
    return made[0] if made else None


def reads_all(sql: str) -> bool:
    """Whether a statement has nothing that an index could serve."""
    return _SELECTIVE.search(masked(sql)) is None


def select(work: Work, sql: str) -> None:
    """What a query reads; FOR UPDATE and its like lock rows."""
    nodes = nodes_of(sql)
    mode: Mode = "ROW SHARE" if any(node.DESCRIPTOR.name == "LockingClause" for node in nodes) else "ACCESS SHARE"
    for table in named_in(sql):
        _read(work, table, mode)
        if reads_all(sql):
            work.scan(table)
    move_sequences(work, nodes)


def write(work: Work, operation: OtherStatement, sql: str) -> None:
    """Rows are written: the targets are locked, and, where foreign keys lead there or from there, what these name; what else is
    named is read."""
    read = _read_by(sql)
    for table in named_in(sql):
        if table not in operation.tables or table in read:
            _read(work, table, "ACCESS SHARE")
        if table in read and reads_all(sql):
            work.scan(table)
    for table in operation.tables:
        work.lock(table, "ROW EXCLUSIVE")
        if operation.kind != "INSERT":
            work.lock_indexes(table, "ROW EXCLUSIVE")
            if reads_all(sql):
                work.scan(table)
        known = work.known.table(table)
        keys = [key for key in known.constraints if isinstance(key, ForeignKey)] if known is not None else []
        others = [key.target for key in keys] if operation.kind == "INSERT" else []
        others += referencing(work, table) if operation.kind == "DELETE" else []
        for other in others:
            work.lock(other, "ROW SHARE")
            work.lock_indexes(other, "ROW SHARE")
        if operation.kind == "INSERT":
            _draw_numbers(work, table, sql)


def _read(work: Work, table: TableName, mode: Mode) -> None:
    work.lock(table, mode)
    work.lock_indexes(table, mode)


def _read_by(sql: str) -> set[TableName]:
    """What the query of an INSERT reads, its WITH included."""
    inserts = [node for node in nodes_of(sql) if node.DESCRIPTOR.name == "InsertStmt"]
    parts = [part for node in inserts for part in (node.select_stmt, node.with_clause) if part.ListFields()]
    queries = {node.ctename for part in parts for node in messages(part) if node.DESCRIPTOR.name == "CommonTableExpr"}
    return {table for table in tables_named(parts, Holes()) if table.name not in queries}


def nodes_of(sql: str) -> list[Any]:
    """All messages of the statements of a text."""
    return [node for parsed in parsed_statements(sql) if parsed.node is not None for node in messages(parsed.node)]


def _draw_numbers(work: Work, table: TableName, sql: str) -> None:
    """The serial columns that an INSERT leaves out take numbers from their sequences."""
    known = work.known.table(table)
    given = {item.res_target.name for node in nodes_of(sql) if node.DESCRIPTOR.name == "InsertStmt" for item in node.cols}
    for column in known.columns if known is not None and given else ():
        if has_sequence(column) and isinstance(column.name, str) and column.name not in given:
            work.lock_sequence(table, column.name, "ROW EXCLUSIVE")


def move_sequences(work: Work, nodes: list[Any]) -> None:
    """`nextval('s')` and `setval('s', 1)` lock their sequence, for nobody but those that change it."""
    for node in nodes:
        if node.DESCRIPTOR.name == "FuncCall" and strings(node.funcname)[-1] in _MOVING:
            names = [message.sval for arg in node.args[:1] for message in messages(arg) if message.DESCRIPTOR.name == "String"]
            if names and re.fullmatch(r"[\w.]+", names[0]):
                work.lock(qualified(tuple(names[0].split(".")), Holes()), "ROW EXCLUSIVE")
