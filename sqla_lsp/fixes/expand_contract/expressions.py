"""SQL expressions over the columns of a table, read with Postgres's own grammar: other columns in place of those that they name,
and which of them mean the same whenever they are computed. What is not read with certainty is None."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqla_lsp.postgres.identifiers import fold
from sqla_lsp.postgres.sql_expressions import constant, messages, strings, type_of
from sqla_lsp.postgres.sql_grammar import NoParse, deparse, load_grammar
from sqla_lsp.postgres.sql_text import Holes
from sqla_lsp.postgres.type_changes import judge
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.types import PgType

_IDENTIFIER = re.compile(rb'"(?:[^"]|"")*"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*')

_SETTLED_NAMES = """
abs array_to_json array_to_string ascii bit_length btrim ceil ceiling char_length character_length chr concat concat_ws
date_part date_trunc decode div encode exp extract floor greatest initcap json_build_array json_build_object jsonb_build_array
jsonb_build_object jsonb_extract_path jsonb_extract_path_text left length ln lower lpad ltrim make_date make_interval make_time
make_timestamp md5 mod octet_length overlay position power regexp_replace repeat replace reverse right round rpad rtrim sign
split_part sqrt starts_with string_to_array strpos substr substring timezone to_char to_date to_hex to_json to_jsonb to_number
to_timestamp translate trim trunc upper
"""
_SETTLED = frozenset(_SETTLED_NAMES.split())
"""Functions of Postgres that give the same for the same arguments, under the same settings."""

_UNSETTLED_NODES = frozenset(
    {"SubLink", "SQLValueFunction", "ParamRef", "A_Star", "GroupingFunc", "CurrentOfExpr", "SetToDefault", "WindowDef"}
)


@dataclass(frozen=True)
class Expression:
    """An expression. `columns` are the columns that it names, each once; `sql` has no line ends."""

    sql: str
    columns: tuple[str, ...]
    node: Any

    def over(self, name_of: Callable[[str], str]) -> str:
        """The expression over other columns: `name_of` gives each as SQL."""
        data, parts, end = self.sql.encode(), [], 0
        for start, stop, name in _places(data, self.node):
            parts += [data[end:start].decode(), name_of(name)]
            end = stop
        return "".join([*parts, data[end:].decode()])

    @property
    def is_settled(self) -> bool:
        """Whether it gives the same for the same row under the same settings, whenever it is computed."""
        for node in messages(self.node):
            kind = node.DESCRIPTOR.name
            if kind in _UNSETTLED_NODES:
                return False
            if kind == "FuncCall":
                names = strings(node.funcname)
                if names[:-1] not in ((), ("pg_catalog",)) or names[-1] not in _SETTLED or node.HasField("over"):
                    return False
        return True

    def casts(self, column: str) -> tuple[PgType, ...] | None:
        """The types that a column is cast to, one after the other; None for what is no cast of it alone."""
        found: list[PgType] = []
        node = self.node
        while node.WhichOneof("node") == "type_cast":
            to = type_of(node.type_cast.type_name, (), Holes())
            if isinstance(to, Unknown):
                return None
            found.insert(0, to)
            node = node.type_cast.arg
        is_column = node.WhichOneof("node") == "column_ref" and _column(node.column_ref) == column
        return tuple(found) if is_column else None

    def is_cast(self, column: str, to: PgType) -> bool:
        """Whether it is a column as it stands, or a cast of it to a type."""
        casts = self.casts(column)
        return casts is not None and len(casts) < 2 and all(judge(made, to).effect == "same" for made in casts)

    @property
    def is_compound(self) -> bool:
        """Whether it needs parentheses beside an operator."""
        return self.node.WhichOneof("node") not in ("column_ref", "func_call", "a_const", "coalesce_expr", "type_cast") or (
            self.node.WhichOneof("node") == "func_call" and " AT TIME ZONE " in self.sql.upper()
        )


def read(sql: str) -> Expression | None:
    """An expression that names columns by their names alone; None for what is none."""
    node = _parsed(sql)
    if node is None:
        return None
    if "\n" in sql or "--" in sql or "/*" in sql or "\r" in sql:
        try:
            sql = deparse(node)
        except NoParse:
            return None
        node = _parsed(sql)
    if node is None or "\n" in sql or "\r" in sql or "\\:" in sql:
        return None
    refs = [message for message in messages(node) if message.DESCRIPTOR.name == "ColumnRef"]
    columns = [_column(ref) for ref in refs]
    places = list(_places(sql.encode(), node))
    if None in columns or [name for _, _, name in places] != [name for name in columns if name is not None]:
        return None
    return Expression(sql, tuple(dict.fromkeys(name for name in columns if name is not None)), node)


def constant_default(sql: str) -> tuple[str, bool] | None:
    """A default that is a constant, and whether it is a bare string, whose type is told by the column; None for all else."""
    node = _parsed(sql)
    if node is None or "\n" in sql:
        return None
    bare = node
    while bare.WhichOneof("node") == "type_cast" or _is_signed(bare):
        bare = bare.type_cast.arg if bare.WhichOneof("node") == "type_cast" else bare.a_expr.rexpr
    if bare.WhichOneof("node") != "a_const":
        return None
    text = constant(bare)
    return sql, isinstance(text, str) and bare is node


def _is_signed(node: Any) -> bool:
    if node.WhichOneof("node") != "a_expr":
        return False
    return not node.a_expr.HasField("lexpr") and strings(node.a_expr.name) in (("-",), ("+",))


def _parsed(sql: str) -> Any:
    """The one expression that a text is, after `SELECT `."""
    try:
        tree = load_grammar().parse(f"SELECT\n{sql}\n")
    except Exception:  # noqa: BLE001 - whatever the parser cannot take is not read
        return None
    if len(tree.stmts) != 1 or tree.stmts[0].stmt.WhichOneof("node") != "select_stmt":
        return None
    select = tree.stmts[0].stmt.select_stmt
    given = {descriptor.name for descriptor, _ in select.ListFields()}
    if len(select.target_list) != 1 or not given <= {"target_list", "limit_option", "op"}:
        return None
    target = select.target_list[0].res_target
    return None if target.name or target.indirection else target.val


def _column(ref: Any) -> str | None:
    fields = list(ref.fields)
    return fields[0].string.sval if len(fields) == 1 and fields[0].WhichOneof("node") == "string" else None


def _places(data: bytes, node: Any) -> list[tuple[int, int, str]]:
    """Where columns are named, in order: from, to, which."""
    found: list[tuple[int, int, str]] = []
    for message in messages(node):
        name = _column(message) if message.DESCRIPTOR.name == "ColumnRef" else None
        if name is None:
            continue
        start = message.location - len("SELECT\n")
        match = _IDENTIFIER.match(data, start)
        if match is not None and _name(match[0].decode()) == name:
            found.append((start, match.end(), name))
    return sorted(found)


def _name(token: str) -> str:
    return token[1:-1].replace('""', '"') if token.startswith('"') else fold(token)
