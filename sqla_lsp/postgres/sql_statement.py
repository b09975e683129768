"""One parsed statement on its way to become operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqla_lsp.postgres.sql_expressions import messages, relation
from sqla_lsp.postgres.sql_plain import kind_of
from sqla_lsp.postgres.sql_text import Holes
from sqla_lsp.schema.names import TableName
from sqla_lsp.schema.operations import OtherStatement, Site


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement's message, its text with marks, what the marks stand for, and the site of its operations."""

    node: Any
    text: str
    holes: Holes
    site: Site

    def other(self, kind: str = "") -> OtherStatement:
        """The statement as one that changes nothing that we model, with the tables that it names."""
        return OtherStatement(self.site, kind or kind_of(self.text), self.tables())

    def tables(self) -> tuple[TableName, ...]:
        """The relations that the statement names, each once, without the queries of its WITH."""
        found: dict[TableName, None] = {}
        nodes = list(messages(self.node))
        queries = {node.ctename for node in nodes if node.DESCRIPTOR.name == "CommonTableExpr"}
        for node in nodes:
            if node.DESCRIPTOR.name == "RangeVar" and (node.schemaname or node.relname not in queries):
                found[relation(node, self.holes)] = None
        return tuple(found)
