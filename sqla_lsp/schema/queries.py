"""Queries as one file says them, before anything is known of other files: entities and columns are paths of names.

All positions are byte offsets relative to the start of the `QueryBlock` that they stand in, a function or method, so that a
block whose bytes did not change is equal to itself after an edit further up. A block's queries are numbered; subqueries and
CTEs are queries of their own, which others refer to by number.
"""

from __future__ import annotations

from typing import Literal

import msgspec

# ------------------------------------------------------------------------------------------------------------------ paths


class GlobalName(msgspec.Struct, frozen=True, array_like=True, tag="global"):
    """A name that the module binds: an import, a class, a variable."""

    name: str


class ImportedName(msgspec.Struct, frozen=True, array_like=True, tag="import"):
    """A name that an import inside of the function binds: `name` of `module`, or the module itself where `name` is None."""

    module: str
    level: int
    name: str | None


class OfClass(msgspec.Struct, frozen=True, array_like=True, tag="class"):
    """`self` or `cls` in a method of a class of the module's top level; the path goes on with an attribute."""

    name: str


class Alias(msgspec.Struct, frozen=True, array_like=True, tag="alias"):
    """`aliased(User)`, `users.alias()`: another row of the same table. `name` tells aliases of a function apart."""

    name: str
    of: Path


class Rows(msgspec.Struct, frozen=True, array_like=True, tag="rows"):
    """The columns of a subquery or CTE (`.c` is left out of the path), by its number."""

    query: int


class NotTold(msgspec.Struct, frozen=True, array_like=True, tag="not told"):
    """Something that is not known: a parameter without a type, the result of a call, ... `reason` is a phrase for people."""

    reason: str


Root = GlobalName | ImportedName | OfClass | Alias | Rows | NotTold


class Path(msgspec.Struct, frozen=True, array_like=True, tag="path"):
    """`models.User.email`: a root and the attributes behind it. A parameter or variable annotated `type[User]` is the path of its
    annotation; one annotated `User` holds a row, which is a `Bound` value and no path."""

    root: Root
    names: tuple[str, ...]
    start: int
    end: int


# --------------------------------------------------------------------------------------------------------------- operands


class Constant(msgspec.Struct, frozen=True, array_like=True, tag="constant"):
    """A constant of the source."""

    value: str | int | float | bool | None


class Bound(msgspec.Struct, frozen=True, array_like=True, tag="bound"):
    """A value that is bound when the query runs: a variable, a parameter, an attribute of a row. `prefix` is the known beginning
    of a string ("abc" of f"abc{x}%"), "" where it has none or is not known."""

    prefix: str = ""


class Expression(msgspec.Struct, frozen=True, array_like=True, tag="expression"):
    """An SQL expression of columns: text, with paths where columns stand. `func.lower(User.email)` is ("lower(", path, ")")."""

    parts: tuple[str | Path, ...]
    start: int
    end: int


class Subquery(msgspec.Struct, frozen=True, array_like=True, tag="subquery"):
    """The rows of another query: `in_(select(...))`, `.scalar_subquery()`."""

    query: int


class Opaque(msgspec.Struct, frozen=True, array_like=True, tag="opaque"):
    """An expression that no btree can serve (JSON paths, arithmetic, casts ...), or that is not understood. `paths` are the paths
    in it that may be columns; on the right of a comparison, one in which none of them is a column is a bound value."""

    paths: tuple[Path, ...] = ()


Operand = Path | Constant | Bound | Expression | Subquery | Opaque

# ------------------------------------------------------------------------------------------------------------- predicates

Operator = Literal["=", "in", "<", "<=", ">", ">=", "between", "null", "prefix", "other"]
"""`null` is IS NULL; `prefix` is LIKE 'x%'; `other` is everything that no btree serves."""


class Comparison(msgspec.Struct, frozen=True, array_like=True, tag="comparison"):
    """`left operator right`. Which side is the column is not known yet: the operator is the one with the sides as they stand.
    `right` has two items for `between`, none for `null`, and for `in` the items where they are listed."""

    operator: Operator
    left: Operand
    right: tuple[Operand, ...]
    start: int
    end: int


class Keyword(msgspec.Struct, frozen=True, array_like=True, tag="keyword"):
    """`filter_by(name=right)`: an attribute of the entity that was joined last, else of the first one. `source` is the number of
    that entity among the query's sources. A `right` of the constant None means IS NULL."""

    name: str
    right: Operand
    source: int
    start: int
    end: int


class And(msgspec.Struct, frozen=True, array_like=True, tag="and"):
    parts: tuple[Predicate, ...]


class Or(msgspec.Struct, frozen=True, array_like=True, tag="or"):
    parts: tuple[Predicate, ...]


class Not(msgspec.Struct, frozen=True, array_like=True, tag="not"):
    part: Predicate


