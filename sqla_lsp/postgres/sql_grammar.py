"""Postgres's own grammar, asked through postgast (libpg_query): statements as protobuf messages.

Text that does not parse is repaired hole by hole, and cut at its semicolons, so that one broken statement hides no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from sqla_lsp.postgres.sql_text import MARK, Holes, as_number, masked, part_not_known, pieces, trimmed
from sqla_lsp.schema.names import Unknown

_LENGTH = re.compile(r"\b(?:varchar|n?char|character|varying|float|time|timestamp|interval|second)\s*\($", re.IGNORECASE)
_ALONE = re.compile(
    rf"(?:(?<=[\s(),])|(?<=\bINDEX)|(?<=\bUNIQUE)|(?<=\bTABLE)|^){MARK}+(?=[\s(),;]|$|(?:UNIQUE|INDEX|CONCURRENTLY|IF|ON|NOT)\b)",
    re.IGNORECASE,
)
TOO_DEEP = "the SQL is nested too deeply to be read"


class NoParse(Exception):
    """Text that the grammar refuses: why, and at which character (None where that is not said)."""

    def __init__(self, reason: str, position: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


@dataclass(frozen=True, slots=True)
class Parsed:
    """One statement: its text with marks, and its message and the name of its kind ("index_stmt"), or why there is none."""

    text: str
    kind: str = ""
    node: Any = None
    reason: str = ""


def statements(text: str, holes: Holes) -> Iterator[Parsed]:
    """All statements of a prepared text, in order. Never raises."""
    try:
        yield from _parsed(text)
        return
    except NoParse:
        parts = pieces(text)
    for part in parts:
        yield from _repaired(part, holes)


def holes_alone(text: str) -> Iterator[re.Match[str]]:
    """The holes of a text that are no part of a longer identifier or of a string; a key word may touch them."""
    return _ALONE.finditer(masked(text))


def parse_block(text: str) -> list[Any]:
    """The plpgsql body of a DO statement as libpg_query's JSON. Raises NoParse."""
    postgast = load_grammar()
    try:
        return list(postgast.parse_plpgsql(text))
    except (postgast.PgQueryError, ValueError, RecursionError) as error:
        raise NoParse(str(error)) from error


def deparse(expression: Any) -> str:
    """An expression as SQL in Postgres's own spelling: equal expressions give equal text. Raises NoParse."""
    tree = load_grammar().ParseResult()
    tree.stmts.add().stmt.select_stmt.target_list.add().res_target.val.CopyFrom(expression)
    return _deparsed(tree).removeprefix("SELECT ")


def deparse_constraint(constraint: Any) -> str:
    """A table constraint as SQL, without its name. Raises NoParse."""
    tree = load_grammar().ParseResult()
    statement = tree.stmts.add().stmt.create_stmt
    statement.relation.relname = "t"
    statement.relation.inh = True
    statement.table_elts.add().constraint.CopyFrom(constraint)
    statement.table_elts[0].constraint.conname = ""
    return _deparsed(tree).removeprefix("CREATE TABLE t (").removesuffix(")")


def load_grammar() -> Any:
    """The binding of libpg_query, loaded when it is first needed."""
    return import_module("postgast")


def _deparsed(tree: Any) -> str:
    postgast = load_grammar()
    try:
        return str(postgast.deparse(tree))
    except (postgast.PgQueryError, ValueError, RecursionError) as error:
        raise NoParse(str(error)) from error


def _parsed(text: str) -> list[Parsed]:
    postgast = load_grammar()
    too_deep = import_module("google.protobuf.message").DecodeError
    try:
        tree = postgast.parse(text)
    except postgast.PgQueryError as error:
        raise NoParse(f"the SQL does not parse: {error.message}", error.cursorpos - 1 if error.cursorpos else None) from error
    except too_deep as error:
        raise NoParse(TOO_DEEP) from error
    except (ValueError, RecursionError) as error:
        raise NoParse(f"the SQL does not parse: {error}") from error
    found, content = [], text.encode()
    for statement in tree.stmts:
        start = statement.stmt_location
        end = start + statement.stmt_len if statement.stmt_len else len(content)
        kind = statement.stmt.WhichOneof("node") or ""
        found.append(Parsed(trimmed(content[start:end].decode()), kind, getattr(statement.stmt, kind, None)))
    return found


def _repaired(text: str, holes: Holes) -> list[Parsed]:
    """The statement with as many holes taken out as it takes to parse it."""
    if re.fullmatch(MARK + "+", text):
        unknown = holes.known(text)
        return [Parsed(text, reason=(not isinstance(unknown, str) and unknown.reason) or "the SQL is not known")]
    reason = ""
    repaired = text
    for _ in range(len(holes.shown) + 1):
        try:
            return _parsed(repaired)
        except NoParse as error:
            reason = reason or error.reason
            position = error.position
        hole = _hole_before(repaired, position)
        if hole is None:
            break
        repaired = _without(repaired, hole)
    for hole in holes_alone(text):
        missing = holes.known(hole[0])
        if isinstance(missing, Unknown):
            return [Parsed(text, reason=part_not_known(missing))]
    return [Parsed(text, reason=reason)]


def _hole_before(text: str, position: int | None) -> re.Match[str] | None:
    """The last hole that stands alone at or before a character of the text."""
    limit = len(text) if position is None else position
    return max((hole for hole in holes_alone(text) if _word_start(text, hole) <= limit), key=re.Match.start, default=None)


def _word_start(text: str, hole: re.Match[str]) -> int:
    """Where the word begins that a hole ends."""
    before = text[: hole.start()]
    return len(before) - len(re.findall(r"\w*\Z", before)[0])


def _without(text: str, hole: re.Match[str]) -> str:
    """The text with a hole in a comment; the length of a type becomes a number, what stands for columns of CREATE TABLE a
    column of unknown name and type, what stands for the query of CREATE ... AS an empty one."""
    before, after = text[: hole.start()].rstrip(), text[hole.end() :].lstrip()
    is_element = before.endswith(("(", ",")) and after.startswith((")", ","))
    if is_element and _LENGTH.search(before):
        return f"{text[: hole.start()]}{as_number(hole[0])}{text[hole.end() :]}"
    if is_element and re.match(r"\s*CREATE\b[^(]*\bTABLE\b", text, re.IGNORECASE):
        return f"{text[: hole.start()]}{hole[0]} {hole[0]}{text[hole.end() :]}"
    query = "SELECT" if re.search(r"\sAS\Z", before, re.IGNORECASE) and not after else ""
    return f"{text[: hole.start()]}{query}/*{hole[0]}*/{text[hole.end() :]}"
