"""The bodies of DO blocks: the SQL statements that plpgsql would run, in the order in which they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqla_lsp.postgres.sql_expressions import constant
from sqla_lsp.postgres.sql_grammar import NoParse, holes_alone, parse_block, statements
from sqla_lsp.postgres.sql_text import Holes

_BODY = re.compile(r"\$(\w*)\$(.*)\$\1\$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BodyStatement:
    """A statement of a body: its SQL, or the kind of one whose SQL is made only when it runs ("EXECUTE", "COMMIT")."""

    text: str
    kind: str = ""


def body_statements(block: str, holes: Holes) -> list[BodyStatement]:
    """The statements of a DO block. Raises NoParse."""
    return list(_statements(_parse(block), holes))


def _parse(block: str) -> list[Any]:
    """The block as it is, else without the escapes of the driver, else without one of its holes, else without all of them."""
    refused: NoParse | None = None
    for text in _readings(block):
        try:
            return parse_block(text)
        except NoParse as error:
            refused = refused or error
    raise refused or NoParse("there is no body")


def _readings(block: str) -> Iterator[str]:
    yield block
    if "%%" in block:  # RAISE counts the `%` of its format
        yield block.replace("%%", "%")
    body = _BODY.search(block)
    places = [] if body is None else [(hole.start() + body.start(2), hole[0]) for hole in holes_alone(body[2])]
    for place in places:
        yield _without([place], block)
    if len(places) > 1:
        yield _without(places, block)


def _without(places: list[tuple[int, str]], block: str) -> str:
    for start, mark in reversed(places):
        block = f"{block[:start]}/*{mark}*/{block[start + len(mark) :]}"
    return block


def _statements(node: Any, holes: Holes) -> Iterator[BodyStatement]:
    if isinstance(node, list):
        for item in node:
            yield from _statements(item, holes)
    elif isinstance(node, dict):
        for key, value in node.items():
            match key:
                case "PLpgSQL_stmt_execsql":
                    yield BodyStatement(_query(value["sqlstmt"]))
                case "PLpgSQL_stmt_call":
                    yield BodyStatement(_query(value["expr"]))
                case "PLpgSQL_stmt_perform":
                    yield BodyStatement(_query(value["expr"]), "SELECT")
                case "PLpgSQL_stmt_dynexecute":
                    executed = _executed(_query(value["query"]), holes)
                    yield (
                        BodyStatement(f"EXECUTE {_query(value['query'])}", "EXECUTE")
                        if executed is None
                        else BodyStatement(executed)
                    )
                case "PLpgSQL_stmt_commit" | "PLpgSQL_stmt_rollback":
                    word = key.removeprefix("PLpgSQL_stmt_").upper()
                    yield BodyStatement(word, word)
                case _:
                    yield from _statements(value, holes)


def _query(expression: Any) -> str:
    return str(expression["PLpgSQL_expr"]["query"])


def _executed(expression: str, holes: Holes) -> str | None:
    """The SQL of EXECUTE where it is one constant string."""
    for parsed in statements(f"SELECT {expression}", holes):
        if parsed.kind != "select_stmt" or len(parsed.node.target_list) != 1:
            return None
        value = constant(parsed.node.target_list[0].res_target.val)
        return value if isinstance(value, str) else None
    return None
