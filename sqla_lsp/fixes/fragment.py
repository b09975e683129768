"""One top-level definition of a file as LibCST sees it, and the smallest edits between it and a new version. Nothing else of the
file is parsed or touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TypeVar

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper
from tree_sitter import Node, Tree

from sqla_lsp.fixes.excerpt import excerpt
from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.syntax.tree import parse
from sqla_lsp.text.edits import Edit
from sqla_lsp.text.places import Place

N = TypeVar("N", bound=cst.CSTNode)


class Fragment:
    """The top-level definition of a file around some places, without those of its statements that are far from them. Offsets are
    those of the file."""

    def __init__(self, data: bytes, definition: Node, places: Iterable[Place]) -> None:
        self._excerpt = excerpt(data, definition, places)
        try:
            wrapper = MetadataWrapper(cst.parse_module(self._excerpt.data.decode("utf-8")), unsafe_skip_copy=True)
        except cst.ParserSyntaxError as error:
            raise NotPossible("the code does not parse") from error
        self.module = wrapper.module
        self._spans = wrapper.resolve(ByteSpanPositionProvider)

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where a node stands, without the whitespace and comments around it."""
        span = self._spans[node]
        return self._excerpt.in_file(span.start), self._excerpt.in_file(span.start + span.length, end=True)

    def at(self, kind: type[N], start: int, end: int) -> N | None:
        """The node of a kind that stands exactly there."""
        return next((node for node, span in self._of_kind(kind) if span == (start, end)), None)

    def around(self, kind: type[N], start: int, end: int) -> N | None:
        """The innermost node of a kind that holds the range."""
        return next(iter(self.all_around(kind, start, end)), None)

    def all_around(self, kind: type[N], start: int, end: int) -> list[N]:
        """The nodes of a kind that hold the range, the innermost first."""
        holding = [(span[1] - span[0], node) for node, span in self._of_kind(kind) if span[0] <= start and end <= span[1]]
        return [node for _, node in sorted(holding, key=lambda found: found[0])]

    def all_of(self, kind: type[N]) -> list[N]:
        """All nodes of a kind."""
        return [node for node, _ in self._of_kind(kind)]

    def _of_kind(self, kind: type[N]) -> Iterator[tuple[N, tuple[int, int]]]:
        for node in self._spans:
            if isinstance(node, kind):
                yield node, self.span(node)

    def edits(self, new: cst.Module) -> tuple[Edit, ...]:
        """The smallest edits that make the new version of the old one, line by line."""
        return tuple(sorted(self._excerpt.edits(new.code.encode("utf-8"))))


def definition_around(data: bytes, start: int, end: int) -> Node:
    """The top-level statement that holds a range. Raises `NotPossible`."""
    for node in _tree(data).root_node.children:
        if node.start_byte <= start and end <= node.end_byte:
            return node
    raise NotPossible("the code does not parse")


@lru_cache(maxsize=4)
def _tree(data: bytes) -> Tree:
    """The tree of a text; several fixes of it are made one after the other."""
    return parse(data)
