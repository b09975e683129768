"""What of a file's last version still holds: blocks whose text did not change, and the last good ones of what does not parse.
It knows bytes and code, never a tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from sqla_lsp.syntax import code
from sqla_lsp.text.edits import common_ends

_NOTHING = re.compile(rb"(?:\s|#[^\r\n]*|;)*")
_INDENTED = re.compile(rb"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*[ \t]+[^\s#]")


class Change:
    """The one stretch in which two versions of a file differ: `old_data[start:old_end]` became `data[start:new_end]`."""

    def __init__(self, old_data: bytes, data: bytes) -> None:
        self.data = data
        start, tail = common_ends(old_data, data)
        back = _to_line_start(old_data, data, start, len(old_data) - tail, len(data) - tail)
        self.start = start - back
        self.old_end, self.new_end = len(old_data) - tail - back, len(data) - tail - back
        self.shift = self.new_end - self.old_end

    def moved_start(self, offset: int) -> int:
        if offset >= self.old_end:
            return offset + self.shift
        return min(offset, self.start)

    def moved_end(self, offset: int) -> int:
        if offset <= self.start:
            return offset
        return offset + self.shift if offset >= self.old_end else self.start

    def is_before(self, block: code.Block) -> bool:
        """Whether a block of the old version ends before the change, on a line that goes on as it did."""
        return block.end < self.start or (block.end == self.start and self._ends(self.start))

    def is_after(self, block: code.Block) -> bool:
        """Whether a block of the old version begins after the change, on a line that still begins with it."""
        if block.start == self.old_end:
            return self.new_end == 0 or self.data[self.new_end - 1 : self.new_end] in (b"\n", b"\r")
        return block.start > self.old_end

    def _ends(self, offset: int) -> bool:
        return self.data[offset : offset + 1] in (b"", b"\n", b"\r", b";")


def _to_line_start(old_data: bytes, data: bytes, start: int, old_end: int, new_end: int) -> int:
    """How far an insertion or a deletion may be told further left, so that it begins with a line: `op.f(` typed on a line of its
    own before another `op.` is not an insertion behind that `op.`. 0 where it cannot."""
    longer, end = (data, new_end) if old_end == start else (old_data, old_end)
    if min(old_end, new_end) != start:
        return 0
    back = 0
    while start > back and longer[start - back - 1] == longer[end - back - 1]:
        if longer[start - back - 1] in b"\r\n":
            return back
        back += 1
    return back if start == back else 0


def unchanged(module: code.Module, change: Change) -> dict[int, code.Block]:
    """The blocks that parsed and lie outside of the change, moved to where they now are, by their start."""
    blocks: dict[int, code.Block] = {}
    for block in module.blocks:
        if block.stale:
            continue
        if block.end <= change.start:
            blocks[block.start] = block
        elif block.start >= change.old_end:
            moved = _shifted(block, change.shift)
            blocks[moved.start] = moved
    return blocks


def still_holds(block: code.Block, data: bytes, end: int, change: Change) -> bool:
    """Whether a block of `unchanged` is what a statement from its start to `end` says now."""
    outside = end <= change.start or block.start >= change.new_end
    return outside and block.end <= end and _NOTHING.fullmatch(data, block.end, end) is not None


def divide(module: code.Module, change: Change) -> tuple[list[code.Block], list[code.Block], list[code.Block]]:
    """Blocks before the change, those that it touches, and those after it (moved). A line that is indented more than the blocks
    around it belongs to the block before it."""
    before = [block for block in module.blocks if change.is_before(block)]
    after = [block for block in module.blocks[len(before) :] if change.is_after(block)]
    touched = list(module.blocks[len(before) : len(module.blocks) - len(after)])
    if before and _INDENTED.match(change.data[before[-1].end :].partition(b"\n")[2]):
        touched.insert(0, before.pop())
    return before, touched, [_shifted(block, change.shift) for block in after]


def keep(touched: Sequence[code.Block], fresh: Sequence[code.Block], change: Change) -> list[code.Block]:
    """The blocks of a stretch of text that does not wholly parse: what is `fresh` and good, and for the rest (which `fresh` has
    as stale blocks: what could be read of it) the last good block of that name or place."""
    good = [block for block in fresh if not block.stale]
    partial = [block for block in fresh if block.stale]
    names = {name_of(block.statement) for block in good} - {""}
    kept: list[code.Block] = []
    for block in touched:
        name = name_of(block.statement)
        if name and name in names:
            continue
        last = _last_good(block, name, partial, change)
        if last is not None and not any(_overlap(last, other) for other in kept):
            kept.append(last)
    kept_names = {name_of(block.statement) for block in kept} - {""}
    for block in fresh:
        inside = [last for last in kept if _overlap(last, block)]
        if (block.stale and name_of(block.statement) in kept_names) or (inside and not _is_definition(block, change.data)):
            continue  # a fragment of what is kept
        for last in inside:
            kept.remove(last)
            kept.append(code.Block(last.start, max(last.start, min(last.end, block.start)), last.statement, True))
        kept.append(block)
    return sorted(kept, key=lambda block: block.start)


def name_of(statement: code.Statement) -> str:
    """The name that a top-level statement defines, "" when it defines none or several."""
    match statement:
        case code.Function(name=name) | code.Class(name=name) | code.Assign(targets=(code.Name(id=name),)):
            return name
        case _:
            return ""


def _last_good(block: code.Block, name: str, partial: list[code.Block], change: Change) -> code.Block | None:
    """A block of the old version where its text now is, None when that text is gone or parses as something else."""
    if change.start <= block.start and block.end <= change.old_end:  # all of it was replaced: only the name tells
        for other in partial:
            if name and (name_of(other.statement) == name or _names(name, change.data[other.start : other.end])):
                return code.Block(other.start, other.end, block.statement, True)
        return None
    start, end = change.moved_start(block.start), change.moved_end(block.end)
    if _NOTHING.fullmatch(change.data, start, end) is not None:
        return None
    if not any(other.start < end and start < other.end for other in partial):
        return None
    return code.Block(start, end, _moved(block.statement, change, block.start, start), True)


def _moved(node: Any, change: Change, old_base: int, new_base: int) -> Any:
    """A piece of code with its places moved; what ends before the change is the same object."""
    if isinstance(node, tuple):
        return tuple([_moved(item, change, old_base, new_base) for item in node])
    if not isinstance(node, msgspec.Struct):
        return node
    placed: Any = node
    fields = node.__struct_fields__
    if fields[0] != "start":
        return type(node)(*[_moved(getattr(node, field), change, old_base, new_base) for field in fields])
    if old_base == new_base and placed.end + old_base <= change.start:
        return node
    start = change.moved_start(placed.start + old_base) - new_base if placed.start else 0
    end = change.moved_end(placed.end + old_base) - new_base
    start = max(start, 0)
    inner = [_moved(getattr(node, field), change, old_base, new_base) for field in fields[2:]]
    return type(node)(start, max(start, end), *inner)


def _shifted(block: code.Block, shift: int) -> code.Block:
    return code.Block(block.start + shift, block.end + shift, block.statement, block.stale) if shift else block


def _overlap(one: code.Block, other: code.Block) -> bool:
    return one.start < other.end and other.start < one.end


def _is_definition(block: code.Block, data: bytes) -> bool:
    """Whether a block is a definition that parses and stands at the beginning of a line."""
    at_line = block.start == 0 or data[block.start - 1 : block.start] in (b"\n", b"\r")
    return not block.stale and at_line and isinstance(block.statement, code.Function | code.Class)


def _names(name: str, text: bytes) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text.decode("utf-8", "replace")) is not None
