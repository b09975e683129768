"""Whether indexes serve a query, table by table: what a btree can do, not what the planner chooses. Where that cannot be told,
the answer says so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqla_lsp.postgres.implication import implies
from sqla_lsp.schema.access import AccessPath
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.predicates import All, Any, Atom, NotKnown, Order, Tree
from sqla_lsp.schema.tables import Index, Key

Answer = Literal["served", "maybe", "asks", "never"]
"""`served`: an index leads to the rows. `maybe`: that cannot be told. `asks`: an index on one of the candidates would.
`never`: no btree can."""

_PATTERN = frozenset({"text_pattern_ops", "varchar_pattern_ops", "bpchar_pattern_ops"})
_BYTEWISE = frozenset({"C", "POSIX", "ucs_basic"})
_EQUAL = frozenset({"=", "in"})
_BTREE = frozenset({"=", "in", "<", "<=", ">", ">=", "between", "null"})
_FUNCTIONS = """
abs btrim ceil ceiling char_length coalesce div floor greatest initcap least left length lower lpad ltrim md5 mod nullif
octet_length regexp_replace repeat replace reverse right round rpad rtrim split_part strpos substr substring translate trim
trunc upper
"""
IMMUTABLE = frozenset(_FUNCTIONS.split())
"""Functions that an index may be built on."""
_RANK = ["=", "in", "null", "between", "<", "<=", ">", ">=", "prefix"]


@dataclass(frozen=True)
class Verdict:
    """The answer for one table, and where it `asks` the atoms that an index could be built for."""

    answer: Answer
    candidates: tuple[Atom, ...] = ()


_SERVED, _MAYBE, _NEVER = Verdict("served"), Verdict("maybe"), Verdict("never")


class TableUse:
    """The ways into one table of a query. `number` is the table's number in the query; `driven` are the tables that are found
    through indexes already, so that comparisons with them count."""

    def __init__(self, number: int, access: Sequence[AccessPath], driven: Collection[int], outer: bool) -> None:
        self.number = number
        self.indexes = [path.index for path in access if path.index.valid]
        self.driven = driven
        self.outer = outer

    def judge(self, tree: Tree, around: tuple[Atom, ...] = ()) -> Verdict:
        """The verdict on a tree. `around` are the atoms that hold beside it;"""
        match tree:
            case Atom():
                return self._atom(tree, around)
            case All(parts):
                return self._all(parts, around)
            case Any(parts):
                return self._any(parts, around)
            case NotKnown():
                return _MAYBE
            case _:
                return _NEVER

    def _all(self, parts: Sequence[Tree], around: tuple[Atom, ...]) -> Verdict:
        held = (*around, *[part for part in _flat(parts) if isinstance(part, Atom) and part.table == self.number])
        verdicts = [self.judge(part, held) for part in parts]
        answers = {verdict.answer for verdict in verdicts}
        if "served" in answers:
            return _SERVED
        if "maybe" in answers:
            return _MAYBE
        candidates = tuple([atom for verdict in verdicts for atom in verdict.candidates])
        return Verdict("asks", candidates) if candidates else _NEVER

    def _any(self, parts: Sequence[Tree], around: tuple[Atom, ...]) -> Verdict:
        verdicts = [self.judge(part, around) for part in parts]
        answers = [verdict.answer for verdict in verdicts]
        if "never" in answers or not answers:
            return _NEVER
        if "maybe" in answers:
            return _MAYBE
        if all(answer == "served" for answer in answers):
            return _SERVED
        return Verdict("asks", tuple([atom for verdict in verdicts for atom in verdict.candidates]))

    def _atom(self, atom: Atom, around: tuple[Atom, ...]) -> Verdict:
        if atom.table != self.number or not is_servable(atom):
            return _NEVER
        if (atom.outer and not self.outer) or not atom.depends <= set(self.driven):
            return _NEVER
        held = around if atom in around else (*around, atom)
        answers = {self._serves(index, atom, held) for index in self.indexes}
        if "served" in answers:
            return _SERVED
        if "maybe" in answers:
            return _MAYBE
        if atom.silent or (atom.column is None and not _is_indexable(atom)):
            return _NEVER
        return Verdict("asks", (atom,))

    def _serves(self, index: Index, atom: Atom, held: tuple[Atom, ...]) -> Answer:
        keys = index.keys
        if isinstance(keys, Unknown):
            return "maybe"
        place = next((at for at, key in enumerate(keys) if _is_on(key, atom)), None)
        if isinstance(index.method, Unknown) or index.method not in ("btree", "hash"):
            return "maybe" if place is not None else "never"
        if place is None:
            return "maybe" if keys and isinstance(keys[0].column, Unknown) else "never"
        if place > 0 or not _fits(keys[0], index.method, atom):
            return "never"
        if index.where is None:
            return "served"
        if isinstance(index.where, Unknown):
            return "maybe"
        if implies(held, index.where):
            return "served"
        return "maybe" if implies(held, index.where, lenient=True) else "never"

    def orders(self, order: Order, held: tuple[Atom, ...]) -> Answer:
        """Whether an index gives out the rows in an order."""
        answer: Answer = "never"
        for index in self.indexes:
            if isinstance(index.keys, Unknown) or isinstance(index.method, Unknown) or isinstance(index.where, Unknown):
                answer = "maybe"
                continue
            if index.method != "btree" or not index.keys or (index.where is not None and not implies(held, index.where)):
                continue
            key = index.keys[0]
            if isinstance(key.column, Unknown):
                answer = "maybe"
            elif key.opclass is None and (key.column, key.expression) == (order.column, order.expression):
                forward = (key.descending, key.nulls_first) == (order.descending, order.nulls_first)
                backward = (key.descending, key.nulls_first) == (not order.descending, not order.nulls_first)
                if forward or backward:
                    return "served"
        return answer


def _flat(parts: Iterable[Tree]) -> Iterable[Tree]:
    for part in parts:
        if isinstance(part, All):
            yield from _flat(part.parts)
        else:
            yield part


def _is_on(key: Key, atom: Atom) -> bool:
    return (
        key.column == atom.column
        if atom.column is not None
        else atom.expression is not None and key.expression == atom.expression
    )


def _fits(key: Key, method: str, atom: Atom) -> bool:
    """Whether the leading key of an index knows the operator."""
    if method == "hash":
        return atom.operator in _EQUAL
    opclass = key.opclass.rpartition(".")[2] if isinstance(key.opclass, str) else key.opclass
    if atom.operator == "prefix":
        if key.collation is None and atom.bytewise:
            return True
        return opclass in _PATTERN or (isinstance(key.collation, str) and key.collation.strip('"') in _BYTEWISE)
    if opclass in _PATTERN:
        return atom.operator in _EQUAL or atom.operator == "null"
    return atom.operator in _BTREE


def _is_indexable(atom: Atom) -> bool:
    name = (atom.expression or "").partition("(")[0].strip().lower()
    return name in IMMUTABLE


# --------------------------------------------------------------------------------------------------------- whole queries


@dataclass(frozen=True)
class QueryUse:
    """What indexes do for a query: the verdict of each table, None where the table is not known, and which tables are driven."""

    verdicts: tuple[Verdict | None, ...]
    driven: frozenset[int]

    @property
    def is_served(self) -> bool:
        """Whether some table is found through an index."""
        return bool(self.driven)

    def best(self) -> Atom | None:
        """The atom that an index would help most: one that is bound by itself before a join, equality before ranges."""
        atoms = [atom for verdict in self.verdicts if verdict is not None for atom in verdict.candidates]
        return min(atoms, key=_preference, default=None)


def _preference(atom: Atom) -> tuple[bool, bool, int, int]:
    is_join = bool(atom.depends) or atom.outer
    return is_join, atom.column is None, _RANK.index(atom.operator), atom.place.start


def use_of(tables: Sequence[Sequence[AccessPath] | None], tree: Tree, outer: bool) -> QueryUse:
    """What indexes do for a query over some tables, whose ways in are given (None: not known). `outer` says that the query around
    it finds its rows through indexes.

    A table that is served by conditions of its own drives the tables that are joined to it, and these others."""
    driven: set[int] = set()
    verdicts: list[Verdict | None] = [None] * len(tables)
    while True:
        before = len(driven)
        for number, access in enumerate(tables):
            if access is None or number in driven:
                continue
            verdict = TableUse(number, access, driven, outer).judge(tree)
            verdicts[number] = verdict
            if verdict.answer == "served":
                driven.add(number)
        if len(driven) == before:
            return QueryUse(tuple(verdicts), frozenset(driven))


def is_servable(atom: Atom) -> bool:
    """Whether some btree could serve an atom."""
    return atom.operator in _RANK


def has_servable(tree: Tree) -> bool:
    """Whether a tree has a condition that an index can serve, or one that is not known."""
    match tree:
        case Atom():
            return is_servable(tree)
        case All(parts) | Any(parts):
            return any(has_servable(part) for part in parts)
        case NotKnown():
            return True
        case _:
            return False
