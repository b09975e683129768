"""The queries of a file, block by block. It never raises."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from sqla_lsp.readers.queries.anchors import Definition, Vocabulary, class_attributes, cut, cut_class, definitions, vocabulary
from sqla_lsp.readers.queries.functions import Helpers, Scope
from sqla_lsp.readers.queries.previous import Previous
from sqla_lsp.readers.queries.relevant import Lowered, lowered, lowered_from, lowered_whole
from sqla_lsp.readers.queries.values import Closure
from sqla_lsp.readers.queries.walker import Walker
from sqla_lsp.schema.queries import Query, QueryBlock
from sqla_lsp.syntax import code
from sqla_lsp.syntax.pieces import Piece
from sqla_lsp.syntax.tree import parse

_LONGEST_HELPER = 12_000


class FileHelpers(Helpers):
    """The functions of one file, lowered when they are asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._top: dict[str, Piece] | None = None
        self._classes: dict[str, dict[str, Piece]] = {}
        self._found: dict[tuple[str, str], Closure | None] = {}

    def has(self, name: str) -> bool:
        return name in self._pieces() and self._pieces()[name].kind == "function"

    def find(self, name: str, cls: str) -> Closure | None:
        key = (name, cls)
        if key not in self._found:
            self._found[key] = self._read(name, cls)
        return self._found[key]

    def _pieces(self) -> dict[str, Piece]:
        if self._top is None:
            self._top = {piece.name: piece for piece in cut(self._data) if piece.name}
        return self._top

    def _read(self, name: str, cls: str) -> Closure | None:
        piece = self._pieces().get(cls or name)
        if piece is None:
            return None
        if cls:
            if piece.kind != "class":
                return None
            if cls not in self._classes:
                self._classes[cls] = {part.name: part for part in cut_class(self._data, piece) if part.name}
            piece = self._classes[cls].get(name)
        if piece is None or piece.kind != "function" or piece.end - piece.start > _LONGEST_HELPER:
            return None
        if b"return" not in self._data[piece.start : piece.end]:
            return None
        statements = lowered_whole(self._data, piece, cls)
        function = next((item for item in statements or () if isinstance(item, code.Function)), None)
        return None if function is None else Closure(function, Scope(), cls)


def read_queries(data: bytes, previous: tuple[bytes, tuple[QueryBlock, ...]] | None = None) -> tuple[QueryBlock, ...]:
    """The queries of a file, as UTF-8 text.

    `previous` is the text and the blocks of the version before: blocks whose text did not change, and which speak of no
    function that did, are used again; one whose text does not parse now keeps what it had.
    """
    known = None if previous is None else Previous(*previous, data)
    words = vocabulary(data)
    helpers = FileHelpers(data)
    blocks: list[QueryBlock] = []
    broken: list[Definition] = []
    for definition in definitions(data):
        kept = known.unchanged(definition) if known is not None else None
        if kept is not None:
            blocks += kept
            continue
        code_of = lowered(data, definition)
        if code_of is None:
            broken.append(definition)
            continue
        block = _block(data, definition, code_of, words, helpers)
        if block is not None:
            blocks.append(block)
    if broken:
        blocks += _repaired(data, broken, words, helpers, known)
    return _with_callers(sorted(blocks, key=lambda block: block.start))


def _with_callers(blocks: list[QueryBlock]) -> tuple[QueryBlock, ...]:
    """The blocks, of which each knows whether others add to the queries that it gives back."""
    extended = {name for block in blocks for name in block.extends}
    known = [block.name in extended for block in blocks]
    return tuple(
        block if block.extended is now else replace(block, extended=now) for block, now in zip(blocks, known, strict=True)
    )


def _repaired(
    data: bytes, broken: list[Definition], words: Vocabulary, helpers: Helpers, known: Previous | None
) -> Iterator[QueryBlock]:
    """Blocks that do not parse alone: what they had before, else what the tree of the whole file makes of them."""
    root = parse(data).root_node
    for definition in broken:
        kept = known.last_good(definition) if known is not None and root.has_error else None
        if kept is not None:
            yield from kept
            continue
        block = _block(data, definition, lowered_from(data, definition, root), words, helpers)
        if block is not None:
            yield block


def _block(data: bytes, definition: Definition, code_of: Lowered, words: Vocabulary, helpers: Helpers) -> QueryBlock | None:
    walker = Walker(words, helpers, definition.cls)
    queries = _queries(data, definition, code_of, walker)
    if not queries and not walker.extended:
        return None
    return QueryBlock(definition.piece.start, queries, definition.piece.name, tuple(sorted(walker.extended - {""})))


def _queries(data: bytes, definition: Definition, code_of: Lowered, walker: Walker) -> tuple[Query, ...]:
    cls = definition.cls
    assigned = code_of.assigned
    body = code_of.statements
    attributes = class_attributes(data, cls) if cls and definition.piece.kind == "other" else frozenset()
    try:
        for statement in body:
            if isinstance(statement, code.Function):
                walker.run_function(statement, cls, assigned)
            elif isinstance(statement, code.Class):
                functions = [inner for inner in statement.body if isinstance(inner, code.Function)]
                others = [inner for inner in statement.body if not isinstance(inner, code.Function)]
                walker.run_class_body(others, cls or statement.name, attributes)
                for inner in functions:
                    walker.run_function(inner, cls or statement.name, assigned)
            elif cls:
                walker.run_class_body((statement,), cls, attributes)
            else:
                walker.run((statement,))
        walker.read_waiting()
        return _worth(walker.finish())
    except RecursionError:
        return ()


def _worth(queries: tuple[Query, ...]) -> tuple[Query, ...]:
    """Nothing where no query of the block speaks of any table or condition."""
    if any(query.sources or query.where or query.order or query.selected for query in queries):
        return queries
    return ()
