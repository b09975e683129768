"""Statements that are lowered when somebody looks into them: the bodies of methods, which most readers of a class pass over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from sqla_lsp.syntax import code

Body = tuple[code.Statement, ...]


class LazyBody(Sequence[code.Statement]):
    """The body of a method. `end` is where its last statement ends."""

    __slots__ = ("_lower", "_statements", "end")

    def __init__(self, lower: Callable[[], Body], end: int) -> None:
        self._lower: Callable[[], Body] | None = lower
        self._statements: Body = ()
        self.end = end

    def _lowered(self) -> Body:
        if self._lower is not None:
            self._statements = self._lower()
            self._lower = None
        return self._statements

    def __len__(self) -> int:
        return len(self._lowered())

    @overload
    def __getitem__(self, at: int) -> code.Statement: ...
    @overload
    def __getitem__(self, at: slice) -> Body: ...
    def __getitem__(self, at: int | slice) -> code.Statement | Body:
        return self._lowered()[at]

    def __bool__(self) -> bool:
        return True
