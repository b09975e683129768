"""Statements that share a line with others, or with the head of a branch or function, put on lines of their own, so that others
can stand beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tree_sitter import Node

from sqla_lsp.fixes.brackets import indent_of
from sqla_lsp.fixes.style import Style
from sqla_lsp.syntax.tree import parse
from sqla_lsp.text.edits import Edit, apply
from sqla_lsp.text.places import Place


def on_own_lines(data: bytes, places: Sequence[Place], style: Style) -> tuple[bytes, Mapping[Place, Place]]:
    """The code with the statements at some places on lines of their own, and where these places are then."""
    root = parse(data).root_node
    edits = sorted({edit for place in places for edit in _edits(data, root, place, style)})
    return apply(data, edits), {place: _moved(place, edits) for place in places}


def _moved(place: Place, edits: Sequence[Edit]) -> Place:
    by = sum(len(edit.text.encode()) - (edit.end - edit.start) for edit in edits if edit.end <= place.start)
    return Place(place.start + by, place.end + by, place.path)


def _edits(data: bytes, root: Node, place: Place, style: Style) -> Iterator[Edit]:
    statement = root.named_descendant_for_byte_range(place.start, place.end)
    while statement is not None and (statement.parent is None or statement.parent.type not in ("block", "module")):
        statement = statement.parent
    if statement is None or statement.parent is None:
        return
    first = statement
    while (before := first.prev_sibling) is not None and before.type == ";" and before.prev_sibling is not None:
        first = before.prev_sibling
    head = _head(statement.parent)
    indent = indent_of(data, first.start_byte if head is None else head.start_byte)
    line = style.newline + indent + ("" if head is None else style.indent)
    if head is not None:
        colon = statement.parent.prev_sibling
        while colon is not None and colon.type != ":":
            colon = colon.prev_sibling
        if colon is not None:
            yield Edit(colon.end_byte, statement.parent.start_byte, line)
    before, behind = statement.prev_sibling, statement.next_sibling
    if before is not None and before.type == ";":
        yield Edit(_end_before(before), statement.start_byte, line)
    if behind is not None and behind.type == ";":
        next_one = behind.next_sibling
        shares = next_one is not None and next_one.start_point[0] == behind.end_point[0] and next_one.type != "comment"
        yield (
            Edit(statement.end_byte, next_one.start_byte, line)
            if shares and next_one
            else Edit(statement.end_byte, behind.end_byte, "")
        )


def _end_before(semicolon: Node) -> int:
    previous = semicolon.prev_sibling
    return semicolon.start_byte if previous is None else previous.end_byte


def _head(block: Node) -> Node | None:
    """The compound statement on whose line a block stands; None where it has lines of its own."""
    head = block.parent
    if block.type != "block" or head is None:
        return None
    colon = block.prev_sibling
    return head if colon is not None and colon.type == ":" and colon.end_point[0] == block.start_point[0] else None
