"""Statements that are told apart by their first words, without the parser: those that change nothing that we model."""

from __future__ import annotations

import re

from sqla_lsp.postgres.identifiers import fold
from sqla_lsp.postgres.sql_text import MARK, Holes, masked
from sqla_lsp.schema.names import TableName

_NAME = rf'(?:"(?:[^"]|"")+"|(?:[^\W\d]|{MARK})(?:[\w$]|{MARK})*)'
_TARGET = re.compile(
    rf"(?:UPDATE|INSERT\s+INTO|DELETE\s+FROM)\s+(?:ONLY\s+)?(?P<first>{_NAME})(?:\s*\.\s*(?P<second>{_NAME}))?", re.IGNORECASE
)
_PLAIN = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "GRANT", "REVOKE", "COMMENT"}
_TRANSACTION = {
    "BEGIN": "BEGIN",
    "START": "BEGIN",
    "COMMIT": "COMMIT",
    "END": "COMMIT",
    "ROLLBACK": "ROLLBACK",
    "ABORT": "ROLLBACK",
    "SAVEPOINT": "SAVEPOINT",
    "RELEASE": "RELEASE",
}
_NOISE = frozenset(
    ("OR", "REPLACE", "TEMP", "TEMPORARY", "UNLOGGED", "GLOBAL", "LOCAL", "RECURSIVE", "CONSTRAINT", "TRUSTED", "PROCEDURAL")
)
_PAIRS = {
    "MATERIALIZED VIEW",
    "FOREIGN TABLE",
    "FOREIGN DATA",
    "EVENT TRIGGER",
    "TEXT SEARCH",
    "ACCESS METHOD",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "USER MAPPING",
    "DEFAULT PRIVILEGES",
}


def plain_statement(text: str, holes: Holes) -> tuple[str, tuple[TableName, ...]] | None:
    """The kind and the tables of one statement that needs no parser; None for all others."""
    cover = masked(text, names=False)
    first = re.match(r"[\s(]*([a-z]+)\b", cover, re.IGNORECASE)
    word = first[1].upper() if first else ""
    if first and (word in _TRANSACTION or word == "PREPARE"):
        return _transaction(word, cover[first.end() :])
    if first is None or word not in _PLAIN:
        return None
    if word == "WITH":
        word, cover = _after_with(cover)
    if word == "SELECT" and re.search(r"\bINTO\b", masked(text), re.IGNORECASE):
        return None
    target = _TARGET.match(cover.lstrip(" \t\r\n(")) if word in ("INSERT", "UPDATE", "DELETE") else None
    if target is None:
        return word, ()
    first_name, second_name = target["first"], target["second"]
    if second_name is None:
        return word, (TableName(holes.known(_folded(first_name))),)
    return word, (TableName(holes.known(_folded(second_name)), holes.known(_folded(first_name))),)


def kind_of(text: str) -> str:
    """The first keywords of a statement, as far as they name its kind: "CREATE VIEW", "TRUNCATE"."""
    words: list[str] = [word.upper() for word in re.findall(r"[^\W\d]\w*", masked(text)[:200])]
    if not words:
        return ""
    first, rest = words[0], words[1:]
    if first not in ("CREATE", "ALTER", "DROP", "REFRESH"):
        return first
    rest = [word for word in rest if word not in _NOISE]
    if " ".join(rest[:2]) in _PAIRS:
        return " ".join((first, *rest[:2]))
    return " ".join((first, *rest[:1]))


def _transaction(word: str, rest: str) -> tuple[str, tuple[TableName, ...]] | None:
    known = r"\s*(?:(?:TRANSACTION|WORK|AND\s+(?:NO\s+)?CHAIN)\s*)*"
    if word == "PREPARE":
        return None
    if re.fullmatch(known, rest, re.IGNORECASE) or word in ("SAVEPOINT", "RELEASE"):
        return _TRANSACTION[word], ()
    if word == "ROLLBACK" and re.match(r"\s+(?:TRANSACTION\s+|WORK\s+)?TO\b", rest, re.IGNORECASE):
        return "ROLLBACK TO", ()
    return (
        (_TRANSACTION[word], ())
        if word in ("BEGIN", "START") and re.match(r"\s+(?:TRANSACTION|ISOLATION|READ)\b", rest, re.I)
        else None
    )


def _after_with(cover: str) -> tuple[str, str]:
    """The keyword of the statement that follows the queries of WITH, and the text from there."""
    depth = 0
    for found in re.finditer(r"[()]|\b(?:SELECT|INSERT|UPDATE|DELETE|MERGE)\b", cover, re.IGNORECASE):
        match found[0]:
            case "(":
                depth += 1
            case ")":
                depth -= 1
            case word if depth == 0:
                return word.upper(), cover[found.start() :]
    return "WITH", cover


def _folded(name: str) -> str:
    if name[0] == '"':
        return name[1:-1].replace('""', '"')
    return fold(name)
