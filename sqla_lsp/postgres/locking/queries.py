"""What queries lock and read: SELECT and its like, and the statements that write rows."""

from __future__ import annotations

import re
from typing import Any

from sqla_lsp.postgres.locking.work import Work, has_sequence, referencing
from sqla_lsp.postgres.sql_expressions import messages, qualified, relation, strings, tables_named
from sqla_lsp.postgres.sql_grammar import Parsed, statements
from sqla_lsp.postgres.sql_text import Holes, masked, prepare
from sqla_lsp.postgres.volatility import is_built_in
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.operations import OtherStatement
from sqla_lsp.schema.tables import ForeignKey

READS = ("SELECT", "WITH")
WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE")
_SELECTIVE = re.compile(r"\b(?:where|limit|join)\b", re.IGNORECASE)
_MESSAGES = {"InsertStmt": "INSERT", "UpdateStmt": "UPDATE", "DeleteStmt": "DELETE", "MergeStmt": "MERGE"}
_UPSERT = re.compile(r"\bon\s+conflict\b.*\bdo\s+update\b", re.IGNORECASE | re.DOTALL)
_MOVING = frozenset({"nextval", "setval"})


def parsed_statements(sql: str) -> list[Parsed]:
    """The statements of a text, by Postgres's own grammar. Parameters may stand in it by their names."""
    found = list(statements(*prepare(sql, binds=False)))
    if all(parsed.node is not None for parsed in found):
        return found
    again = list(statements(*prepare(sql, binds=True)))
    return again if all(parsed.node is not None for parsed in again) else found


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
    """Rows are read; where the query says so, they are locked against those who would change them."""
    tables = named_in(sql)
    if tables:
        work.taking.lasts("query")
    for table in tables:
        _read(work, table)
        if reads_all(sql):
            work.scan(table)
    nodes = nodes_of(sql)
    _inside(work, sql, nodes, ())
    _called(work, nodes)
    move_sequences(work, nodes)


def write(work: Work, operation: OtherStatement, sql: str) -> None:
    """Rows are written; what else is named is read. MERGE names its source among its tables."""
    targets = () if operation.kind == "MERGE" else operation.tables
    read = _read_by(sql)
    others = [table for table in named_in(sql) if table not in targets or table in read]
    if others or operation.kind != "INSERT":
        work.taking.lasts("query")
    for table in others:
        _read(work, table)
        if table in read and reads_all(sql):
            work.scan(table)
    for table in targets:
        _write(work, table, operation.kind)
        if operation.kind == "INSERT":
            _draw_numbers(work, table, sql)
        elif reads_all(sql):
            work.scan(table)
        if _UPSERT.search(masked(sql)):
            work.lock_indexes(table, "ROW EXCLUSIVE")
            work.taking.change(str(table))
    _inside(work, sql, nodes_of(sql), targets)


def _write(work: Work, table: TableName, kind: str) -> None:
    """Rows of a table are written: where foreign keys lead there or from there, what these name is locked too."""
    work.lock(table, "ROW EXCLUSIVE")
    if kind != "INSERT":
        work.lock_indexes(table, "ROW EXCLUSIVE")
        work.taking.change(str(table))
    known = work.known.table(table)
    keys = [key for key in known.constraints if isinstance(key, ForeignKey)] if known is not None else []
    others = [key.target for key in keys] if kind == "INSERT" else []
    others += referencing(work, table) if kind == "DELETE" else []
    for other in others:
        work.lock(other, "ROW SHARE")
        work.lock_indexes(other, "ROW SHARE")


def _read(work: Work, table: TableName) -> None:
    work.lock(table, "ACCESS SHARE")
    work.lock_indexes(table, "ACCESS SHARE")


def _inside(work: Work, sql: str, nodes: list[Any], written: tuple[TableName, ...]) -> None:
    """What the parts of a statement write or lock: the queries of its WITH, and FOR UPDATE."""
    for node in nodes:
        name = node.DESCRIPTOR.name
        if name in _MESSAGES and (table := relation(node.relation, Holes())) not in written:
            _write(work, table, _MESSAGES[name])
        elif name == "LockingClause":
            for table in named_in(sql):
                if table not in written:
                    work.lock(table, "ROW SHARE")
                    work.lock_indexes(table, "ROW SHARE")
                    work.taking.change(str(table))


def _called(work: Work, nodes: list[Any]) -> None:
    """Functions that are no part of Postgres may do anything; some of its own make others wait."""
    for node in nodes:
        if node.DESCRIPTOR.name != "FuncCall":
            continue
        *schema, name = strings(node.funcname)
        if "advisory" in name:
            work.taking.not_known("others who ask for the same advisory lock wait", work=False)
        elif not is_built_in(name, schema):
            work.taking.not_known(f"what {'.'.join([*schema, name])}() does is not known")


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
