"""The last look at a query: what is not known by its root, but is compared with something known, is a value that is bound."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from sqla_lsp.schema.queries import (
    And,
    Bound,
    Comparison,
    Constant,
    Flagged,
    Keyword,
    Not,
    NotTold,
    Operand,
    Or,
    Path,
    Predicate,
    Query,
    Related,
    Root,
    Unread,
)

_P = TypeVar("_P", bound=Predicate)


def settled(query: Query) -> Query:
    """The query, in whose comparisons unknown things are values, unless the query has them as a table."""
    if not query.where and not any(source.on is not None for source in query.sources):
        return query
    entities: set[Root] = {s.entity.root for s in query.sources if isinstance(s.entity.root, NotTold)}
    where = tuple([_predicate(part, entities) for part in query.where])
    sources = tuple([s if s.on is None else replace(s, on=_predicate(s.on, entities)) for s in query.sources])
    return replace(query, where=where, sources=sources)


def settled_predicate(part: Predicate) -> Predicate:
    """As `settled`, of a condition that stands alone."""
    return _predicate(part, set())


def _predicate(part: Predicate, entities: set[Root]) -> Predicate:
    if isinstance(part, Comparison):
        return _comparison(part, entities)
    if isinstance(part, And | Or):
        return replace(part, parts=tuple([_predicate(item, entities) for item in part.parts]))
    if isinstance(part, Not):
        return Not(_predicate(part.part, entities))
    if isinstance(part, Related):
        return part if part.part is None else replace(part, part=_predicate(part.part, entities))
    if isinstance(part, Keyword):
        return replace(part, right=Bound()) if _is_unknown(part.right, entities) else part
    if isinstance(part, Flagged) and part.arguments:
        return replace(part, arguments=tuple([Bound() if _is_unknown(a, entities) else a for a in part.arguments]))
    return part


def _comparison(part: Comparison, entities: set[Root]) -> Predicate:
    right = part.right
    if any(_is_unknown(item, entities) for item in right):
        right = tuple([Bound() if _is_unknown(item, entities) else item for item in right])
    left = part.left
    known = [item for item in part.right if not isinstance(item, Bound) and not _is_unknown(item, entities)]
    if _is_unknown(left, entities) and any(isinstance(item, Path) for item in known):
        left = Bound()
    if isinstance(left, Bound | Constant) and all(isinstance(item, Bound | Constant) for item in right):
        return Unread("a comparison of values")
    return part if left is part.left and right is part.right else replace(part, left=left, right=right)


def _is_unknown(operand: Operand, entities: set[Root]) -> bool:
    return isinstance(operand, Path) and isinstance(operand.root, NotTold) and operand.root not in entities
