"""Cuts a module into its top-level definitions and what stands between them, by the beginnings of its lines alone: most of a big
file is never parsed. It knows no grammar: whoever parses a piece and finds it broken has to parse the whole instead, since a
string over several lines may have been taken for code."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from typing import Literal, NamedTuple

from tree_sitter import Node

from sqla_lsp.syntax.lower_strings import identifier
from sqla_lsp.syntax.tree import parse

_BEGINNING = (
    rb"(?=[^\s#)\]}])"
    rb"(?:(?P<at>@)|(?:async[ \t]+)?def[ \t]+(?P<function>[^\s(\[:]+)|class[ \t]+(?P<cls>[^\s(\[:]+)|)"
)
"""What something at the beginning of a line begins with. Searches go from one line feed to the next: `^` looks at every byte."""
_FIRST_LINE = re.compile(_BEGINNING)
_TOP = re.compile(rb"\n" + _BEGINNING)
_FIRST_INNER = re.compile(rb"\n([ \t]+)(?:@|(?:async[ \t]+)?def[ \t]|class[ \t])")
_INDENT = re.compile(rb"[ \t]+(?=[^\s#])")
_COLONS = (b":\n", b":\r\n")
_INNER = (b"def ", b"@", b"async def ", b"class ")
_CLASS_LINE = re.compile(rb"^class[ \t]", re.M)


class Piece(NamedTuple):
    """A part of a text, in byte offsets: a function or class with its decorators, or what stands between two of them."""

    start: int
    end: int
    kind: Literal["function", "class", "other"]
    name: str = ""


def pieces(data: bytes) -> list[Piece]:
    """The pieces of a module, in order, which together are the whole text."""
    if b"\r" in data and b"\r" in data.replace(b"\r\n", b""):
        return [Piece(0, len(data), "other")]
    return _cut(data, 0, len(data), _TOP)


def members(data: bytes, piece: Piece) -> list[Piece]:
    """The pieces of a class: its methods, and what stands before and between them (the header is part of the first)."""
    header = _end_of_header(data, piece)
    indent = _indent(data, piece, header)
    if not indent:
        return [piece._replace(kind="other")]
    found = _cut(data, header, piece.end, _indented(indent))
    return [found[0]._replace(start=piece.start), *found[1:]] if found[0].kind == "other" else [
        Piece(piece.start, header, "other"), *found
    ]  # fmt: skip


def _indent(data: bytes, piece: Piece, header: int) -> bytes:
    """The indent of the definitions in a class, b"" where it has none. It is that of the first line of the body, where one has
    it: the other lines are looked at only where none does, and where the header goes on behind its first line."""
    first = _INDENT.match(data, header, piece.end) if data.endswith(_COLONS, piece.start, header) else None
    if first is not None and any(data.find(b"\n" + first[0] + word, piece.start, piece.end) >= 0 for word in _INNER):
        return first[0]
    return min(_FIRST_INNER.findall(data, piece.start, piece.end), key=len, default=b"")


def parsed(data: bytes, piece: Piece) -> Node | None:
    """The root of a piece's tree, whose offsets count from the piece's start; None where it does not parse."""
    root = parse(data[piece.start : piece.end]).root_node
    return None if root.has_error else root


@lru_cache(maxsize=64)
def _indented(indent: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"\n" + re.escape(indent) + _BEGINNING)


def _cut(data: bytes, start: int, end: int, beginnings: re.Pattern[bytes]) -> list[Piece]:
    found: list[Piece] = []
    begun, kind, name = start, "other", ""
    decorated: int | None = None
    first_line = _FIRST_LINE.match(data, 0, end) if start == 0 else None
    lines = beginnings.finditer(data, max(start - 1, 0), end)
    for match in lines if first_line is None else chain((first_line,), lines):
        at = 0 if match is first_line else match.start() + 1
        function, cls = match["function"], match["cls"]
        if match["at"]:
            decorated = at if decorated is None else decorated
            continue
        begins: Literal["function", "class", "other"] = "function" if function else "class" if cls else "other"
        if begins == kind == "other":
            decorated = None
            continue
        first = at if decorated is None else decorated
        decorated = None
        if first > begun:
            found.append(Piece(begun, first, kind, name))  # type: ignore[arg-type]
        begun, kind = first, begins
        name = identifier((function or cls or b"").decode("utf-8", "replace"))
    if end > begun or not found:
        found.append(Piece(begun, end, kind, name))  # type: ignore[arg-type]
    return found


def _end_of_header(data: bytes, piece: Piece) -> int:
    """Where the line begins that follows the line of `class Name`."""
    at = _CLASS_LINE.search(data, piece.start, piece.end)
    line_end = data.find(b"\n", at.start() if at is not None else piece.start, piece.end)
    return piece.end if line_end < 0 else line_end + 1
