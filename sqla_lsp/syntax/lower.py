"""A whole file as code, cut into top-level blocks. It never raises, and broken code does not lose what was known of it before."""

from __future__ import annotations

import re

from tree_sitter import Node, Tree

from sqla_lsp.syntax import code, last_good
from sqla_lsp.syntax.lower_statements import Statements
from sqla_lsp.syntax.lower_strings import identifier
from sqla_lsp.syntax.lowering import COMMENT, EXTRAS, kind
from sqla_lsp.syntax.tree import parse

_DECORATED = kind("decorated_definition")
_DEFINITIONS = frozenset({kind("function_definition"), kind("class_definition")})
_LONGEST_DEFINITION = 30_000
"""Longer functions and classes of imported modules are not read: what migrations share is short, applications are not."""
_MARK = re.compile(rb"sqla-lsp", re.IGNORECASE)


def lower(data: bytes, tree: Tree | None = None, previous: tuple[bytes, code.Module] | None = None) -> code.Module:
    """The code of a UTF-8 text. `tree` is its tree, where there is one already.

    `previous` is the text and the code of the version before. Its blocks are used again, the same objects, where the text did not
    change. In text that does not parse, the last good block is kept (`Block.stale`) with the places that it has now.
    """
    root = (tree or parse(data)).root_node
    found = _comments(data, root)
    if previous is None:
        blocks, broken = _blocks(data, root)
        return code.Module(tuple(blocks), found, broken)
    old_data, old_module = previous
    change = last_good.Change(old_data, data)
    blocks, broken = _blocks(data, root, last_good.unchanged(old_module, change), change)
    if broken:
        blocks = _repaired(data, root, old_module, change)
    return code.Module(tuple(blocks), found, broken)


class Definition:
    """A function or class of a module's top level that is lowered when somebody needs it."""

    __slots__ = ("_block", "_data", "_node", "name")

    def __init__(self, data: bytes, node: Node, name: str) -> None:
        self.name = name
        self._data = data
        self._node: Node | None = node
        self._block: code.Block | None = None

    @property
    def block(self) -> code.Block:
        """The block of the definition."""
        if self._block is None:
            assert self._node is not None
            start, end = self._node.start_byte, self._node.end_byte
            lowering = Statements(self._data, start)
            statement = lowering.statement(self._node) if end - start <= _LONGEST_DEFINITION else None
            self._block = code.Block(start, end, statement or code.Inert(0, end - start), lowering.broken)
            self._node = None
        return self._block


def outline(data: bytes) -> list[code.Block | Definition]:
    """The top level of a module, of which few names will be asked for: its definitions are not lowered yet."""
    found: list[code.Block | Definition] = []
    for node in parse(data).root_node.children:
        inner = node.child_by_field_name("definition") if node.kind_id == _DECORATED else node
        name = inner.child_by_field_name("name") if inner is not None and inner.kind_id in _DEFINITIONS else None
        if name is not None:
            found.append(Definition(data, node, identifier(data[name.start_byte : name.end_byte].decode("utf-8", "replace"))))
        elif node.kind_id not in EXTRAS and (node.is_named or node.is_error):
            lowering = Statements(data, node.start_byte)
            statement = lowering.statement(node)
            if statement is not None:
                found.append(code.Block(node.start_byte, node.start_byte + statement.end, statement, lowering.broken))
    return found


def _blocks(
    data: bytes,
    root: Node,
    known: dict[int, code.Block] | None = None,
    change: last_good.Change | None = None,
    offset: int = 0,
) -> tuple[list[code.Block], bool]:
    """The blocks below `root`, whose text begins at `offset` of the file, and whether something does not parse."""
    blocks: list[code.Block] = []
    broken = root.is_error
    for node in root.children if root.has_error else root.named_children:
        if node.kind_id in EXTRAS or not (node.is_named or node.is_error):
            continue
        start = node.start_byte
        if known and change and not node.has_error:
            block = known.get(start)
            if block is not None and last_good.still_holds(block, data, node.end_byte, change):
                blocks.append(block)
                continue
        lowering = Statements(data, start)
        statement = lowering.statement(node)
        if statement is not None:
            broken = broken or lowering.broken
            start += offset
            is_fragment = root.is_error and not isinstance(statement, code.Function | code.Class)
            blocks.append(code.Block(start, start + statement.end, statement, lowering.broken or is_fragment))
    return blocks, broken


def _repaired(data: bytes, root: Node, old_module: code.Module, change: last_good.Change) -> list[code.Block]:
    """The blocks of a text that does not parse. What the change does not touch stands as it stood, whatever an unclosed
    bracket further up makes of it; the text between is read for itself."""
    before, touched, after = last_good.divide(old_module, change)
    start = before[-1].end if before else 0
    end = after[0].start if after else len(data)
    if start == 0 and end == len(data):
        fresh, _ = _blocks(data, root)
    else:
        fresh, _ = _blocks(data[start:end], parse(data[start:end]).root_node, offset=start)
    return [*before, *last_good.keep(touched, fresh, change), *after]


def _comments(data: bytes, root: Node) -> tuple[code.Comment, ...]:
    """The comments that contain `sqla-lsp`, in order. Strings that do are none."""
    found: list[code.Comment] = []
    for mark in _MARK.finditer(data):
        if found and mark.start() < found[-1].end:
            continue
        node = root.descendant_for_byte_range(mark.start(), mark.end())
        if node is None or node.kind_id != COMMENT:
            continue
        start = node.start_byte
        end = start + len(data[start : node.end_byte].rstrip())
        line = data[max(data.rfind(b"\n", 0, start), data.rfind(b"\r", 0, start)) + 1 : start]
        found.append(code.Comment(start, end, not line.strip()))
    return tuple(found)
