"""What all reading of one block shares: places, the queries found so far, and how a value becomes an operand or its paths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from sqla_lsp.readers.queries.anchors import Vocabulary
from sqla_lsp.readers.queries.settle import settled
from sqla_lsp.readers.queries.values import (
    PREDICATES,
    ArrayOf,
    Building,
    Called,
    Choice,
    Held,
    Items,
    Labelled,
    RowOf,
    Text,
    Value,
    not_told,
)
from sqla_lsp.schema.queries import (
    And,
    Bound,
    Comparison,
    Constant,
    Exists,
    Expression,
    Flagged,
    Keyword,
    Not,
    NotTold,
    OfClass,
    Opaque,
    Operand,
    Or,
    OrderKey,
    Path,
    Query,
    Related,
    Rows,
    Subquery,
)
from sqla_lsp.syntax import code

_AGGREGATE = re.compile(
    r"(?i)\b(?:count|sum|min|max|avg|array_agg|string_agg|group_concat|jsonb?_agg|jsonb?_object_agg|bool_or|bool_and|every)\("
)
_TOP = (Bound, Constant, Expression, Subquery, Opaque)


class Reader:
    """The state of one block."""

    def __init__(self, vocabulary: Vocabulary, instance: bool = False) -> None:
        self.vocabulary = vocabulary
        self.instance = instance
        """Whether the function's first parameter is an object, whose plain attributes are values."""
        self.depth = 0
        """How many calls of helpers are being read one inside of the other."""
        self.at = (0, 0)
        """The outermost of these calls, where all that helpers give is said to stand."""
        self.statement = (0, 0)
        self.aliases = 0
        self.rebinds = False
        """Whether what is evaluated goes into a variable that stands in it."""
        self.extended: set[str] = set()
        """The functions and methods whose queries became part of others."""
        self.queries: list[Query | None] = []
        self.made: list[Building] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[Building] = []

    # ------------------------------------------------------------------------------------------------------ places

    def place(self, node: Any) -> tuple[int, int]:
        """Where a node stands; inside of helpers, their call."""
        return self.at if self.depth else (node.start, node.end)

    # ----------------------------------------------------------------------------------------------------- queries

    def build(self, building: Building) -> Building:
        """Registers a step of a query."""
        if self.depth:
            return replace(building, inlined=True) if not building.inlined else building
        self.made.append(building)
        return building

    def number(self, building: Building, *, complete: bool = True, handed: bool = False) -> int:
        """The number of a query, which is thereby used."""
        known = self._numbers.get(id(building))
        if known is not None:
            return known
        number = self._numbers[id(building)] = len(self.queries)
        self._kept.append(building)
        self.queries.append(None)
        self.queries[number] = settled(
            Query(
                building.kind,  # type: ignore[arg-type]
                building.sources,
                building.selected,
                building.where,
                building.order,
                building.limited,
                building.reduced or any(_aggregates(operand) for _, operand in building.selected),
                building.complete and complete,
                handed,
                None,
                building.conflict,
                building.start,
                building.end,
                building.statement,
                inlined=building.inlined,
            )
        )
        return number

    def part(self, building: Building, of: Literal["value", "rows"]) -> int:
        """The number of a query that stands inside of something else."""
        number = self.number(building)
        query = self.queries[number]
        if query is not None and not query.part:
            self.queries[number] = replace(query, part=of)
        return number

    def use(self, value: Value, *, complete: bool = True, handed: bool = False) -> None:
        """A value is executed, returned (`handed`) or handed on: queries in it are at their fullest. Not `complete` where
        somebody else may add to them."""
        if isinstance(value, Building):
            if not self.depth:
                self.number(value, complete=complete, handed=handed)
        elif isinstance(value, Choice | Items):
            for item in value.items:
                self.use(item, complete=complete, handed=handed)
        elif isinstance(value, Labelled):
            self.use(value.value, complete=complete, handed=handed)

    def finish(self) -> tuple[Query, ...]:
        """All queries of the block, those that nobody uses too."""
        parents = {id(building.parent) for building in self.made if building.parent is not None}
        for building in self.made:
            if id(building) not in parents and id(building) not in self._numbers:
                self.number(building)
        queries = [query for query in self.queries if query is not None]
        return numbered_outer(queries) if len(queries) > 1 else tuple(queries)

    # ---------------------------------------------------------------------------------------------------- operands

    def operand(self, value: Value) -> Operand:
        """A value where an SQL expression stands."""
        if isinstance(value, Path):
            root = value.root
            if self.instance and isinstance(root, OfClass) and len(value.names) == 1:
                return Bound()
            if isinstance(root, Rows) and not value.names:
                return Subquery(root.query)
            if isinstance(root, NotTold) and not value.names:
                return Bound()
            return value
        if isinstance(value, _TOP):
            return Bound() if isinstance(value, Held) else value
        if isinstance(value, Building):
            return Subquery(self.part(value, "value"))
        if isinstance(value, Labelled):
            return self.operand(value.value)
        if isinstance(value, OrderKey):
            return value.operand
        if isinstance(value, Called):
            paths = tuple(self.paths(value))
            return Opaque(paths) if paths else Bound()
        if isinstance(value, Choice):
            operands = [self.operand(item) for item in value.items]
            if all(isinstance(item, Constant | Bound) for item in operands):
                return Bound()
            return Opaque(tuple(path for item in operands for path in self.paths(item)))
        if isinstance(value, (*PREDICATES, RowOf, ArrayOf, Text)):
            return Opaque(tuple(self.paths(value)))
        return Bound()

    def paths(self, value: Value) -> Iterator[Path]:
        """The paths in a value that may be columns."""
        if isinstance(value, Path):
            if not isinstance(value.root, NotTold) or value.names:
                yield value
        elif isinstance(value, Constant | Bound):
            return
        elif isinstance(value, Called):
            for argument in (*value.positional, *value.keywords.values()):
                yield from self.paths(argument)
        elif isinstance(value, Expression):
            yield from (part for part in value.parts if isinstance(part, Path))
        elif isinstance(value, Building | Text | str | int | float | None):
            return
        elif isinstance(value, tuple | list):
            for item in value:
                yield from self.paths(item)
        elif isinstance(value, msgspec.Struct) and value.__struct_fields__:
            for field in value.__struct_fields__:
                if field not in ("start", "end", "scope", "function"):
                    yield from self.paths(getattr(value, field))

    # ------------------------------------------------------------------------------------- what the layers above do

    def evaluate(self, node: code.Expression) -> Value:
        raise NotImplementedError

    def force(self, value: Value) -> Value:
        """A call of a helper of the same file as what it gives; all else as it is."""
        raise NotImplementedError

    def as_entity(self, value: Value, start: int, end: int) -> Path:
        """A value where a table or class stands."""
        if isinstance(value, Path):
            return value
        if isinstance(value, Labelled):
            return self.as_entity(value.value, start, end)
        if isinstance(value, Building):
            return Path(Rows(self.part(value, "rows")), (), start, end)
        if isinstance(value, Called):
            return not_told("the result of a call", (), start, end)
        return not_told("a value that is only known when the code runs", (), start, end)


