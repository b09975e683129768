"""A whole file as code, cut into top-level blocks. It never raises, and broken code does not lose what was known of it before."""

from __future__ import annotations

import re

from tree_sitter import Node, Tree

from sqla_lsp.syntax import code
from sqla_lsp.syntax.lower_expressions import COMMENT, EXTRAS
from sqla_lsp.syntax.lower_statements import Statements
from sqla_lsp.syntax.tree import parse

_MARK = re.compile(rb"sqla-lsp", re.IGNORECASE)


def lower(data: bytes, tree: Tree | None = None, previous: tuple[bytes, code.Module] | None = None) -> code.Module:
    """The code of a UTF-8 text."""
    tree = tree or parse(data)
    root = tree.root_node
    blocks: list[code.Block] = []
    broken = False
    for node in root.named_children:
        if node.kind_id in EXTRAS:
            continue
        start, end = node.start_byte, node.end_byte
        lowering = Statements(data, start)
        statement = lowering.statement(node)
        broken = broken or lowering.broken
        if statement is not None:
            blocks.append(code.Block(start, end, statement))
    return code.Module(tuple(blocks), comments(data, root), broken)


def comments(data: bytes, root: Node) -> tuple[code.Comment, ...]:
    """The comments that contain `sqla-lsp`, in order. Strings that do are none."""
    found: list[code.Comment] = []
    for mark in _MARK.finditer(data):
        if found and mark.start() < found[-1].end:
            continue
        node = root.descendant_for_byte_range(mark.start(), mark.end())
        if node is None or node.kind_id != COMMENT:
            continue
        start, end = node.start_byte, node.end_byte
        end = start + len(data[start:end].rstrip())
        line = data[max(data.rfind(b"\n", 0, start), data.rfind(b"\r", 0, start)) + 1 : start]
        found.append(code.Comment(start, end, not line.strip()))
    return tuple(found)
