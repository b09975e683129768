"""Where queries may stand in a file: plain searches of its bytes, and the definitions that hold what they found."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from sqla_lsp.syntax.pieces import Piece, members, pieces
from sqla_lsp.text.search import says_any

_MARKS = (b".where", b".filter", b".query", b"select(", b"exists(", b".order_by(", b"on_conflict")
"""What a query that matters to us is written with. `update(` and `delete(` are everywhere, and ask nothing without `where`."""
_FILE_MARKS = (b"select(", b".where(", b".filter(", b".filter_by(", b".query", b".order_by(", b"on_conflict")
_CALLS = (b"(", b".", b"\n", b"[")
"""What follows `.where`, `.query` and the like, so that `.query_id` is none of them."""
_LIBRARIES = (b"SQLAlchemy", b"SQLModel")
_SESSIONS = (b"session", b"db.", b".query.")
_IMPORTED = re.compile(
    rb"[ \t]*from[ \t]+(?:sqlalchemy|sqlmodel|flask_sqlalchemy)[\w.]*[ \t]+import[ \t]*(?:\(([^)]*)\)|((?:[^\n\\]|\\\r?\n)*))"
)
_MODULE = re.compile(rb"[ \t]*import[ \t]+(?:sqlalchemy|sqlmodel)[\w.]*(?:[ \t]+as[ \t]+(\w+))?")
_NAME = re.compile(rb"(\w+)(?:\s+as\s+(\w+))?")
_ATTRIBUTE = re.compile(rb"^[ \t]+([A-Za-z_][A-Za-z_0-9]*)[ \t]*(?::[^=\n]+)?=(?!=)", re.M)
_COMMENT = re.compile(rb"#[^\n]*")


class Definition(NamedTuple):
    """A piece of a file that holds anchors. `cls` is the class of a method, "" for all else; `anchors` count from the start of
    the piece."""

    piece: Piece
    cls: str
    anchors: tuple[int, ...]


class Vocabulary(NamedTuple):
    """What a file imports of SQLAlchemy: names by what they are bound as, and modules."""

    names: dict[str, str]
    modules: frozenset[str]


def has_queries(raw: bytes, *, names_library: bool) -> bool:
    """Whether a file may hold queries. `raw` is as it is on disk; `names_library` says whether the name of one of the libraries
    stands in it. Most files have none of the words that are looked for first."""
    if not names_library and not says_any(raw, _SESSIONS) and not (b"SQL" in raw and says_any(raw, _LIBRARIES)):
        return False
    return says_any(raw, _FILE_MARKS)


def _anchors(data: bytes) -> list[int]:
    """Where anchors stand, in order."""
    found: list[int] = []
    for mark in _MARKS:
        length = len(mark)
        at = data.find(mark)
        while at >= 0:
            if (
                mark[-1:] == b"("
                or data[at + length : at + length + 1] in _CALLS
                or mark == b"on_conflict"
                or data.startswith(b".filter_by(", at)
            ):
                found.append(at)
            at = data.find(mark, at + length)
    found.sort()
    return found


def _found(data: bytes, mark: bytes) -> Iterator[int]:
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)


def definitions(data: bytes) -> Iterator[Definition]:
    """The pieces that hold anchors, in order; of classes, their methods."""
    found = _anchors(data)
    for piece in cut(data):
        if not _between(found, piece.start, piece.end):
            continue
        for part in cut_class(data, piece) if piece.kind == "class" else (piece,):
            inside = _between(found, part.start, part.end)
            if inside:
                yield Definition(part, piece.name if piece.kind == "class" else "", tuple([at - part.start for at in inside]))


def _between(found: list[int], start: int, end: int) -> list[int]:
    return found[bisect_left(found, start) : bisect_left(found, end)]


@lru_cache(maxsize=4)
def cut(data: bytes) -> tuple[Piece, ...]:
    """The pieces of a module."""
    return tuple(pieces(data))


@lru_cache(maxsize=64)
def cut_class(data: bytes, piece: Piece) -> tuple[Piece, ...]:
    """The pieces of a class."""
    return tuple(members(data, piece))


def class_attributes(data: bytes, cls: str) -> frozenset[str]:
    """The names that a class's body assigns, by the looks of its lines."""
    found: set[str] = set()
    for piece in cut(data):
        if piece.kind == "class" and piece.name == cls:
            parts = [part for part in cut_class(data, piece) if part.kind == "other"]
            found.update(name.decode() for part in parts for name in _ATTRIBUTE.findall(data, part.start, part.end))
    return frozenset(found)


def vocabulary(data: bytes) -> Vocabulary:
    """What is imported from SQLAlchemy, wherever in the file."""
    names: dict[str, str] = {}
    modules = {"sa", "sqlalchemy", "sqlmodel", "db"}
    lines = {data.rfind(b"\n", 0, at) + 1 for word in (b"sqlalchemy", b"sqlmodel") for at in _found(data, word)}
    for line in lines:
        found = _IMPORTED.match(data, line)
        if found is not None:
            for name in _NAME.finditer(_COMMENT.sub(b"", found[1] or found[2] or b"")):
                names[(name[2] or name[1]).decode()] = name[1].decode()
        elif (module := _MODULE.match(data, line)) is not None:
            modules.add((module[1] or b"sqlalchemy").decode())
    return Vocabulary(names, frozenset(modules))