def _aggregates(operand: Operand) -> bool:
    return isinstance(operand, Expression) and any(isinstance(part, str) and _AGGREGATE.search(part) for part in operand.parts)


def numbered_outer(queries: list[Query]) -> tuple[Query, ...]:
    """The queries, of which those that stand in another one know which."""
    for number, query in enumerate(queries):
        for inner in _inside((query.where, [item for _, item in query.selected], [source.on for source in query.sources])):
            if queries[inner].outer is None and inner != number:
                queries[inner] = replace(queries[inner], outer=number)
    return tuple(queries)


def _inside(value: Any) -> Iterator[int]:
    """The queries in a value. Most of what it passes by are columns and values, which are told by their type."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) in _ENDS:
            continue
        if isinstance(item, tuple | list):
            waiting += item
        elif isinstance(item, Subquery | Exists):
            yield item.query
        elif isinstance(item, Comparison):
            waiting += (item.left, *item.right)
        elif isinstance(item, And | Or):
            waiting += item.parts
        elif isinstance(item, Not | Related):
            waiting.append(item.part)
        elif isinstance(item, Keyword):
            waiting.append(item.right)
        elif isinstance(item, Flagged):
            waiting.append(item.arguments)


_ENDS = frozenset({Path, Bound, Constant, Expression, Opaque, type(None)})
