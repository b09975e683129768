"""SQL in string literals: words put into it, and a text of several statements parted, while quotes and all else stay."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from sqla_lsp.fixes.calls import argument, last_name
from sqla_lsp.fixes.fix import NotPossible

_TEXT = ("text", "DDL")


def sql_of(call: cst.Call) -> cst.BaseExpression:
    """The literal that `execute("...")` or `execute(sa.text("..."))` sends."""
    given = argument(call, 0, "sqltext", "statement", "sql")
    if isinstance(given, cst.Call) and last_name(given.func) in _TEXT:
        given = argument(given, 0, "text", "statement")
    if given is None:
        raise NotPossible("the SQL is not written in the call")
    return given


def with_words(call: cst.Call, pattern: str, replacement: str) -> cst.Call:
    """The call with its SQL changed where the pattern matches, which has to be once. Words of the replacement are written in
    small letters where the SQL is."""
    literal = sql_of(call)
    parts = _parts(literal)
    found = [(part, match) for part in parts for match in re.finditer(pattern, _written(part), re.IGNORECASE)]
    if len(found) != 1:
        raise NotPossible("the SQL is not written in one literal")
    part, match = found[0]
    words = replacement.lower() if match[0].islower() else replacement
    written = _written(part)
    changed = part.with_changes(value=written[: match.start()] + match.expand(words) + written[match.end() :])
    new = changed if part is literal else literal.deep_replace(part, changed)
    made = call.deep_replace(literal, new)
    assert isinstance(made, cst.Call)
    return made


def parted(call: cst.Call, statement: str) -> tuple[cst.Call | None, cst.Call, cst.Call | None]:
    """A call that sends several statements, as three: of what stands before one of them, of it alone, of what stands behind."""
    literal = sql_of(call)
    if not isinstance(literal, cst.SimpleString) or "\\" in literal.value:
        raise NotPossible("the statements are not written in one plain literal")
    text = literal.raw_value
    at = text.find(statement)
    if at < 0 or text.find(statement, at + 1) >= 0:
        raise NotPossible("the statement is not found in the literal")
    before, after = text[:at], text[at + len(statement) :].lstrip().removeprefix(";")

    def sending(sql: str) -> cst.Call:
        quoted = f"{literal.prefix}{literal.quote}{sql}{literal.quote}"
        made = call.deep_replace(literal, literal.with_changes(value=quoted))
        assert isinstance(made, cst.Call)
        return made

    return (
        sending(before.rstrip()) if before.strip() else None,
        sending(text[at : at + len(statement)]),
        sending(after) if after.strip(" \t\r\n;") else None,
    )


def _parts(literal: cst.BaseExpression) -> Sequence[cst.SimpleString | cst.FormattedStringText]:
    match literal:
        case cst.SimpleString():
            return [literal]
        case cst.FormattedString(parts=parts):
            return [part for part in parts if isinstance(part, cst.FormattedStringText)]
        case cst.ConcatenatedString(left=left, right=right):
            return [*_parts(left), *_parts(right)]
        case _:
            raise NotPossible("the SQL is not written in the call")


def _written(part: cst.SimpleString | cst.FormattedStringText) -> str:
    return part.value
