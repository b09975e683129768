"""Which tables of a query an index serves, and which conditions an index could be asked for. Answers have three values: True,
False, and None for "may be", where something that is not known decides. A table is None where nothing is known of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec import structs

from sqla_lsp.postgres.predicate_proof import all_of, any_of, implied
from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.predicates import All, Any, Atom, NotKnown, NotServable, Order, Tree, atoms
from sqla_lsp.schema.tables import Index, Key

Paths = Sequence[AccessPath]
Allowed = Callable[[Atom], bool | None]
"""Whether the value of an atom is at hand when its table is read: None where that is not known."""

EQUALITY = ("=", "in", "null")
RANGES = ("<", "<=", ">", ">=", "between")
SERVABLE = (*EQUALITY, *RANGES, "prefix")
PATTERN_OPS = ("text_pattern_ops", "varchar_pattern_ops", "bpchar_pattern_ops")
BYTEWISE = ("C", "POSIX", "ucs_basic", "pg_c_utf8")
_IMMUTABLE = {
    *("lower", "upper", "btrim", "trim", "ltrim", "rtrim", "length", "char_length", "character_length", "octet_length"),
    *("coalesce", "abs", "md5", "left", "right", "substr", "substring", "replace", "reverse", "initcap", "nullif", "ascii"),
    *("floor", "ceil", "ceiling", "round", "mod", "lpad", "rpad", "split_part", "translate", "greatest", "least", "sign"),
}


class Verdict(msgspec.Struct, frozen=True):
    """Whether an index serves a table; where none does, the atoms that one could be asked for (none: no btree can serve it)."""

    served: bool | None
    candidates: tuple[Atom, ...] = ()


_UNSERVABLE = Verdict(False)


# ------------------------------------------------------------------------------------------------------------------ a query


def judge(tree: Tree, tables: Sequence[Paths | None], *, outer: bool | None = False) -> tuple[Verdict, ...]:
    """The verdict on every table of a query. `outer` says whether the query around it reads its own tables by an index.

    A condition that takes its value from other tables counts where these are driven: served by themselves, or through tables
    that are. What such a condition asks of a table, it asks only where that is certain."""
    handed_on = [atom for atom in bound_by_constants(tree) if atom.other is not None]
    tree = All((tree, *handed_on)) if handed_on else tree
    driven: list[bool | None] = [None if paths is None else False for paths in tables]

    def allowed(atom: Atom) -> bool | None:
        known = [driven[other] if 0 <= other < len(driven) else None for other in atom.depends]
        return all_of([*known, *([outer] if atom.outer else [])])

    def round_of() -> list[Verdict]:
        return [_UNSERVABLE if paths is None else _verdict(tree, at, paths, allowed, (tree,)) for at, paths in enumerate(tables)]

    verdicts = round_of()
    has_joins = any(atom.depends for atom in atoms(tree))
    for _ in range(2 * len(tables) if has_joins else 0):
        now = [None if tables[number] is None else verdict.served for number, verdict in enumerate(verdicts)]
        if now == driven:
            break
        driven[:] = now
        verdicts = round_of()
    return tuple(Verdict(None) if paths is None else verdict for paths, verdict in zip(tables, verdicts, strict=True))


def _verdict(tree: Tree, table: int, paths: Paths, allowed: Allowed, facts: tuple[Tree, ...]) -> Verdict:
    """The verdict on one table. `facts` are the conditions that hold wherever this part of the tree does, itself included."""
    if isinstance(tree, Atom):
        return _atom(tree, table, paths, allowed, facts) if tree.table == table else _UNSERVABLE
    if isinstance(tree, All):
        return _all([_verdict(part, table, paths, allowed, facts) for part in tree.parts])
    if isinstance(tree, Any):
        # The branch stands for the whole OR: inside of it only the branch is known to hold.
        return _any([_verdict(branch, table, paths, allowed, (*facts, branch)) for branch in tree.parts])
    return Verdict(None) if isinstance(tree, NotKnown) else _UNSERVABLE


def _all(verdicts: list[Verdict]) -> Verdict:
    served = any_of(verdict.served for verdict in verdicts)
    return Verdict(served, () if served is not False else _united(verdicts))


def _any(verdicts: list[Verdict]) -> Verdict:
    if not verdicts:
        return Verdict(True)  # FALSE: Postgres reads nothing
    unserved = [verdict for verdict in verdicts if verdict.served is False]
    if any(not verdict.candidates for verdict in unserved):
        return _UNSERVABLE
    if any(verdict.served is None for verdict in verdicts):
        return Verdict(None)
    return Verdict(False, _united(unserved)) if unserved else Verdict(True)


def _united(verdicts: list[Verdict]) -> tuple[Atom, ...]:
    return tuple(dict.fromkeys(atom for verdict in verdicts for atom in verdict.candidates))


def _atom(atom: Atom, table: int, paths: Paths, allowed: Allowed, facts: tuple[Tree, ...]) -> Verdict:
    at_hand = allowed(atom)
    if atom.operator not in SERVABLE or at_hand is False:
        return _UNSERVABLE
    served = _served_by([path.index for path in paths if _may_lead(path.index, atom)], atom, facts)
    if served is False:
        return Verdict(False, (atom,)) if at_hand and is_candidate(atom) else _UNSERVABLE
    return Verdict(served if at_hand else None)


def _served_by(indexes: list[Index], atom: Atom, facts: tuple[Tree, ...]) -> bool | None:
    """Whether one of some indexes serves an atom; those of all rows are asked first, which is quickly done."""
    if any(index.where is None and _finds(index, atom) for index in indexes):
        return True
    return any_of([_serves(index, atom, facts) for index in indexes])


def is_candidate(atom: Atom) -> bool:
    """Whether an index can be asked for an atom: on a column, or on an expression that always gives the same."""
    if atom.silent or atom.operator not in SERVABLE:
        return False
    return atom.column is not None or is_immutable(atom.expression)


def is_immutable(expression: str | None) -> bool:
    """Whether an expression is a call of functions that Postgres lets an index hold."""
    called = re.findall(r"([\w.]+)\s*\(", expression) if expression is not None else []
    return bool(called) and all(name.lower().removeprefix("pg_catalog.") in _IMMUTABLE for name in called)


# ----------------------------------------------------------------------------------------------------------------- an index


def _serves(index: Index, atom: Atom, facts: tuple[Tree, ...]) -> bool | None:
    """Whether an index serves an atom, where certain conditions hold beside it."""
    found = _finds(index, atom)
    return found if found is False else all_of([found, _is_usable(index, facts, atom.table)])


def _may_lead(index: Index, atom: Atom) -> bool:
    """Whether an index may find the rows of an atom: not where it is plain to see that it begins with something else."""
    keys = index.keys
    if type(keys) is not tuple or index.method != "btree" or not keys:
        return True
    first = keys[0].column
    return first == atom.column or isinstance(first, Unknown)


def _is_usable(index: Index, facts: tuple[Tree, ...], table: int) -> bool | None:
    """Whether the predicate of a partial index holds."""
    if isinstance(index.where, Unknown):
        return None
    return True if index.where is None else implied(index.where, facts, table)


def _finds(index: Index, atom: Atom) -> bool | None:
    """Whether an index finds the rows of an atom, its predicate left aside."""
    if not index.valid:
        return False
    if not isinstance(index.keys, tuple):
        return None
    if index.method not in ("btree", "hash"):
        # These serve operators of their own, by any of their keys.
        return None if any(_is_key(key, atom) is not False for key in index.keys) else False
    leads = _is_key(index.keys[0], atom) if index.keys else False
    if leads is False:
        return False
    fits = atom.operator in ("=", "in") if index.method == "hash" else _fits(index.keys[0], atom)
    return all_of([leads, fits])


def _is_key(key: Key, atom: Atom) -> bool | None:
    """Whether a key is what an atom compares."""
    if atom.column is not None:
        return None if isinstance(key.column, Unknown) else key.column == atom.column
    if key.column is not None:
        return None if isinstance(key.column, Unknown) else False
    if isinstance(key.expression, Unknown) or atom.expression is None:
        return None
    return key.expression == atom.expression


def _fits(key: Key, atom: Atom) -> bool | None:
    """Whether a btree on the key has the operator of an atom."""
    operator = atom.operator
    if operator == "null":
        return True
    if isinstance(key.opclass, Unknown) or isinstance(key.collation, Unknown):
        return None if operator in RANGES or operator == "prefix" or isinstance(key.collation, Unknown) else True
    if _is_pattern(key):
        return operator in ("=", "in", "prefix")
    if operator == "prefix":
        if key.collation is None:
            return atom.bytewise
        return isinstance(key.collation, str) and key.collation.removeprefix("pg_catalog.") in BYTEWISE
    # An index in a collation of its own serves comparisons in that collation alone, which may be that of the column.
    return True if key.collation is None else None


def _is_pattern(key: Key) -> bool:
    return isinstance(key.opclass, str) and key.opclass.removeprefix("pg_catalog.") in PATTERN_OPS


# ----------------------------------------------------------------------------------------------------- order, and whole indexes


def sorts(order: Sequence[Order], tree: Tree, paths: Paths) -> bool | None:
    """Whether an index gives the rows in the order of the first key, read forwards or backwards (the keys behind it are sorted
    within each of its values)."""
    return any_of(_sorts(path.index, order[0], tree) for path in paths) if order else None


def _sorts(index: Index, order: Order, tree: Tree) -> bool | None:
    if not index.valid or index.method != "btree":
        return None if isinstance(index.method, Unknown) and index.valid else False
    if not isinstance(index.keys, tuple):
        return None
    if not index.keys:
        return False
    key = index.keys[0]
    leads = _is_key(key, Atom(order.table, order.column, "=", order.place, order.expression))
    if leads is False or _is_pattern(key):
        return False
    if (key.descending == order.descending) != (key.nulls_first == order.nulls_first):
        return False
    unsure = key.collation is not None or isinstance(key.opclass, Unknown)
    return all_of([leads, None if unsure else True, _is_usable(index, (tree,), order.table)])


def has_servable(tree: Tree) -> bool:
    """Whether a condition is one that an index may serve, or may be such a one."""
    match tree:
        case Atom():
            return tree.operator in SERVABLE
        case All(parts) | Any(parts):
            return any(has_servable(part) for part in parts) or tree == Any(())
        case NotServable():
            return False
        case _:
            return True


def conjunctions(tree: Tree) -> Iterator[tuple[Atom, ...]]:
    """The atoms that hold together: one group for every AND that has no OR inside, with what stands around it."""
    yield from _conjunctions(tree, ())


def _conjunctions(tree: Tree, around: tuple[Atom, ...]) -> Iterator[tuple[Atom, ...]]:
    parts = list(_flat(tree))
    held = (*around, *[part for part in parts if isinstance(part, Atom)])
    branches = [branch for part in parts if isinstance(part, Any) for branch in part.parts]
    if not branches:
        yield held
    for branch in branches:
        yield from _conjunctions(branch, held)


def _flat(tree: Tree) -> Iterator[Tree]:
    if isinstance(tree, All):
        for part in tree.parts:
            yield from _flat(part)
    else:
        yield tree


def bound_by_equality(tree: Tree) -> list[Atom]:
    """The equalities of columns that hold for every row."""
    return [part for part in _flat(tree) if isinstance(part, Atom) and part.operator == "=" and part.column is not None]


def bound_by_constants(tree: Tree) -> list[Atom]:
    """The columns that are equal to constants in every row. Where two columns are equal, the constant of one is that of the other
    too, as Postgres has it (not so lists, ranges and NULL): such an atom keeps its `other`, and asks for no index."""
    equal = bound_by_equality(tree)
    found = {(atom.table, atom.column): atom for atom in equal if not atom.depends and not atom.outer}
    links = [atom for atom in equal if len(atom.depends) == 1 and not atom.outer and atom.other is not None]
    for _ in links if found else ():
        for atom in links:
            (source,) = atom.depends
            given = found.get((source, atom.other))
            if given is not None:
                more = structs.replace(atom, values=given.values, untold=given.untold, depends=frozenset(), silent=True)
                found.setdefault((atom.table, atom.column), more)
    return list(found.values())


def needs_whole(index: Index, tree: Tree, table: int, order: Sequence[Order] | None = ()) -> bool:
    """Whether a query binds every key of an index: all by equality, or all but the last, which then has a range, a list or the
    order of the rows."""
    if not isinstance(index.keys, tuple) or not index.keys:
        return False
    *first, last = index.keys
    sorted_by = order[0] if order and order[0].table == table else None
    for held in conjunctions(tree):
        own = [atom for atom in held if atom.table == table and atom.operator in SERVABLE]
        if all(any(atom.operator in ("=", "null") and _is_key(key, atom) is True for atom in own) for key in first):
            at_order = sorted_by and Atom(table, sorted_by.column, "=", sorted_by.place, sorted_by.expression)
            if any(_is_key(last, atom) is True for atom in [*own, *([at_order] if at_order else [])]):
                return True
    return False