class Flagged(msgspec.Struct, frozen=True, array_like=True, tag="flag"):
    """A column that stands alone as a condition (`where(User.active)`), or a call that is not understood, by its path: perhaps a
    helper of the project that returns a condition. `arguments` are those of the call, None where there is no call."""

    path: Path
    arguments: tuple[Operand, ...] | None = None


class Exists(msgspec.Struct, frozen=True, array_like=True, tag="exists"):
    """EXISTS (query)."""

    query: int


class Related(msgspec.Struct, frozen=True, array_like=True, tag="related"):
    """`User.orders.any(predicate)` and `.has(predicate)`: `path` is the relationship."""

    path: Path
    part: Predicate | None
    start: int
    end: int


class Raw(msgspec.Struct, frozen=True, array_like=True, tag="raw"):
    """A comparison inside of `text("...")`, read by Postgres's grammar: `column` as it is written, with the name of its table or
    alias where there is one. `expression` is the SQL where the left side is no plain column."""

    column: str
    qualifier: str | None
    expression: str | None
    operator: Operator
    right: tuple[Operand, ...]
    start: int
    end: int


class Unread(msgspec.Struct, frozen=True, array_like=True, tag="unread"):
    """A condition that is not known. `paths` are the paths in it that may be columns, `reason` is a phrase for people."""

    reason: str
    paths: tuple[Path, ...] = ()


Predicate = Comparison | Keyword | And | Or | Not | Flagged | Exists | Related | Raw | Unread

# ---------------------------------------------------------------------------------------------------------------- queries


class Source(msgspec.Struct, frozen=True, array_like=True):
    """A table of the query. `entity` is a class, a table, an alias, the rows of a subquery, or a relationship
    (`join(User.orders)`). `how` tells where it stands. `on` is the onclause where one is given; a relationship as the onclause
    (`join(Order, User.orders)`) is `through`. What is only selected is a source too: by the path of its class where spelling
    tells it, else by that of the column (`select(m.orders.state)`), so that one table may stand here twice."""

    entity: Path
    how: Literal["from", "join", "outer"]
    on: Predicate | None = None
    through: Path | None = None
    start: int = 0
    end: int = 0


class OrderKey(msgspec.Struct, frozen=True, array_like=True):
    """A key of ORDER BY. `nulls_first` None where nothing is said (then NULLs come first with DESC, last with ASC)."""

    operand: Operand
    descending: bool
    nulls_first: bool | None
    start: int
    end: int


class Conflict(msgspec.Struct, frozen=True, array_like=True):
    """ON CONFLICT of an insert: `elements` are names or paths of columns, `constraint` the name of a constraint."""

    elements: tuple[str | Path, ...] = ()
    constraint: str | None = None


class Query(msgspec.Struct, frozen=True, array_like=True):
    """One query.

    `selected` are what it selects, with the names that they have in a subquery (None: the entity's own names). `where` are ANDed
    parts. `limited` says that there is a LIMIT. `reduced` that GROUP BY, DISTINCT or an aggregate stands between the rows of
    its tables and its result. `complete` is False where a part of it is not known (its beginning came from elsewhere, unknown
    arguments): there may be tables, predicates and keys beside those listed. `handed` says that the function gives the query
    back: callers may add to it. `outer` is the number of the query that it is a subquery of, which it may be correlated with.
    `part` says that it stands in something else: a condition or a value, or a FROM; `inlined` that it was made in a helper of
    the file, which is read in the place of its call. `start`, `end` are those of the expression,
    `statement` those of the statement that it ends in.
    """

    kind: Literal["select", "query", "update", "delete", "exists", "insert"]
    sources: tuple[Source, ...] = ()
    selected: tuple[tuple[str | None, Operand], ...] = ()
    where: tuple[Predicate, ...] = ()
    order: tuple[OrderKey, ...] = ()
    limited: bool = False
    reduced: bool = False
    complete: bool = True
    handed: bool = False
    outer: int | None = None
    conflict: Conflict | None = None
    start: int = 0
    end: int = 0
    statement: tuple[int, int] = (0, 0)
    part: Literal["", "value", "rows"] = ""
    inlined: bool = False


class QueryBlock(msgspec.Struct, frozen=True, array_like=True):
    """The queries of one function, method or piece of the top level that starts at the byte offset `start` of its file. `name` is
    that of the function, `extends` are the functions and methods whose queries it makes others of; `extended` says that some
    function of the file does so with this one."""

    start: int
    queries: tuple[Query, ...] = ()
    name: str = ""
    extends: tuple[str, ...] = ()
    extended: bool = False


class Condition(msgspec.Struct, frozen=True, array_like=True):
    """What a helper of the project returns: a condition, or a column. Names in `parameters` stand in it as paths of
    `GlobalName`."""

    parameters: tuple[str, ...]
    predicate: Predicate | None
    operand: Operand | None = None
