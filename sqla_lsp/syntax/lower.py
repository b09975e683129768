"""A whole file as code, cut into top-level blocks. It never raises, and broken code does not lose what was known of it before."""

from __future__ import annotations

import re
from functools import lru_cache

from tree_sitter import Node, Tree

from sqla_lsp.syntax import code, last_good
from sqla_lsp.syntax.lower_statements import Statements
from sqla_lsp.syntax.lower_strings import identifier
from sqla_lsp.syntax.lowering import COMMENT, EXTRAS, kind
from sqla_lsp.syntax.pieces import Piece, parsed, pieces
from sqla_lsp.syntax.skeletons import skeleton
from sqla_lsp.syntax.tree import parse
from sqla_lsp.text.search import Search

_DECORATED = kind("decorated_definition")
_DEFINITIONS = frozenset({kind("function_definition"), kind("class_definition")})
_CLASS = kind("class_definition")
_LONGEST_FUNCTION = 30_000
_LONGEST_CLASS = 400_000
"""Longer functions and classes of imported modules are not read: what migrations share is short, and models are not that long."""
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
    """A function or class of a module's top level that is parsed and lowered when somebody needs it."""

    __slots__ = ("_block", "_data", "_piece", "name")

    def __init__(self, data: bytes, piece: Piece) -> None:
        self.name = piece.name
        self._data = data
        self._piece = piece
        self._block: code.Block | None = None

    @property
    def is_class(self) -> bool:
        """Whether it is a class."""
        return self._piece.kind == "class"

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return self._piece.end - self._piece.start

    def says(self, search: Search) -> bool:
        """Whether something stands somewhere in its text."""
        return search.finds(self._data, self._piece.start, self._piece.end)

    @property
    def block(self) -> code.Block:
        """The block of the definition."""
        if self._block is None:
            self._block = self._lowered()
        return self._block

    def _lowered(self) -> code.Block:
        start, end, kind, _ = self._piece
        if end - start > (_LONGEST_CLASS if kind == "class" else _LONGEST_FUNCTION):
            return code.Block(start, end, code.Inert(0, end - start))
        lowering, node = self._skeleton() or self._whole()
        statement = lowering.statement(node) if node is not None else None
        statement = statement or code.Inert(0, end - start)
        return code.Block(start, start + statement.end, statement, lowering.broken)

    def _skeleton(self) -> tuple[Statements, Node] | None:
        """What lowers a class without the bodies of its methods, and its node; None where it does not parse so."""
        lowering = skeleton(self._data, self._piece) if self.is_class else None
        root = parse(lowering.data).root_node if lowering is not None else None
        if lowering is None or root is None or root.has_error:
            return None
        return lowering, root.children[0]

    def _whole(self) -> tuple[Statements, Node | None]:
        """What lowers the definition, and its node."""
        start, end, _, _ = self._piece
        root = parsed(self._data, self._piece)
        if root is not None:
            return Statements(self._data[start:end], 0, is_lazy=True), root.children[0] if root.children else None
        # A line of a string was taken for the beginning of something.
        node = next((n for n in parse(self._data).root_node.children if n.start_byte == start), None)
        return Statements(self._data, start, is_lazy=True), node


@lru_cache(maxsize=512)
def outline(data: bytes) -> tuple[code.Block | Definition, ...]:
    """The top level of a module, of which few names will be asked for: its definitions are not parsed yet. It is the same for all
    who ask: a module of models is read for itself, and by those that import from it."""
    return tuple(_outline(data))


def _outline(data: bytes) -> list[code.Block | Definition]:
    found: list[code.Block | Definition] = []
    for piece in pieces(data):
        if piece.kind != "other":
            found.append(Definition(data, piece))
            continue
        root = parsed(data, piece)
        if root is None:
            return _outline_of_whole(data)
        found += _lowered_blocks(data[piece.start : piece.end], root, piece.start)
    return found


def _outline_of_whole(data: bytes) -> list[code.Block | Definition]:
    """The top level of a text that cannot be cut by its lines."""
    found: list[code.Block | Definition] = []
    for node in parse(data).root_node.children:
        inner = node.child_by_field_name("definition") if node.kind_id == _DECORATED else node
        name = inner.child_by_field_name("name") if inner is not None and inner.kind_id in _DEFINITIONS else None
        if inner is not None and name is not None:
            title = identifier(data[name.start_byte : name.end_byte].decode("utf-8", "replace"))
            is_class = inner.kind_id == _CLASS
            found.append(Definition(data, Piece(node.start_byte, node.end_byte, "class" if is_class else "function", title)))
        else:
            found += _lowered_blocks(data, node, 0, alone=True)
    return found


def _lowered_blocks(data: bytes, root: Node, offset: int, *, alone: bool = False) -> list[code.Block | Definition]:
    """The statements below a root (or a node `alone`), whose text begins at `offset` of the file."""
    found: list[code.Block | Definition] = []
    for node in [root] if alone else root.children:
        if node.kind_id in EXTRAS or not (node.is_named or node.is_error):
            continue
        lowering = Statements(data, node.start_byte, is_lazy=True)
        statement = lowering.statement(node)
        if statement is not None:
            start = node.start_byte + offset
            found.append(code.Block(start, start + statement.end, statement, lowering.broken))
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
    for mark in _MARK.finditer(data) if b"sqla-lsp" in data.lower() else ():  # which is a tenth of what the pattern takes
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
