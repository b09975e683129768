"""Listens to the evaluation of models: it hears of what is declared by calls alone, `Index(...)`, `append_constraint`,
`map_imperatively`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqla_lsp.readers.arguments import last_name
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, ClassValue, Member, Symbol, Value, path_of

DECLARING = frozenset({"Index", "UniqueConstraint", "append_constraint", "map_imperatively", "mapper", "append_column"})
"""Functions whose calls declare something although nothing is bound to their result."""


class ModelsHost:
    """The machine's host while models are read."""

    def __init__(self) -> None:
        self.declared: list[CallValue] = []
        self.has_parent: Callable[[ClassValue], bool] = lambda cls: False
        """Whether a class inherits from one that has a table."""

    def call(self, machine: Machine, frame: Frame, call: CallValue) -> Value:
        if last_name(call) in DECLARING:
            self.declared.append(call)
        if last_name(call) == "has_inherited_table" and call.positional and isinstance(cls := call.positional[0], ClassValue):
            return self.has_parent(cls)
        partial = call.function
        if isinstance(partial, CallValue) and path_of(partial) == "functools.partial()" and partial.positional:
            function, *first = partial.positional
            keywords = {**partial.keywords, **call.keywords}
            is_open, open_keywords = call.open or partial.open, call.open_keywords or partial.open_keywords
            return CallValue(function, (*first, *call.positional), keywords, call.place, is_open, open_keywords, call.node)
        return call

    def member(self, base: Value, name: str) -> Value:
        """What a class of the project does not say itself stays an attribute of that class."""
        if isinstance(base, ClassValue):
            return Member(base, name)
        if name == "name" and last_name(base) in ("dialect", "__dialect__") and isinstance(base, Symbol | Member):
            return "postgresql"
        return NotImplemented  # type: ignore[no-any-return]

    def enter(self, machine: Machine, value: Value) -> Value:
        return value

    def leave(self, machine: Machine, value: Value) -> None:
        """Nothing is open."""

    def heard(self) -> int:
        return len(self.declared)

    def state(self) -> Any:
        return None

    def restore(self, state: Any) -> None:
        """Nothing is remembered."""

    def joined(self, one: Any, other: Any) -> Any:
        return None
