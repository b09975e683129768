"""Lowers of a function only what its queries may need: statements with anchors, and those that speak of names which are used
there. Statements are lowered from the last to the first, so that what uses a name is seen before what makes it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from sqla_lsp.readers.queries.anchors import Definition
from sqla_lsp.syntax import code
from sqla_lsp.syntax.lazy import Body
from sqla_lsp.syntax.lower_statements import Statements
from sqla_lsp.syntax.lowering import kind
from sqla_lsp.syntax.pieces import Piece
from sqla_lsp.syntax.tree import parse

_HEADER = b"class _:\n"
_WORD = re.compile(rb"[A-Za-z_](?<![.\w].)(?:(?<=s)elf\.[A-Za-z_])?\w*")
"""A name, or one of `self`. It begins with a set, for which the search is quick, and looks back from there."""
_TARGET = re.compile(rb"[ \t]*((?:self\.)?[^\W\d]\w*)[ \t]*(?::[^=\n]*)?[-+*/&|]?\Z")
_WITHOUT_ARGUMENTS = (b".options", b".values", b".returning", b"_options", b"print", b".info", b".debug", b".warning")
"""Calls whose arguments say nothing of what a query asks for."""
_IMPORTS = frozenset({kind("import_statement"), kind("import_from_statement")})
_RETURN = kind("return_statement")
_LEAVES = frozenset({_RETURN, kind("raise_statement")})
_JUMPS = frozenset({kind("break_statement"), kind("continue_statement")})
_COMMON = frozenset(
    b"self cls session and_ or_ not_ await async return if else for in not is and or None True False func len str int list dict "
    b"with as try except raise lambda while def".split()
)


class Relevant(Statements):
    """Lowers a definition. `wanted` are the names that matter so far, `assigned` all that its statements assign."""

    __slots__ = ("_anchors", "_queries", "assigned", "wanted")

    def __init__(self, data: bytes, base: int, end: int, anchors: tuple[int, ...]) -> None:
        super().__init__(data, base)
        self.wanted: set[bytes] = set()
        self.assigned: set[bytes] = set()
        self._anchors = [base + at for at in anchors]
        found = list(_assignments(data, base, end))
        for number, (start, name) in enumerate(found):
            self.assigned.add(name)
            if self._anchored(start, found[number + 1][0] if number + 1 < len(found) else end):
                self.wanted.add(name)
        self.wanted -= _COMMON
        self._queries = frozenset(self.wanted)

    def statement(self, node: Node) -> code.Statement | None:
        start, end = node.start_byte, node.end_byte
        kind_id = node.kind_id
        if kind_id in _IMPORTS:
            return super().statement(node)
        if self._anchored(start, end):
            if kind_id in _SIMPLE:
                self._want(start, end)
        elif kind_id in _LEAVES:
            if self.wanted.isdisjoint(_WORD.findall(self.data, start, end)):
                leave = code.Return if kind_id == _RETURN else code.Raise
                return leave(start - self.base, end - self.base, None)
        elif kind_id not in _JUMPS:
            words = _WORD.findall(self.data, start, end)
            if self.wanted.isdisjoint(words):
                return self._inert(node)
            if kind_id in _SIMPLE:
                if self._makes(start, end, words):
                    self.wanted.update(words)
                    self.wanted -= _COMMON
                elif self._queries.isdisjoint(words):
                    return self._inert(node)
        return super().statement(node)

    def arguments(self, node: Node) -> tuple[code.Argument, ...]:
        start = node.start_byte
        if self.data.endswith(_WITHOUT_ARGUMENTS, 0, start) and not self._anchored(start, node.end_byte):
            return ()
        return super().arguments(node)

    def _makes(self, start: int, end: int, words: list[bytes]) -> bool:
        """Whether a statement makes or changes something that matters: `conditions.append(...)`, `a, b = ...`."""
        if words[0] in self.wanted:
            return True
        equals = self.data.find(b"=", start, end)
        return equals >= 0 and not self.wanted.isdisjoint(_WORD.findall(self.data, start, equals))

    def _anchored(self, start: int, end: int) -> bool:
        at = bisect_left(self._anchors, start)
        return at < len(self._anchors) and self._anchors[at] < end

    def _want(self, start: int, end: int) -> None:
        self.wanted.update(_WORD.findall(self.data, start, end))
        self.wanted -= _COMMON

    def body(self, node: Node | None) -> Body:
        statements: list[code.Statement] = []
        for child in reversed(node.named_children) if node is not None else ():
            statement = self.statement(child)
            if statement is not None:
                statements.append(statement)
        statements.reverse()
        return tuple(statements)

    def _field(self, node: Node, field: str) -> code.Expression:
        child = node.child_by_field_name(field)
        if child is None:
            return self.opaque(node)
        if field == "condition":
            if not self._anchored(child.start_byte, child.end_byte) and b":=" not in self.data[child.start_byte : child.end_byte]:
                return self.opaque(child)
        else:
            self._want(child.start_byte, child.end_byte)
        return self.expression(child)


_SIMPLE = frozenset({kind("expression_statement"), kind("return_statement")})


def _assignments(data: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Where names are assigned, by the looks of the lines."""
    at = data.find(b"= ", start, end)
    while at >= 0:
        line = data.rfind(b"\n", start, at) + 1 or start
        target = _TARGET.match(data, line, at)
        if target is not None:
            yield line, target[1]
        at = data.find(b"= ", at + 2, end)


