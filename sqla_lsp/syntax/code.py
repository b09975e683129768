"""Python code as plain data: the part of a module's syntax that can be evaluated without running it.

A `Module` is cut into `Block`s, one for each top-level statement. Positions are UTF-8 byte offsets *relative to the start of
the block*, so that a block whose bytes did not change is equal to itself after an edit further up, and can be shifted by moving
`Block.start` alone. Nothing here knows SQLAlchemy, Alembic or SQL, and no tree-sitter node is kept.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Node(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """A piece of code. `start` and `end` are byte offsets relative to the start of its block."""

    start: int
    end: int


# ---------------------------------------------------------------------------------------------------- expressions


class Constant(Node, frozen=True):
    """A literal. Adjacent string literals without holes are one constant."""

    value: str | int | float | bool | None


class Bytes(Node, frozen=True):
    """A bytes literal; its value never matters to us."""


class JoinedString(Node, frozen=True):
    """An f-string, or adjacent literals of which one is an f-string: constants and holes in order."""

    parts: tuple[Expression, ...]


class Hole(Node, frozen=True):
    """`{value!conversion:format}` in an f-string. `conversion` is "", "r", "s" or "a"."""

    value: Expression
    conversion: str
    format: Expression | None


class Name(Node, frozen=True):
    id: str


class Attribute(Node, frozen=True):
    value: Expression
    name: str


class Subscript(Node, frozen=True):
    value: Expression
    index: Expression


class Slice(Node, frozen=True):
    lower: Expression | None
    upper: Expression | None
    step: Expression | None


class Argument(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An argument of a call. `keyword` is None for positional ones; `stars` is 1 for `*value`, 2 for `**value`."""

    start: int
    end: int
    keyword: str | None
    stars: int
    value: Expression


class Call(Node, frozen=True):
    function: Expression
    arguments: tuple[Argument, ...]


class Sequence(Node, frozen=True):
    kind: Literal["list", "tuple", "set"]
    items: tuple[Expression, ...]


class Starred(Node, frozen=True):
    value: Expression


class Dictionary(Node, frozen=True):
    """Pairs of key and value; a key of None is `**value`."""

    items: tuple[tuple[Expression | None, Expression], ...]


class Binary(Node, frozen=True):
    operator: str
    left: Expression
    right: Expression


class Unary(Node, frozen=True):
    """`operator` is "not", "-", "+" or "~"."""

    operator: str
    operand: Expression


class Boolean(Node, frozen=True):
    operator: Literal["and", "or"]
    left: Expression
    right: Expression


class Compare(Node, frozen=True):
    """`left op right op right ...`; operators are "==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"."""

    left: Expression
    operators: tuple[str, ...]
    right: tuple[Expression, ...]


class Conditional(Node, frozen=True):
    test: Expression
    then: Expression
    otherwise: Expression


class Lambda(Node, frozen=True):
    parameters: tuple[Parameter, ...]
    body: Expression


