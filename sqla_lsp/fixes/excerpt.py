"""A long function without the statements that a rewrite does not look at: LibCST needs a second for a thousand lines.

Of the statements directly in the function's body, those that change stay, and their neighbours, which they may share a block
with. A mark, a statement too, stands for every run of others, so that the new code can be told apart again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tree_sitter import Node

from sqla_lsp.text.edits import Edit, between
from sqla_lsp.text.places import Place

_FEW = 8
"""A function of so few statements is taken as it is."""
_MARK = "sqla_lsp_left_out_here"
_MARK_LINE = re.compile(rb"^[ \t]*" + _MARK.encode() + rb"(?:\r\n?|\n|\Z)", re.MULTILINE)
_LINE_END = re.compile(rb"\r\n?|\n")


class _Part(NamedTuple):
    """A run of the file that is kept: its offset in the excerpt, and in the file."""

    at: int
    start: int
    end: int


@dataclass(frozen=True)
class Excerpt:
    """`data` is the source of the excerpt; its offsets are not those of the file."""

    data: bytes
    parts: tuple[_Part, ...]

    def in_file(self, offset: int, *, end: bool = False) -> int:
        """The offset in the file of one in the excerpt; of the `end` of something where that is meant."""
        number = max(0, bisect_right([part.at for part in self.parts], offset - end) - 1)
        part = self.parts[number]
        return min(part.start + offset - part.at, part.end)

    def edits(self, new: bytes) -> Iterator[Edit]:
        """The smallest edits, in the offsets of the file, that make the new version of the old one."""
        old_parts, new_parts = _MARK_LINE.split(self.data), _MARK_LINE.split(new)
        if len(old_parts) != len(new_parts):
            raise RuntimeError("a statement beside those that change was moved")
        if new.endswith(_MARK.encode()):  # nothing is left of the last part: the line end before it goes as well
            last = self.parts[-1]
            line_end = 2 if self.data[: last.at].endswith(b"\r\n") else 1
            yield Edit(last.start - line_end, last.end, "")
            del old_parts[-1], new_parts[-1]
        for part, old, now in zip(self.parts, old_parts, new_parts, strict=False):
            for edit in between(old, now):
                yield Edit(part.start + edit.start, part.start + edit.end, edit.text)


def end_of(data: bytes, definition: Node) -> int:
    """The end of a definition, before its line end: tree-sitter takes the \\r behind a comment for a part of it."""
    end = definition.end_byte
    return end - 1 if data[end - 1 : end + 1] in (b"\r\n", b"\r") else end


def excerpt(data: bytes, definition: Node, places: Iterable[Place]) -> Excerpt:
    """The source of a definition with what stands at some places."""
    start, end = definition.start_byte, end_of(data, definition)
    units = _units(data, definition, end)
    wanted = [any(first < place.end and place.start < last for place in places) for first, last in units]
    kept = [any(wanted[max(0, number - 1) : number + 2]) for number in range(len(units))]
    if len(units) <= _FEW or _MARK.encode() in data:
        kept = [True] * len(units)
    parts: list[_Part] = []
    pieces: list[bytes] = []
    size, at = 0, start
    left_out = False
    for (first, last), is_kept in zip(units, kept, strict=True):
        if not is_kept and not left_out:
            mark = _indent(data, first, last) + _MARK.encode() + _line_end(data)
            pieces += [data[at:first], mark]
            parts.append(_Part(size, at, first))
            size += first - at + len(mark)
        left_out = not is_kept
        if left_out:
            at = last
    parts.append(_Part(size, at, end))
    pieces.append(data[at:end])
    return Excerpt(b"".join(pieces), tuple(parts))


def _units(data: bytes, definition: Node, end: int) -> list[tuple[int, int]]:
    """The statements of a function's body with the comments above and behind them, as ranges of whole lines that follow each
    other without a gap. What comes after the last statement belongs to none."""
    function = definition.child_by_field_name("definition") or definition
    body = function.child_by_field_name("body") if function.type == "function_definition" else None
    if body is None or not body.children:
        return []
    first = data.rfind(b"\n", 0, body.start_byte) + 1
    if data[first : body.start_byte].strip():
        return []  # the body stands on the line of the `def`
    bounds = [first]
    for node, following in zip(body.children, [*body.children[1:], None], strict=True):
        line_end = _LINE_END.search(data, node.end_byte, end)
        if node.type == "comment" or line_end is None or (following is not None and following.start_byte < line_end.end()):
            continue
        if following is not None:
            bounds.append(line_end.end())
    return list(pairwise(bounds))


def _indent(data: bytes, first: int, last: int) -> bytes:
    """The indentation of the first statement in a range of lines."""
    lines = (line for line in _LINE_END.split(data[first:last]) if line.strip() and not line.lstrip().startswith(b"#"))
    line = next(lines, b"")
    return line[: len(line) - len(line.lstrip())]


def _line_end(data: bytes) -> bytes:
    found = _LINE_END.search(data)
    return found[0] if found is not None else b"\n"
