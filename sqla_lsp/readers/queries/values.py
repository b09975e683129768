"""What expressions of a function are worth while its queries are read: operands, conditions, queries under construction, and
the few plain Python values that queries are built with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from sqla_lsp.schema.queries import (
    And,
    Bound,
    Comparison,
    Conflict,
    Constant,
    Exists,
    Flagged,
    Keyword,
    Not,
    NotTold,
    Operand,
    Or,
    OrderKey,
    Path,
    Predicate,
    Raw,
    Related,
    Source,
    Unread,
)
from sqla_lsp.syntax import code

MOST_ALTERNATIVES = 4
PREDICATES = (Comparison, Keyword, And, Or, Not, Flagged, Exists, Related, Raw, Unread)


class Building(msgspec.Struct, frozen=True, eq=False):
    """A query under construction, as `schema.queries.Query` has it. `parent` is the one that it was made of; `inlined` says that
    it was made in another function."""

    kind: str
    sources: tuple[Source, ...] = ()
    selected: tuple[tuple[str | None, Operand], ...] = ()
    where: tuple[Predicate, ...] = ()
    order: tuple[OrderKey, ...] = ()
    limited: bool = False
    reduced: bool = False
    complete: bool = True
    conflict: Conflict | None = None
    start: int = 0
    end: int = 0
    statement: tuple[int, int] = (0, 0)
    parent: Building | None = None
    inlined: bool = False

    def extends(self, other: Building) -> bool:
        """Whether this query was made of the other one."""
        made: Building | None = self
        while made is not None and made is not other:
            made = made.parent
        return made is other


class Choice(msgspec.Struct, frozen=True):
    """One of several values: those of branches."""

    items: tuple[Any, ...]


class Items(msgspec.Struct, frozen=True):
    """A list, tuple or set. `open` says that it may hold more than is known."""

    items: tuple[Any, ...] = ()
    open: bool = False


class Mapping(msgspec.Struct, frozen=True):
    """A dict whose keys are strings. `open` says that it may hold more than is known."""

    items: dict[str, Any] = {}
    open: bool = False


class Closure(msgspec.Struct, frozen=True, eq=False):
    """A function or lambda with the scope that it was made in. `cls` is the class of a method."""

    function: code.Function | code.Lambda
    scope: Any
    cls: str = ""


class Called(msgspec.Struct, frozen=True, eq=False):
    """The result of a call that is not understood (yet): perhaps of a helper."""

    path: Path | None
    function: Any
    positional: tuple[Any, ...]
    keywords: dict[str, Any]
    start: int
    end: int
    certain: bool = True
    """Whether all its arguments are known."""


class Held(Bound, frozen=True, tag="held"):
    """An object of the class `of`: a value, whose attributes may be classes."""

    of: Path = Path(NotTold(""), (), 0, 0)


class Labelled(msgspec.Struct, frozen=True):
    name: str | None
    value: Any


class Text(msgspec.Struct, frozen=True):
    """`text("...")`, None where it is not known."""

    sql: str | None
    start: int
    end: int


class Joined(msgspec.Struct, frozen=True):
    """`users.join(orders, ...)`."""

    sources: tuple[Source, ...]


class RowOf(msgspec.Struct, frozen=True):
    """`tuple_(a, b)`."""

    items: tuple[Any, ...]


class ArrayOf(msgspec.Struct, frozen=True):
    """`any_(array)`."""

    value: Any


Value = Any
"""One of the above, an operand, a predicate, or an `OrderKey`."""


def choice(values: Iterable[Value]) -> Value:
    """One of several values, each once."""
    found: list[Value] = []
    for value in values:
        for item in value.items if isinstance(value, Choice) else (value,):
            if not any(item is known or (type(item) is type(known) and item == known) for known in found):
                found.append(item)
    return found[0] if len(found) == 1 else Choice(tuple(found[:MOST_ALTERNATIVES]))


def each(value: Value, made: Callable[[Value], Value]) -> Value:
    """What is made of a value; of all of them where it is one of several."""
    return choice([made(item) for item in value.items]) if isinstance(value, Choice) else made(value)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def not_told(reason: str, names: tuple[str, ...] = (), start: int = 0, end: int = 0) -> Path:
    return Path(NotTold(reason), names, start, end)


def merged(one: Value, other: Value) -> Value:
    """The value after two branches: what was added in one of them counts as added."""
    if one is other:
        return one
    if isinstance(one, Choice) or isinstance(other, Choice):
        ones = one.items if isinstance(one, Choice) else (one,)
        others = other.items if isinstance(other, Choice) else (other,)
        kept = [item for item in ones if not any(_adds(more, item) for more in others)]
        return choice([*kept, *(item for item in others if not any(_adds(more, item) for more in ones))])
    if _adds(one, other):
        return one
    if _adds(other, one):
        return other
    return settled_choice(choice([one, other]))


def settled_choice(value: Value) -> Value:
    """A value that a name is bound to. One of several tables or columns is not told: two mentions of the name would be taken for
    different ones."""
    if isinstance(value, Choice) and all(isinstance(item, Path | Called) for item in value.items):
        return not_told("one of several values")
    return value


def _adds(more: Value, less: Value) -> bool:
    """Whether a value is another one with something added."""
    if more is less:
        return False
    if isinstance(less, Path) and isinstance(less.root, NotTold) and not less.names:
        return not (isinstance(more, Path) and isinstance(more.root, NotTold))
    if isinstance(more, Building):
        return less == Constant(None) or (isinstance(less, Building) and more.extends(less))
    if isinstance(more, Items):
        return isinstance(less, Items) and len(more.items) > len(less.items) and more.items[: len(less.items)] == less.items
    if isinstance(more, Mapping):
        return isinstance(less, Mapping) and len(more.items) > len(less.items) and less.items.items() <= more.items.items()
    if isinstance(more, PREDICATES):
        if less in (Constant(None), Constant(True), And(())):
            return True
        return isinstance(more, And) and (less in more.parts or (isinstance(less, And) and set(less.parts) <= set(more.parts)))
    return False
