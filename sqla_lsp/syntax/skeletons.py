"""Lowers a class whose long methods, which are most of it, are parsed when somebody looks into them. They are found by their
lines alone: where what is left does not parse, the whole class has to be parsed."""

from __future__ import annotations

import re
from bisect import bisect_right

from tree_sitter import Node

from sqla_lsp.syntax import code
from sqla_lsp.syntax.lazy import Body, LazyBody
from sqla_lsp.syntax.lower_statements import Statements
from sqla_lsp.syntax.pieces import Piece, members
from sqla_lsp.syntax.tree import parse

_SHORTEST = 200
"""Shorter bodies are parsed with the class."""
_END_OF_HEADER = re.compile(rb":[ \t\r]*(?:#[^\n]*)?\n")
_BRACKETS = ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))
_QUOTES = (b'"""', b"'''")
_STAND_IN = b"pass\n"
_AROUND = b"class _:\n"


class Skeleton(Statements):
    """Lowers a class without the bodies that were left out. `data` is its text without them."""

    __slots__ = ("_bases", "_bodies", "_starts")

    def __init__(self, text: bytes, methods: list[tuple[int, int, int]]) -> None:
        """`methods` are those whose bodies are left out: where they start in the text of the class, and where their bodies begin
        and end."""
        parts: list[bytes] = []
        self._starts = [0]
        self._bases = [0]
        """What places count from, from each of these offsets on."""
        self._bodies: dict[int, LazyBody] = {}
        """The bodies that were left out, by the offset of what stands in for them."""
        length = done = 0
        for start, at, end in methods:
            kept = text[done:at]
            indent = text[at : end - len(text[at:end].lstrip(b" \t"))]
            self._bodies[length + len(kept) + len(indent)] = _left_out(text, start, end)
            parts += (kept, indent, _STAND_IN)
            length += len(kept) + len(indent) + len(_STAND_IN)
            done = text.find(b"\n", end) + 1
            self._starts.append(length)
            self._bases.append(length - done)
        super().__init__(b"".join((*parts, text[done:])), 0, is_lazy=True)

    def statement(self, node: Node) -> code.Statement | None:
        outer, self.base = self.base, self._bases[bisect_right(self._starts, node.start_byte) - 1]
        lowered = super().statement(node)
        self.base = outer
        return lowered

    def method_body(self, block: Node) -> Body | LazyBody:
        return self._bodies.get(block.start_byte) or super().method_body(block)


def skeleton(data: bytes, piece: Piece) -> Skeleton | None:
    """What lowers a class without some of its bodies; None where all of it is to be parsed."""
    text = data[piece.start : piece.end]
    methods: list[tuple[int, int, int]] = []
    in_string = False
    for member in members(data, piece) if len(text) > _SHORTEST else ():
        start, end = member.start - piece.start, member.end - piece.start
        begins_in_string, in_string = in_string, in_string != _cuts_string(text, start, end)
        body = _body(text, start, end) if member.kind == "function" and not begins_in_string and not in_string else None
        if body is not None:
            methods.append((start, *body))
    return Skeleton(text, methods) if methods else None


def _cuts_string(text: bytes, start: int, end: int) -> bool:
    """Whether a part of a text, of two places on its edges, has one inside of a string over several lines."""
    return any(text.count(quotes, start, end) % 2 for quotes in _QUOTES)


def _left_out(text: bytes, start: int, end: int) -> LazyBody:
    """The body of a method of a class, by the offsets of the method in the class's text."""
    return LazyBody(lambda: _lowered(_AROUND + text[start:end], len(_AROUND) - start), end)


def _lowered(text: bytes, base: int) -> Body:
    waiting = [parse(text).root_node]
    while waiting:
        node = waiting.pop(0)
        if node.type == "function_definition":
            return Statements(text, base).body(node.child_by_field_name("body"))
        waiting += node.children
    return ()


def _body(text: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Where the first line of a method's body begins and where its last one ends; None where the body is not to be left out: it
    is short, yields, or does not show where it ends."""
    at = _after_header(text, start, end)
    last = start + len(text[start:end].rstrip())
    if at is None or last - at < _SHORTEST or text[at : at + 1] not in (b" ", b"\t") or text.find(b"yield", at, last) >= 0:
        return None
    if text.find(b"#", text.rfind(b"\n", at, last) + 1, last) >= 0 or text.find(b"\n", last, end) < 0:
        return None
    return at, last


def _after_header(text: bytes, start: int, end: int) -> int | None:
    """Where the line after `def name(...):` begins."""
    for colon in _END_OF_HEADER.finditer(text, start, end):
        header = text[start : colon.start()]
        if b"def " in header and all(header.count(opening) == header.count(closing) for opening, closing in _BRACKETS):
            return colon.end()
    return None
