"""One top-level definition of a file as LibCST sees it, and the smallest edits between it and a new version. Nothing else of the
file is parsed or touched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from sqla_lsp.fixes.fix import NotPossible
from sqla_lsp.syntax.tree import parse
from sqla_lsp.text.edits import Edit, between

N = TypeVar("N", bound=cst.CSTNode)


class Fragment:
    """The bytes of `data` from `start` to `end`, or other ones that are equal to Python. Offsets are those of the file, in which
    these stand."""

    def __init__(self, data: bytes, start: int, end: int, equal: bytes | None = None) -> None:
        self.start = start
        self._old = data[start:end]
        try:
            text = (self._old if equal is None else equal).decode("utf-8")
            wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        except cst.ParserSyntaxError as error:
            raise NotPossible("the code does not parse") from error
        self.module = wrapper.module
        self._spans = wrapper.resolve(ByteSpanPositionProvider)

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where a node stands, without the whitespace and comments around it."""
        span = self._spans[node]
        return self.start + span.start, self.start + span.start + span.length

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

    def _of_kind(self, kind: type[N]) -> Iterator[tuple[N, tuple[int, int]]]:
        for node in self._spans:
            if isinstance(node, kind):
                yield node, self.span(node)

    def edits(self, new: cst.Module) -> tuple[Edit, ...]:
        """The smallest edits that make the new version of the old one, line by line."""
        edits = between(self._old, new.code.encode("utf-8"))
        return tuple([Edit(self.start + edit.start, self.start + edit.end, edit.text) for edit in edits])


def definition_around(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The range of the top-level statement that holds a range. Raises `NotPossible`."""
    for node in parse(data).root_node.children:
        if node.start_byte <= start and end <= node.end_byte:
            return node.start_byte, node.end_byte
    raise NotPossible("the code does not parse")