class Clause(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`for target in iterable if condition if condition` of a comprehension."""

    target: Expression
    iterable: Expression
    conditions: tuple[Expression, ...]


class Comprehension(Node, frozen=True):
    """`value` is the value of a dict comprehension, whose key is `element`."""

    kind: Literal["list", "set", "dict", "generator"]
    element: Expression
    value: Expression | None
    clauses: tuple[Clause, ...]


class NamedExpression(Node, frozen=True):
    target: str
    value: Expression


class Await(Node, frozen=True):
    value: Expression


class Yield(Node, frozen=True):
    value: Expression | None


class Opaque(Node, frozen=True):
    """Syntax that is not understood (or does not parse). Its value is unknown."""


Expression = (
    Constant
    | Bytes
    | JoinedString
    | Hole
    | Name
    | Attribute
    | Subscript
    | Slice
    | Call
    | Sequence
    | Starred
    | Dictionary
    | Binary
    | Unary
    | Boolean
    | Compare
    | Conditional
    | Lambda
    | Comprehension
    | NamedExpression
    | Await
    | Yield
    | Opaque
)


class Parameter(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`kind` is "normal", "positional-only", "keyword-only", "args" (`*args`) or "kwargs" (`**kwargs`)."""

    name: str
    kind: Literal["normal", "positional-only", "keyword-only", "args", "kwargs"]
    annotation: Expression | None
    default: Expression | None


# ----------------------------------------------------------------------------------------------------- statements


class Evaluate(Node, frozen=True):
    """An expression that stands as a statement."""

    value: Expression


class Assign(Node, frozen=True):
    """`a = b = value`, `a: annotation = value` and `a: annotation` (value None)."""

    targets: tuple[Expression, ...]
    value: Expression | None
    annotation: Expression | None


class AugmentedAssign(Node, frozen=True):
    """`target operator= value`; `operator` is without the equals sign."""

    target: Expression
    operator: str
    value: Expression


class If(Node, frozen=True):
    """`elif` is an `If` that stands alone in `otherwise`."""

    test: Expression
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


class For(Node, frozen=True):
    target: Expression
    iterable: Expression
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


class While(Node, frozen=True):
    test: Expression
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


class With(Node, frozen=True):
    """Items are pairs of the manager and the target of `as` (or None)."""

    items: tuple[tuple[Expression, Expression | None], ...]
    body: tuple[Statement, ...]


class Handler(msgspec.Struct, frozen=True, array_like=True, gc=False):
    type: Expression | None
    name: str | None
    body: tuple[Statement, ...]


class Try(Node, frozen=True):
    body: tuple[Statement, ...]
    handlers: tuple[Handler, ...]
    otherwise: tuple[Statement, ...]
    final: tuple[Statement, ...]


class Case(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A case of `match`. `pattern` is the expression that the subject is compared with where the pattern is a value
    (or a `Sequence` of kind "set" for `a | b`), a `Name` for a capture, and `Opaque` for all others. `_` is `Name("_")`."""

    pattern: Expression
    guard: Expression | None
    body: tuple[Statement, ...]


class Match(Node, frozen=True):
    subject: Expression
    cases: tuple[Case, ...]


class Function(Node, frozen=True):
    name: str
    parameters: tuple[Parameter, ...]
    returns: Expression | None
    decorators: tuple[Expression, ...]
    body: tuple[Statement, ...]
    is_async: bool
    is_generator: bool


class Class(Node, frozen=True):
    """`arguments` are the bases and keywords between the brackets."""

    name: str
    arguments: tuple[Argument, ...]
    decorators: tuple[Expression, ...]
    body: tuple[Statement, ...]


class Return(Node, frozen=True):
    value: Expression | None


class Raise(Node, frozen=True):
    value: Expression | None


class Jump(Node, frozen=True):
    kind: Literal["break", "continue"]


class ImportedName(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`name as bound`. In `import a.b` without `as`, `bound` is "a"."""

    name: str
    bound: str


class Import(Node, frozen=True):
    names: tuple[ImportedName, ...]


class ImportFrom(Node, frozen=True):
    """`from <level dots><module> import names`; a star is a name of "*"."""

    module: str
    level: int
    names: tuple[ImportedName, ...]


class Delete(Node, frozen=True):
    targets: tuple[Expression, ...]


class Scope(Node, frozen=True):
    """`global` or `nonlocal`."""

    kind: Literal["global", "nonlocal"]
    names: tuple[str, ...]


class Inert(Node, frozen=True):
    """`pass`, `assert`, a type alias, or a statement that does not parse: nothing happens that we know of."""


Statement = (
    Evaluate
    | Assign
    | AugmentedAssign
    | If
    | For
    | While
    | With
    | Try
    | Match
    | Function
    | Class
    | Return
    | Raise
    | Jump
    | Import
    | ImportFrom
    | Delete
    | Scope
    | Inert
)


class Block(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One top-level statement. `start` and `end` are byte offsets in the file; positions inside are relative to `start`.
    A decorated definition starts at its first decorator. `stale` says that the file's present text of this block does
    not parse: the statement is the last good one, or what could be read of it where there was none."""

    start: int
    end: int
    statement: Statement
    stale: bool = False


class Comment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A comment: byte offsets in the file, and whether nothing else stands on its line."""

    start: int
    end: int
    own_line: bool


class Module(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The code of one file. `comments` are those that contain `sqla-lsp`, in order (all others are passed over)."""

    blocks: tuple[Block, ...]
    comments: tuple[Comment, ...]
    broken: bool = False


def last_name(node: Expression) -> str:
    """The last of a dotted name, "" for every other expression."""
    return node.name if isinstance(node, Attribute) else node.id if isinstance(node, Name) else ""


def callee(node: Expression) -> Expression:
    """What is called, where an expression is a call (or a call of what a call gives); else the expression."""
    while isinstance(node, Call):
        node = node.function
    return node
