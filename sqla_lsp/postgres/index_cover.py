"""Which indexes another one makes redundant, and which of two is to stay."""

from __future__ import annotations

from collections.abc import Sequence

from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.tables import Index, Key

_DEFAULT = frozenset(
    {"text_ops", "varchar_ops", "int4_ops", "int8_ops", "int2_ops", "timestamp_ops", "timestamptz_ops", "uuid_ops"}
)
"""Operator classes that a btree has anyway."""


def covering(path: AccessPath, others: Sequence[AccessPath]) -> AccessPath | None:
    """The way into the table that makes an index redundant: the one that would be kept first. `others` are all of the table's in
    the order of their making, the index itself among them."""
    at = next((number for number, other in enumerate(others) if other is path), len(others))
    found = [
        (number, other)
        for number, other in enumerate(others)
        if other is not path and covers(other, path) and not (_keeps(path, at, other, number) and covers(path, other))
    ]
    if not found:
        return None
    return min(found, key=lambda pair: _rank(pair[1], pair[0]))[1]


def covers(cover: AccessPath, path: AccessPath) -> bool:
    """Whether everything that an index is for can be had of another one as well. Only what is known counts."""
    one, other = path.index, cover.index
    if path.origin != "index" or not one.valid or not other.valid:
        return False
    if one.method != "btree" or other.method != "btree":
        return False
    if isinstance(one.keys, Unknown) or isinstance(other.keys, Unknown) or isinstance(one.unique, Unknown):
        return False
    if isinstance(one.where, Unknown) or isinstance(other.where, Unknown) or one.where != other.where:
        return False
    if not one.keys or not _is_leading(one.keys, other.keys) or not _includes(one, other):
        return False
    return not one.unique or _as_unique(one, other)


def _as_unique(one: Index, other: Index) -> bool:
    """A unique index is more than a way in: only one that is unique over the same columns says the same."""
    if other.unique is not True or not isinstance(one.keys, tuple) or not isinstance(other.keys, tuple):
        return False
    nulls = one.nulls_not_distinct
    return len(one.keys) == len(other.keys) and not isinstance(nulls, Unknown) and nulls == other.nulls_not_distinct


def _is_leading(short: tuple[Key, ...], long: tuple[Key, ...]) -> bool:
    if len(short) > len(long):
        return False
    pairs = list(zip(short, long, strict=False))
    if not all(_same_column(one, other) for one, other in pairs):
        return False
    directions = [(one.descending == other.descending, one.nulls_first == other.nulls_first) for one, other in pairs]
    return all(direction == (True, True) for direction in directions) or all(
        direction == (False, False) for direction in directions
    )


def _same_column(one: Key, other: Key) -> bool:
    known = not any(
        isinstance(part, Unknown) for key in (one, other) for part in (key.column, key.expression, key.opclass, key.collation)
    )
    same = (one.column, one.expression, one.collation) == (other.column, other.expression, other.collation)
    return known and same and _opclass(one) == _opclass(other)


def _opclass(key: Key) -> str | None:
    name = key.opclass.rpartition(".")[2] if isinstance(key.opclass, str) else None
    return None if name in _DEFAULT else name


def _includes(one: Index, other: Index) -> bool:
    if isinstance(one.include, Unknown) or isinstance(other.include, Unknown) or not isinstance(other.keys, tuple):
        return False
    return set(one.include) <= {*other.include, *[key.column for key in other.keys]}


def _rank(path: AccessPath, number: int) -> tuple[int, int, int]:
    """The order of keeping: primary key, unique constraint, unique index, the longer, the older."""
    kind = {"primary key": 0, "unique constraint": 1}.get(path.origin, 2 if path.index.unique is True else 3)
    length = len(path.index.keys) if isinstance(path.index.keys, tuple) else 0
    return kind, -length, number


def _keeps(path: AccessPath, number: int, other: AccessPath, other_number: int) -> bool:
    """Whether, of two that cover each other, the first one stays."""
    return _rank(path, number) < _rank(other, other_number)
