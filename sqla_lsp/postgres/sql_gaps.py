"""What a hole means that had to be taken out before its statement parsed: keywords may stand there, so the flags that they
would set are Unknown where nothing else sets them."""

from __future__ import annotations

import re

from msgspec.structs import replace

from sqla_lsp.postgres.sql_text import GAP, Holes, masked, part_not_known
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.operations import (
    AddColumn,
    AddConstraint,
    AlterType,
    AnyOperation,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    NotKnown,
    OtherStatement,
    Reindex,
)
from sqla_lsp.schema.tables import Check, Column, Constraint, Default, Flag, ForeignKey, Index, PrimaryKey, Unique

_BEFORE_TABLE = re.compile(r"\s*ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+|ONLY\s+)*\Z", re.IGNORECASE)


def with_gaps(operations: tuple[AnyOperation, ...], text: str, holes: Holes) -> tuple[AnyOperation, ...]:
    """The operations of one statement, with what its gaps leave open."""
    gaps = [gap for gap in GAP.finditer(text) if not _BEFORE_TABLE.match(masked(text[: gap.start()]))]
    if not gaps or not operations:
        return operations
    known = holes.known(gaps[0][1])
    unknown = known if isinstance(known, Unknown) else Unknown()
    if len(operations) == 1:
        opened = _opened(operations[0], text, [gap.start() for gap in gaps], unknown)
        if opened is not None:
            return (opened,)
    rest = _not_known(operations[0], unknown)
    if len(operations) == 1 and isinstance(operations[0], AddColumn):
        return (_opened_column(operations[0], unknown), rest)
    return (rest,)


def _opened(operation: AnyOperation, text: str, gaps: list[int], unknown: Unknown) -> AnyOperation | None:
    """The operation with its flags left open; None where the gap may be more than a flag."""

    def open_flag(flag: Flag) -> Flag:
        return flag or unknown

    match operation:
        case OtherStatement():
            return operation
        case CreateIndex():
            return _opened_index(operation, text, gaps, unknown)
        case DropIndex():
            return replace(operation, concurrently=open_flag(operation.concurrently), if_exists=open_flag(operation.if_exists))
        case Reindex():
            return replace(operation, concurrently=open_flag(operation.concurrently))
        case DropTable() | DropColumn() | DropConstraint():
            return replace(operation, if_exists=open_flag(operation.if_exists))
        case CreateTable():
            if max(gaps) < _after(r"\(|\sAS\b|$", text):
                return replace(operation, if_not_exists=open_flag(operation.if_not_exists))
            return replace(operation, complete=False)
        case AddColumn() if max(gaps) <= _after(r"\bADD\s+(?:COLUMN\s+)?", text):
            return replace(operation, if_not_exists=open_flag(operation.if_not_exists))
        case AddConstraint(inline=False, constraint=ForeignKey() | Check() | Unique(index=None) | PrimaryKey(index=None)):
            return replace(operation, constraint=_opened_constraint(operation.constraint, unknown))
        case AlterType(using=None):
            return replace(operation, using=unknown)
        case _:
            return None


def _opened_index(operation: CreateIndex, text: str, gaps: list[int], unknown: Unknown) -> CreateIndex:
    cover = masked(text)
    on = _after(r"\sON\b", text)
    opens = cover.find("(", on)
    closes = _closing(cover, opens)
    index: Index = operation.index
    for gap in gaps:
        if gap < _after(r"\bINDEX\b", text):
            index = replace(index, unique=index.unique or unknown)
        elif gap < on:
            operation = replace(
                operation,
                concurrently=operation.concurrently or unknown,
                if_not_exists=operation.if_not_exists or unknown,
            )
        elif gap < opens:
            index = replace(index, method=unknown)
        elif gap < closes:
            index = replace(index, keys=unknown)
        else:
            index = replace(
                index,
                include=index.include or unknown,
                where=unknown,
                where_columns=None,
                nulls_not_distinct=index.nulls_not_distinct or unknown,
            )
    return replace(operation, index=index)


def _opened_constraint(constraint: Constraint, unknown: Unknown) -> Constraint:
    match constraint:
        case ForeignKey(validated=True) | Check(validated=True):
            return replace(constraint, validated=unknown)
        case Unique():
            return replace(
                constraint,
                include=constraint.include or unknown,
                deferrable=constraint.deferrable or unknown,
                initially=constraint.initially or unknown,
                nulls_not_distinct=constraint.nulls_not_distinct or unknown,
            )
        case _:
            return constraint


def _opened_column(operation: AddColumn, unknown: Unknown) -> AddColumn:
    column: Column = operation.column
    opened = replace(column, nullable=column.nullable and unknown, default=column.default or Default(unknown))
    return replace(operation, column=opened)


def _not_known(operation: AnyOperation, unknown: Unknown) -> NotKnown:
    return NotKnown(operation.site, part_not_known(unknown))


def _after(pattern: str, text: str) -> int:
    """Where the first match of a pattern ends in the text without its comments and strings; its end where there is none."""
    cover = masked(text)
    found = re.search(pattern, cover, re.IGNORECASE)
    return found.end() if found else len(cover)


def _closing(cover: str, opens: int) -> int:
    """Where the parenthesis that opens at an offset closes."""
    depth = 0
    for offset in range(max(opens, 0), len(cover)):
        depth += {"(": 1, ")": -1}.get(cover[offset], 0)
        if depth == 0 and cover[offset] == ")":
            return offset
    return len(cover)
