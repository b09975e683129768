"""Statements taken out and put in as whole lines, so that the lines around them stay as they are."""

from __future__ import annotations

from tree_sitter import Node

from sqla_lsp.fixes.brackets import indent_of, line_end, line_start, next_line, written
from sqla_lsp.fixes.code_file import CodeFile
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.text.edits import Edit


def without_statement(file: CodeFile, statement: Node) -> list[Edit]:
    """The edit that takes a statement out. Where its block would be empty, `pass` takes its place; a comment at its end stays.
    Blank lines stay on one side of it alone."""
    data = file.data
    start, end = line_start(data, statement.start_byte), line_end(data, statement.end_byte)
    rest = data[statement.end_byte : end].lstrip()
    if data[start : statement.start_byte].strip() or (rest and not rest.startswith(b"#")):
        raise NotPossible("it shares its line with other statements")
    if _is_alone(statement):
        return [Edit(statement.start_byte, statement.end_byte, "pass")]
    if rest:
        return [Edit(statement.start_byte, end - len(rest), "")]
    end = next_line(data, end)
    before, after = _blank_before(data, start), _blank_after(data, end)
    if before < start and (after > end or end >= len(data)):
        if end >= len(data) or start - before <= after - end:
            return [Edit(before, end, "")]
        return [Edit(start, after, "")]
    if _is_first(statement) and after > end:
        return [Edit(start, after, "")]
    return [Edit(start, end, "")]


def with_statement(file: CodeFile, beside: Node, text: str, *, below: bool = True, blank: bool = False) -> list[Edit]:
    """The edit that puts a statement below another one, or above it, on the same level; `blank` lines keep them apart. `text` is
    not indented, with "\\n" at line ends."""
    data, newline = file.data, file.style.newline
    start, indent = line_start(data, beside.start_byte), indent_of(data, beside.start_byte)
    if data[start : beside.start_byte].strip():
        raise NotPossible("the statement beside it shares its line with others")
    apart = newline if blank else ""
    text = written(text, indent, file.style)
    if not below:
        return [Edit(start, start, f"{indent}{text}{newline}{apart}")]
    end = line_end(data, beside.end_byte)
    rest = data[beside.end_byte : end].lstrip()
    if rest and not rest.startswith(b"#"):
        raise NotPossible("the statement beside it shares its line with others")
    return [Edit(end, end, f"{newline}{apart}{indent}{text}")]


def _is_alone(statement: Node) -> bool:
    """Whether a block holds nothing else."""
    block = statement.parent
    return block is not None and block.type == "block" and _siblings(block) == 1


def _is_first(statement: Node) -> bool:
    block = statement.parent
    if block is None or block.type != "block":
        return False
    return next((child.id for child in block.named_children), 0) == statement.id


def _siblings(block: Node) -> int:
    return sum(child.type != "comment" for child in block.named_children)


def _blank_before(data: bytes, start: int) -> int:
    """Where the blank lines begin that end at the beginning of a line."""
    while start:
        above = line_start(data, start - (2 if data[start - 2 : start] == b"\r\n" else 1))
        if data[above:start].strip():
            break
        start = above
    return start


def _blank_after(data: bytes, start: int) -> int:
    """Where the blank lines end that begin at the beginning of a line."""
    while start < len(data):
        below = next_line(data, start)
        if data[start:below].strip():
            break
        start = below
    return start
