"""What all lowering shares: kinds of nodes, the depth that ends it, and how a node finds what lowers it. It lowers only names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from tree_sitter import Node

from sqla_lsp.syntax import code
from sqla_lsp.syntax.lower_strings import identifier
from sqla_lsp.syntax.tree import LANGUAGE

MAX_DEPTH = 150
"""How deep code may be nested before it becomes `Opaque`, so that whoever walks over it needs no guard of their own."""

HANDLERS: dict[int, Callable[[Any, Node], code.Expression]] = {}
"""How expressions are lowered, by kind of node. Filled by the modules that do it."""


def kind(name: str, *, named: bool = True) -> int:
    """The number of a kind of node. Raises `LookupError` when the grammar does not have it."""
    number = LANGUAGE.id_for_node_kind(name, named)
    if number is None:
        raise LookupError(name)
    return number


IDENTIFIER = kind("identifier")
COMMENT = kind("comment")
COMMA = kind(",", named=False)
EXTRAS = frozenset({COMMENT, kind("line_continuation")})


def solids(node: Node) -> list[Node]:
    """The children without comments and line continuations."""
    return [child for child in node.children if child.kind_id not in EXTRAS]


_OPENING = frozenset(kind(bracket, named=False) for bracket in "([{")
_STRINGS = frozenset({kind("string"), kind("concatenated_string")})


def swallows_line(data: bytes, node: Node) -> bool:
    """Whether a simple statement goes on in the next line without a bracket: the grammar reads `op.` or `x:` together with
    what stands below, as long as nothing follows on its own line, and finds nothing wrong."""
    if b"\n" not in data[node.start_byte : node.end_byte]:
        return False
    waiting = [node]
    while waiting:
        children = waiting.pop().children
        if any(child.kind_id in _OPENING for child in children):
            continue
        for before, after in pairwise(children):
            gap = data[before.end_byte : after.start_byte]
            if b"\n" in gap and after.kind_id not in EXTRAS and before.kind_id not in EXTRAS and b"\\" not in gap:
                return True
        waiting += [c for c in children if c.kind_id not in _STRINGS and b"\n" in data[c.start_byte : c.end_byte]]
    return False


class Lowering:
    """What lowers one block, whose start all positions are relative to."""

    __slots__ = ("base", "broken", "data", "depth", "is_lazy", "yields")

    def __init__(self, data: bytes, base: int, *, is_lazy: bool = False) -> None:
        self.data = data
        self.base = base
        self.depth = 0
        self.is_lazy = is_lazy
        """Whether the bodies of methods are lowered when somebody needs them."""
        self.yields = False
        """Whether a `yield` of the function at hand was seen."""
        self.broken = False
        """Whether something was left out because it does not parse."""

    def expression(self, node: Node) -> code.Expression:
        kind_id = node.kind_id
        if kind_id == IDENTIFIER:
            start, end = node.start_byte, node.end_byte
            base = self.base
            return code.Name(start - base, end - base, identifier(self.data[start:end].decode("utf-8", "replace")))
        lower = HANDLERS.get(kind_id)
        if lower is None or self.depth >= MAX_DEPTH:
            return self.opaque(node)
        self.depth += 1
        lowered = lower(self, node)
        self.depth -= 1
        return lowered

    def opaque(self, node: Node) -> code.Opaque:
        return code.Opaque(node.start_byte - self.base, node.end_byte - self.base)

    def text(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def name(self, node: Node) -> str:
        return identifier(self.text(node))

    def many(self, nodes: Iterable[Node]) -> tuple[code.Expression, ...]:
        return tuple([self.expression(node) for node in nodes if node.kind_id not in EXTRAS])

    def one_or_tuple(self, nodes: list[Node]) -> code.Expression:
        """`a` or `a, b` or `a,`, of all children of an unbracketed list, commas included."""
        if not nodes:
            return code.Opaque(0, 0)
        if len(nodes) == 1:
            return self.expression(nodes[0])
        items = self.many([node for node in nodes if node.kind_id != COMMA])
        return code.Sequence(nodes[0].start_byte - self.base, nodes[-1].end_byte - self.base, "tuple", items)
