"""Where queries may stand in a file: plain searches of its bytes, and the definitions that hold what they found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from sqla_lsp.syntax.pieces import Piece, members, pieces

ANCHORS = (b".where(", b".filter(", b".filter_by(", b"select(", b".query(", b".query.", b"exists(", b".order_by(", b"on_conflict")
"""What a query that matters to us is written with. `update(` and `delete(` are everywhere, and without `where` they ask nothing."""
_ANCHOR = re.compile(rb"\.(?:where|filter|filter_by|query|order_by)\(|\.query\.|select\(|exists\(|on_conflict|\.where\b|\.filter\b")
_LIBRARIES = (b"sqlalchemy", b"sqlmodel", b"SQLAlchemy", b"SQLModel")
_SESSIONS = (b"session", b"db.", b".query.")
_IMPORTED = re.compile(
    rb"^[ \t]*from[ \t]+(?:sqlalchemy|sqlmodel|flask_sqlalchemy)[\w.]*[ \t]+import[ \t]*(?:\(([^)]*)\)|((?:[^\n\\]|\\\r?\n)*))", re.M
)
_MODULE = re.compile(rb"^[ \t]*import[ \t]+(?:sqlalchemy|sqlmodel)[\w.]*(?:[ \t]+as[ \t]+(\w+))?", re.M)
_NAME = re.compile(rb"(\w+)(?:\s+as\s+(\w+))?")
_COMMENT = re.compile(rb"#[^\n]*")


class Definition(NamedTuple):
    """A piece of a file that holds anchors. `cls` is the class of a method, "" for all else."""

    piece: Piece
    cls: str


class Vocabulary(NamedTuple):
    """What a file imports of SQLAlchemy: names by what they are bound as, and modules."""

    names: dict[str, str]
    modules: frozenset[str]


def has_queries(raw: bytes) -> bool:
    """Whether a file may hold queries. `raw` is as it is on disk."""
    if not any(anchor in raw for anchor in ANCHORS):
        return False
    return any(word in raw for word in _LIBRARIES) or any(word in raw for word in _SESSIONS)


def anchored(data: bytes, start: int, end: int) -> bool:
    """Whether an anchor stands between two offsets."""
    return _ANCHOR.search(data, start, end) is not None


def definitions(data: bytes) -> Iterator[Definition]:
    """The pieces that hold anchors, in order; of classes, their methods."""
    found = iter(_ANCHOR.finditer(data))
    at = next(found, None)
    for piece in cut(data):
        if at is None:
            return
        if at.start() >= piece.end:
            continue
        inner = cut_class(data, piece) if piece.kind == "class" else (piece,)
        for part in inner:
            if at is not None and at.start() < part.end:
                yield Definition(part, piece.name if piece.kind == "class" else "")
            while at is not None and at.start() < part.end:
                at = next(found, None)


@lru_cache(maxsize=4)
def cut(data: bytes) -> tuple[Piece, ...]:
    """The pieces of a module."""
    return tuple(pieces(data))


@lru_cache(maxsize=64)
def cut_class(data: bytes, piece: Piece) -> tuple[Piece, ...]:
    """The pieces of a class."""
    return tuple(members(data, piece))


def vocabulary(data: bytes) -> Vocabulary:
    """What is imported from SQLAlchemy, wherever in the file."""
    names: dict[str, str] = {}
    for found in _IMPORTED.finditer(data):
        for name in _NAME.finditer(_COMMENT.sub(b"", found[1] or found[2] or b"")):
            names[(name[2] or name[1]).decode()] = name[1].decode()
    modules = {(found[1] or b"sqlalchemy").decode() for found in _MODULE.finditer(data)}
    return Vocabulary(names, frozenset(modules | {"sa", "sqlalchemy", "sqlmodel", "db"}))