class Lowered(NamedTuple):
    """The statements of a definition that matter, and the names that any of its statements assign."""

    statements: tuple[code.Statement, ...]
    assigned: frozenset[str]


def lowered(data: bytes, definition: Definition) -> Lowered | None:
    """A definition, whose statements begin at its start; None where it does not parse."""
    text, base = _text(data, definition.piece, definition.cls)
    root = parse(text).root_node
    if root.has_error:
        return None
    lowering = Relevant(text, base, len(text), definition.anchors)
    return _with_names(lowering, _below(lowering, root))


def _with_names(lowering: Relevant, statements: tuple[code.Statement, ...]) -> Lowered:
    return Lowered(statements, frozenset([name.decode("utf-8", "replace") for name in lowering.assigned]))


def lowered_whole(data: bytes, piece: Piece, cls: str) -> tuple[code.Statement, ...] | None:
    """As `lowered`, with all statements."""
    text, base = _text(data, piece, cls)
    root = parse(text).root_node
    return None if root.has_error else _below(Statements(text, base), root)


def _text(data: bytes, piece: Piece, cls: str) -> tuple[bytes, int]:
    text = data[piece.start : piece.end]
    return (_HEADER + text, len(_HEADER)) if cls and text[:1] in (b" ", b"\t") else (text, 0)


def lowered_from(data: bytes, definition: Definition, root: Node) -> Lowered:
    """As `lowered`, of the tree of the whole file: what stands inside of the definition, without what does not parse."""
    piece = definition.piece
    lowering = Relevant(data, piece.start, piece.end, definition.anchors)
    found: list[code.Statement] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for child in node.named_children:
            if child.end_byte <= piece.start or child.start_byte >= piece.end:
                continue
            if child.start_byte < piece.start or child.end_byte > piece.end:
                waiting.append(child)
            elif (statement := lowering.statement(child)) is not None:
                found.append(statement)
    return _with_names(lowering, tuple(sorted(found, key=lambda statement: statement.start)))


def _below(lowering: Statements, root: Node) -> tuple[code.Statement, ...]:
    """The statements below a root; below the class that was put around a method (then the base is not 0)."""
    node: Node | None = root
    if lowering.base:
        node = root.children[0].child_by_field_name("body") if root.children else None
    return lowering.body(node)
