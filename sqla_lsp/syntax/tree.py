"""Syntax trees of Python files, which broken code has too. It never raises and never looks into a tree."""

from __future__ import annotations

import re
import threading

import tree_sitter_python
from tree_sitter import Language, Parser, Tree

from sqla_lsp.text.edits import common_ends

LANGUAGE = Language(tree_sitter_python.language())
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_parsers = threading.local()


def parse(data: bytes, old: Tree | None = None) -> Tree:
    """The tree of a UTF-8 text. `old` is the tree of an earlier version that `Tree.edit` was told about; see `edit`."""
    parser: Parser | None = getattr(_parsers, "parser", None)
    if parser is None:
        parser = _parsers.parser = Parser(LANGUAGE)
    if b"\r" in data:
        data = _LONE_RETURN.sub(b"\n", data)  # the grammar does not take a \r alone for a line end; offsets stay
    return parser.parse(data) if old is None else parser.parse(data, old)


def edit(tree: Tree, old_data: bytes, new_data: bytes) -> Tree:
    """The tree of `new_data`, made of `tree`, that of `old_data`, which is left as it is. Only what differs is parsed."""
    prefix, suffix = common_ends(old_data, new_data)
    if prefix == len(old_data) == len(new_data):
        return tree
    old_end, new_end = len(old_data) - suffix, len(new_data) - suffix
    changed = tree.copy()
    changed.edit(
        prefix,
        old_end,
        new_end,
        _point(old_data, prefix),
        _point(old_data, old_end),
        _point(new_data, new_end),
    )
    return parse(new_data, changed)


def _point(data: bytes, offset: int) -> tuple[int, int]:
    """Row and column as tree-sitter counts them: lines of \\n, columns in bytes."""
    return data.count(b"\n", 0, offset), offset - data.rfind(b"\n", 0, offset) - 1
