"""Whether a CHECK says that a column is never NULL, as SET NOT NULL looks for it: `c IS NOT NULL`, alone or joined by AND."""

from __future__ import annotations

from typing import Any

from sqla_lsp.postgres.sql_expressions import member, strings
from sqla_lsp.postgres.sql_grammar import statements
from sqla_lsp.postgres.sql_text import Holes
from sqla_lsp.schema.names import Unknown


def proves_not_null(condition: str | Unknown, column: str | Unknown) -> bool:
    """Whether the condition, once validated, spares SET NOT NULL the scan. `c > 0` does not."""
    if isinstance(condition, Unknown) or isinstance(column, Unknown):
        return False
    for parsed in statements(f"SELECT {condition}", Holes()):
        if parsed.node is not None and len(parsed.node.target_list) == 1:
            return _says(parsed.node.target_list[0].res_target.val, column)
    return False


def _says(node: Any, column: str) -> bool:
    match node.WhichOneof("node"):
        case "bool_expr" if member(node.bool_expr, "boolop") == "AND_EXPR":
            return any(_says(part, column) for part in node.bool_expr.args)
        case "null_test" if member(node.null_test, "nulltesttype") == "IS_NOT_NULL":
            named = node.null_test.arg
            return named.WhichOneof("node") == "column_ref" and strings(named.column_ref.fields)[-1:] == (column,)
        case _:
            return False
