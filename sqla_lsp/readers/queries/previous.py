"""What was read of a file before it was edited, as far as it still holds."""

from __future__ import annotations

import re

from msgspec.structs import replace

from sqla_lsp.readers.queries.anchors import Definition, cut, cut_class, vocabulary
from sqla_lsp.schema.queries import QueryBlock
from sqla_lsp.syntax.pieces import Piece

_WORD = re.compile(rb"[^\W\d]\w*")
_Key = tuple[str, str, str]


class Previous:
    """The blocks of the version before, by the text that they were read from and by their names."""

    def __init__(self, old: bytes, blocks: tuple[QueryBlock, ...], new: bytes) -> None:
        self._old = old
        self._new = new
        self._blocks = {block.start: block for block in blocks}
        before, after = _parts(old), _parts(new)
        self._by_name: dict[_Key, Piece] = {}
        for key, piece in before:
            self._by_name.setdefault(key, piece)
        texts: dict[tuple[_Key, bytes], Piece] = {(key, old[p.start : p.end]): p for key, p in before}
        self._same = {p.start: texts[found] for key, p in after if (found := (key, new[p.start : p.end])) in texts}
        self._changed = self._names_changed(before, after)
        self._same_words = vocabulary(old) == vocabulary(new)

    def _names_changed(self, before: list[tuple[_Key, Piece]], after: list[tuple[_Key, Piece]]) -> frozenset[bytes]:
        """The functions whose text is another one now, and those that speak of them."""
        old = {(key, self._old[p.start : p.end]) for key, p in before}
        new = {(key, self._new[p.start : p.end]) for key, p in after}
        changed = {key[2].encode() for key, _ in old ^ new if key[2]}
        for _ in range(2):
            more = {key[2].encode() for key, text in new if key[2] and not changed.isdisjoint(_WORD.findall(text))}
            if not changed or more <= changed:
                break
            changed |= more
        return frozenset(changed)

    def unchanged(self, definition: Definition) -> tuple[QueryBlock, ...] | None:
        """The block of a definition that is as it was (none, where it had no queries); None where it has to be read."""
        piece = definition.piece
        before = self._same.get(piece.start)
        if before is None or not self._same_words:
            return None
        if self._changed and not self._changed.isdisjoint(_WORD.findall(self._new, piece.start, piece.end)):
            return None
        return self._moved(before, piece)

    def last_good(self, definition: Definition) -> tuple[QueryBlock, ...] | None:
        """The block that a definition of this kind and name had."""
        piece = definition.piece
        before = self._by_name.get((definition.cls, piece.kind, piece.name)) if piece.name else None
        return None if before is None else self._moved(before, piece)

    def _moved(self, before: Piece, now: Piece) -> tuple[QueryBlock, ...]:
        block = self._blocks.get(before.start)
        return () if block is None else (replace(block, start=now.start),)


def _parts(data: bytes) -> list[tuple[_Key, Piece]]:
    found: list[tuple[_Key, Piece]] = []
    for piece in cut(data):
        if piece.kind != "class":
            found.append((("", piece.kind, piece.name), piece))
            continue
        found += [((piece.name, part.kind, part.name), part) for part in cut_class(data, piece)]
    return found
