"""Which indexes are superfluous because another one of the same table does all that they do. What is not known of an index is
taken to be what makes it necessary."""

from __future__ import annotations

from collections.abc import Sequence

from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.tables import Index, Key

_RANKS = {"primary key": 0, "unique constraint": 1}


def covering(path: AccessPath, paths: Sequence[AccessPath]) -> AccessPath | None:
    """The way into the table that makes an index superfluous, the best where there are several; None where the index is needed.
    `paths` are all ways into the table, the oldest first, `path` one of them. Of two equal ones the later is superfluous."""
    if path.origin != "index":
        return None
    best: tuple[tuple[int, int, int], AccessPath] | None = None
    own = _preference(path, next((age for age, other in enumerate(paths) if other is path), len(paths)))
    for age, other in enumerate(paths):
        if other is path or not covers(other, path):
            continue
        preference = _preference(other, age)
        if covers(path, other) and own < preference:
            continue
        if best is None or preference < best[0]:
            best = preference, other
    return best[1] if best is not None else None


def _preference(path: AccessPath, age: int) -> tuple[int, int, int]:
    """What is kept first: primary key, unique constraint, unique index, the longer, the older."""
    rank = _RANKS.get(path.origin, 2 if path.index.unique is True else 3)
    width = len(_columns(path.index)) if isinstance(path.index.keys, tuple) else 0
    return rank, -width, age


def covers(wide: AccessPath, narrow: AccessPath) -> bool:
    """Whether `wide` finds, orders, holds and forbids for certain all that the index `narrow` does."""
    large, small = wide.index, narrow.index
    if not isinstance(large.keys, tuple) or not isinstance(small.keys, tuple) or not large.keys or not small.keys:
        return False
    if large.keys[0].column != small.keys[0].column:  # most differ here
        return False
    if narrow.origin != "index" or _is_same(large, small) or not (large.valid and small.valid):
        return False
    if large.method != "btree" or small.method != "btree" or not _same_text(large.where, small.where):
        return False
    return _leads(small.keys, large.keys) and _holds(large, small) and _forbids(wide, small)


def _is_same(large: Index, small: Index) -> bool:
    """Whether two declarations are of one index: names are unique in a schema."""
    return isinstance(large.name, str) and large.name == small.name


def _leads(first: tuple[Key, ...], keys: tuple[Key, ...]) -> bool:
    """Whether the keys `first` are a leading part of others, in the same order or read backwards."""
    if len(first) > len(keys):
        return False
    pairs = list(zip(first, keys, strict=False))
    if not all(_same_key(one, other) for one, other in pairs):
        return False
    same = all((one.descending, one.nulls_first) == (other.descending, other.nulls_first) for one, other in pairs)
    reverse = all((one.descending, one.nulls_first) == (not other.descending, not other.nulls_first) for one, other in pairs)
    return same or reverse


def _same_key(one: Key, other: Key) -> bool:
    """Whether two keys are the same column or expression, compared in the same way."""
    if one.column is not None or other.column is not None:
        same = isinstance(one.column, str) and one.column == other.column
    else:
        same = isinstance(one.expression, str) and one.expression == other.expression
    return same and _same_text(one.opclass, other.opclass) and _same_text(one.collation, other.collation)


def _same_text(one: str | Unknown | None, other: str | Unknown | None) -> bool:
    return not isinstance(one, Unknown) and not isinstance(other, Unknown) and one == other


def _holds(large: Index, small: Index) -> bool:
    """Whether the columns that the small index includes are in the large one, as keys or included."""
    return isinstance(small.include, tuple) and set(small.include) <= _columns(large)


def _columns(index: Index) -> set[str]:
    """The columns in an index that are known; an expression holds no column."""
    keys = index.keys if isinstance(index.keys, tuple) else ()
    include = index.include if isinstance(index.include, tuple) else ()
    return {key.column for key in keys if isinstance(key.column, str)} | set(include)


def _forbids(wide: AccessPath, small: Index) -> bool:
    """Whether all that the small index forbids is forbidden without it: a unique index is replaced by one that is unique on the
    same columns, checks at once, and takes NULLs for equal where the small one does (a primary key has none)."""
    large = wide.index
    if small.unique is not True:
        return small.unique is False
    if large.unique is not True or wide.deferrable is not False:
        return False
    assert isinstance(large.keys, tuple)
    assert isinstance(small.keys, tuple)
    if len(large.keys) != len(small.keys):
        return False
    return small.nulls_not_distinct is False or large.nulls_not_distinct is True or wide.origin == "primary key"
