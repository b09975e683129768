"""What statements lock that read and write rows: the tables that they name, and those that foreign keys lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqla_lsp.postgres.locking.work import Work, referencing
from sqla_lsp.postgres.sql_expressions import messages, relation, strings
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


def named_in(sql: str) -> tuple[TableName, ...]:
    """The relations that the statements of a text name, without the queries of their WITH."""
    found: dict[TableName, None] = {}
    for parsed in parsed_of(sql):
        nodes = list(messages(parsed.node)) if parsed.node is not None else []
        queries = {node.ctename for node in nodes if node.DESCRIPTOR.name == "CommonTableExpr"}
        for node in nodes:
            if node.DESCRIPTOR.name == "RangeVar" and (node.schemaname or node.relname not in queries):
                found[relation(node, Holes())] = None
    return tuple(found)


def parents_in(sql: str) -> list[TableName]:
    """The tables that a new one inherits from."""
    if "inherits" not in sql.lower():
        return []
    nodes = [parsed.node.inh_relations for parsed in parsed_of(sql) if parsed.kind == "create_stmt"]
    return [relation(item.range_var, Holes()) for items in nodes for item in items]


def is_query(sql: str) -> bool:
    """Whether a text makes a table from what a query reads."""
    return any(parsed.kind in ("create_table_as_stmt", "select_stmt") for parsed in parsed_of(sql))


def is_run(sql: str) -> bool:
    """Whether the query of such a text is run: WITH NO DATA nothing is read."""
    return not any(parsed.kind == "create_table_as_stmt" and parsed.node.into.skip_data for parsed in parsed_of(sql))


def parsed_of(sql: str) -> list[Parsed]:
    """The statements of a text, by Postgres's own grammar. Parameters may stand in it by their names."""
    found = list(statements(*prepare(sql, binds=False)))
    if all(parsed.node is not None for parsed in found):
        return found
    again = list(statements(*prepare(sql, binds=True)))
    return again if all(parsed.node is not None for parsed in again) else found


def read(work: Work, sql: str) -> None:
    """Rows are read; where the query says so, they are locked against those who would change them."""
    tables = named_in(sql)
    if tables:
        work.taking.lasts("query")
    for table in tables:
        _read(work, table)
        if _reads_all(sql):
            work.scan(table)
    _inside(work, sql, ())
    _called(work, sql)


def write(work: Work, operation: OtherStatement, sql: str) -> None:
    """Rows are written; what else is named is read. MERGE names its source among its tables."""
    targets = () if operation.kind == "MERGE" else operation.tables
    others = [table for table in named_in(sql) if table not in targets]
    if others or operation.kind != "INSERT":
        work.taking.lasts("query")
    for table in others:
        _read(work, table)
    for table in targets:
        _write(work, table, operation.kind)
        if operation.kind != "INSERT" and _reads_all(sql):
            work.scan(table)
        if _UPSERT.search(masked(sql)):
            work.lock_indexes(table, "ROW EXCLUSIVE")
            work.taking.change(str(table))
    _inside(work, sql, targets)


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


def _reads_all(sql: str) -> bool:
    """Whether a statement has nothing that an index could serve."""
    return _SELECTIVE.search(masked(sql)) is None


def _inside(work: Work, sql: str, written: tuple[TableName, ...]) -> None:
    """What the parts of a statement write or lock: the queries of its WITH, and FOR UPDATE."""
    for node in _nodes(sql):
        name = node.DESCRIPTOR.name
        if name in _MESSAGES and (table := relation(node.relation, Holes())) not in written:
            _write(work, table, _MESSAGES[name])
        elif name == "LockingClause":
            for table in named_in(sql):
                if table not in written:
                    work.lock(table, "ROW SHARE")
                    work.lock_indexes(table, "ROW SHARE")
                    work.taking.change(str(table))


def _called(work: Work, sql: str) -> None:
    """Functions that are no part of Postgres may do anything; some of its own make others wait."""
    for node in _nodes(sql):
        if node.DESCRIPTOR.name != "FuncCall":
            continue
        *schema, name = strings(node.funcname)
        if "advisory" in name:
            work.taking.not_known("others who ask for the same advisory lock wait", work=False)
        elif not is_built_in(name, schema):
            work.taking.not_known(f"what {'.'.join([*schema, name])}() does is not known")


def _nodes(sql: str) -> Iterator[Any]:
    for parsed in parsed_of(sql):
        if parsed.node is not None:
            yield from messages(parsed.node)
