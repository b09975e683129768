"""Values of the static evaluation: what an expression is known to be without running it.

Plain constants are themselves (`None`, `bool`, `int`, `float`, `str`), tuples are tuples of values, and everything else is one of
the classes below. What belongs to a library is never run: a name of it is a `Symbol`, a call of it a `CallValue`, which a reader
that knows the library interprets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

import msgspec

from sqla_lsp.syntax.unknown import Unknown as Unknown
from sqla_lsp.text.places import Place

if TYPE_CHECKING:
    from sqla_lsp.syntax import code
    from sqla_lsp.syntax.frames import Frame, LoadedModule

Arms = tuple[tuple[int, int], ...]
"""The branches around a place, outermost first: pairs of branch number and arm."""


class Template(msgspec.Struct, frozen=True):
    """A string of which some parts are not known: `str` pieces and `Unknown` holes in order, no two `str` side by side."""

    parts: tuple[str | Unknown, ...]


class ListValue(msgspec.Struct, eq=False):
    """A list or a set. `open` says that there may be more items than those listed, or fewer; `covered` that although it is
    open, none is missing: some were added under conditions. `arms` are the branches in which it was made: elsewhere a change
    of it is one that may not happen."""

    items: list[Value] = msgspec.field(default_factory=list)
    open: bool = False
    is_set: bool = False
    arms: Arms = ()
    covered: bool = False


class DictValue(msgspec.Struct, eq=False):
    """A dict whose keys are constants or tuples of constants. `open` says that there may be other items; `arms` as for lists."""

    items: dict[object, Value] = msgspec.field(default_factory=dict)
    open: bool = False
    arms: Arms = ()


class Symbol(msgspec.Struct, frozen=True):
    """A name of something outside of the project, by its full path: "sqlalchemy.Column", "alembic.op"."""

    path: str


class Member(msgspec.Struct, eq=False):
    """An attribute of a value whose attributes are not known: `op.get_bind().dialect`."""

    base: Value
    name: str


class CallValue(msgspec.Struct, eq=False):
    """A call of something outside of the project (a `Symbol`, a `Member`, or an `Unknown`), which is also its result.

    `open` says that `*args` or `**kwargs` of unknown value were passed, `open_keywords` that `**kwargs` were. `place` is the
    call's expression, and `node` its code where it stands as such.
    """

    function: Value
    positional: tuple[Value, ...]
    keywords: dict[str, Value]
    place: Place
    open: bool = False
    open_keywords: bool = False
    node: code.Call | None = None


class FunctionValue(msgspec.Struct, eq=False):
    """A function or lambda of the project, with the frame that it closes over and the values of its defaults.
    `manages` says that it is a generator under `contextlib.contextmanager`; `kind` is "static", "class",
    "property", "declared" (`declared_attr`) or ""."""

    name: str
    node: code.Function | code.Lambda
    closure: Frame
    base: int
    defaults: dict[str, Value] = msgspec.field(default_factory=dict)
    manages: bool = False
    kind: str = ""


class ClassValue(msgspec.Struct, eq=False):
    """A class of the project. `frame` holds its members, once one was asked for."""

    name: str
    node: code.Class
    closure: Frame
    base: int
    bases: tuple[Value, ...]
    keywords: dict[str, Value]
    frame: Frame | None = None


class Instance(msgspec.Struct, eq=False):
    """An instance of a class of the project, with the arguments that made it (also a member of an enum: then `enum_name` and
    `enum_value` are set)."""

    cls: ClassValue
    attributes: dict[str, Value] = msgspec.field(default_factory=dict)
    enum_name: str | None = None
    enum_value: Value = None
    positional: tuple[Value, ...] = ()
    keywords: dict[str, Value] = msgspec.field(default_factory=dict)
    arms: Arms = ()
    """The branches in which it was made: elsewhere a change of it is one that may not happen."""


class BoundMethod(msgspec.Struct, eq=False):
    """A method with its receiver, or a `functools.partial` (then `positional` and `keywords` come before those of the call)."""

    receiver: Value
    function: FunctionValue
    positional: tuple[Value, ...] = ()
    keywords: dict[str, Value] = msgspec.field(default_factory=dict)


class Managed(msgspec.Struct, eq=False):
    """A call of a function under `contextlib.contextmanager`, which runs when a `with` enters it."""

    function: FunctionValue
    positional: tuple[Value, ...]
    keywords: dict[str, Value]
    open: bool
    place: Place


class ModuleValue(msgspec.Struct, eq=False):
    """A module of the project."""

    module: LoadedModule


Value = Union[
    None,
    bool,
    int,
    float,
    str,
    tuple["Value", ...],
    Unknown,
    Template,
    ListValue,
    DictValue,
    Symbol,
    Member,
    CallValue,
    FunctionValue,
    ClassValue,
    Instance,
    BoundMethod,
    Managed,
    ModuleValue,
]


def path_of(value: Value) -> str | None:
    """The dotted path of an outside value, calls written as `()`: "alembic.op.get_bind().dialect.name". None for all others."""
    if isinstance(value, Symbol):
        return value.path
    if isinstance(value, Member):
        base_path = path_of(value.base)
        return None if base_path is None else f"{base_path}.{value.name}"
    if isinstance(value, CallValue):
        function_path = path_of(value.function)
        return None if function_path is None else f"{function_path}()"
    return None
