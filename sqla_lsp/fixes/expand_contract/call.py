"""The call of `alter_column` as it is written: what of it can be said again in another statement."""

from __future__ import annotations

import re
from dataclasses import dataclass

import libcst as cst

_UNDERSTOOD = frozenset(
    {
        "table_name",
        "column_name",
        "name",
        "type_",
        "nullable",
        "server_default",
        "schema",
        "postgresql_using",
        "existing_type",
        "existing_nullable",
        "existing_server_default",
        "existing_comment",
    }
)
_OF_OTHERS = re.compile(r"(mysql|sqlite|mssql|oracle)_\w+")


@dataclass(frozen=True)
class AlterCall:
    """`type_` is the source of the argument on one line, None where it takes several. `existing_nullable` and `existing_comment`
    are what the call says of the column as it is, None where it says nothing."""

    type_: str | None
    existing_nullable: bool | None = None
    existing_comment: str | None = None


def read_call(source: str) -> AlterCall | None:
    """What a call says; None where it asks for something that is not understood."""
    try:
        call = cst.parse_expression(source)
    except cst.ParserSyntaxError:
        return None
    if not isinstance(call, cst.Call) or any(argument.star for argument in call.args):
        return None
    given = {argument.keyword.value: argument.value for argument in call.args if argument.keyword is not None}
    if any(name not in _UNDERSTOOD and not _OF_OTHERS.fullmatch(name) for name in given):
        return None
    comment = given.get("existing_comment")
    said = None if comment is None or _is_name(comment, "None") else _string(comment)
    if said is None and comment is not None and not _is_name(comment, "None"):
        return None
    nullable = given.get("existing_nullable")
    flag = {"True": True, "False": False}.get(nullable.value) if isinstance(nullable, cst.Name) else None
    if flag is None and nullable is not None and not _is_name(nullable, "None"):
        return None
    return AlterCall(_on_one_line(given["type_"]) if "type_" in given else None, flag, said)


def _is_name(value: cst.BaseExpression, name: str) -> bool:
    return isinstance(value, cst.Name) and value.value == name


def _string(value: cst.BaseExpression) -> str | None:
    if not isinstance(value, cst.SimpleString | cst.ConcatenatedString):
        return None
    evaluated = value.evaluated_value
    return evaluated if isinstance(evaluated, str) else None


def _on_one_line(value: cst.BaseExpression) -> str | None:
    text = cst.Module([]).code_for_node(value)
    if "\n" not in text and "\r" not in text:
        return text
    if "#" in text or '"""' in text or "'''" in text or "\\" in text:
        return None
    text = re.sub(r"\s*[\r\n]+\s*", " ", text)
    return re.sub(r",? ([)\]])", r"\1", re.sub(r"([(\[]) ", r"\1", text))


def without(source: str, *names: str) -> str | None:
    """A call without some of its keyword arguments; None where the text is none."""
    try:
        call = cst.parse_expression(source)
    except cst.ParserSyntaxError:
        return None
    if not isinstance(call, cst.Call):
        return None
    kept = [argument for argument in call.args if argument.keyword is None or argument.keyword.value not in names]
    if kept and len(kept) < len(call.args):  # what follows the last argument stays behind the last one
        kept[-1] = kept[-1].with_changes(comma=call.args[-1].comma, whitespace_after_arg=call.args[-1].whitespace_after_arg)
    return cst.Module([]).code_for_node(call.with_changes(args=kept))
