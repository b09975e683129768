"""Text edits in byte offsets: applying them, and finding the smallest one between two versions of a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import SequenceMatcher

import msgspec


class Edit(msgspec.Struct, frozen=True, order=True):
    """Replace the bytes from `start` to `end` by `text`."""

    start: int
    end: int
    text: str


def apply(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The text after all edits, whose offsets are those of `data`. Insertions at one offset keep their order. Raises `ValueError`
    when two edits overlap or one lies outside of the text."""
    pieces: list[bytes] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not done <= edit.start <= edit.end <= len(data):
            raise ValueError(f"edit {edit.start}-{edit.end} overlaps another one or the end of the text ({len(data)} bytes)")
        pieces += (data[done : edit.start], edit.text.encode("utf-8"))
        done = edit.end
    return b"".join((*pieces, data[done:]))


def smallest(old: bytes, new: bytes) -> Edit | None:
    """The shortest single edit that makes `new` of `old`, never cutting a character or a \\r\\n. None when they are equal."""
    if old == new:
        return None
    start, tail = common_ends(old, new)
    while start and (_inside_character(old, start) or _inside_character(new, start) or _inside_line_end(old, new, start)):
        start -= 1
    while tail and (
        _inside_character(old, len(old) - tail)
        or _inside_character(new, len(new) - tail)
        or _inside_line_end(old, new, len(old) - tail, len(new) - tail)
    ):
        tail -= 1
    return Edit(start, len(old) - tail, new[start : len(new) - tail].decode("utf-8"))


def between(old: bytes, new: bytes) -> tuple[Edit, ...]:
    """The edits that make `new` of `old`, one for each run of lines that differ, as small as they can be."""
    start, tail = common_ends(old, new)
    start = old.rfind(b"\n", 0, start) + 1
    end = old.find(b"\n", len(old) - tail)
    tail = 0 if end < 0 else len(old) - end - 1
    if start + tail > min(len(old), len(new)):
        edit = smallest(old, new)
        return () if edit is None else (edit,)
    old_lines = old[start : len(old) - tail].splitlines(keepends=True)
    new_lines = new[start : len(new) - tail].splitlines(keepends=True)
    offsets = [start]
    for line in old_lines:
        offsets.append(offsets[-1] + len(line))
    edits = []
    for tag, first, last, new_first, new_last in SequenceMatcher(None, old_lines, new_lines, autojunk=False).get_opcodes():
        edit = smallest(b"".join(old_lines[first:last]), b"".join(new_lines[new_first:new_last])) if tag != "equal" else None
        if edit is not None:
            edits.append(Edit(offsets[first] + edit.start, offsets[first] + edit.end, edit.text))
    return tuple(edits)


def common_ends(old: bytes, new: bytes) -> tuple[int, int]:
    """The lengths of the longest common prefix and of the longest common suffix beside it, in bytes."""
    limit = min(len(old), len(new))
    start = _longest(limit, lambda length: old.startswith(new[:length]))
    tail = _longest(limit - start, lambda length: not length or old.endswith(new[-length:]))
    return start, tail


def _longest(limit: int, holds: Callable[[int], bool]) -> int:
    """The greatest length for which `holds`, which holds for 0 and for everything shorter than what it holds for."""
    if holds(limit):
        return limit
    low, high = 0, limit
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low


def _inside_character(data: bytes, offset: int) -> bool:
    return offset < len(data) and data[offset] & 0xC0 == 0x80


def _inside_line_end(old: bytes, new: bytes, offset: int, new_offset: int | None = None) -> bool:
    """Whether a cut there leaves a \\r and its \\n on two sides in either text."""
    new_offset = offset if new_offset is None else new_offset
    return old[offset - 1 : offset + 1] == b"\r\n" or new[new_offset - 1 : new_offset + 1] == b"\r\n"
